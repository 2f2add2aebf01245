"""A call by the eager engine: for the first results that are not finite, before an exact program pays.

Types: ``Any`` stands for arguments and results of users' functions: numbers, arrays and containers of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from autograd_lite.engine import Value
from autograd_lite.pytree import Structure, flatten
from autograd_lite.transforms.derivatives import Transformed
from autograd_lite.transforms.evaluation import as_values

__all__ = ["run_eagerly"]


def run_eagerly(
    f: Callable[..., Any], args: Sequence[Any], named: Mapping[str, Any], structure: Structure
) -> list[float] | None:
    """Call a function as it is, on Values in place of numbers.

    Returns
    -------
    list of float or None
        The flat results; None if they are not in this structure.

    Examples
    --------
    >>> run_eagerly(lambda x: [x / 0.0, x * x], [2.0], {}, flatten([0.0, 0.0])[1])
    [inf, 4.0]
    """
    if not isinstance(f, Transformed):  # a transform makes Values itself, and is faster if it does
        args, named = [_on_values(x) for x in args], {name: _on_values(x) for name, x in named.items()}
    with np.errstate(all="ignore"):
        leaves, found = flatten(f(*args, **named))
    return [v.data if isinstance(v, Value) else float(v) for v in leaves] if found == structure else None


def _on_values(argument: Any) -> Any:
    leaves, structure = flatten(argument)
    return structure.rebuild(as_values(leaves)) if leaves else argument

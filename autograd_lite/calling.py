"""Two ways to write a function of several numbers: ``f(x, y)``, and ``f(p)`` of a vector ``p = [x, y]``.

A transform takes either, whichever way its point is written. What the function can be called with as it stands, it is
called with; only a call that Python would refuse is read the other way.

Types: ``Any`` stands for the arguments of users' functions: numbers, arrays and containers of them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import FunctionType
from typing import Any

import numpy as np

from autograd_lite.node import Node

__all__ = ["adapted"]

_VARIADIC = inspect.CO_VARARGS | inspect.CO_VARKEYWORDS


def adapted(f: Callable[..., Any], args: Sequence[Any], named: Mapping[str, Any] | None = None) -> Callable[..., Any]:
    """The function as something that these arguments can be given to: f itself, or f called the other way.

    Parameters
    ----------
    f : callable
        A function of n numbers, or of one vector of them.
    args, named : sequence and mapping
        A call's arguments: n numbers, or one list, tuple or array of n.

    Returns
    -------
    callable
        f itself, unless f refuses these arguments and takes them the other way. A function of a vector gets an array.

    Examples
    --------
    >>> adapted(lambda x, y: x - y, ([5.0, 3.0],))([5.0, 3.0])
    2.0
    >>> adapted(lambda p: p[0] - p[1], (5.0, 3.0))(5.0, 3.0)
    2.0
    """
    if type(f) is FunctionType and f.__code__.co_argcount == len(args) and not f.__code__.co_flags & _VARIADIC:
        return f
    named = named or {}
    if len(args) == 1 and _is_vector(args[0]):
        if not _takes(f, 1, named) and _takes(f, len(args[0]), named):
            return lambda x, **named: f(*x, **named)
    elif len(args) > 1 and all(map(_is_number, args)) and not _takes(f, len(args), named) and _takes(f, 1, named):
        return lambda *numbers, **named: f(_array(numbers), **named)
    return f


def _is_vector(argument: Any) -> bool:
    return isinstance(argument, (list, tuple)) or (isinstance(argument, np.ndarray) and argument.ndim > 0)


def _is_number(argument: Any) -> bool:
    return isinstance(argument, (float, int, np.number, Node)) and not isinstance(argument, bool)


def _takes(f: Callable[..., Any], count: int, named: Iterable[str]) -> bool:
    """Whether f can be called with so many positional arguments; True where nobody knows."""
    inner = inspect.unwrap(f, stop=lambda g: hasattr(g, "adapts_arguments"))
    if hasattr(inner, "adapts_arguments"):
        return True  # a transform, which sees to its own function
    try:
        inspect.signature(inner).bind(*range(count), **dict.fromkeys(named))
    except TypeError:
        return False
    except ValueError:  # a built-in that does not say
        return True
    return True


def _array(numbers: Sequence[Any]) -> Any:
    array = np.empty(len(numbers), dtype=object)
    array[:] = numbers
    return array

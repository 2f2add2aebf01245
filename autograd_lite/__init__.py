"""Write a network one number at a time, see every derivative, and run it at NumPy speed.

>>> import autograd_lite as ag
>>> from autograd_lite import Value
>>> x, w, b = Value(2.0, "x"), Value(-0.5, "w"), Value(0.8, "b")
>>> loss = (ag.tanh(w * x + b) - 1.0) ** 2
>>> loss.backward()
>>> round(w.grad, 4)
-4.6029

The engine is here: `Value`, the ops, `gradients`. Networks are in `autograd_lite.nn`, pictures and steps in
`autograd_lite.viz`; both are loaded when they are first used.
"""

from __future__ import annotations

from autograd_lite import interrupts as interrupts  # first: it catches Ctrl-C in what follows

# isort: split

import importlib
from pathlib import Path
from typing import Any

from autograd_lite import checks, compiler, errors, lessons, ops, transforms
from autograd_lite.checks import *  # noqa: F403 - all of it is public
from autograd_lite.compiler import *  # noqa: F403 - and the compiler
from autograd_lite.definition import primitive as primitive
from autograd_lite.distributions import entropy as entropy
from autograd_lite.engine import TABLE as TABLE
from autograd_lite.engine import Value as Value
from autograd_lite.engine import gradients as gradients
from autograd_lite.errors import *  # noqa: F403 - the tree of errors is public as a whole
from autograd_lite.lessons import *  # noqa: F403 - the checkers of worked examples and derivations
from autograd_lite.ops import *  # noqa: F403 - so is the table: a new row needs no second edit
from autograd_lite.source_lines import Located as Located
from autograd_lite.source_lines import located as located
from autograd_lite.transforms import *  # noqa: F403 - and so are the transforms

__version__ = "0.1.0"

if not (Path(__file__).parent / "nn").is_dir():  # a checkout: nn/ and viz/ stand beside this folder
    __path__.append(str(Path(__file__).parent.parent))  # noqa: F405 - every package has a __path__

__all__ = sorted(  # noqa: PLE0605  # pyright: ignore[reportUnsupportedDunderAll] - see above
    [
        *["Located", "TABLE", "Value", "entropy", "gradients", "located", "nn", "primitive", "viz"],
        *checks.__all__,
        *compiler.__all__,
        *errors.__all__,
        *lessons.__all__,
        *ops.__all__,
        *transforms.__all__,
    ]
)


def __getattr__(name: str) -> Any:
    if name in ("nn", "viz"):
        return importlib.import_module(f"autograd_lite.{name}")
    unknown = errors.UnknownNameError.among("name", name, __all__, ours=True)
    raise AttributeError(f"Module autograd_lite: {unknown}", name=name)  # given a name, Python adds no guess of its own


def __dir__() -> list[str]:
    return __all__

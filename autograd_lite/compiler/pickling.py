"""Pickles of compiled functions: the function by reference and the options; no source, no code, no program.

A decorated function is found in its module under its name, where the compiled one stands in its place. In the module
that is run as a script, other processes may not find it: cloudpickle (and so joblib and Dask) writes the function
itself, while the processes of `multiprocessing` run the script's definitions and look the name up.

Types: ``Any`` stands for compiled functions and for what reduces to them.
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable
from typing import Any

__all__ = ["prepare", "reduced"]

SCRIPT = ("__main__", "__mp_main__")


class _InScript:
    """A function of the script that a decorator replaced; how it is written depends on who writes."""

    def __init__(self, f: Callable[..., Any], name: str) -> None:
        self.f, self.name = f, name

    def __reduce__(self) -> tuple[Any, ...]:
        return _itself, (self.f,)


def prepare(f: Callable[..., Any]) -> None:
    """Tell `multiprocessing`, if it is imported, how to write a function of the script: later it does not listen."""
    reduction = sys.modules.get("multiprocessing.reduction")
    if reduction is not None and getattr(f, "__module__", None) in SCRIPT:
        reduction.ForkingPickler.register(_InScript, _by_name)


def reduced(compiled: Any, make: Callable[..., Any], f: Callable[..., Any], *options: Any) -> str | tuple[Any, ...]:
    """How to pickle or copy a compiled function: by its name, or as the call that makes it."""
    module, name = getattr(compiled, "__module__", None), getattr(compiled, "__qualname__", "")
    if module is None or not _is_at(compiled, module, name):
        return make, (f, *options)
    if module not in SCRIPT:
        return name
    return _unpacked, (make, _InScript(f, name), *options)


def _is_at(compiled: Any, module: str, name: str) -> bool:
    """Whether a name of a module stands for it."""
    try:
        return operator.attrgetter(name)(sys.modules[module]) is compiled
    except (AttributeError, KeyError):
        return False


def _itself(f: Any) -> Any:
    return f


def _by_name(function: _InScript) -> tuple[Any, ...]:
    return _named, (function.name,)


def _named(name: str) -> Any:
    """What a name of the script stands for, in a process that ran its definitions."""
    return operator.attrgetter(name)(sys.modules["__main__"])


def _unpacked(make: Callable[..., Any], f: Any, *options: Any) -> Any:
    return f if isinstance(f, make) else make(f, *options)  # type: ignore[arg-type]

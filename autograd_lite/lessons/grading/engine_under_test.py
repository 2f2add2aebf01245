"""Somebody's engine: found in a file, probed for what it supports, and run on programs.

Types: ``Any`` stands for the objects and classes of that engine.
"""

from __future__ import annotations

import contextlib
import importlib.util
import inspect
import math
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from autograd_lite.errors import ExpressionError, UnknownNameError, UserCodeError
from autograd_lite.lessons.grading.programs import METHODS, OPERATIONS, Operation, Program, Step
from autograd_lite.text import printable, shown

__all__ = ["EngineUnderTest", "Outcome", "chain", "load_engine", "starting_gradient"]

PROBES = (2.0, 3.0)


@dataclass(frozen=True)
class Outcome:
    """What an engine gave for a program: data of everything, gradients of the leaves, or an error."""

    data: tuple[float, ...] = ()
    grads: tuple[float, ...] = ()
    error: str = ""


@dataclass
class EngineUnderTest:
    """A class with ``.data``, ``.grad``, ``.backward()`` and operators."""

    make: Any  # the class of the user's file
    operations: dict[str, Operation]
    missing: dict[str, str] = field(default_factory=dict)
    zeroed_first: bool = False

    def run(self, program: Program, *, sweeps: int = 1) -> Outcome:
        """Run a program and its reverse sweep, once or several times."""
        try:
            leaves = [self.make(x) for x in program.leaves]
            found = program.run(leaves, self.operations)
            data = tuple(_number(v, "data") for v in found)
            for v in found if self.zeroed_first else ():
                v.grad = 0.0
            for _ in range(sweeps):
                found[-1].backward()
            return Outcome(data, tuple(_number(v, "grad") for v in leaves))
        except Exception as error:  # noqa: BLE001 - of the user's code, anything
            return Outcome(error=_said(error))


def _said(error: BaseException) -> str:
    return printable(f"{type(error).__name__}: {error}"[:300])


def _number(v: Any, name: str) -> float:
    """A number of an object of the engine."""
    x = getattr(v, name)
    if x is None:
        raise TypeError(f".{name} is None after backward()")
    return float(x)


def load_engine(path: Path, class_name: str = "") -> EngineUnderTest:
    """Execute a file and find its engine.

    Raises
    ------
    UserCodeError
        If the file raises, or holds no class with a method ``backward``.
    UnknownNameError
        If it does not hold the class that was asked for.
    """
    module = _executed(path)
    classes = {name: thing for name, thing in vars(module).items() if inspect.isclass(thing)}
    if class_name:
        if class_name not in classes:
            raise UnknownNameError.among(f"class in {path.name}:", class_name, classes)
        return _probed(classes[class_name], module)
    own = {name: c for name, c in classes.items() if callable(getattr(c, "backward", None))}
    if not own:
        raise UserCodeError(
            f"{path.name} has no class with a method backward(). An engine is a class with .data, .grad, .backward() "
            "and operators such as + and *."
        )
    if len(own) > 1 and "Value" not in own:
        raise ExpressionError(
            f"{path.name} has several engines: {', '.join(own)}. Name one: --class {next(iter(own))}."
        )
    return _probed(own.get("Value", next(iter(own.values()))), module)


def _executed(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("graded_engine", path)
    if spec is None or spec.loader is None:
        raise ExpressionError(f"{shown(str(path))} is not a Python file.")
    module = importlib.util.module_from_spec(spec)
    sys.modules["graded_engine"] = module
    sys.path.insert(0, str(path.resolve().parent))
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        raise UserCodeError(f"{path.name}, line {error.lineno}: {error.msg}.") from error
    except (Exception, SystemExit) as error:
        raise UserCodeError(f"{path.name} cannot be executed: {_said(error)}") from error
    return module


def _probed(make: Any, module: ModuleType) -> EngineUnderTest:
    """Find out which operations there are, each tried once."""
    operations, missing = {}, {}
    for name, operation in OPERATIONS.items():
        tried = _as_function(name, make, module) or operation
        try:
            result = tried.apply(*(make(x) for x in PROBES[: tried.arity]))
            if not isinstance(result, make):
                raise TypeError(f"the result is a {type(result).__name__}")  # noqa: TRY301 - caught below
            operations[name] = tried
        except Exception as error:  # noqa: BLE001 - of the user's code, anything
            missing[name] = _said(error)
    return EngineUnderTest(make, operations, missing)


def _as_function(name: str, make: Any, module: ModuleType) -> Operation | None:
    """A function of the file, tanh(x), where the class has no such method."""
    function = vars(module).get(name)
    if name in METHODS and not hasattr(make, name) and inspect.isfunction(function):
        return Operation(f"{name}({{a}})", function)
    return None


def starting_gradient(engine: EngineUnderTest) -> float | None:
    """What .grad is before any sweep; None where it is not a number."""
    with contextlib.suppress(Exception):
        x = float(engine.make(2.0).grad)
        return x if math.isfinite(x) else None
    return None


def chain(length: int) -> Program:
    """A long chain of additions of one leaf."""
    return Program((1.0,), tuple(Step("+", (k, 0)) for k in range(length)))

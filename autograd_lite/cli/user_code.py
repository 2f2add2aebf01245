"""Functions of the user's own files: ``file.py:function``, loaded and called, with errors that name the line.

Such a function may take and return anything, hence ``Any`` in its type.
"""

from __future__ import annotations

import contextlib
import importlib.util
import inspect
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import Any

from autograd_lite.engine import Value
from autograd_lite.errors import AutogradLiteError, ExpressionError, OperandError, UnknownNameError, UserCodeError
from autograd_lite.text import shown

__all__ = ["by_position", "called", "checked_names", "is_function", "load"]

NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def is_function(target: str) -> bool:
    """Whether a target means a function in a file, not a formula.

    Examples
    --------
    >>> is_function("models/net.py:loss"), is_function("tanh(w * x)")
    (True, False)
    """
    return re.fullmatch(r".+\.py:\w+", target) is not None


def load(target: str) -> Callable[..., Any]:
    """Execute a Python file and return one of its functions.

    Parameters
    ----------
    target : str
        ``"file.py:function"``.

    Returns
    -------
    callable
        The function; what goes wrong in it is raised as `UserCodeError`.

    Raises
    ------
    ExpressionError
        If there is no such file.
    UnknownNameError
        If the file has no such function; the nearest is named.
    UserCodeError
        If the file raises while it is executed.
    """
    name, _, function_name = target.rpartition(":")
    path = Path(name)
    if not is_function(target):
        raise ExpressionError(f"{shown(target)} is not of the form file.py:function.")
    if not path.is_file():
        raise ExpressionError(f"There is no file {shown(name)} here. Give its path: folder/file.py:function.")
    module_name = f"autograd_lite_user_{path.stem}"
    spec = importlib.util.spec_from_file_location(module_name, path)
    if spec is None or spec.loader is None:
        raise ExpressionError(f"{shown(name)} is not a Python file.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module  # where dataclasses and pickle look a class up
    with _at_home(path):
        spec.loader.exec_module(module)
    functions = [key for key, thing in vars(module).items() if inspect.isfunction(thing)]
    if function_name not in functions:
        raise UnknownNameError.among(f"function in {name}:", function_name, functions)
    return _guarded(getattr(module, function_name), path)


def _guarded(function: Callable[..., Any], path: Path) -> Callable[..., Any]:
    @wraps(function)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        with _at_home(path):
            return function(*args, **kwargs)

    return guarded


@contextlib.contextmanager
def _at_home(path: Path) -> Iterator[None]:
    """Put the file's folder on the import path, as Python does for a script, and turn failures into one message."""
    folder = str(path.resolve().parent)
    sys.path.insert(0, folder)
    try:
        yield
    except (Exception, SystemExit) as error:
        raise UserCodeError(_where(error, path)) from error
    finally:
        with contextlib.suppress(ValueError):
            sys.path.remove(folder)


def _where(error: BaseException, path: Path) -> str:
    """The line of the user's file that failed, and the error."""
    what = str(error) if isinstance(error, AutogradLiteError) else f"{type(error).__name__}: {error}"
    if isinstance(error, SyntaxError):
        return f"{error.filename}, line {error.lineno}: {error.msg}."
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename) == path.resolve()]
    if not own:
        return f"{path}: {what}"
    line = f"\n    {own[-1].line}" if own[-1].line else ""
    return f"{path}, line {own[-1].lineno}, in {own[-1].name}: {what}{line}"


def checked_names(function: Callable[..., Any], numbers: Mapping[str, float]) -> list[str]:
    """List the parameters of a function that have a number, in order.

    Raises
    ------
    ExpressionError
        If a parameter without a default has none.
    UnknownNameError
        If there is no such parameter.
    """
    parameters = inspect.signature(function).parameters
    for name in numbers:
        if name not in parameters:
            raise UnknownNameError.among(f"parameter of {function.__name__}:", name, parameters)
    needed = [name for name, p in parameters.items() if p.default is p.empty and p.kind in NAMED]
    missing = [name for name in needed if name not in numbers]
    if missing:
        example = " ".join(f"{name}=0.5" for name in missing)
        raise ExpressionError(f"{function.__name__} also needs {', '.join(missing)}; add {example} to the command.")
    return [name for name in parameters if name in numbers]


def by_position(function: Callable[..., Any], names: Sequence[str]) -> Callable[..., Any]:
    """Make a function of these parameters alone, in this order; the others keep their defaults."""

    def positional(*numbers: Any) -> Any:
        return function(**dict(zip(names, numbers, strict=True)))

    parameters = [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in names]
    positional.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return positional


def called(target: str, numbers: Mapping[str, float]) -> Value:
    """Call a function of the user's file with named Values, and check that it returns a Value.

    Raises
    ------
    OperandError
        If it returns something else.
    """
    function = load(target)
    names = checked_names(function, numbers)
    root = function(**{name: Value(numbers[name], name) for name in names})
    if not isinstance(root, Value):
        raise OperandError(
            f"{target} returned {shown(root)} ({type(root).__name__}); a Value is needed. Return the loss itself, not "
            "its .data."
        )
    return root

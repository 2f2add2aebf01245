"""The text of a worked example (TOML): given numbers, a graph, and the lines that claim something of it.

::

    title = "One neuron"
    lines = [
        "z = 0.5*2 + 0.1 = 1.1",
        "dL/dw = 2*1.1*2 = 4.4",
        "w_new = 0.5 - 0.1*4.4 = 0.06",
    ]
    [given]
    w = 0.5
    ...
    [graph]
    z = "w x + b"
    L = "z^2"
    w_new = "w - eta dL/dw"

A line begins with what it is about: a name of the graph, a derivative, any formula. Then, each after ``=``: formulas in
names, the same in printed numbers, and last the printed result; each of these may be missing. A line may also be a
table ``{id = "B-4", line = "...", note = "..."}``.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from autograd_lite.errors import ExpressionError, UnknownNameError
from autograd_lite.formulas import Expr
from autograd_lite.lessons.evaluation import CONSTANTS, Scope
from autograd_lite.lessons.notation import names_in, read
from autograd_lite.lessons.printed import is_printed_number
from autograd_lite.text import shown

__all__ = ["Claim", "Example", "example_of"]

KEYS = ("title", "source", "given", "graph", "lines")
LINE_KEYS = ("id", "line", "note")
MOST_LINES = 1_000


@dataclass(frozen=True)
class Claim:
    """One line: what it is about, the formulas in names, the one in numbers, and the number that is printed."""

    id: str
    text: str
    about: Expr
    formulas: tuple[Expr, ...] = ()
    figures: Expr | None = None
    printed: str = ""
    note: str = ""


@dataclass(frozen=True)
class Example:
    """A worked example: its graph, and its lines."""

    title: str
    source: str
    scope: Scope
    claims: tuple[Claim, ...]


def example_of(source: str | Path | Mapping[str, object]) -> Example:
    """Read a worked example from TOML text, a file, or the table that such a text means.

    Raises
    ------
    ExpressionError
        If it is not TOML, or a formula or a number cannot be understood; says where.
    UnknownNameError
        If it has a key that means nothing.
    """
    table = source if isinstance(source, Mapping) else _parsed(source)
    _check_keys(table, KEYS, "key of a worked example:")
    numbers = {name: _number(name, x) for name, x in _table(table, "given").items()}
    definitions: dict[str, Expr] = {}
    formulas = _table(table, "graph")
    for name, text in formulas.items():
        if name in numbers:
            raise ExpressionError(f"{name} stands under [given] and under [graph]; it can be only one of them.")
        definitions[name] = _formula(text, {*numbers, *formulas}, f"graph, {name}")
    scope = Scope(numbers, definitions)
    for name in definitions:
        _evaluated(scope, Expr(name), f"graph, {name}")
    lines = table.get("lines", [])
    if not isinstance(lines, list) or not lines or len(lines) > MOST_LINES:
        raise ExpressionError('There is nothing to check: give lines = ["z = 0.5*2 + 0.1 = 1.1"], up to 1,000 of them.')
    claims = tuple(_claim(line, k, scope) for k, line in enumerate(lines, start=1))
    return Example(str(table.get("title", "")), str(table.get("source", "")), scope, claims)


def _parsed(source: str | Path) -> dict[str, object]:
    text = source.read_text(encoding="utf-8") if isinstance(source, Path) else source
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ExpressionError(f"The worked example is not TOML: {error}.") from None


def _check_keys(table: Mapping[str, object], known: tuple[str, ...], kind: str) -> None:
    for key in table:
        if key not in known:
            raise UnknownNameError.among(kind, key, known)


def _table(table: Mapping[str, object], key: str) -> Mapping[str, object]:
    part = table.get(key, {})
    if not isinstance(part, Mapping):
        raise ExpressionError(f"{key} is {shown(part)}; a table is needed, [{key}] with NAME = ... below it.")
    for name in part:
        if not name.isidentifier():
            raise ExpressionError(f"[{key}]: {shown(name)} is not a name. Use letters, digits and _.")
    return part


def _number(name: str, x: object) -> float:
    if isinstance(x, bool) or not isinstance(x, (int, float)) or not math.isfinite(x):
        raise ExpressionError(f"[given]: {name} = {shown(x)}; a finite number is needed.")
    return float(x)


def _formula(text: object, names: set[str], where: str) -> Expr:
    if not isinstance(text, str):
        raise ExpressionError(f'{where}: {shown(text)} is not a formula; write it in quotes, "w x + b".')
    try:
        return read(text, names)
    except ExpressionError as error:
        raise ExpressionError(f"{where}: {error}") from None


def _evaluated(scope: Scope, tree: Expr, where: str) -> float:
    try:
        return scope.number(tree)
    except ExpressionError as error:
        raise ExpressionError(f"{where}: {error}") from None


def _claim(line: object, k: int, scope: Scope) -> Claim:
    given = line if isinstance(line, Mapping) else {"line": line}
    _check_keys(given, LINE_KEYS, "key of a line:")
    text, own, note = given.get("line"), str(given.get("id", "")), str(given.get("note", ""))
    where = f"line {own or k}"
    if not isinstance(text, str) or "=" not in text:
        raise ExpressionError(f'{where}: {shown(text)} claims nothing. Write NAME = NUMBER, "z = 0.5*2 + 0.1 = 1.1".')
    known = {*scope.numbers, *scope.definitions}
    first, *parts = [part.strip() for part in text.split("=")]
    about = _formula(first, known, where)
    _evaluated(scope, about, where)
    printed = parts.pop() if is_printed_number(parts[-1]) else ""
    formulas, figures = [], None
    for part in parts:
        tree = _formula(part, known, where)
        _evaluated(scope, tree, where)
        if names_in(tree).keys() - CONSTANTS.keys():
            formulas.append(tree)
        else:
            figures = tree
    return Claim(own, text, about, tuple(formulas), figures, printed, note)

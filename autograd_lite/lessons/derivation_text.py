"""The text of a derivation: definitions, domains, and chains of lines that should be equal.

::

    # Derivative of the sigmoid
    let s = 1/(1 + e^-z)
    for -2 < z < 2

    ds/dz = e^-z/(1 + e^-z)^2
          = s(1 - s)

A line that begins with ``=`` goes on with the chain above it; ``let`` names a formula or a function, ``function f, g``
any smooth functions, ``for`` says where names lie, and ``---`` forgets all of that. ``#`` begins a remark; the remark
above a chain is its title. A name with an index, ``let f_i = w x_i + b``, is one formula for every term of a sum.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import NamedTuple

from autograd_lite.errors import ExpressionError
from autograd_lite.formulas import Expr
from autograd_lite.lessons.evaluation import Definitions, Function, free_names, indexed
from autograd_lite.lessons.notation import names_in, read
from autograd_lite.text import shown

__all__ = ["Chain", "Line", "Range", "chains_of"]

MOST_CHARACTERS = 200_000
TERMS = 3
NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
BOUNDS = re.compile(rf"(?:(?P<low>{NUMBER})\s*<=?\s*)?(?P<name>\w+)\s*(?:(?P<sign>[<>])=?\s*(?P<high>{NUMBER}))?")
CHOICE = re.compile(rf"(?P<name>\w+)\s+in\s+\{{(?P<numbers>\s*{NUMBER}\s*(?:,\s*{NUMBER}\s*)*)\}}")
HEADER = re.compile(r"(?P<name>[^\W\d]\w*)\s*(?:\((?P<parameters>[\w\s,]*)\))?")


class Range(NamedTuple):
    """Where a name lies: between two numbers, or one of a few."""

    low: float = -math.inf
    high: float = math.inf
    choices: tuple[float, ...] = ()


class Line(NamedTuple):
    """One formula of a chain, as it is written and as a tree, and its line in the text."""

    text: str
    tree: Expr
    number: int


@dataclass
class Chain:
    """Lines that should be equal, and what their names mean."""

    title: str
    definitions: dict[str, Expr]
    functions: dict[str, Function]
    ranges: dict[str, Range]
    terms: int = TERMS
    lines: list[Line] = field(default_factory=list)

    def names(self) -> list[str]:
        """The names that stand for any number."""
        known: dict[str, object] = {**self.definitions}
        found: dict[str, None] = {}
        todo = [line.tree for line in self.lines] + list(self.definitions.values())
        for tree in todo:
            found |= free_names(tree, known, self.terms)
        for function in self.functions.values():
            found |= free_names(function.body, known, self.terms, function.parameters)
        return list(found)


def chains_of(text: str) -> list[Chain]:
    """Read the chains of a text.

    Raises
    ------
    ExpressionError
        If a line cannot be understood, with its number; if there is no chain of two lines.
    """
    if len(text) > MOST_CHARACTERS:
        raise ExpressionError(f"The derivation has {len(text):,} characters; at most {MOST_CHARACTERS:,} are read.")
    reader = _Reader()
    for number, content in enumerate(text.splitlines(), start=1):
        try:
            reader.take(content, number)
        except ExpressionError as error:
            raise ExpressionError(f"Line {number}: {error}") from None
    for chain in reader.chains:
        if len(chain.lines) < 2:
            line = chain.lines[0]
            raise ExpressionError(
                f"Line {line.number}: {shown(line.text)} stands alone; a derivation needs a second line that begins "
                "with '='."
            )
        chain.definitions = _for_each_term(chain)
    if not reader.chains:
        raise ExpressionError("There is no derivation here. Write a formula, and below it '= ' and what it equals.")
    return reader.chains


def _for_each_term(chain: Chain) -> Definitions:
    """The definitions, and ``f_1`` and ``f_2`` made of ``f_i`` where a line or a sum asks for them."""
    found: Definitions = {}
    todo = [line.tree for line in chain.lines] + [function.body for function in chain.functions.values()]
    while todo:
        for name in free_names(todo.pop(), found, chain.terms):
            tree = chain.definitions[name] if name in chain.definitions else _term(chain.definitions, name)
            if tree is not None:
                found[name] = tree
                todo.append(tree)
    kept = {name: tree for name, tree in chain.definitions.items() if name in found or not _own_index(name, tree)}
    return kept | found


def _term(definitions: Definitions, name: str) -> Expr | None:
    """What ``f_1`` is, if ``f_i`` is defined by names with the same index; else None."""
    stem, number = _split(name)
    if number.isdigit():
        for template, tree in definitions.items():
            if _split(template)[0] == stem and (index := _own_index(template, tree)):
                return indexed(tree, index, int(number))
    return None


def _own_index(name: str, tree: Expr) -> str:
    """The index of a name whose formula has names with that index; else ""."""
    index = _split(name)[1]
    return index if _is_index(index) and any(_split(part)[1] == index for part in names_in(tree)) else ""


def _split(name: str) -> tuple[str, str]:
    stem, _, index = name.rpartition("_")
    return stem, index


def _is_index(text: str) -> bool:
    return len(text) == 1 and text.isalpha()


class _Reader:
    """State of one text: what has been defined, and the chains so far."""

    def __init__(self) -> None:
        self.chains: list[Chain] = []
        self.title = ""
        self.open = False
        self._forget()

    def _forget(self) -> None:
        self.definitions: dict[str, Expr] = {}
        self.functions: dict[str, Function] = {}
        self.ranges: dict[str, Range] = {}
        self.terms = TERMS

    def take(self, line: str, number: int) -> None:
        """Read one line."""
        line, _, remark = line.partition("#")
        content = line.strip()
        word, _, rest = content.partition(" ")
        if not content:
            self.title = remark.strip() or self.title
            self.open = self.open and bool(remark)
        elif re.fullmatch("-{3,}", content):
            self._forget()
            self.open = False
        elif word in ("let", "for", "function"):
            self.open = False
            {"let": self._let, "for": self._for, "function": self._any_functions}[word](rest.strip())
        else:
            self._formulas(content, number)

    def _read(self, text: str, *more: str) -> Expr:
        stems = [_split(name)[0] for name in self.definitions if _is_index(_split(name)[1])]
        terms = [f"{stem}_{number}" for stem in stems if stem for number in range(1, self.terms + 1)]
        return read(text, {*self.definitions, *self.ranges, *terms, *more}, self.functions)

    def _let(self, text: str) -> None:
        left, equals, right = text.partition("=")
        match = HEADER.fullmatch(left.strip())
        if not equals or match is None:
            raise ExpressionError(f"{shown(text)} is not of the form let s = FORMULA, or let f(x) = FORMULA.")
        name, parameters = match["name"], match["parameters"]
        if parameters is None:
            self.definitions = self.definitions | {name: self._read(right)}
            return
        own = tuple(p.strip() for p in parameters.split(","))
        self.functions = self.functions | {name: Function(own, self._read(right, *own))}

    def _any_functions(self, text: str) -> None:
        for part in re.split(r",(?![^(]*\))", text):
            match = HEADER.fullmatch(part.strip())
            if match is None:
                raise ExpressionError(f"{shown(text)} is not of the form function f, g(x, y).")
            own = tuple(p.strip() for p in (match["parameters"] or "x").split(","))
            self.functions = self.functions | {match["name"]: _smooth(own, len(self.functions))}

    def _for(self, text: str) -> None:
        for part in re.split(r",(?![^{]*\})", text):
            name, given = _range_of(part.strip())
            if name == "terms":
                self.terms = int(given.choices[0])
            else:
                known = self.ranges.get(name, Range())
                given = Range(max(known.low, given.low), min(known.high, given.high), given.choices)
                self.ranges = self.ranges | {name: given}

    def _formulas(self, content: str, number: int) -> None:
        parts = [part.strip() for part in content.split("=")]
        if parts[0]:
            self.chains.append(Chain(self.title, self.definitions, self.functions, self.ranges, self.terms))
            self.title, self.open = "", True
        elif not self.open:
            raise ExpressionError("This line begins with '=', but there is no formula above it to go on from.")
        else:
            parts = parts[1:]
        self.chains[-1].lines += [Line(part, self._read(part), number) for part in parts]


def _range_of(text: str) -> tuple[str, Range]:
    terms = re.fullmatch(r"terms\s*=\s*([1-9])", text)
    if terms:
        return "terms", Range(choices=(float(terms[1]),))
    choice = CHOICE.fullmatch(text)
    if choice:
        return choice["name"], Range(choices=tuple(map(float, choice["numbers"].split(","))))
    match = BOUNDS.fullmatch(text)
    if match is None or not (match["low"] or match["sign"]):
        raise ExpressionError(
            f"{shown(text)} is not a range. Write 0 < a < 1, beta > 0, t in {{0, 1}}, or terms = 2 for sums."
        )
    low = float(match["low"]) if match["low"] else -math.inf
    bound = float(match["high"]) if match["sign"] else math.inf
    found = Range(max(low, bound), math.inf) if match["sign"] == ">" else Range(low, bound)
    if found.low >= found.high:
        raise ExpressionError(f"{shown(text)}: there is no number in this range.")
    return match["name"], found


def _smooth(parameters: tuple[str, ...], k: int) -> Function:
    """A function like any other: no two are alike, and no slope of one is simple."""
    inner = " + ".join(f"{0.7 + 0.31 * k + 0.45 * j:.2f} {p}" for j, p in enumerate(parameters))
    outer = " + ".join(f"{0.4 + 0.13 * k + 0.29 * j:.2f} {p}" for j, p in enumerate(parameters))
    return Function(
        parameters, read(f"{1.7 + 0.23 * k:.2f} + {outer} + sin({inner} + {0.2 + 0.37 * k:.2f})", parameters)
    )

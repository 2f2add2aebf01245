"""What is missing in a wrong line, found backward from the right number: a term, a factor, another part.

From the root down, every place of the line gets the number that is wanted there. Below ``a + b`` it is, for ``a``, the
wanted number of the sum minus ``b``; below ``a b`` the wanted product divided by ``b``. A formula that stands in the
lines before, and whose numbers at all points are what is wanted, or what is missing as a term or a factor, mends the
line.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from autograd_lite.engine import TABLE
from autograd_lite.formulas import Expr
from autograd_lite.lessons.edits import Edit, replacing
from autograd_lite.lessons.notation import DERIVATIVE, SLOPE, SUM, names_in

__all__ = ["put_back"]

Points: TypeAlias = "NDArray[np.float64]"  # a number at each point
RELATIVE = 1e-9
MOST_FORMULAS = 200
COUNTS = {Fraction(sign * a, b) for sign in (1, -1) for a, b in ((1, 1), (2, 1), (3, 1), (4, 1), (1, 2), (1, 3))}
TERMS, FACTORS = ("+", "-"), ("*", "/")
ONE, TWO, E = Expr(1.0), Expr(2.0), Expr("e")
SHAPES: tuple[Callable[[Expr], Expr], ...] = (  # x², 1 − x, x (1 − x), 1 − x², e^x, e^−x, ln x, sin x, cos x
    lambda x: Expr("**", (x, TWO)),
    lambda x: Expr("-", (ONE, x)),
    lambda x: Expr("*", (x, Expr("-", (ONE, x)))),
    lambda x: Expr("-", (ONE, Expr("**", (x, TWO)))),
    lambda x: Expr("**", (E, x)),
    lambda x: Expr("**", (E, Expr("neg", (x,)))),
    lambda x: Expr("log", (x,)),
    lambda x: Expr("sin", (x,)),
    lambda x: Expr("cos", (x,)),
)
BACKWARD: dict[str, Callable[[Points], Points]] = {
    "neg": np.negative,
    "log": np.exp,
    "exp": np.log,
    "sqrt": np.square,
    "tanh": np.arctanh,
    "sigmoid": lambda y: np.log(y / (1.0 - y)),
}
FOLLOWED = {*TERMS, *FACTORS, "**", *BACKWARD}


class Place(NamedTuple):
    """A part of the line, its numbers, those wanted, what puts another in its place, the head above it, how deep."""

    part: Expr
    found: Points
    wanted: Points
    rebuilt: Callable[[Expr], Expr]
    above: str
    depth: int


def put_back(
    line: Expr, right: Points, numbers: Callable[[Expr], Points], before: Iterable[Expr], names: Iterable[str] = ()
) -> Iterator[Edit]:
    """List the formulas that the line becomes by putting something back that stands in the lines before.

    Parameters
    ----------
    line : Expr
        The wrong line.
    right : array, shape (points,)
        The right numbers.
    numbers : callable
        What evaluates a formula at the points; NaN where it has no number.
    before : iterable of Expr
        The lines before. Their parts are tried, and names, their squares and their products.
    names : iterable of str
        Names that stand for numbers.

    Yields
    ------
    Edit
        A term or a factor put back, or a part replaced; nearest to the root first. Each gives the right numbers.

    Examples
    --------
    >>> from autograd_lite.lessons.evaluation import Scope
    >>> from autograd_lite.lessons.notation import read
    >>> points = [Scope({"a": 0.3, "b": 1.1}), Scope({"a": -0.7, "b": 0.4}), Scope({"a": 1.9, "b": -2.3})]
    >>> def numbers(tree):
    ...     return np.array([point.number(tree) for point in points])
    >>> right = read("(a + b)^2")
    >>> next(put_back(read("a^2 + 2a b"), numbers(right), numbers, [right], "ab")).what
    'with the term b²'
    """
    found: dict[str, tuple[int, Edit]] = {}
    with np.errstate(all="ignore"):
        formulas = [tree for tree in _formulas(before, names) if np.isfinite(numbers(tree)).all()]
        table = np.array([numbers(tree) for tree in formulas])
        whole = {k for k, count in _multiples(table / right) if abs(count) == 1}  # the right line itself does not count
        formulas, table = [f for k, f in enumerate(formulas) if k not in whole], np.delete(table, [*whole], axis=0)
        for place in _places(line, right, numbers):
            for edit in _fitting(place, formulas, table):
                found.setdefault(edit.tree.text, (place.depth, edit))
    yield from (edit for _, edit in sorted(found.values(), key=lambda pair: (pair[0], len(pair[1].what))))


def _formulas(before: Iterable[Expr], names: Iterable[str]) -> list[Expr]:
    """Every part of the lines before, then 1, the names, and what a first course makes of a name or two; each once."""
    leaves = [Expr(name) for name in names]
    parts = [part for tree in before for part in _parts(tree)]
    made = [shape(leaf) for leaf in leaves for shape in SHAPES]
    products = [Expr("*", pair) for pair in itertools.combinations(leaves, 2)]
    unique = {tree.text: tree for tree in (ONE, *leaves, *parts, *made, *products)}
    useful = [tree for tree in unique.values() if names_in(tree) or (not tree.args and tree.head != 0.0)]
    return useful[:MOST_FORMULAS]


def _parts(tree: Expr) -> Iterator[Expr]:
    yield tree
    if tree.head not in (SLOPE, SUM):
        for arg in tree.args[: 1 if tree.head == DERIVATIVE else None]:
            yield from _parts(arg)
    if len(tree.args) == 1 and tree.head not in ("neg", *TABLE):
        yield Expr(f"{tree.head}'", tree.args)  # of a function that the text defines


def _places(line: Expr, right: Points, numbers: Callable[[Expr], Points]) -> Iterator[Place]:
    """Every place that the wanted number can be followed to."""

    def below(part: Expr, wanted: Points, rebuilt: Callable[[Expr], Expr], above: str, depth: int) -> Iterator[Place]:
        if not np.isfinite(wanted).all():
            return
        yield Place(part, numbers(part), wanted, rebuilt, above, depth)
        args = [numbers(arg) for arg in part.args] if str(part.head) in FOLLOWED else []
        for k, want in _wanted(part, wanted, args):
            inner = replacing(part, k, lambda tree: tree)
            whole = lambda tree, inner=inner: rebuilt(inner(tree))  # noqa: E731
            yield from below(part.args[k], want, whole, str(part.head), depth + 1)

    yield from below(line, right, lambda tree: tree, "", 0)


def _wanted(part: Expr, wanted: Points, args: list[Points]) -> Iterator[tuple[int, Points]]:
    """What is wanted of each operand."""
    if str(part.head) in BACKWARD:
        yield 0, BACKWARD[str(part.head)](wanted)
    elif part.head in (*TERMS, *FACTORS):
        a, b = args
        first = {"+": wanted - b, "-": wanted + b, "*": wanted / b, "/": wanted * b}
        second = {"+": wanted - a, "-": a - wanted, "*": wanted / a, "/": a / wanted}
        yield 0, first[str(part.head)]
        yield 1, second[str(part.head)]
    elif part.head == "**":
        base, power = args
        root = np.abs(wanted) ** (1.0 / power)
        yield 0, np.copysign(root, np.where(power % 2.0 == 1.0, wanted, base))
        yield 1, np.log(wanted) / np.log(base)


def _fitting(place: Place, formulas: list[Expr], table: Points) -> Iterator[Edit]:
    """The formulas that are missing at a place as a term, as a factor or as a divisor, or belong there."""
    part, found, wanted, rebuilt, above, _ = place
    if above not in TERMS:
        for k, count in _multiples((wanted - found) / table):
            term = _times(abs(count), formulas[k])
            yield Edit(rebuilt(Expr("+" if count > 0 else "-", (part, term))), f"with the term {term.pretty}")
    if above not in FACTORS and part.head not in ("neg", 1.0):
        for sign, word, ratios in (("*", "factor", wanted / found / table), ("/", "divisor", found / wanted / table)):
            for k, count in _multiples(ratios):
                if formulas[k].args or isinstance(formulas[k].head, str):
                    factor = _times(count, formulas[k])
                    yield Edit(rebuilt(Expr(sign, (part, factor))), f"with the {word} {factor.pretty}")
    if above:
        for k, count in _multiples(wanted / table):
            if count == 1 and (not part.args or formulas[k].head == part.head not in (*TERMS, *FACTORS)):
                yield Edit(rebuilt(formulas[k]), f"{formulas[k].pretty} in place of {part.pretty}")


def _multiples(ratios: Points) -> Iterator[tuple[int, Fraction]]:
    """The rows that are one and the same short number at all points."""
    low, high = ratios.min(axis=1), ratios.max(axis=1)
    for k in np.flatnonzero(high - low <= RELATIVE * np.abs(high)):
        count = Fraction(float(high[k])).limit_denominator(4) if math.isfinite(high[k]) else Fraction(0)
        if count in COUNTS and abs(high[k] - float(count)) <= RELATIVE * abs(count):
            yield int(k), count


def _times(count: Fraction, tree: Expr) -> Expr:
    """A short multiple of a formula: 2 x, x / 3."""
    if count < 0:
        return Expr("neg", (_times(-count, tree),))
    if count.denominator > 1:
        return Expr("/", (tree, Expr(float(count.denominator))))
    number = Expr(float(count))
    return tree if count == 1 else number if tree.head == 1.0 else Expr("*", (number, tree))

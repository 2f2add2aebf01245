"""What a derivative of the graph is made of: the factors along each path, as formulas in names."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator, Mapping

from autograd_lite.engine import TABLE
from autograd_lite.formulas import Expr
from autograd_lite.lessons.evaluation import OPERATORS
from autograd_lite.lessons.notation import DERIVATIVE, SLOPE, names_in

__all__ = ["factors_of", "formulas_for", "local_slope"]

MOST_PATHS = 4
LONGEST_PATH = 7
ZERO, ONE = Expr(0.0), Expr(1.0)


def formulas_for(about: Expr, definitions: Mapping[str, Expr]) -> Iterator[Expr]:
    """The formulas that give what a line is about: a definition, the chain rule with more or fewer factors, itself.

    Examples
    --------
    >>> from autograd_lite.lessons.notation import read
    >>> graph = {"y": read("sigmoid(z)"), "z": read("w x")}
    >>> [formula.pretty for formula in formulas_for(read("dy/dw", {"y"}), graph)][:2]
    ['y · (1 − y) · x', 'dy/dz · x']
    """
    if not about.args and about.head in definitions:
        yield from _expanded(definitions[str(about.head)], definitions)
    elif about.head == SLOPE:
        yield from _chain_rules(str(about.args[0].head), str(about.args[1].head), definitions)
    elif about.head == "neg" and about.args[0].head == SLOPE:
        for formula in formulas_for(about.args[0], definitions):
            yield Expr("neg", (formula,))
    yield about


def _expanded(formula: Expr, definitions: Mapping[str, Expr]) -> Iterator[Expr]:
    """A definition, and the same with its derivative by the chain rule, as in w - eta dE/dw."""
    yield formula
    slope = _first_slope(formula)
    if slope is not None:
        for rule in _chain_rules(str(slope.args[0].head), str(slope.args[1].head), definitions):
            yield _replaced(formula, slope.text, rule)


def _first_slope(tree: Expr) -> Expr | None:
    if tree.head == SLOPE:
        return tree
    return next((found for part in tree.args if (found := _first_slope(part)) is not None), None)


def _replaced(tree: Expr, text: str, other: Expr) -> Expr:
    return other if tree.text == text else Expr(tree.head, tuple(_replaced(part, text, other) for part in tree.args))


def _chain_rules(root: str, leaf: str, definitions: Mapping[str, Expr]) -> Iterator[Expr]:
    paths = list(itertools.islice(_paths(root, leaf, definitions), MOST_PATHS + 1))
    if not 0 < len(paths) <= MOST_PATHS or max(map(len, paths)) > LONGEST_PATH:
        return
    if len(paths) > 1:
        terms = [product([local_slope(definitions[a], Expr(a), b) for a, b in itertools.pairwise(p)]) for p in paths]
        yield sum_of(terms)
        return
    edges = list(itertools.pairwise(paths[0]))
    for merged in range(len(edges)):  # how many edges the first factor takes together
        first = [Expr(SLOPE, (Expr(root), Expr(edges[merged - 1][1])))] if merged else []
        rest = edges[merged:]
        forms = [_forms(a, b, definitions) for a, b in rest]
        for chosen in itertools.product(*forms):
            yield product([*first, *chosen])


def _forms(a: str, b: str, definitions: Mapping[str, Expr]) -> list[Expr]:
    """A local derivative in names, and as one factor where it has several parts."""
    slope = local_slope(definitions[a], Expr(a), b)
    return [slope, Expr(SLOPE, (Expr(a), Expr(b)))] if slope.args else [slope]


def _paths(root: str, leaf: str, definitions: Mapping[str, Expr]) -> Iterator[list[str]]:
    if root == leaf:
        yield [root]
        return
    for name in names_in(definitions[root]) if root in definitions else ():
        for path in _paths(name, leaf, definitions):
            yield [root, *path]


def local_slope(tree: Expr, y: Expr, name: str) -> Expr:
    """Differentiate a formula by one name, the others held, in the forms that are taught; y names the whole.

    Examples
    --------
    >>> from autograd_lite.lessons.notation import read
    >>> local_slope(read("w h + b"), read("z"), "w").pretty, local_slope(read("tanh(z)"), read("a"), "z").pretty
    ('h', '1 − a²')
    """
    if not tree.args:
        return ONE if tree.head == name else ZERO
    op = OPERATORS.get(str(tree.head), str(tree.head))
    if op not in TABLE or len(TABLE[op].operand_names) != len(tree.args):
        return Expr(DERIVATIVE, (tree, Expr(name)))
    terms = []
    for k, arg in enumerate(tree.args):
        inner = local_slope(arg, arg, name)
        if inner.head != 0.0:
            terms.append(product([TABLE[op].slope(k, y, *tree.args), inner]))
    return sum_of(terms)


def product(factors: list[Expr]) -> Expr:
    """A product, its numbers multiplied into one and its sign in front.

    Examples
    --------
    >>> from autograd_lite.lessons.notation import read
    >>> product([read("1/2"), read("2 (y - t)"), read("-x")]).pretty
    '−(y − t) · x'
    """
    parts = [part for factor in factors for part in factors_of(factor)]
    number = math.prod(1.0 / f.head if below else f.head for f, below in parts if isinstance(f.head, float))
    negative = sum(map(_minus_signs, factors)) % 2 == 1
    above = [f for f, below in parts if isinstance(f.head, str) and not below]
    tree = functools.reduce(_times, [Expr(number), *above] if number != 1.0 or not above else above)
    for f, below in parts:
        if below and isinstance(f.head, str):
            tree = Expr("/", (tree, f))
    return Expr("neg", (tree,)) if negative else tree


def _times(a: Expr, b: Expr) -> Expr:
    return Expr("*", (a, b))


def _minus_signs(tree: Expr) -> int:
    """How many signs `factors_of` leaves out."""
    return (tree.head == "neg") + sum(map(_minus_signs, tree.args)) if tree.head in ("neg", "*", "/") else 0


def sum_of(terms: list[Expr]) -> Expr:
    """A sum; 0 of nothing."""
    tree = terms[0] if terms else ZERO
    for term in terms[1:]:
        tree = Expr("+", (tree, term))
    return tree


def factors_of(tree: Expr) -> list[tuple[Expr, bool]]:
    """The factors of a product, each with whether it stands below the line; signs are left out.

    Examples
    --------
    >>> from autograd_lite.lessons.notation import read
    >>> [(factor.pretty, below) for factor, below in factors_of(read("-a b/(c d)"))]
    [('a', False), ('b', False), ('c', True), ('d', True)]
    """
    if tree.head == "neg":
        return factors_of(tree.args[0])
    if tree.head == "*":
        return factors_of(tree.args[0]) + factors_of(tree.args[1])
    if tree.head == "/":
        return factors_of(tree.args[0]) + [(factor, not below) for factor, below in factors_of(tree.args[1])]
    return [(tree, False)]

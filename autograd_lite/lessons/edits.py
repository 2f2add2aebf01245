"""Small edits of a formula: the slips that people make, each as the formula that comes of it and what was done.

They serve both ways. From a right formula they lead to the wrong number that someone got; from a wrong line they lead
back to a right one. An edit that fits is a candidate for the cause, never a fact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, TypeAlias

from autograd_lite.formulas import Expr
from autograd_lite.lessons.notation import DERIVATIVE, SLOPE, SUM

__all__ = ["Edit", "edits", "replacing"]

TERMS, FACTORS, WRAPPERS = ("+", "-"), ("*", "/"), ("neg", DERIVATIVE, SUM)
ONE, TWO = Expr(1.0), Expr(2.0)


Kind: TypeAlias = "Callable[[Expr], Iterator[Edit]]"


class Edit(NamedTuple):
    """A formula with one thing changed, and what was changed, as a phrase."""

    tree: Expr
    what: str


def edits(tree: Expr, names: Iterable[str | float] = (), rates: Iterable[str] = ()) -> Iterator[Edit]:
    """List the formulas that are one small edit away, the likeliest first.

    Parameters
    ----------
    tree : Expr
        The formula.
    names : iterable of str or float
        Names and numbers that may stand in place of another, or as a factor too many.
    rates : iterable of str
        Names of learning rates, which are told apart when they are dropped.

    Yields
    ------
    Edit
        Sign, factor dropped, doubled, halved or squared, exponent, order of operations, another operand, a new factor.

    Examples
    --------
    >>> from autograd_lite.lessons.notation import read
    >>> [edit.what for edit in edits(read("w - eta g"), rates=["eta"])][1:5]
    ['the sign of eta · g', 'the sign of w', 'without the term eta · g', 'without the term w']
    """
    known = list(dict.fromkeys(names))
    seen = {tree.text}
    for kind, redundant in _kinds(known, frozenset(rates)):
        for part, rebuilt, parent in _parts(tree):
            if parent in redundant:
                continue
            for edit in kind(part):
                whole = rebuilt(edit.tree)
                if whole.text not in seen:
                    seen.add(whole.text)
                    yield Edit(whole, edit.what)


def _kinds(known: list[str | float], rates: frozenset[str]) -> Iterator[tuple[Kind, tuple[str, ...]]]:
    """The kinds of edits, each with the parents under which it says what an edit of the parent says."""
    yield _minus, ()
    yield _term_signs, ()
    yield _signs, (*FACTORS, *TERMS, *WRAPPERS)
    yield lambda part: _dropped(part, rates), ()
    yield _order, ()
    yield _scaled, (*FACTORS, *WRAPPERS)
    yield _powers, ()
    yield _operators, FACTORS
    yield _complements, ()
    yield lambda part: _others(part, known), ()
    yield lambda part: _more(part, known), (*FACTORS, *WRAPPERS)
    yield lambda part: _more_in_sums(part, known), ()


def _parts(tree: Expr, parent: str = "") -> Iterator[tuple[Expr, Callable[[Expr], Expr], str]]:
    """Each part of a tree, what puts another in its place, and the head above it."""
    yield tree, lambda part: part, parent
    for k, arg in enumerate(tree.args):
        if (tree.head == DERIVATIVE and k == 1) or (tree.head == SUM and k == 0) or tree.head == SLOPE:
            continue  # the name by which is differentiated, an index
        for part, rebuilt, above in _parts(arg, str(tree.head)):
            yield part, replacing(tree, k, rebuilt), above


def replacing(tree: Expr, k: int, rebuilt: Callable[[Expr], Expr]) -> Callable[[Expr], Expr]:
    """Make a function that puts a formula in place of part k of a tree, after `rebuilt` has put it into that part."""
    return lambda part: Expr(tree.head, (*tree.args[:k], rebuilt(part), *tree.args[k + 1 :]))


def _negated(e: Expr) -> Expr:
    return e.args[0] if e.head == "neg" else Expr("neg", (e,))


def _minus(part: Expr) -> Iterator[Edit]:
    if part.head == "neg":
        yield Edit(part.args[0], f"the sign of {part.args[0].pretty}")


def _term_signs(part: Expr) -> Iterator[Edit]:
    if part.head in TERMS:
        a, b = part.args
        if part.head == "-":
            yield Edit(Expr("-", (b, a)), f"the order of the difference {part.pretty}")
        yield Edit(Expr("-" if part.head == "+" else "+", part.args), f"the sign of {_unsigned(b)}")
        if a.head not in TERMS:
            yield Edit(Expr(part.head, (_negated(a), b)), f"the sign of {_unsigned(a)}")


def _signs(part: Expr) -> Iterator[Edit]:
    if part.head not in TERMS and part.head != 0.0:
        yield Edit(_negated(part), f"the sign of {_unsigned(part)}")


def _unsigned(e: Expr) -> str:
    return (e.args[0] if e.head == "neg" else e).pretty


def _dropped(part: Expr, rates: frozenset[str]) -> Iterator[Edit]:
    if part.head in FACTORS:
        a, b = part.args
        yield Edit(a, f"without the {'factor' if part.head == '*' else 'divisor'} {b.pretty}")
        over = Expr("/", (ONE, b)) if part.head == "/" else b
        rate = a.head in rates
        yield Edit(over, f"without the {'learning rate' if rate else 'factor'} {a.pretty}")
    elif part.head in TERMS:
        a, b = part.args
        yield Edit(a, f"without the term {b.pretty}")
        yield Edit(_negated(b) if part.head == "-" else b, f"without the term {a.pretty}")


def _order(part: Expr) -> Iterator[Edit]:
    """Brackets that are missing, or stand where they should not."""
    if part.head in TERMS:
        a, b = part.args
        if a.head == "*":
            yield Edit(
                Expr("*", (a.args[0], Expr(part.head, (a.args[1], b)))),
                f"brackets: {a.args[0].pretty} times all that follows",
            )
        if b.head in FACTORS:
            c, d = b.args
            yield Edit(Expr(b.head, (Expr(part.head, (a, c)), d)), f"brackets around {Expr(part.head, (a, c)).pretty}")
    elif part.head == "*" and part.args[1].head in TERMS:
        a, b = part.args
        yield Edit(Expr(str(b.head), (Expr("*", (a, b.args[0])), b.args[1])), f"no brackets around {b.pretty}")
    if part.head in FACTORS and part.args[0].head in TERMS:
        a, b = part.args
        last = Expr(part.head, (a.args[1], b))
        yield Edit(Expr(a.head, (a.args[0], last)), f"no brackets around {a.pretty}")
    if part.head in FACTORS:
        a, b = part.args
        other = "/" if part.head == "*" else "*"
        yield Edit(Expr(other, (a, b)), f"{'divided' if other == '/' else 'multiplied'} by {b.pretty}")


def _scaled(part: Expr) -> Iterator[Edit]:
    if part.args and part.head not in (*TERMS, "neg"):
        yield Edit(Expr("*", (TWO, part)), f"{part.pretty} doubled")
        yield Edit(Expr("/", (part, TWO)), f"{part.pretty} halved")


def _powers(part: Expr) -> Iterator[Edit]:
    if part.head == "**":
        base, power = part.args
        yield Edit(base, f"{base.pretty} without its power")
        if isinstance(power.head, float):
            yield Edit(Expr("**", (base, Expr(power.head + 1.0))), f"the power {power.head + 1.0:g} of {base.pretty}")
    elif part.head == "*" and isinstance(number := part.args[0].head, float):
        rest = part.args[1]
        base, n = (rest.args[0], rest.args[1].head) if rest.head == "**" else (rest, 1.0)
        if isinstance(n, float):
            for step in (1.0, -1.0) if n > 1.0 < number else (1.0,):
                power = base if n + step == 1.0 else Expr("**", (base, Expr(n + step)))
                other = Expr("*", (Expr(number + step), power))
                yield Edit(other, f"the power rule: {other.pretty} in place of {part.pretty}")
    if part.head not in (*TERMS, *FACTORS, "**", "neg") and part.head != 1.0:
        yield Edit(Expr("**", (part, TWO)), f"{part.pretty} squared")


def _operators(part: Expr) -> Iterator[Edit]:
    """Plus or minus where a product has a times sign, and back."""
    if part.head in TERMS:
        word = "minus" if part.head == "-" else "plus"
        yield Edit(Expr("*", part.args), f"times in place of {word} before {part.args[1].pretty}")
    chain = _chain(part)
    for k in range(1, len(chain)):
        if chain[k][0] == "*":
            left, right = _product(chain[:k]), _product(chain[k:])
            for sign, word in (("-", "minus"), ("+", "plus")):
                yield Edit(Expr(sign, (left, right)), f"{word} in place of times before {right.pretty}")


def _chain(part: Expr) -> list[tuple[str, Expr]]:
    if part.head in FACTORS:
        return [*_chain(part.args[0]), (str(part.head), part.args[1])]
    return [("*", part)]


def _product(chain: list[tuple[str, Expr]]) -> Expr:
    tree = chain[0][1]
    for sign, factor in chain[1:]:
        tree = Expr(sign, (tree, factor))
    return tree


def _complements(part: Expr) -> Iterator[Edit]:
    """A thing for 1 minus it, and back."""
    if part.head == "-" and part.args[0].head == 1.0:
        yield Edit(part.args[1], f"{part.args[1].pretty} in place of {part.pretty}")
    elif not part.args and isinstance(part.head, str):
        yield Edit(Expr("-", (ONE, part)), f"1 − {part.pretty} in place of {part.pretty}")


def _others(part: Expr, names: list[str | float]) -> Iterator[Edit]:
    if part.args:
        return
    for name in names:
        if name != part.head:
            yield Edit(Expr(name), f"{Expr(name).pretty} in place of {part.pretty}")


def _more(part: Expr, names: list[str | float]) -> Iterator[Edit]:
    if part.head in (*TERMS, "neg") or isinstance(part.head, float):
        return
    for name in names:
        if isinstance(name, str):
            yield Edit(Expr("*", (part, Expr(name))), f"{part.pretty} times {name}")
            yield Edit(Expr("/", (part, Expr(name))), f"{part.pretty} divided by {name}")


def _more_in_sums(part: Expr, names: list[str | float]) -> Iterator[Edit]:
    if part.head == SUM:
        index, body = part.args
        for name in names:
            if isinstance(name, str) and name.endswith(f"_{index.head}"):
                yield Edit(Expr(SUM, (index, Expr("*", (body, Expr(name))))), f"{body.pretty} times {name}")

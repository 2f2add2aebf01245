r"""Formulas as people write them: ``dE/dw = -(y - a) a(1 - a) x``, read into trees (`formulas.Expr`), never executed.

Besides Python's own notation: ``^`` and ``²`` for powers, ``·`` and ``×`` for products, products without a sign
(``2a``, ``s(1 - s)``, ``x^4 sin x``), ``e^-x``, ``ln``, ``σ``, derivatives ``d/dx (...)``, ``d^2/dx^2 (...)``,
``dE/dw``, ``∂E/∂w`` and ``f'(x)``, and sums ``sum_i(w_i x_i)``.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection
from typing import NamedTuple

from autograd_lite.engine import TABLE
from autograd_lite.errors import ExpressionError
from autograd_lite.formulas import NOTATION, Expr, Notation

__all__ = ["ALIASES", "DERIVATIVE", "SLOPE", "SUM", "indices_of", "names_in", "numbers_in", "read"]

DERIVATIVE, SLOPE, SUM = "derivative", "slope", "sum_over"  # heads: d/dx (f); dE/dw; sum_i(f)
NOTATION[DERIVATIVE] = Notation(("f", "x"), "d/d{x} ({f})", r"\frac{{d}}{{d {x}}}\left({f}\right)")
NOTATION[SLOPE] = Notation(("f", "x"), "d{f}/d{x}", r"\frac{{\partial {f}}}{{\partial {x}}}")
NOTATION[SUM] = Notation(("i", "f"), "sum_{i}({f})", r"\sum_{{{i}}} {f}")

ALIASES = {"ln": "log", "σ": "sigmoid", "√": "sqrt", "arctg": "arctan", "atan": "arctan", "asin": "arcsin"} | {
    "acos": "arccos",
    "max": "maximum",
    "min": "minimum",
}
LONGEST = 2_000  # characters of a formula
DEEPEST = 60  # levels of nesting
MOST_SUMS = 3  # within one another
WINDOW = 72  # columns of the text that an error shows
RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
NAME = r"(?!\d)(?:(?![⁰¹²³⁴⁵⁶⁷⁸⁹])\w)+"
TOKEN = re.compile(
    rf"""\s*(?:
    (?P<slope>(?P<d>[d∂])(?:\^(?P<order>[1-9])|(?P<raised>[²³]))?\s*(?P<top>{NAME})?\s*/\s*[d∂](?P<bottom>{NAME}?)
        (?:\^[1-9]|[²³])?(?![\w']))
  | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
  | (?P<name>{NAME}'*|√)
  | (?P<raise>[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+)
  | (?P<sign>\*\*|[-+*/^(),\[\]−·×⋅÷Σ])
  | (?P<end>$))""",
    re.VERBOSE,
)
SIGNS = {"−": "-", "·": "*", "×": "*", "⋅": "*", "÷": "/", "^": "**", "[": "(", "]": ")"}


class Token(NamedTuple):
    """A part of the text: its kind, the text, where it starts, and whether a space stands before it."""

    kind: str
    text: str
    start: int
    spaced: bool
    parts: tuple[str, str, int] = ("", "", 1)


def read(text: str, numbers: Collection[str] = (), functions: Collection[str] = ()) -> Expr:
    """Read a formula.

    Parameters
    ----------
    text : str
        The formula; at most 2,000 characters and 60 levels of nesting.
    numbers : collection of str
        Names that stand for numbers: ``s(1 - s)`` is then a product, and ``ds/dz`` a derivative.
    functions : collection of str
        Names of functions that are defined elsewhere, besides the ops of the table.

    Returns
    -------
    Expr
        The tree. Its heads besides operators and ops: `DERIVATIVE`, `SLOPE`, `SUM`, and functions with primes.

    Raises
    ------
    ExpressionError
        If it cannot be understood; the position is marked.

    Examples
    --------
    >>> print(read("2a^2 + σ(-z)").text)
    2.0 * a ** 2.0 + sigmoid(-z)
    >>> print(read("-t/y + d/dx (x^4 cos x)").pretty)
    −t / y + d/dx (x⁴ · cos(x))
    """
    if len(text) > LONGEST:
        raise ExpressionError(f"The formula has {len(text):,} characters; at most {LONGEST:,} are read.")
    return _Parser(text, numbers, functions).whole()


def names_in(tree: Expr) -> dict[str, None]:
    """The names of a tree, in order of appearance.

    Examples
    --------
    >>> list(names_in(read("b + sigmoid(a b)")))
    ['b', 'a']
    """
    if not tree.args:
        return {tree.head: None} if isinstance(tree.head, str) else {}
    found: dict[str, None] = {}
    for part in tree.args:
        found |= names_in(part)
    return found


def numbers_in(tree: Expr) -> list[float]:
    """The numbers of a tree, in order of appearance.

    Examples
    --------
    >>> numbers_in(read("2a + 0.5"))
    [2.0, 0.5]
    """
    if tree.args:
        return [x for part in tree.args for x in numbers_in(part)]
    return [tree.head] if isinstance(tree.head, float) else []


def indices_of(tree: Expr) -> dict[str, None]:
    """The indices of the sums in a tree.

    Examples
    --------
    >>> list(indices_of(read("sum_i(x_i) / sum_k(y_k)")))
    ['i', 'k']
    """
    own = {str(tree.args[0].head): None} if tree.head == SUM and tree.args else {}
    return {index: None for part in tree.args for index in indices_of(part)} | own


class _Parser:
    """A parser by operator precedence over the tokens of one formula."""

    def __init__(self, text: str, numbers: Collection[str], functions: Collection[str]) -> None:
        self.text, self.numbers, self.functions = text, numbers, functions
        self.tokens = self._tokens()
        self.at = 0
        self.depth = 0
        self.sums = 0

    def whole(self) -> Expr:
        if self.now.kind == "end":
            raise self.error("The formula is empty")
        tree = self.sum()
        if self.now.kind != "end":
            raise self.error(f"An operator is missing before {self.now.text!r}, or a bracket is not opened")
        return tree

    # Tokens

    def _tokens(self) -> list[Token]:
        tokens: list[Token] = []
        position = 0
        while not tokens or tokens[-1].kind != "end":
            match = TOKEN.match(self.text, position)
            if match and match["slope"] and not self._is_slope(match):
                match = re.compile(rf"\s*(?P<name>{NAME}'*)").match(self.text, position)
            if match is None:
                start = position + len(self.text[position:]) - len(self.text[position:].lstrip())
                raise self.error(f"{self.text[start]!r} has no meaning in a formula", start)
            tokens.append(self._token(match))
            position = match.end()
        return tokens

    def _is_slope(self, match: re.Match[str]) -> bool:
        """Whether d.../d... is a derivative, not a quotient of names that begin with d."""
        top, bottom = match["top"], match["bottom"]
        if not bottom or (match["d"] == "d" and {f"d{top or ''}", f"d{bottom}"} <= set(self.numbers)):
            return False
        return match["d"] == "∂" or not top or top in self.numbers

    @staticmethod
    def _token(match: re.Match[str]) -> Token:
        kind = next(
            k for k in ("slope", "number", "name", "raise", "sign", "end") if match.groupdict().get(k) is not None
        )
        start, text = match.start(kind), match[kind]
        parts = ("", "", 1)
        if kind == "slope":
            order = match["order"] or (match["raised"] or "1").translate(RAISED)
            parts = (match["top"] or "", match["bottom"], int(order))
        return Token(kind, SIGNS.get(text, text), start, start > match.start(), parts)

    @property
    def now(self) -> Token:
        return self.tokens[self.at]

    def taken(self, *texts: str) -> bool:
        """Whether this sign comes next; if so, go past it."""
        found = self.now.kind == "sign" and self.now.text in texts
        self.at += found
        return found

    def error(self, message: str, start: int | None = None) -> ExpressionError:
        column = self.now.start if start is None else start
        first = max(0, min(column - WINDOW // 2, len(self.text) - WINDOW))
        part = "".join(c if c.isprintable() else "?" for c in self.text[first : first + WINDOW])
        return ExpressionError(f"{message}.\n    {part}\n    {' ' * (column - first)}^")

    # The grammar, from the weakest binding to the strongest

    def sum(self) -> Expr:
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.error(f"This is nested more than {DEEPEST} deep")
        tree = self.product()
        while self.now.kind == "sign" and self.now.text in "+-":
            sign = self.now.text
            self.at += 1
            tree = Expr(sign, (tree, self.product()))
        self.depth -= 1
        return tree

    def product(self) -> Expr:
        tree = self.signed()
        divisor: Token | None = None  # a bare name or number behind "/"
        while True:
            start = self.now
            if self.taken("*", "/"):
                behind = self.now
                tree = Expr(start.text, (tree, self.signed()))
                bare = behind.kind in ("name", "number") and self.tokens[self.at - 1] is behind
                divisor = behind if start.text == "/" and bare else None
            elif self._starts_factor():
                if divisor is not None and not self.now.spaced:
                    raise self.error(f"Is {self.now.text!r} above or below the line? Write brackets or a * sign")
                tree, divisor = Expr("*", (tree, self.power())), None
            else:
                return tree

    def _starts_factor(self) -> bool:
        """Whether what comes next is a factor without a sign before it."""
        before = self.tokens[self.at - 1]
        if self.now.kind == "number":
            return False
        return self.now.kind in ("name", "slope") or (self.now.text in ("(", "Σ") and before.text != "(")

    def signed(self) -> Expr:
        if self.taken("-"):
            self.depth += 1
            if self.depth > DEEPEST:
                raise self.error(f"There are more than {DEEPEST} signs here")
            tree = Expr("neg", (self.signed(),))
            self.depth -= 1
            return tree
        if self.taken("+"):
            return self.signed()
        return self.power()

    def power(self) -> Expr:
        base = self.atom()
        if self.now.kind == "raise":
            raised = self.now.text.translate(RAISED)
            self.at += 1
            if not re.fullmatch("-?[0-9]{1,9}", raised):
                raise self.error("This is not a power")
            return Expr("**", (base, Expr(float(raised)) if raised[0] != "-" else Expr("neg", (Expr(-float(raised)),))))
        return Expr("**", (base, self.signed_power())) if self.taken("**") else base

    def signed_power(self) -> Expr:
        return Expr("neg", (self.signed_power(),)) if self.taken("-") else self.power()

    def atom(self) -> Expr:
        token = self.now
        self.at += 1
        if token.kind == "number":
            return Expr(float(token.text))
        if token.kind == "slope":
            return self._derivative(token)
        if token.kind == "name":
            return self._named(token)
        if token.text == "(":
            return self._closed(self.sum())
        self.at -= 1
        ends = "the formula ends" if token.kind == "end" else f"there is {token.text!r}"
        raise self.error(f"A number, a name or a bracket is missing: {ends} here")

    def _closed(self, tree: Expr) -> Expr:
        if not self.taken(")"):
            raise self.error("A closing bracket is missing")
        return tree

    def _derivative(self, token: Token) -> Expr:
        top, bottom, order = token.parts
        if not top and self.now.text != "(":
            raise self.error(f"Write what is differentiated in brackets: d/d{bottom} (...)")
        tree = Expr(top) if top else self.atom()
        for _ in range(order):
            tree = Expr(SLOPE if not tree.args else DERIVATIVE, (tree, Expr(bottom)))
        return tree

    def _named(self, token: Token) -> Expr:
        name = token.text
        word = ALIASES.get(name, name)
        follows = self.now.text == "(" and self.now.kind == "sign"
        if name.startswith(("sum_", "Σ_")) and follows:
            return self._sum(name)
        if name in self.numbers:
            return Expr(name)
        if name.rstrip("'") in self.functions or (word in TABLE and name not in self.numbers):
            if not follows and not self._starts_factor() and self.now.kind != "number":
                raise self.error(f"{name} is a function and needs its argument, {name}(...)", token.start)
            return Expr(word if word in TABLE else name, self._arguments(follows))
        if "'" in name:
            raise self.error(f"{name} needs a definition: let {name.rstrip(chr(39))}(x) = ...", token.start)
        if follows and not self.now.spaced and len(name) > 2:
            raise self._unknown(token)
        return Expr("pi" if name == "π" else name)

    def _arguments(self, follows: bool) -> tuple[Expr, ...]:
        if not follows:
            return (self.power(),)  # sin x, ln y
        self.at += 1
        given = [self.sum()]
        while self.taken(","):
            given.append(self.sum())
        self._closed(given[-1])
        return tuple(given)

    def _sum(self, name: str) -> Expr:
        self.at += 1
        self.sums += 1
        if self.sums > MOST_SUMS:
            raise self.error(f"Sums are nested more than {MOST_SUMS} deep")
        body = self._closed(self.sum())
        self.sums -= 1
        return Expr(SUM, (Expr(name.partition("_")[2]), body))

    def _unknown(self, token: Token) -> ExpressionError:
        known = [*TABLE, *ALIASES, *self.functions]
        near = difflib.get_close_matches(token.text, known, n=1, cutoff=0.7)
        hint = f"did you mean {near[0]!r}?" if near else f"for a product, write {token.text} * (...)"
        return self.error(f"{token.text!r} is not a function that is known here; {hint}", token.start)

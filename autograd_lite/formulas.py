r"""Formulas as trees, and the three ways in which they are shown.

A rule of the op table, given names in place of numbers, builds an `Expr`. The same tree is then printed as Python
(`text`, which a test evaluates), as people write it (`pretty`, for pictures and steps) and as LaTeX.

Letters: a tree has a ``head`` (a number, a name, an operator or a function) and ``args`` (its subtrees).

Types: ``Any`` stands for what a rule mixes with a formula: numbers, names or formulas.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from autograd_lite.text import pretty_number

__all__ = ["NOTATION", "Expr", "Notation", "expr", "name_latex", "pretty_number"]

SUM, PRODUCT, MINUS, POWER, ATOM = range(1, 6)
PRECEDENCE = {"+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, "neg": MINUS, "**": POWER}


class Notation(NamedTuple):
    """How a function is typeset where a book does not print "name(arguments)": templates with the operands' names."""

    operand_names: tuple[str, ...]
    pretty: str | None
    latex: str | None


NOTATION: dict[str, Notation] = {"pi": Notation((), "π", r"\pi")}  # each row of the op table may add its own
STANDARD_LATEX = {  # functions that LaTeX itself knows
    "sin",
    "cos",
    "tan",
    "sinh",
    "cosh",
    "tanh",
    "log",
    "arcsin",
    "arccos",
    "arctan",
}
SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
PLAIN_DIGITS = str.maketrans("₀₁₂₃₄₅₆₇₈₉⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾", "01234567890123456789()")
LATEX_SPECIALS = {c: "\\" + c for c in "#$%&_{}"} | {
    "\\": r"\backslash ",
    "^": r"\hat{\ }",
    "~": r"\sim ",
    "<": r"\lt ",
    ">": r"\gt ",
}


@dataclass(frozen=True, slots=True, eq=False)
class Expr:
    r"""A formula: a number or a name, or an operator or function of other formulas.

    Examples
    --------
    >>> x = expr("x")
    >>> slope = 1.0 / (1.0 + Expr("abs", (x,))) ** 2.0
    >>> print(slope.text, slope.pretty, slope.latex, sep="\n")
    1.0 / (1.0 + abs(x)) ** 2.0
    1 / (1 + |x|)²
    \frac{1}{\left(1 + \left|x\right|\right)^{2}}
    """

    head: str | float
    args: tuple[Expr, ...] = ()

    @property
    def text(self) -> str:
        """The formula as a Python expression."""
        return _text(self)

    @property
    def pretty(self) -> str:
        """The formula as people write it: true minus signs, a dot for products, raised powers."""
        return _pretty(self)

    @property
    def latex(self) -> str:
        """The formula in LaTeX's math mode."""
        return _latex(self)

    def __str__(self) -> str:
        return self.pretty

    def __add__(self, other: Any) -> Expr:
        return _folded("+", self, expr(other))

    def __radd__(self, other: Any) -> Expr:
        return Expr("+", (expr(other), self))

    def __sub__(self, other: Any) -> Expr:
        return _folded("-", self, expr(other))

    def __rsub__(self, other: Any) -> Expr:
        return Expr("-", (expr(other), self))

    def __mul__(self, other: Any) -> Expr:
        return Expr("*", (self, expr(other)))

    def __rmul__(self, other: Any) -> Expr:
        return Expr("*", (expr(other), self))

    def __truediv__(self, other: Any) -> Expr:
        return Expr("/", (self, expr(other)))

    def __rtruediv__(self, other: Any) -> Expr:
        return Expr("/", (expr(other), self))

    def __pow__(self, other: Any) -> Expr:
        return _folded("**", self, expr(other))

    def __rpow__(self, other: Any) -> Expr:
        return Expr("**", (expr(other), self))

    def __neg__(self) -> Expr:
        return Expr("neg", (self,))

    def __bool__(self) -> bool:
        msg = "a rule branched on an operand; write xp.where(condition, a, b), xp.maximum or xp.sign instead"
        raise TypeError(msg)


def _folded(operator: str, a: Expr, b: Expr) -> Expr:
    """Apply an operator, folding constants: the slope of x² is then 2 · x, not 2 · x^(2 − 1)."""
    if isinstance(a.head, float) and isinstance(b.head, float) and operator in "+-":
        return Expr(a.head + b.head if operator == "+" else a.head - b.head)
    return a if operator == "**" and b.head == 1.0 else Expr(operator, (a, b))


def expr(thing: Any) -> Expr:
    """Make a formula of a number, a name or a formula."""
    if isinstance(thing, Expr):
        return thing
    return Expr(thing if isinstance(thing, str) else float(thing))


def name_latex(name: str) -> str:
    r"""Typeset a name: digits at its end become an index, more letters upright.

    Examples
    --------
    >>> name_latex("w1"), name_latex("loss"), name_latex("h_out")
    ('w_{1}', '\\mathrm{loss}', 'h_{\\mathrm{out}}')
    >>> name_latex("w₁₂⁽¹⁾"), name_latex("a₁⁽²⁾[3]")
    ('w_{12}^{(1)}', 'a_{1}^{(2)[3]}')
    """
    course = re.fullmatch(r"([^\W\d_])([₀-₉,]+)(⁽[⁰¹²³⁴-⁹]+⁾)?(\[\d+\])?", name)
    if course is not None:
        letter, index, layer, turn = (part.translate(PLAIN_DIGITS) for part in course.groups(default=""))
        return f"{letter}_{{{index}}}" + (f"^{{{layer}{turn}}}" if layer + turn else "")
    parts = re.fullmatch(r"([^\W\d_])_?(\d+|[^\W\d_]+\d*)?", name)
    if parts is None:
        return rf"\mathrm{{{_escaped(name)}}}"
    letter, index = parts.groups()
    if index is None:
        return letter
    if index.isdigit():
        return f"{letter}_{{{index}}}"
    return f"{letter}_{{\\mathrm{{{index}}}}}" if "_" in name else f"\\mathrm{{{name}}}"


def _escaped(name: str) -> str:
    return "".join(LATEX_SPECIALS.get(c, c) for c in name)


def _precedence(e: Expr) -> int:
    if not isinstance(e.head, str):
        return ATOM if math.copysign(1.0, e.head) > 0 else MINUS
    return PRECEDENCE.get(e.head, ATOM) if e.args else ATOM


def _wrapped(e: Expr, show: Callable[[Expr], str], least: int, brackets: tuple[str, str] = ("(", ")")) -> str:
    return show(e) if _precedence(e) >= least else brackets[0] + show(e) + brackets[1]


def _second(e: Expr, show: Callable[[Expr], str], least: int, brackets: tuple[str, str] = ("(", ")")) -> str:
    """Show what follows a sign: a minus of its own stands in brackets there, as people write it."""
    return _wrapped(e, show, ATOM if _precedence(e) == MINUS else least, brackets)


def _noted(e: Expr, how: str, shown: list[str]) -> str | None:
    notation = NOTATION.get(str(e.head))
    template: str | None = getattr(notation, how, None)
    if notation is None or template is None or len(notation.operand_names) != len(shown):
        return None
    return template.format(**dict(zip(notation.operand_names, shown, strict=True)))


def _text(e: Expr) -> str:
    if not isinstance(e.head, str):
        return repr(e.head)
    if not e.args:
        return e.head
    level = _precedence(e)
    if e.head == "neg":
        return "-" + _wrapped(e.args[0], _text, POWER)
    if e.head in PRECEDENCE:
        a, b = e.args
        left = _wrapped(a, _text, level + (e.head == "**"))
        return f"{left} {e.head} {_wrapped(b, _text, level + 1)}"
    return f"{e.head}({', '.join(map(_text, e.args))})"


def _pretty(e: Expr) -> str:  # noqa: PLR0911 - one line a kind of formula
    if not isinstance(e.head, str):
        return pretty_number(e.head)
    if not e.args:
        return _noted(e, "pretty", []) or e.head
    level = _precedence(e)
    if e.head == "neg":
        return "−" + _second(e.args[0], _pretty, PRODUCT)
    if e.head == "**":
        base, power = e.args
        raised = _pretty(power)
        if re.fullmatch("−?[0-9]+", raised):
            return _wrapped(base, _pretty, ATOM) + raised.replace("−", "-").translate(SUPERSCRIPTS)
        return f"{_wrapped(base, _pretty, ATOM)}^{_wrapped(power, _pretty, ATOM)}"
    if e.head in PRECEDENCE:
        a, b = e.args
        sign = {"*": "·", "-": "−"}.get(e.head, e.head)
        return f"{_wrapped(a, _pretty, level)} {sign} {_second(b, _pretty, level + 1)}"
    shown = [_pretty(a) for a in e.args]
    return _noted(e, "pretty", shown) or f"{e.head}({', '.join(shown)})"


def _latex(e: Expr) -> str:  # noqa: PLR0911 - one line a kind of formula
    if not isinstance(e.head, str):
        return pretty_number(e.head).replace("−", "-").replace("∞", r"\infty")
    if not e.args:
        return _noted(e, "latex", []) or name_latex(e.head)
    level = _precedence(e)
    brackets = (r"\left(", r"\right)")
    if e.head == "neg":
        return "-" + _second(e.args[0], _latex, PRODUCT, brackets)
    if e.head == "/":
        return rf"\frac{{{_latex(e.args[0])}}}{{{_latex(e.args[1])}}}"
    if e.head == "**":
        return f"{_wrapped(e.args[0], _latex, ATOM, brackets)}^{{{_latex(e.args[1])}}}"
    if e.head in PRECEDENCE:
        a, b = e.args
        sign = r"\cdot" if e.head == "*" else e.head
        return f"{_wrapped(a, _latex, level, brackets)} {sign} {_second(b, _latex, level + 1, brackets)}"
    shown = [_latex(a) for a in e.args]
    noted = _noted(e, "latex", shown)
    if noted:
        return noted
    function = f"\\{e.head}" if e.head in STANDARD_LATEX else rf"\operatorname{{{_escaped(e.head)}}}"
    return rf"{function}\left({', '.join(shown)}\right)"

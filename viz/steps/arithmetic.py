"""The arithmetic of a step as lines of tokens, typeset by text, page and LaTeX.

First the symbols, then the numbers, then the sum with what was there before:

=========  ==========================  ===============================
token      stands for                  as text
=========  ==========================  ===============================
name       a node                      ``w``
grad       its gradient                ``w.grad``
slope      a local derivative          ``∂L/∂w``
formula    a formula of the graph      ``w · x``
number     a number                    ``−0.5``
result     the number a line ends in   ``−1.197``
sign       an operator                 ``+=``
tick       the gradient is complete    ``✓``
=========  ==========================  ===============================
"""

from __future__ import annotations

from typing import NamedTuple

from autograd_lite.text import agreeing_digits, bracketed, changing_digits, pretty_number

from ..graphs.notation import grad_name, short, slope_name
from .record import StepRecord

__all__ = ["Line", "Token", "as_text", "lines_of"]


class Token(NamedTuple):
    """One piece of a line: its kind, its text, and of a slope the operand and the index of its use."""

    kind: str
    text: str
    by: str = ""
    use: str = ""


Line = list[Token]


def as_text(line: Line) -> str:
    """A line as plain text."""
    return " ".join(_token_text(token) for token in line)


def _token_text(token: Token) -> str:
    if token.kind == "grad":
        return grad_name(token.text)
    return slope_name(token.text, token.by, token.use) if token.kind == "slope" else token.text


def lines_of(step: StepRecord) -> list[Line]:
    """The arithmetic of a step."""
    return {"forward": _forward, "seed": _seed, "backward": _backward, "update": _update}[step.phase](step)


def _sign(text: str) -> Token:
    return Token("sign", text)


def _forward(step: StepRecord) -> list[Line]:
    value = Token("result", pretty_number(step.total_after))
    return [[Token("name", step.target), _sign("="), Token("formula", short(step.formula)), _sign("="), value]]


def _seed(step: StepRecord) -> list[Line]:
    return [[Token("grad", step.target), _sign("="), Token("result", "1"), Token("tick", "✓")]]


def _backward(step: StepRecord) -> list[Line]:
    upstream, local, contribution = step.upstream or 0.0, step.local or 0.0, step.contribution or 0.0
    overwrites = bool(step.mistake) and step.total_after == contribution != step.total_before + contribution
    digits = agreeing_digits([step.total_before, contribution], step.total_after)
    grad = Token("grad", step.target)
    slope = Token("slope", step.source, step.target, step.through)
    symbols = [grad, _sign("=" if overwrites else "+="), Token("grad", step.source), _sign("·"), slope]
    first, second = (Token("number", bracketed(x)) for x in (upstream, local))
    result = Token("result", pretty_number(contribution, digits))
    numbers = [_sign("="), first, _sign("·"), second, _sign("="), result]
    total = [grad, _sign("=")]
    if step.use > 1 and not overwrites:
        before, added = pretty_number(step.total_before, digits), bracketed(contribution, digits)
        total += [Token("number", before), _sign("+"), Token("number", added), _sign("=")]
    total.append(Token("result", pretty_number(step.total_after, digits)))
    if step.final and not step.mistake and not step.cause:
        total.append(Token("tick", "✓"))
    return [symbols, numbers, total]


def _update(step: StepRecord) -> list[Line]:
    name = Token("name", step.target)
    digits = changing_digits(step.total_before, step.total_after)
    before, after = pretty_number(step.total_before, digits), Token("result", pretty_number(step.total_after, digits))
    if step.local is None:
        change = bracketed(step.contribution or 0.0)
        symbols = [name, _sign("="), name, _sign("+"), Token("name", f"Δ{step.target}")]
        numbers = [Token("number", before), _sign("+"), Token("number", change)]
    else:
        symbols = [name, _sign("="), name, _sign("−"), Token("name", "lr"), _sign("·"), Token("grad", step.target)]
        rate, gradient = bracketed(-step.local), bracketed(step.upstream or 0.0, digits)
        numbers = [Token("number", before), _sign("−"), Token("number", rate), _sign("·"), Token("number", gradient)]
    return [symbols, [_sign("="), *numbers, _sign("="), after]]

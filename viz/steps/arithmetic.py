"""The arithmetic of a step as lines of tokens, typeset by text, page and LaTeX.

First the symbols, then the numbers, then the sum with what was there before; `texts.LINES` has the lines:

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
from .texts import LINES

__all__ = ["Line", "Token", "as_text", "lines_of"]

TICK = "✓"


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


def _line(template: str, step: StepRecord, **fields: str) -> Line:
    """Fill a line: a word with a colon is a kind and a field, any other a sign."""
    texts = {"target": step.target, "source": step.source, "tick": TICK, **fields}
    line = []
    for word in LINES[template].split():
        kind, colon, field = word.partition(":")
        if kind == "slope":
            line.append(Token("slope", step.source, step.target, step.through))
        else:
            line.append(Token(kind, texts[field]) if colon else Token("sign", word))
    return line


def _forward(step: StepRecord) -> list[Line]:
    after, formula = pretty_number(step.total_after), short(step.formula)
    if not step.substituted or step.substituted == step.formula:
        return [_line("given", step, formula=formula, after=after)]
    numbers = _line("numbers", step, numbers=short(step.substituted), after=after)
    return [_line("forward", step, formula=formula), numbers]


def _seed(step: StepRecord) -> list[Line]:
    return [_line("seed", step, one="1")]


def _backward(step: StepRecord) -> list[Line]:
    upstream, local, contribution = step.upstream or 0.0, step.local or 0.0, step.contribution or 0.0
    overwrites = bool(step.mistake) and step.total_after == contribution != step.total_before + contribution
    digits = agreeing_digits([step.total_before, contribution], step.total_after)
    factors = {"upstream": bracketed(upstream), "local": bracketed(local)}
    product = _line("product", step, **factors, contribution=pretty_number(contribution, digits))
    after = pretty_number(step.total_after, digits)
    if step.use > 1 and not overwrites:
        before = pretty_number(step.total_before, digits)
        total = _line("sum", step, before=before, added=bracketed(contribution, digits), after=after)
    else:
        total = _line("first", step, after=after)
    if step.final and not step.mistake and not step.cause:
        total.append(Token("tick", TICK))
    return [_line("overwritten" if overwrites else "added", step), product, total]


def _update(step: StepRecord) -> list[Line]:
    digits = changing_digits(step.total_before, step.total_after)
    ends = {"before": pretty_number(step.total_before, digits), "after": pretty_number(step.total_after, digits)}
    if step.local is None:
        change = bracketed(step.contribution or 0.0)
        symbols = _line("change", step, delta=f"Δ{step.target}")
        return [symbols, _line("change_numbers", step, **ends, change=change)]
    factors = {"rate": bracketed(-step.local), "gradient": bracketed(step.upstream or 0.0, digits)}
    return [_line("update", step, lr="lr"), _line("update_numbers", step, **ends, **factors)]

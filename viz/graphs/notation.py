"""How names, numbers and derivatives are written: as text, in Markdown and in LaTeX.

Labels are untrusted text; here they are escaped for each format.
"""

from __future__ import annotations

import re

from autograd_lite.formulas import name_latex

__all__ = [
    "PREACTIVATION",
    "equal",
    "grad_caption",
    "grad_name",
    "markdown_text",
    "number_latex",
    "prose_latex",
    "short",
    "slope_latex",
    "slope_name",
]

LONGEST_FORMULA = 120
SUBSCRIPTS = str.maketrans("0123456789()", "₀₁₂₃₄₅₆₇₈₉₍₎")
PREACTIVATION = re.compile(r"z[₀-₉,]+(⁽[⁰¹²³⁴-⁹]+⁾)?(\[\d+\])?")
SPECIALS = {c: "\\" + c for c in "#$%&_{}"} | {"\\": r"\textbackslash{}", "^": r"\^{}", "~": r"\~{}"}
SIGNS = {"−": "$-$", "→": r"$\to$", "·": r"$\cdot$", "∂": r"$\partial$", "∞": r"$\infty$", "…": r"\dots{}"}


def slope_name(of: str, by: str, use: str = "") -> str:
    """The name of a derivative; with an index, of the partial through that use alone.

    Examples
    --------
    >>> slope_name("L", "w1"), slope_name("c", "b", "2"), slope_name("c", "b", "(2)")
    ('∂L/∂w1', '∂c/∂b₂', '∂c/∂b₍₂₎')
    """
    return f"∂{of}/∂{by}{use.translate(SUBSCRIPTS)}"


def grad_name(name: str) -> str:
    """The gradient of a node: δ with the indices of z for what goes into an activation, as courses write it.

    Examples
    --------
    >>> grad_name("w"), grad_name("z₁⁽²⁾"), grad_name("z1")
    ('w.grad', 'δ₁⁽²⁾', 'z1.grad')
    """
    return f"δ{name[1:]}" if PREACTIVATION.fullmatch(name) else f"{name}.grad"


def grad_caption(name: str) -> str:
    """What a box writes over the gradient of a node.

    Examples
    --------
    >>> grad_caption("w"), grad_caption("z₁⁽²⁾")
    ('grad', 'δ')
    """
    return "δ" if PREACTIVATION.fullmatch(name) else "grad"


def short(formula: str) -> str:
    """Cut a formula of many operands to what fits on a line."""
    return formula if len(formula) <= LONGEST_FORMULA else formula[: LONGEST_FORMULA - 2] + " …"


def equal(rule: str, number: str) -> str:
    """A rule and the number that it gives; only the number where they are the same."""
    return number if rule == number else f"{short(rule)} = {number}"


def markdown_text(text: str) -> str:
    r"""Text that Markdown shows as it is.

    Examples
    --------
    >>> print(markdown_text("w_h <b>"))
    w\_h &lt;b&gt;
    """
    escaped = re.sub(r"([\\`*_{}\[\]()#+!|$~-])", r"\\\1", text)
    return escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def prose_latex(text: str) -> str:
    r"""Text that LaTeX prints as it is.

    Examples
    --------
    >>> print(prose_latex("50% of a_b"))
    50\% of a\_b
    """
    return "".join((SPECIALS | SIGNS).get(c, c) for c in text)


def number_latex(text: str) -> str:
    r"""A printed number in math mode.

    Examples
    --------
    >>> print(number_latex("−1.2e−5"), number_latex("(−0.5)"))
    -1.2 \cdot 10^{-5} (-0.5)
    """
    plain = text.replace("−", "-").replace("∞", r"\infty")
    return re.sub(r"e(-?\d+)", r" \\cdot 10^{\1}", plain)


def slope_latex(of: str, by: str, use: str = "") -> str:
    r"""The name of a derivative; with an index, of the partial through that use alone.

    Examples
    --------
    >>> print(slope_latex("L", "w1"), slope_latex("c", "b", "2"))
    \frac{\partial L}{\partial w_{1}} \frac{\partial c}{\partial {b}_{2}}
    """
    name = rf"{{{name_latex(by)}}}_{{{use}}}" if use else name_latex(by)
    return rf"\frac{{\partial {name_latex(of)}}}{{\partial {name}}}"

"""Formulas as text, as people write them, and in LaTeX: a golden sheet, and a law for the text.

Write the sheet anew with ``--update-golden``, and look at the difference.
"""

from __future__ import annotations

import ast
import math
import operator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite.formulas import Expr, expr, name_latex, pretty_number

GOLDEN = Path(__file__).parents[1] / "golden" / "engine" / "expressions.txt"

X = {name: expr(name) for name in "abcx"} | {"pi": Expr("pi"), "expr": expr, "inf": math.inf, "nan": math.nan}
X |= {name: lambda *xs, name=name: Expr(name, tuple(map(expr, xs))) for name in ("f", "sin", "abs", "sqrt", "pow_2")}
X |= {name: lambda *xs, name=name: Expr(name, tuple(map(expr, xs))) for name in ("tanh", "log", "exp", "arctan2")}
FORMULAS = """
a + b + c
a + (b + c)
a - b - c
a - (b - c)
a - (b + c)
(a + b) * c
a * (b + c)
a * b * c
a * (b * c)
a / b / c
a / (b / c)
a / (b * c)
a * (b / c)
a / b * c
a * b + c
a + b * c
-a
-(-a)
-(a + b)
-(a * b)
-a * b
a * -b
a - -b
-a + b
(-a) ** 2.0
-(a ** 2.0)
(-a) ** b
a ** 2.0
a ** 10.0
a ** -3.0
a ** 0.5
a ** b
a ** (b + 1.0)
a ** -b
(a ** b) ** c
a ** (b ** c)
(a * b) ** 2.0
(a / b) ** c
(a + b) ** 2.0 * c
2.0 ** x
expr(-2.0) ** x
(x - 1.0) ** (x + 1.0)
-2.0 * x
x * -2.0
x - -2.0
x / -2.0
2.0 + x
2.0 - x
2.0 / x
x + 0.1
x * 1e30
x * 1e-30
x * inf
x * -inf
x * nan
x ** 1.0
x ** inf
expr(2.0) + 1.0
expr(2.0) - 1.0
expr(2.0) * 3.0
expr(2.0) / 4.0
expr(2.0) ** 3.0
expr(0.5) - 2.5
x ** (expr(3.0) - 1.0)
x ** (expr(2.0) - 1.0)
pi
2.0 * pi
f(x)
f(a, b)
f(a + b, -c)
f()
f(x) ** 2.0
sin(x)
tanh(x) ** 2.0
log(a * b)
exp(-x)
exp(a + b) * c
abs(-x)
abs(a) * b
sqrt(a + b)
arctan2(a, b)
arctan2(a)
pow_2(x)
""".strip().split("\n")
NAMES = [
    "x",
    "w1",
    "w12",
    "w_1",
    "loss",
    "h_out",
    "h_out2",
    "hout2",
    "out_h",
    "a b",
    "w1b",
    "é",
    "x'",
    "x2y",
    "1x",
    "",
    "_",
]
NAMES += ["50%", "#1", "$", "a&b", "{x}", "x\\y", "x^2", "~x", "a<b", "a>b"]
NUMBERS = [0.0, -0.0, 1.0, -1.0, 0.5, 1 / 3, -2 / 3, 12345.0, 1234567.0, 99999.0, -1e10, 1e100, 1e-4, 1e-5, -2.5e-9]
NUMBERS += [math.inf, -math.inf, math.nan, 5e-324, 1e16, 120.0]


def sheet() -> str:
    lines = []
    for text in FORMULAS:
        formula = eval(text, X.copy())  # noqa: S307 - the text is our own
        lines += [text, f"    {formula.text}", f"    {formula.pretty}", f"    {formula.latex}"]
    lines += [f"{name!r}  {name_latex(name)}" for name in NAMES]
    lines += [f"{x!r}  {pretty_number(x)}  {pretty_number(x, 2)}  {pretty_number(x, 17)}" for x in NUMBERS]
    return "\n".join(lines) + "\n"


def test_formulas_names_and_numbers_are_the_golden_ones(request):
    if request.config.getoption("--update-golden"):
        GOLDEN.write_text(sheet(), encoding="utf-8")
    assert sheet() == GOLDEN.read_text(encoding="utf-8")


def test_only_what_latex_reads_as_a_command_is_escaped():
    assert name_latex("% of X") == r"\mathrm{\% of X}"


def test_a_formula_is_a_node_that_python_may_not_branch_on():
    x = expr("x")
    assert expr(x) is x
    assert expr(2).head == 2.0
    assert (x != expr("x"), len({x, expr("x")}), x.args) == (True, 2, ())  # told apart by identity, as Values are
    assert not hasattr(x, "__dict__")
    assert str(x * 2.0) == (x * 2.0).pretty == "x · 2"
    with pytest.raises(AttributeError):
        x.head = "y"
    with pytest.raises(TypeError, match=r"xp\.where"):
        bool(x)


# --- The text of any formula, read by Python, is that formula -------------------------------------------------------

ACTS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "**": operator.pow}
SIGNS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**"}
LEAVES = st.sampled_from(["a", "b", "c"]) | st.floats(-9.0, 9.0)
TREES = st.recursive(
    LEAVES.map(expr),
    lambda below: (
        st.builds(lambda act, x, y: ACTS[act](x, y), st.sampled_from(list(ACTS)), below, below)
        | below.map(operator.neg)
        | st.builds(lambda x: Expr("f", (x,)), below)
    ),
    max_leaves=8,
)


def tree(e: Expr) -> object:
    """A formula as nested tuples; a negative number is the negative of a number."""
    if isinstance(e.head, float):
        return ("neg", abs(e.head)) if math.copysign(1.0, e.head) < 0 else e.head
    return (e.head, *map(tree, e.args)) if e.args else e.head


def read(node: ast.expr) -> object:
    """What Python reads, as nested tuples."""
    match node:
        case ast.BinOp(left, sign, right):
            return SIGNS[type(sign)], read(left), read(right)
        case ast.UnaryOp(ast.USub(), operand):
            return "neg", read(operand)
        case ast.Call(ast.Name(name), operands):
            return name, *map(read, operands)
        case ast.Name(name):
            return name
    return ast.literal_eval(node)


@given(TREES)
def test_the_text_of_a_formula_is_that_formula(formula):
    assert read(ast.parse(formula.text, mode="eval").body) == tree(formula)

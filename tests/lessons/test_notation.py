"""Formulas as people write them."""

from __future__ import annotations

import contextlib
import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite import TABLE, ExpressionError
from autograd_lite.formulas import Expr
from autograd_lite.lessons.evaluation import Function, Scope
from autograd_lite.lessons.notation import names_in, read

NUMBERS = {"a": 0.7, "b": -1.3, "s": 0.4, "x": 1.9, "E": 0.0}


@pytest.mark.parametrize(
    ("text", "python"),
    [
        ("2a", "2*a"),
        ("2 a b", "2*a*b"),
        ("s(1 - s)", "s*(1 - s)"),
        ("a^2 + b²", "a**2 + b**2"),
        ("-x^2", "-(x**2)"),
        ("x^-2", "x**-2"),
        ("x⁻²", "x**-2"),
        ("2^3^2", "2**9"),
        ("a·b × x ÷ s", "a*b*x/s"),
        ("a − b", "a - b"),
        ("[a + b] (x)", "(a + b)*x"),
        ("e^-x", "math.exp(-x)"),
        ("ln x + log(x)", "2*math.log(x)"),
        ("2 sin x cos x", "2*math.sin(x)*math.cos(x)"),
        ("x^4 sin x", "x**4*math.sin(x)"),
        ("σ(-x)", "1/(1 + math.exp(x))"),
        ("√x", "math.sqrt(x)"),
        ("π", "math.pi"),
        ("1/2 x", "0.5*x"),
        ("1/(2a) x", "1/(2*a)*x"),
        ("27(1e-4)", "27e-4"),
        (".5x", "0.5*x"),
        ("maximum(a, b, x)", "x"),
        ("--x", "x"),
        ("+x", "x"),
        ("d/dx (x^3)", "3*x**2"),
        ("2 d/dx (x^3) a", "6*x**2*a"),
        ("d^2/dx^2 (x^3)", "6*x"),
        ("∂²/∂x² (x^3)", "6*x"),
        ("d/dx (x^2 e^a) + d/da (x a)", "2*x*math.exp(a) + x"),
        ("f(x)", "x**3"),
        ("f'(x) + f''(2a)", "3*x**2 + 12*a"),
        ("f'(3)", "27"),
    ],
)
def test_what_is_read(text, python):
    scope = Scope(NUMBERS, {}, {"f": Function(("t",), read("t^3"))})
    wanted = eval(python, {"math": math, **NUMBERS})  # noqa: S307 - the table above
    assert scope.number(read(text, NUMBERS, {"f"})) == pytest.approx(wanted, rel=1e-12)


def test_derivatives_by_names_of_the_graph():
    scope = Scope({"w": 2.0, "x": 3.0}, {"z": read("w x"), "E": read("z^2 + w")})
    known = {"w", "x", "z", "E"}
    assert scope.number(read("dE/dz", known)) == 12.0
    assert scope.number(read("dE/dw", known)) == 37.0
    assert scope.number(read("∂E/∂z · ∂z/∂w + 1", known)) == 37.0


@pytest.mark.parametrize(
    ("text", "names"), [("delta/d2", "delta d2"), ("d/2", "d"), ("dE/dy", "dE dy"), ("dx/2", "dx")]
)
def test_names_that_begin_with_d_are_not_derivatives(text, names):
    assert [*names_in(read(text, names.split()))] == names.split()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("1/2x", "above or below the line"),
        ("(a", "closing bracket"),
        ("a)", "bracket is not opened"),
        ("3 4", "operator is missing"),
        ("a +", "the formula ends"),
        ("a $ b", "'\\$' has no meaning"),
        ("sin", "needs its argument"),
        ("sigmod(x)", "did you mean 'sigmoid'"),
        ("value(x)", "for a product, write value"),
        ("f'(x)", "needs a definition"),
        ("d/dx x", "in brackets"),
        ("(" * 200, "nested more than 60"),
        ("-" * 200 + "a", "more than 60 signs"),
        ("a + " * 1000, "at most 2,000"),
        ("sum_i(" * 4 + "1" + ")" * 4, "more than 3 deep"),
    ],
)
def test_what_cannot_be_read_is_one_clear_error(text, message):
    with pytest.raises(ExpressionError, match=message):
        read(text)


def test_the_caret_stands_under_the_mistake():
    with pytest.raises(ExpressionError) as error:
        read("2a + $ b")
    _, text, caret = str(error.value).split("\n")
    assert text[caret.index("^")] == "$"


@given(st.text(max_size=40) | st.text("abdx/^*()+-=∂²σ'. 12", max_size=40))
def test_any_text_is_a_tree_or_an_error(text):
    with contextlib.suppress(ExpressionError):
        assert isinstance(read(text, {"a", "x"}), Expr)


trees = st.recursive(
    st.sampled_from(["a", "b", "x"]).map(Expr) | st.sampled_from([2.0, 0.5, 3.0]).map(Expr),
    lambda inner: (
        st.builds(lambda head, p, q: Expr(head, (p, q)), st.sampled_from("+-*/"), inner, inner)
        | st.builds(lambda p: Expr("neg", (p,)), inner)
        | st.builds(lambda p: Expr("**", (p, Expr(2.0))), inner)
        | st.builds(lambda head, p: Expr(head, (p,)), st.sampled_from(["tanh", "sin", "sigmoid"]), inner)
    ),
    max_leaves=8,
)


@given(trees)
def test_a_formula_that_is_printed_reads_as_itself(tree):
    scope = Scope(NUMBERS)
    wanted = scope.number(tree)
    for printed in (tree.text, tree.pretty):
        assert scope.number(read(printed, NUMBERS)) == pytest.approx(wanted, nan_ok=True)


def test_no_op_of_the_table_has_the_name_of_a_constant():
    assert not {"e", "pi", "d"} & TABLE.keys()


@pytest.mark.parametrize("text", ["let", "q + a", "a(b, c)", "sigmoid(a, b, x)", "softmax(a, b)"])
def test_what_has_no_value_is_one_clear_error(text):
    with pytest.raises(ExpressionError):
        Scope(NUMBERS).number(read(text, NUMBERS))


def test_a_definition_of_itself_is_an_error():
    with pytest.raises(ExpressionError, match="p = q = p: p is defined by itself"):
        Scope({}, {"p": read("q + 1"), "q": read("2p")}).number(read("p"))
    with pytest.raises(ExpressionError, match="f calls itself"):
        Scope({"x": 1.0}, {}, {"f": Function(("t",), read("f(t)", (), {"f"}))}).number(read("f(x)", (), {"f"}))


def test_functions_that_double_are_stopped():
    names = [f"f{k}" for k in range(40)]
    functions = {"f0": Function(("t",), read("t + 1"))}
    for below, name in itertools.pairwise(names):
        functions[name] = Function(("t",), read(f"{below}(t) {below}(t)", (), names))
    with pytest.raises(ExpressionError, match="more than 20,000 nodes"):
        Scope({"x": 1.0}, {}, functions).number(read("f39(x)", (), names))

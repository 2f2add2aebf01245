"""Formulas typed on the command line: what they mean, what is refused, and that nothing of them is ever run."""

from __future__ import annotations

import math
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite import TABLE, ExpressionError, Value
from autograd_lite.cli.arguments import numbers_of
from autograd_lite.cli.expression import MAX_DEPTH, MAX_LENGTH, evaluate

NUMBERS = {"a": 3.0, "b": -0.5, "c": 1.25}


def refused(text: str, numbers: dict[str, float] | None = None) -> str:
    with pytest.raises(ExpressionError) as error:
        evaluate(text, {"a": 3.0} if numbers is None else numbers)
    return str(error.value)


# --- What a formula means -------------------------------------------------------------------------------------------

atoms = st.sampled_from([*NUMBERS, "2", "0.5", "1e-3"])


def combined(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pair = st.tuples(parts, st.sampled_from([" + ", "-", " *"]), parts).map("".join)
    return st.one_of(pair, pair.map("({})".format), parts.map("-({})".format))


@given(st.recursive(atoms, combined, max_leaves=25))
def test_arithmetic_means_what_python_means_by_it(text):
    value = evaluate(f"({text}) + 0*a + 0*b + 0*c", NUMBERS)
    assert value.data == eval(text, {"__builtins__": {}}, dict(NUMBERS))  # noqa: S307 - the text was made here


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a - b - c", 3.0 - -0.5 - 1.25),
        ("a / b / c", 3.0 / -0.5 / 1.25),
        ("-a ** 2 + 0*b*c", -9.0),
        ("2 ** a ** 2 + 0*b*c", 512.0),
        ("a % 2 + 0*b*c", 1.0),
        ("where(b < 0, a, c)", 3.0),
        ("where(b >= 0, a, c)", 1.25),
        ("(a > b) + (a <= b) + 0*c", 1.0),
        ("(a == a) + 0*b*c", 1.0),
        ("maximum(a, b, c)", 3.0),
        ("fsum([a, b, c])", 3.75),
        ("sumprod((a, b), (b, c))", -2.125),
        ("sigmoid(a, beta=b) + 0*c", 1.0 / (1.0 + math.exp(1.5))),
        ("s = a + b\n;  t = s * c", 3.125),
    ],
)
def test_value(text, expected):
    assert evaluate(text, NUMBERS).data == pytest.approx(expected, rel=1e-15)


def test_every_op_of_the_table_can_be_called():
    for op in TABLE.values():
        names = [f"x{i}" for i in range(len(op.operand_names))]
        operands = [f"[{name}, {name}]" if op.many else name for name in names]
        assert evaluate(f"{op.name}({', '.join(operands)})", dict.fromkeys(names, 0.5)).op is not None


def test_names_become_labels_and_gradients_flow():
    c = evaluate("b = a + a; c = b + b", {"a": 3.0})
    c.backward()
    b = c.operands[0]
    assert (c.label, b.label, b.operands[0].label) == ("c", "b", "a")
    assert b.operands[0].grad == 4.0


def test_an_alias_is_a_node_of_its_own():
    c = evaluate("b = a; c = b * a", {"a": 3.0})
    assert [v.label for v in c.operands] == ["b", "a"]


def test_a_named_number_is_a_labelled_constant():
    c = evaluate("k = 2 * 3; c = k * a", {"a": 3.0})
    assert c.operands[0].label == "k"
    assert not c.operands[0].requires_grad


def test_overflow_is_infinite_not_an_error_and_takes_no_time():
    assert evaluate("a + 10**10**10", {"a": 3.0}).data == math.inf


# --- What is refused, with the position marked ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "says", "column"),
    [
        ("tanh(a +", "'(' was never closed", 4),
        ("a +", "not a formula", 3),
        ("a b", "not a formula", 2),
        ("rleu(a)", "Did you mean 'relu'?", 0),
        ("1 + b*a", "no name 'b'", 4),
        ("relu + a", "relu(...)", 0),
        ("a + relu(a, a)", "relu got 2 operands; it takes 1", 4),
        ("sigmoid(a, slope=2)", "sigmoid takes the operands x", 0),
        ("relu(*a)", "Only numbers", 5),
        ("relu(**a)", "", 0),
        ("sumprod([a, a], [a])", "2 ws, 1 xs", 0),
        ("2 * mean([])", "of nothing", 4),
        ("a.data", "Only numbers", 0),
        ("a[0]", "Only numbers", 0),
        ("__import__('os').system('true')", "Only numbers", 0),
        ("a + __import__('os')", "no op '__import__'", 4),
        ("a + 'text'", "Only numbers", 4),
        ("a + f'{a}'", "Only numbers", 4),
        ("a + 1j", "Only numbers", 4),
        ("a + True", "Only numbers", 4),
        ("a + None", "Only numbers", 4),
        ("[a]", "Only numbers", 0),
        ("lambda: a", "Only numbers", 0),
        ("(a for a in a)", "Only numbers", 0),
        ("a if a else a", "Only numbers", 0),
        ("a and a", "Only numbers", 0),
        ("not a", "Only numbers", 0),
        ("0 < a < 1", "Only numbers", 0),
        ("a != a", "Only numbers", 0),
        ("a @ a", "Only numbers", 0),
        ("(b := a)", "Only numbers", 1),
        ("a; import os", "Only formulas", 3),
        ("b = c = a", "Only formulas", 0),
        ("b, c = a", "Only formulas", 0),
        ("b = a + a; b += a", "Only formulas", 11),
        ("a = 1 + 1", "'a' already has a value", 0),
        ("é = a + a; é * (é + ø)", "no name 'ø'", 20),
        ("a + " + "9" * 400, "larger than a float can hold", 4),
    ],
)
def test_refused_with_the_position(text, says, column):
    message = refused(text)
    first, shown, mark = message.split("\n")
    assert says in first
    assert shown == f"    {text[:72]}" or len(text) > 72
    assert mark == " " * (4 + column) + "^"


def test_a_long_text_is_cut_around_the_mark():
    text = "a + " * 40 + "oops" + " + a" * 40
    first, shown, mark = refused(text).split("\n")
    assert "'oops'" in first
    assert len(shown) <= 4 + 72
    assert shown[mark.index("^") :].startswith("oops")


@pytest.mark.parametrize(
    ("text", "says"),
    [("", "empty"), (" ; ", "not a formula"), ("1 + 2", "contains no variable"), ("a", "contains no variable")],
)
def test_nothing_to_draw(text, says):
    assert says in refused(text)


def test_a_number_that_is_not_used_is_a_mistake():
    assert "b=2 is given" in refused("a * a", {"a": 1.0, "b": 2.0})


# --- Hostile text ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "(" * 4900 + "a" + ")" * 4900,
        "(" * 150 + "a" + ")" * 150 + " + a" * 2000,
        "-" * 9000 + "a",
        "a" + "+a" * 4900,
        "a" + "**a" * 3000,
        "relu(" * 190 + "a" + ")" * 190,
        "[" * 190 + "]" * 190,
        "not " * 2400 + "a",
        "lambda:" * 1400 + "a",
        "a if a else " * 800 + "a",
        "a\0b",
        "a \udc80",
        "'" * 9999,
        "\\x41",
        "1if a else a",
        "9" * 5000,
        "\x1b[31m a",
        "#" * 10_000,
        "x" * (10 * 2**20),
    ],
    ids=lambda text: ascii(text[:12]),
)
def test_hostile_text_gives_one_error_at_once(text):
    message = refused(text)
    assert len(message) < 1000
    assert message.replace("\n", "").isprintable()


WORDS = """a b x 1 2.5 1e999 + - * / ** % < > = == ; , ( ) [ ] relu fsum maximum where lambda : . ' " if else for in { }
@ yield await async import __class__ é 0x _ not"""
tokens = st.sampled_from([*WORDS.split(), "\\", "\n", "\0", "\u2028", "\N{GRINNING FACE}"])


@given(st.one_of(st.lists(tokens, max_size=30).map(" ".join), st.text(max_size=60)))
def test_any_text_gives_a_graph_or_an_expression_error(text):
    try:
        root = evaluate(text, {"a": 3.0})
    except ExpressionError:
        return
    assert isinstance(root, Value)


def test_limits_leave_room_for_what_people_write():
    deep = "relu(" * MAX_DEPTH + "a" + ")" * MAX_DEPTH
    assert evaluate(deep, {"a": 1.0}).data == 1.0
    assert len(deep) < MAX_LENGTH
    assert sys.getrecursionlimit() > 4 * MAX_DEPTH


# --- NAME=NUMBER ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (["a"], "'a' is not a name with its number"),
        (["=3"], "not a name"),
        (["1a=3"], "not a name"),
        (["a.b=3"], "not a name"),
        (["if=3"], "not a name"),
        (["a="], "needs a finite number"),
        (["a=three"], "needs a finite number"),
        (["a=nan"], "needs a finite number"),
        (["a=-inf"], "needs a finite number"),
        (["a=1j"], "needs a finite number"),
        (["a=1", "b=2", "a=3"], "'a' is given twice"),
        (["a=" + "9" * 100_000], "needs a finite number"),
    ],
)
def test_numbers_refused(given, says):
    with pytest.raises(ExpressionError) as error:
        numbers_of(given)
    assert says in str(error.value)
    assert len(str(error.value)) < 300


def test_numbers_read():
    assert numbers_of(["w=-0.5", " x =2", "h=1e-3"]) == {"w": -0.5, "x": 2.0, "h": 0.001}


def test_two_ways_to_type_an_accent_are_one_name():
    assert evaluate("e\u0301 * 2", numbers_of(["\u00e9=3"])).data == 6.0


@pytest.mark.parametrize(
    ("text", "says", "column"),
    [
        ("a^2 + 1", "a power is a**2, not a^2", 0),
        ("2a", "a product is written with *, as in 2*a", 0),
        ("2 a", "a product is written with *", 2),
        ("2(a + 1)", "a product is written with *", 0),
        ("(a + 1)(a - 1)", "a product is written with *", 0),
        ("a·b", "a product is a*b", 0),
        ("a ÷ 2", "a quotient is a/b", 2),
        ("a²", "a square is a**2", 1),
        ("−a", "minus is -", 0),
        ("ln(a)", "There is no op 'ln'. Did you mean 'log'?", 0),
        ("σ(a)", "Did you mean 'sigmoid'?", 0),
        ("tahn(a)", "Did you mean 'tanh'?", 0),
        ("Relu(a)", "Did you mean 'relu'?", 0),
        ("softmax(a)", "A softmax is of several numbers", 0),
        ("dot(a)", "Did you mean 'sumprod'?", 0),
    ],
)
def test_what_people_write_is_answered(text, says, column):
    with pytest.raises(ExpressionError) as caught:
        evaluate(text, {"a": 1.0})
    first, *_, caret = str(caught.value).splitlines()
    assert says in first
    assert caret.index("^") == 4 + column

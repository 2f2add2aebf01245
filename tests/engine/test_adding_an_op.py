"""A new op is one definition: it then keeps every law and works everywhere, and a wrong row fails at once."""

from __future__ import annotations

import copy
import pickle

import pytest

import autograd_lite as ag
from autograd_lite import TABLE, OpDefinitionError, Value, primitive
from autograd_lite.engine import ManyOp
from autograd_lite.formulas import NOTATION
from autograd_lite.namespaces import arrays, floats, values
from tests.support import laws


@pytest.fixture
def table():
    """Take new rows back, so that the table stays as it is."""
    before = [(d, dict(d)) for d in (TABLE, NOTATION, vars(floats), vars(arrays), vars(values))]
    yield TABLE
    for d, entries in before:
        d.clear()
        d.update(entries)


def define_tanhshrink():
    @primitive(
        partials={"x": lambda xp, y, x: xp.square(xp.tanh(x))},
        pretty="{x} − tanh {x}",
        latex=r"{x} - \tanh {x}",
    )
    def tanhshrink(xp, x):
        """Slightly less than x: x - tanh(x)."""
        return x - xp.tanh(x)

    return tanhshrink


def define_arcsinh2():
    @primitive(
        partials={"x": lambda xp, y, x: 2.0 / xp.hypot(2.0 * x, 1.0)},
        taught={"x": lambda xp, y, x: 2.0 / xp.sqrt(4.0 * x**2.0 + 1.0)},
        domain={"x": (-1e300, 1e300)},
    )
    def arcsinh2(xp, x):
        """Inverse hyperbolic sine of 2 x."""
        return xp.arcsinh(2.0 * x)

    return arcsinh2


def define_sum_of_squares():
    @primitive(kind=ManyOp, partials={"xs": lambda xp, y, xs: [2.0 * x for x in xs]})
    def sum_of_squares(xp, xs):
        """Sum of squares of many."""
        return xp.fsum([x * x for x in xs])

    return sum_of_squares


@pytest.mark.parametrize("law", laws.LAWS + laws.ORDINARY_LAWS, ids=lambda law: law.__name__)
@pytest.mark.parametrize("define", [define_arcsinh2, define_sum_of_squares])
def test_a_new_op_keeps_every_law(table, define, law):
    laws.holds(law, define(), ordinary=law in laws.ORDINARY_LAWS or define is define_sum_of_squares)


def test_the_laws_find_the_weak_point_of_a_new_op(table):
    """x - tanh(x) is right as mathematics, but cancels near 0; its slope is fine."""
    op = define_tanhshrink()
    laws.holds(laws.partials_are_right, op)
    laws.holds(laws.high_orders_are_right, op, ordinary=True)
    with pytest.raises(AssertionError, match="ulp"):
        laws.value_is_right(op, [1e-5])


def test_a_new_op_works_everywhere(table):
    op = define_tanhshrink()
    x = Value(0.5, "x")
    y = x.tanhshrink()
    assert y.data == op(0.5) == values.tanhshrink(0.5) == floats.tanhshrink(0.5)
    slope = ag.gradients(y, x, create_graph=True)
    assert slope.data == ag.tanh(0.5) ** 2
    assert ag.gradients(slope, x) == pytest.approx(2 * ag.tanh(0.5) * (1 - ag.tanh(0.5) ** 2), rel=1e-14)
    assert str(op.formula("w")) == "w − tanh w"
    assert "tanh(w)" in op.slope(0, "y", "w").text
    assert "tanhshrink" in dir(x)
    assert pickle.loads(pickle.dumps(y)).data == copy.deepcopy(y).data == y.data  # noqa: S301 - our own bytes


def test_a_row_may_use_the_rows_above_it(table):
    define_arcsinh2()

    @primitive(partials={"x": lambda xp, y, x: 4.0 * xp.arcsinh2(x) / xp.hypot(2.0 * x, 1.0)})
    def squared_arcsinh2(xp, x):
        """Square of the inverse hyperbolic sine of 2 x."""
        return xp.square(xp.arcsinh2(x))

    laws.holds(laws.partials_are_right, squared_arcsinh2, ordinary=True)
    laws.holds(laws.second_derivatives_are_right, squared_arcsinh2, ordinary=True)


# --- Rows that cannot work fail where they are written --------------------------------------------------------------


def branch():
    @primitive(partials={"x": 1.0})
    def bad(xp, x):
        return x if x > 0 else 0.0


def branch_on_truth():
    @primitive(partials={"x": 1.0})
    def bad(xp, x):
        return 1.0 / x if x else 0.0


def branch_in_a_partial():
    @primitive(partials={"x": lambda xp, y, x: 1.0 if y else 0.0})
    def bad(xp, x):
        return xp.exp(x)


def unknown_word():
    @primitive(partials={"x": 1.0})
    def bad(xp, x):
        return xp.tnah(x)


def misnamed_operand():
    @primitive(partials={"z": 1.0})
    def bad(xp, x):
        return x


def missing_partial():
    @primitive(partials={"a": 1.0})
    def bad(xp, a, b):
        return a + b


def wrong_signature():
    @primitive(partials={"x": lambda xp, y: 1.0 * y})
    def bad(xp, x):
        return xp.exp(x)


def mistake_behind_the_taught_form():
    @primitive(partials={"x": lambda xp, y, x: xp.tnah(x)}, taught={"x": lambda xp, y, x: y})
    def bad(xp, x):
        return xp.exp(x)


def mistake_in_the_taught_form():
    @primitive(partials={"x": lambda xp, y, x: y}, taught={"x": lambda xp, y, x: xp.tnah(x)})
    def bad(xp, x):
        return xp.exp(x)


def python_math():
    import math  # noqa: PLC0415 - the mistake under test

    @primitive(partials={"x": 1.0})
    def bad(xp, x):
        return math.exp(x)


@pytest.mark.parametrize(
    ("define", "advice"),
    [
        (branch, "xp.where|not supported"),
        (branch_on_truth, "xp.where"),
        (branch_in_a_partial, "xp.where"),
        (unknown_word, "Did you mean 'tan"),
        (mistake_behind_the_taught_form, "Did you mean 'tan"),
        (mistake_in_the_taught_form, "Did you mean 'tan"),
        (misnamed_operand, "in the same order"),
        (missing_partial, "Give one partial per operand"),
        (wrong_signature, "positional argument"),
        (python_math, "bad"),
    ],
)
def test_a_row_that_cannot_work_fails_at_its_definition(table, define, advice):
    with pytest.raises(OpDefinitionError, match=advice) as caught:
        define()
    assert "bad" in str(caught.value)
    assert "bad" not in TABLE


def test_the_table_is_restored_by_these_tests():
    assert "tanhshrink" not in TABLE
    assert not hasattr(floats, "bad")

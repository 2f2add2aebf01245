"""The contract of `Value`, line by line."""

from __future__ import annotations

import copy
import itertools
import math
import operator
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import TABLE, AutogradLiteError, OperandError, ShapeError, UnknownNameError, Value
from autograd_lite.engine import set_numbers, wire
from autograd_lite.errors import TraceError

# --- What a Value holds ---------------------------------------------------------------------------------------------


def test_a_new_value_is_a_leaf_with_no_gradient_yet():
    x = Value(3, "x")
    assert (x.data, x.grad, x.label, x.op, x.operands, x.partials) == (3.0, 0.0, "x", None, (), ())
    assert (x.requires_grad, x.swept) == (True, False)
    assert type(x.data) is float
    assert x.next_order() > x.order


def test_a_value_has_slots_only():
    with pytest.raises(AttributeError):
        Value(1.0).colour = "red"
    assert not hasattr(Value(1.0), "__dict__")


def test_a_node_keeps_op_operands_and_partials_in_order():
    x, y = Value(2.0), Value(5.0)
    z = x - y
    assert z.op is TABLE["sub"]
    assert z.operands == (x, y)
    assert z.partials == (1.0, -1.0)
    assert z.order > y.order > x.order


def test_every_new_node_starts_afresh():
    """One operand, two, three and many; in and out of the range of `math`; put together by hand."""
    x, c = Value(2.0, "x"), Value.constant(2.0, "c")
    x.backward()
    made = [-x, x + x, ag.clip(x, 0.0, 1.0), ag.fsum([x, x, x]), ag.exp(1e3 * x), x / 0.0, ag.sqrt(-x), (-x) ** 0.5]
    made += [-c, c + c, ag.clip(c, 0.0, 1.0), ag.fsum([c, c, c]), ag.log(-c), c / 0.0]
    for y in [*made, wire(TABLE["square"], (x,), 4.0, (4.0,), True, Value), Value.constant(1.0)]:
        assert (y.grad, y.label, y.swept) == (0.0, "", False)
        assert y.requires_grad is (x in y.operands or any(x in u.operands for u in y.operands))
    assert [y.order for y in made] == sorted(y.order for y in made)
    for y in (ag.sign(x), ag.floor(x), ag.greater(x, 1.0), ag.equal(x, x), ag.stop(x)):
        assert not y.requires_grad  # piecewise constant


def test_x_times_x_has_two_operands():
    x = Value(3.0)
    assert (x * x).operands == (x, x)
    assert (x + x).operands == (x, x)


def test_labels_may_be_set_later():
    y = Value(1.0) * 2.0
    y.label = "y"
    assert "y" in repr(y)


def test_numbers_that_meet_a_value_are_constants():
    x = Value(2.0)
    y = x * 3
    three = y.operands[1]
    assert (three.data, three.requires_grad, three.op) == (3.0, False, None)
    assert y.partials == (3.0, None)
    y.backward()
    assert three.grad == 0.0


def test_what_is_made_of_constants_needs_no_gradient():
    c = Value.constant(2.0) * 3.0
    assert not c.requires_grad
    x = Value(1.0)
    assert ag.gradients(c + x, [c, x]) == [0.0, 1.0]


def test_swept_marks_the_root_of_the_last_sweep():
    x = Value(1.0)
    y = x * 2.0
    z = y * 2.0
    z.backward()
    assert (z.swept, y.swept, x.swept) == (True, False, False)
    y.backward()
    assert y.swept


def test_a_node_is_stale_when_its_number_or_a_partial_would_be_another():
    x = Value(2.0)
    y = x * x
    assert not y.is_stale()
    x.data = -2.0  # y would be 4 again, its partials would not
    assert y.is_stale()
    assert not x.is_stale()
    c = Value.constant(2.0)
    z = c + 1.0
    c.data = 3.0  # there is no partial, but z would be 4
    assert z.is_stale()
    w = Value(-1.0)
    root = ag.sqrt(w)
    assert not root.is_stale()  # NaN is the same as NaN
    w.data = 4.0
    assert root.is_stale()  # but not as a number


# --- Operators ------------------------------------------------------------------------------------------------------

BINARY = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow, operator.mod]


@pytest.mark.parametrize("act", BINARY, ids=lambda f: f.__name__)
@given(a=st.floats(0.1, 5.0), b=st.floats(0.1, 3.0))
def test_operators_and_their_reflections_agree_with_numbers(act, a, b):
    for x, y in (
        (Value(a), Value(b)),
        (Value(a), b),
        (a, Value(b)),
        (np.float64(a), Value(b)),
        (Value(a), np.float64(b)),
    ):
        z = act(x, y)
        assert type(z) is Value
        assert z.data == act(a, b)


@pytest.mark.parametrize("number", [2, True, np.int64(2), np.float32(2.0), np.array(2.0)])
def test_every_kind_of_real_number_is_taken(number):
    x = Value(3.0)
    assert (x * number).data == 3.0 * float(number)
    assert (number * x).data == 3.0 * float(number)
    assert Value(number).data == float(number)


def test_unary_operators():
    x = Value(-2.0)
    assert ((-x).data, (+x), abs(x).data) == (2.0, x, 2.0)


def test_sum_and_in_place_addition_work():
    xs = [Value(1.0), Value(2.0)]
    total = sum(xs)
    total += 1
    assert total.data == 4.0
    assert ag.gradients(total, xs) == [1.0, 1.0]


def test_minus_and_over_are_true_binary_nodes():
    x, y = Value(6.0), Value(3.0)
    assert (x - y).op.name == "sub"
    assert (x / y).op.name == "div"
    assert len(ag.reverse.reachable([x / y])) == 3


def test_comparisons_go_by_data():
    x, y = Value(1.0), Value(2.0)
    assert x < y
    assert x <= 1
    assert y > 1.5
    assert y >= y
    assert 0.0 < x < y
    assert max([x, y]) is y
    assert sorted([y, x]) == [x, y]


COMPARISONS = [operator.lt, operator.le, operator.gt, operator.ge]


@pytest.mark.parametrize("compare", COMPARISONS, ids=lambda f: f.__name__)
def test_comparisons_are_those_of_numbers_ties_and_nan_too(compare):
    numbers = [-1.0, -0.0, 0.0, 1.0, math.inf, math.nan]
    for a, b in itertools.product(numbers, repeat=2):
        expected = compare(a, b)
        assert compare(Value(a), Value(b)) is compare(Value(a), b) is compare(a, Value(b)) is expected


def test_equality_and_hash_go_by_identity():
    x, y = Value(1.0), Value(1.0)
    assert x != y
    assert x == x
    assert len({x, y, x}) == 2
    assert ag.equal(x, y).data == 1.0


def test_truth_goes_by_data():
    assert Value(0.5)
    assert not Value(0.0)
    assert not Value(-0.0)


def test_format_is_that_of_the_number():
    assert f"{Value(3.14159):.2f}" == "3.14"
    assert f"{Value(2.0)}" == "Value(data=2.0, grad=0.0)"
    assert repr(Value(2.0, "w")) == "Value(data=2.0, grad=0.0, label='w')"


# --- What is refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", ["a", "2.5", None, 1j, Value(1.0), [1.0], np.array([1.0, 2.0]), {}, object(), 10**400])
def test_what_is_not_a_real_number_is_refused_with_advice(bad):
    with pytest.raises(OperandError) as caught:
        Value(bad)
    assert isinstance(caught.value, (TypeError, AutogradLiteError))
    assert str(caught.value).endswith(".")
    x = Value(1.0)
    with pytest.raises(OperandError):
        x.data = bad
    assert x.data == 1.0


@pytest.mark.parametrize("bad", ["a", None, 1j, {}])
@pytest.mark.parametrize("act", BINARY, ids=lambda f: f.__name__)
def test_operators_refuse_what_is_not_a_number(act, bad):
    with pytest.raises(TypeError):
        act(Value(1.0), bad)
    if not (isinstance(bad, str) and act is operator.mod):
        with pytest.raises(TypeError):
            act(bad, Value(1.0))


@pytest.mark.parametrize("convert", [float, int, complex, math.exp, math.sqrt, lambda v: [1, 2][v], round])
def test_dropping_the_graph_in_silence_is_refused(convert):
    with pytest.raises(TypeError):
        convert(Value(1.0))


def test_the_refusal_says_what_to_do():
    with pytest.raises(OperandError, match=r"Use v\.data"):
        float(Value(1.0))
    with pytest.raises(OperandError, match=r"float\('2\.5'\)"):
        Value("2.5")
    with pytest.raises(OperandError, match="real and the imaginary part"):
        Value(1j)
    with pytest.raises(OperandError, match=r"its \.data"):
        Value(Value(1.0))
    with pytest.raises(OperandError, match="one Value per number"):
        Value([1.0, 2.0])


def test_an_unknown_attribute_offers_the_nearest():
    with pytest.raises(AttributeError, match="Did you mean 'tanh'"):
        _ = Value(1.0).tahn
    with pytest.raises(AttributeError, match="no attribute 'tanhh'") as caught:  # Python offers the nearest itself
        _ = Value(1.0).tanhh
    assert (caught.value.name, isinstance(caught.value.obj, Value)) == ("tanhh", True)
    with pytest.raises(AttributeError, match="Did you mean 'sigmoid'"):
        _ = ag.sigmoyd
    assert not hasattr(Value(1.0), "__array__")
    assert not hasattr(Value(1.0), "_repr_html_")


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (ag.exp, OperandError),
        (lambda: ag.exp(Value(1.0), 2.0), OperandError),
        (lambda: ag.exp("a"), OperandError),
        (lambda: ag.fsum(Value(1.0), "b"), OperandError),
        (lambda: ag.fsum(3.0, slope=1.0), UnknownNameError),
        (lambda: ag.maximum([]), ShapeError),
        (lambda: ag.logsumexp([]), ShapeError),
        (lambda: ag.softmax([]), ShapeError),
        (lambda: ag.sumprod([Value(1.0)], [1.0, 2.0]), ShapeError),
        (lambda: ag.sumprod([Value(1.0)]), OperandError),
        (lambda: ag.leaky_relu(Value(1.0), slop=0.1), UnknownNameError),
        (lambda: ag.leaky_relu(Value(1.0), 0.1, slope=0.1), OperandError),
        (lambda: ag.gradients(1.0, Value(1.0)), OperandError),
        (lambda: ag.gradients(Value(1.0), [1.0]), OperandError),
    ],
)
def test_bad_calls_are_errors_of_the_tree(call, error):
    with pytest.raises(error) as caught:
        call()
    assert len(str(caught.value)) > 20


# --- Methods, NumPy -------------------------------------------------------------------------------------------------


def test_every_unary_op_is_a_method_and_listed():
    x = Value(0.4)
    for name, op in TABLE.items():
        if len(op.operand_names) == 1 and not op.many:
            assert getattr(x, name)().data == pytest.approx(op(0.4), nan_ok=True)
            assert name in dir(x)


UFUNCS = [
    "exp",
    "log",
    "sqrt",
    "sin",
    "cos",
    "tan",
    "arctan",
    "tanh",
    "sinh",
    "cosh",
    "expm1",
    "log1p",
    "abs",
    "negative",
]


@pytest.mark.parametrize("name", UFUNCS[:-1])
def test_numpy_functions_work_on_object_arrays(name):
    xs = np.array([Value(0.25), Value(0.5)])
    ys = getattr(np, name)(xs)
    assert ys.dtype == object
    assert [y.data for y in ys] == [getattr(ag, name)(0.25), getattr(ag, name)(0.5)]


def test_arithmetic_with_arrays_gives_object_arrays_on_both_sides():
    v, array = Value(2.0), np.array([1.0, 2.0])
    for result in (v * array, array * v, v + array, array - v, v / array, array / v, v**array, array**v):
        assert isinstance(result, np.ndarray)
        assert result.dtype == object
        assert all(type(x) is Value for x in result)
    assert [x.data for x in array - v] == [-1.0, 0.0]


def test_dot_products_sums_and_norms_of_object_arrays():
    a, b = np.array([Value(3.0), Value(4.0)]), np.array([1.0, 2.0])
    assert (a @ b).data == 11.0
    assert np.sum(a).data == 7.0
    assert np.linalg.norm(a).data == 5.0
    y = a @ b
    assert ag.gradients(y, list(a)) == [1.0, 2.0]


def test_ops_work_on_arrays_element_by_element():
    xs = np.array([[0.0, 1.0], [2.0, 3.0]])
    assert np.allclose(ag.sigmoid(xs), 1 / (1 + np.exp(-xs)))
    mixed = ag.maximum(np.array([Value(1.0), 5.0], dtype=object), 2.0)
    assert [m.data if isinstance(m, Value) else m for m in mixed] == [2.0, 5.0]
    assert ag.where(xs > 1.0, xs, 0.0).tolist() == [[0.0, 0.0], [2.0, 3.0]]


def test_numbers_give_numbers_and_values_give_values():
    assert type(ag.exp(1)) is float
    assert type(ag.exp(np.float64(1.0))) is float
    assert type(ag.exp(Value(1.0))) is Value
    assert type(ag.maximum(1.0, Value(2.0))) is Value


def test_a_slope_of_one_needs_no_node():
    x, beta = Value(0.3), Value(1.0)
    for one in (1, 1.0, True):
        assert ag.sigmoid(x, one).operands == (x,)
    assert ag.sigmoid(x, beta).operands[0].operands == (beta, x)
    assert ag.sigmoid(x, beta=2.0).data == ag.sigmoid(2.0 * x).data


def test_ops_show_their_names_and_operands():
    assert repr(ag.div) == "<op div(a, b)>"
    assert [repr(ag.tanh), repr(ag.sumprod)] == ["<op tanh(x)>", "<op sumprod(ws, xs)>"]


def test_optional_operands_and_many_operand_forms():
    x = Value(-2.0)
    assert ag.leaky_relu(x).data == -0.02
    assert ag.leaky_relu(x, slope=0.5).data == -1.0
    assert ag.elu(x).data == math.expm1(-2.0)
    assert ag.elu(x, alpha=0.5).data == 0.5 * math.expm1(-2.0)
    assert ag.sigmoid(0.3, beta=5.0) == 0.8175744761936437
    assert ag.maximum(1.0, 2.0, 3.0) == ag.maximum([1.0, 2.0, 3.0]) == 3.0
    assert ag.fsum([]) == 0.0
    assert ag.sumprod([], []) == 0.0
    assert ag.fsum(v for v in (1.0, 2.0)) == 3.0


# --- Copies and pickles ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("clone", [copy.copy, copy.deepcopy, lambda v: pickle.loads(pickle.dumps(v))])  # noqa: S301
def test_a_cloned_leaf_keeps_what_it_holds(clone):
    x = Value(2.0, "x")
    x.grad = 3.0
    y = clone(x)
    assert (y.data, y.label, y.grad, y.requires_grad) == (2.0, "x", 3.0, True)
    assert y is not x
    assert not clone(Value.constant(1.0)).requires_grad


@pytest.mark.parametrize("clone", [copy.deepcopy, lambda v: pickle.loads(pickle.dumps(v))])  # noqa: S301
def test_a_cloned_graph_gives_the_same_gradients(clone):
    x, w = Value(0.5, "x"), Value(-1.5, "w")
    h = ag.tanh(w * x + 1.0)
    h.label = "h"
    y = clone(h * h + x)
    nodes = {v.label: v for v in ag.reverse.reachable([y]) if v.label}
    assert ag.gradients(y, [nodes["x"], nodes["w"]]) == ag.gradients(h * h + x, [x, w])
    assert nodes["h"].op is TABLE["tanh"]


def test_a_shallow_copy_of_a_node_keeps_its_leaves():
    x = Value(2.0)
    y = copy.copy(x * x)
    y.backward()
    assert x.grad == 4.0


def test_ops_pickle_by_name():
    assert pickle.loads(pickle.dumps(ag.tanh)) is ag.tanh  # noqa: S301 - our own bytes
    assert copy.deepcopy(ag.tanh) is ag.tanh


def test_many_numbers_are_assigned_at_once_or_not_at_all():
    leaves = [Value(1.0), Value(2.0)]
    set_numbers(leaves, [3.0, -0.0])
    assert [v.data for v in leaves] == [3.0, -0.0]
    with pytest.raises(ShapeError, match="2 leaves and 1 numbers"):
        set_numbers(leaves, [5.0])
    with pytest.raises(TraceError, match="assigned"):
        ag.compile(lambda x: set_numbers(leaves, [5.0, 6.0]) or x)(1.0)
    assert [v.data for v in leaves] == [3.0, -0.0]

"""Ops that a user defines in a file of their own: of words, and black boxes whose derivative is given."""

from __future__ import annotations

import copy
import importlib.util
import math
import pickle

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import TABLE, OpDefinitionError, Value, viz
from autograd_lite.formulas import NOTATION
from autograd_lite.namespaces import arrays, floats, values

special = pytest.importorskip("scipy.special")

USERS_FILE = '''
"""A user's file."""
import autograd_lite as ag
from scipy import special

@ag.primitive(partials={"x": lambda xp, y, x: 3.0 * xp.square(x)})
def cube(xp, x):
    """The cube of x."""
    return x * xp.square(x)

@ag.primitive(partials={"x": lambda xp, y, x: -xp.j1(x)}, black_box=True, pretty="J₀({x})", latex="J_0({x})")
def j0(x):
    """Bessel function of the first kind of order 0."""
    return special.j0(x)

j1 = ag.primitive(partials={"x": lambda xp, y, x: xp.j0(x) - y / x}, black_box=True)(special.j1)

dawsn = ag.primitive(partials={"x": lambda xp, y, x: 1.0 - 2.0 * x * special.dawsn(x)}, black_box=True)(special.dawsn)
'''


@pytest.fixture
def table():
    """Take new ops back, so that the table stays as it is."""
    before = [(d, dict(d)) for d in (TABLE, NOTATION, vars(floats), vars(arrays), vars(values))]
    yield TABLE
    for d, entries in before:
        d.clear()
        d.update(entries)


@pytest.fixture
def user(table, tmp_path):
    path = tmp_path / "users_ops.py"
    path.write_text(USERS_FILE, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("users_ops", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def j0_second(x):
    return special.j1(x) / x - special.j0(x)


def test_an_op_of_words_needs_nothing_but_its_row(user):
    f = ag.compile(ag.value_and_grad(lambda x: user.cube(x) * 2.0))
    assert f(3.0) == (54.0, 54.0)
    assert user.cube.black_box is False
    assert Value(2.0).cube().data == 8.0


def test_a_black_box_eagerly(user):
    x = Value(1.3, "x")
    y = user.j0(x) * 2.0
    assert type(y.data) is float
    assert y.data == 2.0 * special.j0(1.3)
    assert ag.gradients(y, x) == pytest.approx(-2.0 * special.j1(1.3), rel=1e-15)
    assert ag.derivative(user.j0, 2)(1.3) == pytest.approx(j0_second(1.3), rel=1e-14)
    assert ag.check_gradients(user.j0, 1.3)
    assert user.j0.black_box
    assert user.j0(np.array([1.0, 2.0])).tolist() == special.j0([1.0, 2.0]).tolist()


def test_a_black_box_compiled(user):
    def f(x):
        return user.j0(x) * user.dawsn(x)

    for x in (0.7, 1.3):
        assert ag.compile(ag.value_and_grad(f))(x) == pytest.approx(ag.value_and_grad(f)(x), rel=1e-15)
        assert ag.compile(ag.hessian(user.j0))(x) == pytest.approx(j0_second(x), rel=1e-14)
    rows = np.array([0.5, 1.5, 2.5])
    y, slopes = ag.compile(ag.value_and_grad(f), batch=(0,))(rows)
    assert y == pytest.approx(special.j0(rows) * special.dawsn(rows), rel=1e-15)
    assert slopes == pytest.approx([ag.grad(f)(x) for x in rows], rel=1e-14)


def test_a_partial_on_numbers_has_no_derivative_of_its_own(user):
    assert ag.grad(user.dawsn)(0.5) == 1.0 - special.dawsn(0.5)
    assert ag.gradients(user.dawsn(v := Value(0.5)), v, create_graph=True).data == 1.0 - special.dawsn(0.5)
    assert math.isnan(ag.derivative(user.dawsn, 2)(0.5))
    assert math.isnan(ag.compile(ag.derivative(user.dawsn, 2))(0.5))


def test_a_black_box_is_shown_by_its_name(user):
    assert (user.j0.formula("w").pretty, user.j0.formula("w").latex) == ("J₀(w)", "J_0(w)")
    assert user.j0.slope(0, "y", "w").text == "-j1(w)"
    assert "j0" in viz.draw(user.j0(Value(1.0, "x"))).dot
    assert "dawsn" in str(viz.explain(user.dawsn(x := Value(1.0, "x")), x))


@pytest.mark.parametrize("name", ["cube", "j0"])
def test_copies_and_pickles_find_the_op_by_name(user, name):
    y = getattr(user, name)(Value(1.5)) + 1.0
    assert copy.deepcopy(y).data == pickle.loads(pickle.dumps(y)).data == y.data  # noqa: S301 - our own bytes
    text = pickle.dumps(y)
    del TABLE[name]
    with pytest.raises(OpDefinitionError, match=f"op {name}.*Import"):
        pickle.loads(text)  # noqa: S301 - as above


def test_a_name_is_defined_once_unless_it_is_replaced(user):
    def define(**options):
        @ag.primitive(partials={"x": 2.0}, **options)
        def cube(xp, x):
            """Not the cube."""
            return 2.0 * x

        return cube

    with pytest.raises(OpDefinitionError, match="replace=True"):
        define()
    assert Value(2.0).cube().data == 8.0
    define(replace=True)
    assert Value(2.0).cube().data == 4.0
    assert ag.compile(lambda x: x.cube())(2.0) == 4.0
    assert floats.cube(2.0) == 4.0


def test_what_cannot_work_leaves_the_op_of_before(user):
    with pytest.raises(OpDefinitionError):

        @ag.primitive(partials={"x": 1.0}, replace=True)
        def cube(xp, x):
            return xp.nothing(x)

    assert Value(2.0).cube().data == floats.cube(2.0) == 8.0


@pytest.mark.parametrize("options", [{}, {"replace": True}])
def test_the_ops_of_the_library_are_not_replaced(table, options):
    with pytest.raises(OpDefinitionError, match="Choose another name"):

        @ag.primitive(partials={"x": 1.0}, **options)
        def tanh(xp, x):
            return x


def test_a_function_without_a_name_is_refused(table):
    with pytest.raises(OpDefinitionError, match="needs a name"):
        ag.primitive(partials={"x": 1.0})(lambda xp, x: x)


def test_a_partial_of_the_wrong_shape_is_refused(table):
    with pytest.raises(OpDefinitionError, match=r"xp, y, operands"):
        ag.primitive(partials={"x": lambda x: x}, black_box=True)(special.j0)
    assert "j0" not in TABLE
    assert not hasattr(floats, "j0")

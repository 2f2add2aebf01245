"""Structures: an argument taken apart and put together is the same argument."""

from __future__ import annotations

import enum
import math
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograd_lite import OperandError, ShapeError, Value
from autograd_lite.pytree import NUMBER, flatten, has_values, pack


class Point(NamedTuple):
    x: object
    y: object


class Choice(enum.IntEnum):
    FIRST = 1


FLOATS = st.floats(allow_nan=False)
STATIC = st.sampled_from([None, True, False, "relu", b"raw", math.sin, np.tanh])
ARRAYS = hnp.arrays(np.float64, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3), elements=FLOATS)
TREES = st.recursive(
    FLOATS | STATIC | ARRAYS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.tuples(inner, inner).map(lambda pair: Point(*pair))
        | st.dictionaries(st.text(max_size=2), inner, max_size=3)
    ),
    max_leaves=8,
)


def same(a, b):
    """Whether two trees are alike in kind, shape, order and numbers."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and bool((a == b).all())
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


@given(TREES)
def test_rebuilding_gives_the_same_tree(tree):
    leaves, structure = flatten(tree)
    assert same(structure.rebuild(leaves), tree)
    assert len(leaves) == structure.size == len(list(structure.names()))


@given(TREES)
def test_structures_depend_on_everything_but_the_numbers(tree):
    leaves, structure = flatten(tree)
    again = flatten(structure.rebuild([x + 1.0 for x in leaves]))[1]
    assert again == structure
    assert hash(again) == hash(structure)


@given(TREES)
def test_a_flat_array_and_a_list_of_leaves_rebuild_alike(tree):
    leaves, structure = flatten(tree)
    assert same(structure.rebuild(np.array(leaves, dtype=float)), structure.rebuild(leaves))


@given(TREES)
def test_names_index_the_tree(tree):
    leaves, structure = flatten([tree])
    assert [eval(name, {"t": [tree]}) for name in structure.names("t")] == leaves  # noqa: S307 - our own names


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([1.0], (1.0,)),
        ([1.0], [1.0, 2.0]),
        (1.0, np.array(1.0)),
        (np.zeros(2), np.zeros((1, 2))),
        ({"a": 1.0, "b": 2.0}, {"b": 2.0, "a": 1.0}),
        ((1.0, 2.0), Point(1.0, 2.0)),
        (True, 1.0),
        (True, "True"),
        (True, Choice.FIRST),
        ("relu", "tanh"),
        (None, []),
    ],
    ids=repr,
)
def test_what_differs_in_kind_has_another_structure(one, other):
    assert flatten(one)[1] != flatten(other)[1]


@pytest.mark.parametrize(
    "number", [2, 2.0, np.float64(2), np.float32(2), np.int8(2), Value(2.0)], ids=lambda x: type(x).__name__
)
def test_every_kind_of_number_is_a_number(number):
    leaves, structure = flatten(number)
    assert structure == NUMBER
    assert leaves == [number]


@pytest.mark.parametrize("dtype", [np.int64, np.float32, np.bool_, object])
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_of_any_numbers_give_floats_in_c_order(dtype, order):
    leaves, structure = flatten(np.array([[1, 0], [0, 1]], dtype=dtype, order=order)[:, ::-1])
    assert leaves == [0.0, 1.0, 1.0, 0.0]
    assert all(type(x) is float for x in leaves)
    assert structure.rebuild(leaves).dtype == np.float64


def test_values_stay_as_they_are_and_make_arrays_of_objects():
    x, y = Value(1.0), Value(2.0)
    array = np.array([x, y, 3.0], dtype=object)
    leaves, structure = flatten(array)
    assert leaves[:2] == [x, y]
    assert structure.rebuild(leaves).dtype == object
    assert has_values(leaves)
    assert structure == flatten(np.zeros(3))[1]


def test_packing_leaves_arrays_whole():
    array = np.ones((2, 2))
    blocks, structure = pack({"w": array, "b": 2})
    assert blocks[0] is array
    assert blocks[1] == 2.0
    assert structure == flatten({"w": array, "b": 2})[1]


def test_arrays_rebuilt_from_a_flat_array_are_disjoint_views():
    flat = np.arange(5.0)
    first, second = flatten((np.zeros(2), np.zeros((1, 3))))[1].rebuild(flat)
    assert first.base is flat
    assert second.shape == (1, 3)
    assert not np.shares_memory(first, second)


@pytest.mark.parametrize(
    ("tree", "shape"),
    [
        (1.0, ()),
        ([], (0,)),
        ([1.0, 2.0], (2,)),
        ([[1.0, 2.0], (3.0, 4.0)], (2, 2)),
        (np.zeros((2, 0)), (2, 0)),
        ([[1.0], [2.0, 3.0]], None),
        ([1.0, "a"], None),
        ([np.zeros(2), np.zeros(2)], None),
        ({"a": 1.0}, None),
        ("a", None),
    ],
    ids=repr,
)
def test_shapes_of_regular_sequences(tree, shape):
    assert flatten(tree)[1].shape == shape


def test_sequences_of_one_shape_are_alike():
    array, pair = flatten(np.zeros((1, 2)))[1], flatten([[1.0, 2.0]])[1]
    assert array.is_like(pair)
    assert not array.is_like(flatten([1.0, 2.0])[1])
    assert not flatten({"a": 1.0})[1].is_like(flatten({"b": 1.0})[1])


class Column:
    """What another library has in place of an array."""

    def __array__(self, dtype=None, copy=None):
        return np.zeros(3)


@pytest.mark.parametrize(
    ("thing", "advice"),
    [
        (1j, "inside the function"),
        ({1.0, 2.0}, "list"),
        (range(3), "list"),
        (object(), "inside the function"),
        (Column(), r"np\.asarray"),
        (10**400, "308 digits"),
        (np.array(["a"]), "float"),
        (np.array([1j]), "Complex"),
        (np.ma.masked_equal([1.0, 2.0], 1.0), "mask"),
    ],
    ids=lambda x: type(x).__name__,
)
def test_what_is_no_argument_is_refused_with_advice(thing, advice):
    with pytest.raises(OperandError, match=advice):
        flatten([thing])


def test_a_function_that_cannot_be_hashed_is_refused():
    class Model:
        __hash__ = None

        def __call__(self, x):
            return x

    with pytest.raises(OperandError, match="cannot be hashed"):
        flatten(Model())


@pytest.mark.parametrize("leaves", [[1.0], [1.0, 2.0, 3.0], np.zeros(1), np.zeros(3)], ids=repr)
def test_the_number_of_leaves_must_fit(leaves):
    with pytest.raises(ShapeError):
        flatten([1.0, 2.0])[1].rebuild(leaves)
    with pytest.raises(ShapeError):
        flatten(np.zeros(2))[1].rebuild(leaves)

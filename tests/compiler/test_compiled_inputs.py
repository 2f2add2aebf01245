"""What goes into a compiled function and what comes out: the same as of the original, and nothing shared."""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import Any, NamedTuple

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import OperandError, ShapeError, Value
from autograd_lite.pytree import flatten
from tests.support.agreement import alike


class Pair(NamedTuple):
    a: Any
    b: Any


def total(x: Any) -> Any:
    """Squares of all numbers of an argument, whatever it is made of."""
    return ag.fsum([v * v * (k + 1.0) for k, v in enumerate(flatten(x)[0])])


def read_only(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    x.flags.writeable = False
    return x


GRID = np.arange(12.0).reshape(3, 4)
ARGUMENTS = {
    "float": 2.5,
    "int": 3,
    "NumPy number": np.float32(1.5),
    "list": [1.0, 2.0],
    "list of ints": [1, 2, 0],
    "mixed list": [1, 2.5, np.float64(3.0)],
    "empty list": [],
    "tuple": (1.0, -2.0),
    "named tuple": Pair(1.0, [2.0, 3.0]),
    "dict": {"w": [1.0, 2.0], "b": 3.0},
    "ordered dict": OrderedDict(b=1.0, a=2.0),
    "nested": ([(1.0,), {"k": np.array([2.0, 3.0])}], Pair(GRID, 4.0)),
    "with static parts": {"act": "tanh", "on": True, "none": None, "f": math.exp, "x": 2.0},
    "array": np.array([1.0, 2.0, 3.0]),
    "matrix": GRID,
    "array without axes": np.array(0.5),
    "whole array without axes": np.array(3),
    "array of one": np.array([5.0]),
    "empty array": np.array([]),
    "every second": np.arange(10.0)[::2],
    "reversed": np.arange(5.0)[::-1],
    "column": GRID[:, 1],
    "Fortran order": np.asfortranarray(GRID),
    "transposed": GRID.T,
    "float32": np.array([0.1, 0.2], dtype=np.float32),
    "float16": np.array([0.1, 0.2], dtype=np.float16),
    "big-endian": np.array([1.0, 2.0], dtype=">f8"),
    "integers": np.arange(4),
    "unsigned": np.array([1, 2], dtype=np.uint8),
    "truths": np.array([True, False]),
    "read-only": read_only(np.arange(3.0)),
    "broadcast": np.broadcast_to(2.0, (3,)),
}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_arguments_reach_a_compiled_function_as_they_reach_the_original(name: str) -> None:
    argument = ARGUMENTS[name]
    f = ag.value_and_grad(total)
    assert alike(f(argument), ag.compile(f)(argument))


def test_a_number_may_be_an_array_without_axes() -> None:
    assert ag.compile(lambda x: x * 2.0)(np.array(3.0)) == 6.0
    assert ag.compile(lambda x: x * 2.0)(np.array(3)) == 6.0


def test_whole_numbers_are_floats_inside() -> None:
    """Python's integers have no -0 and no limit; the atan2 of 0 and -0 is pi."""
    fast = ag.compile(lambda v: ag.arctan2(v[0], -v[1]))
    assert fast([0, 0]) == fast([0.0, 0.0]) == math.pi
    with pytest.raises(OperandError, match="308 digits"):
        fast([10**400, 1])


def test_keyword_arguments() -> None:
    fast = ag.compile(lambda x, *, act="tanh", scale=1.0: getattr(ag, act)(x) * scale)
    assert fast(1.0) == math.tanh(1.0)
    assert fast(1.0, act="sin") == math.sin(1.0)
    assert fast(1.0, act="sin", scale=3.0) == 3.0 * math.sin(1.0)
    assert fast(1.0, scale=[2.0][0], act="cos") == fast(1.0, act="cos", scale=2.0) == 2.0 * math.cos(1.0)


def test_what_is_no_number_is_part_of_the_key() -> None:
    seen = []

    def f(x: Any, how: Any) -> Any:
        seen.append(how)
        return x * 2.0 if how is None else how(x) if callable(how) else x * 3.0 if how is True else x + len(str(how))

    fast = ag.compile(f)
    for _ in range(2):
        results = [fast(1.0, how) for how in (None, True, False, "abc", "d", ag.exp, ag.sin, b"e")]
        assert results == [2.0, 3.0, 6.0, 4.0, 2.0, math.e, math.sin(1.0), 5.0]
    assert seen == [None, True, False, "abc", "d", ag.exp, ag.sin, b"e"]


def test_unused_inputs_have_gradient_zero() -> None:
    f = ag.grad(lambda x, y, z: x * x, argnums=(0, 1, 2))
    assert ag.compile(f)(3.0, [1.0, 2.0], GRID)[:2] == (6.0, [0.0, 0.0])
    assert np.array_equal(ag.compile(f)(3.0, [1.0, 2.0], GRID)[2], np.zeros((3, 4)))


def test_the_same_array_may_be_given_twice() -> None:
    x = np.arange(3.0)
    by_first, by_second = ag.compile(ag.grad(lambda a, b: ag.sumprod(list(a), list(2.0 * b)), argnums=(0, 1)))(x, x)
    assert by_first.tolist() == by_second.tolist() == [0.0, 2.0, 4.0]
    assert not np.shares_memory(by_first, by_second)


# --- Batches ---------------------------------------------------------------------------------------------------------

row_total = ag.compile(total, batch=(0,))
BATCHES = {
    "matrix": GRID,
    "one row": GRID[:1],
    "one column": GRID[:, :1],
    "numbers": np.arange(3.0),
    "lists": GRID.tolist(),
    "list of arrays": list(GRID),
    "Fortran order": np.asfortranarray(GRID),
    "every second, backwards": GRID[::2, ::-1],
    "float32": GRID.astype(np.float32),
    "integers": GRID.astype(int),
    "truths": GRID > 3.0,
    "read-only": read_only(GRID.copy()),
    "rows of matrices": np.arange(24.0).reshape(3, 2, 4),
    "broadcast": np.broadcast_to(np.arange(4.0), (3, 4)),
}


@pytest.mark.parametrize("name", BATCHES)
def test_batches(name: str) -> None:
    batch = BATCHES[name]
    expected = [total(np.asarray(row, dtype=float)) for row in batch]
    assert np.allclose(row_total(batch), expected, rtol=1e-14)
    assert np.isclose(ag.compile(ag.batch_mean(total))(batch), np.mean(expected), rtol=1e-14)


@pytest.mark.parametrize(
    "pack", [lambda x, y: (x, y), lambda x, y: {"a": x, "b": y}, Pair], ids=["tuple", "dict", "named tuple"]
)
def test_a_batched_argument_may_be_several_arrays(pack: Any) -> None:
    def f(two: Any) -> Any:
        a, b = (two["a"], two["b"]) if isinstance(two, dict) else (two.a, two.b) if isinstance(two, Pair) else two
        return (a[1] if isinstance(a, np.ndarray) else a) * b

    for first in (GRID, GRID[:, 1]):
        given = pack(first, np.array([1.0, 2.0, 3.0]))
        assert ag.compile(f, batch=(0,))(given).tolist() == [1.0, 10.0, 27.0]
        assert ag.compile(ag.batch_mean(f))(given) == ag.batch_mean(f)(given) == pytest.approx(38.0 / 3.0)


def test_tuples_and_named_tuples_are_not_taken_for_each_other() -> None:
    fast = ag.compile(lambda two: type(two)(*two) if hasattr(two, "_fields") else two, batch=(0,))
    x = np.arange(2.0)
    assert type(fast((x, x))) is tuple
    assert type(fast(Pair(x, x))) is Pair


WRONG_BATCHES = {
    "no rows": (np.zeros((0, 2)), ShapeError, "no samples"),
    "empty list": ([], ShapeError, "no samples"),
    "a number": (3.0, ShapeError, "leading axis"),
    "ragged": ([[1.0], [1.0, 2.0]], ShapeError, "equally long"),
    "text": (["1", "2"], OperandError, "Convert text yourself"),
    "None": ([None, 1.0], OperandError, "None"),
    "complex": (np.array([1j]), OperandError, "Complex"),
    "masked": (np.ma.masked_array([1.0, 2.0], mask=[True, False]), OperandError, "lose its mask"),
}


@pytest.mark.parametrize("name", WRONG_BATCHES)
def test_wrong_batches(name: str) -> None:
    given, error, text = WRONG_BATCHES[name]
    for f in (row_total, ag.compile(ag.batch_mean(total))):
        with pytest.raises(error, match=text):
            f(given)


def test_different_numbers_of_rows() -> None:
    fast = ag.compile(lambda x, y: x * y, batch=(0, 1))
    with pytest.raises(ShapeError, match="argument 0 has 3, argument 1 has 2"):
        fast(np.arange(3.0), np.arange(2.0))
    assert fast(np.arange(3.0), np.arange(3.0)).tolist() == [0.0, 1.0, 4.0]
    mean = ag.compile(ag.batch_mean(lambda x, y: x * y, batch=(0, 1)))
    with pytest.raises(ShapeError, match="equally many samples"):
        mean(np.arange(3.0), np.arange(2.0))
    with pytest.raises(ShapeError, match="equally many samples"):
        ag.compile(lambda two: two[0] * two[1], batch=(0,))((np.arange(3.0), np.arange(2.0)))


@pytest.mark.parametrize("batch", [(-1,), 0, ("x",), (0.0,), (True,)])
def test_places_of_batches_are_checked(batch: Any) -> None:
    for transform in (ag.compile, ag.batch_mean):
        with pytest.raises(OperandError, match="which arguments hold samples"):
            transform(total, batch=batch)


def test_a_batched_argument_must_be_there() -> None:
    with pytest.raises(ShapeError, match="by its position"):
        ag.compile(lambda x, y: x * y, batch=(1,))(1.0, y=np.arange(2.0))
    with pytest.raises(ShapeError, match="by its position"):
        ag.batch_mean(lambda x, y: x * y, batch=(1,))(1.0)


# --- Results ---------------------------------------------------------------------------------------------------------

RESULTS: dict[str, Any] = {
    "the argument": lambda x: x,
    "a constant": lambda x: 3.0,
    "an integer": lambda x: 3,
    "a NumPy number": lambda x: np.float64(2.0),
    "None": lambda x: None,
    "text": lambda x: "hi",
    "nothing": lambda x: [],
    "twice the same": lambda x: (x, x),
    "containers": lambda x: {"a": x, "b": [2.0 * x, 1.0], "c": (x, None), "d": Pair(x, "text")},
    "an array": lambda x: np.array([x, 3.0 * x]),
    "a matrix": lambda x: np.array([[x, x], [1.0, -x]]),
    "a constant array": lambda x: np.arange(3),
    "an array without axes": lambda x: np.array(2.0),
}


@pytest.mark.parametrize("name", RESULTS)
def test_results_have_the_structure_of_the_original(name: str) -> None:
    f = RESULTS[name]
    compiled = ag.compile(f)(2.0)
    assert alike(f(2.0), compiled)
    leaves = flatten(compiled)[0]
    assert all(type(leaf) is float for leaf in leaves)


@pytest.mark.parametrize("name", RESULTS)
def test_batched_results_have_the_leading_axis(name: str) -> None:
    f = RESULTS[name]
    rows = ag.compile(f, batch=(0,))(np.array([2.0, 3.0]))
    for i, x in enumerate([2.0, 3.0]):
        assert alike(flatten(f(x))[0], [block[i] for block in flatten_arrays(rows)])


def flatten_arrays(tree: Any) -> list[Any]:
    """The arrays of a batched result, one for each number of a row."""
    if isinstance(tree, np.ndarray):
        return list(np.moveaxis(tree, 0, -1).reshape(-1, len(tree)))
    if isinstance(tree, dict):
        return [a for part in tree.values() for a in flatten_arrays(part)]
    return [a for part in tree for a in flatten_arrays(part)] if isinstance(tree, (list, tuple)) else []


@pytest.mark.parametrize("batch", [(), (0,)])
def test_no_result_shares_memory(batch: tuple[int, ...]) -> None:
    """Not with a buffer that the next call overwrites, not with an argument, and not with another result."""
    fast = ag.compile(lambda x, p: (x, [x, p * x], np.array([p, p]), ag.exp(x)), batch=batch)
    x, p = np.arange(6.0).reshape(2, 3), 2.0

    def arrays() -> list[Any]:
        first, (second, third), fourth, fifth = fast(x, p)
        return [first, second, third, fourth, fifth]

    one, two = arrays(), arrays()
    everything = [x, *one, *two]
    for i, a in enumerate(everything):
        for b in everything[:i]:
            assert not np.shares_memory(a, b)
    before = [a.copy() for a in one]
    for a in two:
        a[...] = -1.0
    fast(x + 1.0, 5.0)
    assert all(np.array_equal(a, b) for a, b in zip(one, before, strict=True))
    assert all(np.array_equal(a, b) for a, b in zip(arrays(), before, strict=True))


# --- Values ----------------------------------------------------------------------------------------------------------


def is_graph(thing: Any) -> bool:
    return all(isinstance(v, Value) for v in flatten(thing)[0])


def test_values_run_the_original_and_give_graphs() -> None:
    w = Value(2.0, "w")
    fast = ag.compile(total)
    for argument in (w, [w, 1.0], np.array([w, w]), {"k": (w,)}):
        result = fast(argument)
        assert isinstance(result, Value)
        assert ag.gradients(result, w) == ag.gradients(total(argument), w)
    assert isinstance(ag.compile(lambda x: x * 2.0)(x=w), Value)
    pair = ag.compile(ag.value_and_grad(total))([w, 1.0])
    assert is_graph(pair)


def test_a_batched_function_of_values_goes_row_by_row() -> None:
    """The function is written for one row: whatever it does with it, `x + [1]` here, must not happen to the batch."""
    w = Value(2.0, "w")
    fast = ag.compile(lambda row, p: ag.fsum([*row, 1.0]) * p, batch=(0,))
    expected = fast(GRID, 2.0)
    for given in ((GRID, w), ([[Value(x) for x in row] for row in GRID], 2.0)):
        result = fast(*given)
        assert is_graph(result)
        assert result.shape == (3,)
        assert [v.data for v in result] == expected.tolist()
    assert ag.gradients(ag.fsum(list(fast(GRID, w))), w) == GRID.sum() + 3.0
    both = ag.compile(lambda x, p: {"a": [x * p], "b": np.array([x, p])}, batch=(0,))(np.arange(3.0), w)
    assert both["a"][0].shape == (3,)
    assert both["b"].shape == (3, 2)
    with pytest.raises(ShapeError, match="equally many samples"):
        ag.compile(lambda x, y: x * y, batch=(0, 1))([w, w], [1.0])


def test_a_transform_of_a_compiled_function_goes_through_the_original() -> None:
    fast = ag.compile(lambda x: x**3)
    assert ag.grad(fast)(2.0) == 12.0
    assert ag.hessian(ag.compile(total))([1.0, 2.0]).tolist() == [[2.0, 0.0], [0.0, 4.0]]
    w = Value(3.0)
    closure = ag.compile(lambda x: w * x)
    assert ag.grad(lambda: closure(2.0), wrt=[w])() == [2.0]


def test_a_compiled_function_inside_another_is_inlined() -> None:
    w = Value(3.0)
    inner = ag.compile(lambda x: w * x)
    outer = ag.compile(lambda x: inner(x) + inner(2.0))
    assert outer(1.0) == 9.0
    w.data = 5.0
    assert outer(1.0) == 15.0
    assert ag.compile(ag.compile(lambda x: x**3))(2.0) == 8.0
    assert ag.compile(ag.grad(ag.compile(lambda x: x**3)))(2.0) == 12.0
    mean = ag.compile(ag.batch_mean(lambda p, x: (p * x) ** 2, batch=(1,)))
    assert ag.compile(lambda p, X: mean(p, X) + 1.0)(2.0, [1.0, 2.0, 3.0]) == pytest.approx(4.0 * 14.0 / 3.0 + 1.0)
    rows = ag.compile(lambda x, p: x * p, batch=(0,))
    assert ag.compile(lambda p: ag.fsum(list(rows(np.arange(3.0), p))))(2.0) == 6.0


def test_gradients_inside_a_compiled_function() -> None:
    assert ag.compile(lambda x: ag.gradients(x**3, x))(2.0) == 12.0
    assert ag.compile(lambda x: ag.gradients(x**3, [x]))(2.0) == [12.0]

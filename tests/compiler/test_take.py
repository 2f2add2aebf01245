"""An index that is traced: gathers and their adjoints on every backend, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value, nn
from autograd_lite.compiler.backends import BACKENDS, native
from autograd_lite.errors import DomainError, OperandError, ShapeError, TraceError
from tests.compiler.test_compiled_laws import agree

TABLE = np.random.default_rng(0).normal(size=(5, 3))
TOKENS, OTHERS = np.array([1, 2, 2, 4, 0, 2, 3, 3, 1]), np.array([1, 1, 2, 0, 0, 4, 3, 2, 1])


@pytest.fixture(params=[*BACKENDS])
def backend(request: pytest.FixtureRequest) -> str:
    if request.param == "native" and native.missing():
        pytest.skip(native.missing())
    return str(request.param)


def f(table: Any, t: Any, u: Any) -> Any:
    """Rows that may be the same one, and a column that is not used."""
    a, b = ag.take(table, t), ag.take(table, u)
    return ag.fsum([x * x * y for x, y in zip(a, b, strict=True)][:2]) * ag.take(table, t)[0]


@pytest.mark.parametrize(
    "transform",
    [ag.value_and_grad, lambda g: ag.grad(lambda *a: ag.fsum([v**2 for v in ag.grad(g)(*a).flat]))],
)
def test_compiled_is_eager(backend: str, transform: Any) -> None:
    fast = ag.compile(transform(f), backend=backend)
    for t, u in [(2, 4), (3, 3)]:
        expected, found = transform(f)(TABLE, t, u), fast(TABLE, t, u)
        assert all(map(agree, found, expected)), (found, expected)


def test_over_samples(backend: str) -> None:
    if backend == "floats":
        pytest.skip("runs functions without a batch")
    mean = ag.batch_mean(f, batch=(1, 2))
    for transform in (ag.value_and_grad, ag.hessian) if backend == "numpy" else (ag.value_and_grad,):
        found = ag.compile(transform(mean), backend=backend)(TABLE, TOKENS, OTHERS)
        assert all(map(agree, found, transform(mean)(TABLE, TOKENS, OTHERS)))
    each = ag.compile(ag.grad(f), batch=(1, 2), backend=backend)(TABLE, TOKENS, OTHERS)
    assert agree(each, [ag.grad(f)(TABLE, t, u) for t, u in zip(TOKENS, OTHERS, strict=True)])


def test_a_table_of_samples(backend: str) -> None:
    if backend == "floats":
        pytest.skip("runs functions without a batch")
    tables = np.random.default_rng(1).normal(size=(9, 5, 3))
    each = ag.compile(ag.grad(f), batch=(0, 1), backend=backend)(tables, TOKENS, 3)
    assert agree(each, [ag.grad(f)(e, t, 3) for e, t in zip(tables, TOKENS, strict=True)])


def test_an_index_that_is_computed(backend: str) -> None:
    def through(table: Any, x: Any) -> Any:
        first = ag.take([2.0, 0.0, 1.0], ag.floor(x))
        return ag.take(table, first) * x

    table = [0.5, -1.0, 3.0]
    for x in (0.5, 1.5, 2.5):
        found = ag.compile(ag.value_and_grad(through, argnums=(0, 1)), backend=backend)(table, x)
        value, (slopes, slope) = ag.value_and_grad(through, argnums=(0, 1))(table, x)
        assert agree(found[0], value)
        assert agree(found[1][0], slopes)
        assert agree(found[1][1], slope)


def test_only_what_is_chosen_counts(backend: str) -> None:
    """NaN and infinity in other rows reach neither the value nor the gradient."""
    fast = ag.compile(ag.value_and_grad(lambda e, i: ag.take(e, i) ** 2), backend=backend)
    assert fast([np.nan, 3.0, np.inf], 1) == (9.0, [0.0, 6.0, 0.0])


@pytest.mark.parametrize("bad", [5, -1, 1.5, float("nan"), float("inf"), 1e300])
def test_what_is_no_element_is_an_error(backend: str, bad: float) -> None:
    fast = ag.compile(ag.value_and_grad(f), backend=backend)
    for call in (f, fast):
        with pytest.raises(DomainError, match=r"(?s)the index .*test_take.py:\d+: a, b = .* from 0 to 4\."):
            call(TABLE, bad, 1)
    assert agree(fast(TABLE, 2, 1)[0], f(TABLE, 2, 1))


def test_an_error_names_the_sample(backend: str) -> None:
    if backend == "floats":
        pytest.skip("runs functions without a batch")
    bad = np.where(np.arange(9) == 6, 7, TOKENS)
    mean = ag.batch_mean(f, batch=(1, 2))
    for call in (mean, ag.compile(mean, backend=backend), ag.compile(f, batch=(1, 2), backend=backend)):
        with pytest.raises(DomainError, match=r"In sample 6: take got the index 7"):
            call(TABLE, bad, OTHERS)


def test_an_argument_can_be_indexed_as_it_is() -> None:
    def nested(table: Any, rows: Any, pair: Any, t: Any) -> Any:
        return table[t][0] * table[1, t] + rows[t][1] * pair[t] + table[t, 2]

    args = (np.arange(9.0).reshape(3, 3), [[1.0, 2.0], [3.0, 4.0]], (5.0, 6.0))
    for t in (0, 1):
        expected = nested(*args, t)
        assert ag.compile(nested)(*args, t) == expected
        assert ag.compile(ag.value_and_grad(nested))(*args, t)[0] == expected
    with pytest.raises(DomainError, match=r"An index in the line .* is not a whole number from 0 to 1"):
        ag.compile(nested)(*args, 2)


def test_elsewhere_the_error_names_take() -> None:
    table = [Value(1.0), Value(2.0)]
    for things in (table, tuple(table), np.array(table)):
        with pytest.raises(TraceError, match=r"ag\.take\(table, index\)"):
            ag.compile(lambda t, things=things: things[t])(1.0)
    with pytest.raises(OperandError, match=r"ag\.take\(table, index\)"):
        table[Value(1.0)]
    with pytest.raises(OperandError, match=r"behind .*ag\.take"):
        ag.compile(lambda e, t: e[:, t])(TABLE, 1.0)


def test_captured_tables_and_indices_are_read_at_each_call() -> None:
    table, at = [Value(x) for x in (1.0, 2.0, 4.0)], Value(1.0)
    fast = ag.compile(ag.value_and_grad(lambda x: ag.take(table, at) * x, wrt=table))
    assert fast(3.0) == (6.0, [0.0, 3.0, 0.0])
    at.data, table[2].data = 2.0, 5.0
    assert fast(3.0) == (15.0, [0.0, 0.0, 3.0])


def test_several_indices() -> None:
    assert ag.take([1.0, 2.0, 4.0], [2, 0]) == [4.0, 1.0]
    assert ag.take(TABLE, np.array([[2, 0], [1, 1]])).shape == (2, 2, 3)
    found = ag.compile(ag.take)(TABLE, np.array([[2, 0], [1, 1]]))
    assert np.array_equal(found, TABLE[np.array([[2, 0], [1, 1]])])


@pytest.mark.parametrize(
    ("table", "index", "error", "told"),
    [
        ([], 0, ShapeError, "empty table"),
        (3.0, 0, OperandError, "sequence or an array"),
        ("abc", 0, OperandError, "sequence or an array"),
        ([1.0, 2.0], "0", OperandError, "a number or a Value"),
        ([1.0, 2.0], None, OperandError, "a number or a Value"),
    ],
)
def test_what_cannot_be_indexed(table: Any, index: Any, error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=told):
        ag.take(table, index)
    with pytest.raises(ShapeError, match="differ in shape"):
        ag.compile(lambda t: ag.take([[1.0], [1.0, 2.0]], t))(1.0)


# --- numbers of traced Values ---------------------------------------------------------------------------------------


def test_data_is_the_number_of_each_call_without_a_gradient(backend: str) -> None:
    w = Value(3.0, "w")
    fast = ag.compile(ag.value_and_grad(lambda x: x * w.data + x.data * w, wrt=[w]), backend=backend)
    assert fast(2.0) == (12.0, [2.0])
    w.data = 5.0
    assert fast(2.0) == (20.0, [2.0])
    assert w.data == 5.0


def test_assigning_data_is_refused() -> None:
    w = Value(3.0, "w")
    with pytest.raises(TraceError, match=r"The data of .*label='w'.* was assigned to in the line"):
        ag.compile(lambda x: setattr(w, "data", 1.0) or x)(2.0)
    assert w.data == 3.0


# --- embeddings -----------------------------------------------------------------------------------------------------


def test_an_embedding_trains() -> None:
    class Model(nn.Module):
        def __init__(self) -> None:
            self.rows, self.layer = nn.Embedding(4, 3, seed=1), nn.Layer(3, 1, "linear", seed=0)

        def __call__(self, x: Any) -> Any:
            return self.layer(self.rows(x[0]))[0]

    inputs, targets = [[0.0], [1.0], [2.0], [3.0]], [1.0, -1.0, 2.0, 0.5]
    losses = []
    for compiled in (True, False):
        model = Model()
        history = nn.fit(
            model, inputs, targets, loss="mean_squared_error", optimizer="adam", epochs=5, seed=0, compile=compiled
        )
        losses.append([p.data for p in model.parameters()])
        assert history
    assert agree(*losses, tolerance=1e-12)
    with pytest.raises(ShapeError, match="number of rows is 0"):
        nn.Embedding(0, 3)

"""vmap: a function of one sample over an axis of its arguments; eagerly, nested, differentiated, compiled."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import DomainError, OperandError, ShapeError, Value

X = np.linspace(-1.0, 1.0, 12).reshape(4, 3)
W = np.array([0.5, -1.0, 2.0])


def neuron(w, x):
    return ag.tanh(w @ x)


def both(w, x):
    """Several numbers of one sample, in containers."""
    return {"y": neuron(w, x), "parts": [x[0] * w[0], w * x]}


EXPECTED = np.tanh(X @ W)


@pytest.mark.parametrize("wrap", [lambda f: f, ag.compile])
@pytest.mark.parametrize(
    ("axes", "args"),
    [
        ((None, 0), (W, X)),
        ([None, 0], (W, X.tolist())),
        ((None, 1), (W, X.T)),
        ((None, -1), (W, X.T)),
        ((0, 0), (np.tile(W, (4, 1)), X)),
        (0, (np.tile(W, (4, 1)), X)),
        (1, (np.tile(W, (4, 1)).T, X.T)),
    ],
)
def test_the_axes_of_the_arguments(wrap, axes, args):
    given = wrap(ag.vmap(neuron, axes))(*args)
    assert given.dtype == np.float64
    assert given == pytest.approx(EXPECTED, rel=1e-13)


@pytest.mark.parametrize("wrap", [lambda f: f, ag.compile])
def test_the_axes_of_the_results(wrap):
    result = wrap(ag.vmap(both, (None, 0), 0))(W, X)
    assert result["y"] == pytest.approx(EXPECTED, rel=1e-13)
    assert result["parts"][0] == pytest.approx(X[:, 0] * W[0])
    assert result["parts"][1] == pytest.approx(X * W)
    outer = wrap(ag.vmap(lambda x: (x, x[0], W[0]), 0, (1, 0, None)))(X)
    assert outer[0].tolist() == X.T.tolist()
    assert outer[1].tolist() == X[:, 0].tolist()
    assert outer[2] == W[0]


@pytest.mark.parametrize("wrap", [lambda f: f, ag.compile])
def test_containers_of_samples(wrap):
    f = ag.vmap(lambda p, scale: scale * p["a"] * p["b"][1], (0, None))
    given = wrap(f)({"a": X[:, 0], "b": X}, 2.0)
    assert given == pytest.approx(2.0 * X[:, 0] * X[:, 1], rel=1e-15)


def test_it_nests_and_meets_transforms():
    rows = ag.vmap(ag.vmap(lambda x: x**2))
    assert rows(X) == pytest.approx(X**2, rel=1e-15)
    assert ag.compile(rows)(X) == pytest.approx(X**2, rel=1e-15)
    per_sample = ag.vmap(ag.grad(neuron), (None, 0))
    expected = (1.0 - EXPECTED**2)[:, None] * X
    assert per_sample(W, X) == pytest.approx(expected, rel=1e-12)
    assert ag.compile(per_sample)(W, X) == pytest.approx(expected, rel=1e-12)

    def total(w, xs):
        return ag.fsum(ag.vmap(neuron, (None, 0))(w, xs))

    assert ag.grad(total)(W, X) == pytest.approx(expected.sum(axis=0), rel=1e-12)
    assert ag.compile(ag.grad(total))(W, X) == pytest.approx(expected.sum(axis=0), rel=1e-12)
    assert ag.jacobian(ag.vmap(neuron, (None, 0)))(W, X) == pytest.approx(expected, rel=1e-12)
    assert ag.grad(lambda w: ag.fsum(ag.compile(ag.vmap(neuron, (None, 0)))(w, X)))(W) == pytest.approx(
        expected.sum(axis=0), rel=1e-12
    )


def test_compiled_the_axis_is_one_of_arrays():
    fast = ag.compile(ag.vmap(neuron, (None, 1)))
    fast(W, X.T)
    few = fast.program
    fast(W, np.tile(X.T, (1, 50)))
    assert fast.program is few  # the number of samples is not part of the program
    short = ag.compile(neuron, batch=(1,))
    short(W, X)
    assert short.source == fast.source


def test_values_in_values_out():
    xs = [Value(1.0), Value(2.0)]
    ys = ag.vmap(lambda x: x**2)(xs)
    assert ys.dtype == object
    ag.fsum(ys).backward()
    assert [x.grad for x in xs] == [2.0, 4.0]
    assert [y.data for y in ag.compile(ag.vmap(lambda x: x**2))(xs)] == [1.0, 4.0]


def test_named_arguments_are_shared():
    assert ag.vmap(lambda x, *, scale: scale * x)([1.0, 2.0], scale=3.0).tolist() == [3.0, 6.0]


def test_methods_copies_and_repr():
    class Model:
        @ag.vmap
        def double(self, x):
            return 2.0 * x

    assert Model().double([1.0, 2.0]).tolist() == [2.0, 4.0]
    fast = pickle.loads(pickle.dumps(ag.compile(ag.vmap(ag.sin))))  # noqa: S301
    assert fast([0.0]).tolist() == [0.0]
    assert repr(ag.vmap(neuron)).startswith("<vmap of <function neuron")


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: ag.vmap(3.0), OperandError, "vmap takes a function, not 3.0"),
        (lambda: ag.vmap(neuron, None), OperandError, "nothing to map over"),
        (lambda: ag.vmap(neuron, (None, None)), OperandError, "nothing to map over"),
        (lambda: ag.vmap(neuron, 0.5), OperandError, "in_axes=0.5 must be an axis"),
        (lambda: ag.vmap(neuron, 0, "x"), OperandError, "out_axes='x' must be an axis"),
        (lambda: ag.vmap(neuron, (0,))(W, X), ShapeError, "has 1 part, and the call had 2 positional arguments"),
        (lambda: ag.vmap(neuron)(W, X), ShapeError, "equally many samples; they have 3, 4"),
        (lambda: ag.vmap(ag.sin)(3.0), ShapeError, "needs a leading axis"),
        (lambda: ag.vmap(ag.sin)([]), ShapeError, "no samples"),
        (lambda: ag.vmap(neuron, (None, 5))(W, X), ShapeError, "has no axis 5"),
        (
            lambda: ag.vmap(ag.sin, 0, 4)([0.0]),
            ShapeError,
            r"out_axes has the axis 4; this result has the shape \(1,\)",
        ),
        (lambda: ag.vmap(ag.sin, 0, (0, 0))([0.0]), ShapeError, "one entry for each part"),
        (lambda: ag.vmap(ag.sin, 0, None)([0.0, 1.0]), DomainError, "this one differs"),
        (lambda: ag.vmap(lambda x: [x] * int(x.data))([1.0, 2.0]), ShapeError, "different shapes"),
    ],
)
def test_what_does_not_fit_is_said(call, error, message):
    with pytest.raises(error, match=message):
        call()

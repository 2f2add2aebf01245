"""The choice of a backend by name: the same results, what says which one runs, and what is refused."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite.compiler.backends import BACKENDS, native
from autograd_lite.errors import ProgramError, UnknownNameError


@pytest.fixture(params=[*BACKENDS, "auto"])
def backend(request: pytest.FixtureRequest) -> str:
    if request.param == "native" and native.missing():
        pytest.skip(native.missing())
    return str(request.param)


def f(u: Any, v: Any) -> Any:
    return ag.sin(u) * v + u / v


def test_every_backend_gives_the_same(backend: str) -> None:
    fast = ag.compile(ag.value_and_grad(f, argnums=(0, 1)), backend=backend)
    value, slopes = fast(0.5, 2.0)
    expected, expected_slopes = ag.value_and_grad(f, argnums=(0, 1))(0.5, 2.0)
    assert value == pytest.approx(expected, rel=1e-15)
    assert slopes == pytest.approx(expected_slopes, rel=1e-15)
    auto = "floats" if fast.program.why_not_native else "native"
    assert fast.program.backend == (auto if backend == "auto" else backend)
    assert fast.source
    assert "def " in fast.numpy_source
    assert "result" in fast.numpy_source


def test_what_is_not_finite_follows_ieee_754_on_every_backend(backend: str) -> None:
    fast = ag.compile(ag.value_and_grad(lambda v: ag.where(v > 0.0, ag.log(v), 0.0) + 1.0 / v), backend=backend)
    assert str(fast(0.0)) == "(inf, -inf)"
    assert fast(1.0) == (1.0, 0.0)


def test_samples_on_every_backend(backend: str) -> None:
    fast = ag.compile(lambda u, v: u * v + 1.0, batch=(0,), backend=backend)
    points = np.arange(9.0)
    if backend == "floats":
        with pytest.raises(ProgramError, match="without a batch"):
            fast(points, 2.0)
    else:
        assert fast(points, 2.0).tolist() == (2.0 * points + 1.0).tolist()


def test_copies_and_methods_keep_the_backend() -> None:
    class Model:
        @ag.compile
        def square(self, v: Any) -> Any:
            return v * v

    assert Model().square(3.0) == 9.0
    fast = pickle.loads(pickle.dumps(ag.compile(f, backend="numpy")))  # noqa: S301 - our own
    fast(1.0, 2.0)
    assert fast.program.backend == "numpy"


def test_an_unknown_backend_is_named() -> None:
    with pytest.raises(UnknownNameError, match=r"There is no backend 'nativ'\. Did you mean 'native'"):
        ag.compile(f, backend="nativ")

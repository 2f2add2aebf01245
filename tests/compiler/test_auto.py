"""What "auto" runs a program on: machine code if there is any, else floats if it is small, else NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import nn
from autograd_lite.compiler import building
from autograd_lite.compiler.backends import native
from autograd_lite.compiler.pipeline import Stages

pytestmark = pytest.mark.usefixtures("machine_code")


def squares(v: Any) -> Any:
    return ag.fsum([(a - 0.5) ** 2 for a in v])


def compiled(f: Any, *args: Any, **settings: Any) -> Any:
    fast = ag.compile(f, **settings)
    fast(*args)
    return fast


@pytest.mark.parametrize(
    ("f", "x", "settings"),
    [(squares, [1.0, 2.0], {}), (squares, np.ones(500), {}), (ag.exp, np.ones(3), {"batch": (0,)})],
)
def test_programs_small_and_large_run_as_machine_code(f: Any, x: Any, settings: Any) -> None:
    fast = compiled(f, x, **settings)
    assert (fast.program.backend, fast.program.why_not_native) == ("native", "")
    assert np.array_equal(fast(x), ag.compile(f, backend="native", **settings)(x))


def pendulum(angle: Any) -> Any:
    speed = 0.0
    for _ in range(40):
        speed = speed - 0.1 * ag.sin(angle)
        angle = angle + 0.1 * speed
    return angle


def test_long_straight_lines_run_as_machine_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a program of arrays, which would have one for each operation; so do numbers in loops."""
    made = []
    arrays = Stages.arrays
    monkeypatch.setattr(Stages, "arrays", lambda stages: made.append(1) or arrays(stages))
    for f in (pendulum, lambda x: ag.repeat(lambda x: x - 0.1 * ag.sin(x), x, 500)):
        fast = compiled(ag.value_and_grad(f), 0.5)
        assert (fast.program.backend, fast.program.why_not_native) == ("native", "")
        assert fast(0.5) == pytest.approx(ag.compile(ag.value_and_grad(f), backend="floats")(0.5), rel=1e-13)
    assert not made


def test_loops_of_numbers_stay_numbers_beside_many_others() -> None:
    """The rolled loop and its reverse run 24 operations a step, 1,000 times; 3,000 stand beside them."""

    def swing(torques: Any) -> Any:
        angle, speed, cost = 3.0, 0.0, 0.0
        for torque in torques:
            speed = 0.9 * speed + 0.05 * (ag.sin(angle) + torque)
            angle = angle + 0.05 * speed
            cost = cost + angle * angle + 0.01 * torque * torque
        return cost

    fast = compiled(ag.value_and_grad(swing), np.linspace(-0.1, 0.1, 1000))
    assert fast.program.backend == "native"
    assert fast.program.ir.is_straight


def test_what_would_take_long_to_compile_runs_on_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "LONGEST_NATIVE", 3)
    monkeypatch.setattr(building, "LONGEST_STRAIGHT", 3)
    floats = compiled(ag.grad(pendulum), 0.5).program
    assert floats.backend == "floats"
    assert "would take too long to compile (more than 3)" in floats.why_not_native
    program = compiled(ag.grad(squares), np.linspace(0.0, 1.0, 500)).program
    assert program.backend == "numpy"
    assert "would take too long to compile (more than 3)" in program.why_not_native


def test_a_black_box_runs_on_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "NativeBackend", type("No", (), {"why_not": lambda *_: "the op secret"}))
    program = compiled(squares, np.ones(500)).program
    assert (program.backend, program.why_not_native) == ("numpy", "the op secret")


def test_without_llvmlite_it_is_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "missing", lambda: "llvmlite is not installed")
    program = compiled(squares, np.ones(500)).program
    assert (program.backend, program.why_not_native) == ("numpy", "llvmlite is not installed")


def test_the_exact_program_is_ready_sooner_on_numpy() -> None:
    fast = ag.compile(ag.value_and_grad(lambda v: ag.fsum([ag.sqrt(a) for a in v])))
    x = np.zeros(500)
    value, slopes = fast(x)
    assert (value, set(slopes)) == (0.0, {np.inf})
    assert fast.program.backend == "native"


def test_training_runs_as_machine_code() -> None:
    """And gives what NumPy gives, up to rounding."""
    X = np.random.default_rng(0).normal(size=(30, 2))
    losses = []
    for longest in (300, -1):
        building.LONGEST_NATIVE = longest  # `machine_code` puts it back
        model = nn.MLP(2, [5, 1], seed=0)
        settings: Any = {"loss": "mean_squared_error", "epochs": 3, "batch_size": 8, "seed": 0}
        losses.append(nn.fit(model, X, X[:, 0] * X[:, 1], **settings).loss)
    assert losses[0] == pytest.approx(losses[1], rel=1e-12)

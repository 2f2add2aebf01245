"""Python that needs a number where a traced Value has none yet: an error that shows the line and what to write."""

from __future__ import annotations

import copy
import inspect
import math
from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import TraceError


def branch(x: Any) -> Any:
    if x > 0:
        return x
    return -x


def loop(x: Any) -> Any:
    while x < 10.0:
        x = x * 2.0
    return x


NEEDS_A_NUMBER = {
    "if": (branch, "truth value"),
    "while": (loop, "truth value"),
    "conditional expression": (lambda x: 1.0 if x else 2.0, "truth value"),
    "and": (lambda x: ag.where((x > 0.0) and (x < 1.0), x, 1.0), "truth value"),
    "not": (lambda x: ag.where(not x, 1.0, 2.0), "truth value"),
    "chain": (lambda x: ag.where(0.0 < x < 1.0, x, 1.0), "truth value"),
    "built-in max": (lambda x: max(x, 0.0), "truth value"),
    "sorted": (lambda x: sorted([x, 1.0]), "truth value"),
    "float": (lambda x: float(x) * 2.0, "float"),
    "math": (math.exp, "float"),
    "math.floor": (math.floor, "float"),
    "np.float64": (lambda x: np.float64(x) * 2.0, "float"),
    "array of floats": (lambda x: np.asarray([x], dtype=float), "float"),
    "int": (lambda x: int(x) * 2, "int"),
    "complex": (complex, "complex"),
    "index": (lambda x: [1.0, 2.0][x], "index"),
    "range": (lambda x: len(range(x)), "index"),
    "copy": (copy.deepcopy, "copied"),
}


@pytest.mark.parametrize("name", NEEDS_A_NUMBER)
@pytest.mark.parametrize("batch", [(), (0,)])
def test_what_needs_a_number_is_refused(name: str, batch: tuple[int, ...]) -> None:
    f, how = NEEDS_A_NUMBER[name]
    with pytest.raises(TraceError) as caught:
        ag.compile(f, batch=batch)(np.array([0.5]) if batch else 0.5)
    message = str(caught.value)
    assert message.startswith("A traced Value was ")
    assert how in message
    assert "ag.where(condition, a, b)" in message
    assert "ag.equal(a, b)" in message


@pytest.mark.parametrize("transform", [lambda f: f, ag.grad, ag.hessian, ag.batch_mean])
def test_the_message_shows_file_and_line(transform: Any) -> None:
    with pytest.raises(TraceError) as caught:
        ag.compile(transform(branch))([0.5] if transform is ag.batch_mean else 0.5)
    first = inspect.getsourcelines(branch)[1]
    assert f" in the line ({__file__}:{first + 1}: if x > 0:)." in str(caught.value)


def test_the_whole_message() -> None:
    """Read aloud once: what happened, where, why, and what to write."""
    with pytest.raises(TraceError) as caught:
        ag.compile(branch)(0.5)
    where = f"({__file__}:{inspect.getsourcelines(branch)[1] + 1}: if x > 0:)"
    assert str(caught.value) == (
        "A traced Value was used as a truth value, in `if`, `while`, `and`, `or`, `not`, `assert`, or by max, min or "
        f"sorted in the line {where}. While a function is compiled its Values have no numbers yet. Choose with "
        "ag.where(condition, a, b), compare for equality with ag.equal(a, b), take the largest and the smallest with "
        "ag.maximum and ag.minimum, an element with ag.take(table, index), or keep this part outside the compiled "
        "function."
    )


def test_the_advice_works() -> None:
    fast = ag.compile(lambda x: ag.where(x > 0.0, x, -x))
    assert (fast(2.0), fast(-3.0)) == (2.0, 3.0)
    fast = ag.compile(lambda x: ag.where(ag.equal(x, 1.0), 5.0, x))
    assert (fast(1.0), fast(2.0)) == (5.0, 2.0)


def test_a_traced_value_has_no_grad() -> None:
    """Silence would return the 0.0 that every new Value has as its grad."""

    def f(x: Any) -> Any:
        y = x * x
        y.backward()
        return x.grad

    with pytest.raises(TraceError, match=r"backward\(\) was called .* ag\.compile\(ag\.value_and_grad\(f\)\)"):
        ag.compile(f)(3.0)


# --- Batches ---------------------------------------------------------------------------------------------------------

mean = ag.batch_mean(lambda p, x: p * x, batch=(1,))
X = np.arange(3.0)

USED_OTHERWISE = {
    "index": lambda p, X: mean(p, X) + X[0],
    "loop": lambda p, X: mean(p, X) + ag.fsum(X),
    "len": lambda p, X: mean(p, X) * len(X),
    "arithmetic": lambda p, X: X * 2.0 + mean(p, X),
    "array": lambda p, X: mean(p, X) * np.asarray(X),
}


@pytest.mark.parametrize("name", USED_OTHERWISE)
def test_a_batched_argument_goes_to_batch_mean_only(name: str) -> None:
    with pytest.raises(
        TraceError, match=r"Argument 1 was used in the line .*test_compiled_errors.*only be handed to batch_mean"
    ):
        ag.compile(USED_OTHERWISE[name])(2.0, X)


def test_a_batched_argument_beside_a_value() -> None:
    with pytest.raises(ag.OperandError, match="argument 1, which only batch_mean can take"):
        ag.compile(lambda p, X: p * X + mean(p, X))(2.0, X)


@pytest.mark.parametrize("part", [lambda X: X[1:], lambda X: X * 2.0, lambda X: X[::-1]])
def test_a_batch_is_handed_on_whole(part: Any) -> None:
    with pytest.raises(TraceError, match="not an argument of the compiled function as it came"):
        ag.compile(lambda p, X: mean(p, part(X)))(2.0, X)


def test_rows_of_two_batches_do_not_meet() -> None:
    kept: list[Any] = []

    def f(X: Any, Y: Any) -> Any:
        first = ag.batch_mean(lambda x: kept.append(x) or x)(X)
        return first + ag.batch_mean(lambda y: kept[-1] * y)(Y)

    with pytest.raises(TraceError, match=r"two different batches in the line .*test_compiled_errors.*kept\[-1\] \* y"):
        ag.compile(f)(np.arange(3.0), np.arange(2.0))


def test_a_mean_needs_one_number() -> None:
    for f in (ag.batch_mean(lambda x: [x, x]), ag.compile(ag.batch_mean(lambda x: [x, x]))):
        with pytest.raises(ag.ShapeError, match="batch_mean needs a function that returns one number"):
            f([1.0, 2.0])


def test_what_is_no_function() -> None:
    with pytest.raises(ag.OperandError, match="compile takes a function"):
        ag.compile(3.0)  # type: ignore[arg-type]
    with pytest.raises(ag.OperandError, match="which arguments hold samples"):
        ag.batch_mean(lambda x: x, batch=())

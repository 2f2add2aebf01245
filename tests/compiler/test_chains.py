"""Instructions that share a loop in machine code, and what must not share one."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite.compiler.backends import NativeBackend, native
from autograd_lite.compiler.interpret import interpret
from autograd_lite.compiler.ir import Array, ArrayProgram, Contract, Input, Instruction, Map, Reduce
from autograd_lite.compiler.layout import contiguous

pytestmark = pytest.mark.skipif(bool(native.missing()), reason=native.missing())


def loops(source: str) -> int:
    return len(re.findall(r"^loop\d+:$", source, re.MULTILINE))


def rosenbrock(x: Any) -> Any:
    return ag.fsum([100.0 * (b - a * a) ** 2 + (1.0 - a) ** 2 for a, b in pairwise(x)])


@pytest.mark.parametrize(("n", "count"), [(500, 2), (3000, 3)])
def test_a_sum_is_added_up_where_its_terms_are_computed(n: int, count: int) -> None:
    fast = ag.compile(ag.value_and_grad(rosenbrock), backend="native")
    x = np.linspace(-1.5, 1.5, n)
    value, slopes = fast(x)
    assert loops(fast.source) == count  # one for all words and both sums, in runs if it is long, and the shifted one
    expected, expected_slopes = ag.value_and_grad(rosenbrock)(x)
    assert value == pytest.approx(expected, rel=1e-14)
    np.testing.assert_allclose(slopes, expected_slopes, rtol=1e-13)


def test_a_sum_over_samples_shares_the_loop_of_its_terms() -> None:
    f = ag.batch_mean(lambda x, w: (w * x - 1.0) ** 2, batch=(0,))
    fast = ag.compile(ag.value_and_grad(f, argnums=1), backend="native")
    for n in (1, 7, 8, 9, 4000):
        x = np.linspace(-2.0, 2.0, n)
        np.testing.assert_allclose(fast(x, 0.3), ag.value_and_grad(f, argnums=1)(x, 0.3), rtol=1e-13)
    assert loops(fast.source) == 2  # the outer one of the runs, and theirs


def program(instructions: list[Instruction], x: Array, result: Array) -> ArrayProgram:
    return ArrayProgram((Input(x, x.shape),), tuple(instructions), result, outputs=result.size)


def made(*lengths: int) -> list[Array]:
    roles = ["input", *["local"] * (len(lengths) - 2), "result"]
    return [
        Array(f"a{k}", (n,) if n else (), None, role) for k, (n, role) in enumerate(zip(lengths, roles, strict=True))
    ]  # type: ignore[arg-type]


def check(some: ArrayProgram, x: list[float]) -> str:
    executable = NativeBackend().compile(some)
    found, expected = executable.run([np.array(x)], []), interpret(some, [np.array(x)], [])
    np.testing.assert_array_equal(found, expected)
    return executable.source


def test_what_depends_on_a_total_waits_for_it() -> None:
    x, total, y, result = made(9, 0, 9, 9)
    lines = [
        Reduce(total.whole, "add", x.whole, ("terms",)),
        Map(y.whole, "mul", (x.whole, total.whole)),
        Map(result.whole, "copy", (y.whole,)),
    ]
    assert (
        loops(check(program(lines, x, result), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0])) == 0
    )  # of one turn each


def test_what_lies_between_may_wait() -> None:
    x, squares, total, one, doubles, result = made(24, 24, 0, 0, 24, 25)
    lines = [
        Map(squares.whole, "mul", (x.whole, x.whole)),
        Reduce(total.whole, "add", squares.whole, ("terms",)),
        Map(one.whole, "neg", (total.whole,)),
        Map(doubles.whole, "add", (squares.whole, squares.whole)),
        Map(result[contiguous((24,))], "copy", (doubles.whole,)),
        Map(result[contiguous((), 24)], "copy", (one.whole,)),
    ]
    source = check(program(lines, x, result), [float(k % 5) for k in range(24)])
    assert loops(source) == 1


def test_what_reads_old_members_comes_first() -> None:
    """The members that a later word overwrites are read before, though that word could share a loop."""
    x, y, product, result = made(16, 16, 0, 17)
    lines = [
        Map(y.whole, "add", (x.whole, x.whole)),
        Map(result[contiguous((16,))], "copy", (y.whole,)),
        Contract(product.whole, y.whole, result[contiguous((16,))], "k,k->"),
        Map(result[contiguous((), 16)], "copy", (product.whole,)),
    ]
    check(program(lines, x, result), [float(k) for k in range(16)])

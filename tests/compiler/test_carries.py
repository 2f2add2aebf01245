"""Carries of a loop change all at once: what one of them becomes is what another one was before the step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite.compiler.backends import BACKENDS, native
from autograd_lite.compiler.carries import in_turn
from autograd_lite.compiler.interpret import interpret
from autograd_lite.compiler.ir import Array, ArrayProgram, Carry, Input, Loop, Map
from autograd_lite.compiler.layout import Affine
from autograd_lite.compiler.plan import plan
from autograd_lite.compiler.verify import verify
from tests.compiler.test_lines import in_numbers

COMPILED = ["numpy", *([] if native.missing() else ["native"])]
BACKWARDS = Affine(2, (3,), (-1,))


def turning(*, deep: bool = False) -> ArrayProgram:
    """Three arrays change places, one of them is turned round, and another turns by itself."""
    given, result = Array("given", (12,), role="input"), Array("result", (12,), role="result")
    a, b, c, d = (Array(name, (3,)) for name in "abcd")
    first = [given[Affine(3 * k, (3,), (1,))] for k in range(4)]
    nexts = [b.whole, c[BACKWARDS], a.whole, d[BACKWARDS]]
    loop = Loop((), 5, tuple(map(Carry, (a, b, c, d), first, nexts)))
    if deep:
        outer = Array("outer", (3,))
        loop = Loop((loop, Map(outer.whole, "copy", (c.whole,))), 2, (Carry(Array("e", (3,)), first[0], outer.whole),))
    places = [result[Affine(3 * k, (3,), (1,))] for k in range(4)]
    last = [loop.carry[0].array] * 4 if deep else [a, b, c, d]
    copies = [Map(place, "copy", (x.whole,)) for place, x in zip(places, last, strict=True)]
    return verify(ArrayProgram((Input(given, (12,)),), (loop, *copies), result))


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("backend", COMPILED)
def test_arrays_change_places(backend: str, deep: bool) -> None:
    x = np.arange(12.0)
    for program in (turning(deep=deep), verify(plan(turning(deep=deep)))):
        expected = interpret(program, [x], [])
        assert BACKENDS[backend].compile(program).run([x], ()).tolist() == expected.tolist()
        settled = in_turn(program)
        assert interpret(verify(settled), [x], []).tolist() == expected.tolist()
        assert in_turn(settled) is settled


@pytest.mark.parametrize("backend", [*COMPILED, "floats"])
def test_slopes_of_numbers_that_change_places(backend: str) -> None:
    """A look-up keeps this program from being a straight line."""

    def f(x: Any) -> Any:
        looked = ag.take([x[0], x[1]], x[2])
        a, b = ag.repeat(lambda c: [c[1], c[0] * 1.5 + looked], [x[0], x[1]], 3)
        return a + 3.0 * b

    x = np.array([0.3, -0.7, 1.0])
    program, blocks = in_numbers(ag.grad(f), x)
    found = np.asarray(BACKENDS[backend].compile(program).run(blocks, ()))[:3]
    assert found.tolist() == pytest.approx(ag.grad(f)(x).tolist(), rel=1e-15)

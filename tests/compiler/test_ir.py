"""Array programs: what each kind of instruction means, on the interpreter and on every backend, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import nn
from autograd_lite.compiler.backends import Backend, FloatsBackend, NumpyBackend
from autograd_lite.compiler.interpret import interpret
from autograd_lite.compiler.ir import (
    Array,
    ArrayProgram,
    Carry,
    Contract,
    Literal,
    Loop,
    Map,
    Reduce,
    SegmentReduce,
    Update,
)
from autograd_lite.compiler.layout import Affine, Gather, contiguous, number
from autograd_lite.compiler.plan import plan
from autograd_lite.compiler.verify import verify
from autograd_lite.errors import ProgramError
from tests.compiler.test_compiled_laws import numbers, play, recipes
from tests.support.array_programs import NUMBERS, ROWS, SAMPLES, B, N, X, b, compiled, local, of, x, y

EVERY = ROWS | NUMBERS


def sizes(program: ArrayProgram) -> list[int]:
    return [SAMPLES] * len(program.dims)


@pytest.mark.parametrize("kind", EVERY)
def test_an_instruction_means_what_the_interpreter_does(kind: str) -> None:
    instructions, expected = EVERY[kind]
    program = verify(of(*instructions))
    result = interpret(program, [X, B], sizes(program))
    assert result.reshape(np.shape(expected)) == pytest.approx(np.asarray(expected), rel=1e-14)


@pytest.mark.parametrize("planned", [False, True])
@pytest.mark.parametrize("kind", EVERY)
def test_numpy_computes_what_the_interpreter_does(kind: str, planned: bool) -> None:
    program = of(*EVERY[kind][0])
    program = verify(plan(program)) if planned else program
    executable = NumpyBackend().compile(program)
    for _ in range(2):  # the second time on a workspace that was used
        result = executable.run([X, B], sizes(program))
        assert result == pytest.approx(interpret(program, [X, B], sizes(program)), rel=1e-14), executable.source


@pytest.mark.parametrize("planned", [False, True])
def test_numpy_looks_at_the_samples_of_each_call(planned: bool) -> None:
    program = of(*EVERY["finite"][0])
    executable = NumpyBackend().compile(verify(plan(program)) if planned else program)
    for wrong in (0.0, np.inf, 0.0, np.nan):
        samples = B.copy()
        samples.flat[-1] = wrong
        assert np.isnan(executable.run([X, samples], sizes(program))).all() == (not np.isfinite(wrong))


def test_a_program_reads_as_text() -> None:
    text = str(of(*ROWS["matrix product"][0]))
    assert text.splitlines() == [
        "input x[6]",
        "input b[6, n]",
        "y = contract(x[2 by 3, 3 by 1], b[3: 3 by 1], 'mk,kn->mn')",
        "result = copy(y)",
        "return result[2, n]",
    ]


# --- eager = interpreter = each backend -----------------------------------------------------------------------------


def close(a: Any, b: Any) -> bool:
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    return bool(np.allclose(a, b, rtol=1e-9, atol=1e-9 * max(1.0, np.max(np.abs(a), initial=0.0)), equal_nan=True))


def agrees(flat: Any, backend: Backend, program: ArrayProgram, blocks: Any) -> bool:
    """Whether a backend gives these results, or refuses what Python's floats refuse on the way."""
    try:
        with np.errstate(all="ignore"):  # as the runtime calls it
            return close(flat, backend.compile(program).run(blocks, ())[: len(flat)])
    except (ArithmeticError, ValueError) as refused:
        return any(word in str(refused) for word in ("math", "range", "division", "NaN", "infinity"))


@settings(max_examples=60)
@given(st.data())
def test_random_programs_of_numbers(data: Any) -> None:
    n = data.draw(st.integers(1, 4))
    recipe = data.draw(recipes(n))
    xs = data.draw(st.lists(numbers, min_size=n, max_size=n, unique=True))
    f = ag.value_and_grad(lambda v: play(recipe, v))
    made, blocks = compiled(f, xs)
    flat = interpret(verify(made.program), blocks)[: n + 1]
    value, slopes = f(xs)
    if not np.isfinite(flat).all():  # the runtime asks the exact fallback then
        called, steep = ag.compile(f, backend="interpreter")(xs)
        assert close([value, *slopes], [called, *steep])
        return
    assert close([value, *slopes], flat)
    assert agrees(flat, NumpyBackend(), made.program, blocks)
    if made.on_floats:
        assert agrees(flat, FloatsBackend(), made.program, blocks)


@settings(max_examples=40)
@given(st.data())
def test_random_programs_over_samples(data: Any) -> None:
    n = data.draw(st.integers(1, 3))
    recipe = data.draw(recipes(n + 1))
    samples = data.draw(st.sampled_from([1, 2, 7]))
    P = np.array([[data.draw(numbers) for _ in range(n)] for _ in range(samples)])
    p = data.draw(numbers)
    f = ag.batch_mean(lambda v, q: play(recipe, [*v, q]), batch=(0,))
    made, blocks = compiled(ag.value_and_grad(f, argnums=1), P, p, batched=(0,))
    verify(made.program)
    lengths = [samples] * len(made.program.dims)
    flat = interpret(made.program, blocks, lengths)
    value, slope = ag.value_and_grad(f, argnums=1)(P, p)
    if not np.isfinite(flat).all():  # as above
        assert close([value, slope], ag.compile(ag.value_and_grad(f, argnums=1), backend="interpreter")(P, p))
        return
    assert close([value, slope], flat[:2])
    with np.errstate(all="ignore"):
        assert close(flat, NumpyBackend().compile(made.program).run(blocks, lengths))


@pytest.mark.parametrize("activation", ["relu", "tanh", "gelu"])
def test_a_network(activation: str) -> None:
    model = nn.MLP(2, [5, 1], activation=activation, seed=0)
    loss = ag.value_and_grad(ag.batch_mean(lambda v: ag.relu(1.0 - model(v)), batch=(0,)), wrt=model.parameters())
    points = np.linspace(-1.0, 2.0, 14).reshape(7, 2)
    made, blocks = compiled(loss, points, batched=(0,))
    flat = interpret(verify(made.program), blocks, [7])
    value, slopes = loss(points)
    assert close([value, *slopes], flat[: 1 + len(slopes)])
    assert close(flat, NumpyBackend().compile(made.program).run(blocks, [7]))


# --- what is refused ------------------------------------------------------------------------------------------------

z = local(6)
joined = Array("joined", (4,), role="joined")
k3 = contiguous((3,))
WRONG = {
    "read before it is defined": (Map(y.whole, "sin", (z.whole,)),),
    "defined twice": (Map(y.whole, "sin", (x.whole,)), Map(y.whole, "cos", (x.whole,))),
    "defined in parts": (Map(y[k3], "sin", (x[k3],)),),
    "the input x is written": (Map(x.whole, "sin", (x.whole,)),),
    "reaches beyond": (Map(y.whole, "sin", (x[contiguous((6,), 1)],)),),
    "has the shape": (Map(y.whole, "sin", (x[k3],)),),
    "has the batch axis": (Map(y.whole, "sin", (b.whole,)),),
    "updated twice": (Map(y.whole, "sin", (x.whole,)), Update(y[Gather(np.array([1, 1]))], "add", Literal(1.0))),
    "do not fit": (Contract(y.whole, x[k3], b.whole, "mk,kn->mn"),),
    "is not one of": (Contract(y.whole, x.whole, x.whole, "i,i->i"),),
    "the reduction of": (Reduce(y.whole, "add", x.whole, ("terms",)),),
    "segments must begin at 0": (SegmentReduce(local(2).whole, "add", x.whole, Gather(np.array([1, 2]))),),
    "takes 2 operands": (Map(y.whole, "add", (x.whole,)),),
    "cannot reduce": (Reduce(local(2).whole, "sub", x[Affine(0, (2, 3), (3, 1))], ("terms",)),),
    "not over ()": (Reduce(y.whole, "add", x.whole, ()),),
    "stranger is read before": (Map(y.whole, "sin", (Array("stranger", (6,), role="input").whole,)),),
    "is one number, and has": (Map(Array("s", (), N).whole, "sin", (b[number(1)],)),),
    "has not as many numbers": (Map(y.whole, "sin", (Array("k", (6,), role="constant").whole,)),),
    "written [1, 1, 1, 0] times": (Map(joined[k3], "copy", (x[k3],)), Map(y.whole, "sin", (x.whole,))),
    "joined is read before": (Map(joined[k3], "copy", (x[k3],)), Map(local(4).whole, "sin", (joined.whole,))),
}


@pytest.mark.parametrize("told", WRONG)
def test_what_is_not_well_formed_is_refused(told: str) -> None:
    with pytest.raises(ProgramError) as caught:
        verify(of(*WRONG[told]))
    assert told in str(caught.value)


def test_each_number_of_the_result_is_written_once() -> None:
    program = of(*ROWS["map"][0])
    with pytest.raises(ProgramError, match="must be written once"):
        verify(replace(program, instructions=program.instructions[:-1]))
    with pytest.raises(ProgramError, match="the result is read"):
        verify(replace(program, instructions=(*program.instructions, Map(z.whole, "sin", (program.result.whole,)))))


def test_memory_that_was_taken_over_is_not_read() -> None:
    a, c, d, e = local(6), local(6), local(6), local(6)
    lines = (Map(a.whole, "sin", (x.whole,)), Map(c.whole, "cos", (x.whole,)), Map(d.whole, "add", (a.whole, c.whole)))
    program = of(*lines, Map(e.whole, "exp", (d.whole,)))
    verify(replace(program, homes={e: a.whole}))  # written when a has been read
    with pytest.raises(ProgramError, match="is read where"):
        verify(replace(program, homes={d: a.whole}))  # a backend may compute in any order
    with pytest.raises(ProgramError, match="took its memory"):
        verify(replace(program, homes={c: a.whole}))


def test_floats_run_programs_of_numbers_only() -> None:
    for program in (of(*ROWS["map"][0]), of(*NUMBERS["expression"][0])):
        with pytest.raises(ProgramError, match="The backend floats"):
            FloatsBackend().compile(program)


# --- planning -------------------------------------------------------------------------------------------------------


def chain(length: int) -> ArrayProgram:
    """sin of sin of ... x, each in an array of its own."""
    arrays = [x, *[local(6) for _ in range(length)]]
    return of(*[Map(after.whole, "sin", (before.whole,)) for before, after in pairwise(arrays)])


def test_a_chain_needs_two_buffers_and_the_result() -> None:
    planned = verify(plan(chain(10)))
    written = {i.out.array for i in planned.instructions}
    assert len(written - set(planned.homes)) == 2
    assert len(planned.instructions) == 10  # the copy to the result is gone: the last one is computed there
    assert NumpyBackend().compile(planned).source.count("empty(") == 5  # with the result and two inputs


def updated_between(*lines: Any) -> ArrayProgram:
    """A program that changes what the lines read, and then uses what they computed."""
    total = local(6)
    return of(*lines, Map(total.whole, "add", (lines[-1].out, lines[0].out)))


m, lo, hi, first_half = local(6), local(6), local(6), Array("result", (12,), role="result")
LATER = {  # an update stands between: what was read before it may not be read after it
    "zero": updated_between(
        Map(m.whole, "copy", (x.whole,)),
        Map(lo.whole, "maximum", (Literal(0.0), m.whole)),
        Update(m.whole, "sub", Literal(9.0)),
        Map(hi.whole, "add", (lo.whole, Literal(0.0))),
    ),
    "sign": updated_between(
        Map(m.whole, "copy", (x.whole,)),
        Map(lo.whole, "mul", (Literal(2.0), m.whole)),
        Update(m.whole, "sub", Literal(9.0)),
        Map(hi.whole, "neg", (lo.whole,)),
    ),
    "result": ArrayProgram(
        of(Map(y.whole, "sin", (x.whole,))).inputs,
        (
            Map(y.whole, "sin", (x.whole,)),
            Map(first_half[contiguous((6,))], "copy", (y.whole,)),
            Update(y.whole, "add", Literal(1.0)),
            Map(first_half[contiguous((6,), 6)], "exp", (y.whole,)),
        ),
        first_half,
    ),
}


@pytest.mark.parametrize("case", LATER)
def test_planning_minds_updates(case: str) -> None:
    program = verify(LATER[case])
    planned = verify(plan(program))
    expected = interpret(program, [X, B], sizes(program)).tolist()
    assert interpret(planned, [X, B], sizes(program)).tolist() == expected
    assert NumpyBackend().compile(planned).run([X, B], sizes(program)).tolist() == expected


def test_what_a_step_updates_keeps_its_memory() -> None:
    """A carry that is updated in place was there before the step: no memory that the step is done with will do."""
    total, first, second = (Array(name, (6,)) for name in ("total", "first", "second"))
    body = (
        Map(first.whole, "sin", (x.whole,)),
        Map(second.whole, "exp", (first.whole,)),
        Update(total.whole, "add", second.whole),
    )
    copied = Array("copied", (6,))
    loop = Loop(body, 4, (Carry(total, Literal(0.0), total.whole),))
    program = of(loop, Map(copied.whole, "neg", (total.whole,)))
    assert total not in verify(plan(program)).homes


def test_max_with_zero_plus_zero_is_one_word() -> None:
    low, high = local(6), local(6)
    mid = local(6)
    lines = (
        Map(mid.whole, "sin", (x.whole,)),
        Map(low.whole, "maximum", (Literal(0.0), mid.whole)),
        Map(high.whole, "add", (Literal(0.0), low.whole)),
    )
    assert [i.op for i in plan(of(*lines)).instructions if isinstance(i, Map)] == ["sin", "relu"]
    negative = (*lines[:2], Map(high.whole, "add", (Literal(-0.0), low.whole)))
    assert "relu" not in str(plan(of(*negative)))  # adding -0.0 changes nothing, not even the sign of a zero


def test_a_number_takes_the_sign_of_its_product() -> None:
    product, minus = local(6), local(6)
    scaled = Map(product.whole, "mul", (Literal(3.0), x.whole))
    program = of(scaled, Map(minus.whole, "neg", (product.whole,)))
    assert [i.op for i in plan(program).instructions if isinstance(i, Map)] == ["mul"]
    both = of(scaled, Map(minus.whole, "neg", (product.whole,)), Map(y.whole, "add", (minus.whole, product.whole)))
    assert [i.op for i in plan(both).instructions if isinstance(i, Map)] == ["mul", "neg", "add"]


def test_a_network_reuses_its_buffers() -> None:
    """The 2-16-16-1 tanh network of the benchmark: its 39 arrays live in a third as many buffers."""
    model = nn.MLP(2, [16, 16, 1], activation="tanh", seed=0)
    loss = ag.value_and_grad(ag.batch_mean(lambda v: ag.relu(1.0 - model(v)), batch=(0,)), wrt=model.parameters())
    made, _ = compiled(loss, np.ones((4, 2)), batched=(0,))
    written = {i.out.array for i in made.program.instructions if i.out.array.shape} - {made.program.result}
    assert len(written - set(made.program.homes)) <= len(written) // 3


# --- lowering -------------------------------------------------------------------------------------------------------


def kinds(f: Any, *args: Any, **batches: Any) -> list[str]:
    made, _ = compiled(f, *args, **batches)
    return [
        getattr(i, "spec", None) or (type(i).__name__ if not isinstance(i, Map) else i.op)
        for i in made.program.instructions
    ]


W = np.arange(300.0).reshape(20, 15)


def test_a_layer_is_a_matrix_product() -> None:
    f = lambda w, v: [ag.sumprod(list(row), list(v)) for row in w]  # noqa: E731
    assert kinds(f, W, np.ones(15)) == ["mk,k->m"]
    assert "mk,kn->mn" in kinds(f, W, np.ones((4, 15)), batch=(1,))


def test_slopes_of_weights_are_outer_products_over_the_batch() -> None:
    weights = [[ag.Value(0.1 * i - 0.2 * j) for j in range(4)] for i in range(3)]
    flat = [w for row in weights for w in row]
    loss = ag.batch_mean(lambda v: ag.fsum([ag.sumprod(row, list(v)) ** 2 for row in weights]), batch=(0,))
    found = kinds(ag.grad(loss, wrt=flat), np.ones((5, 4)), batched=(0,))
    assert [kind for kind in found if "->" in kind] == [
        "mk,kn->mn",
        "kn,kn->",
        "in,jn->ij",
    ]  # the second one is the loss


def test_members_with_different_numbers_of_terms_are_segments() -> None:
    f = lambda v: [ag.fsum([v[j] * v[j + 1] * v[i] for j in range(i + 1)]) for i in range(2, 60)]  # noqa: E731
    assert "SegmentReduce" in kinds(f, np.linspace(0.0, 1.0, 62))


def test_uneven_operands_are_gathered_once() -> None:
    order = np.random.default_rng(0).permutation(300).tolist()
    f = lambda v: [ag.exp(v[i] * v[j]) for i, j in pairwise(order)]  # noqa: E731
    made, _ = compiled(f, np.linspace(0.0, 1.0, 300))
    gathers = [
        i for i in made.program.instructions if any(isinstance(getattr(x, "index", None), Gather) for x in i.operands)
    ]
    assert 1 <= len(gathers) <= 3  # two lists of operands, and the order of the results


def test_a_small_program_is_lowered_to_numbers() -> None:
    made, _ = compiled(lambda u, v: u * v + ag.sin(u), 2.0, 3.0)
    assert made.on_floats
    assert all(i.out.array.shape == () or i.out.array.role == "result" for i in made.program.instructions)


def test_a_number_without_axes_stays_a_number() -> None:
    made, _ = compiled(lambda v, p: v * ag.exp(p), np.ones(100), 2.0, batch=(0,))
    exponential = next(i for i in made.program.instructions if isinstance(i, Map) and i.op == "exp")
    assert exponential.out.array.shape == ()


def test_layouts() -> None:
    assert Affine(1, (2, 2), (3, 1)).indices.tolist() == [[1, 2], [4, 5]]
    assert number(4).indices.item() == 4
    assert contiguous((2, 3)).is_whole(6)
    assert not contiguous((2, 3), 1).is_whole(6)
    assert not Affine(0, (6,), (0,)).is_whole(6)
    assert N.arguments == (0,)

"""The backend native: every instruction, every word to NumPy's bits, sums in lanes, samples that fill no vector."""

from __future__ import annotations

import hashlib
import math
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import nn
from autograd_lite.compiler import building
from autograd_lite.compiler.backends import NativeBackend, native
from autograd_lite.compiler.interpret import interpret, on_arrays
from autograd_lite.compiler.ir import Array, ArrayProgram, Contract, Input, Map, Reduce, Update
from autograd_lite.compiler.layout import Affine, contiguous
from autograd_lite.compiler.plan import plan
from autograd_lite.compiler.primitives import WORDS
from autograd_lite.compiler.store import Store
from autograd_lite.compiler.verify import verify
from autograd_lite.errors import MissingDependencyError, ProgramError
from tests.compiler.test_compiled_laws import numbers, play, recipes
from tests.support.array_programs import NUMBERS, ROWS, SAMPLES, B, N, X, compiled, local, of, x

pytestmark = pytest.mark.skipif(bool(native.missing()), reason=native.missing())

EPS = 2.0**-52
EVERY = ROWS | NUMBERS
SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, 2.0, -3.0, math.inf, -math.inf, math.nan, 1e-310, 1e308, -1e308, 700.0, -800.0]
ZEROS = {"maximum", "minimum"}  # of 0.0 and -0.0 they give the second one; NumPy does not on arm64


def run(program: ArrayProgram, blocks: list[Any], sizes: list[int]) -> Any:
    return NativeBackend().compile(verify(program)).run(blocks, sizes)


def same_bits(a: Any, b: Any) -> bool:
    """Whether all numbers are equal to the bit, NaN whatever its bits."""
    a, b = np.ascontiguousarray(a, dtype=float), np.ascontiguousarray(b, dtype=float)
    return bool(((a.view(np.int64) == b.view(np.int64)) | (np.isnan(a) & np.isnan(b))).all())


@pytest.mark.parametrize("planned", [False, True])
@pytest.mark.parametrize("kind", EVERY)
def test_an_instruction_means_what_the_interpreter_does(kind: str, planned: bool) -> None:
    program = of(*EVERY[kind][0])
    program = verify(plan(program)) if planned else program
    sizes = [SAMPLES] * len(program.dims)
    executable = NativeBackend().compile(program)
    for _ in range(2):  # the second time on a workspace that was used
        result = executable.run([X, B], sizes)
        assert result == pytest.approx(interpret(program, [X, B], sizes), rel=1e-14), executable.source


def word_program(name: str, size: int, *, batched: bool) -> ArrayProgram:
    dim = N if batched else None
    operands = [Array(letter, (size,), dim, "input") for letter in "abcd"[: WORDS[name].arity]]
    y, result = local(size, dim), Array("result", (size,), dim, "result")
    lines = (Map(y.whole, name, tuple(a.whole for a in operands)), Map(result.whole, "copy", (y.whole,)))
    return ArrayProgram(tuple(Input(a, (size,)) for a in operands), lines, result)


@pytest.mark.parametrize("name", WORDS)
def test_a_word_gives_the_bits_of_numpy(name: str) -> None:
    """Special numbers in all combinations, and random ones, in arrays that fill vectors or do not."""
    rng = np.random.default_rng(3)
    arity = WORDS[name].arity
    grid = [np.array(g).ravel() for g in np.meshgrid(*[SPECIAL] * arity)][:arity]
    cases = [([g[:4096] for g in grid], False), ([rng.permutation(g)[:4096] for g in grid], True)]
    for n in (1, 7, 8, 9, 1003):
        xs = [rng.normal(size=n) * 10.0 ** rng.integers(-3, 3) for _ in range(arity)]
        cases += [(xs, False), (xs, True)]
    with np.errstate(all="ignore"):
        for xs, batched in cases:
            n = len(xs[0])
            program = word_program(name, 1 if batched else n, batched=batched)
            blocks = [a.reshape(n, 1) for a in xs] if batched else xs
            expected = np.broadcast_to(on_arrays(name)(*xs), (n,))
            if name in ZEROS:
                expected = np.where(xs[0] == xs[1], xs[1], expected)
            assert same_bits(run(program, blocks, [n] if batched else []).ravel(), expected)


@pytest.mark.parametrize("name", ["erf", "erfc"])
def test_one_exponential_serves_all_pieces_of_a_formula(name: str) -> None:
    """And wide vectors, where the machine has registers for them, share a call of an inner loop."""
    source = NativeBackend().compile(word_program(name, 1, batched=True)).source
    widths = {32, 8} if native.machine.registers() == 32 else {8}
    assert source.count("call void %") == 2 * len(widths)
    assert all(f"fdiv <{width} x double>" in source for width in widths)


@pytest.mark.parametrize("exponent", [2.0, 0.5, -1.0, 3.0])
def test_a_power_with_one_exponent_for_all_gives_the_bits_of_numpy(exponent: float) -> None:
    """NumPy's loop has short cuts for one exponent, which it knows by a step of 0."""
    xs = np.concatenate([SPECIAL, np.random.default_rng(0).uniform(0.0, 3.0, 1000)])
    made, blocks = compiled(lambda v, e: [a**e for a in v], xs, exponent)
    with np.errstate(all="ignore"):
        assert same_bits(run(made.program, blocks, []), on_arrays("pow")(xs, exponent))


# --- sums -----------------------------------------------------------------------------------------------------------


def total(n: int, *, batched: bool) -> ArrayProgram:
    a = Array("a", (1 if batched else n,), N if batched else None, "input")
    s, result = Array("s"), Array("result", (1,), role="result")
    reduction = Reduce(s.whole, "add", a.whole, ("terms", "batch") if batched else ("terms",))
    lines = (reduction, Map(result.whole, "copy", (s.whole,)))
    return ArrayProgram((Input(a, (1,) if batched else (n,)),), lines, result)


@pytest.mark.parametrize("batched", [False, True])
@pytest.mark.parametrize("n", [1, 7, 8, 9, 1024, 1031, 1_000_003])
def test_a_sum_loses_no_more_than_a_few_units(n: int, batched: bool) -> None:
    """Plain lanes lose some 60 ulp at a million terms."""
    xs = np.random.default_rng(n).uniform(0.5, 1.0, n)
    block = xs.reshape(n, 1) if batched else xs
    (found,) = run(total(n, batched=batched), [block], [n] if batched else [])
    exact = math.fsum(xs)
    assert abs(found - exact) <= 8.0 * math.ulp(exact)


@pytest.mark.parametrize("n", [1, 5, 8, 12])
def test_what_stands_behind_the_last_sample_is_in_no_sum(n: int) -> None:
    """A member that is written again, between two sums of it, and a factor that is infinite."""
    x, y = Array("x", (3,), N, "input"), Array("y", (3,), N)
    s, t, total = Array("s", (3,)), Array("t", (3,)), Array("total")
    result = Array("result", (7,), role="result")
    infinite = Array("w", (3,), role="constant", numbers=np.array([math.inf, 1.0, 0.0]))
    lines = (
        Map(y.whole, "mul", (x.whole, x.whole)),
        Reduce(s.whole, "add", y.whole, ("batch",)),
        Update(y.whole, "add", x.whole),
        Reduce(t.whole, "add", y.whole, ("batch",)),
        Contract(total.whole, y.whole, infinite.whole, "kn,k->"),
        Map(result[contiguous((3,))], "copy", (s.whole,)),
        Map(result[contiguous((3,), 3)], "copy", (t.whole,)),
        Map(result[contiguous((), 6)], "copy", (total.whole,)),
    )
    samples = np.arange(1.0, 3.0 * n + 1.0).reshape(n, 3)
    found = run(ArrayProgram((Input(x, (3,)),), lines, result), [samples], [n])
    squares = samples**2
    assert found.tolist() == [*squares.sum(axis=0), *(squares + samples).sum(axis=0), math.inf]


@pytest.mark.parametrize("batched", [False, True])
def test_a_sum_keeps_classes(batched: bool) -> None:
    for numbers_, expected in [([-0.0] * 9, -0.0), ([math.inf] * 9, math.inf), ([math.inf, -math.inf], math.nan)]:
        xs, n = np.array(numbers_), len(numbers_)
        found = run(total(n, batched=batched), [xs.reshape(n, 1) if batched else xs], [n] if batched else [])
        assert same_bits(found, [expected])


@pytest.mark.parametrize("n", [1, 7, 8, 9, 31])
def test_samples_beyond_the_last_one_count_for_nothing(n: int) -> None:
    """The padding of a row holds zeros, and so 1/x infinity, which times 0 would be NaN."""
    b = Array("b", (2,), N, "input")
    inverse, sums, products = local(2, N), local(2), local(4)
    lines = (
        Map(inverse.whole, "div", (b.whole, b[contiguous((2,))])),
        Reduce(sums.whole, "add", inverse.whole, ("batch",)),
        Contract(products[contiguous((2, 2))], inverse.whole, inverse.whole, "in,jn->ij"),
    )
    both = Array("result", (6,), role="result")
    copies = (
        Map(both[contiguous((2,))], "copy", (sums.whole,)),
        Map(both[contiguous((4,), 2)], "copy", (products.whole,)),
    )
    program = ArrayProgram((Input(b, (2,)),), (*lines, *copies), both)
    assert run(program, [np.full((n, 2), 3.0)], [n]).tolist() == [float(n)] * 6


@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (3, 8), (4, 9), (7, 17), (13, 5), (17, 33)])
def test_products_of_all_sizes(shape: tuple[int, int]) -> None:
    """Tiles cover matrices of any size, with any number of samples."""
    m, k = shape
    a, v = Array("a", (m * k,), role="input"), Array("v", (k,), N, "input")
    table = contiguous((m, k))
    rng = np.random.default_rng(m)
    y, outer, z = local(m, N), local(m * k), local(m)
    for n in (1, 8, 21):
        A, V = rng.normal(size=m * k), rng.normal(size=(n, k))
        for lines, out in [
            ((Contract(y.whole, a[table], v.whole, "mk,kn->mn"),), y),
            (
                (
                    Contract(y.whole, a[table], v.whole, "mk,kn->mn"),
                    Contract(outer[table], y.whole, v.whole, "in,jn->ij"),
                ),
                outer,
            ),
            ((Contract(z.whole, a[table], a[contiguous((k,))], "mk,k->m"),), z),
            ((Contract(z.whole, a[Affine(0, (m, k), (1, m))], a[contiguous((k,))], "mk,k->m"),), z),
        ]:
            result = Array("result", (out.size,), out.dim, "result")
            copy = Map(result.whole, "copy", (out.whole,))
            program = ArrayProgram((Input(a, (m * k,)), Input(v, (k,))), (*lines, copy), result)
            sizes = [n] * len(program.dims)
            expected = interpret(program, [A, V], sizes)
            assert np.allclose(run(program, [A, V], sizes), expected, rtol=0.0, atol=1e-12 * np.abs(expected).max())


# --- programs -------------------------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_random_programs_over_samples(data: Any) -> None:
    n = data.draw(st.integers(1, 3))
    recipe = data.draw(recipes(n + 1))
    samples = data.draw(st.sampled_from([1, 7, 9]))
    P = np.array([[data.draw(numbers) for _ in range(n)] for _ in range(samples)])
    f = ag.batch_mean(lambda v, q: play(recipe, [*v, q]), batch=(0,))
    made, blocks = compiled(ag.value_and_grad(f, argnums=1), P, data.draw(numbers), batched=(0,))
    sizes = [samples] * len(made.program.dims)
    expected = interpret(made.program, blocks, sizes)
    scale = max(1.0, np.max(np.abs(expected), initial=0.0))
    assert np.allclose(run(made.program, blocks, sizes), expected, rtol=1e-9, atol=1e-9 * scale, equal_nan=True)


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid", "softplus", "gelu"])
def test_a_network(activation: str) -> None:
    model = nn.MLP(3, [9, 4, 2], activation=activation, seed=0)
    loss = ag.batch_mean(lambda v, t: nn.cross_entropy(model(v), t), batch=(0, 1))
    points, targets = np.random.default_rng(0).normal(size=(11, 3)), np.eye(2)[[0, 1] * 5 + [0]]
    f = ag.value_and_grad(loss, wrt=model.parameters())
    value, slopes = ag.compile(f, backend="native")(points, targets)
    expected, expected_slopes = ag.compile(f, backend="interpreter")(points, targets)
    assert value == pytest.approx(expected, rel=1e-13)
    assert slopes == pytest.approx(expected_slopes, rel=1e-12, abs=1e-15)


def test_words_on_the_same_members_share_a_loop_and_registers() -> None:
    y, z, w = local(64), local(64), local(64)
    a = Array("a", (64,), role="input")
    lines = [
        Map(y.whole, "neg", (a.whole,)),
        Map(z.whole, "mul", (y.whole, a.whole)),
        Map(w.whole, "sub", (z.whole, y.whole)),
    ]
    result = Array("result", (64,), role="result")
    program = plan(ArrayProgram((Input(a, (64,)),), (*lines, Map(result.whole, "copy", (w.whole,))), result))
    source = NativeBackend().compile(verify(program)).source
    assert source.count("= phi i64") == 1
    assert source.count("load <8 x double>") == source.count("store <8 x double>") == 1


def test_what_is_written_is_not_read_too_early() -> None:
    """Words on the same memory, but on other members, must not share a loop."""
    y, z = local(6), local(6)
    backwards = Affine(5, (6,), (-1,))
    lines = (Map(y.whole, "neg", (x.whole,)), Map(z.whole, "add", (y[backwards], x.whole)))
    changed = (*lines[:1], Map(z.whole, "copy", (y[backwards],)), Update(y.whole, "add", z.whole))
    for some, expected in [(lines, X - X[::-1]), (changed, -X - X[::-1])]:
        assert run(of(*some), [X, B], [SAMPLES]).tolist() == expected.tolist()


def test_threads_do_not_share_memory() -> None:
    fast = ag.compile(lambda v: [ag.exp(a) * a for a in v], backend="native")
    inputs = [np.full(50, float(k)) for k in range(40)]
    expected = [fast(v) for v in inputs]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            assert list(pool.map(fast, inputs)) == expected


# --- what cannot run ------------------------------------------------------------------------------------------------


def test_what_cannot_run_is_named() -> None:
    y = local(6)
    with pytest.raises(ProgramError, match=r"the op secret is a black box.* Choose numpy or auto"):
        NativeBackend().compile(of(Map(y.whole, "secret", (x.whole,))))


def test_without_llvmlite_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native.machine, "is_installed", lambda: False)
    with pytest.raises(MissingDependencyError, match=r"pip install -e \"\.\[native\]\""):
        ag.compile(lambda v: v * v, backend="native")(2.0)


def test_without_fused_multiply_add_there_is_no_native_code(monkeypatch: pytest.MonkeyPatch) -> None:
    class Old:
        get_default_triple = staticmethod(lambda: "x86_64-unknown-linux-gnu")

    monkeypatch.setattr(native.machine, "_llvm", lambda: Old)
    monkeypatch.setattr(native.machine, "processor", lambda: ("old", {"sse2": True}))
    assert "fused multiply-add" in native.machine.missing()


# --- the same bits everywhere ---------------------------------------------------------------------------------------

DIGEST = "9a912b578af240d2"


def spread_out(*shape: int) -> Any:
    """Numbers between -2 and 2, without a random generator, whose bits may change with NumPy."""
    k = np.arange(math.prod(shape), dtype=np.int64)
    return ((k * 2654435761 % 2**32) / 2.0**30 - 2.0).reshape(shape)


def digest() -> str:
    """Of programs of + - * / sqrt, neg, abs and max, sums and products of matrices, over samples and members."""

    def row(x: Any, w: Any, b: Any) -> Any:
        hidden = [ag.maximum(ag.sumprod(ws, x) + c, 0.0) for ws, c in zip(w, b, strict=True)]
        return abs(ag.fsum(hidden) - x[0] / (2.5 + x[1])) + ag.sqrt(hidden[0] * hidden[1] + 1.0)

    found = hashlib.sha256()
    w, b = spread_out(7, 5), spread_out(7)
    for n in (1, 7, 8, 9, 31, 2500):
        f = ag.value_and_grad(ag.batch_mean(row, batch=(0,)), argnums=(1, 2))
        value, (slopes, more) = ag.compile(f, backend="native")(spread_out(n, 5), w, b)
        found.update(np.concatenate([[value], slopes.ravel(), more]).tobytes())
    v = spread_out(1, 1500)[0]
    for part in (v, v[:17]):
        f = ag.value_and_grad(lambda v: ag.fsum([(a - c * a) ** 2 - a for a, c in pairwise(v)]))
        value, slopes = ag.compile(f, backend="native")(part)
        found.update(np.concatenate([[value], slopes]).tobytes())
    return found.hexdigest()[:16]


@pytest.mark.parametrize("masked", [False, True])
def test_bits_do_not_depend_on_the_processor(masked: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """With AVX-512 where there is one, and with AVX2 alone, which most processors have."""
    name, features = native.machine.processor()
    if masked:
        if not features.get("avx2"):
            pytest.skip("not a processor with AVX2")
        new = ("avx512", "avx10", "amx", "evex", "egpr", "apx")
        without = {feature: has and not feature.startswith(new) for feature, has in features.items()}
        monkeypatch.setattr(native.machine, "processor", lambda: ("haswell", without))
        assert native.machine.registers() == 16
    monkeypatch.setattr(building, "PROGRAMS", Store[building.Built](most=9, heaviest=10**6, weigh=lambda _: 1))
    assert digest() == DIGEST, name


def test_object_code_of_another_processor_is_not_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Machines that share a folder of programs may have different processors."""
    program = total(9, batched=False)
    kept = NativeBackend().compile(program).kept
    asked: list[str] = []
    for processor, times in [(kept.processor, 1), ("another processor", 0)]:
        asked.clear()
        with monkeypatch.context() as patch:
            patch.setattr(native, "disk", SimpleNamespace(load=asked.append))
            NativeBackend().compile(program, kept._replace(processor=processor))
        assert asked == [kept.key] * times

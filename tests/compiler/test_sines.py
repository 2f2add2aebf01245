"""Sines and cosines in machine code: the bits of NumPy, several at once, and the C library's where that is not sure."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite.compiler.backends import NativeBackend, native
from autograd_lite.compiler.backends.native import machine, sines, words
from tests.compiler.test_lines import in_numbers
from tests.compiler.test_native import SPECIAL, same_bits, word_program

pytestmark = pytest.mark.skipif(bool(native.missing()), reason=native.missing())
known = pytest.mark.skipif(not native.missing() and not machine.has_close_sines(), reason="not the sines of glibc")

N = 20_000
KINDS: dict[str, Callable[[Any], Any]] = {
    "small": lambda rng: rng.uniform(-0.9, 0.9, N),
    "turns": lambda rng: rng.uniform(-20.0, 20.0, N),
    "many turns": lambda rng: rng.uniform(-1.2e5, 1.2e5, N),
    "all sizes": lambda rng: rng.choice([-1.0, 1.0], N) * 10.0 ** rng.uniform(-320.0, 308.0, N),
    "near zeros": lambda rng: rng.integers(-60_000, 60_000, N) * (math.pi / 2) * (1.0 + rng.normal(size=N) * 1e-15),
    "near rows of the table": lambda rng: (rng.integers(-999, 999, N) + 0.5 * rng.integers(0, 2, N)) * (math.pi / 32),
    "near powers of two": lambda rng: (
        np.arcsin(2.0 ** -rng.integers(0, 30, N)) * (1.0 + rng.integers(-4, 5, N) * 2**-53)
    ),
    "special": lambda rng: rng.choice(SPECIAL, N),
}


@pytest.fixture
def _with_avx2(monkeypatch: pytest.MonkeyPatch) -> None:
    name, features = machine.processor()
    if not features.get("avx2"):
        pytest.skip("not a processor with AVX2")
    without = {feature: has and not feature.startswith(("avx512", "avx10", "amx")) for feature, has in features.items()}
    monkeypatch.setattr(machine, "processor", lambda: ("haswell" if "avx512f" in features else name, without))


def check(name: str, draw: Callable[[Any], Any], seeds: range) -> None:
    run = NativeBackend().compile(word_program(name, N, batched=False)).run
    with np.errstate(all="ignore"):
        for seed in seeds:
            x = draw(np.random.default_rng(seed))
            assert same_bits(run([x], ()), getattr(np, name)(x))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", sines.NEAR)
def test_the_bits_are_those_of_numpy(name: str, kind: str) -> None:
    check(name, KINDS[kind], range(2))


@pytest.mark.usefixtures("_with_avx2")
@pytest.mark.parametrize("name", sines.NEAR)
def test_the_bits_are_those_of_numpy_without_avx_512(name: str) -> None:
    check(name, KINDS["turns"], range(2))


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", sines.NEAR)
def test_twenty_million_numbers(name: str, kind: str) -> None:
    check(name, KINDS[kind], range(1000))


@known
def test_the_result_is_known_to_a_hundredth_of_a_unit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a doubt a few in a hundred would be rounded otherwise than the library does, with bad numbers all."""
    x = np.random.default_rng(0).uniform(-20.0, 20.0, N)
    with monkeypatch.context() as patch:
        patch.setattr(sines, "DOUBT", 1.0)  # never
        patch.setattr(words, "near", sines.near.__wrapped__)
        found = NativeBackend().compile(word_program("sin", N, batched=False)).run([x], ())
    nearest = np.sin(x.astype(np.longdouble)).astype(float)
    if np.finfo(np.longdouble).nmant > 60:
        assert np.count_nonzero(found != nearest) <= N // 500
    assert 0 < np.count_nonzero(found != np.sin(x)) <= N // 20
    assert np.abs(found - np.sin(x)).max() <= 2.0**-53


@known
def test_few_numbers_are_left_to_the_library() -> None:
    x = np.random.default_rng(0).uniform(-20.0, 20.0, N)
    y = np.sin(x.astype(np.longdouble))
    place = np.spacing(np.abs(y.astype(float)))
    is_unsure = np.abs((y - y.astype(float)) / place) >= sines.DOUBT * 2.0**52
    assert np.count_nonzero(is_unsure) <= N // 6


@known
def test_one_sine_is_asked_of_the_library() -> None:
    program, blocks = in_numbers(lambda x: [ag.sin(x[0]), ag.cos(x[1])], np.array([0.3, 1e300]))
    executable = NativeBackend().compile(program)
    assert "call double %" in executable.source
    assert list(executable.run(blocks, ())) == [math.sin(0.3), math.cos(1e300)]


@pytest.mark.parametrize("libm", ["", "musl 1.2", "glibc 2.27", "glibc"])
def test_other_libraries_are_asked_number_by_number(libm: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "libm", lambda: libm)
    monkeypatch.setattr(machine, "has_close_sines", machine.has_close_sines.__wrapped__)
    assert not machine.has_close_sines()
    assert "near_sine" not in NativeBackend().compile(word_program("sin", 40, batched=False)).source
    check("sin", KINDS["turns"], range(1))


def test_sines_that_are_not_the_library_s_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "libm", lambda: "glibc 2.36")
    monkeypatch.setattr(
        machine, "np", type("", (), {"linspace": np.linspace, "cos": np.cos, "sin": lambda x: np.sin(x) * (1 + 2**-52)})
    )
    assert not machine.has_close_sines.__wrapped__()

"""What can be compiled and how it is called: keywords, methods, partials; copies and pickles of what comes out."""

from __future__ import annotations

import copy
import functools
import gc
import multiprocessing
import pickle
import subprocess
import sys
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value, nn


def product(a: Any, b: Any) -> Any:
    return a * b


KEYWORDS = {
    "all": (lambda a, b: a * b, (), {"a": 2.0, "b": 3.0}),
    "after a positional one": (lambda a, b: a * b, (2.0,), {"b": 3.0}),
    "keyword-only": (lambda *, a, b: a * b, (), {"a": 2.0, "b": 3.0}),
    "any keyword": (lambda **kw: kw["a"] * kw["b"], (), {"a": 2.0, "b": 3.0}),
    "a default that stays": (lambda a, b=3.0: a * b, (), {"a": 2.0}),
    "a dict": (lambda d: d["a"] * d["b"], (), {"d": {"a": 2.0, "b": 3.0}}),
    "an array": (lambda v, w: ag.sumprod(list(v), list(w)), (), {"v": np.arange(300.0), "w": np.ones(300)}),
    "text": (lambda v, how: ag.exp(v) if how == "exp" else v, (2.0,), {"how": "exp"}),
}


@pytest.mark.parametrize("case", KEYWORDS)
def test_keywords(case: str) -> None:
    f, args, named = KEYWORDS[case]
    fast = ag.compile(f)
    eager = f(*args, **named)
    for _ in range(2):
        assert fast(*args, **named) == pytest.approx(eager.data if isinstance(eager, Value) else eager)


def test_a_keyword_is_another_structure_than_a_position() -> None:
    fast = ag.compile(lambda a, b: a - b)
    assert fast(5.0, 3.0) == fast(5.0, b=3.0) == fast(b=3.0, a=5.0) == 2.0


# --- methods --------------------------------------------------------------------------------------------------------


class Line:
    """A class whose method is compiled."""

    def __init__(self, slope: float) -> None:
        self.slope = Value(slope)

    @ag.compile
    def at(self, v: Any) -> Any:
        """The height at v."""
        return self.slope * v

    @functools.partial(ag.compile, batch=(1,))
    def over(self, vs: Any) -> Any:
        return self.slope * vs


def test_a_method_is_compiled_for_each_instance() -> None:
    one, two = Line(2.0), Line(10.0)
    assert (one.at(3.0), two.at(3.0), one.at(4.0)) == (6.0, 30.0, 8.0)
    one.slope.data = 5.0
    assert one.at(3.0) == 15.0
    assert Line.at.__doc__ == "The height at v."
    assert one.at.program is one.at.program  # compiled once
    assert one.over(np.array([1.0, 2.0])).tolist() == [5.0, 10.0]


def test_a_compiled_method_keeps_no_instance_alive() -> None:
    line = Line(2.0)
    line.at(3.0)
    alive = weakref.ref(line)
    gc.disable()
    try:
        del line
        assert alive() is None
    finally:
        gc.enable()
    assert not Line.at._bound


def test_a_compiled_method_holds_a_temporary_instance() -> None:
    assert Line(3.0).at(2.0) == 6.0
    at, over, line = Line(3.0).at, Line(3.0).over, Line(1.0)
    step = line.at.step([line.slope])
    del line
    assert (at(2.0), at(5.0)) == (6.0, 15.0)
    assert over(np.array([1.0, 2.0])).tolist() == [3.0, 6.0]
    assert step(np.array([4.0]), 2.0).tolist() == [8.0]
    assert copy.copy(Line(3.0).at)(2.0) == 6.0


def test_an_instance_without_weak_references() -> None:
    class Slotted:
        __slots__ = ("k",)

        @ag.compile
        def times(self, v: Any) -> Any:
            return self.k * v

    thing = Slotted()
    thing.k = 3.0
    assert thing.times(2.0) == 6.0


def test_bound_methods_and_partials() -> None:
    line = Line(2.0)
    plain = type("Plain", (), {"at": lambda self, v: self.k * v, "k": 4.0})()
    assert ag.compile(plain.at)(3.0) == 12.0
    assert ag.compile(line.at)(3.0) == 6.0  # of a compiled one too
    assert ag.compile(functools.partial(product, 5.0))(3.0) == 15.0
    assert ag.compile(functools.partial(product, b=5.0))(3.0) == 15.0
    model = nn.MLP(2, [2, 1], seed=0)
    assert ag.compile(model)([0.1, 0.2]) == pytest.approx(model([0.1, 0.2]).data)


# --- copies and pickles ---------------------------------------------------------------------------------------------

fast_product = ag.compile(product)
WAYS = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda f: pickle.loads(pickle.dumps(f)),  # noqa: S301 - our own
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("is_used", [False, True])
def test_copies(way: str, is_used: bool) -> None:
    fast = ag.compile(product, batch=(0,))
    if is_used:
        fast([1.0, 2.0], 3.0)
    other = WAYS[way](fast)
    assert other([1.0, 2.0], 4.0).tolist() == [4.0, 8.0]
    assert other is not fast
    assert other.__name__ == "product"


def test_a_pickle_holds_the_function_by_reference_and_no_source() -> None:
    fast = ag.compile(ag.value_and_grad(product))
    fast(2.0, 3.0)
    content = pickle.dumps(fast)
    assert b"def run" not in content
    assert len(content) < 600
    assert pickle.loads(content)(2.0, 3.0) == (6.0, 3.0)  # noqa: S301 - our own


def test_copies_share_captured_leaves() -> None:
    w = Value(2.0)
    fast = ag.compile(lambda v: w * v)
    other = copy.copy(fast)
    w.data = 5.0
    assert fast(3.0) == other(3.0) == 15.0


def test_cloudpickle() -> None:
    cloudpickle = pytest.importorskip("cloudpickle")
    fast = ag.compile(lambda v: 3.0 * v)
    assert pickle.loads(cloudpickle.dumps(fast))(2.0) == 6.0  # noqa: S301 - our own


@ag.compile
def decorated(x: Any) -> Any:
    return x * x


class Decorated:
    def __init__(self, w: float) -> None:
        self.w = w

    @ag.compile
    def at(self, x: Any) -> Any:
        return self.w * x

    @functools.partial(ag.compile, batch=(1,))
    def rows(self, xs: Any) -> Any:
        return self.w * xs


def test_a_decorated_function_is_pickled_by_its_name() -> None:
    content = pickle.dumps(decorated)
    assert len(content) < 100
    assert pickle.loads(content) is decorated  # noqa: S301 - our own
    assert copy.deepcopy(decorated) is decorated


@pytest.mark.parametrize("way", WAYS)
def test_a_method_is_copied_with_its_instance(way: str) -> None:
    one = Decorated(3.0)
    other = WAYS[way](one.at)
    one.w = 5.0
    assert other(2.0) == (10.0 if way == "copy" else 6.0)
    assert WAYS[way](one.rows)([1.0, 2.0]).tolist() == [5.0, 10.0]


SCRIPT = """
import multiprocessing, pickle, sys
import autograd_lite as ag

@ag.compile
def cube(x):
    return x * x * x

if __name__ == "__main__":
    try:
        import cloudpickle
    except ImportError:
        cloudpickle = None
    if cloudpickle:
        content = cloudpickle.dumps(cube)
        assert pickle.loads(content)(2.0) == 8.0
    with multiprocessing.get_context(sys.argv[1]).Pool(1) as pool:
        print(pool.map(cube, [1.0, 2.0]))
"""


@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_a_decorated_function_of_a_script_goes_to_other_processes(tmp_path: Path, method: str) -> None:
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip("this system has no such method")
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    started = [sys.executable, str(script), method]
    told = subprocess.run(started, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    assert told.stdout == "[1.0, 8.0]\n", told.stderr


def test_isinstance_of_a_traced_value() -> None:
    seen = []

    def f(v: Any) -> Any:
        seen.append(isinstance(v, Value))
        return v * 2.0

    assert ag.compile(f)(3.0) == 6.0
    assert seen == [True]

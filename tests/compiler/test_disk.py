"""Code kept on disk: the next process finds it; what is damaged or not ours alone is as good as none."""

from __future__ import annotations

import os
import pickle
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value, nn
from autograd_lite.compiler import building, disk
from autograd_lite.compiler.backends import native
from autograd_lite.compiler.backends.native import machine
from autograd_lite.compiler.building import PROGRAMS

posix = pytest.mark.skipif(not hasattr(os, "geteuid"), reason="owners and modes are those of POSIX")
needs_native = pytest.mark.skipif(bool(native.missing()), reason=native.missing() or "native")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of its own, where everything is kept however fast it was built."""
    disk.key_of()
    if not native.missing():
        run("native")  # what a process compiles or reads once, for all programs, is none of these tests' files
    monkeypatch.setenv("AUTOGRAD_LITE_CACHE", str(tmp_path / "new" / "cache"))
    monkeypatch.setattr(building, "WORTHWHILE", -1.0)
    return tmp_path / "new" / "cache"


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was built and not found, in order: "program" or "object code"."""
    made: list[str] = []
    original, compiled = building._built, machine.compiled

    def built(*args: Any, **named: Any) -> Any:
        made.append("program")
        return original(*args, **named)

    def compiling(source: str, level: int) -> bytes:
        made.append("object code")
        return compiled(source, level)

    monkeypatch.setattr(building, "_built", built)
    monkeypatch.setattr(machine, "compiled", compiling)
    return made


def make(backend: str = "numpy", *, factor: float = 2.0) -> Any:
    """A compiled function in what could be a new process."""
    PROGRAMS.clear()
    w = Value(3.0, "w")
    return ag.compile(ag.value_and_grad(lambda x: ag.fsum([ag.sin(w * v) * factor for v in x])), backend=backend)


def run(backend: str = "numpy", **named: float) -> tuple[float, list[float], str]:
    fast = make(backend, **named)
    value, slope = fast(np.linspace(0.0, 1.0, 5))
    return value, slope.tolist(), fast.source


def files(cache: Path) -> list[Path]:
    return sorted(cache.iterdir(), key=lambda path: path.stat().st_size)


@pytest.mark.parametrize("backend", ["numpy", "floats", "interpreter", pytest.param("native", marks=needs_native)])
def test_a_later_process_builds_nothing(cache: Path, builds: list[str], backend: str) -> None:
    first = run(backend)
    assert builds == ["program", "object code"] if backend == "native" else ["program"]
    builds.clear()
    assert run(backend) == first  # the same bits, and the same source
    assert builds == []
    run(backend, factor=3.0)
    assert "program" in builds


@pytest.mark.parametrize("backend", ["numpy", "interpreter", pytest.param("native", marks=needs_native)])
def test_loops_and_look_ups_are_kept_too(cache: Path, builds: list[str], backend: str) -> None:
    def run(steps: int) -> list[float]:
        PROGRAMS.clear()
        w = [Value(0.5, "w"), Value(-1.0, "w")]

        def f(x: float, i: float) -> Any:
            c, ys = ag.scan(lambda c, z: (ag.tanh(c * ag.take(w, i) + z), c * w[0]), x, [0.1] * steps)
            return c + ag.fsum(list(ys))

        value, slopes = ag.compile(ag.value_and_grad(f, wrt=w), backend=backend)(0.3, 1.0)
        return [value, *slopes]

    first = run(40)
    assert "program" in builds
    builds.clear()
    assert run(40) == first
    assert builds == []
    assert run(41) != first


def test_only_its_owner_can_read_what_is_kept(cache: Path) -> None:
    run()
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700 or os.name == "nt"
    assert {stat.S_IMODE(path.stat().st_mode) for path in files(cache)} == {0o600} or os.name == "nt"


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda content: b"",
    "cut": lambda content: content[:-1],
    "longer": lambda content: content + b"\0",
    "a flipped bit": lambda content: content[:-40] + bytes([content[-40] ^ 1]) + content[-39:],
    "another head": lambda content: b"b" + content[1:],
    "another digest": lambda content: content[:20] + bytes([content[20] ^ 1]) + content[21:],
    "something else": lambda content: pickle.dumps(print),
}


@pytest.mark.parametrize("how", DAMAGE)
@pytest.mark.parametrize("backend", ["numpy", pytest.param("native", marks=needs_native)])
def test_a_damaged_file_is_built_anew_and_replaced(cache: Path, builds: list[str], how: str, backend: str) -> None:
    first = run(backend)
    sound = [path.read_bytes() for path in files(cache)]
    for path in files(cache):
        path.write_bytes(DAMAGE[how](path.read_bytes()))
    builds.clear()
    assert run(backend) == first
    assert "program" in builds
    assert [path.read_bytes() for path in files(cache)] == sound


@needs_native
def test_object_code_that_is_gone_is_compiled_again(cache: Path, builds: list[str]) -> None:
    first = run("native")
    objects = [path for path in files(cache) if b"ELF" in path.read_bytes()[48:60] or b"run" in path.read_bytes()]
    for path in objects:
        path.unlink()
    builds.clear()
    assert run("native") == first
    assert "object code" in builds


@needs_native
def test_code_for_another_processor_is_not_loaded(
    cache: Path, builds: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A home directory may be that of several machines, and an instruction that one lacks ends the process."""
    first = run("native")
    monkeypatch.setattr(machine, "identity", lambda: "another processor")
    builds.clear()
    assert run("native")[:2] == first[:2]
    assert builds == ["object code"]


@needs_native
def test_a_self_test_that_was_passed_is_not_taken_again(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = ["other numbers", "other numbers", "", "never asked"]
    monkeypatch.setattr(native, "_self_test", lambda: answers.pop(0))
    told = []
    for _ in range(5):
        native.missing.cache_clear()
        told.append(native.missing())
    assert told == ["other numbers", "other numbers", "", "", ""]
    monkeypatch.setattr(machine, "identity", lambda: "another processor")
    native.missing.cache_clear()
    assert native.missing() == "never asked"
    native.missing.cache_clear()


def link(path: Path) -> None:
    elsewhere = path.with_name(f"{path.name}.elsewhere")
    path.rename(elsewhere)
    path.symlink_to(elsewhere)


def other_owner(path: Path) -> None:
    if os.geteuid():
        pytest.skip("only root can give a file away")
    os.chown(path, 12345, -1)


MISTRUSTED: dict[str, tuple[Callable[[Path], None], str]] = {
    "link": (link, "it is a link"),
    "group": (lambda path: path.chmod(0o720), "other users can write to it"),
    "others": (lambda path: path.chmod(0o702), "other users can write to it"),
    "owner": (other_owner, "it belongs to another user"),
}


@posix
@pytest.mark.parametrize("kind", MISTRUSTED)
@pytest.mark.parametrize("where", ["folder", "file"])
def test_what_others_could_have_written_is_not_loaded(
    cache: Path, builds: list[str], monkeypatch: pytest.MonkeyPatch, kind: str, where: str
) -> None:
    first = run()
    change, told = MISTRUSTED[kind]
    change(cache if where == "folder" else files(cache)[0])

    def refuse(content: bytes) -> None:
        pytest.fail(f"{content[:20]!r} was loaded")

    monkeypatch.setattr(pickle, "loads", refuse)
    builds.clear()
    assert run() == first
    assert builds == ["program"]
    assert disk.state().problem == (told if where == "folder" else "")


@posix
@pytest.mark.parametrize("kind", MISTRUSTED)
def test_nothing_is_written_or_removed_where_others_could_write(cache: Path, kind: str) -> None:
    run()
    MISTRUSTED[kind][0](cache)
    before = {path.name: path.read_bytes() for path in files(cache)}
    run(factor=5.0)
    assert disk.clear() == 0
    assert {path.name: path.read_bytes() for path in files(cache)} == before


def test_it_can_be_switched_off(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    for said in ("off", "OFF", " off ", "0", ""):
        monkeypatch.setenv("AUTOGRAD_LITE_CACHE", said)
        assert disk.folder() is None
        run()
    assert not cache.exists()
    assert disk.state() == disk.State(None, "", 0, 0)


@posix
def test_where_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("AUTOGRAD_LITE_CACHE")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert disk.folder() == tmp_path / ".cache" / "autograd_lite"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "x"))
    assert disk.folder() == tmp_path / "x" / "autograd_lite"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")  # to be ignored, by its specification
    assert disk.folder() == tmp_path / ".cache" / "autograd_lite"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert disk.folder() == tmp_path / "Library" / "Caches" / "autograd_lite"


def test_without_a_home_nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AUTOGRAD_LITE_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)  # what it does if there is none
    monkeypatch.setattr(sys, "platform", "linux")
    assert disk.folder() is None
    run()


@posix
@pytest.mark.parametrize("path", ["/dev/null/nothing", "/dev/null", "\ud800", "nul\0"])
def test_an_impossible_folder_hinders_no_call(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setattr(building, "WORTHWHILE", -1.0)
    monkeypatch.setattr(disk, "folder", lambda: Path(path))
    assert run()[0] > 0.0
    assert disk.state().files == 0


def test_a_full_disk_hinders_no_call(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    assert run() == run()
    assert files(cache) == []  # no half of a file either


def test_an_interrupt_leaves_no_half_of_a_file(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run()
    assert files(cache) == []
    assert run() == run()


def test_what_was_used_longest_ago_goes_first(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "LARGEST", 1000)
    keys = [disk.key_of("test", k) for k in range(12)]
    for k, key in enumerate(keys):
        disk.save(key, bytes(100))
        os.utime(cache / f"{key}.code", (1000.0 + k, 1000.0 + k))
        assert disk.load(keys[0]) is not None  # which makes it the last that was used
        assert disk.state().size <= 1000
    assert disk.load(keys[1]) is None
    assert disk.load(keys[11]) == bytes(100)


def test_what_nobody_finished_writing_is_removed(cache: Path) -> None:
    disk.save("a", b"1")
    old, new = cache / "old.tmp", cache / "new.tmp"
    for path in (old, new, cache / "notes.txt"):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 4000.0,) * 2)
    disk.save("b", b"2")
    assert not old.exists()
    assert new.exists()
    assert disk.clear() == 3
    assert [path.name for path in files(cache)] == ["notes.txt"]  # no file of ours


def test_processes_and_threads_write_one_file(cache: Path) -> None:
    content = [bytes([k]) * 100_000 for k in range(4)]

    def write(k: int) -> set[bytes | None]:
        seen = set()
        for _ in range(20):
            disk.save("key", content[k])
            seen.add(disk.load("key"))
        return seen

    with ThreadPoolExecutor(4) as pool:
        assert set().union(*pool.map(write, range(4))) <= set(content)
    assert disk.state().files == 1


def test_the_key_holds_all_that_code_depends_on(monkeypatch: pytest.MonkeyPatch) -> None:
    first = disk.key_of("x")
    for thing, name, other in [(np, "__version__", "0"), (sys, "version", "0"), (disk, "_source", lambda _: "0")]:
        with monkeypatch.context() as patch:
            patch.setattr(thing, name, other)
            disk._surroundings.cache_clear()
            assert disk.key_of("x") != first
    disk._surroundings.cache_clear()
    assert disk.key_of("x") == first


def test_source_is_read_again_only_where_a_file_changed(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "compiler" / "backends").mkdir(parents=True)
    read: list[str] = []
    original = disk._content
    monkeypatch.setattr(disk, "_content", lambda path: read.append(Path(path).name) or original(path))

    def source() -> str:
        read.clear()
        return disk._source(tmp_path)

    found = {source()}
    for name in ("ops.py", "compiler/graph.py", "compiler/backends/base.py"):
        for content in ("x = 1\n", "x = 2\n"):
            (tmp_path / name).write_text(content)
            found.add(source())
            assert Path(name).name in read
            assert source() in found
            assert read == []
    assert len(found) == 7
    os.utime(tmp_path / "ops.py", (1.0, 1.0))
    assert source() in found  # the same content
    (tmp_path / "notes.txt").write_text("")
    source()
    assert read == []


SCRIPT = """
import sys
import numpy as np
from autograd_lite import nn
from autograd_lite.compiler import building, slopes
from autograd_lite.compiler.backends import native
building.WORTHWHILE = -1.0
counts = {}
def count(module, name):
    original = getattr(module, name)
    def counting(*args, **named):
        counts[name] += 1
        return original(*args, **named)
    counts[name] = 0
    setattr(module, name, counting)
count(building, "_built")
count(slopes, "graph_adjoints")
count(native, "_self_test")
count(native.machine, "compiled")
X = np.linspace(-1.0, 1.0, 200).reshape(100, 2)
history = nn.fit(nn.MLP(2, [4, 1], seed=0), X, X[:, 0] ** 2, loss="mean_squared_error", optimizer="sgd", epochs=3)
print(history.loss[-1].hex(), "numpy.ma" in sys.modules, *counts.values())
"""


def test_another_process_trains_to_the_same_bits_and_builds_nothing(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither programs nor the gradient's graph nor machine code; nor does it test the machine, or import much."""
    monkeypatch.delenv(building.VARIABLE, raising=False)
    started = [sys.executable, "-c", SCRIPT]
    told = [
        subprocess.run(started, capture_output=True, text=True, check=True).stdout.split()  # noqa: S603 - our own
        for _ in range(2)
    ]
    loss, imported, built, *others = told[0]
    assert int(built) > 0
    assert others == (["1", "0", "0"] if native.missing() else ["1", "1", "3"])
    assert imported == "False"
    assert told[1] == [loss, "False", "0", "0", "0", "0"]


def test_a_trace_that_a_user_wrote_is_what_is_kept_of_it(cache: Path) -> None:
    """No file holds a label that is not in the source, nor the numbers of leaves."""
    model = nn.MLP(2, [3, 1], seed=0)
    model.layers[0].neurons[0].b.data = 0.123456789
    PROGRAMS.clear()
    ag.compile(lambda x: model(list(x)), backend="numpy")(np.ones(2))
    whole = b"".join(path.read_bytes() for path in files(cache))
    assert np.float64(0.123456789).tobytes() not in whole

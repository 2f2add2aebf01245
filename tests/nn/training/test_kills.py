"""Real kill -9 and real Ctrl-C, at any time: the file is whole, and training goes on from it to the same bits."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from autograd_lite import nn
from autograd_lite.errors import ModelFileError

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are sent as POSIX sends them")

BLOCKS = [pytest.param(i, marks=pytest.mark.long) for i in range(1, 11)]

# Loads everything once; for each line that it reads a child works, gets a signal after some seconds, and ends. Python
# drops a KeyboardInterrupt that comes while it runs a __del__, so Ctrl-C is pressed again after a while.
LAUNCHER = """
import os, signal, sys, time, traceback
from pathlib import Path
import numpy as np
from autograd_lite import nn
from autograd_lite.cli import main

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs start with it ignored
path = Path(sys.argv[1])
{work}
def child(ready):
    try:
        os.write(ready, b"x")
        code = work()
    except KeyboardInterrupt:  # before or after what is tested
        code = 130
    except BaseException:
        traceback.print_exc()
        code = 1
    os._exit(code or 0)

def status(process, number):
    for _ in range(10 if number else 0):
        os.kill(process, number)
        for _ in range(300):
            ended, status = os.waitpid(process, os.WNOHANG)
            if ended:
                return status
            time.sleep(0.01)
    return os.waitpid(process, 0)[1]

for line in sys.stdin:
    number, seconds = line.split()
    begun, ready = os.pipe()
    process = os.fork()
    if process == 0:
        child(ready)
    os.read(begun, 1)
    time.sleep(float(seconds))
    print(status(process, int(number)), flush=True)
"""

SAVE = """
models = [nn.MLP(40, [40, 1], seed=seed) for seed in (1, 2)]

def work():
    while True:
        for model in models:
            nn.save(model, path)
"""

TRAIN = """
X = np.random.default_rng(0).normal(size=(60, 2))

def work():
    model, optimizer, history = nn.MLP(2, [3, 1], activation="tanh", seed=0), nn.Adam(0.01), nn.History(seed=4)
    if path.exists():
        saved = nn.load_checkpoint(path)
        model, optimizer, history = saved.model, saved.optimizer, saved.history
    epochs = int(path.with_suffix(".epochs").read_text())
    nn.fit(model, X, X.sum(axis=1), loss="mean_squared_error", optimizer=optimizer, batch_size=4, epochs=epochs,
           resume=history, callbacks=[nn.Checkpoint(path)], compile={compiled})
"""

COMMAND = """
os.chdir(path.parent)

def work():
    with open("said", "a") as said:
        os.dup2(said.fileno(), 1)
        os.dup2(said.fileno(), 2)
        return main(["train", "data.csv", "--target", "y", "--hidden", "4", "--epochs", "300", "-o", path.name])
"""


@contextlib.contextmanager
def launcher(work, path):
    """A function that runs `work` in a process, sends it a signal after some seconds, and tells how it ended."""
    command = [sys.executable, "-c", LAUNCHER.replace("{work}", work), str(path)]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    with subprocess.Popen(  # noqa: S603 - our own program
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:

        def run(number=0, seconds=0.0):
            process.stdin.write(f"{int(number)} {seconds}\n")
            process.stdin.flush()
            return os.waitstatus_to_exitcode(int(process.stdout.readline()))

        yield run
        process.stdin.close()


def numbers(model):
    return [p.data for p in model.parameters()]


def leftovers(path):
    return [p.name for p in path.parent.iterdir() if p.name.endswith(".tmp")]


def kill_while_saving(path, times, rng):
    expected = [numbers(nn.MLP(40, [40, 1], seed=seed)) for seed in (1, 2)]
    nn.save(nn.MLP(40, [40, 1], seed=1), path)
    halfway = 0
    with launcher(SAVE, path) as run:
        for _ in range(times):
            assert run(signal.SIGKILL, rng.uniform(0.0, 0.02)) == -signal.SIGKILL
            assert numbers(nn.load(path)) in expected
            halfway += bool(leftovers(path))
            assert len(leftovers(path)) <= 1  # that of the one before is swept
    nn.save(nn.MLP(1, [1]), path)
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    return halfway


def test_killed_while_saving(tmp_path):
    kill_while_saving(tmp_path / "model.npz", 5, np.random.default_rng())


@pytest.mark.parametrize("block", BLOCKS)
def test_killed_a_hundred_times_while_saving(block, tmp_path):
    assert kill_while_saving(tmp_path / "model.npz", 100, np.random.default_rng(block)) > 0


def disturbed(path, times, rng, number, *, compiled):
    """Train, disturbed by a signal so many times, then to the end, and once more undisturbed."""
    epochs = path.with_suffix(".epochs")
    epochs.write_text("1000000", encoding="ascii")
    done = between = 0
    with launcher(TRAIN.replace("{compiled}", str(compiled)), path) as run:
        for _ in range(times):
            code = run(number, rng.uniform(0.0, 0.12 if compiled else 0.04))
            assert code == -number or (number == signal.SIGINT and code in (0, 130))
            assert len(leftovers(path)) <= 1
            if path.exists():
                saved = nn.load_checkpoint(path)
                assert saved.optimizer.steps == 15 * saved.history.epochs + taken(saved.history) >= done
                done, between = saved.optimizer.steps, between + (taken(saved.history) > 0)
        epochs.write_text(str(done // 15 + 2), encoding="ascii")
        assert run() == 0
        saved = nn.load_checkpoint(path)
        path.unlink()
        assert run() == 0
    straight = nn.load_checkpoint(path)
    assert numbers(saved.model) == numbers(straight.model)
    assert saved.history.loss == straight.history.loss
    assert saved.history.gradient_norm == straight.history.gradient_norm
    return between


def taken(history):
    return history.unfinished.steps if history.unfinished else 0


@pytest.mark.parametrize(
    ("number", "compiled"), [(signal.SIGKILL, False), (signal.SIGINT, True)], ids=["kill", "ctrl-c"]
)
def test_disturbed_training_comes_to_the_same_bits(number, compiled, tmp_path):
    disturbed(tmp_path / "m.npz", 4, np.random.default_rng(), number, compiled=compiled)


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=["kill", "ctrl-c"])
def test_training_disturbed_a_hundred_times(number, block, tmp_path):
    path, rng = tmp_path / "m.npz", np.random.default_rng(block)
    compiled = block % 2 == 0
    between = disturbed(path, 100, rng, number, compiled=compiled)
    if number == signal.SIGKILL:
        assert between == 0  # the file holds whole epochs
    elif not compiled:
        assert between > 0  # compiled, a step is too short to be hit for sure


def interrupt_the_command(folder, times, rng):
    path, rows = folder / "model.npz", np.random.default_rng(0).normal(size=(60, 2))
    text = "".join(f"{a},{b},{a * b}\n" for a, b in rows)
    (folder / "data.csv").write_text(f"a,b,y\n{text}", encoding="ascii")
    written = 0
    with launcher(COMMAND, path) as run:
        for _ in range(times):
            code = run(signal.SIGINT, rng.uniform(0.0, 0.5))
            assert code in (0, 130)
            with contextlib.suppress(ModelFileError if code else ()):
                assert nn.load_table_model(path).encoding.target.name == "y"
                written += 1
            assert not leftovers(path)
            path.unlink(missing_ok=True)
        said = (folder / "said").read_text(encoding="utf-8")
    assert "Traceback" not in said
    return written


def test_an_interrupted_command(tmp_path):
    interrupt_the_command(tmp_path, 2, np.random.default_rng())


@pytest.mark.parametrize("block", BLOCKS)
def test_a_command_interrupted_many_times(block, tmp_path):
    assert interrupt_the_command(tmp_path, 20, np.random.default_rng(block)) > 0

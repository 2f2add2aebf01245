"""Training in processes of its own: the same bits every time, and a real Ctrl-C."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time

import pytest

TRAIN = """
import json, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs start with it ignored
import numpy as np
from autograd_lite import nn

rng = np.random.default_rng(0)
X = rng.normal(size=(200, 3))
y = X @ [1.0, -2.0, 0.5]
model = nn.MLP(3, [8, 1], activation="tanh", seed=1)
start = nn.predict(model, X)

class Say(nn.Callback):
    def after_epoch(self, training):
        if training.epoch == 3:
            print("running", flush=True)

settings = json.loads(sys.argv[1])
history = nn.fit(model, X, y, loss="mean_squared_error", optimizer=nn.Adam(0.01), batch_size=16, seed=5,
                 callbacks=[Say()], **settings)
weights = [p.data.hex() for p in model.parameters()]
finite = bool(np.isfinite(nn.predict(model, X)).all())
print(json.dumps([history.stopped, history.epochs, weights, finite, history.loss]), flush=True)
"""


def command(**settings):
    return [sys.executable, "-c", TRAIN, json.dumps(settings)]


BITS = """
import hashlib, io, sys
from pathlib import Path
import numpy as np
from autograd_lite import nn

rng = np.random.default_rng(0)
X = rng.normal(size=(90, 3))
y = X @ [1.0, -2.0, 0.5]
digest = hashlib.sha256()

def note(*things):
    for thing in things:
        digest.update(repr(thing).encode())

def weights(model):
    return [p.data.hex() for p in model.parameters()]

class Net(nn.Module):
    def __init__(self):
        self.parts = {"hidden": nn.Layer(3, 6, "tanh", seed=0), "dropout": nn.Dropout(6, 0.3)}
        self.output = nn.Layer(6, 1, "linear", seed=1)

    def __call__(self, x):
        return self.output(self.parts["dropout"](self.parts["hidden"](x)))[0]

for model in (nn.MLP(3, [8, 4, 1], activation="gelu", seed=1), Net()):
    for compiled in (True, False):
        settings = {"batch_size": 16, "seed": 5, "epochs": 3, "validation": 0.2, "metrics": nn.r2, "compile": compiled}
        history = nn.fit(model, X, y, loss="mean_squared_error", optimizer=nn.Adam(0.01, clip_norm=1.0), **settings)
        note(weights(model), history.loss, history.validation_loss, history.metrics, nn.predict(model, X).tobytes())
found = nn.fit_restarts(lambda seed: nn.MLP(2, [2, 1], seed=seed), *nn.XOR, starts=3, epochs=20,
                        loss="binary_cross_entropy_with_logits", optimizer=nn.SGD(1.0, momentum=0.5))
note(found.losses, weights(found.model))
path = Path(sys.argv[1])
nn.save(found.model, path, optimizer=nn.Adam(), notes={"b": 1, "a": [2]})
note(path.read_bytes())
if "estimators" in sys.argv:
    for kind, targets in ((nn.MLPClassifier, np.where(y > 0, "up", "down")), (nn.MLPRegressor, y)):
        for settings in ({}, {"restarts": 2, "early_stopping": True}, {"solver": "lbfgs"}):
            estimator = kind((6,), max_iter=30, random_state=3, tol=0.5, n_iter_no_change=1, **settings).fit(X, targets)
            note(*[w.tobytes() for w in estimator.coefs_], estimator.predict(X).tolist())
    rows = [[*map(str, x), "red" if t > 0 else "blue"] for x, t in zip(X, y)]
    path.write_text("\\n".join(",".join(row) for row in [["a", "b", "c", "colour"], *rows]))
    table = nn.train_on_csv(path, "colour", hidden=[4], epochs=5)
    note(weights(table.model), table.describe())
print(digest.hexdigest())
"""


def bits(hash_seed, folder, *parts):
    environment = {**os.environ, "PYTHONHASHSEED": str(hash_seed)}
    started = [sys.executable, "-W", "ignore", "-c", BITS, str(folder / f"{hash_seed}.npz"), *parts]
    return subprocess.run(  # noqa: S603 - our own program
        started, env=environment, capture_output=True, text=True, check=True
    ).stdout


def test_the_same_bits_in_processes_with_other_hash_seeds(tmp_path):
    assert len({bits(seed, tmp_path) for seed in (1, 2)}) == 1


@pytest.mark.long
def test_the_same_bits_in_twenty_processes(tmp_path):
    """Training, compiled and eager, restarts, files; the estimators and tables too."""
    assert len({bits(seed, tmp_path, "estimators") for seed in range(20)}) == 1


def pressed(process):
    """What a process writes after Ctrl-C, pressed again where Python drops it (as it does in a finalizer)."""
    for _ in range(5):
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.communicate(timeout=20)[0]
    process.kill()
    pytest.fail("Ctrl-C, pressed five times, did not end the training.")


@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT is sent as POSIX sends it")
def test_a_real_ctrl_c_returns_the_history_and_a_usable_model():
    started = command(epochs=10**6)
    with subprocess.Popen(started, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own program
        assert process.stdout.readline() == "running\n"
        time.sleep(0.05)
        output = pressed(process)
    stopped, epochs, weights, finite, losses = json.loads(output)
    assert (stopped, process.returncode, finite) == ("interrupted", 0, True)
    assert 3 <= epochs == len(losses) < 10**6
    assert len(weights) == 41

"""Scikit-learn's digits, network 64-32-10, softmax cross-entropy, mini-batches of 32, Adam: one epoch, side by side.

Ours is written with scalars and compiled; PyTorch runs eagerly (nn.Sequential), scikit-learn is `MLPClassifier`. All
start from the same weights and see the same rows, in orders of their own. One thread each, and one at a time.
Run it with ``python tests/benchmarks/digits.py``; a peer that is not installed is skipped. ``--whole`` times whole
commands: from the start of Python, through imports and compiling, to the end of the third epoch.
"""

from __future__ import annotations

import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import argparse
import importlib.util
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

LR, BATCH, TURNS, TURN, FEW, ROUNDS = 0.005, 32, 12, 5, 3, 7

Array = Any
Then = Callable[[], None]  # what happens between two epochs
Contender = tuple[Callable[[int, Then], None], Callable[[Array], Array]]  # trains some epochs; the scores of each class

# Contenders import what they need themselves: none pays for another's imports.
# ruff: noqa: PLC0415


def digits() -> dict[str, Array]:
    """Scikit-learn's data, a third of it held out."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    inputs, classes = load_digits(return_X_y=True)
    parts = train_test_split(inputs / 16.0, classes, test_size=1 / 3, random_state=0, stratify=classes)
    return dict(zip(("train_x", "test_x", "train_y", "test_y"), parts, strict=True))


def start() -> list[tuple[Array, Array]]:
    """Weights and biases of each layer, which all contenders share."""
    rng = np.random.default_rng(0)
    return [(rng.normal(scale=(2.0 / n) ** 0.5, size=(m, n)), np.zeros(m)) for n, m in ((64, 32), (32, 10))]


def ours(x: Array, y: Array) -> Contender:
    """One `nn.fit`, which says when an epoch has ended."""
    from autograd_lite import nn

    model = nn.MLP(64, [32, 10])
    (W1, b1), (W2, b2) = start()
    nn.from_numpy(model, {"layer1.W": W1, "layer1.b": b1, "layer2.W": W2, "layer2.b": b2})

    class Between(nn.Callback):
        reads_model = False

        def __init__(self, then: Then) -> None:
            self.then = then

        def after_epoch(self, training: nn.Training) -> None:  # noqa: ARG002 - the name is the callback's
            self.then()

    def train(epochs: int, then: Then) -> None:
        chosen = {"loss": "cross_entropy", "optimizer": nn.Adam(LR), "batch_size": BATCH}
        nn.fit(model, x, y, epochs=epochs, callbacks=[Between(then)], **chosen)

    return train, lambda inputs: nn.predict(model, inputs)


def scikit_learn(x: Array, y: Array) -> Contender:
    """One `fit`, which looks at its progress when an epoch has ended; `partial_fit` takes a fourth longer an epoch."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    class Between(MLPClassifier):
        def _update_no_improvement_count(self, *args: Any) -> None:
            super()._update_no_improvement_count(*args)
            self.then()

    chosen = {"learning_rate_init": LR, "batch_size": BATCH, "alpha": 0.0, "tol": 0.0, "n_iter_no_change": 10**6}
    model = Between((32,), random_state=0, **chosen)
    model.then = nothing
    model.partial_fit(x[:BATCH], y[:BATCH], classes=np.arange(10))
    for i, (weights, biases) in enumerate(start()):
        model.coefs_[i][...] = weights.T
        model.intercepts_[i][...] = biases
    del model._optimizer  # it begins anew
    model.set_params(warm_start=True)  # from these weights

    def train(epochs: int, then: Then) -> None:
        model.then = then
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # all epochs were wanted
            model.set_params(max_iter=epochs).fit(x, y)

    return train, model.predict_proba


def pytorch(x: Array, y: Array) -> Contender:
    """Eager PyTorch, as its tutorials write it."""
    import torch

    torch.set_num_threads(1)
    model = torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10)).double()
    with torch.no_grad():
        for layer, (weights, biases) in zip((model[0], model[2]), start(), strict=True):
            layer.weight.copy_(torch.tensor(weights))
            layer.bias.copy_(torch.tensor(biases))
    optimizer = torch.optim.Adam(model.parameters(), lr=LR)
    loss = torch.nn.CrossEntropyLoss()
    inputs, classes = torch.tensor(x), torch.tensor(y)

    def train(epochs: int, then: Then) -> None:
        for _ in range(epochs):
            order = torch.randperm(len(inputs))
            for first in range(0, len(inputs), BATCH):
                chosen = order[first : first + BATCH]
                optimizer.zero_grad()
                loss(model(inputs[chosen]), classes[chosen]).backward()
                optimizer.step()
            then()

    return train, lambda inputs: model(torch.tensor(inputs)).detach().numpy()


CONTENDERS = {"autograd_lite": ours, "scikit-learn": scikit_learn, "PyTorch, eager": pytorch}
if not importlib.util.find_spec("torch"):
    del CONTENDERS["PyTorch, eager"]


def nothing() -> None:
    """Between two epochs, nothing."""


def in_turns(made: dict[str, Contender], turns: int) -> dict[str, list[float]]:
    """Train each contender in a thread of its own, of which one runs at a time; the seconds of an epoch in each turn.

    A first turn is one epoch, the others are `TURN`: an epoch that begins with caches full of the other contenders'
    numbers takes longer than those that follow it, as they do in any training.
    """
    names = list(made)
    batons = {name: threading.Semaphore(0) for name in names}
    times: dict[str, list[float]] = {name: [] for name in names}

    def run(name: str, following: str) -> None:
        begun, left = 0.0, 1

        def take() -> None:
            nonlocal begun
            batons[name].acquire()
            begun = time.perf_counter()

        def epoch_ended() -> None:
            nonlocal left
            left -= 1
            if left == 0:
                times[name].append((time.perf_counter() - begun) / (TURN if times[name] else 1))
                batons[following].release()
                left = TURN
                if len(times[name]) <= turns:
                    take()

        take()
        try:
            made[name][0](1 + turns * TURN, epoch_ended)
        except BaseException:
            for baton in batons.values():  # nobody waits for what does not come
                baton.release(1 + turns)
            raise

    with ThreadPoolExecutor(len(names)) as threads:
        runs = [threads.submit(run, *pair) for pair in zip(names, names[1:] + names[:1], strict=True)]
        batons[names[0]].release()
    for each in runs:
        each.result()
    return times


def side_by_side(data: dict[str, Array], turns: int) -> None:
    """Take turns and print a table; a first epoch has all that training does before it."""
    made = {name: make(data["train_x"], data["train_y"]) for name, make in CONTENDERS.items()}
    times = in_turns(made, turns)
    own = statistics.median(times["autograd_lite"][1:])
    compiling = times["autograd_lite"][0] - own
    print(f"{len(data['train_x'])} rows, {turns} turns of {TURN} epochs; compiling took {compiling * 1e3:.0f} ms")
    print(f"{'':16}{'first':>10}{'min':>12}{'median':>12}{'ratio':>9}{'held out':>10}")
    for name, (first, *others) in times.items():
        middle = statistics.median(others)
        right = float(np.mean(np.argmax(made[name][1](data["test_x"]), 1) == data["test_y"]))
        each = "".join(f"{seconds * 1e3:9.2f} ms" for seconds in (first, min(others), middle))
        print(f"{name:16}{each[1:]}{middle / own:8.2f}x{right:10.3f}")


def whole_commands(data: dict[str, Array]) -> None:
    """Give each contender a fresh Python for a few epochs, in turns, and print how long that took in all."""
    times: dict[str, list[float]] = {name: [] for name in CONTENDERS}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "digits.npz"
        np.savez(path, **data)
        for _ in range(ROUNDS):
            for name, seconds in times.items():
                begun = time.perf_counter()
                command = [sys.executable, __file__, "--alone", name, str(path)]
                subprocess.run(command, check=True)  # noqa: S603 - this file itself
                seconds.append(time.perf_counter() - begun)
    own = statistics.median(times["autograd_lite"])
    print(f"Python started, all imported, {FEW} epochs done; median of {ROUNDS} runs")
    for name, seconds in times.items():
        middle = statistics.median(seconds)
        print(f"{name:16}{middle * 1e3:7.0f} ms{middle / own:8.2f}x")


def alone(name: str, path: str) -> None:
    """Train one contender for a few epochs."""
    with np.load(path) as data:
        train, _ = CONTENDERS[name](data["train_x"], data["train_y"])
    train(FEW, nothing)


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=TURNS, help=f"how many, of {TURN} epochs each")
    parser.add_argument("--whole", action="store_true", help=f"time whole commands of {FEW} epochs")
    parser.add_argument("--alone", nargs=2, metavar=("NAME", "DATA"), help="train one contender, as --whole asks for")
    given = parser.parse_args()
    if given.alone:
        alone(*given.alone)
    elif given.whole:
        whole_commands(digits())
    else:
        side_by_side(digits(), given.turns)


if __name__ == "__main__":
    main()

"""Ctrl-C at any line of the code of training: what stands then, in memory and on the disk, goes on bit for bit."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from autograd_lite import nn
from autograd_lite.errors import NonFiniteError, OperandError
from autograd_lite.nn.training import loop

RNG = np.random.default_rng(0)
X = RNG.normal(size=(7, 2))
Y = X @ [2.0, -1.0] + 0.5
EPOCHS = 3  # of three steps: batches of 3, 3 and 1
NN = Path(nn.__file__).parent
INTERRUPTED = {str(path) for room in ("optimizers", "saving", "training") for path in (NN / room).glob("*.py")}
INTERRUPTED |= {str(NN / "networks" / "weights.py"), str(NN / "files.py")}


class Net(nn.Module):
    def __init__(self):
        self.hidden, self.dropout = nn.Layer(2, 4, "tanh", seed=0), nn.Dropout(4, p=0.4)
        self.output = nn.Layer(4, 1, "linear", seed=1)

    def __call__(self, x):
        return self.output(self.dropout(self.hidden(x)))[0]


def numbers(model):
    return [p.data for p in model.parameters()]


def run(model, optimizer, history=None, *, callbacks=(), epochs=EPOCHS, batch_size=3, **settings):
    return nn.fit(
        model,
        X,
        Y,
        loss="mean_squared_error",
        optimizer=optimizer,
        epochs=epochs,
        batch_size=batch_size,
        resume=history or nn.History(seed=5),
        callbacks=[nn.ReduceOnPlateau(factor=0.5, patience=1), nn.Schedule(lambda e: 0.05 / e), *callbacks],
        **{"metrics": [nn.rmse], **settings},
    )


def what_happened(history):
    return [history.loss, history.validation_loss, history.gradient_norm, history.lr, history.metrics]


@pytest.fixture(scope="module")
def straight():
    model = Net()
    history = run(model, nn.Adam(0.05, clip_norm=1.0))
    assert history.unfinished is None
    return numbers(model), what_happened(history)


class Interrupt:
    """Raises KeyboardInterrupt before the n-th line that is run in the files of training."""

    def __init__(self, n):
        self.left = n

    def __call__(self, frame, event, _argument):
        if frame.f_code.co_filename not in INTERRUPTED:
            return None
        if event == "line":
            self.left -= 1
            if self.left == 0:
                raise KeyboardInterrupt
        return self

    def __enter__(self):
        self.before = sys.gettrace()
        sys.settrace(self)
        return self

    def __exit__(self, *_):
        sys.settrace(self.before)


def interrupted_at(n, path):
    """Interrupt a run at its n-th line; what stands then, and how many lines were left."""
    model, optimizer, history = Net(), nn.Adam(0.05, clip_norm=1.0), nn.History(seed=5)
    checkpoint = nn.Checkpoint(path, every=2)
    interrupt = Interrupt(n)
    try:
        with interrupt:
            run(model, optimizer, history, callbacks=[checkpoint])
    except KeyboardInterrupt:  # before training began, or when it had ended
        pass
    return model, optimizer, history, interrupt.left


def check_places(places, straight, tmp_path):
    stopped_within = 0
    for n in places:
        path = tmp_path / f"{n}.npz"
        model, optimizer, history, _ = interrupted_at(n, path)
        stopped_within += history.unfinished is not None
        if path.exists():
            saved = nn.load_checkpoint(path, Net())
            again = run(saved.model, saved.optimizer, saved.history)
            assert (numbers(saved.model), what_happened(again)) == straight, n
        again = run(model, optimizer, history)
        assert (numbers(model), what_happened(again)) == straight, n
    return stopped_within


def lines_of_a_run(tmp_path):
    return 10**9 - interrupted_at(10**9, tmp_path / "whole.npz")[3]


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")  # interrupted just before it is closed
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_interrupted_at_some_lines(straight, tmp_path):
    lines = lines_of_a_run(tmp_path)
    places = np.random.default_rng().choice(lines, size=20, replace=False) + 1
    assert check_places(places.tolist(), straight, tmp_path) > 0


@pytest.mark.long
@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")  # interrupted just before it is closed
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("block", range(10))
def test_interrupted_at_every_line(block, straight, tmp_path):
    check_places(range(1 + block, lines_of_a_run(tmp_path) + 1, 10), straight, tmp_path)


class Stops(nn.SGD):
    """Gradient descent, and Ctrl-C in one of its steps."""

    def rule(self, w, g, memory):
        if self.steps == self.at:
            raise KeyboardInterrupt
        return super().rule(w, g, memory)


def broken_off(at, **settings):
    model, optimizer = Net(), Stops(0.05, 0.5)
    optimizer.at = at
    history = run(model, optimizer, **settings)
    optimizer.at = -1
    return model, optimizer, history


def test_the_history_says_where():
    _, _, history = broken_off(5)
    assert (history.epochs, history.unfinished.steps, history.stopped) == (1, 2, "interrupted")
    assert str(history).startswith("1 epoch and 2 steps, loss ")
    assert broken_off(6)[2].unfinished is None  # between two epochs


def test_twice_interrupted():
    model, optimizer = Net(), nn.SGD(0.05, 0.5)
    expected = what_happened(run(model, optimizer))
    again, stops, history = broken_off(4)
    stops.at = 5
    run(again, stops, history)
    assert history.unfinished.steps == 2
    stops.at = -1
    places = []
    run(again, stops, history, callbacks=[lambda training: places.append(training.history.unfinished)])
    assert what_happened(history) == expected
    assert numbers(again) == numbers(model)
    assert places == [None, None]  # a checkpoint of the next epoch has no place in this one


def test_pressed_again_while_the_weights_are_written(monkeypatch):
    straight = Net()
    expected = what_happened(run(straight, nn.SGD(0.05, 0.5)))
    model, optimizer, history = Net(), Stops(0.05, 0.5), nn.History(seed=5)
    optimizer.at = 4
    write, pressed = loop.write_weights, []

    def interrupted(parameters, weights):
        if history.stopped and not pressed:
            pressed.append(True)
            write(parameters[:5], weights[:5])
            raise KeyboardInterrupt
        write(parameters, weights)

    monkeypatch.setattr(loop, "write_weights", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(model, optimizer, history)
    optimizer.at = -1
    assert what_happened(run(model, optimizer, history)) == expected
    assert numbers(model) == numbers(straight)


def test_other_batches_begin_the_epoch_anew():
    model, optimizer, history = broken_off(4)
    steps = optimizer.steps
    run(model, optimizer, history, epochs=2, batch_size=7)
    assert optimizer.steps == steps + 1
    assert history.epochs == 2


def test_old_weights_have_no_place_in_an_epoch(tmp_path):
    keep = nn.StopWhen(patience=100, keep_best=True)
    path = tmp_path / "model.npz"
    for callbacks in ([keep, nn.Checkpoint(path)], [nn.Checkpoint(path), keep]):
        model, history = broken_off_in_a_loss(callbacks)
        assert history.unfinished is None
        saved = nn.load_checkpoint(path, Net())
        assert saved.history.unfinished.steps == 2
        assert numbers(saved.model) != numbers(model)


def broken_off_in_a_loss(callbacks):
    """Broken off in the sixth step; the optimizer is one that can be saved."""
    samples = []

    def loss(output, target):
        samples.append(target)
        if len(samples) > 2 * 7 - 1:
            raise KeyboardInterrupt
        return (output - target) ** 2

    model, settings = Net(), {"epochs": 3, "batch_size": 3, "seed": 5, "compile": False, "callbacks": callbacks}
    return model, nn.fit(model, X, Y, loss=loss, optimizer=nn.Adam(0.05), **settings)


def test_ctrl_c_ends_all_starts():
    epochs = []

    def interrupt(training):
        epochs.append(training.epoch)
        if len(epochs) == 5:
            raise KeyboardInterrupt

    settings = {"loss": "mean_squared_error", "epochs": 3, "callbacks": [interrupt]}
    found = nn.fit_restarts(lambda seed: nn.Neuron(2, "linear", seed=seed), X, Y, starts=9, **settings)
    assert found.seeds == [0, 1]
    assert [h.stopped for h in found.histories] == ["all epochs", "interrupted"]


def test_an_error_leaves_a_place_to_go_on_from():
    model, optimizer, history = Net(), nn.SGD(0.05), nn.History(seed=5)
    calls = []

    def fails(outputs, targets):
        calls.append(1)
        if len(calls) == 2:
            raise LookupError("no disk")
        return 0.0

    with pytest.raises(LookupError, match="no disk"):
        run(model, optimizer, history, metrics=[fails])
    assert (history.epochs, history.unfinished.steps) == (1, 2)  # the last step of the epoch is taken again
    straight = Net()
    expected = run(straight, nn.SGD(0.05), metrics=[fails])
    assert run(model, optimizer, history, metrics=[fails]).loss == expected.loss
    assert numbers(model) == numbers(straight)


def test_after_divergence_optimizer_and_model_agree():
    model, optimizer = nn.Neuron(2, "linear", seed=3), nn.SGD(1e100, momentum=0.9)
    with pytest.raises(NonFiniteError):
        nn.fit(model, X, Y, loss="mean_squared_error", optimizer=optimizer, epochs=9, batch_size=3, seed=0)
    assert np.isfinite(numbers(model)).all()
    assert np.isfinite(optimizer.memory["change"]).all()


@pytest.mark.parametrize("penalty", [nn.L1(1e308), nn.L2(1e308)])
def test_a_penalty_beyond_all_numbers_is_an_error_and_no_warning(penalty):
    weights = np.array([1e300, 1.0, 1.0])
    assert penalty.value(weights) == np.inf
    assert penalty.gradient(weights)[1] >= 1e308
    model = nn.Neuron(2, "linear", seed=3)
    with pytest.raises(NonFiniteError, match="Training stopped in epoch"):
        nn.fit(model, X, Y, loss="mean_squared_error", optimizer=nn.SGD(0.1), epochs=5, penalty=penalty)
    assert np.isfinite(numbers(model)).all()


@pytest.mark.parametrize(("rows", "before"), [(1, "the last step"), (3, "the epoch")])
def test_weights_beyond_all_numbers_behind_a_saturated_loss(rows, before):
    model = nn.Neuron(1, "tanh", seed=3)
    start = numbers(model)
    data = {"X": [[1.0]] * rows, "y": [1e9] * rows, "loss": "mean_squared_error", "batch_size": 1}
    with pytest.raises(NonFiniteError, match=f"epoch 1: .*from before {before}"):
        nn.fit(model, **data, optimizer=nn.SGD(1e308), epochs=4)
    assert numbers(model) == start


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"callbacks": 3}, "3 is not a callback"),
        ({"callbacks": [nn.Progress]}, "is not a callback"),
        ({"callbacks": "stop"}, "'s' is not a callback"),
        ({"metrics": 3}, "3 is not a metric"),
        ({"metrics": {"error": "rmse"}}, "'rmse' is not a metric"),
        ({"validation": (X,)}, "give a share, such as 0.2, or a pair"),
        ({"validation": "some"}, "validation is 'some'"),
        ({"resume": 3}, "resume is 3"),
        ({"penalty": 0.1}, "0.1 is not a penalty"),
    ],
)
def test_what_is_of_the_wrong_kind_is_named(settings, words):
    with pytest.raises(OperandError, match=words):
        nn.fit(nn.Neuron(2), X, Y, **{"loss": "mean_squared_error", "epochs": 1, **settings})

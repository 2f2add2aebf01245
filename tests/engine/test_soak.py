"""Long runs: nothing is left for the collector, memory does not grow, and threads do not disturb each other."""

from __future__ import annotations

import contextlib
import gc
import sys
import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value, nn

RNG = np.random.default_rng(0)
SHORT, LONG = 100, pytest.param(10_000, marks=pytest.mark.long)


def task(rows):
    xs = RNG.normal(size=(rows, 2))
    return xs, np.sin(xs.sum(axis=1))


@contextlib.contextmanager
def without_collector():
    gc.collect()
    gc.freeze()  # what is there already is not looked at again
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class Watch(nn.Callback):
    """Asks the collector and the allocator after the first tenth of the steps, and at the end."""

    def __init__(self):
        self.garbage, self.memory = [], []

    def look(self):
        self.garbage.append(gc.collect())
        self.memory.append(tracemalloc.get_traced_memory()[0])

    def after_epoch(self, training):
        if training.epoch in (1, training.epochs):
            self.look()


def by_hand(steps, watch):
    """A loop as one writes it: forward, backward, a step."""
    model, optimizer = nn.MLP(2, [3, 1], activation="tanh", seed=0), nn.SGD(0.01, momentum=0.5)
    xs, targets = task(10)
    for step in range(1, steps + 1):
        row = step % 10
        loss = (model(xs[row]) - targets[row]) ** 2
        model.zero_grad()
        loss.backward()
        optimizer.step(model.parameters())
        if step in (steps // 10, steps):
            watch.look()


def fitted(steps, watch, **settings):
    model = nn.MLP(2, [3, 1], activation="tanh", seed=0)
    callbacks = [nn.StopWhen(loss=0.0), nn.Schedule(nn.cosine(0.01, 10)), nn.Record(every=10), watch]
    nn.fit(
        model,
        *task(steps // 10),
        loss="mean_squared_error",
        optimizer=nn.Adam(0.01),
        epochs=10,
        batch_size=1,
        callbacks=callbacks,
        metrics=nn.rmse,
        penalty=nn.L2(1e-4),
        seed=0,
        **settings,
    )


def eager(steps, watch):
    fitted(steps, watch, compile=False)


def compiled(steps, watch):
    fitted(steps, watch)


def saved(steps, watch, tmp_path):
    """With a checkpoint at every epoch, which is read again."""
    path, data, model = tmp_path / "model.npz", task(5), nn.MLP(2, [3, 1], seed=0)
    callbacks = [nn.Checkpoint(path), lambda training: nn.load_checkpoint(path) and None, watch]
    nn.fit(model, *data, loss="mean_squared_error", epochs=steps // 10, callbacks=callbacks)


@pytest.mark.parametrize("steps", [SHORT, LONG])
@pytest.mark.parametrize("loop", [by_hand, eager, compiled, saved])
def test_steps_leave_nothing_for_the_collector_and_memory_does_not_grow(loop, steps, tmp_path):
    watched(loop, 20, tmp_path)  # what is imported and kept at the first time
    watch = watched(loop, steps, tmp_path)
    _, by_steps, at_the_end = watch.garbage
    assert by_steps == 0  # by nine tenths of them
    assert at_the_end == 0
    early, late, _ = watch.memory
    assert late - early < 20_000  # the history of nine epochs, and a copy of the weights


def watched(loop, steps, tmp_path):
    """What was found after a tenth of the steps, at their end, and when all was dropped."""
    watch = Watch()
    with without_collector():
        tracemalloc.start()
        try:
            loop(steps, watch, *([tmp_path] if loop is saved else []))
            watch.look()
        finally:
            tracemalloc.stop()
    return watch


# --- Threads --------------------------------------------------------------------------------------------------------


@pytest.fixture(params=[50, pytest.param(5000, marks=pytest.mark.long)])
def rounds(request):
    """Many rounds, in threads that take turns as often as Python can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield request.param
    sys.setswitchinterval(interval)


def in_four_threads(work, rounds):
    barrier = threading.Barrier(4)

    def run(thread):
        barrier.wait(timeout=60)
        return all(work((thread + turn) % 8) for turn in range(rounds))

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(run, range(4)))


def test_gradients_by_shared_parameters(rounds):
    model = nn.MLP(2, [4, 1], activation="tanh", seed=0)
    parameters = model.parameters()
    xs = RNG.normal(size=(8, 2))

    def slopes(k):
        loss = (model(xs[k]) - 1.0) ** 2
        first = ag.gradients(loss, parameters)
        second = ag.gradients(ag.gradients(loss, parameters[0], create_graph=True), parameters[:3])
        return [loss.data, *first, *second]

    expected = [slopes(k) for k in range(8)]
    in_four_threads(lambda k: slopes(k) == expected[k], rounds)


def test_backward_on_graphs_of_their_own(rounds):
    def slopes(k):
        x, w = Value(0.1 * k), Value(0.5)
        loss = ag.exp(w * x) * ag.sin(x) + x**3
        loss.backward()
        return [loss.data, x.grad, w.grad]

    expected = [slopes(k) for k in range(8)]
    in_four_threads(lambda k: slopes(k) == expected[k], rounds)


def test_one_compiled_program(rounds):
    model = nn.MLP(2, [4, 1], activation="tanh", seed=0)
    mean = ag.batch_mean(lambda x, t: (model(x) - t) ** 2, batch=(0, 1))
    data = [task(3 + k) for k in range(8)]

    def bits(result):
        value, slopes = result
        return [float(value).hex(), np.asarray(slopes).tobytes()]

    alone = ag.compile(ag.value_and_grad(mean, wrt=model.parameters()))
    expected = [bits(alone(*rows)) for rows in data]
    fast = ag.compile(ag.value_and_grad(mean, wrt=model.parameters()))  # the threads meet at its first call
    in_four_threads(lambda k: bits(fast(*data[k])) == expected[k], rounds)


def test_fits_side_by_side(rounds):
    data = [task(6) for _ in range(8)]

    def trained(k):
        model = nn.MLP(2, [3, 1], seed=k)
        nn.fit(model, *data[k], loss="mean_squared_error", epochs=3, batch_size=2, seed=k, compile=k % 4 != 0)
        return [p.data for p in model.parameters()]

    expected = [trained(k) for k in range(8)]
    in_four_threads(lambda k: trained(k) == expected[k], rounds // 25)


def test_one_file_written_and_read_by_all(rounds, tmp_path):
    models = [nn.MLP(2, [3, 1], seed=k) for k in range(8)]
    known = [[p.data for p in model.parameters()] for model in models]
    nn.save(models[0], tmp_path / "model.npz")

    def work(k):
        nn.save(models[k], tmp_path / "model.npz")
        return [p.data for p in nn.load(tmp_path / "model.npz").parameters()] in known

    in_four_threads(work, max(3, rounds // 10))
    assert [path.name for path in tmp_path.iterdir()] == ["model.npz"]

"""A solver needs nothing but what `Problem` names; callbacks see each of its epochs."""

from __future__ import annotations

import numpy as np
import pytest

from autograd_lite import nn
from autograd_lite.errors import NonFiniteError
from autograd_lite.nn.training.solvers import Problem

X = np.array([[0.0], [1.0], [2.0], [3.0]])
Y = 2.0 * X[:, 0] - 1.0
PUBLIC = {name for name in vars(Problem) | Problem.__annotations__ if not name.startswith("_")}


class OnlyTheProtocol:
    """Lets a solver read what the protocol names, and nothing else."""

    def __init__(self, training):
        self.training = training

    def __getattr__(self, name):
        assert name in PUBLIC, f"{name} is not part of the protocol"
        return getattr(self.training, name)


class Newton:
    """Newton's method for a quadratic loss: its Hessian from differences of gradients."""

    def solve(self, problem):
        problem = OnlyTheProtocol(problem)
        while not problem.is_over:
            problem.begin_epoch()
            (batch,) = problem.batches()
            weights = problem.state.weights
            loss, slope = problem.evaluate(weights, batch)
            problem.require_finite(loss, slope, batch)
            steps = np.eye(len(weights))
            hessian = np.array([problem.evaluate(weights + step, batch)[1] - slope for step in steps])
            problem.advance(weights - np.linalg.solve(hessian, slope), loss, batch)
            problem.end_epoch(loss=loss, gradient_norm=float(np.linalg.norm(slope)), lr=1.0)
        return problem.stop_reason or "all epochs"


def training(model, epochs, solver=None, x=X):
    run = nn.Training(model, nn.SGD(0.1), nn.History(), epochs, data=[x, Y])
    run.solver = solver or run.solver
    run.use(nn.loss_named("mean_squared_error"))
    return run


def test_a_solver_of_ones_own():
    seen, line = nn.Record(), nn.Neuron(1, "linear", seed=3)
    run = training(line, 3, Newton())
    run.callbacks = [seen, nn.StopWhen(loss=1e-20)]
    history = run.run()
    assert [line.w[0].data, line.b.data] == pytest.approx([2.0, -1.0], abs=1e-12)
    assert seen.epochs == [0, 1, 2]
    assert history.stopped == "loss at most 1e-20"


def test_a_solver_that_is_interrupted_between_step_and_epoch_takes_the_step_back():
    class Interrupted(Newton):
        def solve(self, problem):
            problem.begin_epoch()
            (batch,) = problem.batches()
            problem.advance(np.zeros(2), 1.0, batch)
            raise KeyboardInterrupt

    line = nn.Neuron(1, "linear", seed=3)
    before = [p.data for p in line.parameters()]
    history = training(line, 3, Interrupted()).run()
    assert (history.epochs, history.stopped, history.unfinished) == (0, "interrupted", None)
    assert [p.data for p in line.parameters()] == before


def test_what_is_not_finite_is_named_for_every_solver():
    with pytest.raises(NonFiniteError, match=r"the loss is inf\. Row 0 of X"):
        training(nn.Neuron(1, "linear", seed=3), 3, Newton(), X + 1e200).run()


class Quiet(nn.Callback):
    reads_model = False

    def __init__(self, model):
        self.model, self.seen = model, []

    def after_epoch(self, run):
        self.seen.append((self.model.w[0].data, run.weights[0]))


def test_the_model_is_written_each_epoch_only_where_a_callback_reads_it():
    line = nn.Neuron(1, "linear", seed=3)
    start, quiet = line.w[0].data, Quiet(line)
    run = training(line, 2)
    run.callbacks = [quiet]
    run.run()
    assert [in_model for in_model, _ in quiet.seen] == [start, start]
    assert quiet.seen[1][1] == line.w[0].data != start
    run = training(line, 2)
    run.callbacks = [nn.Record(), quiet]
    run.run()
    assert all(in_model == weight for in_model, weight in quiet.seen[2:])


def test_a_masked_penalty_leaves_parameters_out():
    penalty, weights = nn.L2(0.5, np.array([1.0, 0.0])), np.array([3.0, 4.0])
    assert penalty.value(weights) == 4.5
    assert penalty.gradient(weights).tolist() == [3.0, 0.0]
    line = nn.Neuron(1, "linear", seed=3)
    assert penalty(line.parameters()).data == pytest.approx(0.5 * line.w[0].data ** 2)
    assert nn.L2(0.5) == nn.L2(0.5)
    assert repr(penalty) == "L2(strength=0.5)"

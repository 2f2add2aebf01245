"""Training: the course notes' numbers through `fit`, and its promises on order, stopping, errors and Ctrl-C."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
from sklearn.datasets import load_iris

from autograd_lite import Value, log, nn, viz
from autograd_lite.errors import DomainError, NonFiniteError, OperandError, ShapeError, UnknownNameError

XOR_X, XOR_Y = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0.0, 1.0, 1.0, 0.0]


def numbers(model):
    return [p.data for p in model.parameters()]


def sigmoid_neuron():
    neuron = nn.Neuron(1, "sigmoid")
    neuron.w[0].data = neuron.b.data = -2.0
    return neuron


def line(n=20, seed=0):
    rng = np.random.default_rng(seed)
    xs = rng.normal(size=(n, 2))
    return xs, xs @ [2.0, -1.0] + 0.5


def fit_line(model=None, **settings):
    model = model or nn.Neuron(2, "linear", seed=3)
    settings = {"loss": "mean_squared_error", "optimizer": nn.SGD(0.1), "epochs": 5, "seed": 7, **settings}
    return model, nn.fit(model, *line(), **settings)


# --- The notes' numbers ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "momentum", "expected"),
    [
        ({}, 0.0, (1.79171983010224, -2.28211807291667)),
        ({}, 0.9, (1.79175946922806, -2.28217409573392)),
        ({"batch_size": 1, "shuffle": False}, 0.0, (1.791726772381835, -2.282126953346305)),
    ],
    ids=["batch", "momentum", "sample by sample"],
)
def test_the_sigmoid_neuron_of_the_notes(settings, momentum, expected):
    neuron = sigmoid_neuron()
    history = nn.fit(
        neuron,
        [[0.5], [2.5]],
        [0.2, 0.9],
        loss="half_sum_of_squares",
        optimizer=nn.SGD(1.0, momentum),
        epochs=1000,
        **settings,
    )
    assert numbers(neuron) == pytest.approx(expected, rel=1e-11)
    assert history.epochs == 1000
    if not settings:
        assert history.loss[0] == pytest.approx(0.415819901019993, rel=1e-13)


def test_linear_regression_finds_the_line():
    model, history = fit_line(epochs=600)
    assert numbers(model) == pytest.approx([2.0, -1.0, 0.5], abs=1e-8)
    assert history.stopped == "all epochs"


def test_iris_is_learned():
    xs, y = load_iris(return_X_y=True)
    xs = (xs - xs.mean(axis=0)) / xs.std(axis=0)
    model = nn.MLP(4, [8, 3], activation="tanh", seed=0)
    history = nn.fit(
        model,
        xs,
        y,
        loss="cross_entropy",
        optimizer=nn.Adam(0.05),
        epochs=25,
        batch_size=30,
        validation=0.3,
        seed=0,
        metrics=[nn.accuracy_of_classes],
    )
    assert history.metrics["accuracy_of_classes"][-1] >= 0.93
    assert len(history.validation_loss) == len(history.lr) == len(history.gradient_norm) == len(history.seconds) == 25


# --- The same numbers every time ------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_bits():
    runs = [fit_line(batch_size=6) for _ in range(2)]
    assert numbers(runs[0][0]) == numbers(runs[1][0])
    assert runs[0][1].loss == runs[1][1].loss
    assert numbers(fit_line(batch_size=6, seed=8)[0]) != numbers(runs[0][0])


def test_a_resumed_run_is_the_straight_run():
    def optimizer():
        return nn.Adam(0.05)

    straight, history = fit_line(batch_size=6, optimizer=optimizer(), epochs=6)
    opt = optimizer()
    model, first = fit_line(batch_size=6, optimizer=opt, epochs=2)
    _, resumed = fit_line(model, batch_size=6, optimizer=opt, epochs=6, resume=first, seed=None)
    assert numbers(model) == numbers(straight)
    assert resumed.loss == history.loss
    assert resumed.epochs == 6


def test_no_seed_draws_one_and_keeps_it():
    first = fit_line(batch_size=6, seed=None)
    again = fit_line(batch_size=6, seed=first[1].seed)
    assert numbers(first[0]) == numbers(again[0])


def test_batches_cover_every_sample_once():
    seen = []

    class Spy(nn.Neuron):
        def __call__(self, x):
            seen.append(tuple(x))
            return super().__call__(x)

    xs, _ = line()
    fit_line(Spy(2, "linear"), batch_size=6, epochs=1, compile=False)
    assert sorted(seen[1:]) == sorted(map(tuple, xs.tolist()))  # the first call asks for the number of outputs
    assert seen[1:] != list(map(tuple, xs.tolist()))


# --- Settings -------------------------------------------------------------------------------------------------------


def test_a_loss_of_ones_own_and_shared_weights():
    class Shared(nn.Module):
        def __init__(self):
            self.w = Value(0.1)

        def __call__(self, x):
            return self.w * x[0] + self.w * x[1]

    model = Shared()
    nn.fit(
        model, [[1.0, 2.0], [2.0, 1.0]], [6.0, 6.0], loss=lambda o, t: (o - t) ** 2, optimizer=nn.SGD(0.05), epochs=100
    )
    assert model.w.data == pytest.approx(2.0, rel=1e-9)


def test_penalties_are_part_of_loss_and_gradient():
    for penalty in (nn.L2(0.1), nn.L1(0.1)):
        model = nn.Neuron(2, "linear", seed=3)
        start = np.array(numbers(model))
        xs, y = line()
        cost = nn.mean_squared_error([model(x) for x in xs], y) + penalty(model.parameters())
        cost.backward()
        by_hand = start - 0.1 * np.array([p.grad for p in model.parameters()])
        fitted, history = fit_line(epochs=1, penalty=penalty)
        assert numbers(fitted) == pytest.approx(by_hand.tolist(), rel=1e-12)
        assert history.loss[0] == pytest.approx(cost.data, rel=1e-12)


def test_sample_weights_count_samples_several_times():
    xs, y = line(4)
    settings = {"loss": "mean_squared_error", "epochs": 3}
    weighted, repeated = (nn.Neuron(2, "linear", seed=3) for _ in range(2))
    nn.fit(weighted, xs, y, sample_weight=[1, 2, 0, 1], optimizer=nn.SGD(0.1), **settings)
    nn.fit(repeated, xs[[0, 1, 1, 3]], y[[0, 1, 1, 3]], optimizer=nn.SGD(0.1), **settings)
    assert numbers(weighted) == pytest.approx(numbers(repeated), rel=1e-12)


def test_class_weights_are_sample_weights():
    xs, y = line(8)[0], [0.0, 0, 0, 0, 0, 0, 1, 1]
    models = [nn.Neuron(2, "linear", seed=3) for _ in range(3)]
    kinds = [{"class_weight": "balanced"}, {"class_weight": {0: 1.0, 1: 3.0}}, {"sample_weight": [1] * 6 + [3] * 2}]
    for model, kind in zip(models, kinds, strict=True):
        nn.fit(model, xs, y, loss="binary_cross_entropy_with_logits", optimizer=nn.SGD(0.1), epochs=3, **kind)
    assert numbers(models[0]) == pytest.approx(numbers(models[1]), rel=1e-12)
    assert numbers(models[1]) == numbers(models[2])


def test_one_hot_targets_are_classes():
    xs = line(6)[0]
    models = [nn.MLP(2, [3], seed=1) for _ in range(2)]
    classes = [0, 1, 2, 0, 1, 2]
    for model, y in zip(models, [classes, np.eye(3)[classes]], strict=True):
        nn.fit(model, xs, y, loss="cross_entropy", optimizer=nn.SGD(0.1), epochs=2)
    assert numbers(models[0]) == numbers(models[1])


class Net(nn.Module):
    def __init__(self):
        self.hidden, self.dropout = nn.Layer(2, 50, "tanh", seed=0), nn.Dropout(50, p=0.4)
        self.output = nn.Layer(50, 1, "linear", seed=1)

    def __call__(self, x):
        return self.output(self.dropout(self.hidden(x)))[0]


def test_dropout_silences_in_training_only():
    rng = np.random.default_rng(0)
    factors = nn.Dropout(50, p=0.4).draw(rng, 4000)
    assert set(np.unique(factors)) == {0.0, 1 / 0.6}
    assert factors.mean() == pytest.approx(1.0, abs=0.01)
    model, history = fit_line(Net(), optimizer=nn.SGD(0.0), epochs=3)
    assert len(set(history.loss)) == 3  # another mask in each epoch, though nothing is learned
    assert model.dropout.mask is None
    assert model([1.0, 2.0]).data == model([1.0, 2.0]).data
    assert fit_line(Net(), epochs=2)[1].loss == fit_line(Net(), epochs=2)[1].loss


def test_root_mean_square_of_a_perfect_fit_is_no_accident():
    model = nn.Neuron(1, "linear")
    model.w[0].data, model.b.data = 2.0, 0.0
    history = nn.fit(model, [[1.0]], [2.0], loss="root_mean_squared_error", epochs=2)
    assert history.loss == [0.0, 0.0]


def test_predict_shapes_and_values():
    one, two = nn.MLP(2, [3, 1]), nn.MLP(2, [3, 2])
    xs = line(5)[0]
    assert nn.predict(one, xs).shape == (5,)
    assert nn.predict(two, xs).shape == (5, 2)
    assert nn.predict(one, xs).tolist() == pytest.approx([one(x).data for x in xs], rel=1e-14)


def test_data_to_validate_by_and_batches_larger_than_the_data():
    xs, y = line(5, seed=1)
    model, history = fit_line(validation=(xs, y), batch_size=1000)
    assert history.validation_loss[-1] == pytest.approx(nn.mean_squared_error(nn.predict(model, xs), y), rel=1e-12)
    assert numbers(model) == numbers(fit_line()[0])
    assert fit_line(model, resume=history, epochs=3)[1].epochs == 5  # there is nothing left to do


# --- Callbacks ------------------------------------------------------------------------------------------------------


def test_stopping():
    assert fit_line(epochs=500, callbacks=[nn.StopWhen(loss=1e-3)])[1].stopped == "loss at most 0.001"
    assert fit_line(epochs=500, callbacks=[nn.StopWhen(gradient_norm=1e-3)])[1].gradient_norm[-1] <= 1e-3
    _, history = fit_line(optimizer=nn.SGD(0.0), epochs=50, callbacks=[nn.StopWhen(patience=4)])
    assert (history.epochs, history.stopped) == (5, "no gain for 4 epochs")


def test_the_best_weights_are_kept():
    path = nn.Record()
    stop = nn.StopWhen(patience=100, keep_best=True)
    model, history = fit_line(optimizer=nn.SGD(0.9), epochs=8, validation=0.3, callbacks=[path, stop])
    best = int(np.argmin(history.validation_loss))
    assert best < 7
    assert numbers(model) == path.weights[best + 1].tolist()


def test_one_callback_and_one_metric_need_no_list():
    path = nn.Record()
    _, history = fit_line(callbacks=path, metrics=nn.r2)
    assert len(path.weights) == 6
    assert len(history.metrics["r2"]) == 5


def test_a_function_is_a_callback_and_may_stop():
    _, history = fit_line(callbacks=[lambda training: training.epoch == 3 and training.stop("enough")])
    assert (history.epochs, history.stopped) == (3, "enough")


def test_progress_lines(capsys):
    fit_line(epochs=3, callbacks=[nn.Progress()])
    lines = capsys.readouterr().err.splitlines()
    assert [row.split("  ")[0] for row in lines] == ["epoch 1/3", "epoch 2/3", "epoch 3/3"]


def test_a_progress_bar_on_a_terminal():
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    screen = Terminal()
    _, history = fit_line(epochs=3, callbacks=[nn.Progress(screen)])
    assert "3/3" in screen.getvalue()
    assert f"loss {history.loss[-1]:.4g}" in screen.getvalue()


def test_reduce_on_plateau_counts_anew_after_each_cut():
    cut = nn.ReduceOnPlateau(factor=0.5, patience=2)
    _, history = fit_line(nn.Neuron(2, "relu", init=lambda *_: ([0.0, 0.0], -1.0)), epochs=7, callbacks=[cut])
    assert history.lr == [0.1, 0.1, 0.1, 0.05, 0.05, 0.025, 0.025]


# --- What goes wrong ------------------------------------------------------------------------------------------------


def test_divergence_is_named_and_undone():
    model = nn.Neuron(2, "linear", seed=3)
    with pytest.raises(NonFiniteError, match=r"Row \d+ of X, forward: .* gave .*∞") as caught:
        fit_line(model, optimizer=nn.SGD(1e150), epochs=50)
    assert "learning rate below 1e+150" in str(caught.value)
    assert all(math.isfinite(w) for w in numbers(model))
    assert math.isfinite(nn.mean_squared_error(nn.predict(model, line()[0]), line()[1]))


def test_an_infinite_slope_is_named():
    class Root(nn.Module):
        def __init__(self):
            self.w = Value(0.0, "w")

        def __call__(self, x):
            return (self.w * x[0]).sqrt()

    model = Root()
    with pytest.raises(NonFiniteError, match=r"Row 0 of X, backward: .*sqrt"):
        nn.fit(model, [[1.0]], [1.0], loss="mean_squared_error", epochs=1)
    assert model.w.data == 0.0


def steep(output, target):
    return output * log(target)


@pytest.mark.parametrize("settings", [{}, {"batch_size": 3}, {"batch_size": 3, "validation": 0.3}])
@pytest.mark.parametrize("compiled", [True, False])
def test_a_bad_row_is_named_by_its_place_in_the_data(settings, compiled):
    """Also where samples are shuffled and some are held out: it is the row that a user can look up."""

    y = np.linspace(1.0, 2.0, 20)
    y[7] = -1.0
    messages = []
    for seed in range(6):
        model = nn.Neuron(1, "linear")
        try:
            nn.fit(model, np.ones((20, 1)), y, loss=steep, epochs=1, seed=seed, compile=compiled, **settings)
        except NonFiniteError as error:
            messages.append(str(error))
    assert all("Row 7 of X, forward: " in message for message in messages)
    assert 0 < len(messages) < 6 if "validation" in settings else len(messages) == 6


def test_saturated_probabilities_point_to_logits():
    model = nn.Neuron(1, "sigmoid")
    model.w[0].data = 1000.0
    with pytest.raises(NonFiniteError, match="use binary_cross_entropy_with_logits"):
        nn.fit(model, [[1.0]], [0.0], loss="binary_cross_entropy", epochs=1)


def test_ctrl_c_leaves_a_usable_model_and_the_history():
    def interrupt(training):
        if training.epoch == 3:
            raise KeyboardInterrupt

    model, history = fit_line(epochs=10, callbacks=[interrupt])
    assert (history.epochs, history.stopped) == (3, "interrupted")
    assert numbers(model) == numbers(fit_line(epochs=3)[0])


def test_an_unfinished_epoch_is_forgotten():
    history = nn.History(loss=[1.0], lr=[0.1, 0.1], seconds=[1.0, 1.0], metrics={"R²": [0.5, 0.6]})
    history.trim()
    assert (history.lr, history.seconds, history.metrics) == ([0.1], [1.0], {"R²": [0.5]})


def test_ctrl_c_in_the_middle_of_an_epoch_stands_at_a_step():
    class Interrupted(nn.SGD):
        def rule(self, w, g, memory):
            if self.steps == 5:
                raise KeyboardInterrupt
            return super().rule(w, g, memory)

    model, history = fit_line(batch_size=6, optimizer=Interrupted(0.1), epochs=10)
    assert history.stopped == "interrupted"
    assert history.epochs == 1  # of 4 steps each
    boundary = nn.SGD(0.1)
    steps = []

    class Noted(nn.SGD):
        def rule(self, w, g, memory):
            new = super().rule(w, g, memory)
            steps.append(new[0].tolist())
            return new

    fit_line(batch_size=6, optimizer=Noted(0.1), epochs=2)
    assert numbers(model) == steps[4]
    assert boundary.steps == 0


def used_optimizer():
    optimizer = nn.Adam(0.1)
    fit_line(optimizer=optimizer)
    return optimizer


BAD = {
    "no epochs": (lambda: fit_line(epochs=0), DomainError, "epochs is 0"),
    "batch": (lambda: fit_line(batch_size=0), DomainError, "batch_size is 0"),
    "seed": (lambda: fit_line(seed=-1), DomainError, "seed is -1"),
    "loss": (lambda: fit_line(loss="mse"), UnknownNameError, "loss 'mse'"),
    "optimizer": (lambda: fit_line(optimizer="adem"), UnknownNameError, "Did you mean 'adam'"),
    "validation": (lambda: fit_line(validation=1.5), DomainError, "share in"),
    "model": (lambda: nn.fit(lambda x: x, *line(), loss="hinge"), OperandError, "parameters"),
    "width": (lambda: fit_line(nn.Neuron(3)), ShapeError, "built for 3"),
    "outputs": (lambda: fit_line(nn.MLP(2, [2])), ShapeError, "2 targets per sample"),
    "length": (lambda: nn.fit(nn.Neuron(2), line()[0], [1.0], loss="hinge"), ShapeError, "20 rows and y has 1"),
    "text": (lambda: nn.fit(nn.Neuron(1), [["a"]], [1.0], loss="hinge"), OperandError, "'a'.*row 0, column 0"),
    "nan": (lambda: nn.fit(nn.Neuron(1), [[1.0], [math.nan]], [1, 1], loss="hinge"), DomainError, "nan in row 1"),
    "inf y": (lambda: nn.fit(nn.Neuron(1), [[1.0]], [math.inf], loss="hinge"), DomainError, "y holds inf in row 0"),
    "ragged": (lambda: nn.fit(nn.Neuron(1), [[1.0], [1.0, 2.0]], [1, 1], loss="hinge"), ShapeError, "lengths"),
    "a number": (lambda: nn.fit(nn.Neuron(1), 3.0, [1.0], loss="hinge"), ShapeError, "at least one row"),
    "a thing": (lambda: nn.fit(nn.Neuron(1), object(), [1.0], loss="hinge"), ShapeError, "an array or a list"),
    "complex": (lambda: nn.fit(nn.Neuron(1), [[1j]], [1.0], loss="hinge"), OperandError, "complex.*row 0, column 0"),
    "another model's optimizer": (
        lambda: fit_line(nn.MLP(2, [2, 1]), optimizer=used_optimizer()),
        ShapeError,
        "fresh optimiser",
    ),
    "empty": (lambda: nn.fit(nn.Neuron(1), [], [], loss="hinge"), ShapeError, "at least one row"),
    "target": (lambda: nn.fit(nn.Neuron(1), [[1.0]], [0.0], loss="hinge"), DomainError, "-1 or 1"),
    "class": (lambda: nn.fit(nn.MLP(1, [2]), [[1.0]], [2], loss="cross_entropy"), DomainError, "class 2"),
    "weights": (lambda: fit_line(sample_weight=[1.0]), ShapeError, "one number per sample"),
    "classes": (lambda: fit_line(class_weight="balance"), UnknownNameError, "Did you mean 'balanced'"),
    "callback": (lambda: fit_line(callbacks=["progress"]), OperandError, "'progress' is not a callback"),
    "callback class": (lambda: fit_line(callbacks=[nn.Progress]), OperandError, "is not a callback"),
    "penalty as a number": (lambda: fit_line(penalty=0.1), OperandError, r"0.1 is not a penalty; give nn.L2"),
    "a list for a name": (lambda: fit_line(loss=["hinge"]), UnknownNameError, "loss"),
    "a number for a name": (lambda: fit_line(optimizer=0.1), UnknownNameError, "optimizer 0.1"),
    "stop": (nn.StopWhen, DomainError, "no condition"),
    "dropout": (lambda: nn.Dropout(3, p=1.0), DomainError, "probability is 1.0"),
    "penalty": (lambda: nn.L2(-1.0), DomainError, "strength"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named_and_changes_nothing(case):
    call, error, words = BAD[case]
    with pytest.raises(error, match=words):
        call()


def test_the_history_draws_itself():
    _, history = fit_line(epochs=3, validation=0.3, metrics={"R²": nn.r2})
    assert [line.get_label() for line in viz.plot_history(history).lines] == ["loss", "validation loss", "R²"]
    assert repr(history).startswith("History(3 epochs, loss ")


def test_a_run_that_diverges_to_a_finite_loss_says_so():
    history = nn.fit(nn.Neuron(2, "linear"), *line(), loss="mean_squared_error", optimizer=nn.SGD(3.0), epochs=150)
    assert history.stopped == "all epochs"
    assert 1e50 < history.loss[-1] < math.inf
    assert "all epochs; training diverged: try a smaller learning rate" in str(history)


@pytest.mark.parametrize("losses", [[], [1.0], [1.0, 9.9], [0.0, 1e-30], [1.0, 50.0, 0.5], [-5.0, 1.0]])
def test_a_run_that_ends_well_did_not_diverge(losses):
    assert not nn.History(loss=losses).diverged
    assert "diverged" not in str(nn.History(loss=losses))


def test_progress_in_a_notebook_goes_to_standard_output(monkeypatch, capsys):
    stream = type("OutStream", (io.StringIO,), {"__module__": "ipykernel.iostream"})()
    monkeypatch.setattr("sys.stderr", stream)
    fit_line(callbacks=[nn.Progress()])
    assert stream.getvalue() == ""
    assert "epoch 5/5  loss" in capsys.readouterr().out

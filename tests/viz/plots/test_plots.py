"""The plots of courses: what is drawn is what was given, in the axes that were given."""

from __future__ import annotations

import pickle
import subprocess
import sys

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import nn, viz
from autograd_lite.errors import DomainError, OperandError, ShapeError, UnknownNameError

pytest.importorskip("matplotlib")

POINTS = np.array([[0.0, 0.0], [1.0, 1.0], [0.0, 1.0], [1.0, 0.0]])
PATH = [(2.0, 2.0), (1.0, 1.6), (0.5, 1.28)]


def bowl(w, b):
    return w**2 + 0.4 * b**2


PLOTS = {
    "decision boundary": lambda ax=None: viz.plot_decision_boundary(lambda x: x[0] - x[1], POINTS, [0, 1, 0, 1], ax),
    "descent": lambda ax=None: viz.plot_descent(bowl, PATH, ax),
    "Taylor": lambda ax=None: viz.plot_taylor(ag.exp, 0.0, 3, ax),
    "activation": lambda ax=None: viz.plot_activation("tanh", ax),
    "gradient flow": lambda ax=None: viz.plot_gradient_flow({"a": [1.0], "b": [-2.0, 0.5]}, ax),
}


def pixels(axes):
    axes.figure.canvas.draw()
    return np.asarray(axes.figure.canvas.buffer_rgba())


@pytest.mark.parametrize("plot", PLOTS.values(), ids=PLOTS)
def test_axes_in_and_out(plot, tmp_path):
    first, second = plot(), plot()
    assert first.figure is not second.figure
    assert np.array_equal(pixels(first), pixels(second))
    assert (pixels(first) != 255).any()
    again = first.figure.add_axes((0.1, 0.1, 0.3, 0.3))
    assert plot(again) is again
    first.figure.savefig(tmp_path / "plot.png")


@pytest.mark.parametrize("plot", PLOTS.values(), ids=PLOTS)
def test_what_is_returned_shows_its_picture_and_stays_axes(plot):
    axes = plot()
    assert axes._repr_png_().startswith(b"\x89PNG")
    assert pickle.loads(pickle.dumps(axes)).get_xlabel() == axes.get_xlabel()  # noqa: S301 - our own


def looks(axes):
    return [(line.get_color(), line.get_linestyle(), str(line.get_label())) for line in axes.lines]


def test_many_curves_differ():
    curves = looks(viz.plot_history({f"run {k}": [1.0, 0.5] for k in range(12)}))
    assert len({look[:2] for look in curves}) == 12


def test_a_second_call_on_the_same_axes_differs():
    axes = viz.plot_activation("tanh")
    viz.plot_activation("relu", axes)
    drawn = [look for look in looks(axes) if not look[2].startswith("_")]
    assert len({look[:2] for look in drawn}) == 4
    axes = viz.plot_descent(bowl, PATH)
    viz.plot_descent(bowl, [(-3.0, 1.0), (-1.0, 0.5)], axes)
    assert len(axes.collections) == 1
    assert axes.get_xlim()[0] < -3.0 < 2.0 < axes.get_xlim()[1]
    assert len({look[:2] for look in looks(axes) if look[2].startswith("descent")}) == 2


def test_without_matplotlib():
    code = "import sys; sys.modules['matplotlib'] = None\nfrom autograd_lite import viz; viz.plot_activation('relu')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603 - ours
    assert done.returncode == 1
    assert 'pip install -e ".[plot]"' in done.stderr.splitlines()[-1]


# --- Decision boundary -----------------------------------------------------------------------------------------------


def border(axes):
    """The points of the line between the regions: the last of the contours."""
    regions, line = axes.collections
    assert len(regions.get_paths()) == 2
    return line.get_paths()[0].vertices


def test_the_border_is_where_the_model_changes_its_mind():
    axes = viz.plot_decision_boundary(lambda x: 2.0 * x[0] - x[1], POINTS, [0, 1, 0, 1])
    points = border(axes)
    np.testing.assert_allclose(points[:, 1], 2.0 * points[:, 0], atol=1e-9)


def test_probabilities_part_at_one_half():
    axes = viz.plot_decision_boundary(lambda x: ag.sigmoid(2.0 * x[0] - x[1]), POINTS, threshold=0.5)
    points = border(axes)
    np.testing.assert_allclose(points[:, 1], 2.0 * points[:, 0], atol=1e-3)


@pytest.mark.parametrize(
    "model",
    [
        lambda x: ag.sigmoid(2.0 * x[0] - x[1]),
        nn.MLPClassifier((4,), tol=10.0, random_state=0).fit(POINTS, [0, 1, 0, 1]),
    ],
    ids=["network", "estimator"],
)
def test_probabilities_are_shaded_and_part_at_one_half_by_themselves(model):
    regions, line = viz.plot_decision_boundary(model, POINTS, [0, 1, 0, 1]).collections
    assert len(regions.get_paths()) == 20
    x, y = line.get_paths()[0].vertices[0]
    if callable(model):
        assert y == pytest.approx(2.0 * x, abs=1e-3)
        assert not viz.plot_decision_boundary(model, POINTS, threshold=0.0).collections[1:], "as logits: one class"


@pytest.mark.parametrize("classes", [[0, 1, 2, 1], ["a", "b", "_c$", "b"]])
def test_an_estimator_and_its_network_have_the_same_regions(classes):
    estimator = nn.MLPClassifier((4,), tol=10.0, random_state=0).fit(POINTS, classes)
    pictures = [viz.plot_decision_boundary(model, POINTS, classes) for model in (estimator, estimator.network_)]
    first, second = (np.concatenate([c.get_paths()[0].vertices for c in p.collections]) for p in pictures)
    np.testing.assert_allclose(first[:20], second[:20], atol=0.05)
    names = [text.get_text() for text in pictures[0].get_legend().get_texts()]
    assert names == (["0", "1", "2"] if classes[0] == 0 else [r" _c\$", "a", "b"])
    pixels(pictures[0])


def test_only_predict_and_plain_classes_will_do():
    class Known:
        def predict(self, rows):
            return np.where(rows[:, 0] > 0.5, "right", "left")

    axes = viz.plot_decision_boundary(Known(), POINTS, ["left", "right", "left", "right"])
    np.testing.assert_allclose(border(axes)[:, 0], 0.5, atol=0.01)
    axes = viz.plot_decision_boundary([[0, 1], [0, 1], [0, 1]], POINTS)
    np.testing.assert_allclose(border(axes)[:, 0], 0.5, atol=1e-9)


def test_one_region_has_no_border():
    axes = viz.plot_decision_boundary(lambda x: x[0] + 100.0, POINTS, [0, 1, 0, 1])
    assert len(axes.collections) == 1


@pytest.mark.parametrize(
    ("model", "X", "y", "error", "message"),
    [
        (bowl, [[1.0, 2.0, 3.0]], None, ShapeError, r"X has shape \(1, 3\); the picture needs rows of two"),
        (bowl, [[1.0, np.nan]], None, ShapeError, "two finite numbers"),
        (bowl, POINTS, [1, 0], ShapeError, "X has 4 rows and y has 2"),
        (3.0, POINTS, None, OperandError, "is not a classifier; give an estimator"),
    ],
)
def test_what_has_no_boundary(model, X, y, error, message):
    with pytest.raises(error, match=message):
        viz.plot_decision_boundary(model, X, y)


# --- Descent ---------------------------------------------------------------------------------------------------------


def test_the_path_is_drawn_as_it_was_from_start_to_end():
    axes = viz.plot_descent(bowl, PATH, names=("slope", "offset"))
    line, start, end = axes.lines
    assert line.get_xydata().tolist() == [list(point) for point in PATH]
    assert start.get_xydata().tolist() == [[2.0, 2.0]]
    assert end.get_xydata().tolist() == [[0.5, 1.28]]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("slope", "offset")


def test_contours_are_those_of_the_loss():
    axes = viz.plot_descent(bowl, PATH, extent=(-2.0, 2.0, -2.0, 2.0))
    contours = axes.collections[0]
    assert len(contours.levels) >= 5
    for level, path in zip(contours.levels, contours.get_paths(), strict=True):
        np.testing.assert_allclose(bowl(*path.vertices.T), level, rtol=0.02, atol=1e-3)


def test_a_recorded_run_and_plain_heights():
    record, neuron = nn.Record(), nn.Neuron(1, "sigmoid", seed=0)
    nn.fit(neuron, [[0.5], [2.5]], [0.2, 0.9], loss="half_sum_of_squares", epochs=3, callbacks=record)
    heights = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
    axes = viz.plot_descent(heights, record.weights)
    assert len(axes.lines[0].get_xdata()) == 4
    viz.plot_descent(np.ones((2, 2)), [(1.0, 1.0)])  # flat, and nothing moved


@pytest.mark.parametrize(
    ("loss", "path", "error", "message"),
    [
        (bowl, [1.0, 2.0], ShapeError, r"path has shape \(2,\)"),
        ("loss", PATH, OperandError, "is not a loss; give a function of two numbers"),
        ([1.0, 2.0], PATH, OperandError, "a grid of numbers"),
    ],
)
def test_what_cannot_be_descended(loss, path, error, message):
    with pytest.raises(error, match=message):
        viz.plot_descent(loss, path)


# --- Curves ----------------------------------------------------------------------------------------------------------


def test_taylor_polynomials_that_are_the_same_are_one_curve():
    axes = viz.plot_taylor(ag.sin, 0.0, 5)
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [
        "f(x)",
        "orders 1, 2",
        "orders 3, 4",
        "order 5",
    ]


def test_taylor_polynomials_are_those_of_the_function():
    axes = viz.plot_taylor(ag.exp, 1.0, 2, span=2.0)
    x, f = axes.lines[0].get_xydata().T
    np.testing.assert_allclose(f, np.exp(x), rtol=1e-14)
    np.testing.assert_allclose(axes.lines[1].get_ydata(), np.e * x, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(axes.lines[2].get_ydata(), np.e * (x + 0.5 * (x - 1.0) ** 2), rtol=1e-12)


def test_a_series_may_be_plain_numbers():
    axes = viz.plot_taylor([27.0, 27.0, 9.0, 1.0], 3.0, 2)
    x = axes.lines[0].get_xdata()
    np.testing.assert_allclose(axes.lines[0].get_ydata(), x**3, atol=1e-12)
    np.testing.assert_allclose(axes.lines[1].get_ydata(), 27.0 + 27.0 * (x - 3.0), atol=1e-12)


@pytest.mark.parametrize(("order", "span"), [(0, 1.0), (4, 1.0), (2, 0.0), (2, float("nan"))])
def test_impossible_series(order, span):
    with pytest.raises(DomainError, match="plot_taylor got order"):
        viz.plot_taylor([1.0, 2.0, 3.0], 0.0, order, span=span)


@pytest.mark.parametrize("beta", [0.5, 1.0, 5.0])
def test_the_slope_of_a_sigmoid(beta):
    """With slope beta the derivative is beta g (1 - g); at beta = 5 and x = 0.3 it is 0.7457322603516642."""
    axes = viz.plot_activation("sigmoid", beta=beta)
    x, g = axes.lines[0].get_xydata().T
    np.testing.assert_allclose(g, 1.0 / (1.0 + np.exp(-beta * x)), rtol=1e-13)
    np.testing.assert_allclose(axes.lines[1].get_ydata(), beta * g * (1.0 - g), rtol=1e-9, atol=1e-15)
    if beta == 5.0:
        k = int(np.argmin(np.abs(x - 0.3)))
        assert axes.lines[1].get_ydata()[k] == pytest.approx(0.7457322603516642, rel=1e-12)


def test_any_activation():
    axes = viz.plot_activation(lambda x: ag.log(1.0 * x))
    assert np.isnan(axes.lines[0].get_ydata()[0])  # a gap where there is no logarithm
    assert axes.lines[0].get_label() == "g(x)"
    axes = viz.plot_activation(([0.0, 1.0], [0.0, 2.0], [2.0, 2.0]))
    assert axes.lines[0].get_xydata().tolist() == [[0.0, 0.0], [1.0, 2.0]]
    constant = viz.plot_activation(lambda x: 0.0 * x + 3.0)
    assert set(constant.lines[1].get_ydata()) == {0.0}
    with pytest.raises(UnknownNameError, match="Did you mean 'sigmoid'"):
        viz.plot_activation("sigmoyd")
    with pytest.raises(DomainError, match="span is -1"):
        viz.plot_activation("relu", span=-1.0)


# --- Gradient flow ---------------------------------------------------------------------------------------------------


def heights(axes):
    largest, mean = axes.containers
    return [bar.get_height() for bar in largest], [bar.get_height() for bar in mean]


def test_bars_are_the_sizes_of_the_gradients():
    model = nn.MLP(2, [3, 2, 1], activation="tanh", seed=0)
    model([1.0, -2.0]).backward()
    largest, mean = heights(viz.plot_gradient_flow(model))
    sizes = [np.abs([p.grad for p in layer.parameters()]) for layer in model.layers]
    assert largest == [size.max() for size in sizes]
    assert mean == [size.mean() for size in sizes]
    assert heights(viz.plot_gradient_flow({"a": [3.0, -4.0]})) == ([4.0], [3.5])


def test_a_dead_layer_says_so():
    axes = viz.plot_gradient_flow({"dead": [0.0, 0.0], "live": [1.0]})
    assert [text.get_text() for text in axes.texts] == ["all 0"]
    assert axes.get_title() == "Gradients by layer"
    axes = viz.plot_gradient_flow(nn.MLP(1, [2, 1]))  # before backward
    assert len(axes.texts) == 2
    assert axes.get_title() == "All gradients are 0: call loss.backward() first."
    pixels(axes)


@pytest.mark.parametrize("model", [3.0, {}, {"layer": []}])
def test_what_has_no_layers(model):
    with pytest.raises(OperandError, match="has no gradients by layer"):
        viz.plot_gradient_flow(model)

"""Plots of calculus: what is drawn are the function, its derivatives, its tangent, its field."""

from __future__ import annotations

import math

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import viz
from autograd_lite.errors import DomainError, OperandError, UnknownNameError

pytest.importorskip("matplotlib")


def labels(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def bowl(x, y):
    return x**2 + 0.5 * y**2


def test_derivatives_tangent_and_secant_are_what_they_say():
    axes = viz.plot_function(ag.sin, (-1.0, 2.0), derivatives=2, tangent=0.5, secant=(0.0, 1.0))
    xs = np.asarray(axes.lines[0].get_xdata())
    for line, exact in zip(axes.lines[:3], (np.sin, np.cos, lambda x: -np.sin(x)), strict=True):
        assert np.asarray(line.get_ydata()) == pytest.approx(exact(xs), abs=1e-12)
    assert (xs[0], xs[-1]) == (-1.0, 2.0) == axes.get_xlim()
    tangent = next(line for line in axes.lines if str(line.get_label()).startswith("tangent"))
    (x0, x1), (y0, y1) = np.asarray(tangent.get_xdata()), np.asarray(tangent.get_ydata())
    assert (y1 - y0) / (x1 - x0) == pytest.approx(math.cos(0.5))
    assert f"secant 0 to 1, slope {math.sin(1.0):.4g}" in labels(axes)
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_title()) == ("x", "y", "sin(x)")


def test_several_curves_differ_also_when_added_later():
    axes = viz.plot_function({"one": ag.sin, "two": ag.cos})
    viz.plot_function(ag.tanh, ax=axes, label="three")
    curves = [line for line in axes.lines if line.get_label() in ("one", "two", "three")]
    assert len({line.get_color() for line in curves}) == 3
    assert labels(axes) == ["one", "two", "three"]


def test_where_a_function_is_not_finite_there_is_a_gap():
    axes = viz.plot_function("log", (-1.0, 1.0))
    ys = np.asarray(axes.lines[0].get_ydata())
    assert np.isnan(ys[:200]).all()
    assert np.isfinite(ys[-100:]).all()


def test_labels_are_text_not_formulas():
    assert labels(viz.plot_function(ag.sin, label="$x$ _y"))[0] == r"\$x\$ _y"


def test_arrows_of_the_field_are_the_gradients():
    quiver = viz.plot_gradient_field(bowl, (-2.0, 2.0, -1.0, 1.0)).collections[-1]
    xs, ys = quiver.get_offsets().T
    assert np.asarray(quiver.U) == pytest.approx(2.0 * xs)
    assert np.asarray(quiver.V) == pytest.approx(ys)
    downhill = viz.plot_gradient_field(bowl, (-2.0, 2.0, -1.0, 1.0), descent=True).collections[-1]
    assert np.asarray(downhill.U) == pytest.approx(-2.0 * xs)


def test_the_steepest_direction_is_the_gradient():
    axes = viz.plot_direction(bowl, (1.0, 2.0))
    angles, slopes = (np.asarray(data) for data in axes.lines[0].get_data())
    for angle, slope in zip(angles[::45], slopes[::45], strict=True):
        t = math.radians(angle)
        along = ag.derivative(lambda h, t=t: bowl(1.0 + h * math.cos(t), 2.0 + h * math.sin(t)))(0.0)
        assert slope == pytest.approx(along, abs=1e-12)
    assert axes.lines[1].get_data()[1] == [pytest.approx(math.hypot(2.0, 2.0))]
    assert slopes.max() == pytest.approx(math.hypot(2.0, 2.0), rel=1e-3)


def test_the_surface_is_the_loss_with_the_path_on_it(tmp_path):
    path = [(2.0, 1.0), (1.0, 0.5)]
    axes = viz.plot_loss_surface(bowl, (-3.0, 3.0, -2.0, 2.0), path=path, names=("w_1", "b"))
    heights = np.asarray(axes.lines[0].get_data_3d()[2])
    assert heights == pytest.approx([bowl(x, y) for x, y in path])
    assert axes.get_title() == "Loss surface"
    axes.figure.savefig(tmp_path / "surface.png")
    assert "_repr_png_" in vars(axes)


def test_an_activation_on_any_interval_with_or_without_its_derivative():
    axes = viz.plot_activation("gelu", interval=(-1.0, 4.0), derivatives=False, label="mine")
    assert labels(axes) == ["mine(x)"]
    assert axes.get_xlim() == (-1.0, 4.0)
    viz.plot_activation("relu", axes, interval=(-1.0, 4.0))
    assert len({line.get_color() for line in axes.lines[:2]} | {axes.lines[3].get_color()}) >= 2
    assert axes.get_title() == "Activations"


def test_whole_numbers_are_classes_without_a_decimal_point():
    axes = viz.plot_decision_boundary(lambda x: x[0], [[-1.0, 0.0], [1.0, 0.0]], [0.0, 1.0])
    assert labels(axes) == ["0", "1"]


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: viz.plot_function(ag.sin, (1.0, 1.0)), DomainError, "two finite numbers, the smaller first"),
        (lambda: viz.plot_function(ag.sin, (0.0, math.inf)), DomainError, "two finite numbers"),
        (lambda: viz.plot_function(ag.sin, derivatives=4), DomainError, "a picture shows 0 to 3"),
        (lambda: viz.plot_function(ag.sin, secant=(1.0, 1.0)), DomainError, "a secant takes two points"),
        (lambda: viz.plot_function("sine"), UnknownNameError, "no function 'sine'"),
        (lambda: viz.plot_function(3.0), OperandError, "not a function of one number"),
        (lambda: viz.plot_loss_surface(3.0), OperandError, "not a function of two numbers"),
        (lambda: viz.plot_gradient_field(bowl, (0.0, 0.0, 1.0, 2.0)), DomainError, "left, right, bottom and top"),
        (lambda: viz.plot_direction(bowl, (1.0,)), DomainError, "give two numbers where it is finite"),
    ],
)
def test_what_makes_no_picture_is_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()

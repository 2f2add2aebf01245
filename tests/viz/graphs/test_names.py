from __future__ import annotations

import pytest

from autograd_lite import Value
from autograd_lite.reverse import reachable
from autograd_lite.viz.graphs.names import parameters_among, readable_names, showable


def names_below(root):
    return readable_names(reachable([root]))


def test_labels_are_kept_and_the_rest_is_numbered_in_order_of_creation():
    x = Value(1.0, "x")
    y = (x + 2.0).exp()
    y.label = "y"
    assert names_below(y * x) == ["x", "2", "v1", "y", "v2"]


def test_numbered_names_avoid_the_labels():
    assert names_below(Value(1.0, "v1") + Value(2.0)) == ["v1", "v2", "v3"]


def test_equal_labels_are_told_apart():
    assert names_below(Value(1.0, "w") * Value(2.0, "w") * Value(3.0, "w_2")) == ["w", "w_3", "v1", "w_2", "v2"]


def test_labelled_constants_keep_their_label():
    assert names_below(Value(1.0, "x") * Value.constant(3.0, "k")) == ["x", "k", "v1"]


def test_names_are_unique_and_on_one_line_whatever_the_labels(hostile):
    nodes = reachable([Value(1.0, hostile) + Value(2.0, hostile) * Value(3.0)])
    names = readable_names(nodes)
    assert len(set(names)) == len(names)
    assert not any("\n" in name or "\x1b" in name or "\u202e" in name for name in names)


def test_blank_labels_count_as_none():
    assert names_below(Value(1.0, "  ")) == ["v1"]


def test_emoji_that_are_joined_stay_joined():
    assert showable("👩\u200d🔬") == "👩\u200d🔬"


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ("x w b y", "w b"),
        ("a b c f", ""),
        ("layer1.neuron2.w3 layer1.neuron2.b x1", "layer1.neuron2.w3 layer1.neuron2.b"),
        ("theta0 theta1 x", "theta0 theta1"),
        ("x1 x2 w11 w_h1 b3 y", "w11 w_h1 b3"),
    ],
)
def test_parameters_are_guessed_from_labels(labels, expected):
    leaves = [Value(0.0, label) for label in labels.split()]
    assert [v.label for v in parameters_among(leaves)] == expected.split()

"""Which known name a wrong one is taken for: slips are found, and what is too far away is not."""

from __future__ import annotations

import pytest

import autograd_lite as ag
from autograd_lite import TABLE, nn
from autograd_lite.guesses import ADVICE, MEANT, nearest, swapped
from autograd_lite.node import Node

KNOWN = {*TABLE, *nn.LOSSES, *ag.__all__, *nn.__all__, "data", "lr", "eps", "epochs", "tolerance", "max_steps"}
KNOWN |= {"weight_decay", "beta1", "beta2"}


@pytest.mark.parametrize("name", sorted(TABLE))
def test_every_op_is_found_from_each_slip(name):
    """Two letters swapped, other case, hyphens: never another op, where the slip is none itself."""
    for slip in [*swapped(name), name.upper(), name.title(), name.replace("_", "-"), name.replace("_", "")]:
        if slip not in TABLE:
            assert nearest(slip, TABLE) == name


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("tahn", "tanh"),
        ("sigmoyd", "sigmoid"),
        ("tanhh", "tanh"),
        ("mean_square_error", "mean_squared_error"),
        ("binary-crossentropy", "binary_cross_entropy"),
        ("swirl", None),
        ("xyz", None),
        ("a", None),
        ("", None),
        ("exponential", None),
        ("_", None),
    ],
)
def test_the_cut_off_is_strict(given, meant):
    assert nearest(given, KNOWN) == meant


def test_every_row_of_the_table_leads_somewhere():
    assert {name for name in MEANT.values() if name not in KNOWN} == set()
    assert not MEANT.keys() & set(TABLE)
    assert all(sentence.endswith(".") for sentence in ADVICE.values())


@pytest.mark.parametrize("name", [*MEANT, *ADVICE, *swapped("tanh"), *swapped("backward")])
def test_no_value_has_what_it_only_answers(name):
    v = ag.Value(1.0)
    assert not hasattr(v, name)
    assert name not in dir(v)
    assert nearest(name, ["x"]) is None


def test_a_users_op_takes_the_place_of_an_answer():
    answer = vars(ag.Value)["ln"]

    @ag.primitive(partials={"x": lambda xp, y, x: 1.0 / x})
    def ln(xp, x):
        """The natural logarithm."""
        return xp.log(x)

    try:
        assert ag.Value(1.0).ln().data == 0.0
    finally:
        del TABLE["ln"], Node.ln
        ag.Value.ln = answer

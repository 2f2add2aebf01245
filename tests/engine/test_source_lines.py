"""Values that remember the line that made them, and the search that names it."""

from __future__ import annotations

import copy
import pickle

import autograd_lite as ag
from autograd_lite import Located, Value, located


def test_every_node_knows_the_line_that_asked_for_it():
    x = located(2.0, "x")
    y = x * x
    z = ag.tanh(y + Value(1.0)) / 3.0
    assert y.line.endswith("y = x * x")
    assert z.line.endswith("z = ag.tanh(y + Value(1.0)) / 3.0")
    assert __file__ in z.line
    assert type(ag.fsum([Value(1.0), x])) is Located


def test_numbers_and_gradients_are_those_of_plain_values():
    plain, known = Value(0.7), located(0.7)
    for v in (plain, known):
        (ag.exp(v) * v - v / 3.0).backward()
    assert plain.grad == known.grad
    slope = ag.gradients(known**3, known, create_graph=True)
    assert ag.gradients(slope, known) == ag.gradients(ag.gradients(plain**3, plain, create_graph=True), plain)


def test_a_network_in_between_is_skipped_for_the_users_own_line():
    model = ag.nn.MLP(1, [1], seed=0)
    output = model([located(1.0)])
    assert output.line.endswith("output = model([located(1.0)])")


def test_the_search_names_the_line():
    found = ag.find_nonfinite(lambda x: ag.log(x) + 1.0, -1.0, trace=True)
    assert "find_nonfinite(lambda x: ag.log(x) + 1.0, -1.0, trace=True)" in str(found)
    x = located(0.0, "x")
    y = ag.sqrt(x)
    assert "y = ag.sqrt(x)" in str(ag.find_nonfinite(y * 2.0))
    assert ag.find_nonfinite(ag.log, -1.0).line == ""


def test_copies_are_plain():
    y = located(1.0) + 1.0
    assert type(copy.copy(y)) is Value
    assert pickle.loads(pickle.dumps(y)).data == 2.0  # noqa: S301 - our own bytes

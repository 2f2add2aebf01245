"""Kernels are the table's rules written out: the same node, bit for bit, in one call; and the sweep beside them."""

from __future__ import annotations

import gc
import itertools
import linecache
import math
import random
import sys

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import TABLE, OperandError, Value
from autograd_lite.engine import GENERAL, KERNELS, as_nodes, make
from autograd_lite.kernels import kernel_text
from autograd_lite.node import Node
from autograd_lite.op import OPERATORS
from autograd_lite.reverse import adjoints
from autograd_lite.source_lines import Located

SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, 2.0, -3.0, 37.0, 1e200, -1e200, 5e-324, math.inf, -math.inf, math.nan]


def bits(x):
    return None if x is None else x.hex()


def written(v):
    return (v.op, v.operands, bits(v.data), [bits(p) for p in v.partials], v.requires_grad, v.grad, v.label, v.swept)


@pytest.mark.parametrize("op", KERNELS, ids=lambda op: op.name)
def test_a_kernel_makes_the_node_that_the_table_makes(op):
    rng = random.Random(op.name)  # noqa: S311 - data, not secrets
    numbers = [*SPECIAL, *[rng.gauss(0.0, 2.0) for _ in range(6)]]
    for data in itertools.product(numbers, repeat=len(op.operand_names)):
        for needs in itertools.product([True, False], repeat=len(data)):
            operands = [Value(x) if need else Value.constant(x) for x, need in zip(data, needs, strict=True)]
            made = KERNELS[op](*operands)
            assert written(made) == written(make(op, tuple(operands)))
            assert made.order > max(v.order for v in operands)


def test_every_operator_and_every_op_of_one_operand_has_one():
    assert {op for op in TABLE.values() if len(op.operand_names) == 1 and not op.many} <= KERNELS.keys()
    assert set(OPERATORS.values()) <= KERNELS.keys()
    assert GENERAL.keys() >= {"__add__", "__rpow__", "__neg__", "__abs__", "relu"}


@pytest.mark.parametrize("name", OPERATORS)
def test_operators_take_numbers_on_both_sides_and_leave_arrays_to_numpy(name):
    x = Value(2.5)
    forward, reflected = getattr(x, f"__{name}__"), getattr(x, f"__r{name}__")
    for number in (3, 3.0, True, np.float64(3.0), np.int64(3), np.float32(3.0)):
        for v, place in ((forward(number), 1), (reflected(number), 0)):
            constant = v.operands[place]
            assert (constant.data, type(constant.data), constant.requires_grad) == (float(number), float, False)
            assert v.partials[place] is None
            assert constant.order < v.order
    assert forward(np.array([1.0])) is NotImplemented
    assert reflected(np.array([1.0])) is NotImplemented
    with pytest.raises(OperandError):
        forward("3")
    with pytest.raises(OperandError):
        forward(10**400)
    assert forward(2**53 + 1).operands[1].data == float(2**53 + 1)


def test_methods_take_options_and_say_what_they_do_not_take():
    x = Value(0.5)
    assert x.sigmoid(beta=2.0).data == ag.sigmoid(x, beta=2.0).data
    assert x.tanh().op is TABLE["tanh"]
    with pytest.raises(OperandError, match="it takes 1"):
        x.tanh(2.0)
    assert "slope" in Value.tanh.__doc__


def test_a_subclass_decides_for_itself():
    class Counted(Value):
        __slots__ = ()
        made = 0

        def record(self, op, operands):
            type(self).made += 1
            return make(op, as_nodes(operands))

        def relu(self):
            return "mine"

    x, y = Counted(2.0), Value(3.0)
    for v in (x + y, y + x, x * 2.0, 2.0 - x, -x, abs(x), x.tanh(), y**x):
        assert v.op is not None
    assert Counted.made == 8
    assert x.relu() == "mine"
    located = ag.located(2.0)
    assert all(type(v) is Located for v in (located + 1.0, 1.0 + located, y * located, located.exp(), -located))


def test_an_op_of_a_users_own_is_not_printed():
    @ag.primitive(partials={"x": lambda xp, y, x: 3.0 * xp.square(x)})
    def cubed(xp, x):
        """The cube."""
        return x * xp.square(x)

    try:
        assert cubed not in KERNELS
        x = Value(2.0)
        y = x.cubed()
        y.backward()
        assert (y.data, x.grad) == (8.0, 12.0)
    finally:
        del TABLE["cubed"], Node.cubed


@pytest.mark.parametrize("name", ["data", "grad", "label", "op", "backward", "record"])
def test_an_op_does_not_take_the_place_of_an_attribute(name):
    def rule(xp, x):
        return x

    rule.__name__ = name
    ag.primitive(partials={"x": 1.0})(rule)
    try:
        x = Value(2.0, "x")
        assert (x.data, x.grad, x.label, x.op) == (2.0, 0.0, "x", None)
        (x * x).backward()
        assert x.grad == 4.0
    finally:
        del TABLE[name]


def test_the_text_is_there_for_a_debugger():
    op = TABLE["div"]
    place = KERNELS[op].__code__.co_filename
    assert "".join(linecache.getlines(place)) == kernel_text(op)
    assert "y = a / b" in kernel_text(op)


# --- Counts ---------------------------------------------------------------------------------------------------------


def test_an_operator_is_one_call_of_python():
    calls = []
    w, x, b = Value(2.0), Value(3.0), Value(1.0)

    def profile(frame, event, arg):
        if event == "call":
            calls.append(frame.f_code.co_name)

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        _ = (w * x + b - w).exp()
    finally:
        sys.setprofile(before)
    assert calls == ["kernel"] * 4


def test_a_node_of_two_operands_is_one_object_for_the_collector():
    x = Value(1.5)
    gc.collect()
    before = len(gc.get_objects())
    nodes = [x * x for _ in range(1000)]
    assert len(gc.get_objects()) - before <= 1000 + 10
    assert sys.getsizeof(nodes[0]) <= 104 + 16  # eleven slots, and the collector's header


def test_the_classes_of_nodes_have_no_getattr():
    """With one, Python does not specialise the reading of their attributes, and all is twice as slow."""
    assert not any("__getattr__" in vars(kind) or "__getattribute__" in vars(kind) for kind in Value.__mro__[:-1])


# --- The sweep ------------------------------------------------------------------------------------------------------


MAKERS = [
    lambda a, b, c: a + b,
    lambda a, b, c: a * b,
    lambda a, b, c: a - 0.3,
    lambda a, b, c: a.tanh(),
    lambda a, b, c: a.relu(),
    lambda a, b, c: 1.0 / (2.0 + b.sin()),
    lambda a, b, c: ag.fsum([a, b, c]),
    lambda a, b, c: ag.where(a > 0.0, b, c),
    lambda a, b, c: ag.maximum(a, b, 0.0),
]


def graph(seed):
    rng = random.Random(seed)  # noqa: S311 - data, not secrets
    nodes = [Value(rng.gauss(0.0, 1.0)) for _ in range(4)] + [Value.constant(0.5), Value(0.0)]
    for _ in range(60):
        nodes.append(rng.choice(MAKERS)(*rng.choices(nodes, k=3)))
    return nodes, ag.fsum(nodes[-3:])


@pytest.mark.parametrize("seed", range(40))
def test_both_sweeps_give_the_same_bits(seed):
    nodes, root = graph(seed)
    expected = adjoints(root, 0.7)
    before = {v: 0.1 * i for i, v in enumerate(nodes) if v.op is None}
    for v, grad in before.items():
        v.grad = grad
    root.backward(0.7)
    for v, total in expected.items():
        assert bits(v.grad) == bits(before[v] + total if v.op is None else total)
    assert root.swept
    assert [v.grad for v in nodes if v not in expected and v.op is None] == [
        before[v] for v in nodes if v not in expected and v.op is None
    ]


def test_again_and_of_another_root():
    x = Value(3.0)
    y = x * x
    z = y + x
    for k in (1, 2, 3):
        z.backward()
        assert (x.grad, y.grad, z.grad) == (7.0 * k, 1.0, 1.0)
    y.backward()
    assert (x.grad, y.grad, z.grad, y.swept, z.swept) == (27.0, 1.0, 1.0, True, True)
    x.backward()
    assert (x.grad, x.swept) == (28.0, True)


def test_a_constant_root_has_no_gradient():
    c = Value.constant(2.0)
    (c * c).backward()
    assert (c.grad, (c * c).grad) == (0.0, 0.0)


def test_what_breaks_off_leaves_the_leaves_as_they_were(monkeypatch):
    x, w = Value(2.0), Value(5.0)
    x.grad, w.grad = 10.0, 20.0
    y = x * w + x
    y._a._da = "a partial that cannot be multiplied"
    with pytest.raises(TypeError):
        y.backward()
    assert (x.grad, w.grad, y.swept) == (10.0, 20.0, False)

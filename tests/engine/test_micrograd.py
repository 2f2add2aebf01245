"""Code written for micrograd runs unchanged, and gives micrograd's numbers."""

from __future__ import annotations

import pytest

from autograd_lite import Value


def readme_program(Value):  # the class under test
    a = Value(-4.0)
    b = Value(2.0)
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    g.backward()
    return g, a, b


def test_the_readme_program():
    g, a, b = readme_program(Value)
    assert f"{g.data:.4f}" == "24.7041"
    assert g.data == pytest.approx(24.70408163265306, rel=1e-14)
    assert a.grad == pytest.approx(138.83381924198252, rel=1e-14)
    assert b.grad == pytest.approx(645.5772594752186, rel=1e-14)


def test_the_readme_program_agrees_with_micrograd_itself():
    engine = pytest.importorskip("micrograd.engine")
    ours, theirs = readme_program(Value), readme_program(engine.Value)
    assert ours[0].data == pytest.approx(theirs[0].data, rel=1e-15)
    assert [v.grad for v in ours[1:]] == pytest.approx([v.grad for v in theirs[1:]], rel=1e-15)


def neuron_by_hand():
    """A neuron of two inputs with tanh."""
    x1, x2 = Value(2.0, "x1"), Value(0.0, "x2")
    w1, w2 = Value(-3.0, "w1"), Value(1.0, "w2")
    b = Value(6.8813735870195432, "b")
    return (x1 * w1 + x2 * w2 + b), {"x1": x1, "w1": w1, "x2": x2, "w2": w2, "b": b}


def test_the_lecture_neuron():
    n, leaves = neuron_by_hand()
    o = n.tanh()
    o.backward()
    assert o.data == pytest.approx(0.7071067811865477, rel=1e-15)
    expected = {"x1": -1.5, "w1": 1.0, "x2": 0.5, "w2": 0.0, "b": 0.5}
    assert {k: v.grad for k, v in leaves.items()} == pytest.approx(expected, rel=1e-14)


def test_the_lecture_neuron_with_tanh_written_out():
    n, leaves = neuron_by_hand()
    e = (2 * n).exp()
    o = (e - 1) / (e + 1)
    o.backward()
    assert o.data == pytest.approx(0.7071067811865477, rel=1e-14)
    assert leaves["x1"].grad == pytest.approx(-1.5, rel=1e-14)


def test_the_lecture_expression():
    a, b, c, f = Value(2.0), Value(-3.0), Value(10.0), Value(-2.0)
    loss = (a * b + c) * f
    loss.backward()
    assert loss.data == -8.0
    assert [v.grad for v in (a, b, c, f)] == [6.0, -4.0, -2.0, 4.0]


def test_a_node_that_is_used_twice_adds_up():
    a = Value(3.0)
    b = a + a
    b.backward()
    assert a.grad == 2.0
    a = Value(-2.0)
    b = Value(3.0)
    d, e = a * b, a + b
    (d * e).backward()
    assert (a.grad, b.grad) == (-3.0, -8.0)


def test_gradient_descent_by_hand():
    w = Value(0.0)
    for _ in range(100):
        loss = (w - 3.0) ** 2
        w.grad = 0.0
        loss.backward()
        w.data -= 0.1 * w.grad
    assert w.data == pytest.approx(3.0, abs=1e-8)

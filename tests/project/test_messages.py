"""What people read when they make a mistake: every message of the engine, the losses and the optimisers, word for word.

The golden file is a sheet to be read aloud: the call, and under it the error. Write it anew with ``--update-golden``.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value, nn
from autograd_lite.definition import primitive
from autograd_lite.formulas import expr
from autograd_lite.namespaces import arrays, floats
from autograd_lite.nn.optimizers.named import optimizer_named

GOLDEN = Path(__file__).parents[1] / "golden" / "project" / "messages.txt"


class Metres:
    """Something that could become a float, and something that could not."""

    def __float__(self):
        return 1.0

    def __repr__(self):
        return "Metres(1.0)"


class Nothing:
    def __repr__(self):
        return "Nothing()"


def stale(label=""):
    """A node whose data changed after its graph was built."""
    x = Value(1.0)
    y = x * x
    y.label, x.data = label, 2.0
    return y, x


def row(**fields):
    """A row of the table with a mistake in it."""

    def bad(xp, a, b):
        return a + b

    return primitive(**fields)(bad)


def branching():
    def bad(xp, x):
        return 1.0 / x if x else 0.0

    return primitive(partials={"x": 1.0})(bad)


def used(optimizer):
    """An optimiser that has taken a step with three weights."""
    optimizer.update(np.zeros(3), np.ones(3))
    return optimizer


@pytest.fixture(autouse=True)
def _bad_words_are_taken_back():
    """A row that fails has left its name in the namespaces by then."""
    yield
    for namespace in (floats, arrays):
        vars(namespace).pop("bad", None)


NAMES = {"Metres": Metres, "Nothing": Nothing, "Value": Value, "ag": ag, "branching": branching, "expr": expr}
NAMES |= {
    "math": math,
    "nn": nn,
    "np": np,
    "optimizer_named": optimizer_named,
    "row": row,
    "stale": stale,
    "used": used,
}
CALLS = """
Value("2.5")
Value(None)
Value(1j)
Value(Value(1.0))
Value([1.0, 2.0])
Value(np.array([1.0, 2.0]))
Value(np.array("1"))
Value({})
Value(Metres())
Value(10**400)
Value(["a number that takes very many characters to write"] * 2)
Value(["x" * 56])
Value(["x" * 57])
setattr(Value(1.0), "data", Nothing())
Value(1.0) + "a"
ag.exp("a")
ag.fsum(Value(1.0), "b")
float(Value(1.0))
int(Value(1.0, "x"))
complex(Value(1.0))
[1, 2][Value(1.0)]
Value(1.0).tanhh
Value(1.0).dta
Value(1.0).lable
Value(1.0).gard
Value(1.0).tahn
Value(1.0).ln
Value(1.0).item
Value(1.0).zero_grad
Value(1.0).softmax
ag.ln
ag.jit
ag.Relu
nn.mse
nn.SGD(eta=0.1)
nn.SGD(learning_rate=0.1)
nn.loss_named("bce")
nn.MLP(1, [1], activation="tahn")
nn.MLP(1, [1], activation="softmax")
nn.fit(nn.MLP(1, [1]), [[1.0]], [1.0], lr=0.1)
ag.minimize(abs, 1.0, learning_rate=0.1)
ag.grad(abs, argnum=0)
ag.grad(abs, wrt=0)
ag.grad(abs, Value(1.0))
Value(1.0).__array__
ag.gradients(1.0, Value(1.0))
ag.gradients(Value(1.0), [1.0])
ag.gradients(*stale(), create_graph=True)
ag.gradients(*stale("loss"), create_graph=True)
ag.exp()
ag.exp(1.0, 2.0)
ag.clip(1.0, 2.0)
ag.leaky_relu(1.0, slop=0.1)
ag.leaky_relu(1.0, 0.1, slope=0.1)
ag.leaky_relu(slope=0.1)
ag.leaky_relu(1.0, 0.1, 0.2, slope=0.1)
ag.fsum(3.0, slope=1.0)
ag.fsum()
ag.sumprod([1.0])
ag.sumprod(1.0, [2.0])
ag.sumprod("ab", [2.0, 3.0])
ag.sumprod([1.0], [1.0, 2.0])
ag.maximum([])
ag.logsumexp([])
ag.softmax([])
row(partials={"a": 1.0, "c": 1.0})
row(partials={})
row(partials={"a": 1.0, "b": lambda xp, y, a, b: xp.tnah(a)})
branching()
bool(expr("x"))
nn.binary_cross_entropy(1.5, 1.0)
nn.binary_cross_entropy(-0.5, 1.0)
nn.binary_cross_entropy(0.5, 2.0)
nn.binary_cross_entropy_with_logits(0.5, -1.0)
nn.cross_entropy([0.0], 0)
nn.cross_entropy(0.0, 0)
nn.cross_entropy([0.0, 1.0], 2)
nn.cross_entropy([0.0, 1.0], -1)
nn.cross_entropy([0.0, 1.0], 0.5)
nn.cross_entropy([0.0, 1.0], [0.5, 0.6])
nn.cross_entropy([0.0, 1.0], [1.5, -0.5])
nn.cross_entropy([0.0, 1.0], [1.0000005, 0.0])
nn.cross_entropy([0.0, 1.0], [0.5, 0.5000015])
nn.cross_entropy([0.0, 1.0], [1.0, 0.0, 0.0])
nn.hinge(0.5, 0.0)
nn.mean_squared_error([1.0, 2.0], [1.0])
nn.mean_squared_error([], [])
nn.loss_named("mean_square_error")
nn.loss_named(3)
optimizer_named("addam")
optimizer_named(0.1)
nn.Optimizer().update(np.zeros(1), np.ones(1))
used(nn.SGD()).update(np.zeros(2), np.ones(2))
nn.SGD().update(np.zeros(2), np.ones(3))
nn.SGD(lr=-1.0)
nn.SGD(lr=math.inf)
nn.SGD(lr=None)
nn.SGD(lr="0.1")
nn.SGD(lr=True)
nn.SGD(weight_decay=math.nan)
nn.SGD(clip_norm=-1.0)
nn.SGD(clip_value=-1.0)
nn.SGD(momentum=1.0)
nn.RMSProp(decay=1.0)
nn.Adam(beta1=1.0)
nn.Adam(beta2=1.0)
nn.step_decay(0.1, every=0)
nn.cosine(0.1, 0)
nn.warm_up(0, nn.constant(0.1))
""".strip().split("\n")


def message(call: str) -> str:
    """The error that a call ends with, as Python prints it."""
    with pytest.raises(Exception) as caught:  # noqa: PT011 - the golden file says which
        eval(call, NAMES.copy())  # noqa: S307 - the text is our own
    return f"{type(caught.value).__name__}: {caught.value}"


def test_messages_are_the_golden_ones(request):
    sheet = "".join(f"{call}\n    {message(call)}\n" for call in CALLS)
    if request.config.getoption("--update-golden"):
        GOLDEN.write_text(sheet, encoding="utf-8")
    assert sheet == GOLDEN.read_text(encoding="utf-8")


def test_advice_of_losses():
    """What `fit` adds to its message where training breaks off."""
    assert {name: loss.advice for name, loss in nn.LOSSES.items() if loss.advice} == {
        "binary_cross_entropy": (
            "Where probabilities reach 0 or 1, use binary_cross_entropy_with_logits on linear outputs."
        ),
        "cross_entropy_of_probabilities": "Where probabilities reach 0, use cross_entropy on linear outputs.",
    }

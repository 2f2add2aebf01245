"""The public names: what the design promises exists, and every list of names is sorted and true."""

from __future__ import annotations

import importlib

import pytest

import autograd_lite as ag
from autograd_lite import TABLE

ENGINE = ["Value", "gradients", "TABLE", "nn", "viz"]
OPS = [
    "exp",
    "log",
    "sqrt",
    "sin",
    "tanh",
    "sigmoid",
    "softplus",
    "relu",
    "maximum",
    "where",
    "clip",
    "fsum",
    "sumprod",
]
OPS += ["add", "sub", "mul", "div", "neg", "pow", "abs", "expm1", "log1p", "log2", "log10", "cos", "tan", "arcsin"]
OPS += ["arccos", "arctan", "arctan2", "sinh", "cosh", "arctanh", "erf", "logsigmoid", "leaky_relu", "elu", "gelu"]
OPS += ["silu", "softsign", "minimum", "hypot", "square", "sign", "mean", "logsumexp", "softmax", "log_softmax", "norm"]
TRANSFORMS = ["grad", "value_and_grad", "derivative", "jacobian", "hessian", "hvp", "taylor"]
TRANSFORMS += ["classify_critical_point", "descent_report", "check_gradients", "find_nonfinite"]
TRANSFORMS += ["vjp", "jvp", "entropy", "minimize", "find_critical_points"]
COMPILER = ["compile", "batch_mean", "vmap", "take", "scan", "repeat", "while_loop"]
LESSONS = ["verify_example", "verify_derivation"]
NETWORKS = ["MLP", "Layer", "Neuron", "SGD", "fit", "save", "load"]
PICTURES = ["draw", "steps", "explain"]

PROMISED = {
    "autograd_lite": ENGINE + OPS + TRANSFORMS + COMPILER + LESSONS,
    "autograd_lite.nn": NETWORKS,
    "autograd_lite.viz": PICTURES,
}


@pytest.mark.parametrize(("module", "name"), [(m, n) for m, names in PROMISED.items() for n in names])
def test_promised_name(module, name):
    package = importlib.import_module(module)
    assert name in package.__all__
    assert getattr(package, name) is not None


def constants_classes_functions(name):
    """The order that isort keeps: CONSTANTS, then Classes, then functions."""
    return not name.isupper() or len(name) == 1, not name[0].isupper(), name


@pytest.mark.parametrize("module", PROMISED)
def test_all_is_sorted_and_true(module):
    package = importlib.import_module(module)
    names = list(package.__all__)
    assert names in (sorted(names), sorted(names, key=constants_classes_functions))
    assert len(set(package.__all__)) == len(package.__all__)
    for name in package.__all__:
        assert getattr(package, name) is not None
    assert set(package.__all__) <= set(dir(package))


def test_every_row_of_the_table_is_public():
    for name, op in TABLE.items():
        assert getattr(ag, name) is op
        assert op.name == name
        assert op.__doc__, f"{name} has no docstring"


def test_every_error_is_public_and_of_the_tree():
    for name in ag.errors.__all__:
        error = getattr(ag, name)
        assert issubclass(error, ag.AutogradLiteError)
        assert name in ag.errors.__doc__


def test_an_unknown_name_offers_the_nearest():
    with pytest.raises(AttributeError, match="Did you mean 'softplus'"):
        _ = ag.sofplus

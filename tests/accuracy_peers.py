"""The ops of the table in other libraries, where they have them: what `tests.accuracy` compares with.

A contender takes an op and columns of numbers, one per operand, and gives the values and one column of partials per
operand, or None where it has no such op.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

Columns = list[np.ndarray]
Result = tuple[np.ndarray, Columns]

SAME = ["abs", "sqrt", "exp", "expm1", "log", "log1p", "log2", "log10", "square", "floor", "sign", "maximum", "minimum"]
SAME += ["sin", "cos", "tan", "sinh", "cosh", "tanh", "arcsin", "arccos", "arctan", "arcsinh", "arccosh", "arctanh"]
SAME += ["arctan2"]
OPERATORS: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "neg": lambda x: -x,
    "pow": lambda a, b: a**b,
    "fsum": lambda a, b: a + b,
    "mean": lambda a, b: (a + b) / 2.0,
    "sumprod": lambda v, w, x, y: v * x + w * y,
}


def torch_functions(torch: Any) -> dict[str, Callable[..., Any]]:
    f = torch.nn.functional
    same = {name: getattr(torch, name) for name in SAME}
    own = {
        "remainder": torch.remainder,
        "where": lambda c, a, b: torch.where(c != 0, a, b),
        "clip": torch.clip,
        "sigmoid": torch.sigmoid,
        "erf": torch.erf,
        "erfc": torch.erfc,
        "normal_cdf": torch.special.ndtr,
        "logsigmoid": f.logsigmoid,
        "softplus": f.softplus,
        "relu": torch.relu,
        "gelu": f.gelu,
        "silu": f.silu,
        "softsign": f.softsign,
        "hypot": torch.hypot,
        "logsumexp": torch.logaddexp,
    }
    return OPERATORS | same | own


def jax_functions(jax: Any) -> dict[str, Callable[..., Any]]:
    same = {name: getattr(jax.numpy, name) for name in SAME}
    own = {
        "remainder": jax.numpy.remainder,
        "where": lambda c, a, b: jax.numpy.where(c != 0, a, b),
        "clip": jax.numpy.clip,
        "sigmoid": jax.nn.sigmoid,
        "erf": jax.scipy.special.erf,
        "erfc": jax.scipy.special.erfc,
        "normal_cdf": jax.scipy.stats.norm.cdf,
        "normal_pdf": jax.scipy.stats.norm.pdf,
        "logsigmoid": jax.nn.log_sigmoid,
        "softplus": jax.nn.softplus,
        "relu": jax.nn.relu,
        "leaky_relu": jax.nn.leaky_relu,
        "elu": jax.nn.elu,
        "gelu": lambda x: jax.nn.gelu(x, approximate=False),
        "silu": jax.nn.silu,
        "softsign": jax.nn.soft_sign,
        "hypot": jax.numpy.hypot,
        "logsumexp": jax.numpy.logaddexp,
    }
    return OPERATORS | same | own


def autograd_functions(anp: Any) -> dict[str, Callable[..., Any]]:
    special = importlib.import_module("autograd.scipy.special")
    same = {name: getattr(anp, name) for name in SAME if name not in ("floor", "sign")}
    own = {
        "remainder": anp.remainder,
        "where": lambda c, a, b: anp.where(c != 0, a, b),
        "sigmoid": special.expit,
        "erf": special.erf,
        "erfc": special.erfc,
        "logsumexp": anp.logaddexp,
    }
    return OPERATORS | same | own


def torch_contender() -> Callable[[str, Columns], Result | None]:
    torch = importlib.import_module("torch")
    functions = torch_functions(torch)

    def run(name: str, columns: Columns) -> Result | None:
        if name not in functions:
            return None
        xs = [torch.tensor(c, dtype=torch.float64, requires_grad=True) for c in columns]
        y = functions[name](*xs)
        partials = torch.autograd.grad(y.sum(), xs, allow_unused=True)
        zeros = np.zeros_like(columns[0])
        return y.detach().numpy(), [zeros if p is None else p.numpy() for p in partials]

    return run


def jax_contender() -> Callable[[str, Columns], Result | None]:
    jax = importlib.import_module("jax")
    importlib.import_module("jax.scipy.stats")
    jax.config.update("jax_enable_x64", True)
    functions = jax_functions(jax)

    def run(name: str, columns: Columns) -> Result | None:
        if name not in functions:
            return None
        f = jax.jit(jax.vmap(jax.value_and_grad(functions[name], argnums=tuple(range(len(columns))))))
        y, partials = f(*columns)
        return np.asarray(y), [np.asarray(p) for p in partials]

    return run


def autograd_contender() -> Callable[[str, Columns], Result | None]:
    anp = importlib.import_module("autograd.numpy")
    elementwise_grad = importlib.import_module("autograd").elementwise_grad
    functions = autograd_functions(anp)

    def run(name: str, columns: Columns) -> Result | None:
        if name not in functions:
            return None
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            y = functions[name](*columns)
            partials = [elementwise_grad(functions[name], i)(*columns) for i in range(len(columns))]
        return y, partials

    return run


PEERS = {
    "PyTorch": ("torch", torch_contender),
    "JAX": ("jax", jax_contender),
    "HIPS autograd": ("autograd", autograd_contender),
}


def installed_peers() -> dict[str, Callable[[str, Columns], Result | None]]:
    """The peers that are installed, by name and version."""
    found = {}
    for name, (package, make) in PEERS.items():
        try:
            found[f"{name} {importlib.metadata.version(package)}"] = make()
        except ImportError:
            continue
    return found

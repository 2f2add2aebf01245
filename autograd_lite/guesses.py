"""What people write for what is called something else here: the one table of such names, and the nearest known name.

Names are offered, never taken: whoever wrote ``ln`` reads in the error that it is ``log``.
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["ADVICE", "MEANT", "SIGNS", "nearest", "swapped"]

MEANT = {  # where the second is known, the first is it
    "acos": "arccos",
    "acosh": "arccosh",
    "asin": "arcsin",
    "asinh": "arcsinh",
    "atan": "arctan",
    "atan2": "arctan2",
    "atanh": "arctanh",
    "bce": "binary_cross_entropy",
    "bce_with_logits": "binary_cross_entropy_with_logits",
    "categorical_crossentropy": "cross_entropy",
    "beta_1": "beta1",
    "beta_2": "beta2",
    "detach": "stop",
    "dot": "sumprod",
    "epsilon": "eps",
    "eta": "lr",
    "fabs": "abs",
    "identical": "identity",
    "item": "data",
    "jac": "jacobian",
    "jit": "compile",
    "learning_rate": "lr",
    "ln": "log",
    "logistic": "sigmoid",
    "max": "maximum",
    "max_iter": "max_steps",
    "mean_squared_loss": "mean_squared_error",
    "min": "minimum",
    "mse": "mean_squared_error",
    "n_epochs": "epochs",
    "power": "pow",
    "rate": "lr",
    "rmse": "root_mean_squared_error",
    "sgn": "sign",
    "sse": "sum_of_squares",
    "stop_gradient": "stop",
    "sum": "fsum",
    "swish": "silu",
    "tg": "tan",
    "tol": "tolerance",
    "vectorize": "vmap",
    "wd": "weight_decay",
    "σ": "sigmoid",
    "ς": "sigmoid",
    "Σ": "fsum",
}

ADVICE = {  # where there is no such name, what to write
    "argnums": "Arguments are chosen by argnums=, in ag.grad and its kin; captured Values by wrt=.",
    "detach": "v.data is the number alone; ag.stop(v) is a node that stops gradients.",
    "eta": "The learning rate is lr=, in an optimizer such as nn.SGD(lr=0.1).",
    "item": "The number is v.data.",
    "learning_rate": "The learning rate is lr=, in an optimizer such as nn.SGD(lr=0.1).",
    "lr": "The learning rate is set in the optimizer: optimizer=nn.SGD(lr=0.1).",
    "numpy": "The number is v.data.",
    "softmax": "A softmax is of several numbers: ag.softmax([a, b]) gives a list.",
    "sum": "The sum of several numbers is ag.fsum([a, b]).",
    "dot": "The sum of products is ag.sumprod([w1, w2], [x1, x2]).",
    "tolist": "The number is v.data.",
    "wrt": "ag.grad and its kin choose captured Values by wrt=[w, b], arguments by argnums=(0, 1).",
    "zero_grad": "Set v.grad = 0.0; model.zero_grad() does it for all parameters of a model.",
}

SIGNS = {  # in formulas, what a formula's Python has for a sign of books
    "^": "a power is a**2",
    "·": "a product is a*b",
    "×": "a product is a*b",
    "÷": "a quotient is a/b",
    "−": "minus is -",
    "²": "a square is a**2",
    "³": "a cube is a**3",
    "√": "a root is sqrt(a)",
    "π": "write 3.141592653589793, or pi=3.141592653589793 after the formula",
}


def nearest(given: str, known: Iterable[str]) -> str | None:
    """The known name that was meant, if one is near enough: one slip in five letters, two in eleven, never more.

    Examples
    --------
    >>> [nearest(name, ["tan", "tanh", "relu", "leaky_relu", "log"]) for name in ("tahn", "ReLU", "LeakyReLU", "ln")]
    ['tanh', 'relu', 'leaky_relu', 'log']
    >>> print(nearest("swirl", ["tanh", "relu"]))
    None
    """
    names = list(known)
    meant = MEANT.get(given) or MEANT.get(given.casefold())
    if meant in names:
        return meant
    plain = _plain(given)
    allowed = 1 + (len(plain) > 5) + (len(plain) > 11)
    ranked = [
        (slips, sorted(_plain(name)) != sorted(plain), name)
        for name in names
        if abs(len(_plain(name)) - len(plain)) <= allowed and (slips := _slips(plain, _plain(name))) <= allowed
    ]
    return min(ranked)[2] if ranked and len(plain) > 1 else None


def swapped(name: str) -> list[str]:
    """The name with two neighbouring letters swapped, in each way.

    Examples
    --------
    >>> swapped("tanh")
    ['atnh', 'tnah', 'tahn']
    """
    pairs = [name[:i] + name[i + 1] + name[i] + name[i + 2 :] for i in range(len(name) - 1)]
    return [pair for pair in pairs if pair != name]


def _plain(name: str) -> str:
    return name.casefold().replace("_", "").replace("-", "").replace(" ", "")


def _slips(a: str, b: str) -> int:
    """How many letters were left out, added, changed, or swapped with their neighbour (Damerau 1964)."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, start=1):
        before, above, row = row, before, [i]
        for j, y in enumerate(b, start=1):
            least = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                least = min(least, above[j - 2] + 1)
            row.append(least)
    return row[-1]

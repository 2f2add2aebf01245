"""The reverse sweep of `Value.backward`: on floats, in the nodes' own `grad`.

It adds the same numbers in the same order as `reverse.adjoints`, which keeps them in a dictionary; a law of the tests
says so. To meet each node once it needs no set either: one zero, an object of this sweep alone, marks the nodes that
were met, and is what their sums begin with.

Types: ``Any`` stands for Values, whose class stands above this file.
"""

from __future__ import annotations

from operator import attrgetter
from typing import Any

__all__ = ["sweep_into_grad"]


def sweep_into_grad(root: Any, seed: float) -> None:
    """Sweep from a root: nodes get their adjoints as `grad`, and leaves add theirs to what they had.

    After an error or Ctrl-C the leaves have what they had.

    Examples
    --------
    >>> from autograd_lite import Value
    >>> x = Value(3.0)
    >>> sweep_into_grad(x * x, 1.0)
    >>> x.grad
    6.0
    """
    zero = float("0")
    computed: list[Any] = []
    leaves: list[Any] = []
    before: list[float] = []  # the leaves' gradients
    try:
        if root.requires_grad:
            _meet(root, zero, computed, leaves, before)
            root.grad = seed
        computed.sort(key=attrgetter("order"), reverse=True)
        _add_up(computed)
        for v, grad in zip(leaves, before, strict=True):
            v.grad = grad + v.grad
    except BaseException:
        for v, grad in zip(leaves, before, strict=False):
            v.grad = grad
        raise
    root.swept = True


def _meet(root: Any, zero: float, computed: list[Any], leaves: list[Any], before: list[float]) -> None:
    """List the nodes that a sweep reaches, each once, and begin the sum in each."""
    stack = [root]
    while stack:
        v = stack.pop()
        if v.grad is zero:
            continue
        if v.op is None:
            leaves.append(v)
            before.append(v.grad)
        else:
            computed.append(v)
            if v._b is None:
                stack.extend([u for u, partial in zip(v._a, v._da) if partial is not None])  # noqa: B905 - as above
            else:
                if v._da is not None:
                    stack.append(v._a)
                if v._db is not None:
                    stack.append(v._b)
        v.grad = zero
        v.swept = False


def _add_up(computed: list[Any]) -> None:
    """Go through the nodes from the root on, and add adjoint times partial to the adjoint of each operand."""
    for v in computed:
        v_bar = v.grad
        if v_bar == 0.0:
            continue
        if v._b is None:
            for u, partial in zip(v._a, v._da):  # noqa: B905 - equally long by construction; strict= costs 4%
                if partial is not None:
                    u.grad += v_bar * partial
            continue
        if (partial := v._da) is not None:
            v._a.grad += v_bar * partial
        if (partial := v._db) is not None:
            v._b.grad += v_bar * partial

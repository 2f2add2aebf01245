"""The rule of an optimiser as JavaScript: run once on recorded operations, printed as the rules of the op table are.

Types: ``Any`` stands for an optimiser of nn, which viz does not import, and for what its rule mixes.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from autograd_lite.namespaces import floats

from .op_table import Term

__all__ = ["Recorded", "optimizer_data", "recorded_rule"]

SAMPLE = (0.3, -0.7, 0.05, 3.0, 0.11, 0.23, 0.41)  # numbers on which a recorded rule is tried

Recorded = tuple[list[str], list[Any]]


def recorded_rule(optimizer: Any) -> Recorded | None:
    """The names of a rule's inputs, and its results: the new weight, then what it remembers; None if it is no formula.

    A rule that branches on its inputs, looks at all weights at once or does anything else cannot be recorded, and
    stays Python's.

    Examples
    --------
    >>> from autograd_lite import nn
    >>> recorded_rule(nn.SGD(momentum=0.5))[0]
    ['w', 'g', 'lr', 'steps', 'm0']
    >>> recorded_rule(nn.SGD(clip_norm=1.0)) is None
    True
    """
    names = [*getattr(optimizer, "remembers", ())]
    inputs = ["w", "g", "lr", "steps", *(f"m{k}" for k in range(len(names)))]
    try:
        results = _one_step(optimizer, names, list(map(Term, inputs)))
        numbers = dict(zip(inputs, SAMPLE, strict=False))
        wanted = _one_step(optimizer, names, [np.array([x]) if len(n) < 3 else x for n, x in numbers.items()])
        found = [_evaluated(term, numbers) for term in results]
    except (TypeError, ValueError, AttributeError, KeyError):
        return None
    same = len(numbers) == len(inputs) and np.allclose(found, np.ravel(wanted), rtol=1e-12, atol=0.0)
    return (inputs, results) if same else None


def _one_step(optimizer: Any, names: list[str], inputs: list[Any]) -> list[Any]:
    shadow = copy.copy(optimizer)
    weight, gradient, shadow.lr, shadow.steps, *memory = inputs
    shadow.memory = dict(zip(names, memory, strict=True))
    after = shadow.update(weight, gradient)
    return [after, *(shadow.memory[name] for name in names)]


def _evaluated(term: Any, numbers: dict[str, float]) -> float:
    if not isinstance(term, Term):
        return float(term)
    if not term.operands:
        return numbers[term.word]
    result: float = getattr(floats, term.word)(*(_evaluated(x, numbers) for x in term.operands))
    return result


def optimizer_data(optimizer: Any, size: int) -> dict[str, object]:
    """Where the optimiser stands, for so many weights: its rate, the steps taken, and what it remembers."""
    rows = [optimizer.memory.get(name, np.zeros(size)) for name in optimizer.remembers]
    return {
        "lr": float(optimizer.lr),
        "steps": int(optimizer.steps),
        "memory": [np.ravel(row).tolist() for row in rows],
    }

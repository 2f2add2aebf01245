"""Small programs that engines are tried on: leaves, and operations on what came before.

Types: ``Any`` stands for the objects of any engine.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from autograd_lite.engine import Value, gradients

__all__ = ["METHODS", "OPERATIONS", "Operation", "Program", "Step", "local_partials", "same"]

LARGEST = 1e6
RELATIVE, ABSOLUTE = 1e-9, 1e-12
LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Operation:
    """One operation: how it is written, and what does it."""

    template: str
    apply: Callable[..., Any]  # on objects of any engine

    @property
    def arity(self) -> int:
        """How many operands it has."""
        return 2 if "{b}" in self.template else 1


def _method(name: str) -> Operation:
    return Operation(f"{{a}}.{name}()", lambda a: getattr(a, name)())


METHODS = ("tanh", "relu", "exp", "log", "sigmoid", "sin", "cos", "sqrt")
OPERATIONS: dict[str, Operation] = {
    "+": Operation("{a} + {b}", lambda a, b: a + b),
    "*": Operation("{a} * {b}", lambda a, b: a * b),
    "-": Operation("{a} - {b}", lambda a, b: a - b),
    "/": Operation("{a} / {b}", lambda a, b: a / b),
    "negative": Operation("-{a}", lambda a: -a),
    "square": Operation("{a}**2", lambda a: a**2),
    "cube": Operation("{a}**3", lambda a: a**3),
    "plus a number": Operation("{a} + 2", lambda a: a + 2),
    "a number plus": Operation("2 + {a}", lambda a: 2 + a),
    "times a number": Operation("{a} * 3", lambda a: a * 3),
    "a number times": Operation("3 * {a}", lambda a: 3 * a),
    "minus a number": Operation("{a} - 2", lambda a: a - 2),
    "a number minus": Operation("2 - {a}", lambda a: 2 - a),
    "by a number": Operation("{a} / 2", lambda a: a / 2),
    "a number by": Operation("2 / {a}", lambda a: 2 / a),
} | {name: _method(name) for name in METHODS}


@dataclass(frozen=True)
class Step:
    """An operation on leaves and results before it, by their numbers."""

    operation: str
    operands: tuple[int, ...]


@dataclass(frozen=True)
class Program:
    """Leaves, and steps on them; the last step is the root.

    Examples
    --------
    >>> program = Program((3.0,), (Step("+", (0, 0)), Step("*", (1, 0))))
    >>> print(program)
    a = Value(3.0)
    b = a + a
    c = b * a
    c.backward()
    >>> program.expected()
    ([3.0, 6.0, 18.0], [12.0])
    """

    leaves: tuple[float, ...]
    steps: tuple[Step, ...]

    def name(self, k: int) -> str:
        """The letter of a leaf or a result."""
        return LETTERS[k] if k < len(LETTERS) else f"v{k}"

    def written(self, k: int) -> str:
        """One line of the program."""
        if k < len(self.leaves):
            return f"Value({self.leaves[k]!r})"
        step = self.steps[k - len(self.leaves)]
        names = dict(zip("ab", map(self.name, step.operands), strict=False))
        return OPERATIONS[step.operation].template.format(**names)

    def __len__(self) -> int:
        return len(self.leaves) + len(self.steps)

    def __str__(self) -> str:
        lines = [f"{self.name(k)} = {self.written(k)}" for k in range(len(self))]
        return "\n".join([*lines, f"{self.name(len(self) - 1)}.backward()"])

    def run(self, leaves: Sequence[Any], operations: dict[str, Operation]) -> list[Any]:
        """Apply the steps to leaves of some engine; returns every object."""
        found = list(leaves)
        for step in self.steps:
            found.append(operations[step.operation].apply(*(found[k] for k in step.operands)))
        return found

    def expected(self) -> tuple[list[float], list[float]]:
        """The right numbers: data of everything, and gradients of the leaves."""
        return _expected(self)

    def is_tame(self) -> bool:
        """Whether everything is finite, of ordinary size and away from kinks."""
        data, grads = self.expected()
        if not all(math.isfinite(x) and abs(x) < LARGEST for x in data + grads):
            return False
        kinked = [step.operands[0] for step in self.steps if step.operation == "relu"]
        return all(abs(data[k]) > ABSOLUTE for k in kinked)

    def picture(self, gradients_of: Sequence[float | None] = (), right: Sequence[float] = ()) -> str:
        """The graph as a tree from the root down; what is used again is drawn once.

        Examples
        --------
        >>> print(Program((3.0,), (Step("+", (0, 0)),)).picture([1.0], [2.0]))
        b = a + a
        ├─ a = Value(3.0)   grad 1, should be 2
        └─ a   (the same)
        """
        lines: list[str] = []
        seen: set[int] = set()

        def draw(k: int, prefix: str, below: str) -> None:
            if k in seen:
                lines.append(f"{prefix}{self.name(k)}   (the same)")
                return
            seen.add(k)
            lines.append(f"{prefix}{self.name(k)} = {self.written(k)}{self._marked(k, gradients_of, right)}")
            operands = self.steps[k - len(self.leaves)].operands if k >= len(self.leaves) else ()
            for j, operand in enumerate(operands):
                last = j == len(operands) - 1
                draw(operand, below + ("└─ " if last else "├─ "), below + ("   " if last else "│  "))

        draw(len(self) - 1, "", "")
        return "\n".join(lines)

    def _marked(self, k: int, gradients_of: Sequence[float | None], right: Sequence[float]) -> str:
        if k >= min(len(gradients_of), len(right)):
            return ""
        got, wanted = gradients_of[k], right[k]
        shown = "missing" if got is None else f"{got:.6g}"
        return f"   grad {shown}" + ("" if got is not None and same(got, wanted) else f", should be {wanted:.6g}")


@lru_cache(maxsize=1024)
def _expected(program: Program) -> tuple[list[float], list[float]]:
    leaves = [Value(x) for x in program.leaves]
    found = program.run(leaves, OPERATIONS)
    return [v.data for v in found], gradients(found[-1], leaves)


def local_partials(program: Program, data: Sequence[float]) -> list[list[float]]:
    """The derivative of each step by each of its operands."""
    found = []
    for step in program.steps:
        own = [Value(data[k]) for k in step.operands]
        found.append(gradients(OPERATIONS[step.operation].apply(*own), own))
    return found


def same(a: float, b: float) -> bool:
    """Whether two numbers agree, to rounding."""
    return abs(a - b) <= RELATIVE * max(abs(a), abs(b)) + ABSOLUTE

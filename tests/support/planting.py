"""Programs with one planted fault: an op of the table at a pole, past its domain, or where floats end.

The healthy part of a program is a random graph with shared nodes. The fault's operands are computed from it, exactly,
so that the bad op lies anywhere; what follows carries the bad number, or its gradient, to the root.
"""

from __future__ import annotations

import functools
import itertools
import linecache
import math
import random
from typing import NamedTuple

from autograd_lite import TABLE, Value

SPECIAL = [0.0, 1.0, -1.0, 0.5, -2.0, 3.0, 709.0, 711.0, -711.0, 1e-320, 1e-170, 1e170, -1e170, 1.7e308, -1.7e308]
MODERATE = [0.25, 0.5, 0.75, 1.25, 2.0, -0.5, -1.5]
INFIX = {"add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "**", "remainder": "%"}
HEALTHY = ["tanh({a})", "sin({a})", "sigmoid({a})", "{a} * 0.5 + {b} * 0.25", "mean([{a}, {b}, {c}])", "-{a}"]
HEALTHY += [
    "maximum({a}, {b})",
    "sumprod([{a}, 0.5], [{b}, {c}])",
    "tanh({a}) * sin({b})",
    "where({a} > 0.0, {b}, {c})",
]
EXACT = ["({a} - {a}) * 0.5 + {x}", "{a} * 0.0 + {x}", "fsum([{a}, {x}, -{a}]) * 0.0 + {x}"]
CARRYING = [
    "{bad} * 0.5 + {a}",
    "{a} - {bad}",
    "mean([{bad}, {a}, {b}])",
    "fsum([{a}, {bad}, {a}])",
    "{bad} + {bad} * 0.25",
]
MASKED = ["where(0.0, log({a} - {a}), {b})", "where(0.0, sqrt({a} - {a}), {b})", "where(1.0, {b}, exp({a} + 800.0))"]


class Fault(NamedTuple):
    """An op, numbers for its operands, and how large the adjoint must be for the fault to show."""

    op: object
    data: tuple[float, ...]
    scale: float = 1.0


@functools.cache
def faults(where: str) -> dict[str, list[Fault]]:
    """For each op that can fail the numbers at which its value, or only a slope, is not finite."""
    found: dict[str, list[Fault]] = {}
    chance = random.Random(0)  # noqa: S311 - no secret
    for op in TABLE.values():
        for data in points(op, SPECIAL, chance):
            fault = fault_at(op, data)
            if fault and fault[0] == where:
                found.setdefault(op.name, []).append(fault[1])
    return found


def fault_at(op, data) -> tuple[str, Fault] | None:
    y, slopes = op.evaluate(data, [True] * len(data))
    if not math.isfinite(y):
        return "forward", Fault(op, data)
    if abs(y) < 1e100 and not op.piecewise_constant:
        if not all(map(math.isfinite, slopes)):
            return "backward", Fault(op, data)
        if max(map(abs, slopes)) > 1e150:
            return "backward", Fault(op, data, scale=1e200)
    return None


def points(op, numbers, chance) -> list[tuple[float, ...]]:
    """Operands for an op: all choices for one or two, some for more."""
    n = len(op.operand_names) * 3 if op.many else len(op.operand_names)
    if n <= 2:
        return list(itertools.product(numbers, repeat=n))
    return [tuple(chance.choice(numbers) for _ in range(n)) for _ in range(300)]


def sound_points(op, chance) -> list[tuple[float, ...]]:
    """Operands at which nothing is wrong."""
    every = points(op, MODERATE, chance)
    return [data for data in every if fault_at(op, data) is None]


def call(op, operands, *, infix=False) -> str:
    """The text that applies an op to operands."""
    if infix:
        return f"{operands[0]} {INFIX[op.name]} {operands[1]}"
    if op.many:
        size = len(operands) // len(op.operand_names)
        operands = [f"[{', '.join(operands[i : i + size])}]" for i in range(0, len(operands), size)]
    return f"{op.name}({', '.join(operands)})"


class Program:
    """A generated function, and the line in which its fault was planted."""

    def __init__(self, name: str, fault: Fault, chance: random.Random) -> None:
        self.name = f"<{name}>"
        self.chance = chance
        self.inputs = [f"x{i}" for i in range(chance.randint(1, 4))]
        self.numbers = [chance.uniform(-1.0, 1.0) for _ in self.inputs]
        self.known = list(self.inputs)
        self.lines: list[str] = []
        outside = chance.random() < 0.3
        start = self.helper(fault) if outside else []
        self.lines = [*start, f"def program({', '.join(self.inputs)}):"]
        self.grow(chance.randint(0, 10))
        self.plant(fault, outside=outside)
        self.grow(chance.randint(0, 10))
        self.carry(chance.randint(0, 4), fault.scale)
        linecache.cache[self.name] = (0, None, [line + "\n" for line in self.lines], self.name)

    def helper(self, fault) -> list[str]:
        """A function of its own for the fault, as in a user's library."""
        names = [f"u{i}" for i in range(len(fault.data))]
        self.place = 2
        return [f"def helper({', '.join(names)}):", f"    return {call(fault.op, names)}", ""]

    def add(self, name, text) -> None:
        self.lines.append(f"    {name} = {text}")

    def some(self, template, **names) -> str:
        return template.format(**{k: self.chance.choice(self.known) for k in "abc"} | names)

    def grow(self, count) -> None:
        """Healthy lines, and among them faults that nobody needs to hear of."""
        for _ in range(count):
            name = f"v{len(self.lines)}"
            self.add(name, self.some(self.chance.choice(HEALTHY if self.chance.random() < 0.9 else MASKED)))
            self.known.append(name)

    def plant(self, fault, *, outside) -> None:
        names = [f"e{i}" for i in range(len(fault.data))]
        for name, x in zip(names, fault.data, strict=True):
            self.add(name, self.some(self.chance.choice(EXACT), x=repr(x)))
        infix = fault.op.name in INFIX and self.chance.random() < 0.7
        self.add("bad", f"helper({', '.join(names)})" if outside else call(fault.op, names, infix=infix))
        self.place = self.place if outside else len(self.lines)

    def carry(self, count, scale) -> None:
        """Lines that lead the bad number, or its gradient, to the root."""
        last = "bad"
        for i in range(count):
            self.add(f"c{i}", self.some(self.chance.choice(CARRYING), bad=last))
            last = f"c{i}"
        self.lines.append(f"    return {last} * {scale!r} + {self.chance.choice(self.known)}")

    @property
    def line(self) -> str:
        """The fault's line, as a report names it."""
        return f"{self.name}:{self.place}: {self.lines[self.place - 1].strip()}"

    @property
    def function(self):
        names = dict(TABLE)
        exec(compile("\n".join(self.lines), self.name, "exec"), names)  # noqa: S102 - written above
        return names["program"]

    def leaves(self) -> list[Value]:
        return [Value(x, name) for x, name in zip(self.numbers, self.inputs, strict=True)]

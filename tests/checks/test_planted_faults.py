"""Two hundred planted faults: find_nonfinite names op, operands and line; training names the op and the row."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import NonFiniteError, Value, nn
from tests.support.planting import Program, faults, sound_points


def chosen(where, seed):
    """A fault of the next op in turn, so that each op has its share."""
    chance = random.Random(f"{where} {seed}")  # noqa: S311 - no secret
    by_op = faults(where)
    return chance.choice(by_op[sorted(by_op)[seed % len(by_op)]]), chance


def test_every_op_that_can_fail_is_among_them():
    assert set(faults("forward")) >= {"div", "pow", "exp", "log", "log1p", "sqrt", "arcsin", "arctanh", "cosh", "mul"}
    assert set(faults("forward")) >= {"add", "sub", "fsum", "sumprod", "square", "remainder", "hypot", "expm1"}
    assert set(faults("backward")) >= {"sqrt", "pow", "arcsin", "arccos", "arccosh", "log", "div"}
    assert not {"tanh", "sin", "relu", "maximum", "sigmoid", "logsumexp"} & {*faults("forward"), *faults("backward")}


@pytest.mark.parametrize("seed", range(100))
@pytest.mark.parametrize("where", ["forward", "backward"])
def test_the_first_bad_op_is_named_with_its_line(where, seed):
    fault, chance = chosen(where, seed)
    program = Program(f"planted {where} {seed}", fault, chance)
    found = ag.find_nonfinite(program.function, *program.numbers, trace=True)
    assert found.where == where
    assert found.node.op is fault.op
    assert tuple(u.data for u in found.operands) == fault.data
    assert not math.isfinite(found.number)
    assert found.line == program.line
    assert str(found).endswith(f" Computed at {program.line}")
    assert f"{fault.op.name}(" in str(found)
    plain = ag.find_nonfinite(program.function(*program.leaves()))
    assert (plain.where, plain.node.op, plain.index, plain.line) == (where, fault.op, found.index, "")
    assert str(found).startswith(str(plain))


@pytest.mark.parametrize("seed", range(0, 100, 4))
def test_compiled_code_gives_the_bad_number_on(seed):
    """It raises nothing, as NumPy does not; the search then runs on the function as it was written."""
    program = Program(f"compiled {seed}", *chosen("forward", seed))
    fast = ag.compile(program.function)
    assert not math.isfinite(fast(*program.numbers))
    assert ag.find_nonfinite(fast, *program.numbers, trace=True).line == program.line
    program = Program(f"compiled gradient {seed}", *chosen("backward", seed))
    arguments = tuple(range(len(program.numbers)))
    values, slopes = ag.compile(ag.value_and_grad(program.function, argnums=arguments))(*program.numbers)
    assert math.isfinite(values)
    assert not all(map(math.isfinite, slopes))


class Planted(nn.Module):
    """An op of the inputs, each times a weight that is 1."""

    def __init__(self, op):
        self.op, self.weight = op, Value(1.0, "weight")

    def __call__(self, x):
        operands = [self.weight * number for number in x]
        size = len(operands) // len(self.op.operand_names)
        groups = [operands[i : i + size] for i in range(0, len(operands), size)]
        return self.op(*groups) if self.op.many else self.op(*operands)


@pytest.mark.parametrize("compiled", [True, False], ids=["compiled", "eager"])
@pytest.mark.parametrize("where", ["forward", "backward"])
def test_training_stops_and_names_the_op_and_the_row(where, compiled):
    tried = 0
    for name, several in sorted(faults(where).items()):
        chance = random.Random(name)  # noqa: S311 - no secret
        fault = next((f for f in chance.sample(several, len(several)) if f.scale == 1.0), None)
        sound = sound_points(fault.op, chance) if fault else []
        if sound:
            rows = [chance.choice(sound) for _ in range(5)]
            place = chance.randrange(6)
            rows.insert(place, fault.data)
            tried += 1
            stops(Planted(fault.op), rows, f"Row {place} of X, {where}: ", f"{name}(", compiled=compiled)
    assert tried > 12


def stops(model, rows, place, op, *, compiled):
    with pytest.raises(NonFiniteError) as raised:
        nn.fit(
            model,
            np.array(rows),
            np.zeros(6),
            loss=lambda y, t: y + t,
            optimizer=nn.SGD(1e-9),
            epochs=1,
            compile=compiled,
        )
    assert place + ("all values are finite, " if "backward" in place else "") in str(raised.value)
    assert op in str(raised.value)
    assert model.weight.data == 1.0, "the weights are those of before the step"

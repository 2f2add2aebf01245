"""How long a program takes in Python floats and in NumPy, by what is counted in it.

The unit is one addition of Python floats, some 9 ns of a processor. The constants are fitted to the fifty programs of
``tests/benchmarks/compiled_choice.py``, which also shows what choosing by them costs.
"""

from __future__ import annotations

from autograd_lite.compiler.ir import ArrayProgram, Instruction, Loop, Map, slices_of
from autograd_lite.compiler.layout import Gather
from autograd_lite.compiler.primitives import word

__all__ = ["SMALL", "on_arrays", "on_number", "on_numbers"]

SMALL = 250.0  # what costs no more on floats costs no less on arrays: one call and the room for it take 200

SHORT = 400  # instructions on numbers that machine code runs as fast as arrays, and that are compiled sooner
UNLIKE = 28  # likewise for each array that there would be
NATIVE = 0.1  # of an instruction on numbers as machine code

FUNCTION = 3.0  # a function of Python's math
SPECIAL = 7.0  # a function of ours, such as maximum
NUMBER = 2.0  # a number that is handed over or returned

ROOM = 150.0  # finding the buffers, and a copy of the result
CALL = 52.0  # of a NumPy function
LINE = 2.0  # with a number, between calls
ELEMENT = 1.5  # of an array, where a function is called for each
HANDED = 0.5  # a number of an argument or of the result


def on_numbers(program: ArrayProgram) -> float:
    """The cost of a program of numbers on Python floats."""
    return sum(map(_number, program.instructions)) + NUMBER * _given(program)


def on_arrays(program: ArrayProgram) -> float:
    """The cost of a program without a batch in NumPy; a gather is a call of its own."""
    loads = sum(1 for given in program.inputs if given.array is not None and given.array.shape)
    gathers = sum(1 for x in slices_of(program.instructions) if isinstance(x.index, Gather))
    size = program.result.size + _given(program)
    return ROOM + CALL * (loads + gathers) + sum(map(_array, program.instructions)) + HANDED * size


def _number(i: Instruction) -> float:
    if isinstance(i, Loop):
        return i.length * (sum(map(_number, i.body)) + NUMBER * (len(i.carry) + len(i.xs) + len(i.outs)))
    return on_number(i.op) if isinstance(i, Map) else NUMBER


def on_number(name: str) -> float:
    """The cost of a word on Python floats."""
    if name == "copy":
        return NUMBER
    return 1.0 if word(name).infix in ("+", "-", "*", "/") else FUNCTION if word(name).libm else SPECIAL


def _array(i: Instruction) -> float:
    if isinstance(i, Loop):
        return i.length * (sum(map(_array, i.body)) + CALL * (len(i.carry) + len(i.xs) + len(i.outs)))
    if not isinstance(i, Map):
        return CALL
    if not i.out.shape:
        return LINE
    return CALL + (0.0 if word(i.op).infix or i.op == "copy" else ELEMENT * i.out.index.indices.size)


def _given(program: ArrayProgram) -> int:
    return sum(given.array.size for given in program.inputs if given.array is not None)

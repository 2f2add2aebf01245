"""The words of array programs in LLVM IR, with the results of NumPy's functions to the bit.

Arithmetic, choices and comparisons are instructions. Functions call the inner loops of NumPy's ufuncs, on as many
numbers as there are lanes.
"""

from __future__ import annotations

import math

from autograd_lite.compiler.backends.native.sines import LIBRARY, NEAR, near
from autograd_lite.compiler.backends.native.special_words import SPECIAL
from autograd_lite.compiler.backends.native.text import LANES, Text
from autograd_lite.compiler.primitives import WORDS, word

__all__ = ["INSTRUCTIONS", "Words"]

EXP_RANGE, SMALL = 800.0, 1e-290  # as in the namespaces
RELATIONS = {"greater": "ogt", "greater_equal": "oge", "less": "olt", "less_equal": "ole", "equal": "oeq"}
INSTRUCTIONS = {"add": "fadd", "sub": "fsub", "mul": "fmul", "div": "fdiv", "neg": "fneg"}
OWN = {"copy", "maximum", "minimum", "relu", "nonfinite", "sign", "where", "zmul", "zdiv", "pow", "powterm"}  # methods
OWN |= {"exp_difference"}
CALLING = {"pow", "powterm", "exp_difference"}  # of these, those that call inner loops
WIDE = 4 * LANES
FEW = 4  # numbers, whose sines a loop has sooner
FUNCTIONS = {"abs": "fabs", "sqrt": "sqrt", "floor": "floor"}


class Words:
    """Writes words.

    Parameters
    ----------
    text : Text
        Where to.
    loops : dict of str to int
        The ufuncs whose inner loops the program needs, and the place of each in the table that a call hands over.
    wide : bool, optional
        Whether the machine has registers for several vectors at once, which spare calls of inner loops.
    sines : bool, optional
        Whether sines and cosines are those of the C library: one is asked of it, several are computed at once.
    """

    def __init__(self, text: Text, loops: dict[str, int], *, wide: bool = False, sines: bool = False) -> None:
        self.text = text
        self.widest = WIDE if wide else LANES
        self.loops = loops
        self.near = NEAR if sines else {}
        self.called = False  # whether any inner loop is
        self.uniform: set[str] = set()  # values that are the same in all lanes: NumPy's power looks at that

    def knows(self, name: str) -> bool:
        """Whether a word can be written."""
        return name in OWN or name in SPECIAL or bool(word(name).ufunc)

    def calls(self, name: str) -> bool:
        """Whether a word calls inner loops."""
        return name in SPECIAL or name in CALLING or name not in OWN | {*INSTRUCTIONS, *FUNCTIONS, *RELATIONS}

    def apply(self, name: str, *operands: str) -> str:
        """Write a word; returns the name of its result."""
        text = self.text
        if name in OWN:
            written: str = getattr(self, name)(*operands)
            return written
        if name in SPECIAL:
            return SPECIAL[name](self, *operands)
        if name in INSTRUCTIONS:
            return text.apply(INSTRUCTIONS[name], *operands)
        if name in FUNCTIONS:
            return text.call(FUNCTIONS[name], *operands)
        if name in RELATIONS:
            return text.choose(text.compare(RELATIONS[name], *operands), text.literal(1.0), text.literal(0.0))
        return self.ufunc(WORDS[name].ufunc, *operands)

    # Choices

    def copy(self, x: str) -> str:
        """The operand."""
        return x

    def maximum(self, a: str, b: str) -> str:
        """Maximum; the second one of equals, on every machine, and NaN of whatever with NaN.

        That is NumPy's rule but on arm64, where 0.0 is larger than -0.0.
        """
        return self._extreme("ogt", a, b)

    def minimum(self, a: str, b: str) -> str:
        """Minimum, likewise."""
        return self._extreme("olt", a, b)

    def _extreme(self, relation: str, a: str, b: str) -> str:
        is_first = self.text.both(self.text.compare(relation, a, b), self.text.compare("uno", a, a), "or")
        return self.text.choose(is_first, a, b)

    def relu(self, x: str) -> str:
        """max(x, 0), and a zero is positive."""
        return self.text.choose(self.text.compare("ugt", x, self.zero()), x, self.zero())

    def nonfinite(self, x: str) -> str:
        """0, and NaN where x is not finite."""
        return self.text.apply("fmul", self.zero(), x)

    def sign(self, x: str) -> str:
        """1, -1, 0, or NaN."""
        text = self.text
        other = text.choose(text.compare("oeq", x, self.zero()), self.zero(), x)
        other = text.choose(text.compare("olt", x, self.zero()), text.literal(-1.0), other)
        return text.choose(text.compare("ogt", x, self.zero()), text.literal(1.0), other)

    def where(self, condition: str, a: str, b: str) -> str:
        """The first one where the condition is not 0; NaN is not."""
        return self.text.choose(self.text.compare("une", condition, self.zero()), a, b)

    def zmul(self, a: str, b: str) -> str:
        """A product, 0 where the first factor is 0."""
        return self.zero_if_zero(a, self.text.apply("fmul", a, b))

    def zdiv(self, a: str, b: str) -> str:
        """A quotient, 0 where the dividend is 0."""
        return self.zero_if_zero(a, self.text.apply("fdiv", a, b))

    def zero_if_zero(self, a: str, y: str) -> str:
        """0 where a is 0, else y."""
        return self.text.choose(self.text.compare("oeq", a, self.zero()), self.zero(), y)

    def zero(self) -> str:
        """The number 0."""
        return self.text.literal(0.0)

    # Powers and exponentials, as `autograd_lite.namespaces` has them for arrays

    def pow(self, a: str, b: str) -> str:
        """A power; NumPy takes a square root for 1/2, which differs from a power at -0.0 and -inf."""
        text, inf = self.text, self.text.literal(math.inf)
        power = self.ufunc("power", a, b)
        root = text.apply("fadd", power, self.zero())
        root = text.choose(text.compare("oeq", a, text.literal(-math.inf)), inf, root)
        return text.choose(text.compare("oeq", b, text.literal(0.5)), root, power)

    def powterm(self, c: str, a: str, b: str, k: str) -> str:
        """The term c a^(b - k) of a derivative."""
        text = self.text
        is_uniform = {b, k} <= self.uniform
        e, lost = self._two_sum(b, text.apply("fneg", k))
        half_e = text.apply("fmul", text.literal(0.5), e)
        self.uniform |= {e, half_e} if is_uniform else set()
        power, size = self.pow(a, e), text.call("fabs", a)
        term = text.apply("fmul", c, power)
        half = self.ufunc("power", size, half_e)
        scaled = text.apply("fmul", half, text.apply("fmul", c, half))
        scaled = text.apply("fmul", scaled, text.call("copysign", text.literal(1.0), power))
        scaled = self.zero_if_zero(half, scaled)
        power_size = text.call("fabs", power)
        is_small = text.compare("olt", power_size, text.literal(SMALL))
        is_extreme = text.both(is_small, text.compare("oeq", power_size, text.literal(math.inf)), "or")
        term = text.choose(is_extreme, scaled, term)
        shift = text.apply("fmul", lost, self.ufunc("log", size))
        shifted = text.apply("fmul", term, text.apply("fadd", text.literal(1.0), shift))
        is_near = text.compare("olt", text.call("fabs", shift), text.literal(1.0))
        return self.zero_if_zero(c, text.choose(is_near, shifted, term))

    def exp_difference(self, a: str, b: str) -> str:
        """exp(a - b), with what rounding the difference lost; 1 for equals, infinite ones too."""
        text = self.text
        d, lost = self._two_sum(a, text.apply("fneg", b))
        is_near = text.compare("olt", text.call("fabs", d), text.literal(EXP_RANGE))
        correction = text.apply("fadd", text.literal(1.0), text.choose(is_near, lost, self.zero()))
        y = text.apply("fmul", self.ufunc("exp", d), correction)
        return text.choose(text.compare("oeq", a, b), text.literal(1.0), y)

    def _two_sum(self, a: str, b: str) -> tuple[str, str]:
        """The rounded sum, and what rounding lost."""
        apply = self.text.apply
        s = apply("fadd", a, b)
        t = apply("fsub", s, a)
        return s, apply("fadd", apply("fsub", a, apply("fsub", s, t)), apply("fsub", b, t))

    # NumPy's inner loops

    def ufunc(self, name: str, *operands: str) -> str:
        """Call the inner loop of a ufunc: pointers to the operands and the result, a count, the steps, and its data."""
        if name in self.near and self.text.width == 1:
            return self._library(name, operands[0])
        text = self.text
        function, data = self._given(name)
        self.called = True
        places = ["%loop.a", "%loop.b"][: len(operands)]
        for x, place in zip(operands, places, strict=True):
            text.store(x, place, 0)
        if name in self.near and text.width >= FEW:
            text.declarations |= dict.fromkeys(near())
            numbers = f"ptr %loop.a, ptr %loop.out, i64 {text.width}, i64 {self.near[name]}"
            text.do(f"call void @near_sine({numbers}, ptr {function}, ptr {data})")
            return text.load("%loop.out", 0)
        steps = [0 if x in self.uniform else 8 for x in operands]
        for position, (place, step) in enumerate(zip([*places, "%loop.out"], [*steps, 8], strict=True)):
            text.do(f"store ptr {place}, ptr {self._slot('%loop.pointers', position)}")
            text.do(f"store i64 {step}, ptr {self._slot('%loop.steps', position)}")
        text.do(f"store i64 {text.width}, ptr %loop.count")
        text.do(f"call void {function}(ptr %loop.pointers, ptr %loop.count, ptr %loop.steps, ptr {data})")
        return text.load("%loop.out", 0)

    def _library(self, name: str, x: str) -> str:
        """Call a function of the C library."""
        function, _ = self._given(LIBRARY + name)
        return self.text.from_number(self.text.let(f"call double {function}(double {self.text.as_number(x)})"))

    def _given(self, name: str) -> tuple[str, str]:
        """A function that a call hands over, and its data."""
        k = self.loops.setdefault(name, len(self.loops))
        return self._loaded(2 * k), self._loaded(2 * k + 1)

    def _loaded(self, k: int) -> str:
        return self.text.let(f"load ptr, ptr {self._slot('%loops', k)}")

    def _slot(self, table: str, k: int) -> str:
        return self.text.let(f"getelementptr ptr, ptr {table}, i64 {k}")

    def buffers(self) -> list[str]:
        """What a function allocates for the calls of inner loops."""
        doubles = [f"%loop.{name} = alloca [{self.widest} x double], align 64" for name in ("a", "b", "out")]
        tables = ["%loop.pointers = alloca [3 x ptr]", "%loop.steps = alloca [3 x i64]", "%loop.count = alloca i64"]
        return [*doubles, *tables]

r"""Sine and cosine of eight numbers at once, with the bits of the C library, which knows them one by one.

With :math:`r = x - k \pi/32`, the sine is :math:`\sin(k \pi/32) \cos r + \cos(k \pi/32) \sin r`: two numbers from a
table, as sums of two doubles, and two short polynomials [1]_. The result ``y + rest`` is known to a hundredth of a
unit in the last place (ulp). A library whose results are never further than 0.55 ulp from the truth gives the same
``y``, unless the truth is nearer than 0.05 ulp to the middle between two doubles; those numbers, every eighth or so,
and large ones are left to the library [2]_.

References
----------
.. [1] Tang, "Table-lookup algorithms for elementary functions and their error analysis", 1991.
.. [2] Ziv, "Fast evaluation of elementary mathematical functions with correctly rounded last bit", 1991: the test of
   whether rounding is safe. The bounds of glibc, from 2.28 on, stand in its file ``s_sin.c``.
"""

from __future__ import annotations

import functools
import math
from decimal import Decimal, localcontext

from autograd_lite.compiler.backends.native.text import LANES, Text, hexadecimal

__all__ = ["LIBRARY", "NEAR", "near"]

LIBRARY = "libm."  # before the name of a function of the C library, among the loops that a call hands over
PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494")
PARTS = 64  # of a turn
NEAR = {"sin": 0, "cos": PARTS // 4}  # by how many parts a cosine is ahead
LARGE = 1e5  # from here on k has too many bits
TINY = 2.0**-26  # below, the sine of a number is that number, zeros with their sign
ROUND = 1.5 * 2.0**52  # added, it rounds to whole numbers, which are then its last bits
DOUBT = 7.0 / 16.0 * 2.0**-52  # of what a last place counts: 1/16 before the middle between two doubles
SINE = (1.0 / 362880.0, -1.0 / 5040.0, 1.0 / 120.0, -1.0 / 6.0)  # of r**9 to r**3
COSINE = (1.0 / 40320.0, -1.0 / 720.0, 1.0 / 24.0, -0.5)  # of r**8 to r**2
MOST = 32  # numbers of a call


@functools.cache
def near() -> tuple[str, ...]:
    """Write the function ``@near_sine`` and what it needs.

    It is called with the places of up to 32 operands and of their results, how many there are, by how many parts of a
    turn they are ahead, and the inner loop of the ufunc with its data.
    """
    text = Text()
    with text.lanes(LANES):

        def turn(k: int | str, _: list[str]) -> list[str]:
            y, is_doubtful = _computed(text, text.load("%x", k))
            text.store(y, "%y", k)
            place = text.let(f"getelementptr i8, ptr %doubts, i64 {text.let(f'lshr i64 {k}, 3')}")
            text.do(f"store i8 {text.let(f'bitcast <{LANES} x i1> {is_doubtful} to i8')}, ptr {place}")
            return []

        text.loop(0, "%count", LANES, turn)
    body = "\n".join(text.lines)
    declared = [*text.declarations, "declare i64 @llvm.cttz.i64(i64, i1)"]
    return *declared, _table(), _left_to_loop(), _function(body)


def _function(body: str) -> str:
    head = "define internal void @near_sine(ptr %x, ptr %y, i64 %count, i64 %ahead, ptr %loop, ptr %data) noinline #0"
    return f"""{head} {{
entry:
%is.sine = icmp eq i64 %ahead, 0
%tiny = select i1 %is.sine, double {hexadecimal(TINY)}, double 0.0
%tiny.one = insertelement <{LANES} x double> poison, double %tiny, i64 0
%tiny.all = shufflevector <{LANES} x double> %tiny.one, <{LANES} x double> poison, <{LANES} x i32> zeroinitializer
%doubts = alloca i32
store i32 0, ptr %doubts
{body}
%bits = load i32, ptr %doubts
%wide = zext i32 %bits to i64
%above = shl i64 -1, %count
%inside = xor i64 %above, -1
%mask = and i64 %wide, %inside
%some = icmp ne i64 %mask, 0
br i1 %some, label %left, label %done
left:
call void @left_to_loop(ptr %x, ptr %y, i64 %mask, ptr %loop, ptr %data)
br label %done
done:
ret void
}}"""


def _left_to_loop() -> str:
    """The function that hands some operands to an inner loop: those of a mask, one behind the other."""
    return f"""define internal void @left_to_loop(ptr %x, ptr %y, i64 %mask, ptr %loop, ptr %data) noinline #0 {{
entry:
%a = alloca [{MOST} x double], align 64
%b = alloca [{MOST} x double], align 64
%places = alloca [{MOST} x i64], align 64
%pointers = alloca [2 x ptr]
%steps = alloca [2 x i64]
%total = alloca i64
br label %pick
pick:
%m = phi i64 [%mask, %entry], [%m.next, %pick]
%n = phi i64 [0, %entry], [%n.next, %pick]
%i = call i64 @llvm.cttz.i64(i64 %m, i1 true)
%x.i = getelementptr double, ptr %x, i64 %i
%number = load double, ptr %x.i
%a.n = getelementptr double, ptr %a, i64 %n
store double %number, ptr %a.n
%places.n = getelementptr i64, ptr %places, i64 %n
store i64 %i, ptr %places.n
%m.less = add i64 %m, -1
%m.next = and i64 %m, %m.less
%n.next = add i64 %n, 1
%more = icmp ne i64 %m.next, 0
br i1 %more, label %pick, label %call
call:
store i64 %n.next, ptr %total
store ptr %a, ptr %pointers
%pointers.1 = getelementptr ptr, ptr %pointers, i64 1
store ptr %b, ptr %pointers.1
store i64 8, ptr %steps
%steps.1 = getelementptr i64, ptr %steps, i64 1
store i64 8, ptr %steps.1
call void %loop(ptr %pointers, ptr %total, ptr %steps, ptr %data)
br label %back
back:
%j = phi i64 [0, %call], [%j.next, %back]
%b.j = getelementptr double, ptr %b, i64 %j
%result = load double, ptr %b.j
%places.j = getelementptr i64, ptr %places, i64 %j
%place = load i64, ptr %places.j
%y.j = getelementptr double, ptr %y, i64 %place
store double %result, ptr %y.j
%j.next = add i64 %j, 1
%rest = icmp slt i64 %j.next, %n.next
br i1 %rest, label %back, label %done
done:
ret void
}}"""


# --- the formula ----------------------------------------------------------------------------------------------------


def _computed(text: Text, x: str) -> tuple[str, str]:
    """The nearest double of each lane, and whether that is doubtful."""
    apply, literal = text.apply, text.literal
    scaled = _fma(text, x, literal(PARTS / 2.0 / math.pi), literal(ROUND))
    r, r_rest = _reduced(text, x, apply("fsub", scaled, literal(ROUND)))
    sine, sine_rest, cosine, cosine_rest = _from_table(text, scaled)
    square = apply("fmul", r, r)
    lost = apply("fmul", _polynomial(text, COSINE, square), square)  # cos r - 1
    cubic = apply("fmul", apply("fmul", _polynomial(text, SINE, square), square), r)  # sin r - r
    p = apply("fmul", cosine, r)
    p_rest = _fma(text, cosine, r, apply("fneg", p))
    high = apply("fadd", sine, p)
    low = apply("fsub", p, apply("fsub", high, sine))  # exact: the sine is 0, or larger than the product
    small = _fma(text, sine, lost, apply("fadd", sine_rest, p_rest))
    small = _fma(text, cosine, apply("fadd", cubic, r_rest), small)
    low = apply("fadd", low, _fma(text, cosine_rest, r, small))
    y = apply("fadd", high, low)
    rest = apply("fsub", low, apply("fsub", y, high))
    size = text.call("fabs", x)
    y = text.choose(text.compare("olt", size, "%tiny.all"), x, y)
    is_unsure = text.compare("oge", text.call("fabs", rest), apply("fmul", _power_of_two(text, y), literal(DOUBT)))
    return y, text.both(is_unsure, text.compare("uge", size, literal(LARGE)), "or")


def _fma(text: Text, a: str, b: str, c: str) -> str:
    return text.call("fma", a, b, c)


def _polynomial(text: Text, coefficients: tuple[float, ...], x: str) -> str:
    y = text.literal(coefficients[0])
    for c in coefficients[1:]:
        y = _fma(text, y, x, text.literal(c))
    return y


def _reduced(text: Text, x: str, k: str) -> tuple[str, str]:
    """The sum r + rest of two doubles that is x - k pi/32."""
    apply, back = text.apply, text.apply("fneg", k)
    first, second, third = (text.literal(c) for c in _step())
    t = _fma(text, back, first, x)  # exact
    q = apply("fmul", back, second)
    q_rest = _fma(text, back, third, _fma(text, back, second, apply("fneg", q)))
    r = apply("fadd", t, q)
    u = apply("fsub", r, t)
    lost = apply("fadd", apply("fsub", t, apply("fsub", r, u)), apply("fsub", q, u))
    return r, apply("fadd", lost, q_rest)


def _power_of_two(text: Text, y: str) -> str:
    """The power of two at or below the size of y; of a power of two the next one below."""
    kind = f"<{LANES} x i64>"

    def everywhere(number: int) -> str:
        return f"<{', '.join([f'i64 {number}'] * LANES)}>"

    bits = text.let(f"add {kind} {text.let(f'bitcast {text.type} {y} to {kind}')}, {everywhere(-1)}")
    return text.let(f"bitcast {kind} {text.let(f'and {kind} {bits}, {everywhere(0x7FF << 52)}')} to {text.type}")


def _from_table(text: Text, scaled: str) -> list[str]:
    """The four columns of the rows that the last bits of `scaled` choose, some parts ahead."""
    kind = f"<{LANES} x i64>"
    bits = text.let(f"bitcast {text.type} {scaled} to {kind}")
    rows: list[str] = []
    for lane in range(LANES):
        k = text.let(f"extractelement {kind} {bits}, i64 {lane}")
        k = text.let(f"add i64 {k}, %ahead")
        at = text.times(text.let(f"and i64 {k}, {PARTS - 1}"), 4)
        with text.lanes(4):
            rows.append(text.load("@sines", at))
    with text.lanes(4):
        pairs = [text.shuffle(a, b, range(8)) for a, b in zip(rows[::2], rows[1::2], strict=True)]
    columns: list[str] = []
    for c in range(4):
        first, second = (text.shuffle(a, b, [c, c + 4, c + 8, c + 12]) for a, b in (pairs[:2], pairs[2:]))
        with text.lanes(4):
            columns.append(text.shuffle(first, second, range(8)))
    return columns


# --- numbers --------------------------------------------------------------------------------------------------------


def _split(x: Decimal) -> tuple[float, float]:
    """The nearest double, and the nearest one to what is left."""
    return float(x), float(x - Decimal(float(x)))


def _step() -> tuple[float, float, float]:
    """The angle pi/32 in three parts; the first one has 32 bits, so that 20 bits times it are exact."""
    with localcontext() as context:
        context.prec = 60
        angle = PI * 2 / PARTS
        first = math.floor(float(angle) * 2.0**35) / 2.0**35
        return first, *_split(angle - Decimal(first))


def _table() -> str:
    """A row for each part of a turn: the sine and the cosine, as sums of two doubles."""
    numbers: list[float] = []
    with localcontext() as context:
        context.prec = 60
        one = _exact_sine(PI * 2 / PARTS), _exact_sine(PI / 2 - PI * 2 / PARTS)
        s, c = Decimal(0), Decimal(1)
        for _ in range(PARTS):
            numbers += [*_split(round(s, 45)), *_split(round(c, 45))]
            s, c = s * one[1] + c * one[0], c * one[1] - s * one[0]
    written = ", ".join(f"double {hexadecimal(x)}" for x in numbers)
    return f"@sines = private unnamed_addr constant [{len(numbers)} x double] [{written}], align 64"


def _exact_sine(x: Decimal) -> Decimal:
    """A sine by its series."""
    total = term = x
    k = 1
    while abs(term) > Decimal("1e-58"):
        k += 2
        term *= -x * x / (k * (k - 1))
        total += term
    return total

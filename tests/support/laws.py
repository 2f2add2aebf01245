"""The laws that every op of the table keeps, as functions of an op and a point; and what each op is excused from.

The promises: values within 2 units in the last place (ulp), partials within 4, over the whole finite range; second
derivatives within 1e-9. What an op is excused from, and why, stands in `leeway`.
"""

from __future__ import annotations

import contextlib
import functools
import math
import zlib
from collections.abc import Callable, Sequence
from typing import Any

from flint import arb
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import TABLE, Value
from autograd_lite.formulas import expr
from autograd_lite.namespaces import floats, symbols
from autograd_lite.op import Op
from tests.support.agreement import applied
from tests.support.leeway import leeway_of, subnormal
from tests.support.oracle import Exact, derivatives, evaluated, series, spacing, ulps, unit, value

SECOND = 1e-9  # of second and higher derivatives, relative
SHARP, SECOND_ULPS = {"tanh", "sigmoid", "arcsin", "arccos", "arctanh"}, 8.0  # of the second derivative itself

# --- Points ---------------------------------------------------------------------------------------------------------

NEAR = [0.0, 1.0, 0.5, 2.0, math.pi / 2, math.pi, math.sqrt(0.5), 1e-8, 1e8, 1e154, 1e-154, 1e300, 1e-300, 5e-324, 20.0]
NEAR += [37.0, 38.5, 700.0, 709.78, 745.13, 710.47, 1.2784645427610738, 0.7517915247, 27.0, 2.0**53]


def numbers(low: float, high: float) -> st.SearchStrategy[float]:
    """Finite floats strictly inside an interval: any bits, ordinary sizes, and what is near special ones."""
    inside = [y for x in NEAR for s in (x, -x) for y in (s, math.nextafter(s, math.inf), math.nextafter(s, -math.inf))]
    inside += [low + (high - low) * 1e-9, high - (high - low) * 1e-9] if math.isfinite(high - low) else []
    anything = st.floats(
        max(low, -1.7e308),
        min(high, 1.7e308),
        exclude_min=math.isfinite(low),
        exclude_max=math.isfinite(high),
        allow_nan=False,
    )
    ordinary = st.floats(max(low, -10.0), min(high, 10.0), exclude_min=low >= -10.0, exclude_max=high <= 10.0)
    found = st.one_of(anything, ordinary, st.sampled_from([x for x in inside if low < x < high]))
    return found.map(lambda x: x + 0.0)  # exact arithmetic knows no -0.0


def intervals_of(op: Op) -> tuple[tuple[float, float], ...]:
    """The domain of each operand, or of each group of operands."""
    return tuple(op.domain[name] for name in op.operand_names)


def points(
    intervals: Sequence[tuple[float, float]], *, many: bool, ordinary: bool = False
) -> st.SearchStrategy[list[float]]:
    """Operands of an op, drawn from its domain; one to three in each group of a many-operand op."""

    def draw(low: float, high: float) -> st.SearchStrategy[float]:
        if not ordinary:
            return numbers(low, high)
        low, high = max(low, -8.0), min(high, 8.0)
        special = st.sampled_from([x for x in (0.0, 0.5, -0.5, 1.5, -1.5, 3.0, -2.0) if low < x < high])
        return special | st.floats(low, high).map(lambda x: round(x, 4)).filter(lambda x: low < x < high)

    if not many:
        return st.tuples(*(draw(*i) for i in intervals)).map(list)
    sizes = st.integers(1, 3)
    return sizes.flatmap(lambda n: st.tuples(*(draw(*i) for i in intervals for _ in range(n))).map(list))


class ElsewhereError(Exception):
    """A law says nothing about this point."""


def assume(condition: Any) -> None:
    """Leave a point of which the law says nothing."""
    if not condition:
        raise ElsewhereError


@functools.cache
def drawn(intervals: tuple[tuple[float, float], ...], *, many: bool, ordinary: bool) -> list[list[float]]:
    """As many points of a domain as the profile has examples; all ops of this domain are tried there."""
    found: list[list[float]] = []

    @settings(phases=[Phase.generate])
    @given(points(intervals, many=many, ordinary=ordinary))
    def draw(data: list[float]) -> None:
        found.append(data)

    draw()
    return found


def holds(law: Callable[[Op, list[float]], None], op: Op, *, ordinary: bool = False) -> None:
    """Try a law at points of an op's domain, until it held at three for ten examples of the profile."""
    first, *others = drawn(intervals_of(op), many=op.many, ordinary=ordinary)
    begin = zlib.crc32(op.name.encode()) % len(others)  # each op begins at another point
    wanted = settings().max_examples * 3 // 10
    for data in [first, *others[begin:], *others[:begin]]:
        with contextlib.suppress(ElsewhereError):
            law(op, list(data))
            wanted -= 1
        if not wanted:
            return
    assert wanted < settings().max_examples * 3 // 10, f"{law.__name__} says nothing about {op.name} at any point"


# --- The laws -------------------------------------------------------------------------------------------------------


def value_is_right(op: Op, data: list[float]) -> None:
    truth = value(op, data)
    assume(not truth.is_nan())
    _close(op, "value", data, op.number(data), truth)


def partials_are_right(op: Op, data: list[float]) -> None:
    if op.piecewise_constant:
        assert op.evaluate(data, [True] * len(data))[1] == (0.0,) * len(data)
        return
    assume(op.smooth(*data) and not leeway_of(op, "value").unless(*data))
    y, partials = op.evaluate(data, [True] * len(data))
    for i, ours in enumerate(partials):
        truth = derivatives(op, data, unit(i, len(data)), 1)
        assume(truth)
        assume(math.isfinite(y) or abs(truth[1]) < arb(2) ** 1023)
        _close(op, group_of(op, i, len(data)), data, ours, truth[1])


def smoothness_is_true(op: Op, data: list[float]) -> None:
    """Where a row says that it is smooth, the slopes from both sides agree."""
    if op.piecewise_constant:
        return
    assume(op.smooth(*data))
    for i in range(len(data)):
        right, left = (derivatives(op, data, unit(i, len(data)), 1, side=side) for side in (1, -1))
        assume(right and left)
        assert right[1].overlaps(left[1]), f"{op.name} has a kink at {data}"


def second_derivatives_are_right(op: Op, data: list[float]) -> None:
    if op.piecewise_constant:
        return
    assume(op.smooth(*data))
    assume(not leeway_of(op, "second").unless(*data))
    nodes = [Value(x) for x in data]
    y = applied(op, nodes)
    assume(math.isfinite(y.data) and not subnormal(y.data, *data))
    slopes = ag.gradients(y, nodes, create_graph=True)
    n = len(data)
    for i in range(n):
        assume(abs(slopes[i].data) < 1e150)
        for j, ours in enumerate(ag.gradients(slopes[i], nodes)):
            truth, scale = second(op, data, i, j)
            assume(truth is not None and abs(truth) < 1e290)
            error = abs(ours - truth)
            assert error <= SECOND * abs(truth) + 1e-14 * scale + 1e-300, (
                f"{op.name}{data}: second derivative by {i}, {j} is {ours}, not {truth}"
            )


def second_derivatives_keep_their_digits(op: Op, data: list[float]) -> None:
    """Within 8 ulp of the value itself, next to its roots too: forms that do not cancel."""
    if op.name not in SHARP:
        return
    truth = derivatives(op, data, [1.0], 2)
    assume(truth and not subnormal(float(truth[1].mid()), float(truth[2].mid())))
    off = ulps(ag.derivative(op, 2)(data[0]), truth[2])
    assert off <= SECOND_ULPS, f"{op.name}{data}: the second derivative is {off:.3g} ulp from {truth[2].str(20)}"


def second(op: Op, data: Sequence[float], i: int, j: int) -> tuple[float | None, float]:
    """A second derivative, by polarisation along e_i + e_j, and the size of the terms that it is the sum of."""
    n = len(data)
    ways = [[unit(i, n), 1.0]] if i == j else [[[a + b for a, b in zip(unit(i, n), unit(j, n), strict=True)], 0.5]]
    ways += [] if i == j else [[unit(i, n), -0.5], [unit(j, n), -0.5]]
    total, scale = arb(0), 0.0
    for direction, weight in ways:
        taylor = derivatives(op, data, direction, 2)
        if not taylor:
            return None, 0.0
        total += taylor[2] * weight
        size = min(1.0, max(map(abs, data)) or 1.0)
        scale = max(scale, abs(float(taylor[1].mid())) / size, abs(float(taylor[2].mid())))
    return float(total.mid()), scale


def high_orders_are_right(op: Op, data: list[float]) -> None:
    """Derivatives to order 4 where both sides agree on them: rules through `abs` fail here, at 0."""
    if op.piecewise_constant:
        return
    assume(op.smooth(*data))
    for i in range(len(data)):
        right, left = (derivatives(op, data, unit(i, len(data)), 4, side=side) for side in (1, -1))
        assume(right and left)
        nodes = [Value(x) for x in data]
        f = applied(op, nodes)
        scale = 0.0
        for k in range(1, 5):
            if not right[k].overlaps(left[k]):
                break
            f = ag.gradients(f, nodes[i], create_graph=True)
            truth = float(right[k].mid())
            scale = max(scale, abs(truth))
            assert abs(f.data - truth) <= SECOND * abs(truth) + 1e-13 * scale, (
                f"{op.name}{data}: derivative {k} by operand {i} is {f.data}, not {truth}"
            )


def taught_is_computed(op: Op, data: list[float]) -> None:
    """The slope that pictures show is the slope that is computed, as mathematics."""
    xp = Exact()
    groups = op.split(data) if op.many else data
    for name, rule in op.taught.items():
        which = op.operand_names.index(name)

        def both(rule: Any = rule, which: int = which) -> list[Any]:
            xs = [list(map(series, g)) for g in groups] if op.many else list(map(series, groups))
            y = op.value(xp, *xs)
            taught, computed = rule(xp, y, *xs), op.partials[which](xp, y, *xs)
            pairs = zip(taught, computed, strict=True) if op.many else [(taught, computed)]
            return [series(s)[0] for pair in pairs for s in pair]

        assume(op.smooth(*data))
        balls = evaluated(both)
        assume(balls)
        for taught, computed in zip(balls[::2], balls[1::2], strict=True):
            gap = abs(taught - computed)
            assert gap <= abs(computed) * arb(2) ** -49 + arb(2) ** -1000, (
                f"{op.name}{data}: {float(taught.mid())} is taught, {float(computed.mid())} computed"
            )


def text_gives_the_number(op: Op, data: list[float]) -> None:
    """Formulas, evaluated as Python, give the value and the slopes that the rules give."""
    names = [f"x{i}" for i in range(len(data))]
    with_rules = vars(floats) | TABLE | dict(zip(names, data, strict=True)) | {"y": (y := op.number(data))}
    assume(math.isfinite(y) and op.smooth(*data) and not leeway_of(op, "text").unless(*data))
    texts = [
        op.formula(*names).text,
        expr(op.value_of(symbols, list(map(expr, names)))).text,
        *(op.slope(i, "y", *names).text for i in range(len(data))),
    ]
    _, partials = op.evaluate(data, [True] * len(data))
    scale = max(abs(y), *(abs(p) for p in partials), 1.0)
    for text, expected in zip(texts, [y, y, *partials], strict=True):
        try:
            found = evaluate(text, with_rules)
        except ArithmeticError:
            continue  # the taught form divides by 0 where the computed one does not
        assert math.isclose(found, expected, rel_tol=1e-9, abs_tol=1e-9 * scale), f"{text} = {found}, not {expected}"


def evaluate(text: str, names: dict[str, Any]) -> float:
    return float(eval(text, {"__builtins__": {}}, names))  # noqa: S307 - the text is our own, and only a test does this


def sweeps_agree(op: Op, data: list[float]) -> None:
    """The float sweep over stored partials and the sweep that asks the rules give the same bits, shared nodes too."""
    nodes = [Value(x) for x in data]
    y = applied(op, nodes)
    y = y + y * y
    stored, asked = ag.gradients(y, nodes), ag.gradients(y, nodes, create_graph=True)
    for a, b in zip(stored, asked, strict=True):
        assert a == b.data or (a != a and b.data != b.data), f"{op.name}{data}: {a} stored, {b.data} asked"


def doubling_is_linear(op: Op, data: list[float]) -> None:
    """The slope of f + f is twice the slope of f, for a node that is used twice."""
    once, twice = [Value(x) for x in data], [Value(x) for x in data]
    f, g = applied(op, once), applied(op, twice)
    (g + g).backward()
    f.backward()
    for a, b in zip(once, twice, strict=True):
        assert b.grad == a.grad + a.grad or a.grad != a.grad


def group_of(op: Op, i: int, n: int) -> str:
    return op.operand_names[i // (n // len(op.operand_names))]


def _close(op: Op, what: str, data: list[float], ours: float | None, truth: Any) -> None:
    leeway = leeway_of(op, what)
    assume(not leeway.unless(*data))
    assert ours is not None
    off = ulps(ours, truth)
    if off > leeway.ulps:
        unit_of_term = spacing(arb(leeway.term(*data)))
        off = float(abs(arb(ours) - truth.mid()) / max(spacing(truth), unit_of_term))
    assert off <= leeway.ulps, f"{op.name}{data}: {what} is {ours!r}, {off:.3g} ulp from {truth.str(20)}"


LAWS = [value_is_right, partials_are_right, smoothness_is_true, second_derivatives_are_right, sweeps_agree]
LAWS += [doubling_is_linear, second_derivatives_keep_their_digits]
ORDINARY_LAWS = [high_orders_are_right, taught_is_computed, text_gives_the_number]  # at numbers of ordinary size

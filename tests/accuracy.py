"""Measure every op: the largest error of its value, partials and second derivatives, in units in the last place (ulp).

``python -m tests.accuracy`` draws points over the whole finite range of each op (random bits, ordinary sizes, extremes,
neighbourhoods of roots, kinks and overflow), asks exact ball arithmetic for the truth, and writes `docs/accuracy.md`:
ours, eager and compiled, beside the libraries that are installed.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import math
import os
import platform
import random
import struct
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from flint import arb, ctx

import autograd_lite as ag
from autograd_lite import TABLE
from autograd_lite.op import Op
from tests.accuracy_peers import Columns, Result, installed_peers
from tests.support.laws import NEAR, SHARP, group_of
from tests.support.leeway import LEEWAY, TINY, leeway_of, subnormal
from tests.support.oracle import derivatives, unit, value

PAGE = Path(__file__).parents[1] / "docs" / "accuracy.md"
Contender = Callable[[str, Columns], Result | None]

# --- Points ---------------------------------------------------------------------------------------------------------


def number(rng: random.Random, low: float, high: float) -> float:
    """A float strictly inside an interval: any bits, ordinary, any size, or near a special number."""
    special = [*NEAR, *(x for x in (low, high) if math.isfinite(x))]
    while True:
        kind = rng.random()
        if kind < 0.3:
            x = struct.unpack("d", rng.randbytes(8))[0]
        elif kind < 0.6:
            x = rng.choice([rng.gauss(0.0, 2.0), rng.uniform(-1.0, 1.0), rng.uniform(-40.0, 40.0)])
        elif kind < 0.8:
            x = rng.choice([rng.uniform(-750.0, 750.0), rng.choice([-1.0, 1.0]) * 10.0 ** rng.uniform(-18.0, 18.0)])
        else:
            x = rng.choice([-1.0, 1.0]) * rng.choice(special)
            x *= 1.0 + rng.choice([0.0, 1e-16, -1e-16, 1e-12, -1e-9, 1e-5, -1e-2])
            x = math.nextafter(x, rng.choice([-math.inf, x, math.inf]))
        if low < x < high and math.isfinite(x):
            return x + 0.0  # exact arithmetic knows no -0.0


def draw(op: Op, rng: random.Random) -> list[float]:
    """Operands of an op, two in each group of a many-operand op; now and then equal ones, and plain exponents."""
    each = 2 if op.many else 1
    data = [number(rng, *op.domain[name]) for name in op.operand_names for _ in range(each)]
    if len(data) > 1 and rng.random() < 0.3:
        low, high = op.domain[op.operand_names[-1]]
        data[-1] = rng.choice([x for x in (data[0], 0.5, 1.0, 2.0, 3.0, -1.0) if low < x < high])
    return data


# --- Truth and error ------------------------------------------------------------------------------------------------


class Truth:
    """Exact numbers as pairs of floats, to measure columns of results by; NaN where nothing is asked."""

    def __init__(self) -> None:
        self.rows: list[tuple[float, float, float, float]] = []
        self.normal: list[bool] = []

    def add(self, ball: Any | None, term: float, normal: bool) -> None:
        if ball is None or ball.is_nan():
            self.rows.append((math.nan, 0.0, 1.0, 1.0))
            self.normal.append(False)
            return
        exact, ulp = ball.mid(), max(math.ulp(min(abs(float(ball.mid())), sys.float_info.max)), math.ulp(term))
        scale = 2.0**-2 if abs(exact) > arb(2) ** 1000 else 2.0**200 if abs(exact) < arb(2) ** -900 else 1.0
        exact = max(min(exact * scale, arb(2) ** 1022), -(arb(2) ** 1022))  # beyond, infinity is right
        high = float(exact)
        self.rows.append((high, float(exact - high), scale, ulp * scale))
        self.normal.append(normal and (high == 0.0 or abs(high) >= TINY * scale))

    def error(self, ours: np.ndarray, *, normal: bool = False) -> tuple[float, int]:
        """Largest error in ulp, and where; at all points, or where all numbers are normal."""
        high, low, scale, ulp = np.array(self.rows).T
        with np.errstate(all="ignore"):
            ours = np.where(np.isinf(ours), np.sign(ours) * 2.0**1022, ours * scale)
            off = np.abs((ours - high) - low) / ulp
        skipped = np.isnan(high) | (normal & ~np.array(self.normal))
        off = np.where(skipped, 0.0, np.where(np.isnan(off), math.inf, off))
        worst = int(np.argmax(off))
        return float(off[worst]), worst


def truths(op: Op, points: Sequence[list[float]]) -> dict[str, list[Truth]]:
    """What is true of the value, and of the partials, by the operands' names."""
    n = len(points[0])
    found: dict[str, list[Truth]] = {"value": [Truth()]}
    for i in range(n):
        found.setdefault(group_of(op, i, n), []).append(Truth())
    for data in points:
        exact = None if leeway_of(op, "value").unless(*data) else value(op, data)
        normal = not subnormal(*data, *([float(exact.mid())] if exact is not None and exact.is_finite() else []))
        found["value"][0].add(exact, leeway_of(op, "value").term(*data), normal)
        known = exact is not None and not exact.is_nan() and op.smooth(*data)  # where the value is NaN, so are partials
        for i in range(n):
            what = group_of(op, i, n)
            asked = known and not op.piecewise_constant and not leeway_of(op, what).unless(*data)
            taylor = derivatives(op, data, unit(i, n), 1) if asked else []
            found[what][i % len(found[what])].add(
                taylor[1] if taylor else None, leeway_of(op, what).term(*data), normal
            )
    return found


# --- Contenders -----------------------------------------------------------------------------------------------------


def eager(name: str, columns: Columns) -> Result:
    op = TABLE[name]
    results = [op.evaluate(data, [True] * len(columns)) for data in zip(*map(np.ndarray.tolist, columns), strict=True)]
    values, partials = zip(*results, strict=True)
    return np.array(values), [np.array(p) for p in zip(*partials, strict=True)]


def compiled(name: str, columns: Columns) -> Result:
    op, n = TABLE[name], len(columns)

    def f(*xs: Any) -> Any:
        return op(*op.split(xs)) if op.many else Op.__call__(op, *xs)

    run = ag.compile(ag.value_and_grad(f, argnums=tuple(range(n))), batch=tuple(range(n)))
    y, partials = run(*columns)
    return y, list(partials)


OURS: dict[str, Contender] = {"eager": eager, "compiled": compiled}


# --- The page -------------------------------------------------------------------------------------------------------


def measure(op: Op, count: int, seed: int, contenders: dict[str, Contender]) -> list[list[str]]:
    """Rows of the table for one op: what, then the largest error of each contender."""
    rng = random.Random(f"{seed} {op.name}")  # noqa: S311 - points, not secrets
    worst: dict[str, dict[str, float]] = {}
    for start in range(0, count, BLOCK):
        points = [draw(op, rng) for _ in range(min(BLOCK, count - start))]
        for what, found in errors(op, points, contenders).items():
            known = worst.setdefault(what, found)
            worst[what] = {name: max(error, known[name]) for name, error in found.items()}
    rows = []
    for what, found in worst.items():
        cells = [shown(found[n]) if n in found else "" for n in contenders]
        rows.append([op.name if what == "value" else "", what if what == "value" else f"by {what}", *cells])
    return rows


def errors(op: Op, points: Sequence[list[float]], contenders: dict[str, Contender]) -> dict[str, dict[str, float]]:
    """Largest error in ulp of each contender that has the op: of the value, and by each operand."""
    columns = [np.array(c) for c in zip(*points, strict=True)]
    exact = truths(op, points)
    found: dict[str, dict[str, float]] = {what: {} for what in exact}
    for name, run in contenders.items():
        with np.errstate(all="ignore"):
            result = run(op.name, columns)
        for what, truth in exact.items() if result else ():
            at = [i for i in range(len(columns)) if group_of(op, i, len(columns)) == what]
            ours = [result[0]] if what == "value" else [result[1][i] for i in at]
            pairs = zip(truth, ours, strict=True)
            found[what][name] = max(t.error(np.asarray(o), normal=name not in OURS)[0] for t, o in pairs)
    return found


def measure_second(op: Op, count: int, seed: int) -> list[list[str]]:
    """Rows of the table of second derivatives, by each operand twice: ours, eager and compiled."""
    rng = random.Random(f"second {seed} {op.name}")  # noqa: S311 - points, not secrets
    points = [point for point in (draw(op, rng) for _ in range(count)) if op.smooth(*point)]
    columns, rows = [np.array(c) for c in zip(*points, strict=True)], []
    for i in range(0, len(columns), len(columns) // len(op.operand_names)):
        truth = Truth()
        for data in points:
            taylor = derivatives(op, data, unit(i, len(data)), 2)
            sizes = [abs(float(ball.mid())) for ball in taylor]
            left_out = any(
                leeway_of(op, what).unless(*data) for what in ("value", "second", group_of(op, i, len(data)))
            )
            asked = taylor and not left_out and max(sizes) < 1e290 and not subnormal(*sizes, *data)
            term = (
                0.0
                if op.name in SHARP or not asked
                else max(sizes[1] / (min(1.0, max(map(abs, data))) or 1.0), sizes[2])
            )
            truth.add(taylor[2] if asked else None, min(term, 1e300), normal=True)

        def f(*xs: Any) -> Any:
            return op(*op.split(xs)) if op.many else Op.__call__(op, *xs)

        twice = ag.grad(ag.grad(f, argnums=i), argnums=i)
        with np.errstate(all="ignore"):
            eager = np.array([twice(*data) for data in points])
            rest = ag.compile(twice, batch=tuple(range(len(columns))))(*columns)
        cells = [shown(truth.error(np.broadcast_to(ours, len(points)))[0]) for ours in (eager, rest)]
        rows.append([op.name if not i else "", f"by {group_of(op, i, len(columns))}", *cells])
    return rows


def shown(ulps: float) -> str:
    if ulps == math.inf:
        return "wrong"
    if ulps >= 1000:
        return f"{ulps:.0e}".replace("e+", "e")
    return f"{ulps:.2g}" if ulps < 100 else f"{ulps:.0f}"


SECOND_POINTS = 300  # of the second derivatives, which take longer
BLOCK = 20_000  # points at a time, which bounds the memory
PAGE_TEXT = """# Accuracy of every op

The largest error of every op's value and of each partial, in units in the last place (ulp) of the exact result: 0.5 is
a correctly rounded float, 1e16 means that no digit is right, *wrong* that the result is NaN, or infinite where it
should be finite. Points are drawn over the whole finite range: random bits, ordinary sizes, extremes, and the
neighbourhoods of roots, kinks and overflow. The truth comes from ball arithmetic, which bounds its own error. The
promise is 2 ulp for values and 4 for partials.

{count:,} points an op, seed {seed}; Python {python}, {packages}, {machine}.
`python -m tests.accuracy --points {count} --seed {seed}` writes this page; other libraries are measured where they are
installed, and only at points where operands and results are normal numbers: some of them flush smaller ones to 0 on
purpose. An empty cell: the library has no such op with that operand.

{table}

## Second derivatives

By each operand twice, at {second_count:,} points an op where no number is subnormal: in ulp of the result itself for
{sharp}, of the largest term that it is the sum of for the others. The promise is 8 ulp.

{second}

Comparisons and other ops whose slope is 0 everywhere are exact. Kinks, ends of domains and infinities are tested one by
one.

## What is excused, and why

Where a reason speaks of terms or factors, the error is in ulp of the largest term, or up to 4 ulp is allowed; where it
names a number of ulp, so much was seen; where it speaks of lost digits, overflow or floats, such points are left out,
in all columns.

{reasons}
"""


def page(rows: list[list[str]], second: list[list[str]], contenders: Sequence[str], count: int, seed: int) -> str:
    return PAGE_TEXT.format(
        count=count,
        seed=seed,
        python=platform.python_version(),
        packages=", ".join(f"{p} {importlib.metadata.version(p)}" for p in ("numpy", "python-flint")),
        machine=platform.machine(),
        table=table(rows, contenders),
        second=table(second, OURS),
        second_count=min(count, SECOND_POINTS),
        sharp=", ".join(f"`{name}`" for name in TABLE if name in SHARP),
        reasons="\n".join(f"- {', '.join(where)}: {reason}." for reason, where in excused().items()),
    )


def table(rows: list[list[str]], contenders: Iterable[str]) -> str:
    head = ["op", "", *contenders]
    lines = [" | ".join(head), " | ".join(["---"] * 2 + ["---:"] * (len(head) - 2)), *map(" | ".join, rows)]
    return "\n".join(f"| {line} |" for line in lines)


def excused() -> dict[str, list[str]]:
    """What is excused, by the reason."""
    found: dict[str, list[str]] = {}
    for (name, what), leeway in LEEWAY.items():
        if what not in ("text", "second"):
            found.setdefault(leeway.reason, []).append(f"`{name}`" + (" (value)" if what == "value" else f" by {what}"))
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.accuracy", description=__doc__.splitlines()[0])
    parser.add_argument("ops", nargs="*", metavar="OP", help="which ops; all that have a slope unless given")
    parser.add_argument("--points", type=int, default=20_000, help="points an op (default 20000)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the points (default 0)")
    parser.add_argument(
        "--output", type=Path, help="the page to write (default docs/accuracy.md, if all ops are measured)"
    )
    parser.add_argument("--no-peers", action="store_true", help="measure ours only")
    given = parser.parse_args(arguments)
    unknown = [name for name in given.ops if name not in TABLE]
    if unknown or given.points < 1:
        parser.error(f"no op {', '.join(unknown)}" if unknown else "at least one point is needed")
    contenders = OURS | ({} if given.no_peers else installed_peers())
    ctx.prec = 256  # of what is computed with balls here
    names = given.ops or [name for name, op in TABLE.items() if not op.piecewise_constant]
    rows: list[list[str]] = []
    second: list[list[str]] = []
    for i, name in enumerate(names):
        start = time.perf_counter()
        new = measure(TABLE[name], given.points, given.seed, contenders)
        rows += new
        second += measure_second(TABLE[name], min(given.points, SECOND_POINTS), given.seed)
        print(f"[{i + 1}/{len(names)}] {name}, {time.perf_counter() - start:.1f} s", file=sys.stderr, flush=True)
        for row in new:
            print("   ", *(f"{cell:>10}" for cell in row), flush=True)
    output = given.output or (None if given.ops else PAGE)
    if output:
        output.parent.mkdir(parents=True, exist_ok=True)
        temporary = output.with_name(f".{output.name}.{os.getpid()}")
        temporary.write_text(page(rows, second, list(contenders), given.points, given.seed), encoding="utf-8")
        temporary.replace(output)
        print(f"Wrote {output}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())

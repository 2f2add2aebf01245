"""How the benchmarks measure: contenders in turn in one run, after a check that they compute the same numbers."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping

__all__ = ["interleaved", "table"]


def interleaved(contenders: Mapping[str, Callable[[], object]], rounds: int, seconds: float) -> dict[str, list[float]]:
    """Seconds per call: in each round every contender repeats its call for about so many seconds."""
    repeats = {}
    for name, call in contenders.items():
        call()
        start = time.perf_counter()
        call()
        repeats[name] = max(1, int(seconds / max(time.perf_counter() - start, 1e-7)))
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, call in contenders.items():
            gc.collect()
            start = time.perf_counter()
            for _ in range(repeats[name]):
                call()
            times[name].append((time.perf_counter() - start) / repeats[name])
    return times


def table(times: Mapping[str, list[float]], ours: str) -> str:
    """Minimum and median of each, and how many times longer than ours the median took."""
    own = statistics.median(times[ours])
    lines = [f"{'':34}{'min':>12}{'median':>12}{'ratio':>10}"]
    for name, seconds in times.items():
        middle = statistics.median(seconds)
        lines.append(f"{name:34}{min(seconds) * 1e6:9.2f} us{middle * 1e6:9.2f} us{middle / own:9.2f}x")
    return "\n".join(lines)

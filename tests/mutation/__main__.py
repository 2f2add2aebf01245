"""Mutation testing: change the code in one place, and see whether a test notices.

``python -m tests.mutation`` makes every mutant that mutmut 2.5.1 knows of the files in `plan`, runs their tests on
each, and prints how many were killed, and the survivors. Nothing on the disk is changed but the file of results, so
that a run that was stopped goes on where it was. ``docs/mutations.md`` has the figures and explains the survivors.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.mutation.mutants import mutants_of
from tests.mutation.plan import PLAN
from tests.mutation.running import healthy, run

Results = dict[str, dict[str, Any]]


def table(results: Results) -> str:
    """Results as a table by files, in Markdown."""
    lines = ["| file | mutants | killed | survived | killed, % |", "| --- | ---: | ---: | ---: | ---: |"]
    rows = [(path, [r for name, r in results.items() if name.startswith(f"{path}:")]) for path in PLAN]
    for path, found in [*rows, ("all", list(results.values()))]:
        if found:
            killed = sum(bool(r["killer"]) for r in found)
            share = 100.0 * killed / len(found)
            lines.append(f"| {path} | {len(found)} | {killed} | {len(found) - killed} | {share:.1f} |")
    return "\n".join(lines)


def survivors(results: Results) -> list[str]:
    """The survivors, each with what it changes."""
    return ["\n    ".join([name, *r["difference"]]) for name, r in results.items() if not r["killer"]]


def arguments(given: Sequence[str] | None) -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__.partition("\n")[0])
    parser.add_argument("files", nargs="*", default=list(PLAN), help="files to mutate; all that are planned")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes at a time")
    parser.add_argument("--sample", type=int, help="only so many mutants of each file, drawn with a fixed seed")
    parser.add_argument("--timeout", type=float, default=300.0, help="seconds for one mutant")
    parser.add_argument("--results", type=Path, default=Path("mutations.json"), help="where results are kept")
    parser.add_argument("--survivors", action="store_true", help="examine those again that survived")
    parser.add_argument("--show", action="store_true", help="examine none, print what is kept")
    args = parser.parse_args(given)
    if unknown := [path for path in args.files if path not in PLAN]:
        parser.error(f"no tests are planned for {', '.join(unknown)}; planned are {', '.join(PLAN)}")
    return args


def main(given: Sequence[str] | None = None) -> int:
    """Run it; 1 if the tests fail on a file as it is."""
    args = arguments(given)
    kept: Results = json.loads(args.results.read_text(encoding="utf-8")) if args.results.exists() else {}
    for path in [] if args.show else args.files:
        if failure := healthy(path):
            print(f"The tests of {path} fail without any change:\n{failure}", file=sys.stderr)
            return 1
        mutants = mutants_of(path)
        if args.sample:
            mutants = random.Random(0).sample(mutants, min(args.sample, len(mutants)))  # noqa: S311 - not for secrets
        again = [m for m in mutants if (m.name in kept) == args.survivors and not kept.get(m.name, {}).get("killer")]
        for done, (mutant, result) in enumerate(run(again, args.jobs, args.timeout), start=1):
            kept[mutant.name] = {"killer": result.killer, "seconds": result.seconds, "difference": mutant.difference()}
            print(f"[{done}/{len(again)}] {mutant.name} {result.seconds} s: {result.killer or 'SURVIVED'}", flush=True)
            args.results.write_text(json.dumps(kept, indent=1), encoding="utf-8")
    print(table(kept), *survivors(kept), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

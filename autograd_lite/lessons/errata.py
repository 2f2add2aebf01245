"""The worked examples and derivations of a set of course notes, and the list of their slips.

The notes' numbers and formulas stand in `notes/` as files that both checkers read; `errata` runs the checkers and lists
what they find, and `told.toml` adds the slips in notation and words, which no computation finds.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from autograd_lite.formulas import pretty_number
from autograd_lite.lessons.derivations import RIGHT, ChainReport, DerivationReport, verify_derivation
from autograd_lite.lessons.examples import ExampleReport, LineReport, verify_example

__all__ = ["DERIVATIONS", "EXAMPLES", "NOTES", "Slip", "errata", "errata_markdown", "reports"]

NOTES = Path(__file__).parent / "notes"
EXAMPLES = ("network_2_1_1.toml", "network_3_2_1.toml", "printed_values.toml", "sigmoid_neuron.toml")
DERIVATIONS = ("sigmoid_neuron.txt", "worked_networks.txt", "cross_entropy.txt", "multilayer_perceptron.txt")


class Slip(NamedTuple):
    """A slip: its number, what stands there, what should stand there, and how it is found: lines, numbers, told."""

    id: str
    says: str
    right: str
    found: str


@functools.cache  # the files are part of the package
def reports() -> Mapping[str, ExampleReport | DerivationReport]:
    """Check every file of the notes; returns the reports by file."""
    examples = {name: verify_example(NOTES / name) for name in EXAMPLES}
    return MappingProxyType(examples | {name: verify_derivation(NOTES / name) for name in DERIVATIONS})


def errata() -> list[Slip]:
    """List the slips of the notes, by number.

    Examples
    --------
    >>> [slip.right for slip in errata() if slip.id == "D-13"]
    ['t − a is 0.7, not −0.7; right would be a − t', 'a − y']
    """
    found = [slip for report in reports().values() for slip in _slips_of(report)]
    told = tomllib.loads((NOTES / "told.toml").read_text(encoding="utf-8"))["slips"]
    found += [Slip(row["id"], row["says"], row["right"], "told") for row in told]
    return sorted(found, key=lambda slip: _order(slip.id))


def _slips_of(report: ExampleReport | DerivationReport) -> Iterator[Slip]:
    if isinstance(report, ExampleReport):
        for line in report.lines:
            if line.wrong:
                yield Slip(line.claim.id, line.claim.text, _right_number(line), "numbers")
            elif line.value_verdict == "cut":
                yield Slip(line.claim.id, line.claim.text, pretty_number(line.exact, 6), "cut")
    else:
        for chain in report.chains:
            yield from _slip_of(chain)


def _right_number(line: LineReport) -> str:
    told = [*map(str, line.mismatches), *line.formulas]
    if line.candidates:
        told.append(f"candidates: {', '.join(line.candidates)}")
    number = [] if line.formulas else [pretty_number(line.exact, 6)]
    return "; ".join([*number, *told])


def _slip_of(chain: ChainReport) -> Iterator[Slip]:
    for step in chain.steps:
        if step.broken is not None:
            mend = step.broken.mends[0].tree.pretty if step.broken.mends else ""
            told = mend or (f"ratio {step.broken.ratio}" if step.broken.ratio else "")
            told = told or _after(chain, step.number)
            yield Slip(chain.title.partition(":")[0], f"{chain.steps[0].text} = … = {step.text}", told, "lines")


def _after(chain: ChainReport, number: int) -> str:
    """The next line that is right again."""
    return next((s.text for s in chain.steps if s.number > number and s.verdict != RIGHT and not s.broken), "")


def _order(name: str) -> tuple[str, int, str]:
    match = re.fullmatch(r"([A-Z])-(\d+)(\w*)", name)
    return (match[1], int(match[2]), match[3]) if match else (name, 0, "")


HOW = {
    "lines": "lines of a derivation differ",
    "numbers": "the number is another",
    "cut": "cut, not rounded",
    "told": "notation or words",
}


def errata_markdown() -> str:
    """The slips as a page in Markdown.

    Examples
    --------
    >>> print(errata_markdown().splitlines()[0])
    # Errata of the course notes
    """
    rows = [f"| {slip.id} | {_says(slip)} | {_cell(slip.right)} | {HOW[slip.found]} |" for slip in errata()]
    return "\n".join(
        [
            "# Errata of the course notes",
            "",
            "Lines that differ were found by comparing formulas at points, numbers by computing the example again. A",
            "candidate is a slip that gives the printed number; several may fit, and none is a fact.",
            "",
            "| number | what stands there | what is right | how it is found |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _says(slip: Slip) -> str:
    return _cell(slip.says) if slip.found == "told" else f"`{re.sub('[`|]', ' ', slip.says)}`"


def _cell(text: str) -> str:
    return re.sub(r"([\\|*_`\[\]<>$])", r"\\\1", " ".join(text.split()))

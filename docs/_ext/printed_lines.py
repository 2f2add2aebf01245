"""What a cell prints, as it printed it: chunks that the kernel sends one by one are joined without line breaks.

The kernel's temporary file, which messages name, becomes "the cell".
"""

from __future__ import annotations

import re
from typing import Any

from myst_nb.core import render
from sphinx.application import Sphinx

TEMPORARY = re.compile(r"[^\s(]*ipykernel_\d+[/\\]\d+\.py")


def joined(outputs: list[Any]) -> list[Any]:
    """Join the chunks of each stream at the place of its first one; other outputs stay where they are."""
    streams: dict[str, Any] = {}
    kept = []
    for output in outputs:
        if output["output_type"] != "stream":
            kept.append(output)
        elif output["name"] in streams:
            streams[output["name"]]["text"] += output["text"]
        else:
            streams[output["name"]] = output
            kept.append(output)
    for output in streams.values():
        output["text"] = TEMPORARY.sub("the cell", output["text"])
    return kept


def setup(app: Sphinx) -> dict[str, bool]:
    """Take the place of myst-nb's function, which ends each chunk with a line break, in the middle of a line too."""
    render.coalesce_streams = joined
    return {"parallel_read_safe": True, "parallel_write_safe": True}

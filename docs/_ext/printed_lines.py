"""What a cell prints, as it printed it: chunks that the kernel sends one by one are joined without line breaks."""

from __future__ import annotations

from typing import Any

from myst_nb.core import render
from sphinx.application import Sphinx


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
    return kept


def setup(app: Sphinx) -> dict[str, bool]:
    """Take the place of myst-nb's function, which ends each chunk with a line break, in the middle of a line too."""
    render.coalesce_streams = joined
    return {"parallel_read_safe": True, "parallel_write_safe": True}

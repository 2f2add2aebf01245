"""Notebook view of steps: the page in a sandboxed frame, over a picture for viewers that remove frames."""

from __future__ import annotations

from html import escape

from autograd_lite.errors import GraphTooLargeError, MissingDependencyError

from ..drawing.picture import Picture
from ..drawing.still import fitting
from ..steps.sequence import StepSequence
from ..steps.states import state_after, widest_texts
from ..steps.transcript import transcript
from .page import page

__all__ = ["framed", "mime_bundle"]

FRAME_HEIGHT = 780
LONGEST_TRANSCRIPT = 40


def mime_bundle(steps: StepSequence) -> dict[str, str]:
    """HTML, SVG and text of the steps; text alone where the graph cannot be laid out, with the reason."""
    text = _text(steps)
    try:
        steps = steps.readable()
        picture = Picture(steps.graph, widest_texts(steps)).svg(state_after(steps, len(steps)))
        return {"text/html": _framed(page(steps), picture), "image/svg+xml": picture, "text/plain": text}
    except (MissingDependencyError, GraphTooLargeError) as error:
        return {"text/plain": f"{text}\n{error}"}


def _framed(html: str, picture: str) -> str:
    """The page in a frame that lies over the picture; where frames are removed, the picture is what is seen."""
    return framed(html, "Backprop, step by step", fitting(picture, "Gradient graph"))


def framed(html: str, title: str, below: str = "") -> str:
    """A page in a sandboxed frame, over what is seen where frames are removed."""
    frame = (
        f'<iframe sandbox="allow-scripts" title="{escape(title)}" srcdoc="{escape(html)}" '
        'style="position:absolute;inset:0;width:100%;height:100%;border:0;background:Canvas"></iframe>'
    )
    return f'<div style="position:relative;min-height:{FRAME_HEIGHT}px;overflow:hidden">{below}{frame}</div>'


def _text(steps: StepSequence) -> str:
    lines = transcript(steps).splitlines()
    if len(lines) <= LONGEST_TRANSCRIPT:
        return "\n".join(lines)
    return "\n".join([*lines[:LONGEST_TRANSCRIPT], f"... and {len(lines) - LONGEST_TRANSCRIPT} more lines: print it"])

"""One picture a step, for slides."""

from __future__ import annotations

import os
from pathlib import Path

from autograd_lite.atomic_files import write_whole
from autograd_lite.errors import GraphTooLargeError, OutputError

from ..drawing.picture import Picture
from ..steps.sequence import StepSequence
from ..steps.states import state_after, widest_texts
from ..steps.step import Step
from ..theme import Theme

__all__ = ["frames"]

MOST = 999


def frames(steps: StepSequence, folder: str | os.PathLike[str], theme: Theme) -> list[Path]:
    """Write a picture of the graph before the first step and after each."""
    if len(steps) > MOST:
        raise GraphTooLargeError(f"{len(steps):,} steps would be as many files; at most {MOST} are written.")
    target = Path(folder)
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"Cannot make the folder {str(target)!r}: {error.strerror}. Give another one.") from error
    steps = steps.readable()
    picture = Picture(steps.graph, widest_texts(steps))
    room = max((len(_caption(step)) for step in steps), default=0)
    written = []
    for done in range(len(steps) + 1):
        caption = _caption(steps[done - 1]) if done else []
        caption += [""] * (room - len(caption))  # all frames have the same size
        drawn = picture.svg(state_after(steps, done), theme=theme, caption=caption)
        written.append(write_whole(target / f"frame_{done:03}.svg", drawn + "\n"))
    return written


def _caption(step: Step) -> list[str]:
    return str(step).splitlines()

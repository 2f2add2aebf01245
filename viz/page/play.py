"""The playground: a page in which formulas are typed, drawn, stepped through and trained, without Python."""

from __future__ import annotations

import os
import tempfile
import webbrowser
from collections.abc import Mapping
from pathlib import Path

from autograd_lite.atomic_files import write_whole

from .notebook import framed
from .op_table import typeable_ops
from .page import TRAINING, asset, filled_page, page_script
from .program import engine

__all__ = ["Playground", "play"]

PARTS = ("train", "expression", "layout", "play")


def play(expression: str = "", numbers: Mapping[str, float] | None = None) -> Playground:
    """Make the playground: a page in which a formula is typed, drawn, stepped through and trained.

    It is one file that needs neither Python nor a network. The formula has the grammar of the command line; the page
    reads it with a parser of its own, and nothing that is typed is ever run. The page's address holds the formula, so
    that a link can be sent.

    Parameters
    ----------
    expression : str
        The formula to begin with, ``"tanh(w*x + b)"``; an example unless given.
    numbers : mapping of str to float, optional
        The number of each name; 0.5 unless given.

    Returns
    -------
    Playground
        Shown by a notebook; ``.save(path)`` writes the page, ``.open()`` shows it in a browser.

    Examples
    --------
    >>> play("tanh(w*x + b)", {"w": -0.5, "x": 2.0, "b": 0.8})
    <playground: tanh(w*x + b)>
    """
    return Playground(expression, numbers or {})


class Playground:
    """The playground's page; `play` makes it."""

    def __init__(self, expression: str, numbers: Mapping[str, float]) -> None:
        self.expression = expression
        self.numbers = dict(numbers)

    @property
    def html(self) -> str:
        """The page."""
        numbers = " ".join(f"{name}={x!r}" for name, x in self.numbers.items())
        first = [self.expression, numbers] if self.expression else None
        return filled_page(
            title="Backprop playground",
            heading="Backprop playground: type a formula",
            formula="",
            caption="",
            data=first,
            runs=page_script(
                engine(typeable_ops()),
                PARTS,
                f'{TRAINING}listen();beginPlay(JSON.parse(document.getElementById("data").textContent));',
                top=asset("play.html"),
                parts=asset("train.html") + asset("share.html"),
            ),
        )

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the page to a file.

        Raises
        ------
        OutputError
            If the file cannot be written; nothing is left half-written.
        """
        return write_whole(path, self.html)

    def open(self) -> Path:
        """Write the page to a temporary file and show it in a browser; returns the file.

        Raises
        ------
        OutputError
            If the file cannot be written.
        """
        path = self.save(Path(tempfile.mkdtemp(prefix="autograd_lite_")) / "playground.html")
        webbrowser.open(path.as_uri())
        return path

    def _repr_mimebundle_(self, **_options: object) -> dict[str, str]:
        """Notebook view: the page in a frame."""
        return {"text/html": framed(self.html, "Backprop playground"), "text/plain": repr(self)}

    def __repr__(self) -> str:
        return f"<playground: {self.expression}>" if self.expression else "<playground>"

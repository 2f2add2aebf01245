"""A graph as a picture that stands by itself: a file, or a cell of a notebook."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import textwrap
from abc import ABC, abstractmethod
from collections.abc import Iterable
from functools import cached_property
from html import escape
from pathlib import Path
from typing import ClassVar

from autograd_lite.atomic_files import write_whole
from autograd_lite.errors import GraphTooLargeError, MissingDependencyError, UnknownNameError
from autograd_lite.text import counted

from ..graphs.formula import whole_formula
from ..graphs.names import showable
from ..graphs.view import GraphView
from ..steps.states import State
from ..theme import Theme, dark_rules
from . import svg
from .paint import LETTER
from .picture import Picture
from .raster import rasterised

__all__ = ["SavedPicture", "fitting", "framed", "still_picture"]

XML = '<?xml version="1.0" encoding="UTF-8"?>'
SMALLEST = 0.6  # of its size, at which a picture can be read
NARROWEST = 60  # characters of a caption's line


class SavedPicture(ABC):
    """What has an SVG, and is shown and saved by it."""

    kinds: ClassVar[tuple[str, ...]] = (".pdf", ".png", ".svg")

    @cached_property
    @abstractmethod
    def svg(self) -> str:
        """The picture as SVG."""

    def png(self, scale: float = 2.0) -> bytes:
        """The picture as PNG, with `scale` pixels to one of the SVG.

        Raises
        ------
        DomainError
            If the scale is not positive, or too large.
        """
        return rasterised(self.svg, "png", scale)

    def save(self, path: str | os.PathLike[str], *, scale: float = 2.0) -> Path:
        """Write the picture; the ending decides: .svg, .png or .pdf; of a graph also .dot, its text for Graphviz.

        Parameters
        ----------
        path : str or path
            Where to.
        scale : float
            Of a PNG: how many of its pixels are one of the SVG.

        Raises
        ------
        UnknownNameError
            For another ending.
        DomainError
            If the scale is not positive, or too large.
        OutputError
            If the file cannot be written; nothing is left half-written.
        MissingDependencyError
            If a picture is asked for that needs Graphviz, and there is none.
        """
        kind = Path(path).suffix.lower()
        if kind not in self.kinds:
            raise UnknownNameError.among("kind of picture", kind or Path(path).name, self.kinds)
        return write_whole(path, self._written(kind, scale))

    def _written(self, kind: str, scale: float) -> str | bytes:
        return f"{XML}\n{self.svg}\n" if kind == ".svg" else rasterised(self.svg, kind[1:], scale)

    def _repr_mimebundle_(self, **_options: object) -> dict[str, str]:
        """Notebook view: the picture, or without Graphviz how to get it."""
        try:
            return {"text/html": fitting(self.svg, repr(self)), "image/svg+xml": self.svg, "text/plain": repr(self)}
        except (MissingDependencyError, GraphTooLargeError) as error:
            return {"text/plain": f"{self!r}\n{error}"}


def fitting(picture: str, described: str) -> str:
    """An SVG as an image in HTML, no wider than where it stands as long as it can be read; larger ones scroll.

    Viewers that remove scripts show it too.
    """
    coded = base64.b64encode(picture.encode("utf-8", "replace")).decode()
    width = re.search(r'<svg [^>]*? width="([\d.]+)"', picture)
    least = SMALLEST * float(width[1]) if width else 0.0
    style = f"max-width:100%;min-width:{least:.0f}px;height:auto"
    image = f'<img src="data:image/svg+xml;base64,{coded}" alt="{escape(described)}" style="{style}">'
    return f'<div style="overflow:auto">{image}</div>'


def still_picture(view: GraphView, state: State, direction: str, theme: Theme, *, warning: str) -> str:
    """Paint one state of a view, with a warning or the view's caption below."""
    picture = Picture(view, [(node.data, node.grad) for node in state.nodes], direction)
    room = max(NARROWEST, int(picture.layout.width / LETTER))
    note = warning or view.caption
    caption = textwrap.wrap(showable(note, 600), room)
    elements = picture.elements(state, "", theme, caption, still=True, alarming=bool(warning))
    words = f"{whole_formula(view)}. {counted(len(view.nodes), 'node')}. {note}"
    return framed(elements, picture.size(caption), theme, f"Gradient graph of {view.root_name}", words)


def framed(elements: Iterable[str], size: tuple[str, str], theme: Theme, title: str, words: str) -> str:
    """Elements as a whole SVG: no wider than where it stands, with a title and a description, light or dark."""
    width, height = size
    inside = "\n".join(elements)
    ident = "g" + hashlib.sha256(inside.encode("utf-8", "replace")).hexdigest()[:8]  # two fit into one document
    style = f"<style>\n{dark_rules(ident)}\n</style>\n" if theme.name == "auto" else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" id="{ident}" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" style="max-width:100%;height:auto" font-family="{svg.SANS}" role="img" '
        f'aria-labelledby="{ident}-title {ident}-desc">\n<title id="{ident}-title">{escape(title)}</title>\n'
        f'<desc id="{ident}-desc">{escape(showable(words, 600))}</desc>\n{style}{inside}\n</svg>'
    )

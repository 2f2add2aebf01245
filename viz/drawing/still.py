"""A graph as a picture that stands by itself: a file, or a cell of a notebook."""

from __future__ import annotations

import hashlib
import textwrap
from collections.abc import Iterable
from html import escape

from autograd_lite.text import counted

from ..graphs.formula import whole_formula
from ..graphs.names import showable
from ..graphs.view import GraphView
from ..steps.states import State
from ..theme import Theme, dark_rules
from . import svg
from .paint import LETTER
from .picture import Picture

__all__ = ["framed", "still_picture"]

NARROWEST = 60  # characters of a caption's line


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

"""The live page of the worked example on the start page, and its directive ``live``: a frame that shows such a page."""

from __future__ import annotations

import sys
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

FOLDER = "live"


def write_pages(app: Sphinx) -> None:
    """Write the page of the 2-1-1 network beside the others."""
    if app.builder.format != "html":
        return
    sys.path.insert(0, str(Path(app.srcdir) / "guide"))
    from worked_examples import two_one_one  # noqa: PLC0415

    from autograd_lite import viz  # noqa: PLC0415 - only once the site is built

    folder = Path(app.outdir) / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    net = two_one_one()
    viz.steps(net["E"], forward=True, lr=0.25, parameters=[net[name] for name in ("w1", "w2", "b1", "wh", "b2")]).save(
        str(folder / "2-1-1.html")
    )


class Live(SphinxDirective):
    """``{live} 2-1-1.html``: that page in a frame, with a link for a window of its own."""

    required_arguments = 1
    option_spec = {"height": directives.nonnegative_int}  # noqa: RUF012 - as docutils wants it

    def run(self) -> list[nodes.Node]:
        """Make the frame."""
        up = "../" * self.env.docname.count("/")
        page = nodes.fully_normalize_name(f"{up}{FOLDER}/{self.arguments[0]}")
        height = self.options.get("height", 720)
        frame = (
            f'<iframe class="live" src="{page}" height="{height}" title="Backprop on a network, step by step"></iframe>'
            f'<p class="live-link"><a href="{page}">Open this page in a window of its own</a></p>'
        )
        return [nodes.raw("", frame, format="html")]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive, and write the pages when a build begins."""
    app.add_directive("live", Live)
    app.connect("builder-inited", write_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

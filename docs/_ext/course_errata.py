"""The directive ``errata``: what the checkers find in the notes of the course, found when the site is built."""

from __future__ import annotations

import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from autograd_lite.lessons.errata import errata_markdown


class Errata(SphinxDirective):
    """``{errata}``: the table, each number a link to where the guide computes it."""

    def run(self) -> list[nodes.Node]:
        """Parse the table."""
        table = errata_markdown().split("\n\n", 1)[1]  # without its title
        linked = re.sub(
            r"^\| ([A-D]-\d+[a-z]?) \|", lambda row: f"| [{row[1]}](#{row[1].lower()}) |", table, flags=re.MULTILINE
        )
        return self.parse_text_to_nodes(linked)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("errata", Errata)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

"""The directive ``names``: the reference entries of the names listed in it, functions and classes alike."""

from __future__ import annotations

import importlib
import inspect

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


def entry(module: str, name: str) -> str:
    """The directive of autodoc that documents one public name."""
    thing = getattr(importlib.import_module(module), name)
    if inspect.isclass(thing):
        members = (
            ""
            if issubclass(thing, BaseException)
            else "   :members:\n   :exclude-members: set_fit_request, set_partial_fit_request, set_score_request\n"
        )
        return f".. autoclass:: {module}.{name}\n{members}\n"
    if inspect.isfunction(thing):
        return f".. autofunction:: {module}.{name}\n\n"
    return f".. autodata:: {module}.{name}\n   :no-value:\n\n"


class Names(SphinxDirective):
    """``{names} autograd_lite.nn`` with names as its content."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Let autodoc document each of them."""
        text = "".join(entry(self.arguments[0], name) for name in " ".join(self.content).split())
        return self.parse_text_to_nodes(text)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("names", Names)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

"""Lay out DOT text with pygraphviz, in a process of its own: ``python pygraphviz_child.py svg < graph > picture``.

pygraphviz runs Graphviz as a library, which nothing can interrupt; a process can be ended. This file imports nothing
of the project, so the child starts quickly.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Read DOT text from standard input and write the picture to standard output."""
    import pygraphviz  # noqa: PLC0415 - an optional package, and this module is also imported for its documentation

    try:
        graph = pygraphviz.AGraph(string=sys.stdin.buffer.read().decode())
        picture = graph.draw(format=sys.argv[1], prog="dot") or b""
    except (pygraphviz.DotError, ValueError) as error:  # Graphviz itself has already written what it complains about
        sys.exit(f"Error: {error}")
    sys.stdout.buffer.write(picture)


if __name__ == "__main__":
    main()

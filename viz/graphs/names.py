"""Short, readable names for the nodes of a graph, the same in every picture and text.

A node is called by its label; a constant by its number; anything else v1, v2, ... in order of creation. Two nodes with
the same label are told apart by an index. Labels are untrusted text: what cannot be shown is replaced here, once.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from itertools import count

from autograd_lite.engine import Value
from autograd_lite.text import pretty_number

__all__ = ["is_automatic", "parameters_among", "readable_names", "showable"]

LONGEST = 40
AUTOMATIC = re.compile(r"v\d+")
JOINERS = "\u200c\u200d"  # they hold emoji and Persian words together, and are harmless


def showable(text: object, longest: int = LONGEST) -> str:
    r"""Make text safe to show on one line: control, direction and lone surrogate characters become a mark.

    Examples
    --------
    >>> showable("a\nb"), showable("x" * 50)[-3:]
    ('a�b', 'xx…')
    """
    line = "".join(c if c.isprintable() or c in JOINERS else "�" for c in str(text).strip())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def is_automatic(name: str) -> bool:
    """Whether it is one of the names v1, v2, ... that nodes without a label get."""
    return AUTOMATIC.fullmatch(name) is not None


def readable_names(
    nodes: Sequence[Value], labels: Sequence[str] | None = None, ends: Collection[Value] = ()
) -> list[str]:
    """Name every node of a graph, by other labels than its own if given; of the nodes only constants share a name.

    Ends are nodes that count as constants.

    Examples
    --------
    >>> from autograd_lite.reverse import reachable
    >>> w, x = Value(2.0, "w"), Value(3.0, "x")
    >>> readable_names(reachable([(w * x + 1.0).tanh()]))
    ['w', 'x', 'v1', '1', 'v2', 'v3']
    """
    if labels is None:
        labels = [showable(v.label) if v.label else "" for v in nodes]
    taken = set(labels)
    unnamed = (name for name in map("v{}".format, count(1)) if name not in taken)
    number = cache(pretty_number)
    seen: set[str] = set()
    names = []
    for v, label in zip(nodes, labels, strict=True):
        if not label:
            is_number = v in ends or (v.op is None and not v.requires_grad)
            names.append(number(v.data) if is_number else next(unnamed))
        elif label in seen:
            names.append(next(f"{label}_{k}" for k in count(2) if f"{label}_{k}" not in taken))
            taken.add(names[-1])
        else:
            names.append(label)
            seen.add(label)
    return names


def parameters_among(leaves: Iterable[Value]) -> list[Value]:
    """Guess which leaves are parameters: those called w, and beside them b, and Greek theta.

    ``layer1.neuron2.w3`` counts by its last part. A `b` alone may be anything; beside a w it is a bias.

    Examples
    --------
    >>> leaves = [Value(0.0, name) for name in ("x", "w1", "b", "y")]
    >>> [v.label for v in parameters_among(leaves)]
    ['w1', 'b']
    """
    last = {v: v.label.rpartition(".")[2].lower() for v in leaves}
    weights = {v for v, name in last.items() if name.startswith(("w", "θ", "theta"))}
    return [v for v, name in last.items() if v in weights or (weights and name.startswith("b"))]

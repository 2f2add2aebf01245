"""Look-ups and their adjoints: which rows of a block an index chooses, and where rows are added up."""

from __future__ import annotations

import numpy as np

from autograd_lite.compiler.builder import Builder
from autograd_lite.compiler.ir import Scatter, Slice, Take
from autograd_lite.compiler.layout import contiguous, index

__all__ = ["lower_lookup"]


def lower_lookup(to: Builder, k: int) -> None:
    """Lower a group of a structural word."""
    word = to.groups[k].word
    if word == "take":
        _take(to, k)
    elif word == "scatter":
        _scatter(to, k)


def _take(to: Builder, k: int) -> None:
    """Numbers that were taken from one block: whole rows of those columns that are needed."""
    out, members, static = to.arrays[k], to.groups[k].members, to.graph.static
    chosen = np.array([to.member_of[to.graph.args[i][1]] for i in members])
    taken = np.array([static[i] for i in members])
    (rows, at), (columns, column) = (np.unique(x, return_inverse=True) for x in (chosen[:, 1], taken))
    places = at * len(columns) + column
    is_all = len(places) == len(rows) * len(columns) and bool((np.diff(places) == 1).all())
    target = out if is_all else to.local((len(rows) * len(columns),), out.dim)
    table = to.block(to.graph.args[members[0]][0], columns)
    to.emit(Take(target[contiguous((len(rows), len(columns)))], table, to.operand(int(chosen[0, 0]), rows)))
    if not is_all:
        to.copy(out.whole, target[index(places)])


def _scatter(to: Builder, k: int) -> None:
    """A sum of rows: all of its numbers, whether they are needed or not."""
    member = to.groups[k].members[0]
    where, rows = to.graph.args[member]
    indices = to.block(where)
    flat = Slice(indices.array, index(indices.index.indices.reshape(-1)))
    shape = (to.graph.static[member][0], to.graph.static[rows][1])
    to.emit(Scatter(to.arrays[k][contiguous(shape)], to.block(rows), flat))

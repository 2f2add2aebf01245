"""Where scalars lie in their groups: few of them one by one, those that were made at once as columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import repeat

import numpy as np

from autograd_lite.compiler.layout import Indices

__all__ = ["MANY", "Keys", "Member", "Members"]

MANY = 16  # nodes that are noted at once

Member = tuple[int, int]  # where a scalar is: the number of its group, and which member of it


class Keys(dict[int, int]):
    """A whole number for each node; that of many nodes one after the other is noted at once."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self._column = np.full(size, -1)

    def put(self, nodes: range, key: int) -> None:
        """Note one key of many nodes."""
        self._column[nodes.start : nodes.stop] = key

    def align(self, nodes: Sequence[int]) -> None:
        """Note the keys of nodes, which were given one by one, as a column too."""
        self._column[nodes] = list(map(self.__getitem__, nodes))

    def __missing__(self, i: int) -> int:
        key = int(self._column[i]) if 0 <= i < len(self._column) else -1
        if key < 0:
            raise KeyError(i)
        return key

    def column(self, nodes: Indices) -> Indices:
        """The keys of nodes, as a column."""
        found = self._column[nodes]
        few = np.flatnonzero(found < 0)
        if len(few):
            found[few] = list(map(self.__getitem__, nodes[few].tolist()))
        return found


class Members(dict[int, Member]):
    """The member that each node is; of many nodes noted at once."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self._groups, self._indices = np.full((2, size), -1)

    def put(self, nodes: range, group: int, start: int) -> None:
        """Note where many nodes are: one after the other in a group."""
        self._groups[nodes.start : nodes.stop] = group
        self._indices[nodes.start : nodes.stop] = np.arange(start, start + len(nodes))

    def put_each(self, nodes: Sequence[int], group: int, indices: Sequence[int]) -> None:
        """Note where nodes are, one by one."""
        self |= zip(nodes, zip(repeat(group), indices))  # noqa: B905 - repeat has no end
        if len(nodes) >= MANY:
            self._groups[nodes], self._indices[nodes] = group, indices

    def __missing__(self, i: int) -> Member:
        if not 0 <= i < len(self._groups) or self._groups[i] < 0:
            raise KeyError(i)
        return int(self._groups[i]), int(self._indices[i])

    def find(self, i: int) -> Member | None:
        """Where a node is; None if it is not computed."""
        found = dict.get(self, i)
        if found is None and 0 <= i < len(self._groups) and self._groups[i] >= 0:
            return self[i]
        return found

    def columns(self, nodes: Iterable[int]) -> tuple[Indices, Indices]:
        """The groups of nodes, and their indices there."""
        ids = nodes if isinstance(nodes, np.ndarray) else np.fromiter(nodes, dtype=np.intp)
        groups, indices = self._groups[ids], self._indices[ids]
        few = np.flatnonzero(groups < 0)
        if len(few):
            groups[few], indices[few] = zip(*map(self.__getitem__, ids[few].tolist()), strict=True)
        return groups, indices

"""Names and comments for emitted source, from the labels that the user gave and the roles that the values play.

A weight matrix found among leaves labelled ``layer1.neuron2.w3`` is ``W1``, its biases ``b1``, the sums they make
``z1`` and what an activation makes of them ``a1``; the adjoint of ``z1`` is ``d_z1``. Comments give derivatives in
the form that is taught, where the code computes another one for accuracy's sake.

Types: ``Any`` stands for what identifies an input.
"""

from __future__ import annotations

import functools
import itertools
import keyword
import re
import string
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any

import numpy as np

from autograd_lite.compiler.graph import CAPTURED, DIRECT, Graph
from autograd_lite.compiler.groups import Group
from autograd_lite.compiler.layout import Indices, table_width
from autograd_lite.compiler.members import Members
from autograd_lite.compiler.parts import Part
from autograd_lite.compiler.primitives import WORDS
from autograd_lite.compiler.structural import BATCH_DOT, BATCH_SUM
from autograd_lite.compiler.sums import LEAVES
from autograd_lite.compiler.traced import Traced
from autograd_lite.engine import TABLE, Value
from autograd_lite.namespaces import floats
from autograd_lite.text import identifier, in_comment

__all__ = ["Names", "unused"]

LONGEST_COMMENT = 400
UFUNCS = {row.ufunc for row in WORDS.values()}
RESERVED = {
    *keyword.kwlist,
    *UFUNCS,
    *(name for name, row in WORDS.items() if not row.ufunc),
    "pow",
    "empty",
    "view",
    "result",
    "run",
    "build",
    "loop",
    "full",
}
RESERVED |= {
    "take",
    "take_rows",
    "add_rows",
    "einsum",
    "dot",
    "matmul",
    "float",
    "inf",
    "nan",
    "n",
    *(f"{word}_" for word in vars(floats)),
}
RESERVED |= {f"{name}_{method}" for name in UFUNCS for method in ("reduce", "reduceat")}


def unused(name: str, taken: dict[str, int]) -> str:
    """Make an identifier of a name, one that is not taken, and take it.

    Parameters
    ----------
    name : str
        Any text.
    taken : dict of str to int
        The names that are taken; each remembers how many were made after it.

    Examples
    --------
    >>> taken = {"x": 1}
    >>> unused("x", taken), unused("layer1.w", taken), unused("2nd", taken)
    ('x_2', 'layer1_w', 'v_2nd')
    """
    found = stem = identifier(name)
    while found in taken:
        taken[stem] += 1
        found = f"{stem}_{taken[stem]}"
    taken[found] = 1
    return found


def _stem_and_letter(label: str) -> tuple[str, str]:
    """The layer and the kind of a parameter: layer1 and w of layer1.neuron2.w3."""
    return label.partition(".")[0], label.rpartition(".")[2].rstrip(string.digits)


def _coded(labels: Iterable[str]) -> tuple[Indices, list[str]]:
    """Labels as places in a list of those that occur."""
    places = defaultdict[str, int](itertools.count().__next__)
    codes = np.fromiter(map(places.__getitem__, labels), dtype=np.intp)
    return codes, list(places)


class Names:
    """Finds names for groups and for views of captured leaves, each used once.

    Parameters
    ----------
    graph, groups, member_of
        As for the emitter.
    arguments : dict
        The name of the parameter that each input belongs to.
    """

    def __init__(self, graph: Graph, groups: Sequence[Group], member_of: Members, arguments: Mapping[Any, str]) -> None:
        self.graph = graph
        self.groups = groups
        self.member_of = member_of
        self.arguments = arguments
        self.taken = dict.fromkeys([*RESERVED, *(op.name for op in TABLE.values() if op.black_box)], 1)
        self.names: list[str] = []
        for group in groups:
            self.names.append(self.unique(self._name(group)))

    def unique(self, name: str) -> str:
        """A name that nothing has yet, made of this one."""
        return unused(name, self.taken)

    # Groups

    def _name(self, group: Group) -> str:
        if group.word in LEAVES:
            return {"const": "constants", "size": "size"}.get(group.word) or self.arguments[group.source]
        v = self.graph.result_of(group.members[0])
        if v is None:
            origin = self.graph.origin[group.members[0]]
            name = origin.op.name if origin is not None and origin.op else ""
            return f"{name}_{group.word}" if name and name not in DIRECT else group.word
        if v.label:
            return v.label.rstrip(string.digits) if len(group.members) > 1 else v.label
        return self._gradient(group) or self._role(v) or self._forward(group, v)

    def _gradient(self, group: Group) -> str | None:
        """The name of the gradient by captured leaves, after them: d_W1."""
        owners = self._owners(group.members)
        if owners is None:
            return None
        try:
            groups, indices = self.member_of.columns(owners)
        except KeyError:  # one of them is not computed
            return None
        if any(self.groups[g].source != CAPTURED for g in set(groups.tolist())):
            return None
        width = table_width([indices])
        name = self.of_view(indices.reshape(-1, width) if width else indices)
        return f"d_{name}" if name else None

    def _owners(self, members: Sequence[int]) -> Indices | None:
        """The nodes of which some are the adjoints; None if they are not."""
        owners = self._owner[slice(members.start, members.stop) if isinstance(members, range) else members].copy()
        few = np.flatnonzero(owners < 0)
        if len(few):
            finals = [self.graph.final.get(members[k]) for k in few.tolist()]
            if set(map(type, finals)) != {Traced}:
                return None
            owners[few] = [self.graph.node_of.get(v, -1) for v in map(attrgetter("adjoint_of"), finals)]
        return owners if (owners >= 0).all() else None

    @functools.cached_property
    def _owner(self) -> Indices:
        """For each slope of a row the node of its weight, -1 for other nodes."""
        found = np.full(len(self.graph.word), -1)
        for first, run in self.graph.runs.items():
            if run.slopes:
                found[first : first + run.count] = np.concatenate([self.graph.leaves(row.leaves) for row in run.slopes])
        return found

    def _role(self, v: Value) -> str | None:
        """The name of an adjoint or of a slope, after what it belongs to."""
        if not isinstance(v, Traced):
            return None
        for prefix, of in (("d_", v.adjoint_of), ("slope_", v.slope_of)):
            name = None if of is None else self._known(of)
            if name:
                return prefix + name
        return None

    def _known(self, v: Value) -> str | None:
        found = self.member_of.find(self.graph.node_of.get(v, -1))
        return self.names[found[0]] if found is not None and found[0] < len(self.names) else None

    def _forward(self, group: Group, v: Value) -> str:
        for part in group.parts:
            number = self._layer(part)
            if number is not None:
                return f"z{number}"
        infix = v.op is not None and v.op.infix
        operand = self._known(v.operands[0]) if not infix and len(v.operands) == 1 else None
        if operand and re.fullmatch(r"z\d+", operand):
            return "a" + operand[1:]
        return v.op.name if v.op and v.op.name not in DIRECT else group.word

    def _layer(self, part: Part) -> str | None:
        """The number of the layer whose weights a part of a sum multiplies."""
        for g, indices in zip(part.groups, part.factors, strict=True):
            if len(part.groups) == 2 and self.groups[g].source == CAPTURED and self.groups[g].axis is None:
                stem = self.graph.captured[indices[0]].label.split(".")[0]
                found = re.search(r"\d+$", stem)
                return found.group() if found and "." in self.graph.captured[indices[0]].label else None
        return None

    # Views of captured leaves

    def of_view(self, indices: Indices) -> str | None:
        """The name of some captured leaves, after their labels: W1 for the weights of layer 1, b1 for its biases."""
        parts = self._stems_and_letters(indices)
        if len(parts) > 1 or not self.graph.captured[indices.flat[0]].label:
            return None
        ((stem, letter),) = parts
        number = re.search(r"\d+$", stem)
        name = (letter.upper() if indices.ndim > 1 else letter) + (number.group() if number else "")
        is_transposed = (
            indices.ndim > 1 and indices.shape[1] > 1 and self._neuron(indices[0, 0]) != self._neuron(indices[0, 1])
        )
        return f"{name}_T" if is_transposed else name

    def _stems_and_letters(self, captured: Indices) -> set[tuple[str, str]]:
        """The layers and kinds of captured leaves."""
        codes, kinds = self._kinds
        return {kinds[k] for k in np.flatnonzero(np.bincount(codes[captured].ravel()))}

    @functools.cached_property
    def _kinds(self) -> tuple[Indices, list[tuple[str, str]]]:
        """The layer and the kind of each captured leaf, by its place in a list of those that occur."""
        labels = list(map(attrgetter("label"), self.graph.captured))
        codes, stems = _coded(map(str.rstrip, labels, itertools.repeat(string.digits)))
        if not all("." in stem for stem in stems):  # the number of what is not a part belongs to its name
            codes, stems = _coded(labels)
        return codes, list(map(_stem_and_letter, stems))

    def _neuron(self, k: int) -> str:
        return ".".join(self.graph.captured[k].label.split(".")[:-1])

    # Comments

    def comment(self, number: int) -> str:
        """What a group stands for: its formula, how many scalars, and what is taught where the code differs."""
        group = self.groups[number]
        v = self.graph.result_of(group.members[0])
        meaning = self._meaning(group, v) if v is not None else ""
        if not meaning:
            return ""
        count = len(group.members)
        size = f" ({count} numbers)" if count > 1 else ""
        return in_comment(f"{self.names[number]}{size}: {meaning}", LONGEST_COMMENT)

    def _meaning(self, group: Group, v: Value) -> str:
        slope = self._slope(v)
        if slope:
            return slope
        formula = self._formula(group, v)
        name = self.names[self.member_of[self.graph.node_of[v]][0]] if v in self.graph.node_of else ""
        return ", ".join(part for part in (f"gradient by {name[2:]}" if name.startswith("d_") else "", formula) if part)

    def _slope(self, v: Value) -> str:
        """What a partial is, in the form that is taught."""
        of = v.slope_of if isinstance(v, Traced) and v.adjoint_of is None else None
        if of is None or of.op is None or of.op.many:
            return ""
        y, operands = self._operand(of), [self._operand(u) for u in of.operands]
        if not y or not all(operands):
            return ""
        index = next((k for k, u in enumerate(of.operands) if u.requires_grad), 0)
        return f"∂{y}/∂{operands[index]}, taught as {of.op.slope(index, y, *operands).pretty}"

    def _formula(self, group: Group, v: Value) -> str:
        """The group's op on the names of its operands; for a sum, its terms; empty if it would only name a word."""
        op = v.op
        if op is None or op.many or op in (BATCH_SUM, BATCH_DOT) or (op.name in DIRECT and group.parts):
            return self._sum(group) if group.parts else ""
        if len(v.operands) != len(op.operand_names):
            return ""
        if op.name in DIRECT and group.operands:
            operands = [self._factor(g, indices) for g, indices in group.operands]
        else:
            operands = [self._operand(u) for u in v.operands]
        is_whole = all(operands) and len(operands) == len(op.operand_names)
        return op.formula(*operands).pretty if is_whole else ""

    def _operand(self, v: Value) -> str:
        """The name of a node, or its number if it is a constant; empty if it is not computed."""
        number = self.graph.value(self.graph.node_of.get(v, -1))
        return self._known(v) or "" if number is None else f"{number:g}"

    def _sum(self, group: Group) -> str:
        if group.word != "sum":
            sources = dict.fromkeys(self.names[g] for part in group.parts for g in part.groups)
            return f"{group.word} of {', '.join(sources)}"
        terms = []
        for part in group.parts:
            factors = [self._factor(g, f) for g, f in zip(part.groups, part.factors, strict=True)]
            sigma = "Σ " if group.over or len(set(part.members)) < len(part.members) else ""
            terms.append(("− " if part.sign < 0 else "+ ") + sigma + " · ".join(factors))
        return " ".join(terms).removeprefix("+ ") + (", summed over the samples" if group.over else "")

    def _factor(self, g: int, indices: Any) -> str:
        group = self.groups[g]
        if group.word == "const":
            numbers = {self.graph.value(group.members[k]) for k in indices}
            return f"{numbers.pop():g}" if len(numbers) == 1 else "constants"
        if group.source == CAPTURED and len(indices):
            parts = self._stems_and_letters(indices)
            stem, letter = parts.pop()
            if not parts and stem:
                number = re.search(r"\d+$", stem)
                return in_comment(letter + (number.group() if number else ""))
        return self.names[g]

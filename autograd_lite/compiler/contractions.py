"""Sums of products, where the speed is: matrix products wherever the factors lie like matrices.

A part of a group of sums is a list of terms (member, first factor, second factor). If every member has equally many
terms, each factor is a table of indices with a row per member. A table that is an evenly spaced matrix beside one with
equal rows is a matrix product; so is a sum over a batch of every first factor times every second. What fits nothing is
multiplied out and added up by segments.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from autograd_lite.compiler.builder import Builder
from autograd_lite.compiler.groups import Group
from autograd_lite.compiler.ir import (
    Array,
    Contract,
    Literal,
    Map,
    Operand,
    Reduce,
    SegmentReduce,
    Slice,
    Update,
)
from autograd_lite.compiler.layout import Gather, Indices, contiguous, index, table_width
from autograd_lite.compiler.parts import Part
from autograd_lite.compiler.primitives import word
from autograd_lite.compiler.sums import REDUCTION

__all__ = ["Contractions"]

Piece = Callable[[Array], None] | Operand  # a number: how to compute it into an array, or where it is


class Contractions:
    """Lowers groups of sums and extremes of several numbers."""

    def __init__(self, to: Builder) -> None:
        self.to = to

    def lower(self, k: int) -> None:
        """Lower one group."""
        group, out = self.to.groups[k], self.to.arrays[k]
        if not out.shape:
            self._number(group, out)
            return
        parts = sorted((Terms(part, group) for part in group.parts), key=Terms.preference)
        first = parts.pop(0)
        if not first.is_full:
            start = word(REDUCTION[group.word]).start
            self.to.copy(out.whole, Literal(0.0 if start is None else start))
            parts.insert(0, first)
        elif first.is_single and first.part.sign > 0 and parts and parts[0].is_full:
            self._pair(first, parts.pop(0), out)
        elif first.part.sign < 0:
            negative = self.to.local((out.size,), out.dim)
            self._assign(first, negative)
            self.to.emit(Map(out.whole, "neg", (negative.whole,)))
        else:
            self._assign(first, out)
        for terms in parts:
            self._add(terms, out)

    # A part into the array

    def _pair(self, one: Terms, two: Terms, out: Array) -> None:
        """Combine an operand for every member with another part, without a copy of the first."""
        shape = self._shape([one, two] if two.is_single else [one])
        if two.is_single:
            right = self._operands(two, shape)[0]
        else:
            computed = self.to.local((out.size,), out.dim)
            self._assign(two, computed)
            right = computed[contiguous(shape)]
        left = self._operands(one, shape)[0]
        self.to.emit(Map(out[contiguous(shape)], _combining(two), (left, right)))

    def _assign(self, terms: Terms, out: Array) -> None:
        """Define an array as a part, whatever its sign."""
        if not terms.is_elementwise:
            self._value(terms, out)
            return
        shape = self._shape([terms])
        operands = self._operands(terms, shape)
        self.to.emit(Map(out[contiguous(shape)], "mul" if len(operands) == 2 else "copy", tuple(operands)))

    def _add(self, terms: Terms, out: Array) -> None:
        """Add a part to those members that have it."""
        shape = self._shape([terms]) if terms.is_elementwise else _table_shape(terms.members)
        if terms.is_elementwise:
            operands = self._operands(terms, shape)
            operand = operands[0]
            if len(operands) == 2:
                operand = self.to.local(shape, out.dim)[contiguous(shape)]
                self.to.emit(Map(operand, "mul", tuple(operands)))
        else:
            value = self.to.local((len(terms.members),), out.dim)
            self._value(terms, value)
            operand = value[contiguous(shape)]
        self.to.emit(Update(out[index(terms.members.reshape(shape))], _combining(terms), operand))

    def _shape(self, several: Sequence[Terms]) -> tuple[int, ...]:
        """The table as which all operands and members are evenly spaced, if there is one."""
        varying = [t.members for t in several]
        for t in several:
            words = [self.to.groups[g].word for g in t.part.groups]
            varying += [f[:, 0] for f, name in zip(t.factors, words, strict=True) if name != "const"]
        width = table_width(varying)
        return (len(varying[0]) // width, width) if width else (len(varying[0]),)

    def _operands(self, terms: Terms, shape: tuple[int, ...]) -> list[Operand]:
        pairs = zip(terms.part.groups, terms.factors, strict=True)
        return [self.to.operand(g, f[:, 0].reshape(shape)) for g, f in pairs]

    # The value of a part

    def _value(self, terms: Terms, out: Array) -> None:
        """Compute a part, a number for each of its members."""
        pairs = list(zip(terms.part.groups, terms.factors, strict=True))
        if all(self.to.is_number(g) or self.to.is_uniform(g, f) for g, f in pairs):
            self._repeated(terms, out)
        elif terms.width is None:
            self._segments(terms, out)
        elif terms.group.over is not None:
            self._over_batch(terms, out)
        elif len(terms.factors) == 1:
            self._reduced(terms, out)
        else:
            self._products(terms, out)

    def _repeated(self, terms: Terms, out: Array) -> None:
        """The same numbers in every term."""
        given = [self.to.operand(g, f) for g, f in zip(terms.part.groups, terms.factors, strict=True)]
        if terms.group.word == "sum":
            counts = np.unique(np.array(terms.part.members), return_counts=True)[1].astype(float)
            given.append(self.to.constant(counts.tolist(), counts.shape))
            given += [self.to.size(terms.group.over)] if terms.group.over else []
        self.product(given, out)

    def product(self, factors: Sequence[Operand], out: Array) -> None:
        """Multiply from left to right."""
        first, *rest = factors
        if not rest:
            self.to.copy(out.whole, first)
            return
        self.to.emit(Map(out.whole, "mul", (first, rest.pop(0))))
        for factor in rest:
            self.to.emit(Update(out.whole, "mul", factor))

    def _reduced(self, terms: Terms, out: Array) -> None:
        """Add up single factors, or take their extreme."""
        to, (g,), (indices,), name = self.to, terms.part.groups, terms.factors, REDUCTION[terms.group.word]
        if terms.width == 2:  # one op that keeps the sign of zero, where a reduction starts from +0.0
            to.emit(Map(out.whole, name, tuple(to.operand(g, column) for column in indices.T)))
        elif to.groups[g].axis is terms.group.axis:
            self._reduce(out.whole, name, to.operand(g, indices))
        else:  # the same for all samples
            same = to.local((len(indices),), None)
            self._reduce(same.whole, name, to.operand(g, indices))
            to.copy(out.whole, same.whole)

    def _reduce(self, out: Slice, name: str, x: Operand) -> None:
        assert isinstance(x, Slice)
        self.to.emit(Reduce(out, name, x, ("terms",)))

    def _products(self, terms: Terms, out: Array) -> None:
        """Add up products, for each sample of a batch or without one."""
        to, axis = self.to, terms.group.axis
        (first, second), (left, right) = terms.factors, terms.part.groups
        for matrix, m, vector, v in ((first, left, second, right), (second, right, first, left)):
            is_product = _rows_are_equal(vector) and self._is_array(m, None) and self._is_array(v, axis)
            if is_product and not to.exact:
                self._contract(
                    out.whole, to.operand(m, matrix), to.operand(v, vector[0]), "mk,kn->mn" if axis else "mk,k->m"
                )
                return
        product = to.local(first.shape, out.dim)[contiguous(first.shape)]
        to.emit(Map(product, "mul", (to.operand(left, first), to.operand(right, second))))
        self._reduce(out.whole, "add", product)

    def _is_array(self, g: int, axis: object) -> bool:
        group = self.to.groups[g]
        return group.axis is axis and group.word != "const" and not self.to.is_number(g)

    def _contract(self, out: Slice, a: Operand, b: Operand, spec: str) -> None:
        assert isinstance(a, Slice)
        assert isinstance(b, Slice)
        self.to.has_contractions = True
        self.to.emit(Contract(out, a, b, spec))

    def _over_batch(self, terms: Terms, out: Array) -> None:
        """Add up over the samples of a batch."""
        to, over = self.to, terms.group.over
        pairs = list(zip(terms.part.groups, terms.factors, strict=True))
        is_batched = [to.groups[g].axis is over for g in terms.part.groups]
        if all(is_batched) and len(pairs) == 2:
            self._batched_products(terms, out)
            return
        is_wide = terms.width != 1
        tables = [(g, f if is_wide else f[:, 0]) for g, f in pairs]
        shape = tables[0][1].shape
        sums = to.local(shape, None)[contiguous(shape)] if is_wide else out.whole
        fixed = [to.operand(g, t) for (g, t), batched in zip(tables, is_batched, strict=True) if not batched]
        samples = [to.operand(g, t) for (g, t), batched in zip(tables, is_batched, strict=True) if batched]
        if samples:
            assert isinstance(samples[0], Slice)
            to.emit(Reduce(sums, "add", samples[0], ("batch",)))
        else:
            to.emit(Map(sums, "mul", (fixed.pop(), to.size(over))))
        for operand in fixed:
            to.emit(Update(sums, "mul", operand))
        if is_wide:
            self._reduce(out.whole, "add", sums)

    def _batched_products(self, terms: Terms, out: Array) -> None:
        """Add up products of two that both have the batch axis: a product of matrices, if every pair occurs."""
        to, over = self.to, terms.group.over
        found = terms.outer()
        if found is not None and not to.exact:
            (a, first), (b, second) = found
            table = out[contiguous((len(first), len(second)))]
            self._contract(table, to.operand(a, first), to.operand(b, second), "in,jn->ij")
            return
        x, y = (to.operand(g, f) for g, f in zip(terms.part.groups, terms.factors, strict=True))
        if not to.exact:
            self._contract(out.whole, x, y, "itn,itn->i")
            return
        shape = terms.factors[0].shape
        product = to.local(shape, to.dim(over))[contiguous(shape)]
        to.emit(Map(product, "mul", (x, y)))
        sums = to.local(shape, None)[contiguous(shape)]
        to.emit(Reduce(sums, "add", product, ("batch",)))
        self._reduce(out.whole, "add", sums)

    def _segments(self, terms: Terms, out: Array) -> None:
        """Members with different numbers of terms: all terms in one array, added up by segments."""
        to, part = self.to, terms.part
        dim = to.dim(terms.group.over or terms.group.axis)
        operands = [to.operand(g, np.array(f)) for g, f in zip(part.groups, part.factors, strict=True)]
        every = to.local((len(part.members),), dim)
        to.emit(Map(every.whole, "mul" if len(operands) == 2 else "copy", tuple(operands)))
        if terms.group.over:
            summed = to.local((len(part.members),), None)
            to.emit(Reduce(summed.whole, "add", every.whole, ("batch",)))
            every = summed
        starts = Gather(np.unique(np.array(part.members), return_index=True)[1])
        to.emit(SegmentReduce(out.whole, REDUCTION[terms.group.word], every.whole, starts))

    # One number

    def _number(self, group: Group, out: Array) -> None:
        """One sum or extreme, as a number."""
        parts = sorted((Terms(part, group) for part in group.parts), key=lambda t: -t.part.sign)
        pieces = [self._piece(terms) for terms in parts]
        if len(pieces) == 1 and parts[0].part.sign > 0:
            self._into(pieces[0], out)
            return
        values = [self._computed(piece) for piece in pieces]
        if parts[0].part.sign < 0:
            minus = out if len(values) == 1 else self.to.local((), None)
            self.to.emit(Map(minus.whole, "neg", (values[0],)))
            values[0] = minus.whole
        self._fold([_combining(terms) for terms in parts[1:]], values, out)

    def _fold(self, words: Sequence[str], values: Sequence[Operand], out: Array) -> None:
        """Combine numbers from left to right."""
        total = values[0]
        for k, (name, value) in enumerate(zip(words, values[1:], strict=True)):
            target = out if k == len(words) - 1 else self.to.local((), None)
            self.to.emit(Map(target.whole, name, (total, value)))
            total = target.whole

    def _into(self, piece: Piece, out: Array) -> None:
        if callable(piece):
            piece(out)
        else:
            self.to.copy(out.whole, piece)

    def _computed(self, piece: Piece) -> Operand:
        if not callable(piece):
            return piece
        value = self.to.local((), None)
        piece(value)
        return value.whole

    def _piece(self, terms: Terms) -> Piece:
        """The value of one part of a single sum: its factors that are numbers, times a reduction of the arrays."""
        to, over = self.to, terms.group.over
        tables = [f.reshape(-1) for f in terms.factors]
        groups = terms.part.groups
        count = len(tables[0])
        if len(tables) == 1 and count == 2 and over is None and terms.group.word == "sum":
            a, b = (to.number(groups[0], at) for at in tables[0].reshape(2, 1))
            return lambda out: to.emit(Map(out.whole, "add", (a, b)))  # keeps the sign of zero
        is_array = [self._varies(g, t) for g, t in zip(groups, tables, strict=True)]
        factors: list[Piece] = [
            to.number(g, t[:1]) for g, t, varies in zip(groups, tables, is_array, strict=True) if not varies
        ]
        arrays = [to.operand(g, t) for g, t, varies in zip(groups, tables, is_array, strict=True) if varies]
        if not arrays and count > 1 and terms.group.word == "sum":
            factors.append(Literal(float(count)))
        if over and not any(x.dim for x in arrays if isinstance(x, Slice)):
            factors.append(to.size(over))  # the same for all samples
        if arrays:
            factors.append(self._reduction(arrays, terms.group))
        if len(factors) == 1:
            return factors[0]
        values = [self._computed(factor) for factor in factors]
        return lambda out: self._fold(["mul"] * (len(values) - 1), values, out)

    def _varies(self, g: int, indices: Indices) -> bool:
        is_array = len(indices) > 1 or self.to.groups[g].axis is not None
        return is_array and not self.to.is_number(g) and not self.to.is_uniform(g, indices)

    def _reduction(self, arrays: Sequence[Operand], group: Group) -> Piece:
        x, *more = arrays
        assert isinstance(x, Slice)
        if more:
            a, b = sorted([x, *more], key=lambda factor: isinstance(factor, Slice) and factor.dim is None)
            spec = f"{_letters(a)},{_letters(b)}->"
            return lambda out: self._contract(out.whole, a, b, spec)
        name, over = REDUCTION[group.word], x.dim is not None
        return lambda out: self.to.emit(Reduce(out.whole, name, x, ("terms", "batch") if over else ("terms",)))


class Terms:
    """A part of a group, its members once each, and its factors as tables with a row per member."""

    def __init__(self, part: Part, group: Group) -> None:
        self.part = part
        self.group = group
        self.members, counts = np.unique(np.array(part.members), return_counts=True)
        self.width = int(counts[0]) if counts.min() == counts.max() else None  # how many terms each member has
        rows = len(self.members) if self.width else 1
        self.factors = tuple(np.array(f).reshape(rows, -1) for f in part.factors)

    @property
    def is_full(self) -> bool:
        """Whether every member of the group has such terms."""
        return len(self.members) == len(self.group.members)

    @property
    def is_elementwise(self) -> bool:
        """One term for each member, without a sum over samples."""
        return self.width == 1 and self.group.over is None

    @property
    def is_single(self) -> bool:
        """One factor for each member."""
        return self.is_elementwise and len(self.factors) == 1

    def outer(self) -> tuple[tuple[int, Indices], tuple[int, Indices]] | None:
        """The groups and indices of two lists of factors, if the members are the products of all pairs, row by row."""
        if self.width != 1 or len(self.factors) != 2:
            return None
        i, j = (f[:, 0] for f in self.factors)
        left, right = self.part.groups
        width = table_width([i, j]) or len(i)
        for a, ga, b, gb in ((i, left, j, right), (j, right, i, left)):
            p, q = a.reshape(-1, width), b.reshape(-1, width)
            if _rows_are_equal(p.T) and _rows_are_equal(q):
                return (ga, p[:, 0]), (gb, q[0])
        return None

    def preference(self) -> tuple[bool, bool, bool]:
        """What can define the array comes first, computed parts before plain operands."""
        return not self.is_full, self.part.sign < 0, self.is_single


def _combining(terms: Terms) -> str:
    return "sub" if terms.part.sign < 0 else REDUCTION[terms.group.word]


def _letters(factor: Operand) -> str:
    return "kn" if isinstance(factor, Slice) and factor.dim is not None else "k"


def _rows_are_equal(table: Indices) -> bool:
    return bool((table == table[:1]).all())


def _table_shape(members: Indices) -> tuple[int, ...]:
    width = table_width([members])
    return (len(members) // width, width) if width else (len(members),)

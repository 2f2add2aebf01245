"""Sums of products, where the speed is: matrix products wherever the factors lie like matrices.

A part of a group of sums is a list of terms (member, first factor, second factor). If every member has equally many
terms, each factor is a table of places with a row per member. A table that is an evenly spaced matrix beside one with
equal rows is a matrix product; so is a sum over the rows of a batch of every first factor times every second. What fits
nothing is multiplied out and added up by segments.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autograd_lite.compiler.groups import Group, Part
from autograd_lite.compiler.source import Buffers
from autograd_lite.compiler.views import Indices, affine, columns

__all__ = ["Contractions"]

REDUCE = {"sum": "add", "max": "maximum", "min": "minimum"}
START = {"sum": "0.0", "max": "-inf", "min": "inf"}


class Contractions:
    """Emits the lines of groups of sums and extremes of several numbers."""

    def __init__(self, to: Buffers) -> None:
        self.to = to

    def compute(self, number: int, group: Group) -> None:
        """Emit the lines of one group."""
        out = self.to.buffer(number)
        size = len(group.members)
        parts = sorted((_Terms(part, group) for part in group.parts), key=_Terms.preference)
        first = parts.pop(0)
        if not first.is_full:
            self.to.name_of("inf", float("inf"))
            self.to.line(f"{out}[...] = {START[group.word]}", calls=1)
            parts.insert(0, first)
        elif first.is_single and first.part.sign > 0 and parts and parts[0].is_full:
            self._pair(first, parts.pop(0), out)
        else:
            self._assign(first, out)
            if first.part.sign < 0:
                self.to.call("negative", out, out)
        for terms in parts:
            self._add(terms, out, size)

    # A part into the buffer

    def _pair(self, one: _Terms, two: _Terms, out: str) -> None:
        """An operand for every member, and another part: no copy of the first."""
        shape = self._shape([one, two] if two.is_single else [one])
        target = str(self._seen(out, one.members, one.size, shape))
        right = target
        if two.is_single:
            right = self._operands(two, shape)[0]
        else:
            self._assign(two, out)
        self._combine(two, self._operands(one, shape)[0], right, target)

    def _assign(self, terms: _Terms, out: str) -> None:
        """Fill the buffer with a part, whatever its sign."""
        if not terms.is_elementwise:
            self._value(terms, out)
            return
        shape = self._shape([terms])
        target = self._seen(out, terms.members, terms.size, shape)
        operands = self._operands(terms, shape)
        if len(operands) == 2:
            self.to.call("multiply", *operands, str(target))
        else:
            self.to.line(f"{target}[...] = {operands[0]}", calls=1)

    def _add(self, terms: _Terms, out: str, size: int) -> None:
        """Add a part to those members that have it."""
        shape = self._shape([terms]) if terms.is_elementwise else _table_shape(terms.members)
        target = self._seen(out, terms.members, size, shape)
        if not terms.is_elementwise:
            operand = self.to.temporary((len(terms.members),), terms.group.axis)
            self._value(terms, operand)
            if len(shape) > 1:
                operand = self.to.reshaped(operand, shape, terms.group.axis)
        else:
            operands = self._operands(terms, shape)
            operand = operands[0]
            if len(operands) == 2:
                operand = self.to.temporary(shape, terms.group.axis)
                self.to.call("multiply", *operands, operand)
        if target is None:
            places = self.to.indices(terms.members)
            self.to.line(f"{out}[{places}] {'-' if terms.part.sign < 0 else '+'}= {operand}", calls=3)
        else:
            self._combine(terms, target, operand, target)

    def _combine(self, terms: _Terms, left: str, right: str, out: str | None) -> None:
        function = "subtract" if terms.part.sign < 0 else REDUCE[terms.group.word]
        self.to.call(function, left, right, str(out))

    def _shape(self, several: Sequence[_Terms]) -> tuple[int, ...]:
        """The table as which all operands and members are evenly spaced, if there is one."""
        varying = [t.members for t in several]
        for t in several:
            words = [self.to.groups[g].word for g in t.part.groups]
            varying += [f[:, 0] for f, word in zip(t.factors, words, strict=True) if word != "const"]
        width = columns(varying)
        return (len(varying[0]) // width, width) if width else (len(varying[0]),)

    def _operands(self, terms: _Terms, shape: tuple[int, ...]) -> list[str]:
        pairs = zip(terms.part.groups, terms.factors, strict=True)
        return [self.to.operand(g, f[:, 0].reshape(shape), terms.group.axis) for g, f in pairs]

    def _seen(self, out: str, members: Indices, size: int, shape: tuple[int, ...]) -> str | None:
        """The buffer's members as a view, if they are evenly spaced."""
        found = affine(members.reshape(shape))
        return self.to.view(found.text(out, size), f"{out}_part") if found else None

    # The value of a part

    def _value(self, terms: _Terms, out: str) -> None:
        """Compute a part, a number for each of its members, into a buffer."""
        if all(self._is_one_number(g, f) for g, f in zip(terms.part.groups, terms.factors, strict=True)):
            self._repeated(terms, out)
        elif terms.table is None:
            self._segments(terms, out)
        elif terms.group.over is not None:
            self._over_rows(terms, out)
        elif len(terms.factors) == 1:
            self._reduced(terms, out)
        else:
            self._products(terms, out)

    def _is_one_number(self, g: int, places: Indices) -> bool:
        return self.to.is_scalar(g) or self.to.is_uniform(g, places)

    def _repeated(self, terms: _Terms, out: str) -> None:
        """The same numbers in every term."""
        to, over = self.to, terms.group.over
        given = [to.operand(g, f, None) for g, f in zip(terms.part.groups, terms.factors, strict=True)]
        if terms.group.word == "sum":
            counts = np.unique(np.array(terms.part.rows), return_counts=True)[1].astype(float)
            shape = (-1, 1) if terms.group.axis else (-1,)
            given.append(to.name_of(to.naming.unique("counts"), counts.reshape(shape)))
            given += [to.rows(over)] if over else []
        to.line(f"{out}[...] = {' * '.join(given)}", calls=1)

    def _reduced(self, terms: _Terms, out: str) -> None:
        """Add up single factors, or take their extreme."""
        to, (g,), (places,) = self.to, terms.part.groups, terms.factors
        method = f"{REDUCE[terms.group.word]}.reduce"
        if terms.width == 2:  # one call that keeps the sign of zero, where a reduction starts from +0.0
            pair = [to.operand(g, column, terms.group.axis) for column in places.T]
            to.call(REDUCE[terms.group.word], *pair, out)
            return
        if to.groups[g].axis is terms.group.axis:
            to.call(method, to.operand(g, places, terms.group.axis, full=True), "1", "None", out)
            return
        same = to.temporary((len(places),), None)  # in every row
        to.call(method, to.operand(g, places, None, full=True), "1", "None", same)
        to.line(f"{out}[...] = {to.view(f'{same}[..., None]')}", calls=1)

    def _products(self, terms: _Terms, out: str) -> None:
        """Add up products, for each row of a batch or without one."""
        to, axis = self.to, terms.group.axis
        (first, second), (left, right) = terms.factors, terms.part.groups
        for matrix, m, vector, v in ((first, left, second, right), (second, right, first, left)):
            if _rows_are_equal(vector) and self._is_matrix(m) and self._is_array(v, axis):
                to.call(
                    "matmul", to.operand(m, matrix, None, full=True), to.operand(v, vector[0], axis, full=True), out
                )
                return
        product = to.temporary(first.shape, axis)
        a, b = to.operand(left, first, axis, full=True), to.operand(right, second, axis, full=True)
        to.call("multiply", a, b, product)
        to.call("add.reduce", product, "1", "None", out)

    def _is_matrix(self, g: int) -> bool:
        return self.to.groups[g].axis is None and self._is_array(g, None)

    def _is_array(self, g: int, axis: object) -> bool:
        group = self.to.groups[g]
        return group.axis is axis and group.word != "const" and not self.to.is_scalar(g)

    def _over_rows(self, terms: _Terms, out: str) -> None:
        """Add up over the rows of a batch."""
        to, over = self.to, terms.group.over
        batched = [to.groups[g].axis is over for g in terms.part.groups]
        if all(batched) and len(batched) == 2:
            if not self._outer(terms, out):
                a, b = (
                    to.operand(g, f, over, full=True) for g, f in zip(terms.part.groups, terms.factors, strict=True)
                )
                to.line(f"{to.name_of('einsum', np.einsum)}('itn,itn->i', {a}, {b}, out={out})", calls=1)
            return
        wide = terms.width != 1
        tables = terms.factors if wide else [f[:, 0] for f in terms.factors]
        sums = to.temporary(tables[0].shape, None) if wide else out
        given = list(zip(terms.part.groups, tables, batched, strict=True))
        rows = [to.operand(g, f, over, full=True) for g, f, is_batched in given if is_batched]
        fixed = [to.operand(g, f, None, full=True) for g, f, is_batched in given if not is_batched]
        if rows:
            to.call("add.reduce", rows[0], "-1", "None", sums)
        else:
            to.call("multiply", fixed.pop(), to.rows(over), sums)  # type: ignore[arg-type]
        for operand in fixed:
            to.call("multiply", sums, operand, sums)
        if wide:
            to.call("add.reduce", sums, "1", "None", out)

    def _outer(self, terms: _Terms, out: str) -> bool:
        """Every first factor times every second, summed over rows: a product of two matrices."""
        found = terms.outer()
        if found is None:
            return False
        (a, first), (b, second) = found
        x = self.to.operand(a, first, terms.group.over, full=True)
        y = self.to.operand(b, second, terms.group.over, full=True)
        target = self.to.reshaped(out, (len(first), len(second)), None)
        self.to.call("matmul", x, self.to.view(f"{y}.T", f"{y}_T"), target)
        return True

    def outer_shape(self, group: Group) -> tuple[int, int] | None:
        """The shape of a group that is such a product and nothing else."""
        if group.over is None or len(group.parts) > 1 or group.parts[0].sign < 0:
            return None
        terms = _Terms(group.parts[0], group)
        if not terms.is_full or any(self.to.groups[g].axis is not group.over for g in terms.part.groups):
            return None
        found = terms.outer()
        return (len(found[0][1]), len(found[1][1])) if found else None

    def _segments(self, terms: _Terms, out: str) -> None:
        """Members with different numbers of terms: all terms in one array, added up by segments."""
        to, part = self.to, terms.part
        axis = terms.group.over or terms.group.axis
        operands = [to.operand(g, np.array(f), axis, full=True) for g, f in zip(part.groups, part.factors, strict=True)]
        all_terms = to.temporary((len(part.rows),), axis)
        if len(operands) == 2:
            to.call("multiply", *operands, all_terms)
        else:
            to.line(f"{all_terms}[...] = {operands[0]}", calls=1)
        if terms.group.over:
            summed = to.temporary((len(part.rows),), None)
            to.call("add.reduce", all_terms, "1", "None", summed)
            all_terms = summed
        starts = np.unique(np.array(part.rows), return_index=True)[1]
        to.call(f"{REDUCE[terms.group.word]}.reduceat", all_terms, to.indices(starts), "0", "None", out)

    # One number

    def scalar(self, group: Group) -> str:
        """The expression of a group of one sum or extreme, as a Python float."""
        parts = sorted((_Terms(part, group) for part in group.parts), key=lambda t: -t.part.sign)
        values = [self._number(terms) for terms in parts]
        if group.word != "sum":
            word = REDUCE[group.word]
            return values[0] if len(values) == 1 else f"{self.to.float_word(word)}({', '.join(values)})"
        text = values[0] if parts[0].part.sign > 0 else f"-{values[0]}"
        signs = ("+" if terms.part.sign > 0 else "-" for terms in parts[1:])
        return text + "".join(f" {sign} {value}" for sign, value in zip(signs, values[1:], strict=True))

    def _number(self, terms: _Terms) -> str:
        """The value of one part of a single sum."""
        to, over = self.to, terms.group.over
        tables = [f.reshape(-1) for f in terms.factors]
        groups = terms.part.groups
        if len(tables) == 1 and len(tables[0]) == 2 and over is None and terms.group.word == "sum":
            a, b = (to.operand(groups[0], place, None) for place in tables[0].reshape(2, 1))
            return f"({a} + {b})"  # keeps the sign of zero, where a reduction starts from +0.0
        arrays = [k for k, g in enumerate(groups) if len(tables[k]) > 1 or to.groups[g].axis is not None]
        arrays = [k for k in arrays if not to.is_scalar(groups[k]) and not to.is_uniform(groups[k], tables[k])]
        given = [
            to.operand(g, t if k in arrays else t[:1], over if k in arrays else None, full=True)
            for k, (g, t) in enumerate(zip(groups, tables, strict=True))
        ]
        single = [text for k, text in enumerate(given) if k not in arrays]
        if not arrays and len(tables[0]) > 1 and terms.group.word == "sum":
            single.append(repr(float(len(tables[0]))))
        if over and not any(to.groups[groups[k]].axis is over for k in arrays):
            single.append(to.rows(over))  # the same in every row
        if len(arrays) == 1:
            single.append(f"float({to.ufunc(f'{REDUCE[terms.group.word]}.reduce')}({given[arrays[0]]}, None))")
        elif arrays:
            function = to.name_of("einsum", np.einsum) if over else to.name_of("dot", np.dot)
            subscripts = "'kn,kn->', " if over else ""
            single.append(f"float({function}({subscripts}{given[0]}, {given[1]}))")
        to.calls += bool(arrays)
        return " * ".join(single)


class _Terms:
    """A part of a group, its members once each, and its factors as tables with a row per member."""

    def __init__(self, part: Part, group: Group) -> None:
        self.part = part
        self.group = group
        self.size = len(group.members)
        self.members, counts = np.unique(np.array(part.rows), return_counts=True)
        self.table = None if counts.min() != counts.max() else int(counts[0])
        rows = len(self.members) if self.table else 1
        self.factors = tuple(np.array(f).reshape(rows, -1) for f in part.factors)

    @property
    def width(self) -> int | None:
        return self.table

    @property
    def is_full(self) -> bool:
        return len(self.members) == self.size

    @property
    def is_elementwise(self) -> bool:
        """One term for each member, without a sum over rows."""
        return self.table == 1 and self.group.over is None

    @property
    def is_single(self) -> bool:
        return self.is_elementwise and len(self.factors) == 1

    def outer(self) -> tuple[tuple[int, Indices], tuple[int, Indices]] | None:
        """The groups and places of two lists of factors, if the members are the products of all pairs, row by row."""
        if self.width != 1 or len(self.factors) != 2:
            return None
        i, j = (f[:, 0] for f in self.factors)
        left, right = self.part.groups
        width = columns([i, j]) or len(i)
        for a, ga, b, gb in ((i, left, j, right), (j, right, i, left)):
            p, q = a.reshape(-1, width), b.reshape(-1, width)
            if _rows_are_equal(p.T) and _rows_are_equal(q):
                return (ga, p[:, 0]), (gb, q[0])
        return None

    def preference(self) -> tuple[bool, bool, bool]:
        """What can fill the buffer comes first, computed parts before plain operands."""
        return not self.is_full, self.part.sign < 0, self.is_single


def _rows_are_equal(table: Indices) -> bool:
    return bool((table == table[:1]).all())


def _table_shape(members: Indices) -> tuple[int, ...]:
    width = columns([members])
    return (len(members) // width, width) if width else (len(members),)

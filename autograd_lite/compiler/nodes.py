"""Nodes of the graph of words: each thing once, simplified as it is made.

A node is a number ``i``; ``word[i]`` and ``args[i]`` say what it is, ``axis[i]`` its batch axis (None: one number for
all), ``origin[i]`` the Value it came from, ``static[i]`` what a structural word knows beside its operands. Equal words
on equal operands are one node, what holds only constants is worked out, and a few exact identities apply. No identity
here changes the class of a result: ``x + 0.0`` stays, because it makes -0.0 positive.

Types: ``Any`` stands for what rules are polymorphic in (numbers and nodes), and for what identifies an input.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, compress
from typing import Any

import numpy as np

from autograd_lite.compiler.primitives import on_arrays
from autograd_lite.compiler.primitives import word as word_of
from autograd_lite.compiler.rewrites import IDENTITIES, STRUCTURAL
from autograd_lite.compiler.structural import Axis
from autograd_lite.compiler.words import Ref
from autograd_lite.engine import Value
from autograd_lite.errors import TraceError

__all__ = ["Nodes"]

SAMPLES = {"batchsum", "batchdot"}  # words that add up over the samples of a batch


class Nodes:
    """Words over scalars, in an order in which operands come first.

    Parameters
    ----------
    exact : bool, optional
        Whether no product may leave out the sweep's rule for zero.
    axes : dict, optional
        The inputs that have a batch axis throughout the function.
    """

    def __init__(self, *, exact: bool = False, axes: Mapping[Any, Axis] | None = None) -> None:
        self.exact = exact
        self.axes = axes or {}
        self.is_exact = True  # until a product leaves out the sweep's rule for zero
        self._inexact: list[int] = []  # these products
        self.word: list[str] = []
        self.args: list[tuple[Any, ...]] = []
        self.axis: list[Axis | None] = []
        self.static: list[Any] = []
        self.origin: list[Value | None] = []
        self.node_of: dict[Value, int] = {}
        self._index: dict[tuple[Any, ...], int] = {}
        self._constants: dict[int, float] = {}
        self._folded: dict[tuple[str, tuple[int, ...]], int] = {}  # words of constants
        self._has_axes = bool(self.axes)
        self._now: Value | None = None

    # Looking at nodes

    def operands(self, i: int) -> Iterable[int]:
        """The nodes that a node is computed from."""
        if self.word[i] in ("input", "const", "size", "outer"):
            return ()
        if self.word[i] == "sumprod":
            return [j for column in self.args[i] for j in column.tolist()]
        return list(chain.from_iterable(self.args[i])) if self.word[i] == "sum" else self.args[i]

    def value(self, i: int) -> float | None:
        """The number that a node holds, if it is a constant."""
        return self._constants.get(i)

    def reached(self, nodes: Sequence[int]) -> set[int]:
        """These nodes, and all that they are computed from."""
        found, stack = set(nodes), list(nodes)
        while stack:
            more = set(self.operands(stack.pop())) - found
            found |= more
            stack += more
        return found

    def hidden(self, *, everything: bool = False) -> list[int]:
        """Operands of comparisons that depend on an inexact product: a comparison would hide that they are NaN.

        In a loop's body what comes from outside may depend on one, so `everything` counts.
        """
        if not self._inexact and not everything:
            return []
        comparisons = {word for word in set(self.word) if word_of(word).comparison}
        if not comparisons:
            return []
        first = 0 if everything else min(self._inexact)
        found = compress(range(len(self.word)), map(comparisons.__contains__, self.word))
        compared = {j for i in found for j in self.args[i] if j >= first}
        if not compared:
            return []
        inexact = {
            *self._inexact,
            *([i for i, word in enumerate(self.word) if word in ("input", "outer")] * everything),
        }
        for i in range(first, max(compared) + 1):
            if i not in inexact and not inexact.isdisjoint(self.operands(i)):
                inexact.add(i)
        unseen = sorted(compared & inexact)
        return [i if self.axes or self.axis[i] is None else self._batch_sum(i, self.axis[i]) for i in unseen]

    # Making nodes

    def call(self, word: str, *operands: Any) -> Ref:
        """Make the node of a word, or find an equal one."""
        return Ref(self, self.node(word, tuple([self._number(x) for x in operands])))

    def node(self, word: str, args: tuple[int, ...]) -> int:
        """Make the node of a word on nodes, or find an equal one."""
        constants = self._constants
        if word == "zmul" and not self.exact and args[0] not in constants and args[1] not in constants:
            return self.inexact_product(args)
        if word in STRUCTURAL or any([i in constants for i in args]):  # noqa: C419 - faster than a generator
            simpler = self._simplified(word, args)
            if simpler is not None:
                return simpler
        if word == "add" and self.word[args[0]] in SAMPLES and self.word[args[1]] in SAMPLES:
            a, b = map(self._summand, args)
            if self.axis[a] is self.axis[b]:
                return self._intern("batchsum", (self.node("add", (a, b)),), None)
        if word in ("add", "mul") and args[0] > args[1]:
            args = (args[1], args[0])
        return self._intern(word, args, self._common_axis(args))

    def constant(self, number: float) -> int:
        """The node of a number; 0.0 and -0.0 are two."""
        i = self._intern("const", (struct.pack("<d", number),), None)
        self._constants[i] = float(number)
        return i

    def sum(self, terms: Sequence[tuple[Any, ...]]) -> Ref:
        """Make the node of a sum of numbers and products of two."""
        if len(terms) < 3:
            products = [self.call("mul", *t) if len(t) == 2 else Ref(self, self._number(t[0])) for t in terms]
            return products[0] + products[1] if len(terms) == 2 else [*products, Ref(self, self.constant(0.0))][0]
        args = tuple([tuple([self._number(x) for x in t]) for t in terms])
        return Ref(self, self._intern("sum", args, self._common_axis([i for t in args for i in t])))

    def inexact_product(self, args: tuple[int, ...]) -> int:
        """Multiply without the sweep's rule for zero: 0 times infinity is NaN here, and must not go unseen."""
        self.is_exact = False
        i = self.node("mul", args)
        self._inexact.append(i)
        return i

    def _inexact_sum(self, terms: Sequence[tuple[int, ...]]) -> int:
        """The sum of numbers and of products without the sweep's rule for zero."""
        if len(terms) < 3:
            i, j = [t[0] if len(t) == 1 else self.inexact_product(t) for t in terms]
            return self.node("add", (i, j))
        self.is_exact = False
        k = self._intern("sum", tuple(terms), self._common_axis(chain.from_iterable(terms)))
        self._inexact.append(k)
        return k

    def _terms(self, operands: Sequence[int]) -> list[tuple[int, ...]]:
        """The products of a sum of products; a factor 1 is left out, and what holds constants is worked out."""
        half, constants = len(operands) // 2, self._constants
        terms: list[tuple[int, ...]] = []
        for i, j in zip(operands[:half], operands[half:], strict=True):
            if constants.get(j) == 1.0:
                terms.append((i,))
            elif i in constants:
                terms.append((self.node("zmul", (i, j)),))
            else:
                terms.append((i, j) if i <= j else (j, i))
        return terms

    def _batch_sum(self, i: int, axis: Axis) -> int:
        if self.axis[i] is axis:
            return self._intern("batchsum", (i,), None)
        return self.node("mul", (i, self._intern("size", (axis,), None)))

    def _batch_dot(self, i: int, j: int, axis: Axis) -> int:
        """The sum of a product over the samples, as one node."""
        if self.exact or self.axis[i] is not self.axis[j] or self.axis[i] is not axis:
            return self._batch_sum(self.node("zmul", (i, j)), axis)
        self.is_exact = False
        k = self._intern("batchdot", (i, j) if i < j else (j, i), None, axis)
        self._inexact.append(k)
        return k

    def _summand(self, i: int) -> int:
        """What a sum over the samples adds up."""
        return self.inexact_product(self.args[i]) if self.word[i] == "batchdot" else int(self.args[i][0])

    def _number(self, x: Any) -> int:
        return x.i if isinstance(x, Ref) else self.constant(x)

    def _intern(
        self, word: str, args: tuple[Any, ...], axis: Axis | None, static: Any = None, key: tuple[Any, ...] = ()
    ) -> int:
        key = key or (word, args, axis, static)
        i = self._index.get(key)
        if i is None:
            i = self._index[key] = len(self.word)
            self.word.append(word)
            self.args.append(args)
            self.axis.append(axis)
            self.static.append(static)
            self.origin.append(self._now)
        return i

    def _append(
        self, word: str, args: Sequence[tuple[Any, ...]], axis: Axis | None, static: Any, values: Sequence[Value]
    ) -> range:
        """Make nodes that nothing equals yet, one after the other."""
        first, count = len(self.word), len(args)
        self.word += [word] * count
        self.args += args
        self.axis += [axis] * count
        self.static += [static] * count
        self.origin += values or [None] * count
        members = range(first, first + count)
        self.node_of |= zip(values, members)  # noqa: B905 - slopes have no Values
        return members

    def _common_axis(self, args: Iterable[int]) -> Axis | None:
        return self._one_axis(set(map(self.axis.__getitem__, args))) if self._has_axes else None

    def _one_axis(self, axes: set[Axis | None]) -> Axis | None:
        """The batch axis among these."""
        axes.discard(None)
        if len(axes) > 1:
            raise TraceError(
                "Samples of two different batches met. Take the mean over each with a batch_mean of its own."
            )
        return axes.pop() if axes else None

    # Exact identities

    def _simplified(self, word: str, args: tuple[int, ...]) -> int | None:
        numbers = list(map(self._constants.get, args))
        if None not in numbers:
            key = (word, args)
            if key not in self._folded:
                self._folded[key] = self.constant(_worked_out(word, numbers))
            return self._folded[key]
        rule = IDENTITIES.get(word)
        return rule(self, args, numbers) if rule else None


def _worked_out(word: str, numbers: Sequence[float | None]) -> float:
    with np.errstate(all="ignore"):
        return float(on_arrays(word)(*[np.float64(x) for x in numbers]))

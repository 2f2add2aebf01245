"""What instructions of an array program read and write: arrays, some of their members, and numbers.

Types: ``Any`` stands for the elements of a constant.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any
from typing import Literal as OneOf

import numpy.typing as npt

from autograd_lite.compiler.layout import Affine, Index, contiguous

__all__ = ["Array", "Dim", "Literal", "Operand", "Size", "Slice"]

SCALAR = contiguous(())
Role = OneOf["input", "constant", "local", "joined", "result"]


@dataclass(frozen=True, slots=True)
class Dim:
    """A batch axis: the leading axis that some arguments have in common."""

    name: str
    arguments: tuple[int, ...]

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True, eq=False)
class Array:
    """A named array: ``shape`` is () or (members,), ``dim`` its batch axis; ``note`` says what it stands for."""

    name: str
    shape: tuple[int, ...] = ()
    dim: Dim | None = None
    role: Role = "local"
    note: str = ""
    numbers: npt.NDArray[Any] | None = None  # of a constant

    @property
    def size(self) -> int:
        """How many members it has."""
        return math.prod(self.shape)

    def __getitem__(self, index: Index) -> Slice:
        return Slice(self, index)

    @property
    def whole(self) -> Slice:
        """All members, in order."""
        return Slice(self, contiguous(self.shape) if self.shape else SCALAR)

    def __str__(self) -> str:
        sizes = [*map(str, self.shape), *([str(self.dim)] if self.dim else [])]
        return f"{self.name}[{', '.join(sizes)}]" if sizes else self.name


@dataclass(frozen=True, slots=True)
class Slice:
    """Members of an array, as an operand or as what is written; ``name`` is what a reader would call them."""

    array: Array
    index: Index
    name: str = ""

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape in which the members are taken."""
        return self.index.shape

    @property
    def dim(self) -> Dim | None:
        """The batch axis."""
        return self.array.dim

    @property
    def is_whole(self) -> bool:
        """Whether these are all members in order."""
        return isinstance(self.index, Affine) and self.index.is_whole(self.array.size)

    def __str__(self) -> str:
        if self.is_whole and len(self.shape) <= 1:
            return self.array.name
        return f"{self.array.name}[{self.index}]"


@dataclass(frozen=True, slots=True)
class Literal:
    """A number that is known."""

    value: float

    @property
    def is_clear(self) -> bool:
        """Whether all its bits are 0."""
        return self.value == 0.0 and math.copysign(1.0, self.value) > 0.0

    def __str__(self) -> str:
        return repr(self.value)


@dataclass(frozen=True, slots=True)
class Size:
    """The length of a batch axis, as a number."""

    dim: Dim

    def __str__(self) -> str:
        return f"size({self.dim})"


Operand = Slice | Literal | Size

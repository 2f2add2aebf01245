"""Indices that are Values: `take`.

Types: ``Any`` stands for sequences and arrays of numbers or Values, and for what indexes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_lite.compiler.blocks import look_up
from autograd_lite.engine import Value
from autograd_lite.errors import DomainError, OperandError, ShapeError
from autograd_lite.node import Node
from autograd_lite.op import current_tracer, shown
from autograd_lite.pytree import flatten
from autograd_lite.source_lines import at_users_line
from autograd_lite.text import counted

__all__ = ["take"]


def take(table: Any, index: Any) -> Any:
    r"""Take the element of a sequence that an index chooses, where the index may be a Value: :math:`E_{i}`.

    Under `compile` an index that is traced becomes a gather, and its derivative adds up what each element gets. The
    index itself gets no gradient.

    Parameters
    ----------
    table : sequence or ndarray
        Numbers or Values, or rows of them: a list of lists, an array of any shape. All elements must be alike.
    index : int, float or Value, or a sequence or ndarray of them
        Whole numbers from 0 to ``len(table) - 1``; a negative one does not count from the end.

    Returns
    -------
    element of the table, or a list or ndarray of them
        For several indices an array with their shape in front if the table is an array, else a list.

    Raises
    ------
    DomainError
        If an index is not a whole number, negative, or too large; compiled, when the function is called. The message
        has the line and, in a batch, the sample.
    ShapeError
        If the table is empty, or the index is traced and elements differ in shape.
    OperandError
        If the table is not a sequence, or the index not a number.

    Examples
    --------
    >>> import autograd_lite as ag
    >>> take([1.0, 2.0, 4.0], 2)
    4.0
    >>> fast = ag.compile(ag.grad(lambda table, i: take(table, i) ** 2))
    >>> fast([1.0, 2.0, 4.0], 1.0)
    [0.0, 4.0, 0.0]
    """
    is_array = isinstance(table, np.ndarray) and table.ndim > 0
    if not is_array and (not isinstance(table, Sequence) or isinstance(table, str)):
        raise OperandError(f"take needs a sequence or an array; it got {shown(table)}{at_users_line()}.")
    if not len(table):
        raise ShapeError(f"take got an empty table{at_users_line()}. Give it at least one element.")
    if isinstance(index, (list, tuple)) or (isinstance(index, np.ndarray) and index.ndim):
        rows = [take(table, i) for i in index]
        return np.array(rows).reshape(np.shape(index) + np.shape(table)[1:]) if is_array else rows
    i = index.item() if isinstance(index, np.ndarray) else index
    tracer = current_tracer.get()
    if tracer is not None and isinstance(i, Value) and (i.requires_grad or i.op is not None):
        return _traced_element(table, i if not i.has_number else tracer.number_of(i))
    return table[_whole(i, len(table))]


def _whole(index: Any, count: int) -> int:
    """Check an index that has a number."""
    number = index.data if isinstance(index, Value) and index.has_number else index
    if isinstance(number, Node) or not hasattr(number, "__float__"):
        raise OperandError(f"take got the index {shown(index)}{at_users_line()}; it must be a number or a Value.")
    if number not in range(count):
        raise DomainError(
            f"take got the index {float(number):.12g}{at_users_line()}; the table has "
            f"{counted(count, 'element')}, so it must be a whole number from 0 to {count - 1}."
        )
    return int(number)


def _traced_element(table: Any, index: Any) -> Any:
    flat = [flatten(row) for row in table]
    structure = flat[0][1]
    if any(other != structure for _, other in flat):
        raise ShapeError(
            f"take got a traced index{at_users_line()} and a table whose elements differ in shape. Give elements of "
            "one shape, such as the rows of a matrix."
        )
    return structure.rebuild(look_up([leaves for leaves, _ in flat], index))

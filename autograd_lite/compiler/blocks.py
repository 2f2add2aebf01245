r"""Blocks of traced numbers, and look-ups in them by an index that is traced.

A *block* is a node that stands for many numbers, in rows. `TAKE` gives one number of the row that an index chooses, and
`SCATTER` adds rows up where indices say. Each is the other's adjoint:

.. math:: y_k = E_{i k} \;\Rightarrow\; \bar E_{j k} = \sum_t [i_t = j] \, \bar y_{t k}, \qquad
   S_{j k} = \sum_t [i_t = j] \, x_{t k} \;\Rightarrow\; \bar x_{t k} = \bar S_{i_t k}

The adjoint of a block is a `BlockAdjoint`: its parts are collected and made into nodes once, when the sweep arrives.

Types: ``Any`` stands for nodes, Values or traced.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from autograd_lite.compiler.structural import Axis, Structural
from autograd_lite.compiler.trace import Tracer
from autograd_lite.compiler.traced import Traced
from autograd_lite.engine import Value, as_nodes
from autograd_lite.namespaces import values
from autograd_lite.source_lines import at_users_line

__all__ = ["BLOCK", "SCATTER", "TAKE", "BlockAdjoint", "block", "check", "look_up"]


class BlockAdjoint(NamedTuple):
    """The adjoint of a block, in parts.

    Attributes
    ----------
    direct : tuple of sequences
        A term for each number of the block, or None.
    taken : tuple of (index, column, adjoint)
        For each number that was taken from it.
    scattered : tuple of (node, adjoint)
        For each number that was added up of its rows.
    """

    direct: tuple[Sequence[Any], ...] = ()
    taken: tuple[tuple[Any, int, Any], ...] = ()
    scattered: tuple[tuple[Any, Any], ...] = ()

    def __add__(self, other: Any) -> BlockAdjoint:
        """Join the parts of two."""
        return BlockAdjoint(*[mine + its for mine, its in zip(self, other, strict=True)])


class _Block(Structural):
    gives_number = False

    def pullback(self, v: Any, v_bar: BlockAdjoint, needs: Sequence[bool]) -> Sequence[Any]:
        terms: list[Any] = [None] * len(v.operands)
        _, columns = v.static
        for more in (*v_bar.direct, *_spread(v, v_bar.taken, columns), *_gathered(v, v_bar.scattered, columns)):
            for k, term in enumerate(more):
                if term is not None and needs[k]:
                    terms[k] = term if terms[k] is None else terms[k] + term
        return terms

    def pushforward(self, v: Any, moved: Sequence[Any]) -> Any:
        return block(v.tracer, [0.0 if x is None else x for x in moved], v.static[1])


class _Take(Structural):
    def pullback(self, v: Any, v_bar: Any, needs: Sequence[bool]) -> Sequence[Any]:  # noqa: ARG002 - as declared
        return [BlockAdjoint(taken=((v.operands[1], v.static, v_bar),)), None]

    def pushforward(self, v: Any, moved: Sequence[Any]) -> Any:
        rows, index = moved[0], v.operands[1]
        return None if rows is None else v.tracer.structural(TAKE, (rows, index), v.static)


class _Scatter(Structural):
    def pullback(self, v: Any, v_bar: Any, needs: Sequence[bool]) -> Sequence[Any]:  # noqa: ARG002 - as declared
        return [None, BlockAdjoint(scattered=((v, v_bar),))]

    def pushforward(self, v: Any, moved: Sequence[Any]) -> Any:
        (where, _), rows, (*place, over) = v.operands, moved[1], v.static
        if rows is None:
            return None
        if over is not None and where.axis is None and rows.axis is None:
            rows = block(v.tracer, [v.tracer.batch_sum(x, over) for x in rows.operands], rows.static[1])
            over = None
        total = v.tracer.structural(SCATTER, (where, rows), (*place, over))
        total.axis = None if over is not None else total.axis
        return total


def block_of(xp: Any, x: Any) -> Any:
    """Numbers side by side."""
    return x


def take(xp: Any, rows: Any, index: Any) -> Any:
    """A number of the row that an index chooses."""
    return rows


def scatter(xp: Any, index: Any, rows: Any) -> Any:
    """The sum of the numbers whose index is this row's."""
    return rows


BLOCK = _Block(block_of, {"x": 1.0})
TAKE = _Take(take, {"rows": 1.0, "index": 0.0})  # static: the column
SCATTER = _Scatter(scatter, {"index": 0.0, "rows": 1.0})  # static: how many rows, the row, the column, summed over


def block(tracer: Tracer, numbers: Sequence[Any], columns: int) -> Traced:
    """The block of some numbers, one for the same numbers."""
    nodes = as_nodes(numbers)
    key = (columns, *nodes)
    if key not in tracer.blocks:
        tracer.blocks[key] = tracer.structural(BLOCK, nodes, (len(nodes) // columns, columns))
    return tracer.blocks[key]


def look_up(table: Sequence[Sequence[Any]], index: Any) -> list[Any]:
    """The row of a table that a traced index chooses; an index that chooses none is noticed when the program runs."""
    tracer, columns = index.tracer, len(table[0])
    told = f"An index{at_users_line()} is not a whole number from 0 to {len(table) - 1}"
    check(tracer, _chooses(index, len(table)), told)
    if not columns:
        return []
    rows = block(tracer, [x for row in table for x in row], columns)
    return [tracer.structural(TAKE, (rows, index), k) for k in range(columns)]


def check(tracer: Tracer, is_fine: Any, told: str) -> None:
    """Let the eager function run, and raise its error, at a call where a traced condition does not hold."""
    node = values.where(is_fine, 0.0, float("nan"))
    tracer.told[told] = None
    tracer.checks.append(node if node.axis is None else tracer.batch_sum(node, node.axis))


def _chooses(index: Any, count: int) -> Any:
    return values.equal(values.floor(index), index) * (index >= 0.0) * (index < float(count))


# --- The adjoint of a block -------------------------------------------------------------------------------------------


def _spread(v: Any, taken: Sequence[tuple[Any, int, Any]], columns: int) -> Iterator[list[Any]]:
    """What numbers of a block get of those that were taken from it: one sum over all rows that were taken."""
    found: dict[Any, dict[int, Any]] = {}
    for index, column, v_bar in taken:
        row = found.setdefault(index, {})
        row[column] = row[column] + v_bar if column in row else v_bar
    by_axis: dict[Axis | None, list[Any]] = {}
    for index, row in found.items():
        axes = [u.axis for u in (index, *row.values()) if type(u) is Traced and u.axis is not None]
        by_axis.setdefault(axes[0] if axes else None, []).append(index)
    for axis, indices in by_axis.items():
        zero = Value.constant(0.0)
        where = block(v.tracer, indices, 1)
        rows = block(v.tracer, [found[index].get(k, zero) for index in indices for k in range(columns)], columns)
        some = {k for index in indices for k in found[index]}
        yield [
            _sum_of(v.tracer, where, rows, (len(v.operands) // columns, *divmod(n, columns)), u, axis)
            if n % columns in some
            else None
            for n, u in enumerate(v.operands)
        ]


def _sum_of(tracer: Tracer, where: Traced, rows: Traced, place: tuple[int, int, int], u: Any, axis: Axis | None) -> Any:  # noqa: PLR0917
    """One number of a sum of rows, for each sample or over all of them."""
    over = axis if type(u) is not Traced or u.axis is None else None
    total = tracer.structural(SCATTER, (where, rows), (*place, over))
    if over is not None:
        total.axis = None
        if tracer.inside is over:
            tracer.summed_inside.add(total)
    total.adjoint_of = u
    return total


def _gathered(v: Any, scattered: Sequence[tuple[Any, Any]], columns: int) -> Iterator[list[Any]]:
    """What the rows of a block get of the sums that they were added up to: the row that their index chooses."""
    found: dict[Any, dict[int, Any]] = {}
    count = 0
    for total, v_bar in scattered:
        count, row, column, _ = total.static
        sums = found.setdefault(total.operands[0], {})
        place = row * columns + column
        sums[place] = sums[place] + v_bar if place in sums else v_bar
    for where, sums in found.items():
        zero = Value.constant(0.0)
        table = block(v.tracer, [sums.get(k, zero) for k in range(count * columns)], columns)
        terms = []
        for n, u in enumerate(v.operands):
            term = v.tracer.structural(TAKE, (table, where.operands[n // columns]), n % columns)
            is_shared = term.axis is not None and (type(u) is not Traced or u.axis is None)
            terms.append(term.summed(term, u, term.axis) if is_shared else term)
        yield terms

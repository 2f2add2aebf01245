"""One evaluation of a function on nodes that can be differentiated, from arguments to results.

A transform evaluates the function on fresh *aliases*: a number becomes a new leaf, a Value a node `identity(v)`. So the
caller's Values are never differentiated themselves, and an outer transform still differentiates through the alias.

Results are Values where an input was one, and also where the function reached an alias of an enclosing transform (a
closure): a plain number would silently lose that dependence.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

import numpy as np

from autograd_lite.calling import adapted
from autograd_lite.engine import Value, gradients
from autograd_lite.errors import OperandError, ShapeError
from autograd_lite.namespaces import values
from autograd_lite.op import current_tracer, shown, to_number
from autograd_lite.pytree import NUMBER, Structure, flatten, has_values
from autograd_lite.reverse import reachable

__all__ = ["Evaluation", "Function", "Number", "Sealed", "Selection", "Tree", "as_values", "evaluate", "graph_wanted"]
__all__ += ["keeping_values", "roll_steps", "scalar", "select"]

MOST_NODES = 200_000  # of all sweeps together: of so many, machine code is no longer made

Tree: TypeAlias = Any  # a number, a Value, an array, or lists, tuples and dicts of them: what f takes and returns
Function: TypeAlias = Callable[..., Tree]
Number: TypeAlias = float | Value

_active: ContextVar[tuple[Sequence[Value], ...]] = ContextVar("_active", default=())
_keeping: ContextVar[bool] = ContextVar("_keeping", default=False)


# --- what to differentiate with respect to --------------------------------------------------------------------------


@dataclass(frozen=True)
class Selection:
    """What to differentiate with respect to: positional arguments, or captured Values; and what the function returns.

    With `has_aux` that is a pair: what is differentiated, and what is handed on as numbers.
    """

    argnums: int | tuple[int, ...] = 0
    wrt: tuple[Value, ...] | None = None
    has_aux: bool = False

    def leaves_alone(self, arguments: Sequence[int]) -> bool:
        """Whether none of these arguments is selected."""
        numbers = [self.argnums] if isinstance(self.argnums, int) else self.argnums
        return self.wrt is not None or (min(numbers) >= 0 and set(numbers).isdisjoint(arguments))

    def indices(self, count: int) -> list[int]:
        """Indices of the selected among so many arguments, counted from the front."""
        if self.wrt is not None:
            return []
        numbers = [self.argnums] if isinstance(self.argnums, int) else self.argnums
        for number in numbers:
            if not -count <= number < count:
                plural = "" if count == 1 else "s"
                raise ShapeError(
                    f"argnums={self.argnums} is out of range: the call had {count} positional argument{plural}. "
                    "Arguments are counted from 0; pass this one by position, not by name."
                )
        indices = [number % count for number in numbers]
        if len(set(indices)) < len(indices):
            raise ShapeError(f"argnums={self.argnums} names an argument twice. Name each one once.")
        return indices


def select(argnums: int | Sequence[int], wrt: Iterable[Value] | None, *, has_aux: bool = False) -> Selection:
    """Check `argnums` and `wrt` when a transform is made, before any call."""
    if wrt is not None:
        leaves = tuple(wrt) if isinstance(wrt, Iterable) else (wrt,)
        for v in leaves:
            if not isinstance(v, Value):
                raise OperandError(
                    f"wrt= takes Values, such as model.parameters(); it got {shown(v)}. Arguments of the function are "
                    "chosen by index: argnums=0 or argnums=(0, 1)."
                )
        return Selection(wrt=leaves, has_aux=has_aux)
    try:
        if isinstance(argnums, Sequence) and argnums:
            return Selection(tuple(map(operator.index, argnums)), has_aux=has_aux)
        return Selection(operator.index(cast("int", argnums)), has_aux=has_aux)  # raises for anything else
    except (TypeError, OperandError):
        raise OperandError(
            f"argnums={shown(argnums)} is not the index of an argument. Give 0 for the first one, or a tuple such as "
            "(0, 1); the arguments themselves come in a call of their own, grad(f)(x), and Values that the function "
            "captures are chosen by wrt=[w, b]."
        ) from None


# --- evaluation -----------------------------------------------------------------------------------------------------


@dataclass
class Evaluation:
    """The result of one evaluation, and what its derivatives need.

    Attributes
    ----------
    result : number or container
        What the function returned.
    inputs : list of Value
        What to differentiate with respect to: an alias for each number of the selected arguments, or captured leaves.
    structure : Structure
        The tree definition of the selected argument, or of the tuple of them.
    keeps_values : bool
        Whether derivatives are Values.
    aux : number or container, or None
        What the function returned beside the result.
    """

    result: Tree
    inputs: list[Value]
    structure: Structure
    keeps_values: bool
    aux: Tree = None

    def gradients(self, y: Number) -> Sequence[Number]:
        """Differentiate one number of the result with respect to each input."""
        if isinstance(y, Value):
            return gradients(y, self.inputs, create_graph=self.keeps_values)
        return [Value.constant(0.0) if self.keeps_values else 0.0 for _ in self.inputs]

    def number(self, y: Number) -> Number:
        """Convert a number of the result to what the caller gets: a Value where an input was one, else a float."""
        if self.keeps_values:
            return as_values([y])[0]
        return y.data if isinstance(y, Value) else y

    def numbers(self, tree: Tree) -> Tree:
        """Convert the numbers of a container likewise."""
        leaves, structure = flatten(tree)
        return structure.rebuild([self.number(y) for y in leaves])


class Sealed(Evaluation):
    """An evaluation whose gradients are yet to be taken: in the result one leaf stands for all of them.

    Attributes
    ----------
    whole : Structure
        What stands in its place in the end.
    stand_in : Value
        This leaf.
    of : number or None
        What is to be differentiated.
    """

    def __init__(self, evaluation: Evaluation) -> None:
        super().__init__(evaluation.result, evaluation.inputs, NUMBER, evaluation.keeps_values, evaluation.aux)
        self.whole = evaluation.structure
        self.stand_in = Value.constant(0.0)
        self.of: Number | None = None

    def gradients(self, y: Number) -> Sequence[Number]:
        """Note what is to be differentiated."""
        self.of = y
        return [self.stand_in]

    def flatten(self, result: Tree) -> tuple[list[Number], Structure, int]:
        """The leaves of a result, its structure with the gradients in it, and which leaf stands for them."""
        leaves, structure = flatten(result)
        at = next(k for k, leaf in enumerate(leaves) if leaf is self.stand_in)
        return leaves, structure.grafted(at, self.whole), at


def evaluate(
    f: Function,
    selection: Selection,
    args: Sequence[Tree],
    named: dict[str, Tree] | None = None,
    *,
    rolls: bool = True,
) -> Evaluation:
    """Evaluate a function on Values in place of its arguments' numbers.

    While a function is compiled, steps that repeat become loops (`roll_steps`), unless the caller does that.

    Raises
    ------
    OperandError
        If a selected argument is neither number nor container, or the function returned None, or no pair where
        `has_aux` promises one.
    """
    f = adapted(f, args, named)
    indices = selection.indices(len(args))
    flat = [flatten(arg) for arg in args]
    flat_named = {name: flatten(arg) for name, arg in (named or {}).items()}
    nodes: list[list[Value]] = [as_values(leaves) for leaves, _ in flat]
    for i in indices:
        nodes[i] = _aliases(*flat[i])
    inputs, structure = _selected(selection, [(nodes[i], flat[i][1]) for i in indices])
    with _differentiating(inputs) as outer:
        result = f(
            *[structure.rebuild(leaves) for leaves, (_, structure) in zip(nodes, flat, strict=True)],
            **{name: structure.rebuild(as_values(leaves)) for name, (leaves, structure) in flat_named.items()},
        )
    if result is None:
        raise OperandError("The function returned None. Is a return missing at its end?")
    if rolls:
        roll_steps(result, inputs)
    given = [leaf for leaves, _ in (*flat, *flat_named.values()) for leaf in leaves]
    keeps_values = has_values(given) or _reaches(outer, result)
    if not selection.has_aux:
        return Evaluation(result, inputs, structure, keeps_values)
    if not isinstance(result, (list, tuple)) or len(result) != 2:
        raise OperandError(
            f"With has_aux=True the function returns a pair (result, aux); it returned {shown(result)}. Write "
            "`return loss, aux`, or leave has_aux out."
        )
    return Evaluation(result[0], inputs, structure, keeps_values, result[1])


def roll_steps(result: Tree, inputs: Sequence[Value], sweeps: int = 1) -> None:
    """Let the compiler make loops of steps that repeat, before a result is differentiated with respect to inputs.

    Several sweeps over steps share what they compute, and sweeps over a loop do not; so where there are more than one
    they get the steps, unless these are very many.
    """
    tracer = current_tracer.get()
    if tracer is None:
        return
    results, inner = flatten(result)[0], [v for some in (*_active.get(), inputs) for v in some]
    newest = max([v.order for v in results if isinstance(v, Value)], default=0)
    if sweeps <= 1 or sweeps * (newest - max([v.order for v in inner], default=0)) > MOST_NODES:
        tracer.evaluated(results, inner)


def as_values(leaves: Iterable[Number]) -> list[Value]:
    """Make constants of numbers; Values stay as they are."""
    return [x if isinstance(x, Value) else Value.constant(x) for x in leaves]


def _aliases(leaves: Iterable[Number], structure: Structure) -> list[Value]:
    if structure.kind == "static":
        raise OperandError(
            f"There is nothing to differentiate with respect to: the argument is {shown(structure.rebuild([]))}."
        )
    return [_alias(leaf) for leaf in leaves]


def _alias(leaf: Number) -> Value:
    if not isinstance(leaf, Value):
        return Value(leaf)
    alias: Value = values.identity(leaf)
    alias.requires_grad = True  # also where the Value itself is a constant of an outer transform
    alias.label = leaf.label
    return alias


def _selected(selection: Selection, chosen: list[tuple[list[Value], Structure]]) -> tuple[list[Value], Structure]:
    """All inputs, and their structure: that of one argument, of a tuple of them, or of a list of leaves."""
    if selection.wrt is not None:
        count = len(selection.wrt)
        return list(selection.wrt), Structure("list", None, (NUMBER,) * count, count)
    if isinstance(selection.argnums, int):
        return chosen[0]
    inputs = [alias for aliases, _ in chosen for alias in aliases]
    return inputs, Structure("tuple", None, tuple([structure for _, structure in chosen]), len(inputs))


@contextmanager
def keeping_values() -> Iterator[None]:
    """Let every transform inside return Values, so that a tracer sees how each number was computed.

    Examples
    --------
    >>> from autograd_lite import grad
    >>> with keeping_values():
    ...     grad(lambda x: x**2)(3.0)
    Value(data=6.0, grad=0.0)
    """
    token = _keeping.set(True)
    try:
        yield
    finally:
        _keeping.reset(token)


def graph_wanted() -> bool:
    """Whether a transform or a tracer is active, so that what is computed now may have to be differentiated.

    Examples
    --------
    >>> with keeping_values():
    ...     graph_wanted()
    True
    """
    return _keeping.get() or bool(_active.get())


@contextmanager
def _differentiating(inputs: Sequence[Value]) -> Iterator[tuple[Sequence[Value], ...]]:
    """Push these inputs on the stack of active transforms; yield the stack as it was before."""
    outer = _active.get()
    token = _active.set((*outer, inputs))
    try:
        yield outer
    finally:
        _active.reset(token)


def _reaches(outer: tuple[Sequence[Value], ...], result: Tree) -> bool:
    """Whether a result depends on a traced Value, or on an input of an enclosing transform."""
    if _keeping.get():
        return True
    roots = [v for v in flatten(result)[0] if isinstance(v, Value)]
    if not all(v.has_number for v in roots):
        return True
    enclosing = {v for inputs in outer for v in inputs}
    if not enclosing:
        return False
    oldest = min(v.order for v in enclosing)
    return any(v in enclosing for v in reachable(roots, constants=False, since=oldest))


# --- the result -----------------------------------------------------------------------------------------------------


def scalar(result: Tree, transform: str) -> Number:
    """Check that a result is one number, and return it as a Value or a float.

    Raises
    ------
    ShapeError
        If it is a sequence; the message names `jacobian`.
    OperandError
        If it is not a number.
    """
    if isinstance(result, Value):
        return result
    if isinstance(result, np.ndarray) and not result.ndim:
        return scalar(result.item(), transform)
    if isinstance(result, (list, tuple, dict, np.ndarray)):
        kind = f"an array of shape {result.shape}" if isinstance(result, np.ndarray) else _counted(result)
        raise ShapeError(
            f"{transform} needs a function that returns one number; it returned {kind}. Use ag.jacobian for the "
            "derivatives of each number, or return one, such as their sum, ag.fsum(...)."
        )
    return to_number(result, "the function's result")


def _counted(result: list[Tree] | tuple[Tree, ...] | dict[Tree, Tree]) -> str:
    return f"a {type(result).__name__} of {len(result)}"

"""From a call's arguments to Values that can be differentiated by, and from the result back to numbers.

A transform runs the function on fresh *aliases*: a number becomes a new leaf, a Value a node `identity(v)`. So the
caller's Values are never differentiated by, and an outer transform still differentiates through the alias.

Results are Values where an input was one, and also where the function reached an alias of a transform that is running
around this one (a closure): a plain number would have lost that dependence in silence.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from autograd_lite.engine import Value, gradients
from autograd_lite.errors import OperandError, ShapeError
from autograd_lite.namespaces import values
from autograd_lite.op import shown, to_number
from autograd_lite.pytree import NUMBER, Structure, flatten, has_values
from autograd_lite.reverse import reachable

__all__ = ["Function", "Run", "Selection", "as_values", "graph_wanted", "keeping_values", "run", "scalar", "select"]

Function = Callable[..., Any]

_around: ContextVar[tuple[Sequence[Value], ...]] = ContextVar("_around", default=())
_kept: ContextVar[bool] = ContextVar("_kept", default=False)


# --- by what --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Selection:
    """By what to differentiate: the arguments at some places, or captured Values."""

    argnums: int | tuple[int, ...] = 0
    wrt: tuple[Value, ...] | None = None

    def places(self, count: int) -> list[int]:
        """Places of the selected among so many arguments, counted from the front."""
        if self.wrt is not None:
            return []
        numbers = [self.argnums] if isinstance(self.argnums, int) else self.argnums
        for number in numbers:
            if not -count <= number < count:
                plural = "" if count == 1 else "s"
                raise ShapeError(
                    f"argnums={self.argnums} names an argument that is not there: the call had {count} positional "
                    f"argument{plural}. They are counted from 0; pass the argument by its place, not by its name."
                )
        places = [number % count for number in numbers]
        if len(set(places)) < len(places):
            raise ShapeError(f"argnums={self.argnums} names an argument twice. Name each one once.")
        return places


def select(argnums: int | Sequence[int], wrt: Iterable[Value] | None) -> Selection:
    """Check `argnums` and `wrt` when a transform is made, before any call."""
    if wrt is not None:
        leaves = (wrt,) if isinstance(wrt, Value) else tuple(wrt)
        for v in leaves:
            if not isinstance(v, Value):
                raise OperandError(f"wrt= takes Values, such as model.parameters(); it got {shown(v)}.")
        return Selection(wrt=leaves)
    try:
        if isinstance(argnums, Sequence) and argnums:
            return Selection(tuple(map(operator.index, argnums)))
        return Selection(operator.index(cast("int", argnums)))  # what is no index raises
    except (TypeError, OperandError):
        raise OperandError(
            f"argnums={shown(argnums)} is not a place of an argument. Give 0 for the first one, or a tuple such as "
            "(0, 1); the arguments themselves come in a call of their own: grad(f)(x)."
        ) from None


# --- one run of the function ----------------------------------------------------------------------------------------


@dataclass
class Run:
    """What one run of a function gave, and what its derivatives need.

    Attributes
    ----------
    result : object
        What the function returned: Values, numbers, or a container of them.
    aliases : list of Value
        What to differentiate by, one for each number of the selected arguments.
    structure : Structure
        How those numbers stand in the selected argument, or in the tuple of them.
    keeps_values : bool
        Whether derivatives are to be Values.
    """

    result: Any
    aliases: list[Value]
    structure: Structure
    keeps_values: bool

    def gradients(self, value: Any) -> list[Any]:
        """Differentiate one number of the result by each alias."""
        if isinstance(value, Value):
            return gradients(value, self.aliases, create_graph=self.keeps_values)
        return [Value.constant(0.0) if self.keeps_values else 0.0 for _ in self.aliases]

    def number(self, value: Any) -> Any:
        """Give a number of the result as the caller gets it: a Value where an input was one, else a float."""
        if self.keeps_values:
            return as_values([value])[0]
        return value.data if isinstance(value, Value) else value


def run(f: Function, selection: Selection, args: Sequence[Any], named: dict[str, Any] | None = None) -> Run:
    """Run a function on Values in place of its arguments' numbers.

    Raises
    ------
    OperandError
        If a selected argument is no number and no container, or the function returned None.
    """
    places = selection.places(len(args))
    flat = [flatten(arg) for arg in args]
    flat_named = {name: flatten(arg) for name, arg in (named or {}).items()}
    lifted = [(as_values(leaves), structure) for leaves, structure in flat]
    for i in places:
        lifted[i] = _aliases(*flat[i])
    aliases, structure = _selected(selection, [lifted[i] for i in places])
    with _differentiating(aliases) as outer:
        result = f(
            *[structure.rebuild(leaves) for leaves, structure in lifted],
            **{name: structure.rebuild(as_values(leaves)) for name, (leaves, structure) in flat_named.items()},
        )
    if result is None:
        raise OperandError("The function returned None. Is a return missing at its end?")
    given = [leaf for leaves, _ in (*flat, *flat_named.values()) for leaf in leaves]
    return Run(result, aliases, structure, has_values(given) or _reaches(outer, result))


def as_values(leaves: Iterable[Any]) -> list[Any]:
    """Make constants of numbers; Values stay as they are."""
    return [x if isinstance(x, Value) else Value.constant(x) for x in leaves]


def _aliases(leaves: Iterable[Any], structure: Structure) -> tuple[list[Any], Structure]:
    if structure.kind == "static":
        raise OperandError(f"There is nothing to differentiate by: the argument is {shown(structure.rebuild([]))}.")
    return [_alias(leaf) for leaf in leaves], structure


def _alias(leaf: Any) -> Value:
    if not isinstance(leaf, Value):
        return Value(leaf)
    alias: Value = values.identity(leaf)
    alias.requires_grad = True  # also where the Value itself is a constant of an outer transform
    alias.label = leaf.label
    return alias


def _selected(selection: Selection, chosen: list[tuple[list[Any], Structure]]) -> tuple[list[Any], Structure]:
    """All that is differentiated by, and its structure: of one argument, of a tuple of them, or of a list of leaves."""
    if selection.wrt is not None:
        count = len(selection.wrt)
        return list(selection.wrt), Structure("list", None, (NUMBER,) * count, count)
    if isinstance(selection.argnums, int):
        return chosen[0]
    aliases = [alias for leaves, _ in chosen for alias in leaves]
    return aliases, Structure("tuple", None, tuple([structure for _, structure in chosen]), len(aliases))


@contextmanager
def keeping_values() -> Iterator[None]:
    """Let every transform that runs inside give Values: a tracer must see what each number is made of.

    Examples
    --------
    >>> from autograd_lite import grad
    >>> with keeping_values():
    ...     grad(lambda x: x**2)(3.0)
    Value(data=6.0, grad=0.0)
    """
    token = _kept.set(True)
    try:
        yield
    finally:
        _kept.reset(token)


def graph_wanted() -> bool:
    """Whether a transform or a tracer is running, so that what is computed now may have to be differentiated.

    Examples
    --------
    >>> with keeping_values():
    ...     graph_wanted()
    True
    """
    return _kept.get() or bool(_around.get())


@contextmanager
def _differentiating(aliases: Sequence[Value]) -> Iterator[tuple[Sequence[Value], ...]]:
    """Note, while a function runs, what is differentiated by; give what outer transforms noted."""
    outer = _around.get()
    token = _around.set((*outer, aliases))
    try:
        yield outer
    finally:
        _around.reset(token)


def _reaches(outer: tuple[Sequence[Value], ...], result: Any) -> bool:
    """Whether a result depends on a traced Value, or on something that an outer transform differentiates by."""
    if _kept.get():
        return True
    roots = [v for v in flatten(result)[0] if isinstance(v, Value)]
    if not all(v.has_number for v in roots):
        return True
    watched = {v for aliases in outer for v in aliases}
    if not watched:
        return False
    oldest = min(v.order for v in watched)
    return any(v in watched for v in reachable(roots, constants=False, since=oldest))


# --- the result -----------------------------------------------------------------------------------------------------


def scalar(result: Any, transform: str) -> Any:
    """Check that a result is one number, and give it as a Value or a float.

    Raises
    ------
    ShapeError
        If it is a sequence; the message names `jacobian`.
    OperandError
        If it is no number at all.
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


def _counted(result: Any) -> str:
    return f"a {type(result).__name__} of {len(result)}"

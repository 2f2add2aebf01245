"""Explain gradients by the chain rule, path by path, or all leaves as a table."""

# Any: what a user's function takes
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, overload

from autograd_lite.engine import Value
from autograd_lite.errors import OperandError, UnknownNameError
from autograd_lite.text import shown

from ..graphs.course import course_view
from ..graphs.known_calls import call_view
from ..graphs.names import showable
from .call_paths import CallExplanation
from .call_table import CallExplanations, explain_calls
from .explanation import LISTED, Explanation
from .named import through_nodes
from .paths import Paths
from .table import Explanations

__all__ = ["explain"]


@overload
def explain(loss: Value, wrt: Value, *, limit: int = LISTED, through: str | None = None) -> Explanation: ...
@overload
def explain(loss: Value, wrt: None = None, *, limit: int = LISTED, through: str | None = None) -> Explanations: ...
@overload
def explain(
    loss: Value | Callable[..., Any],
    wrt: str,
    *,
    args: Sequence[Any] = (),
    level: str = "functions",
    focus: str = "",
    limit: int = LISTED,
) -> CallExplanation: ...
@overload
def explain(
    loss: Value | Callable[..., Any],
    wrt: None = None,
    *,
    args: Sequence[Any] = (),
    level: str,
    focus: str = "",
    limit: int = LISTED,
) -> CallExplanations: ...
@overload
def explain(
    loss: Callable[..., Any], wrt: None = None, *, args: Sequence[Any] = (), focus: str = "", limit: int = LISTED
) -> CallExplanations: ...
def explain(
    loss: Value | Callable[..., Any],
    wrt: Value | str | None = None,
    *,
    args: Sequence[Any] = (),
    level: str | None = None,
    focus: str = "",
    limit: int = LISTED,
    through: str | None = None,
) -> Explanation | Explanations | CallExplanation | CallExplanations:
    """Explain gradients by the chain rule.

    Every path from `wrt` to the loss, with the product of the local derivatives along it; the sum over paths; and the
    check against the reverse sweep. With more paths than the limit, the largest are listed, and how the gradient of
    `wrt` is split over its uses. Without `wrt`, a table of all leaves, with the largest path of each.

    Of a function, or with ``level="functions"``, the same by the calls that it makes: the ways are those from box to
    box of the picture that `draw` makes, and gradients are those of all numbers of a box.

    Parameters
    ----------
    loss : Value or callable
        What is differentiated; or a function, which is run on `args`.
    wrt : Value or str, optional
        What to differentiate with respect to: a leaf or an intermediate node; by calls the name of a box, such as an
        argument's or ``"softmax[2]"``.
    args : sequence
        Arguments of the function, as in `draw`.
    level : str, optional
        ``"functions"``: by the calls that made the graph, of a Value too, as in `draw`.
    focus : str
        By calls: the path of the call to look into, the outermost unless given.
    limit : int
        The most paths to list.
    through : str, optional
        ``"named"``: the factors of the chain rule lead from one named node to the next, and what has no name is part of
        the formula above it. ``"all"``: a factor for every op. By itself ``"named"`` if a node between the leaves and
        the loss has a name.

    Returns
    -------
    Explanation, Explanations, CallExplanation or CallExplanations
        ``print`` it; ``.markdown``, and of paths ``.latex``, have the same for a lesson.

    Raises
    ------
    OperandError
        If one of them is not a Value, or if the calls that made it are not known.
    UnknownNameError
        If there is no box or call of that name, no such level, or if `through` is neither of the two.

    Examples
    --------
    >>> x, w = Value(2.0, "x"), Value(-0.5, "w")
    >>> loss = (w * x) ** 2
    >>> loss.label = "loss"
    >>> print(explain(loss, w))
    ∂loss/∂w: 1 path
    <BLANKLINE>
    w → v1 → loss
      ∂loss/∂v1 · ∂v1/∂w
      = (2 · v1) · x
      = (−2)(2)
      = −4
    <BLANKLINE>
    Sum over paths: −4
    Reverse sweep:  −4 ✓

    Once the product has a name, and the loss more than one op, the factors lead through it:

    >>> p = w * x
    >>> p.label = "p"
    >>> print(explain(1.0 - p**2, w).text.split("Sum")[0])
    ∂v2/∂w: 1 path through named nodes
    <BLANKLINE>
    w → p → v2
      ∂v2/∂p · ∂p/∂w
      = (−2 · p) · x
      = (2)(2)
      = 4
    <BLANKLINE>
    <BLANKLINE>
    """
    if level not in (None, "functions"):
        raise UnknownNameError.among("level for explanations", level, ["functions"])
    if level or (not isinstance(loss, Value) and callable(loss)):
        if isinstance(wrt, Value):
            raise OperandError("By calls, wrt is the name of a box, such as an argument's or 'softmax[2]'.")
        if through is not None:
            raise OperandError("By calls, the factors lead from box to box; explain takes no `through` then.")
        return explain_calls(call_view(loss, args, focus), wrt, limit)
    if args or focus:
        raise OperandError("explain got a Value, and args or focus; these go with a function or level='functions'.")
    graph = course_view(loss)
    if wrt is None:
        paths = Paths(through_nodes(graph, through), limit)
        return Explanations([Explanation(paths, i) for i in paths.graph.leaves], graph.root_name)
    if not isinstance(wrt, Value):
        raise OperandError(
            f"explain needs the Value to differentiate with respect to, not {shown(wrt)} ({type(wrt).__name__})."
        )
    if wrt not in graph.index:
        return Explanation(Paths(graph, limit), None, name=showable(wrt.label) or "the given Value")
    paths = Paths(through_nodes(graph, through, [graph.index[wrt]]), limit)
    return Explanation(paths, paths.graph.index[wrt])

"""Explain gradients by the chain rule, path by path, or all leaves as a table."""

from __future__ import annotations

from typing import overload

from autograd_lite.engine import Value
from autograd_lite.errors import OperandError
from autograd_lite.text import shown

from ..graphs.course import course_view
from ..graphs.names import showable
from .explanation import LISTED, Explanation
from .named import through_nodes
from .paths import Paths
from .table import Explanations

__all__ = ["explain"]


@overload
def explain(loss: Value, wrt: Value, *, limit: int = LISTED, through: str | None = None) -> Explanation: ...
@overload
def explain(loss: Value, wrt: None = None, *, limit: int = LISTED, through: str | None = None) -> Explanations: ...
def explain(
    loss: Value, wrt: Value | None = None, *, limit: int = LISTED, through: str | None = None
) -> Explanation | Explanations:
    """Explain gradients by the chain rule.

    Every path from `wrt` to the loss, with the product of the local derivatives along it; the sum over paths; and the
    check against the reverse sweep. With more paths than the limit, the largest are listed, and how the gradient of
    `wrt` is split over its uses. Without `wrt`, a table of all leaves, with the largest path of each.

    Parameters
    ----------
    loss : Value
        What is differentiated.
    wrt : Value, optional
        What to differentiate with respect to: a leaf or an intermediate node.
    limit : int
        The most paths to list.
    through : str, optional
        ``"named"``: the factors of the chain rule lead from one named node to the next, and what has no name is part of
        the formula above it. ``"all"``: a factor for every op. By itself ``"named"`` if a node between the leaves and
        the loss has a name.

    Returns
    -------
    Explanation or Explanations
        ``print`` it; ``.latex`` and ``.markdown`` have the same for a lesson.

    Raises
    ------
    OperandError
        If one of them is not a Value.
    UnknownNameError
        If `through` is neither of the two.

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

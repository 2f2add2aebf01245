"""Explain gradients by the chain rule, path by path, or all leaves as a table."""

from __future__ import annotations

from typing import overload

from autograd_lite.engine import Value
from autograd_lite.errors import OperandError
from autograd_lite.text import shown

from ..graphs.course import course_view
from ..graphs.names import showable
from .explanation import LISTED, Explanation
from .paths import Paths
from .table import Explanations

__all__ = ["explain"]


@overload
def explain(loss: Value, wrt: Value, *, limit: int = LISTED) -> Explanation: ...
@overload
def explain(loss: Value, wrt: None = None, *, limit: int = LISTED) -> Explanations: ...
def explain(loss: Value, wrt: Value | None = None, *, limit: int = LISTED) -> Explanation | Explanations:
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

    Returns
    -------
    Explanation or Explanations
        ``print`` it; ``.latex`` and ``.markdown`` have the same for a lesson.

    Raises
    ------
    OperandError
        If one of them is not a Value.

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
    """
    graph = course_view(loss)
    paths = Paths(graph, limit)
    if wrt is None:
        return Explanations([Explanation(paths, i) for i in graph.leaves], graph.root_name)
    if not isinstance(wrt, Value):
        raise OperandError(
            f"explain needs the Value to differentiate with respect to, not {shown(wrt)} ({type(wrt).__name__})."
        )
    return Explanation(paths, graph.index.get(wrt), name=showable(wrt.label) or "the given Value")

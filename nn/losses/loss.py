"""Losses: a rule for one output and its target, and how outputs and samples are combined."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import update_wrapper

import numpy as np

from autograd_lite.errors import OperandError, ShapeError
from autograd_lite.namespaces import values as op
from autograd_lite.text import shown

from ..kinds import Scalar
from ..registry import Registry

__all__ = ["LOSSES", "Loss", "added_up", "is_list", "loss", "loss_named", "register_loss"]


@dataclass(eq=False, repr=False)
class Loss:
    """A loss: the rule for one output, and how outputs and samples are combined.

    Called with sequences, it is the loss of all samples; called with one output and one target, of that one.

    Parameters
    ----------
    rule : callable
        ``rule(output, target)`` for one number; with ``whole=True`` for the list of one sample's outputs.
    summed : bool
        Whether the samples' sum is taken, not their mean.
    rooted : bool
        Whether the square root of the result is taken.
    whole : bool
        Whether the rule needs all outputs of a sample at once.
    restricted : bool
        Whether targets have a limited range, which the rule checks.
    wants_classes : bool
        Whether a target may be the number of a class.
    advice : str
        Advice where the loss is not finite.
    written : callable, optional
        The rule as textbooks write it, where it is computed in another form.
    spare : bool
        Whether the mean or sum of a single term is that term, without a node of its own.

    Attributes
    ----------
    name : str
        Its name in `LOSSES`.

    Examples
    --------
    >>> LOSSES["mean_squared_error"]([1.0, 2.0], [0.0, 0.0])
    2.5
    >>> LOSSES["mean_squared_error"].sample(2.0, 0.0)
    4.0
    """

    rule: Callable[[Scalar, Scalar], Scalar]
    summed: bool = field(default=False, kw_only=True)
    rooted: bool = field(default=False, kw_only=True)
    whole: bool = field(default=False, kw_only=True)
    restricted: bool = field(default=False, kw_only=True)
    wants_classes: bool = field(default=False, kw_only=True)
    advice: str = field(default="", kw_only=True)
    written: Callable[[Scalar, Scalar], Scalar] | None = field(default=None, kw_only=True)
    spare: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        update_wrapper(self, self.rule)
        self.name = getattr(self.rule, "__name__", type(self.rule).__name__)

    def __call__(self, outputs: Scalar, targets: Scalar, *, written_out: bool = False) -> Scalar:
        """Compute the loss of all samples, as a Value if any output is one.

        Parameters
        ----------
        outputs, targets : Value or float, or sequences of them
        written_out : bool
            Whether the graph has the formula that textbooks write, for pictures and steps; it overflows, or gives NaN,
            where the usual form does not.
        """
        if written_out:
            return self._written_out()(outputs, targets)
        if not is_list(outputs) or (self.whole and not is_list(outputs[0] if len(outputs) else outputs)):
            terms = [self.sample(outputs, targets)]
        else:
            terms = [self.sample(o, t) for o, t in _pairs(self.name, outputs, targets)]
        total = self._together(terms)
        return op.sqrt(total) if self.rooted else total

    def sample(self, output: Scalar, target: Scalar) -> Scalar:
        """Compute the loss of one sample: of one output, or of a list of outputs."""
        if self.whole:
            return self.rule(output, target)
        terms = [self.rule(o, t) for o, t in _pairs(self.name, _listed(output), _listed(target))]
        return terms[0] if len(terms) == 1 else self._together(terms)

    def _together(self, terms: list[Scalar]) -> Scalar:
        """The sum or the mean; of a single term no node of its own where the formula is written out."""
        if self.spare and len(terms) == 1:
            return terms[0]
        return op.fsum(terms) if self.summed else op.mean(terms)

    def _written_out(self) -> Loss:
        """The same loss by its textbook rule, every mean and sum a node only where there are several terms."""
        return replace(self, rule=self.written or self.rule, written=None, spare=True)

    def of_mean(self, mean: Scalar, n: int) -> Scalar:
        """The loss, from the mean of `sample` over n samples: a multiple of it, its root, or itself.

        Examples
        --------
        >>> LOSSES["sum_of_squares"].of_mean(2.5, 2), LOSSES["root_mean_squared_error"].of_mean(4.0, 2)
        (5.0, 2.0)
        """
        if self.summed:
            return mean * float(n)
        return op.sqrt(mean) if self.rooted else mean

    def __repr__(self) -> str:
        return f"<loss {self.name}>"


LOSSES: Registry[Loss] = Registry("loss", {})
"""All losses by name."""


def loss_named(loss: str | Callable[[Scalar, Scalar], Scalar]) -> Loss:
    """The loss of that name, or one made of a function ``loss(output, target)`` for one sample, whose mean is taken.

    Raises
    ------
    UnknownNameError
        If there is none of that name.

    Examples
    --------
    >>> loss_named("hinge")
    <loss hinge>
    """
    if isinstance(loss, Loss):
        return loss
    if callable(loss):
        return Loss(loss, whole=True)
    return LOSSES.named(loss)


def register_loss(name: str, loss: Callable[[Scalar, Scalar], Scalar], *, replace: bool = False) -> Loss:
    """Give a loss a name, by which `fit` knows it.

    Parameters
    ----------
    name : str
    loss : callable
        ``loss(output, target)`` for one sample, whose mean is taken; or a `Loss`.
    replace : bool
        Whether it may take the place of another loss of that name.

    Returns
    -------
    Loss

    Raises
    ------
    DomainError
        If the name is taken and `replace` is False.

    Examples
    --------
    >>> register_loss("fourth_power", lambda output, target: (output - target) ** 4)
    <loss fourth_power>
    >>> del LOSSES["fourth_power"]
    """
    if not callable(loss):
        raise OperandError(f"{shown(loss)} is not a loss; give a function loss(output, target), or an nn.Loss.")
    made = LOSSES.register(name, loss_named(loss), replace=replace)
    if made is not loss:
        made.name = name
    return made


def added_up(loss: Loss) -> Loss:
    """A loss of one output for several: the sum over outputs, where the loss itself takes the mean."""

    def total(outputs: Scalar, targets: Scalar) -> Scalar:
        return op.fsum([loss.rule(o, t) for o, t in zip(outputs, targets, strict=True)])

    return Loss(total, whole=True)


def loss(**kind: Scalar) -> Callable[[Callable[[Scalar, Scalar], Scalar]], Loss]:
    """Decorator: make a loss of a rule, and add it to `LOSSES`."""

    def define(rule: Callable[[Scalar, Scalar], Scalar]) -> Loss:
        made = Loss(rule, **kind)
        return LOSSES.register(made.name, made)

    return define


# --- Sequences -------------------------------------------------------------------------------------------------------


def is_list(thing: Scalar) -> bool:
    """Whether it is a list, tuple or array."""
    return isinstance(thing, (Sequence, np.ndarray)) and not isinstance(thing, str)


def _listed(thing: Scalar) -> Scalar:
    return thing if is_list(thing) else [thing]


def _pairs(name: str, outputs: Scalar, targets: Scalar) -> Iterator[tuple[Scalar, Scalar]]:
    targets = _listed(targets)
    if len(outputs) != len(targets) or not len(outputs):
        raise ShapeError(
            f"{name} got {len(outputs)} outputs and {len(targets)} targets; it needs as many of each, at least one."
        )
    return zip(outputs, targets, strict=True)

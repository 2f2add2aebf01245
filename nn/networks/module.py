"""Base of all parts of a network: finds and names parameters, and sets gradients to 0."""

# Any: an attribute of a user's module
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd_lite.engine import Value
from autograd_lite.text import counted

from ..kinds import Signals

__all__ = ["Module"]


class Module:
    """Base class of everything with parameters; a model of your own is a subclass with a ``__call__``.

    Nothing has to be registered: parameters are the leaf Values found in the attributes, and in lists, tuples, dicts,
    object arrays and Modules among them, in the order in which the attributes were set. A Value that is met twice
    (shared weights) is one parameter.

    Examples
    --------
    >>> class Line(Module):
    ...     def __init__(self):
    ...         self.slope, self.offsets = Value(2.0), [Value(1.0), Value(0.5)]
    ...     def __call__(self, x):
    ...         return self.slope * x + self.offsets[0] - self.offsets[1]
    >>> line = Line()
    >>> line
    Line(3 parameters)
    >>> line(3.0).data
    6.5
    >>> [name for name, p in line.named_parameters()]
    ['slope', 'offset1', 'offset2']
    """

    def __call__(self, x: Signals) -> Signals:
        """Compute the output for one input; a subclass says how."""
        raise NotImplementedError(f"{type(self).__name__} has no __call__. Define one: def __call__(self, x): ...")

    def named_parameters(self) -> list[tuple[str, Value]]:
        """All parameters with their names, in a fixed order.

        Returns
        -------
        list of (str, Value)
            The name is the path to the parameter, such as ``layer1.neuron2.w3``: members of a list count from 1.
        """
        found: dict[Value, str] = {}
        for name, thing in _everything_in(self):
            if isinstance(thing, Value) and thing.op is None and thing.requires_grad:
                found.setdefault(thing, name)
        return [(name, p) for p, name in found.items()]

    def parameters(self) -> list[Value]:
        """All parameters, in a fixed order: for a neuron its weights, then its bias."""
        return [p for _, p in self.named_parameters()]

    def modules(self) -> list[Module]:
        """The module itself and all modules inside it, in the same order."""
        return [thing for _, thing in _everything_in(self) if isinstance(thing, Module)]

    def label_parameters(self) -> None:
        """Write each parameter's name into its label, which pictures and messages show."""
        for name, p in self.named_parameters():
            p.label = name

    def zero_grad(self) -> None:
        """Set the gradients of all parameters to 0, before the next ``backward``."""
        for p in self.parameters():
            p.grad = 0.0

    @property
    def _size(self) -> str:
        return counted(len(self.parameters()), "parameter")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._size})"


def _everything_in(module: Module) -> Iterator[tuple[str, Any]]:
    """Iterate over a module and its containers, each once, and their Values, as often as they occur."""
    visited: set[int] = set()
    stack: list[tuple[str, Any]] = [("", module)]
    while stack:
        name, thing = stack.pop()
        if isinstance(thing, Value):
            yield name, thing
        elif id(thing) not in visited:
            visited.add(id(thing))
            yield name, thing
            stack += reversed(_members(name, thing))


def _members(name: str, thing: Any) -> list[tuple[str, Any]]:
    """Direct members of a Module or a container, with names."""
    if isinstance(thing, Module):
        return [(f"{name}.{key}" if name else key, member) for key, member in vars(thing).items()]
    if isinstance(thing, dict):
        return [(f"{name}.{key}", member) for key, member in thing.items()]
    if isinstance(thing, np.ndarray):
        thing = list(thing.flat) if thing.dtype == object else []
    if isinstance(thing, (list, tuple)):
        one = name.removesuffix("s")
        return [(f"{one}{i}", member) for i, member in enumerate(thing, start=1)]
    return []

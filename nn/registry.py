"""What can be given by name: one class for losses, optimisers, initialisers and activations.

Names live in the process: a program that loads a model file with names of its user's own registers them first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from autograd_lite.errors import DomainError, OperandError, UnknownNameError
from autograd_lite.text import shown

__all__ = ["Registry"]

T = TypeVar("T")


class Registry(dict[str, T]):
    """Things by name.

    Parameters
    ----------
    kind : str
        What they are, for messages.
    things : mapping of str to T
        Those of the library.
    also : callable, optional
        Gives names that are taken, and known, beside those in the registry.

    Examples
    --------
    >>> sizes = Registry("size", {"small": 1})
    >>> sizes.register("large", 9), sizes.named("large")
    (9, 9)
    """

    def __init__(self, kind: str, things: dict[str, T], also: Callable[[], Iterable[str]] = tuple) -> None:
        super().__init__(things)
        self.kind = kind
        self.also = also

    @property
    def names(self) -> list[str]:
        """All names that are known."""
        return list(dict.fromkeys([*self.also(), *self]))

    def named(self, name: object) -> T:
        """The thing of that name.

        Raises
        ------
        UnknownNameError
            If there is none; the nearest name is offered.
        """
        if not isinstance(name, str) or name not in self:
            raise UnknownNameError.among(self.kind, name, self.names, ours=True)
        return self[name]

    def register(self, name: str, thing: T, *, replace: bool = False) -> T:
        """Add a thing under a name.

        Raises
        ------
        DomainError
            If the name is taken and `replace` is False.
        OperandError
            If the name is not an identifier.
        """
        if not isinstance(name, str) or not name.isidentifier():
            raise OperandError(
                f"{shown(name)} is not a name for a new {self.kind}; give an identifier, as 'my_{self.kind}'."
            )
        if name in self.names and not replace:
            raise DomainError(
                f"The {self.kind} {name!r} exists already. Choose another name, or pass replace=True to replace it."
            )
        self[name] = thing
        return thing

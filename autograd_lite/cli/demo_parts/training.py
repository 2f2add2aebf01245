"""Training in the demo: with progress shown, and Ctrl-C ending the whole command."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograd_lite import nn

__all__ = ["train"]


def train(
    model: nn.Module,
    rows: Sequence[Any],  # as `nn.fit` takes them
    targets: Sequence[Any],  # as `nn.fit` takes them
    **settings: Any,  # the other arguments of `nn.fit`
) -> nn.History:
    """Train a model of scalars, which `nn.fit` compiles to array code, and return what happened.

    Raises
    ------
    KeyboardInterrupt
        If Ctrl-C ended it, after which `nn.fit` itself returns.
    """
    history = nn.fit(model, rows, targets, callbacks=[nn.Progress()], **settings)
    if history.stopped == "interrupted":
        raise KeyboardInterrupt
    return history

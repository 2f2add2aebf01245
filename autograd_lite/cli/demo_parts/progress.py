"""A progress bar where there is a terminal and tqdm, and a few plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator

__all__ = ["Progress"]

LINES = 5  # in a log, so many lines say enough


class Progress:
    """Count epochs on standard error, with the loss of the last one.

    Examples
    --------
    >>> progress = Progress(3, "training")
    >>> for epoch in progress:
    ...     progress.loss = 1.0 / (1 + epoch)
    """

    def __init__(self, epochs: int, what: str) -> None:
        self.epochs = epochs
        self.what = what
        self.loss = float("nan")

    def __iter__(self) -> Iterator[int]:
        return self._bar() if sys.stderr.isatty() else self._lines()

    def _bar(self) -> Iterator[int]:
        try:
            from tqdm import tqdm  # noqa: PLC0415 - an optional package
        except ImportError:
            yield from self._lines()
            return
        with tqdm(range(self.epochs), desc=self.what, unit="epoch") as bar:
            for epoch in bar:
                yield epoch
                bar.set_postfix(loss=f"{self.loss:.4f}", refresh=False)

    def _lines(self) -> Iterator[int]:
        every = max(1, self.epochs // LINES)
        for epoch in range(self.epochs):
            yield epoch
            if (epoch + 1) % every == 0:
                print(f"{self.what}: epoch {epoch + 1} of {self.epochs}, loss {self.loss:.4f}", file=sys.stderr)

"""Shared by all plots: new axes, distinct styles, a common look."""

# Any: 3-D axes have no types, and matplotlib takes names and patterns of dashes
from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, Any

from autograd_lite.errors import MissingDependencyError
from autograd_lite.text import install_command

from ..theme import LIGHT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["COLOURS", "DASHES", "dress", "new_axes", "plain_text", "styles"]

COLOURS = (LIGHT.data, LIGHT.gradient, LIGHT.done, LIGHT.focus, LIGHT.alarm, LIGHT.muted)
DASHES: tuple[Any, ...] = ("solid", "dashed", "dotted", "dashdot", (0, (5, 1)))  # matplotlib takes names and patterns


def new_axes(projection: str | None = None) -> Any:
    """Axes in a new figure, apart from pyplot's; as the result of a notebook's cell they show the figure."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - an optional package
        from matplotlib.figure import Figure  # noqa: PLC0415 - an optional package
    except ImportError as error:
        raise MissingDependencyError(
            f"Plotting needs matplotlib, which is not installed: {install_command('plot')}"
        ) from error
    except ValueError as error:  # of MPLBACKEND, which matplotlib reads when it is imported
        raise MissingDependencyError(f"matplotlib cannot start: {error}. Unset MPLBACKEND.") from error
    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot(projection=projection)
    vars(axes)["_repr_png_"] = partial(_png, figure)  # where IPython looks for a picture
    return axes


def _png(figure: Figure) -> bytes:
    file = BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()


def styles(start: int = 0) -> Iterator[tuple[str, Any]]:
    """Colours with dashes, of which the first thirty differ."""
    k = start
    while True:
        yield COLOURS[k % len(COLOURS)], DASHES[k % len(DASHES)]
        k += 1


def plain_text(name: object) -> str:
    """A label without mathtext and without a leading underscore, which would hide it."""
    name = int(name) if isinstance(name, float) and name.is_integer() else name  # classes 0 and 1, not 0.0 and 1.0
    return " " * str(name).startswith("_") + str(name).replace("$", r"\$")


def dress(axes: Axes, grid: str = "both") -> None:
    """Remove two sides of the frame and draw a faint grid."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(visible=True, axis=grid, alpha=0.3)  # type: ignore[arg-type]
    axes.set_axisbelow(True)

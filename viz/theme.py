"""Colours of the pictures, light and dark; line style and text carry the same meaning."""

from __future__ import annotations

from dataclasses import dataclass

from autograd_lite.errors import UnknownNameError

__all__ = ["DARK", "LIGHT", "Theme", "theme_named"]


@dataclass(frozen=True, slots=True)
class Theme:
    """The colours of one background, as ``#rrggbb``."""

    paper: str
    box: str
    ink: str
    muted: str
    line: str
    data: str
    gradient: str
    tint: str
    constant: str
    done: str
    focus: str
    alarm: str


LIGHT = Theme(
    paper="#ffffff",
    box="#ffffff",
    ink="#1c2128",
    muted="#5c6670",
    line="#6e7781",
    data="#0b5fa5",
    gradient="#b3400a",
    tint="#fdf0e8",
    constant="#eef1f4",
    done="#116b45",
    focus="#7a3ff2",
    alarm="#a8123e",
)
DARK = Theme(
    paper="#12161c",
    box="#1b2129",
    ink="#e8edf2",
    muted="#9ba7b3",
    line="#7d8894",
    data="#79b8ff",
    gradient="#ff9a5c",
    tint="#3a2618",
    constant="#262d36",
    done="#63d297",
    focus="#b294ff",
    alarm="#ff7b9c",
)
THEMES = {"light": LIGHT, "dark": DARK}


def theme_named(name: str) -> Theme:
    """The theme of that name, ``"light"`` or ``"dark"``.

    Examples
    --------
    >>> theme_named("light").data
    '#0b5fa5'
    """
    if name not in THEMES:
        raise UnknownNameError.among("theme", name, THEMES)
    return THEMES[name]

"""Colours of the pictures, light and dark; line style and text carry the same meaning."""

from __future__ import annotations

from dataclasses import dataclass

from autograd_lite.errors import UnknownNameError

__all__ = ["DARK", "LIGHT", "Theme", "theme_named"]


@dataclass(frozen=True, slots=True)
class Theme:
    """The colours of one background, as ``#rrggbb``; the light ones unless given."""

    paper: str = "#ffffff"
    box: str = "#ffffff"
    ink: str = "#1c2128"
    muted: str = "#5c6670"
    line: str = "#6e7781"
    data: str = "#0b5fa5"
    gradient: str = "#b3400a"
    tint: str = "#fdf0e8"
    constant: str = "#eef1f4"
    done: str = "#116b45"
    focus: str = "#7a3ff2"
    alarm: str = "#a8123e"


LIGHT = Theme()
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
    """The theme of that name, ``"light"`` or ``"dark"``."""
    if name not in THEMES:
        raise UnknownNameError.among("theme", name, THEMES)
    return THEMES[name]

"""Colours of the pictures, light and dark; line style and text carry the same meaning."""

from __future__ import annotations

from dataclasses import dataclass, fields

from autograd_lite.errors import UnknownNameError

__all__ = ["AUTO", "DARK", "LIGHT", "Theme", "dark_rules", "theme_named"]


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
    name: str = "light"


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
    name="dark",
)
AUTO = Theme(name="auto")
THEMES = {"auto": AUTO, "light": LIGHT, "dark": DARK}


def theme_named(name: str) -> Theme:
    """The theme of that name: ``"light"``, ``"dark"``, or ``"auto"``, light for those who do not read in the dark."""
    if name not in THEMES:
        raise UnknownNameError.among("theme", name, THEMES)
    return THEMES[name]


def dark_rules(ident: str) -> str:
    """A style sheet for a light SVG with that id: for readers who set it so, every colour becomes the dark one.

    Examples
    --------
    >>> dark_rules("g1").splitlines()[3]
    '#g1 [fill="#1c2128"]{fill:#e8edf2}'
    """
    pairs = [(getattr(LIGHT, f.name), getattr(DARK, f.name)) for f in fields(Theme) if f.name not in ("name", "paper")]
    rules = [f'#{ident} [{what}="{light}"]{{{what}:{dark}}}' for light, dark in pairs for what in ("fill", "stroke")]
    paper = f"#{ident} .paper{{fill:{DARK.paper}}}"
    return "\n".join(["@media (prefers-color-scheme: dark){", *rules, paper, "}"])

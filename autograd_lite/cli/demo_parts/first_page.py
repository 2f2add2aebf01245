"""The page that says what to open first: the demo's files in the order of its parts, pictures shown small."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from urllib.parse import quote

__all__ = ["first_page"]

FIRST = "1-steps.html"
PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>autograd_lite: the demo</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 44rem; margin: 2rem auto; padding: 0 1rem; }}
li {{ margin: 0.75rem 0; }}
img {{ display: block; max-width: 100%; max-height: 18rem; margin-top: 0.5rem; background: #fff; }}
</style>
</head>
<body>
<h1>The demo of autograd_lite</h1>
<p>{first}</p>
<ol>
{items}
</ol>
</body>
</html>
"""


def first_page(written: Sequence[tuple[Path, str]]) -> str:
    """The page as HTML.

    Parameters
    ----------
    written : sequence of (Path, str)
        The files beside the page, and what each is.

    Examples
    --------
    >>> print(first_page([(Path("1-steps.html"), "every step")]).splitlines()[15])
    <p>Open <a href="1-steps.html">1-steps.html</a> first: every step.</p>
    """
    ordered = sorted(written, key=lambda file: file[0].name != FIRST)
    path, what = ordered[0]
    return PAGE.format(first=f"Open {_link(path)} first: {escape(what)}.", items="\n".join(map(_item, ordered)))


def _item(file: tuple[Path, str]) -> str:
    path, what = file
    picture = f'<img src="{quote(path.name)}" alt="{escape(what)}">' if path.suffix in (".svg", ".png") else ""
    return f"<li>{_link(path)}: {escape(what)}{picture}</li>"


def _link(path: Path) -> str:
    return f'<a href="{quote(path.name)}">{escape(path.name)}</a>'

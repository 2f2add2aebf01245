r"""Text for people and for emitted source: names and labels made safe, numbers and counts as they are written.

Labels, names and what a file holds are anyone's text. Where it is shown it stays on its line; where it reaches source
that is executed it is either a comment that nothing can end (`in_comment`) or an identifier made here (`identifier`).
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable

__all__ = ["assembled", "identifier", "in_comment"]

BREAKS = re.compile("[\0\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029\ud800-\udfff]")  # what ends a line, or no source can hold
COMMENT_ENDS = re.compile(r"[*/](?=[*/])|\?(?=\?)")  # C: /*, */, // and the trigraph ??/
LONGEST = 60  # characters of a text that is shown
LONGEST_NAME = 40


def in_comment(text: str, longest: int = LONGEST) -> str:
    r"""A text that no comment is ended by, in Python, C or JavaScript: printable, without backslashes, cut to a length.

    Examples
    --------
    >>> in_comment("w\n        print('ran')#")
    "w•0a        print('ran')#"
    >>> in_comment("*/ x \\")
    '* / x •5c'
    """
    line = "".join(c if c.isprintable() and c != "\\" else f"•{ord(c):02x}" for c in text)
    line = COMMENT_ENDS.sub(r"\g<0> ", line)
    return line if len(line) <= longest else line[: longest - 1] + "…"


def identifier(text: str) -> str:
    """An ASCII identifier made of any text; never a keyword.

    Examples
    --------
    >>> [identifier(text) for text in ("x", "layer1.w", "2nd", "lambda", "β")]
    ['x', 'layer1_w', 'v_2nd', 'lambda_', 'v__']
    """
    stem = re.sub(r"[^0-9A-Za-z_]", "_", text[:LONGEST_NAME])
    stem = stem if stem[:1].isalpha() else f"v_{stem}"
    return f"{stem}_" if keyword.iskeyword(stem) else stem


def assembled(lines: Iterable[str], indent: str = "") -> str:
    r"""Lines of emitted source as one text.

    Raises
    ------
    ValueError
        If a line holds a line break: it would be two lines, the second of them unplanned.

    Examples
    --------
    >>> assembled(["x = 1", "y = 2"], "  ")
    '  x = 1\n  y = 2\n'
    """
    whole = [f"{indent}{line}\n" for line in lines]
    for line in whole:
        if BREAKS.search(line, 0, len(line) - 1):
            raise ValueError(f"An emitted line holds a line break: {line!r}. Text in it must pass in_comment.")
    return "".join(whole)

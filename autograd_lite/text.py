r"""Text for people and for emitted source: names and labels made safe, numbers and counts as they are written.

Labels, names and what a file holds are anyone's text. Where it is shown it stays on its line; where it reaches source
that is executed it is either a comment that nothing can end (`in_comment`) or an identifier made here (`identifier`).
"""

from __future__ import annotations

import keyword
import math
import os
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal, localcontext

__all__ = [
    "DIGITS",
    "agreeing_digits",
    "assembled",
    "bracketed",
    "changing_digits",
    "counted",
    "identifier",
    "in_comment",
    "install_command",
    "listed",
    "plain",
    "pretty_number",
    "printable",
    "shown",
    "shown_path",
    "times",
]

BREAKS = re.compile("[\0\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029\ud800-\udfff]")  # what ends a line, or no source can hold
COMMENT_ENDS = re.compile(r"[*/](?=[*/])|\?(?=\?)")  # C: /*, */, // and the trigraph ??/
LONGEST = 60  # characters of a text that is shown
LONGEST_NAME = 40
DIGITS = 4  # significant ones, unless a sum needs more to come out
MOST_DIGITS = 8


# --- Anyone's text in messages ---------------------------------------------------------------------------------------


def shown(thing: object) -> str:
    """Something as Python writes it, cut to a readable length, for a message."""
    text = repr(thing)
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."


def printable(text: str, keep: str = "") -> str:
    r"""A text with escapes for what a terminal could obey, but for the characters to keep, such as line breaks.

    Examples
    --------
    >>> print(printable("red\x1b[31m\n"))
    red\x1b[31m\n
    """
    return text if text.isprintable() else "".join(c if c.isprintable() or c in keep else repr(c)[1:-1] for c in text)


def plain(text: str) -> str:
    r"""A text for a terminal: short, and with escapes for what cannot be printed.

    Examples
    --------
    >>> plain("red\x1b[31m")
    'red\\x1b[31m'
    """
    text = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
    return text if text.isprintable() else repr(text)[1:-1]


def listed(names: Sequence[str]) -> str:
    """The first names, in a readable number.

    Examples
    --------
    >>> listed(["red", "blue"])
    'red, blue'
    """
    return ", ".join(map(plain, names[:8])) + (f", ... ({len(names)} in all)" if len(names) > 8 else "")


def shown_path(path: str | os.PathLike[str]) -> str:
    """A path for a message."""
    return repr(os.fspath(path))


def counted(n: int, thing: str) -> str:
    """How many there are of a thing, one or several.

    Examples
    --------
    >>> counted(1, "op"), counted(1200, "path")
    ('1 op', '1,200 paths')
    """
    return f"1 {thing}" if n == 1 else f"{n:,} {thing}s"


def install_command(*extras: str) -> str:
    """How to get extras: from the checkout, since a package index may hold another project of this name.

    Examples
    --------
    >>> print(install_command("dot", "plot"))
    pip install -e ".[dot,plot]" (in the checkout of autograd_lite)
    """
    return f'pip install -e ".[{",".join(extras)}]" (in the checkout of autograd_lite)'


# --- Numbers ---------------------------------------------------------------------------------------------------------


def pretty_number(value: float, digits: int = 4) -> str:
    """Write a number with so many significant digits, a true minus sign, and never 0 for a non-zero.

    Examples
    --------
    >>> [pretty_number(x) for x in (2.0, -0.5, 1 / 3, 1234567.0, -2.5e-9, 0.0)]
    ['2', '−0.5', '0.3333', '1.235e6', '−2.5e−9', '0']
    """
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    text = f"{value:.{digits}g}"
    if "e" in text:
        mantissa, exponent = text.split("e")
        text = f"{mantissa}e{int(exponent)}"
    return "0" if value == 0 else text.replace("-", "−")


def agreeing_digits(addends: Sequence[float], total: float) -> int:
    """How many significant digits to show so that the rounded addends add up to the rounded total.

    Four where that works, at most eight: 0.125 + 0.1111 is 0.2361, but two halves of 2.3945 need five.

    Examples
    --------
    >>> agreeing_digits([1.5, 2.5], 4.0), agreeing_digits([-1.19738, -1.19738], -2.39476)
    (4, 5)
    """
    if not all(map(math.isfinite, (*addends, total))):
        return DIGITS
    for digits in range(DIGITS, MOST_DIGITS + 1):
        with localcontext(prec=40):
            exact = sum((_as_printed(x, digits) for x in addends), Decimal(0))
            on_screen = _as_printed(total, digits)
            if pretty_number(float(exact), digits) == pretty_number(float(on_screen), digits):
                return digits
    return DIGITS


def changing_digits(before: float, after: float) -> int:
    """How many significant digits to show so that a small change of a number shows with three of its own.

    Examples
    --------
    >>> changing_digits(0.25, 0.250420928515)
    6
    """
    change = after - before
    if not (math.isfinite(change) and change and before):
        return DIGITS
    return min(MOST_DIGITS, max(DIGITS, 3 + math.floor(math.log10(abs(before))) - math.floor(math.log10(abs(change)))))


def _as_printed(x: float, digits: int) -> Decimal:
    return Decimal(pretty_number(x, digits).replace("−", "-"))


def bracketed(x: float, digits: int = DIGITS) -> str:
    """A number as a factor or a later addend: negative ones in brackets.

    Examples
    --------
    >>> bracketed(-0.5), bracketed(2.0)
    ('(−0.5)', '2')
    """
    text = pretty_number(x, digits)
    return f"({text})" if text.startswith("−") else text


def times(factors: Sequence[float], digits: int = DIGITS) -> str:
    """A product written out, with brackets around negative factors.

    Examples
    --------
    >>> times([-1.0, 0.25])
    '(−1) · 0.25'
    """
    return " · ".join(bracketed(x, digits) for x in factors)


# --- Anyone's text in emitted source ---------------------------------------------------------------------------------


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

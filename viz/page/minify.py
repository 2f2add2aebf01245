"""Smaller JavaScript for a page: no comments, no spaces, short names for what only the script itself names.

A name is shortened everywhere at once, and only if it is never a property, a key or a name of the browser: then the
scopes stay as they were, whatever they are. Strings, templates and regular expressions stay as they are.
"""

from __future__ import annotations

import itertools
import re
import string
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

__all__ = ["minified"]

TOKEN = re.compile(
    r"""(?P<space>(?:\s|//[^\n]*|/\*.*?\*/)+)
    |(?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    |(?P<name>[A-Za-z_$][\w$]*)
    |(?P<number>(?:0x[\da-f]+|\d[\d_]*\.?\d*(?:e[-+]?\d+)?|\.\d+(?:e[-+]?\d+)?)n?)
    |(?P<sign>=>|\.\.\.|\?\.(?!\d)|>>>=|\*\*=|\|\|=|&&=|\?\?=|===|!==|>>>|\*\*|\+\+|--|&&|\|\||\?\?|<<|>>
        |[-+*/%&|^<>=!]=|[-+*/%&|^~<>=!?:;,.(){}[\]])""",
    re.DOTALL | re.VERBOSE,
)
REGEX = re.compile(r"/(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/\w*")
KEYWORDS = frozenset(
    [
        "break",
        "case",
        "catch",
        "class",
        "const",
        "continue",
        "default",
        "delete",
        "do",
        "else",
        "extends",
        "false",
        "finally",
        "for",
        "function",
        "get",
        "if",
        "in",
        "instanceof",
        "let",
        "new",
        "null",
        "of",
        "return",
        "set",
        "static",
        "super",
        "switch",
        "this",
        "throw",
        "true",
        "try",
        "typeof",
        "undefined",
        "var",
        "void",
        "while",
        "yield",
        "constructor",
    ]
)
BROWSER = frozenset(
    [
        "Array",
        "BigInt",
        "Boolean",
        "Error",
        "Float64Array",
        "Infinity",
        "JSON",
        "Map",
        "Math",
        "NaN",
        "Number",
        "Object",
        "Promise",
        "Proxy",
        "RegExp",
        "ResizeObserver",
        "Set",
        "String",
        "Symbol",
        "Uint8Array",
        "addEventListener",
        "atob",
        "cancelAnimationFrame",
        "clearInterval",
        "decodeURIComponent",
        "document",
        "encodeURIComponent",
        "getComputedStyle",
        "history",
        "innerWidth",
        "isNaN",
        "location",
        "matchMedia",
        "parseInt",
        "performance",
        "requestAnimationFrame",
        "setInterval",
        "structuredClone",
        "console",
        "require",
    ]
)


class _Token(NamedTuple):
    kind: str  # space, text, name, number, sign, regex, template
    text: str


def _tokens(source: str) -> Iterator[_Token]:
    """Split JavaScript into tokens; of a template its texts, and the tokens of what is put in."""
    at, last, depths = 0, _Token("sign", ";"), list[int]()
    depth = 0
    while at < len(source):
        c = source[at]
        in_template = bool(depths) and c == "}" and depths[-1] == depth
        if c == "`" or in_template:
            end = _template_end(source, at + 1)
            token = _Token("template", source[at:end])
            if in_template:
                depths.pop()
            if token.text.endswith("${"):
                depths.append(depth)
        elif c == "/" and _may_begin_regex(last) and (found := REGEX.match(source, at)) and source[at + 1] not in "/*":
            token = _Token("regex", found.group())
        else:
            match = TOKEN.match(source, at)
            if match is None:
                raise ValueError(f"This is no JavaScript that can be made smaller: {source[at : at + 40]!r}")
            token = _Token(match.lastgroup or "", match.group())
            depth += (token.text == "{") - (token.text == "}")
        yield token
        at += len(token.text)
        last = token if token.kind != "space" else last


def _template_end(source: str, at: int) -> int:
    """Where a template's text ends: after its backquote, or after the ``${`` that begins an expression."""
    while source[at] != "`" and source[at : at + 2] != "${":
        at += 2 if source[at] == "\\" else 1
    return at + (1 if source[at] == "`" else 2)


def _may_begin_regex(last: _Token) -> bool:
    return (
        last.text in KEYWORDS or (last.kind == "sign" and last.text not in (")", "]", "}")) or last.text.endswith("${")
    )


@lru_cache(maxsize=8)
def minified(source: str) -> str:
    """Make a script smaller.

    Examples
    --------
    >>> print(minified("const longName = (given) => given.x + 1; // comment"))
    const b=(a)=>a.x+1;
    """
    tokens = list(_tokens(source))
    short = _short_names([token for token in tokens if token.kind != "space"])
    parts = [""]
    line_ends = False
    for token in tokens:
        if token.kind == "space":
            line_ends = "\n" in token.text
            continue
        text = short.get(token.text, token.text) if token.kind == "name" else token.text
        if parts[-1] and _must_part(parts[-1], text, line_ends):
            parts.append("\n" if line_ends else " ")
        parts.append(text)
        line_ends = False
    return "".join(parts)


def _must_part(before: str, after: str, line_ends: bool) -> bool:
    """Whether two tokens need something between them."""
    words = re.match(r"[\w$]", before[-1]) and re.match(r"[\w$]", after[0])
    signs = before[-1] in "+-" and after[0] == before[-1]
    return bool(words or signs or (line_ends and before[-1] in "})]\"'`" and re.match(r"[\w$]", after[0])))


def _short_names(tokens: list[_Token]) -> dict[str, str]:
    """Short names for those that only stand alone, the most frequent first."""
    counts = Counter(token.text for token in tokens if token.kind == "name")
    fixed = set(_named_outside(tokens)) | KEYWORDS | BROWSER
    free = (name for name in _candidates() if name not in counts and name not in KEYWORDS)
    ranked = sorted((name for name in counts if name not in fixed), key=lambda name: -counts[name] * len(name))
    return {name: new for name, new in zip(ranked, free, strict=False) if len(new) < len(name)}


def _candidates() -> Iterator[str]:
    letters = string.ascii_letters
    yield from letters
    yield from map("".join, itertools.product(letters, letters + string.digits))


def _named_outside(tokens: list[_Token]) -> Iterator[str]:
    """Names that are properties, keys or parts of an object somewhere."""
    brackets: list[str] = []
    ends = _Token("sign", ";")
    for before, token, after in zip([ends, *tokens], tokens, [*tokens[1:], ends], strict=False):
        if token.kind == "name":
            is_part = (
                bool(brackets) and brackets[-1] == "{" and before.text in ("{", ",") and after.text in (",", "}", "=")
            )
            if before.text in (".", "?.") or after.text == ":" or is_part:
                yield token.text
        elif token.kind == "template":
            if token.text[0] == "}":
                brackets.pop()
            if token.text.endswith("${"):
                brackets.append("`")
        elif token.text in ("(", "[", "{"):
            brackets.append(token.text)
        elif token.text in (")", "]", "}"):
            brackets.pop()

"""Text that a page can hold: JSON in a script element, packed data, and hashes of what may run."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Iterable

__all__ = ["packed", "policy", "script_json"]


def script_json(data: object) -> str:
    r"""JSON that cannot end the script element it stands in.

    Examples
    --------
    >>> print(script_json(["</script>"]))
    ["\u003c/script\u003e"]
    """
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for c in "<>&\u2028\u2029":
        text = text.replace(c, f"\\u{ord(c):04x}")
    return text


def packed(data: object) -> str:
    """Data as JSON, compressed (zlib, RFC 1950) and in base64."""
    return base64.b64encode(zlib.compress(json.dumps(data, ensure_ascii=False).encode(), 9)).decode()


def policy(styles: Iterable[str], scripts: Iterable[str]) -> str:
    """The content security policy that allows these styles and scripts, by their hashes, and nothing else."""
    allowed = (" ".join(map(_hash, texts)) for texts in (styles, scripts))
    return "default-src 'none'; style-src {}; script-src {}".format(*allowed)


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

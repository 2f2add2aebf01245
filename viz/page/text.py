"""Text that a page can hold: JSON in a script element, and hashes of what may run."""

from __future__ import annotations

import base64
import hashlib
import json

__all__ = ["policy", "script_json"]


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


def policy(style: str, script: str) -> str:
    """The content security policy that allows this style and this script, by their hash, and nothing else."""
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (style, script)]
    return f"default-src 'none'; style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}'"

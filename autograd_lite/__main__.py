"""``python -m autograd_lite``: the command line."""

from __future__ import annotations

import sys

from autograd_lite.cli import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())

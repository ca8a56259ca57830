"""
Prints what the routes in a bundle declare.

`python -S declared.py BUNDLE`
"""

from __future__ import annotations

import importlib
import sys


def main(bundle: str) -> None:
    """Load all routes, and tell."""
    sys.path.insert(0, bundle)
    importlib.import_module("app")
    print(importlib.import_module("chalicelib.api.scopes").written(), end="")


if __name__ == "__main__":
    main(sys.argv[1])

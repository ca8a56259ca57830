"""
Compiles modules ahead of their first import, in a process of its own, so that the bytes are the same each time.

The check is by an unchecked hash: Lambda's folder is read-only and its times are nobody's.

`python -S compiled.py FOLDER < names of modules, a line each`
"""

from __future__ import annotations

import py_compile
import sys
from collections.abc import Iterable
from pathlib import Path


def main(folder: Path, names: Iterable[str]) -> None:
    """Put a `.pyc` beside each source."""
    for name in names:
        py_compile.compile(
            str(folder / name),
            dfile=f"/var/task/{name}",  # where Lambda has it; tracebacks name it
            doraise=True,
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.stdin.read().split())

"""A local stack in a process of its own: `python -m tests.web.stand PORT FOLDER` runs until its input ends."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

READY, LOG = "ready", "log.jsonl"


def main() -> None:
    from local.stack import Stack

    terminal, folder = sys.stdout, Path(sys.argv[2])
    with (folder / LOG).open("a", encoding="utf-8", buffering=1) as log:
        sys.stdout = log
        with Stack(int(sys.argv[1]), folder) as stack:
            stack.seed()
            print(READY, file=terminal, flush=True)
            sys.stdin.read()


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()

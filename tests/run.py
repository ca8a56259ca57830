"""
Runs every suite that this machine can, and the coverage the house asks for.

`python -m tests.run [pytest's arguments]`: with arguments, only pytest with these; without, all of it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

MINISTACK = Path(".venv-ministack/bin/ministack")
WORKERS = "2"
PURE = "chalicelib/domain/*,chalicelib/services/*"


def main(arguments: list[str]) -> int:
    if not MINISTACK.exists() and "TALLY_MINISTACK" not in os.environ:
        print("MiniStack is not installed: `make test` installs it; the tests that need it will fail", file=sys.stderr)
    if arguments:
        return subprocess.call([sys.executable, "-m", "pytest", *arguments])
    counted = ["pytest", "--cov", "--cov-report="]
    steps = [
        [sys.executable, "-m", *counted, "-n", WORKERS, "--dist", "worksteal", "-m", "not alone"],
        [sys.executable, "-m", "pytest", "-m", "alone", "-s"],
        [sys.executable, "-m", "coverage", "report", f"--include={PURE}", "--fail-under=100"],
        [sys.executable, "-m", "coverage", "report", "--fail-under=95"],
    ]
    return max(subprocess.call(step) for step in steps)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

"""
Runs every suite that this machine can, and the coverage the house asks for.

`python -m tests.run [pytest's arguments]`: with arguments, only pytest with these; without, all of it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

MINISTACK = Path(".venv-ministack/bin/ministack")
WEB, NPM = "tests/web", Path("tests/web/npm/node_modules")
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
WORKERS = "2"
PURE = "chalicelib/domain/*,chalicelib/services/*"


def main(arguments: list[str]) -> int:
    if not MINISTACK.exists() and "TALLY_MINISTACK" not in os.environ:
        print("MiniStack is not installed: `make test` installs it; the tests that need it will fail", file=sys.stderr)
    for missing in left_out():
        print(missing, file=sys.stderr)
    if arguments:
        return subprocess.call([sys.executable, "-m", "pytest", *arguments])
    counted = ["pytest", "--cov", "--cov-report="]
    steps = [
        [sys.executable, "-m", *counted, "-n", WORKERS, "--dist", "worksteal", "-m", "not alone", f"--ignore={WEB}"],
        [sys.executable, "-m", "pytest", WEB, "-n", WORKERS, "--dist", "worksteal"],
        [sys.executable, "-m", "pytest", "-m", "alone", "-s"],
        [sys.executable, "-m", "coverage", "report", f"--include={PURE}", "--fail-under=100"],
        [sys.executable, "-m", "coverage", "report", "--fail-under=95"],
    ]
    return max(subprocess.call(step) for step in steps)


def left_out() -> Iterator[str]:
    """Say which tests can't run here, and why."""
    if not any(map(shutil.which, CHROMIUM)):
        yield "Chromium is not installed (Debian: apt-get install chromium): the tests in a browser are left out"
    if not NPM.exists():
        yield "npm's packages are not installed (make test installs them if npm is there): React and types are left out"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

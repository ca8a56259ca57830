"""
The functions' own packages as Lambda runs them: wheels for its Linux and this Python, fetched once and kept.

A folder per requirements.txt and Python, so that packaging twice fetches once, and a changed pin is fetched anew.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

REQUIREMENTS = Path("requirements.txt")
KEPT = Path("out/dependencies")
GLIBC = {(3, 11): 26, (3, 12): 34, (3, 13): 34}  # minor version of glibc 2 in Lambda's image of each Python
OLDEST = 5  # manylinux1, by its later name
MACHINE = "x86_64"


def fetched(requirements: Path = REQUIREMENTS, kept: Path = KEPT) -> Path:
    """
    Give the folder with everything that *requirements* pin, fetching it if it isn't there.

    Raises:
        subprocess.CalledProcessError: A wheel can't be had.
    """
    python = sys.version_info[:2]
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()[:16]
    folder = kept / f"python{python[0]}.{python[1]}-{digest}"
    if folder.exists():
        return folder
    kept.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=kept, prefix="unfinished-") as unfinished:
        _install(requirements, Path(unfinished) / "site")
        with suppress(OSError):  # somebody else was as quick
            (Path(unfinished) / "site").rename(folder)
    return folder


def _install(requirements: Path, into: Path) -> None:
    major, minor = sys.version_info[:2]
    platforms = [f"manylinux_2_{each}_{MACHINE}" for each in range(GLIBC[major, minor], OLDEST - 1, -1)]
    asked = [argument for each in (*platforms, f"manylinux2014_{MACHINE}") for argument in ("--platform", each)]
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    version = ["--implementation", "cp", "--python-version", f"{major}.{minor}", "--only-binary", ":all:"]
    subprocess.run(  # noqa: S603 - pip, with our own arguments
        [*pip, *asked, *version, "--no-compile", "--target", str(into), "--requirement", str(requirements)],
        check=True,
        stderr=subprocess.PIPE,
    )


if __name__ == "__main__":
    fetched()

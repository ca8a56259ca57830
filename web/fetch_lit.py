"""
Lit's templates, as they come from npm: the only place that says which.

    python web/fetch_lit.py          fetch them again
    python web/fetch_lit.py --check  compare the file with its checksum, and ask nobody

The build for Node is taken, because it loads where there is no document, too. It imports nothing; only the comment
that names a source map, which isn't copied, is left out.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import subprocess
import sys
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory

FOLDER = Path(__file__).with_name("vendor")
COPY, NOTED, LICENSE = FOLDER / "lit-html.js", FOLDER / "lit-html.json", FOLDER / "lit-html.LICENSE"
PACKAGE, VERSION = "lit-html", "3.3.3"
INTEGRITY = "sha512-el8M6jK2o3RXBnrSHX3ZKrsN8zEV63pSExTO1wYJz7QndGYZ8353e2a5PPX+qHe2aGayfnchQmkAojaWAREOIA=="
FILE = "node/lit-html.js"
SOURCE_MAP = "//# sourceMappingURL="


def main() -> int:
    if "--check" in sys.argv[1:]:
        return 0 if is_as_noted() else 1
    with tarfile.open(fileobj=io.BytesIO(_fetched())) as package:
        code, license_text = _text(package, FILE), _text(package, "LICENSE")
    COPY.write_text(
        "".join(line for line in code.splitlines(keepends=True) if not line.startswith(SOURCE_MAP)), "utf-8"
    )
    LICENSE.write_text(license_text, encoding="utf-8")
    NOTED.write_text(json.dumps(_noted(), indent=2) + "\n", encoding="utf-8")
    return 0


def is_as_noted() -> bool:
    """Say whether the copy is the one that was noted when it was made."""
    noted: object = json.loads(NOTED.read_text(encoding="utf-8"))
    return noted == _noted()


def _noted() -> dict[str, str]:
    return {
        "package": f"{PACKAGE}@{VERSION}",
        "file": FILE,
        "integrity": INTEGRITY,
        "license": "BSD-3-Clause",
        "sha256": hashlib.sha256(COPY.read_bytes()).hexdigest(),
    }


def _fetched() -> bytes:
    """
    Fetch the package through npm.

    Raises:
        SystemExit: What came is not what was noted.
    """
    with TemporaryDirectory() as folder:
        command = ["npm", "pack", "--silent", "--pack-destination", folder, f"{PACKAGE}@{VERSION}"]
        named = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()  # noqa: S603 - fixed words
        packed = (Path(folder) / named[-1]).read_bytes()
    if f"sha512-{base64.b64encode(hashlib.sha512(packed).digest()).decode()}" != INTEGRITY:
        raise SystemExit(f"{PACKAGE} {VERSION} is not the one that was noted")
    return packed


def _text(package: tarfile.TarFile, path: str) -> str:
    found = package.extractfile(f"package/{path}")
    if found is None:
        raise SystemExit(f"{path} is missing")
    return found.read().decode()


if __name__ == "__main__":
    sys.exit(main())

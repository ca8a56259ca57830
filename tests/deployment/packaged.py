"""The package that tests look at: made once, and again when something that goes into it has changed."""

from __future__ import annotations

import fcntl
import hashlib
from functools import cache
from pathlib import Path

from infra import template
from infra.package import package
from infra.template import Template

SOURCES = (".chalice", "chalicelib", "infra", "app.py", "requirements.txt")
PLACE = Path("out/tests")


@cache
def packaged() -> Path:
    """Give the folder with `sam.yaml` and `deployment.zip`; whoever comes second waits for the first."""
    PLACE.mkdir(parents=True, exist_ok=True)
    folder, wanted = PLACE / "dev", _digest()
    with (PLACE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made_of = PLACE / "made-of"
        if not made_of.exists() or made_of.read_text() != wanted:
            package("dev", folder)
            made_of.write_text(wanted)
    return folder


@cache
def made() -> Template:
    """Give the packaged template; look, and don't touch."""
    return template.read(packaged() / "sam.yaml")


def _digest() -> str:
    files = [path for name in SOURCES for path in (Path(name), *Path(name).rglob("*")) if path.is_file()]
    kept = sorted(path for path in files if "__pycache__" not in path.parts and "deployments" not in path.parts)
    whole = hashlib.sha256()
    for path in kept:
        whole.update(f"{path}\0".encode() + path.read_bytes() + b"\0")
    return whole.hexdigest()

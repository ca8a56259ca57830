"""The bundle that the functions are made of: app, packages, and compiled what they load. Same sources, same bytes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from chalicelib.api.scopes import WRITTEN
from infra.pruning import is_needed

HERE = Path(__file__).parent
DECLARED = PurePosixPath("chalicelib/api") / WRITTEN
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can say
PLAIN_FILE = 0o100644 << 16
UNIX = 3


def gather(app: Path, dependencies: Path, into: Path) -> None:
    """Lay out what is zipped: what Chalice packaged, and what is needed of the packages."""
    with zipfile.ZipFile(app) as packaged:
        packaged.extractall(into)
    for folder, _, names in os.walk(dependencies):
        for name in names:
            path = (Path(folder) / name).relative_to(dependencies)
            if is_needed(PurePosixPath(path.as_posix())):
                (into / path.parent).mkdir(parents=True, exist_ok=True)
                shutil.copyfile(dependencies / path, into / path)


def write_down_routes(folder: Path) -> None:
    """Put what the routes declare beside the authorizer, which loads none of them."""
    (folder / DECLARED).write_text(_python(HERE / "declared.py", str(folder)), encoding="utf-8")


def compile_loaded(folder: Path, modules: Iterable[str]) -> list[str]:
    """
    Compile what the functions of *modules* load, and name it.

    Raises:
        subprocess.CalledProcessError: Something that they load is missing.
    """
    loaded = _python(HERE / "warm.py", str(folder), *sorted(modules))
    _python(HERE / "compiled.py", str(folder), said=loaded)
    return loaded.split()


def write(folder: Path, target: Path) -> None:
    """Zip a folder in a fixed order with fixed times."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as zipped:
        for name in sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(name, LONG_AGO)
            entry.compress_type, entry.external_attr, entry.create_system = zipfile.ZIP_DEFLATED, PLAIN_FILE, UNIX
            zipped.writestr(entry, (folder / name).read_bytes())


def _python(script: Path, *arguments: str, said: str = "") -> str:
    """Run a script with the bundle's packages alone: no site-packages, no caches, the same hashes each time."""
    command: Sequence[str] = [sys.executable, "-S", "-B", str(script), *arguments]
    environment = {"PYTHONHASHSEED": "0", "PATH": os.environ.get("PATH", "")}
    run = subprocess.run(  # noqa: S603 - our own script
        command, input=said, env=environment, capture_output=True, text=True, check=True
    )
    return run.stdout

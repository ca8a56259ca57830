"""
MiniStack, for tests of concurrency, write units and deployment: exact where Moto is not.

It pins a botocore of its own, so it lives in an environment of its own, and is only ever a child process.
"""

from __future__ import annotations

import os
import urllib.error
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from local.child import HOST, Child, started
from local.client import DIRECT

ELSEWHERE = "TALLY_MINISTACK"  # in the environment: another place of the program
PLACE = ".venv-ministack/bin/ministack"


def program() -> Path:
    """Say where MiniStack is, or would be."""
    return Path(os.environ.get(ELSEWHERE, PLACE)).absolute()


class MiniStack:
    """MiniStack on a port of its own, with a private folder for its temporary files; it forgets at the end."""

    name = "ministack"

    def __init__(
        self, *, port: int | None = None, environment: Mapping[str, str] | None = None, script: Path | None = None
    ) -> None:
        """With a *script*, MiniStack's Python runs that instead of its program."""
        self._folder = TemporaryDirectory(prefix="tally-ministack-", ignore_cleanup_errors=True)
        folder, more = Path(self._folder.name), environment or {}
        command = [program().with_name("python"), script] if script else [program()]
        try:
            self._child, self.url = started(lambda port: _ministack(command, folder, port, more), port)
        except BaseException:
            self._folder.cleanup()
            raise
        self.pid = self._child.pid

    @property
    def log(self) -> Path:
        """Where it writes what it does."""
        return Path(self._folder.name) / "ministack.log"

    def close(self) -> None:
        self._child.close()
        with suppress(OSError):
            self._folder.cleanup()


def _ministack(command: Sequence[Path], folder: Path, port: int, more: Mapping[str, str]) -> Child:
    own = {"BIND_HOST": HOST, "IOT_MTLS_ENABLED": "0", "GATEWAY_PORT": str(port), "TMPDIR": str(folder)}
    healthy = partial(_answers, f"http://{HOST}:{port}/_ministack/health")
    return Child(command, log=folder / "ministack.log", is_ready=healthy, environment={**own, **more})


def _answers(url: str) -> bool:
    try:
        with DIRECT.open(url, timeout=1):
            return True
    except (urllib.error.URLError, OSError):
        return False

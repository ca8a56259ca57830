"""
What stands in for DynamoDB on this machine, and how to reach it.

    Roto        the usual: a child process, its state on disk                (Rust, one binary)
    Moto        when Roto can't be had: in this process, forgets at the end
    MiniStack   for tests of concurrency and write units: a child process, forgets at the end
    Elsewhere   an address that somebody else runs; `aws` means the real tables
"""

from __future__ import annotations

import logging
import os
import shutil
import sys
import threading
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from local.child import HOST, Child, DidNotStart, listens, started
from local.ministack import MiniStack

__all__ = ["ADDRESS", "REAL", "REGION", "Elsewhere", "Engine", "MiniStack", "Moto", "Roto", "environment", "start"]

REGION = "us-east-1"
ADDRESS = "TALLY_DYNAMODB_URL"  # in the environment: another engine's address
REAL = "aws"


class Engine(Protocol):
    """Something that speaks DynamoDB."""

    @property
    def name(self) -> str: ...

    @property
    def url(self) -> str | None:
        """Its address; None: where AWS is."""

    def close(self) -> None: ...


class Roto:
    """Roto on a port of its own; whoever starts it again with the same folder finds the same tables."""

    name = "roto"

    def __init__(self, data_dir: Path, *, port: int | None = None) -> None:
        data_dir.mkdir(parents=True, exist_ok=True)
        program = Path(sys.executable).parent / "roto-server"
        self._child, self.url = started(lambda port: _roto(program, data_dir, port), port)
        self.pid = self._child.pid

    def close(self) -> None:
        self._child.close()

    def kill(self) -> None:
        """End it as a power cut would."""
        self._child.kill()


class Moto:
    """Moto in this process: nothing is kept, and one request at a time, because its transactions know no others."""

    name = "moto"

    def __init__(self) -> None:
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
        from werkzeug.serving import make_server

        logging.getLogger("werkzeug").setLevel(logging.ERROR)  # else it writes a line per request
        services, lock = DomainDispatcherApplication(create_backend_app), threading.Lock()

        def one_at_a_time(environ: Any, start_response: Any) -> Any:
            with lock:
                return services(environ, start_response)

        self._server = make_server(HOST, 0, one_at_a_time, threaded=True, request_handler=MotoRequestHandler)
        self.url = f"http://{HOST}:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, name="moto", daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Elsewhere:
    """An engine that somebody else runs."""

    def __init__(self, url: str) -> None:
        self.url = None if url == REAL else url
        self.name = "DynamoDB at AWS" if url == REAL else url

    def close(self) -> None:
        """It goes on without us."""


def start(data_dir: Path, say: Callable[[str], object]) -> Engine:
    """
    Start what this machine has, or take the address in the environment; *say* what isn't the usual.

    Raises:
        DidNotStart: There is neither Roto nor Moto.
    """
    if url := os.environ.get(ADDRESS):
        return Elsewhere(url)
    try:
        return Roto(data_dir)
    except DidNotStart as reason:
        say(f"roto did not start ({reason}); moto takes its place, and forgets everything at the end")
    try:
        return Moto()
    except ImportError as missing:
        raise DidNotStart(f"nor did moto: {missing}") from None


def environment(engine: Engine) -> Mapping[str, str | None]:
    """Say what the environment must hold to reach an engine; None is for what must not be there."""
    if engine.url is None:
        return {}
    return {
        "AWS_ENDPOINT_URL_DYNAMODB": engine.url,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_SESSION_TOKEN": None,
        "AWS_PROFILE": None,
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": None,
    }


def _roto(program: Path, data_dir: Path, port: int) -> Child:
    found = program if program.exists() else shutil.which("roto-server")
    if not found:
        raise DidNotStart("there is no roto-server")
    command = [found, "--host", HOST, "--port", str(port), "--data-dir", data_dir]
    return Child(command, log=data_dir.parent / "roto.log", is_ready=partial(listens, port))

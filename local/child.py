"""A child process that listens on loopback: started, waited for, and ended by its own id; nobody else's is touched."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

HOST = "127.0.0.1"
SLOWEST_START = 30.0  # seconds
SLOWEST_END = 5.0  # seconds before it is killed
LOOK_EVERY = 0.01  # seconds
TRIES = 3  # a free port may be taken by somebody else before the child has it
TAIL = 500  # characters of its log that are shown when it fails


class DidNotStart(Exception):
    """The program is missing, or ended before it was ready."""


class Child:
    """A running program. It stays in our process group, so that one signal to the group ends everything."""

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        log: Path,
        is_ready: Callable[[], bool],
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._log = log
        try:
            with log.open("wb") as out:
                self._process = subprocess.Popen(
                    [os.fspath(part) for part in command],
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=subprocess.STDOUT,
                    env=None if environment is None else {**os.environ, **environment},
                )
        except OSError as error:
            raise DidNotStart(f"{command[0]}: {error.strerror}") from None
        try:
            self._wait_until(is_ready)
        except BaseException:
            self.kill()
            raise

    @property
    def pid(self) -> int:
        return self._process.pid

    def close(self) -> None:
        """Ask it to end; kill it if it won't. Again is harmless."""
        if self._process.poll() is None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(SLOWEST_END)
        self.kill()

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()

    def _wait_until(self, is_ready: Callable[[], bool]) -> None:
        latest = time.monotonic() + SLOWEST_START
        while not is_ready():
            if self._process.poll() is not None or time.monotonic() > latest:
                raise DidNotStart(self._log.read_text(errors="replace")[-TAIL:].strip() or "it said nothing")
            time.sleep(LOOK_EVERY)


def started(start_at: Callable[[int], Child], port: int | None) -> tuple[Child, str]:
    """Start a child on *port* or on a free one, and say its address."""
    for turn in range(1, TRIES + 1):
        place = port or free_port()
        try:
            return start_at(place), f"http://{HOST}:{place}"
        except DidNotStart:
            if port or turn == TRIES:
                raise
    raise AssertionError("unreachable")


def free_port() -> int:
    """Find a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def listens(port: int) -> bool:
    """Say whether somebody takes connections there."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


def is_free(port: int) -> bool:
    """Say whether a server could listen there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: what just closed is free
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True

"""A connection that ends: at a deadline, and after so many bytes of answer, whoever is at the other end."""

from __future__ import annotations

import io
import socket
import time
from typing import Any

READ_TIMEOUT = 3.0  # seconds without a byte
LONGEST_ANSWER = 16 * 1024  # bytes that are read; a status line and headers fit


class Line:
    """As much of a socket as an HTTP client needs."""

    def __init__(self, wire: socket.socket, *, deadline: float) -> None:
        self._wire, self._deadline = wire, deadline  # of the monotonic clock

    def sendall(self, what: bytes) -> None:
        self._wait_at_most()
        self._wire.sendall(what)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Incoming(self))

    def receive(self, buffer: memoryview) -> int:
        self._wait_at_most()
        return self._wire.recv_into(buffer)

    def close(self) -> None:
        self._wire.close()

    def _wait_at_most(self) -> None:
        remaining = self._deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError("the answer took too long")
        self._wire.settimeout(min(READ_TIMEOUT, remaining))


class _Incoming(io.RawIOBase):
    """What comes in on a line, up to the longest answer."""

    def __init__(self, line: Line) -> None:
        self._line, self._left = line, LONGEST_ANSWER

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._left:
            raise OSError("the answer is too long")
        count = self._line.receive(memoryview(buffer)[: self._left])
        self._left -= count
        return count

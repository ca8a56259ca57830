"""
An export on its way into a file: whole pages only, so that where it was cut short the file itself says how to go on.

Each page ends with a line that names the next cursor. What stands behind the last such line is a page that was cut
short; it is taken away, and fetched again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

from cli.faults import Failed

PREFIX = b'{"canonical":'  # how an entry's line begins
END = frozenset({"head", "next_cursor", "seal", "seq", "wallet_id"})


@dataclass(slots=True)
class Sink:
    """The file, and how far it has come."""

    file: BinaryIO
    wallet_id: str
    cursor: str | None = None
    seq: int = 0
    head: str | None = None
    pages: int = 0
    resumed: bool = False
    is_complete: bool = False

    @classmethod
    @contextmanager
    def opened(cls, path: Path, wallet_id: str) -> Iterator[Self]:
        """
        Open a file, new or begun.

        Raises:
            Failed: It can't be opened, or holds something else.
        """
        try:
            file = path.open("r+b" if path.exists() else "x+b")
        except OSError as error:
            raise Failed(f"{path}: {error.strerror}") from error
        with file:
            sink = cls(file, wallet_id)
            sink._find_end(path)
            yield sink

    def put(self, page: bytes, cursor: str | None) -> None:
        """Write a page, and see to it that it is on the disk before the next one is asked for."""
        self.file.write(page)
        self.file.flush()
        os.fsync(self.file.fileno())
        self.pages += 1
        self._note(json.loads(page[page[:-1].rfind(b"\n") + 1 :]))
        self._go_on(cursor)

    def _find_end(self, path: Path) -> None:
        """Go to the end of the last whole page, and forget what stands behind it."""
        kept, whole = 0, True
        for raw in self.file:
            line = _parsed(raw) if whole else None
            whole = line is not None
            if line is None:
                continue
            if line.keys() == END:
                if line["wallet_id"] != self.wallet_id:
                    raise Failed(f"{path} is an export of {line['wallet_id']}")
                self._note(line)
                self._go_on(line["next_cursor"])
                kept, self.resumed = self.file.tell(), True
            elif not line.keys() & {"canonical", "lot", "purchase"}:
                raise Failed(f"{path} holds something else than an export")
        if not kept and self.file.tell() and not self._begins_an_export():
            raise Failed(f"{path} holds something else than an export")
        self.file.seek(kept)
        self.file.truncate()

    def _begins_an_export(self) -> bool:
        self.file.seek(0)
        return PREFIX.startswith(self.file.read(len(PREFIX)))

    def _go_on(self, cursor: object) -> None:
        self.cursor, self.is_complete = None if cursor is None else str(cursor), cursor is None

    def _note(self, end: dict[str, object]) -> None:
        self.seq, self.head = int(str(end["seq"])), str(end["head"])


def _parsed(raw: bytes) -> dict[str, object] | None:
    """Read a whole line; None: it was cut short."""
    if not raw.endswith(b"\n"):
        return None
    try:
        line = json.loads(raw)
    except ValueError:
        return None
    return line if isinstance(line, dict) else {}

"""The seventh act of the transcript: an entry explains itself, and a statement is verified without the program."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from local.client import call, fetch

if TYPE_CHECKING:
    from local.tour import Tour

VERIFIER = Path(__file__).parent.parent / "verify" / "tally_verify.py"
COLUMNS = ("opening", "bought", "granted", "used", "revoked", "closing")
Json = dict[str, Any]


@dataclass(slots=True)
class Books:
    """Reads what a wallet's ledger says of itself, and checks it with a program that knows nothing of ours."""

    tour: Tour
    bearer: Mapping[str, str]

    def run(self) -> None:
        """Show why an entry took what it took, this month's statement, and that both hold."""
        self._explain(self._last("usage"))
        month = self._statement()
        self._verify(month)

    def _get(self, path: str) -> Any:
        return self.tour.step("GET", path, call("GET", self.tour.api + path, headers=self.bearer))

    def _last(self, kind: str) -> int:
        [entry] = self._get(f"/api/credits/history?type={kind}&limit=1")["entries"]
        self.tour.say(f"entry {entry['seq']}: {entry['kind']} {entry['credits']:+,}")
        seq: int = entry["seq"]
        return seq

    def _explain(self, seq: int) -> None:
        explained: Json = self._get(f"/api/credits/entries/{seq}/explanation")
        for step in explained["steps"]:
            self.tour.say(f"{step['text']}  {step['expression']} = {step['value']}")
        for draw in explained["draws"]:
            self.tour.say(f"{draw['lot_id']} {draw['credits']:+,}: {draw['because']}")

    def _statement(self) -> bytes:
        stated: Json = self._get("/api/credits/statement")
        sums = ", ".join(f"{name} {stated[name]:,}" for name in COLUMNS if stated[name])
        self.tour.say(f"{stated['month']}: {sums}; head {stated['head'][:12]}…")
        return fetch(f"{self.tour.api}/api/credits/statement", headers=self.bearer)

    def _verify(self, statement: bytes) -> None:
        """Check the export and the statement offline, with the verifier that ships alone."""
        export = fetch(f"{self.tour.api}/api/credits/export", headers=self.bearer)
        with TemporaryDirectory() as folder:
            lines, month = Path(folder, "export.jsonl"), Path(folder, "statement.json")
            lines.write_bytes(export)
            month.write_bytes(statement)
            command = [sys.executable, str(VERIFIER), lines.name, "--statement", month.name]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        self.tour.ran(
            "tally_verify.py export.jsonl --statement statement.json", done.stdout, went_well=not done.returncode
        )

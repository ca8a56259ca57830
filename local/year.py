"""The last act of the transcript: a year goes by. The customer is told of an end twice; then the credits end."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from chalicelib.domain.times import from_text, to_text
from local.client import call

if TYPE_CHECKING:
    from local.tour import Tour

ADDRESSES = {"email": "ada@example.com", "webhook_url": "https://hooks.example.com/tally"}
NOTICES = (timedelta(days=30), timedelta(days=7))  # before the end
WIDTH = 110  # characters shown of a message


@dataclass(slots=True)
class Year:
    """Lets the time of a wallet go by that has credits left; the jobs run when they are asked to."""

    tour: Tour
    bearer: Mapping[str, str]
    wallet_id: str
    busy_wallet_id: str  # one that met its limit before
    _seen: int = field(default=0, init=False)  # messages in the outbox

    def run(self) -> None:
        """Set where messages go, show what was written meanwhile, and go from notice to notice to the end."""
        self._set_addresses()
        self._job("send_alerts")
        self._outbox(self.busy_wallet_id)
        ends_at = self._balance()
        for ahead in NOTICES:
            self._move(ends_at - ahead)
            self._job("send_alerts")
            self._outbox(self.wallet_id)
        self._move(self._balance())
        self._job("expire_credits")
        self._history()
        self._balance()

    def _set_addresses(self) -> None:
        path = "/api/user/notifications"
        answer = call("PUT", self.tour.api + path, body=ADDRESSES, headers=self.bearer)
        said = self.tour.step("PUT", f"{path}  {json.dumps(ADDRESSES)}", answer)
        self.tour.say(f"its secret, shown this once: {said['secret'][:12]}…")

    def _move(self, to: datetime) -> None:
        body = {"now": to_text(to)}
        answer = call("POST", f"{self.tour.api}/local/clock", body=body)
        now = self.tour.step("POST", f"/local/clock  {json.dumps(body)}", answer)["now"]
        self.tour.say(f"it is {from_text(now):%-d %B %Y} now, for everything here")

    def _job(self, name: str) -> None:
        path = f"/local/jobs/{name}"
        counts: dict[str, Any] = self.tour.step("POST", path, call("POST", self.tour.api + path, body={}))
        self.tour.say(", ".join(f"{name} {count}" for name, count in counts.items() if name != "more"))

    def _outbox(self, wallet_id: str) -> None:
        """Show what was sent to a wallet's customer since the last look; a message may go several ways."""
        answer = call("GET", f"{self.tour.api}/local/outbox")
        messages = self.tour.step("GET", "/local/outbox", answer)["messages"]
        new, self._seen = messages[self._seen :], len(messages)
        for message in new:
            if message["wallet_id"] == wallet_id:
                self.tour.say(f"{message['channel']}: {shorten(message['text'], WIDTH, placeholder='…')}")

    def _balance(self) -> datetime:
        """Show the balance and what it warns of; give the next end, or the time of asking where there is none."""
        path = "/api/credits/balance"
        balance = self.tour.step("GET", path, call("GET", self.tour.api + path, headers=self.bearer))
        ending = balance["expiring_next"]
        ends = f", ends {ending['at'][:10]}" if ending else ""
        self.tour.say(f"balance {balance['available']:,}{ends}")
        for warning in balance["warnings"]:
            self.tour.say(warning["message"])
        return from_text(ending["at"] if ending else balance["as_of"])

    def _history(self) -> None:
        path = "/api/credits/history?limit=3"
        entries = self.tour.step("GET", path, call("GET", self.tour.api + path, headers=self.bearer))["entries"]
        for entry in entries:
            self.tour.say(f"entry {entry['seq']}: {entry['kind']} {entry['credits']:+,} on {entry['at'][:10]}")

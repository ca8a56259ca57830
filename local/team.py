"""The third act of the transcript: jobs that hold credits before they know the bill, and a team that is given some."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from local.client import call
from local.transcript import cut

if TYPE_CHECKING:
    from local.tour import Tour

METER = "pull_requests"
HOUR = 3600  # seconds
REFUSED = 4  # the first digit of the status
Bearer = Mapping[str, str]
Body = dict[str, Any]


@dataclass(slots=True)
class Team:
    """Spends of a wallet that has credits left by holds, and shares with a team; an admin stands in between."""

    tour: Tour
    service: Bearer
    wallet_id: str
    team_id: str
    _keys: int = field(default=0, init=False)  # used up so far

    def run(self) -> None:
        """Show a quote that binds, a lease, a transfer, a team that spends, and a freeze."""
        member = self.tour.bearer(self.wallet_id, teams=f"{self.team_id}:member")
        admin = self.tour.bearer("acct_admin", scope="tally:admin")
        self._capture(self._hold(quote_id=self._quote(member)), quantity=8)
        uses = [{"meter": METER, "quantity": 3}, {"meter": "api_calls", "quantity": 20}]
        self._capture(self._hold(credits=100), uses=uses)
        self._transfer(member, 500)
        self._balance(member)
        self._spend()
        self._freeze(admin, "freeze", "a stolen card")
        self._refused(member, 100)
        self._freeze(admin, "unfreeze", "the card was found")
        self._transfer(member, 100)

    def _post(self, path: str, body: Body, bearer: Bearer, *, shown: Body | None = None, expected: int = 2) -> Any:
        """Send a command with a key of its own; *shown* is its body without what tells a reader nothing."""
        self._keys += 1
        headers = {**bearer, "Idempotency-Key": f"{self.team_id}-{self._keys}"}
        answer = call("POST", self.tour.api + path, body=body, headers=headers)
        request = f"{path}  {json.dumps(body if shown is None else shown, ensure_ascii=False)}"
        return self.tour.step("POST", request, answer, expected=expected)

    def _quote(self, bearer: Bearer) -> str:
        path, body = "/api/usage/quote", {"meter": METER, "quantity": 10}
        answer = call("POST", self.tour.api + path, body=body, headers=bearer)
        quote = self.tour.step("POST", f"{path}  {json.dumps(body)}", answer)
        terms = f"{quote['from_quota']} from the quota, {quote['credits']} credits"
        self.tour.say(f"it would take {terms}; that binds until {quote['valid_until'][11:16]} UTC")
        quote_id: str = quote["quote_id"]
        return quote_id

    def _hold(self, **of: Any) -> str:
        shown = {name: cut(value) if isinstance(value, str) else value for name, value in of.items()}
        body = {"wallet_id": self.wallet_id, "ttl_seconds": HOUR, **of}
        held = self._post("/api/credits/holds", body, self.service, shown={**shown, "ttl_seconds": HOUR})
        until = held["lapses_at"][11:16]
        self.tour.say(
            f"{held['hold_id']}: {held['credits']} set aside until {until} UTC, {held['available']} available"
        )
        hold_id: str = held["hold_id"]
        return hold_id

    def _capture(self, hold_id: str, **what: Any) -> None:
        path, body = f"/api/credits/holds/{hold_id}/capture", {"wallet_id": self.wallet_id, **what}
        taken = self._post(path, body, self.service, shown=what)
        for use in taken.get("uses", ()):
            self.tour.say(f"{use['quantity']} {use['meter']}: {use['credits']} credits")
        back = f"{taken['released']} back, {taken['available']} available"
        self.tour.say(f"{taken['credits']} credits taken, {back}")

    def _transfer(self, member: Bearer, credits: int) -> None:
        sent = self._post("/api/credits/transfer", {"to_wallet_id": self.team_id, "credits": credits}, member)
        lots = ", ".join(f"{each['credits']} of {each['lot_id']}" for each in sent["lots"])
        self.tour.say(f"{lots}; {sent['available']} available")

    def _refused(self, member: Bearer, credits: int) -> None:
        body = {"to_wallet_id": self.team_id, "credits": credits}
        problem = self._post("/api/credits/transfer", body, member, expected=REFUSED)
        self.tour.say(f"{problem['code']}: {problem['detail']}")

    def _balance(self, member: Bearer) -> None:
        path = f"/api/credits/balance?wallet={self.team_id}"
        balance = self.tour.step("GET", path, call("GET", self.tour.api + path, headers=member))
        for lot in balance["lots"]:
            first = f"first {lot['origin']['lot_id']} of {lot['origin']['wallet_id']}"
            self.tour.say(f"{lot['lot_id']}: {lot['remaining']}, ends {lot['expires_at'][:10]}, {first}")

    def _spend(self) -> None:
        use = {"meter": METER, "quantity": 60}
        body = {"wallet_id": self.team_id, **use}
        taken = self._post("/api/user/usage/increment", body, self.service)
        self.tour.say(
            f"{taken['from_quota']} from the quota, {taken['credits']} credits; {taken['available']} available"
        )

    def _freeze(self, admin: Bearer, word: str, reason: str) -> None:
        path = f"/api/admin/wallets/{self.team_id}/{word}"
        told = self._post(path, {"reason": reason}, admin)
        self.tour.say(f"entry {told['seq']}: {'frozen' if told['frozen'] else 'not frozen any more'}")

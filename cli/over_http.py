"""The office over the API: operators' routes, and a customer's own where the token is that customer's."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from chalicelib.domain.times import to_text
from cli.faults import NotThisWay
from cli.http import Answer, Http
from cli.office import Act, Command, Done, Fields, Share, Step, Wish

CUSTOMER = "tally:customer"
ROUTES = {
    Act.GRANT: "/api/admin/wallets/{}/grants",
    Act.ADJUST: "/api/admin/wallets/{}/adjustments",
    Act.REFUND: "/api/admin/wallets/{}/refunds",
    Act.FREEZE: "/api/admin/wallets/{}/freeze",
    Act.UNFREEZE: "/api/admin/wallets/{}/unfreeze",
    Act.REPLAY: "/api/admin/quarantine/{}/replay",
}


@dataclass(frozen=True, slots=True)
class HttpOffice:
    """Asks the API. Who is asking is whom the token names."""

    http: Http

    def wallet(self, wallet_id: str) -> Fields:
        return self._get(f"/api/admin/wallets/{_part(wallet_id)}")

    def history(self, wallet_id: str, wish: Wish) -> Fields:
        asked = {
            "type": wish.kind,
            "from": to_text(wish.since) if wish.since else None,
            "to": to_text(wish.until) if wish.until else None,
            "cursor": wish.cursor,
            "limit": wish.limit,
        }
        return self._of_customer(wallet_id, "/api/credits/history", asked).json()  # type: ignore[no-any-return]

    def explanation(self, wallet_id: str, seq: int) -> Fields:
        return self._of_customer(wallet_id, f"/api/credits/entries/{seq}/explanation", {}).json()  # type: ignore[no-any-return]

    def statement(self, wallet_id: str, month: str | None) -> Fields:
        return self._of_customer(wallet_id, "/api/credits/statement", {"month": month}).json()  # type: ignore[no-any-return]

    def length(self, wallet_id: str) -> int:
        return int(self._of_customer(wallet_id, "/api/credits/balance", {}).json()["seq"])

    def export_page(self, wallet_id: str, cursor: str | None, limit: int) -> tuple[bytes, str | None]:
        page = self._of_customer(wallet_id, "/api/credits/export", {"cursor": cursor, "limit": limit})
        return page.body, page.headers.get("Next-Cursor")

    def trace(self, name: str, wallet_id: str | None) -> Fields:
        return self._get(f"/api/admin/trace/{_part(name)}", {"wallet": wallet_id})

    def quarantine(self, cursor: str | None, limit: int) -> Fields:
        return self._get("/api/admin/quarantine", {"cursor": cursor, "limit": limit})

    def do(self, command: Command) -> Done:
        path = ROUTES[command.act].format(_part(command.subject))
        if command.dry_run:
            return Done(answer=self._rehearsed(command, path))
        answer = self.http.ask("POST", path, body=dict(command.fields), headers={"Idempotency-Key": command.key})
        return Done(answer=answer.json(), replayed=answer.headers.get("Idempotency-Replayed") == "true")

    def _rehearsed(self, command: Command, path: str) -> Fields:
        """Say what would be sent, and how the wallet stands; the API decides only when it is asked for real."""
        planned: Fields = {"post": path, "body": dict(command.fields), "decided": False}
        if command.act is Act.REPLAY:
            return {**planned, "event": self.trace(command.subject, None)["events"][0]}
        found = self.wallet(command.subject)
        return {**planned, "available": found["available"], "frozen": found["frozen"]}

    def reconcile(self, *, apply: bool) -> Fields:
        raise _only_direct("reconcile")

    def audit(self, wanted: Share, step: Step) -> Fields:
        raise _only_direct("audit")

    def seed(self, wallets: int, days: int, *, dry_run: bool, step: Step) -> Fields:
        raise _only_direct("seed")

    def _get(self, path: str, query: Mapping[str, object] | None = None) -> Fields:
        return self.http.ask("GET", path + _query(query or {})).json()  # type: ignore[no-any-return]

    def _of_customer(self, wallet_id: str, path: str, query: Mapping[str, object]) -> Answer:
        claims = _claims(self.http.token or "")
        if claims is not None and not _opens(claims, wallet_id):
            raise NotThisWay(
                f"the API shows this of {wallet_id} only to its own customer ({CUSTOMER}); "
                "unset TALLY_API to go straight to the tables"
            )
        own = claims is not None and claims.get("sub") == wallet_id
        return self.http.ask("GET", path + _query({**query, "wallet": None if own else wallet_id}))


def _only_direct(name: str) -> NotThisWay:
    return NotThisWay(f"the API has no {name}; unset TALLY_API to go straight to the tables")


def _part(name: str) -> str:
    """Write an id as a part of a path."""
    return quote(name, safe=":@")


def _query(asked: Mapping[str, object]) -> str:
    given = {name: value for name, value in asked.items() if value is not None}
    return f"?{urlencode(given)}" if given else ""


def _claims(token: str) -> Mapping[str, Any] | None:
    """Peek at what a token says, to explain a refusal beforehand; the API is who verifies it."""
    try:
        payload = token.split(".")[1]
        said = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError):
        return None
    return said if isinstance(said, dict) else None


def _opens(claims: Mapping[str, Any], wallet_id: str) -> bool:
    """Say whether a token is of a wallet's own customer."""
    scopes = str(claims.get("scope", "")).split()
    listed = claims.get("tally_teams")
    teams = [each.get("wallet_id") for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    return CUSTOMER in scopes and wallet_id in (claims.get("sub"), *teams)

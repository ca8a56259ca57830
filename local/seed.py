"""
The wallets that the page shows: ninety days of a small company's use, lived through in a second or two.

Everything in them came as it always does, by requests, events and jobs; only the clock ran faster.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from pynamodb.connection import Connection

from chalicelib import wiring
from chalicelib.domain.granting import Grant
from chalicelib.domain.lots import Source
from chalicelib.services.crediting import grant_credits
from chalicelib.services.once import Claim
from chalicelib.store.commit import ask, connect
from chalicelib.store.tables import TableNames, wallet_key
from local.client import Answer, call
from local.play import Play

WALLET: Final = "acct_demo"
TEAM: Final = "team_demo"
DAYS: Final = 90
PRO_SINCE = 84  # days ago
SINGLE_USES = 10  # days in which each use is reported by itself
WEEKEND = 5  # Saturday's number, and Sunday's is the next
REPOSITORIES = ("web", "mobile", "billing", "search")
BATCH = 25  # items deleted at once
JOBS_ON = frozenset({60, 30, 0})  # days ago


@dataclass(slots=True, kw_only=True)
class Story:
    """What happened to the demo's wallets, day by day; *api* is the stack's address, *play* drives what is around."""

    api: str
    play: Play
    _random: random.Random = field(default_factory=lambda: random.Random(7), init=False)  # noqa: S311 - a fixed tale
    _keys: int = field(default=0, init=False)
    _tokens: dict[str, str] = field(default_factory=dict, init=False)

    def tell(self) -> None:
        """Forget what an earlier run left of these wallets, and live through the days up to now."""
        forget(connect(region=wiring.settings().region), wiring.settings().tables, (WALLET, TEAM))
        clock = self.play.clock
        present = clock.now()
        with clock.living_through(present - timedelta(days=DAYS, hours=8)):
            for ago in range(DAYS, -1, -1):
                self._live(ago, present - timedelta(days=ago))

    def _live(self, ago: int, end: datetime) -> None:
        """One day, which ends at *end*."""
        self.play.clock.move_to(end - timedelta(hours=7))
        self.play.renew(WALLET)
        for act in self._acts(ago):
            act()
        self._work(ago, end)
        if ago in JOBS_ON:
            self.play.run_jobs()

    def _acts(self, ago: int) -> Iterator[Any]:
        plan: Mapping[int, tuple[Any, ...]] = {
            86: (lambda: self._buy("starter"),),
            PRO_SINCE: (self._subscribe,),
            44: (lambda: self._buy("growth"),),
            35: (lambda: self._share(1_500),),
            31: (lambda: self._buy("starter", refunded=True),),
            12: (lambda: self._buy("starter"),),
            9: (lambda: self._give(400, days=21),),
            1: (lambda: self._buy("growth", method="bank_debit"),),
            0: (lambda: self._hold(120),),
        }
        yield from plan.get(ago, ())

    def _work(self, ago: int, end: datetime) -> None:
        """Report a day's use: of the last days each by itself, of those before in one batch."""
        uses = [each for each in day_of_use(end.date(), ago, self._random) if each.get("quantity", 1)]
        if ago >= SINGLE_USES:
            self._ask("/api/usage/batch", {"events": [{"key": self._key(), **each} for each in uses]}, service=True)
            return
        for nth, each in enumerate(uses):
            self.play.clock.move_to(end - timedelta(hours=6 - nth, minutes=self._random.randrange(50)))
            self._ask("/api/user/usage/increment", each, service=True)

    def _buy(self, package_id: str, *, method: str = "card", refunded: bool = False) -> None:
        bought = self._ask("/api/credits/purchase", {"package_id": package_id, "save_card": method == "card"})
        session = self.play.control(f"sessions/{bought['checkout_session_id']}/pay", method=method)
        if refunded:
            self.play.clock.advance(3600)
            self.play.control(f"payment_intents/{session['payment_intent']}/refund")

    def _subscribe(self) -> None:
        begun = self._ask("/api/user/subscription/checkout", {"plan_id": "pro", "interval": "month"})
        self.play.control(f"sessions/{begun['checkout_session_id']}/pay", method="card")

    def _share(self, credits: int) -> None:
        note = "For the release in autumn"
        self._ask("/api/credits/transfer", {"to_wallet_id": TEAM, "credits": credits, "note": note})

    def _give(self, credits: int, *, days: int) -> None:
        ends = self.play.clock.now() + timedelta(days=days)
        wanted = Grant(credits=credits, source=Source.PROMO, expires_at=ends, reason="Thank you for your feedback")
        claim = Claim.on(WALLET, self._key(), operation="grant", body={"credits": credits})
        grant_credits(wiring.till(), wanted, claim, stamp=wiring.stamp("support"))

    def _hold(self, credits: int) -> None:
        body = {"wallet_id": WALLET, "credits": credits, "ttl_seconds": 80_000}
        self._ask("/api/credits/holds", body, service=True)

    def _key(self) -> str:
        self._keys += 1
        return f"demo-{self._keys}"

    def _ask(self, path: str, body: Mapping[str, Any], *, service: bool = False) -> Any:
        scope = "tally:service" if service else "tally:customer"
        if scope not in self._tokens:
            wanted = f"wallet_id={WALLET}&scope={scope}&teams={TEAM}:owner&email=ada%40example.com"
            self._tokens[scope] = call("GET", f"{self.api}/local/token?{wanted}").body["token"]
        headers = {"Authorization": f"Bearer {self._tokens[scope]}", "Idempotency-Key": self._key()}
        answer = call("POST", self.api + path, body=body, headers=headers)
        return _expect(answer, path)


def _expect(answer: Answer, path: str) -> Any:
    if answer.status // 100 != 2:  # noqa: PLR2004 - every status that is one
        raise RuntimeError(f"{path}: {answer.status} {answer.body}")
    return answer.body


def day_of_use(day: date, ago: int, chance: random.Random) -> Iterator[dict[str, Any]]:
    """Say what is used on a day: less at weekends, more from quarter to quarter."""
    busy = 0.35 if day.weekday() >= WEEKEND else 1.0
    growth = 1.15 - 0.3 * ago / DAYS
    if ago > PRO_SINCE:
        growth = 0.06  # on the Free plan, to see what it is like

    def some(usual: int) -> int:
        return round(usual * busy * growth * chance.uniform(0.75, 1.25))

    made = some(56)
    amounts = {"pull_requests": some(15), "api_calls": some(800), "predictions": made, "feedback": round(made * 0.36)}
    for meter, quantity in amounts.items():
        labels = {"repository": chance.choice(REPOSITORIES)}
        yield {"wallet_id": WALLET, "meter": meter, "quantity": quantity, "labels": labels}
    if day.weekday() == 0 and ago <= PRO_SINCE:
        yield {"wallet_id": WALLET, "meter": "repositories", "set": 12 - ago // 14}
    if ago < 30 and busy == 1.0:  # noqa: PLR2004 - the team began a month ago
        yield {"wallet_id": TEAM, "meter": "pull_requests", "quantity": chance.randrange(2, 7)}


def forget(connection: Connection, names: TableNames, wallet_ids: tuple[str, ...]) -> None:
    """Delete all that there is of some wallets: they begin anew with each start."""
    for wallet_id in wallet_ids:
        key = {"S": wallet_key(wallet_id)}
        ask(connection, "DeleteItem", {"TableName": names.wallets, "Key": {"wallet_id": key}})
        for table in (names.purchases, names.usage):
            for items in _pages(connection, table, key):
                deletes = [{"DeleteRequest": {"Key": {"wallet_id": key, "sk": item["sk"]}}} for item in items]
                for first in range(0, len(deletes), BATCH):
                    ask(connection, "BatchWriteItem", {"RequestItems": {table: deletes[first : first + BATCH]}})


def _pages(connection: Connection, table: str, key: Mapping[str, str]) -> Iterator[list[dict[str, Any]]]:
    request: dict[str, Any] = {
        "TableName": table,
        "KeyConditionExpression": "wallet_id = :wallet",
        "ExpressionAttributeValues": {":wallet": key},
        "ProjectionExpression": "sk",
    }
    while True:
        found = ask(connection, "Query", request)
        yield found["Items"]
        if "LastEvaluatedKey" not in found:
            return
        request["ExclusiveStartKey"] = found["LastEvaluatedKey"]

"""
The whole program on this machine: moto for DynamoDB, the stand-in for Stripe, secrets in a dictionary, a clock to move.

Nothing of our own is replaced. moto is not atomic, so nothing here runs on two threads.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, cast

import moto
import pytest
from botocore.handlers import BUILTIN_HANDLERS

from app import app
from chalicelib import wiring
from chalicelib.domain import audit
from chalicelib.domain.ledger import Entry
from chalicelib.domain.purchases import Order, Purchase
from chalicelib.domain.wallet import Wallet
from chalicelib.services.once import Claim
from chalicelib.services.purchasing import Started, start_purchase
from chalicelib.store.dynamo import DynamoStore
from chalicelib.store.tables import definitions
from local.function_url import FunctionUrl
from local.stripe.replies import Reply
from local.stripe.signing import signature
from local.stripe.standin import StandIn
from local.stripe.transport import InProcess
from tests.builders import NOON, patience
from tests.webhooks.heard import Lines, listening

Json = dict[str, Any]

WALLET = "acct_a"
KEY_NAME, KEY = "/tally/stripe-key", "sk_test_counter"
SECRET_NAME, SECRET = "/tally/webhook-secret", "whsec_first"
ISSUER, AUDIENCE = "https://issuer.example", "tally"
ORIGINS = ("https://app.example", "https://beta.example")
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "TALLY_STAGE": "test",
    "TALLY_WALLETS_TABLE": "wallets",
    "TALLY_PURCHASES_TABLE": "purchases",
    "TALLY_USAGE_TABLE": "usage",
    "TALLY_STRIPE_API_BASE": "https://stripe.example",
    "TALLY_STRIPE_KEY_NAME": KEY_NAME,
    "TALLY_STRIPE_WEBHOOK_SECRET_NAME": SECRET_NAME,
    "TALLY_JWT_ISSUER": ISSUER,
    "TALLY_JWT_AUDIENCE": AUDIENCE,
    "TALLY_JWKS_URL": "http://127.0.0.1:1/jwks.json",
    "TALLY_ALLOWED_ORIGINS": ", ".join(ORIGINS),
}
ZERO = {"N": "0"}
READS = frozenset({"BatchGetItem", "DescribeTable", "GetItem", "Query", "Scan"})


class Premises:
    """Where a test buys, pays, and looks at what came of it. `reset` makes it as new."""

    def __init__(self, lines: Lines) -> None:
        self.lines = lines.said  # what the program logged
        self.aws: list[str] = []  # the operations that were asked of AWS, retries included
        self.answers: list[int] = []  # what the webhook said to each event that the stand-in delivered
        self.at = NOON
        self.secrets: dict[str, str] = {}
        self.standin = self._new_standin()
        self.transport = InProcess(self.standin)
        self.url = FunctionUrl(app, now=self.now)
        self._is_written = False  # since the tables were made
        self._items: dict[str, list[Json]] | None = None  # as they were read since the last write

    def reset(self) -> None:
        """Set the clock back, empty the tables, open a new account at the stand-in."""
        self.at = NOON
        self.secrets.update({KEY_NAME: KEY, SECRET_NAME: SECRET})
        self.standin = self.transport.standin = self._new_standin()
        self.transport.before = self.transport.after = None
        wiring.verifier.cache_clear()
        if self._is_written:
            self._new_tables()
        self.forget_calls()

    def _new_standin(self) -> StandIn:
        return StandIn(now=self.now, secrets=[SECRET], endpoint=self._take, deliver_inline=True, retry_delays=())

    def _take(self, body: bytes, headers: Mapping[str, str]) -> int:
        self.answers.append(self.url.post(body, headers))
        return self.answers[-1]

    def _new_tables(self) -> None:
        for definition in definitions(self.store.names):
            self.store.connection.delete_table(definition["table_name"])
        self.create_tables()
        self._is_written = False

    def create_tables(self) -> None:
        for definition in definitions(self.store.names):
            self.store.connection.create_table(**definition)

    def see(self, event_name: str, **_more: Any) -> None:
        """Note what is asked of AWS; botocore calls this before it sends."""
        self.aws.append(event_name.rpartition(".")[2])
        if self.aws[-1] not in READS:
            self._is_written, self._items = True, None

    def forget_calls(self) -> None:
        self.lines.clear()
        self.aws.clear()
        self.transport.calls.clear()
        self.answers.clear()

    @property
    def is_untouched(self) -> bool:
        """Whether nothing was asked of AWS or Stripe since `forget_calls`."""
        return not self.aws and not self.transport.calls

    @property
    def store(self) -> DynamoStore:
        return cast(DynamoStore, wiring.store())

    def now(self) -> datetime:
        return self.at

    def advance(self, **span: float) -> None:
        self.at += timedelta(**span)

    def secret(self, name: str) -> str:
        return self.secrets[name]

    def items(self) -> dict[str, list[Json]]:
        """
        Read everything that lies in the three tables, without being counted; anew only if a write was asked for.

        What limits count is left out: it is no book, and a command that was refused late has been there and gone.
        """
        if self._items is None:
            asked = len(self.aws)
            names = self.store.names
            found = {table: self._scan(table) for table in (names.wallets, names.purchases, names.usage)}
            self._items = {table: [each for each in rows if not _is_hour(each)] for table, rows in found.items()}
            del self.aws[asked:]
        return self._items

    def _scan(self, table: str) -> list[Json]:
        found: list[Json] = self.store.connection.dispatch("Scan", {"TableName": table})["Items"]
        return sorted(found, key=lambda item: (item["wallet_id"]["S"], item.get("sk", {}).get("S", "")))

    def taken(self) -> dict[tuple[str, str], int]:
        """Read how many commands were counted, by wallet and hour; where it came to none again, it isn't said."""
        return self._counted("n")

    def attempts(self) -> int:
        """Read how many attempts at Stripe were counted in all."""
        return sum(self._counted("a").values())

    def _counted(self, count: str) -> dict[tuple[str, str], int]:
        asked = len(self.aws)
        hours = [each for each in self._scan(self.store.names.usage) if _is_hour(each)]
        del self.aws[asked:]
        counts = {(each["wallet_id"]["S"][2:], each["sk"]["S"][2:]): int(each.get(count, ZERO)["N"]) for each in hours}
        return {name: times for name, times in counts.items() if times}

    def oddities(self) -> list[Json]:
        """Read what stands in quarantine, as plain texts."""
        return [
            {"event_id": item["sk"]["S"][2:], "reason": item["re"]["S"], "purchase_id": item["p"]["S"]}
            for item in self.items()[self.store.names.purchases]
            if item["wallet_id"]["S"] == "q#events" and item["sk"]["S"].startswith("q#")
        ]

    def buy(self, key: str = "k1", *, wallet_id: str = WALLET, package_id: str = "starter") -> Started:
        """Begin a purchase as the API does."""
        claim = Claim.on(wallet_id, key, operation="purchase", body={"package_id": package_id})
        order = Order(wallet_id=wallet_id, package_id=package_id)
        return start_purchase(wiring.shop(), order, claim, email="a@example.org", now=wiring.now())

    def purchase(self, begun: Started) -> Purchase:
        found = self.store.purchase(begun.purchase.wallet_id, begun.purchase.purchase_id)
        assert found
        return found

    def wallet(self, wallet_id: str = WALLET) -> Wallet:
        return self.store.wallet(wallet_id)

    def history(self, wallet_id: str = WALLET) -> list[Entry]:
        """Read all entries, oldest first."""
        entries = [self.store.entry(wallet_id, seq) for seq in range(1, self.wallet(wallet_id).seq + 1)]
        return [entry for entry in entries if entry]

    def faults(self, wallet_id: str = WALLET) -> list[str]:
        """Ask the auditor."""
        return list(audit.faults(self.wallet(wallet_id), self.history(wallet_id)))

    def try_control(self, path: str, **wishes: Any) -> Reply:
        method = "GET" if path == "events" else "POST"
        return self.standin.handle(method, f"/_control/{path}", {}, json.dumps(wishes).encode())

    def control(self, path: str, **wishes: Any) -> Json:
        """Play the customer, the bank, or the passing of time; the answer."""
        reply = self.try_control(path, **wishes)
        assert reply.status == 200, reply.body
        told: Json = json.loads(reply.body)
        return told

    def hold(self) -> None:
        """Keep events until they are asked for."""
        self.control("delivery", mode="hold")

    def pay(self, begun: Started, method: str = "card") -> Json:
        return self.control(f"sessions/{begun.purchase.session_id}/pay", method=method)

    def events(self, type_: str) -> list[str]:
        """Name the events of a type, oldest first."""
        return [event["id"] for event in self.control("events")["events"] if event["type"] == type_]

    def deliver(self, event_id: str) -> int:
        """Have one event delivered now; what the webhook answered."""
        status: int = self.control(f"events/{event_id}/deliver")["status"]
        return status

    def session(self, begun: Started) -> Json:
        """Reach into the stand-in for a session, to bend it."""
        sessions = self.standin._account.objects["checkout.session"]
        return sessions[str(begun.purchase.session_id)]

    def sign(self, body: bytes, *, seconds_ago: float = 0, secret: str = SECRET) -> str:
        """Write the header with which Stripe signs."""
        return signature(body, [secret], at=self.at - timedelta(seconds=seconds_ago))


def _is_hour(item: Json) -> bool:
    return str(item.get("sk", {}).get("S", "")).startswith("l#")


@contextmanager
def opened(*, environment: Mapping[str, str] = ENVIRONMENT) -> Iterator[Premises]:
    """Put the premises in place of the outside, and the outside back afterwards."""
    outside = wiring._outside
    with pytest.MonkeyPatch.context() as patch, listening() as lines, moto.mock_aws():
        premises = Premises(lines)
        watch = ("before-send", premises.see)
        for name, value in environment.items():
            patch.setenv(name, value)
        patch.delenv("AWS_REGION", raising=False)
        BUILTIN_HANDLERS.insert(0, watch)
        wiring.install(
            clock=premises.now, secret=premises.secret, stripe_http=premises.transport, patience=patience(budget=1.0)
        )
        try:
            premises.create_tables()
            yield premises
        finally:
            BUILTIN_HANDLERS.remove(watch)
            wiring.install(
                clock=outside.clock,
                secret=outside.secret,
                stripe_http=outside.stripe_http,
                patience=outside.patience,
            )

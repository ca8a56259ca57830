"""
Signed events that say something wrong: 20,000 of every type that is heard, changed at random in one to three places.

All of them go through the whole endpoint, and the `stripe` package checks every signature. The store is in memory, and
each question to the stand-in goes through the real package once: its state stands still meanwhile, so the answer to
the same question is the same, and is kept.
"""

from __future__ import annotations

import json
from collections import Counter as Bag
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from random import Random
from typing import Any, cast

import pytest

from chalicelib import observability, wiring
from chalicelib.domain.purchases import Order, Purchase, Status
from chalicelib.payments.client import connect
from chalicelib.payments.events import MONEY_EVENTS, SESSION_EVENTS
from chalicelib.services.ports import PaymentsFailed
from chalicelib.services.purchasing import Shop, Started
from chalicelib.webhooks.endpoint import handle
from local.stripe.signing import signature
from tests.bank import Bank, Json, check_books, worth
from tests.builders import patience, stamp
from tests.counter import SECRET
from tests.webhooks.sender import request

MUTANTS = 20_000
WALLETS = ("acct_a", "acct_b", "acct_c")
WRONG: list[Any] = [None, True, 0, -1, 1.5, 10**30, "", " ", "é", "x" * 300, [], {}, ["pi_1"], {"id": "cs_1"}, "null"]
UNKNOWN = ["cs_test_unknown", "pi_unknown", "du_unknown", "..", "pi_1/refunds", "pi_1?x=1", "%2e%2e", "evt_1", "p#x"]


class Kept:
    """Asks the provider each question once, and gives the same answer, or the same failure, from then on."""

    def __init__(self, inner: Any) -> None:
        self._inner, self._known = inner, dict[tuple[str, str], Callable[[], Any]]()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if not callable(found):
            return found

        def ask(subject: str) -> Any:
            if (name, subject) not in self._known:
                self._known[name, subject] = _remembered(found, subject)
            return self._known[name, subject]()

        return ask


def _remembered(ask: Callable[[str], Any], subject: str) -> Callable[[], Any]:
    try:
        answer = ask(subject)
    except PaymentsFailed as failed:
        return lambda failed=failed: _raise(failed)  # type: ignore[misc]
    return lambda: answer


def _raise(failed: PaymentsFailed) -> None:
    raise failed


class Town:
    """Purchases in every state, of three wallets, some heard of and some not, and what other programs sell."""

    def __init__(self) -> None:
        self.bank = Bank()
        self.rows: dict[str, Purchase] = {}
        for wallet_id in WALLETS:
            self.bank.wallet_id = wallet_id
            for name in ("plain", "refunded", "returned", "disputed", "lost", "won", "inquired"):
                self.paid(f"{name} {wallet_id}")
                self.go(name, self.payment_id)
            self.begin(f"open {wallet_id}")
        self.bank.wallet_id = "acct_d"
        self.bend()
        self.someone_elses()
        for event in self.bank.objects("event")[::9]:  # the rest is news
            if event["type"] in MONEY_EVENTS | SESSION_EVENTS:
                self.try_hear(event)
        self.bank.store.failed_events.clear()
        self.bank.store.oddities.clear()

    def begin(self, key: str) -> Started:
        self.begun = self.bank.buy(key, order=Order(wallet_id=self.bank.wallet_id, package_id="starter"))
        self.rows[key] = self.begun.purchase
        return self.begun

    def paid(self, key: str) -> str:
        self.payment_id = self.bank.pay(self.begin(key))
        return self.payment_id

    def go(self, name: str, payment_id: str) -> None:
        bank = self.bank
        if name in ("refunded", "returned"):
            refund = bank.refund(payment_id, 250)
            if name == "returned":
                bank.control(f"refunds/{refund}/fail", {})
        if name in ("disputed", "lost", "won", "inquired"):
            dispute = bank.dispute(payment_id, 600, inquiry=name == "inquired")
            if name in ("lost", "won"):
                bank.close(dispute, name)

    def session(self) -> Json:
        return next(each for each in self.bank.objects("checkout.session") if each["id"] == self.row().session_id)

    def row(self) -> Purchase:
        return self.begun.purchase

    def bend(self) -> None:
        """Payments that don't fit: other amount, currency, wallet; a paid purchase's name on a second payment."""
        self.paid("bent amount")
        self.session()["amount_subtotal"] = 1
        self.paid("bent currency")
        self.session()["currency"] = "eur"
        payment_id = self.paid("bent wallet")
        tags = {"tally_purchase": self.row().purchase_id, "tally_wallet": WALLETS[1]}
        self.session()["metadata"] = dict(tags)
        self.tag(payment_id, tags)
        self.bank.refund(payment_id, 999)
        payment_id = self.paid("bent purchase")
        other = self.rows["refunded acct_b"]
        tags = {"tally_purchase": other.purchase_id, "tally_wallet": other.wallet_id}
        self.session()["metadata"] = dict(tags)
        self.tag(payment_id, tags)
        self.bank.refund(payment_id, 999)

    def tag(self, payment_id: str, tags: dict[str, str]) -> None:
        intent = next(each for each in self.bank.objects("payment_intent") if each["id"] == payment_id)
        intent["metadata"] = dict(tags)

    def someone_elses(self) -> None:
        session_id = self.bank.foreign_session()
        paid = self.bank.control(f"sessions/{session_id}/pay", {"method": "card"})
        self.bank.refund(str(paid["payment_intent"]), 100)
        client = connect("sk_test_1", "https://stripe.example", http_client=self.bank.transport)
        client.v1.customers.create(cast(Any, {}))

    def try_hear(self, event: Json) -> None:
        from chalicelib.services.fulfilling import NotYetKnown

        try:
            self.bank.hear(event)
        except NotYetKnown:
            return

    def check(self) -> None:
        """Whatever came: each purchase stands as the stand-in says, or where it stood when nobody had heard of it."""
        store, kept = self.bank.store, 0
        check_books(store)
        for key, row in self.rows.items():
            purchase = store.purchases[row.wallet_id, row.purchase_id]
            if key.startswith("bent"):  # its payment was taken and doesn't fit: a person decides, once it is heard of
                assert purchase.status in (Status.PENDING, Status.REVIEW)
            elif key.startswith("open"):
                assert purchase.status in (Status.PENDING, Status.AWAITING_PAYMENT)
            elif purchase.status is Status.PAID:
                assert purchase.session_id == row.session_id
                kept += purchase.total_credits - purchase.revoked
                assert purchase.total_credits - purchase.revoked in (1000, self.bank.kept_minor(purchase))
        assert worth(store) == kept

    def check_settled(self) -> None:
        """All that fits was hinted at, and stands exactly as the stand-in says."""
        for key, row in self.rows.items():
            if not key.startswith(("bent", "open")):
                purchase = self.bank.store.purchases[row.wallet_id, row.purchase_id]
                assert purchase.status is Status.PAID
                assert purchase.total_credits - purchase.revoked == self.bank.kept_minor(purchase)
                assert purchase.disputed == key.startswith("disputed")


def mutants(town: Town, random: Random) -> Iterator[Json]:
    """Change true events, each in one to three places; the type is any that is heard and speaks of such an object."""
    bank = town.bank
    events = [each for each in bank.objects("event") if each["type"] in MONEY_EVENTS | SESSION_EVENTS]
    sessions = [each for each in events if each["type"] in SESSION_EVENTS]
    money = [each for each in events if each["type"] in MONEY_EVENTS]
    kinds = ("checkout.session", "payment_intent", "charge", "refund", "dispute", "customer", "event")
    names = [each["id"] for kind in kinds for each in bank.objects(kind)] + UNKNOWN
    names += [row.purchase_id for row in town.rows.values()] + list(WALLETS)
    types = [
        *[(type_, sessions) for type_ in sorted(SESSION_EVENTS)],
        *[(type_, money) for type_ in sorted(MONEY_EVENTS)],
    ]
    for number in range(MUTANTS):
        type_, among = types[number % len(types)]
        event = deepcopy(random.choice(among)) | {"type": type_, "id": f"evt_mutant{number}"}
        for _ in range(random.randint(1, 3)):
            mutate(event, names, random)
        yield event


def mutate(event: Json, names: list[str], random: Random) -> None:
    """Change one field: most often one that is read, else any at all."""
    read = [("id",), ("type",), ("data",), ("data", "object"), ("data", "object", "id")]
    read += [("data", "object", "payment_intent")] * 6 + [("data", "object", "id")] * 5
    inside: Any = event
    path = random.choice(read) if random.random() < 0.7 else ()
    for name in path[:-1]:
        inside = inside.get(name) if isinstance(inside, dict) else None
    if not isinstance(inside, dict) or not inside:
        return
    name = path[-1] if path else random.choice(sorted(inside))
    while not path and isinstance(inside[name], dict) and inside[name] and random.random() < 0.9:
        inside, name = inside[name], random.choice(sorted(inside[name]))
    match random.choice(["other", "other", "other", "other", "missing", "wrong"]):
        case "missing":
            inside.pop(name, None)
        case "wrong":
            inside[name] = deepcopy(random.choice(WRONG))
        case _:
            inside[name] = random.choice(names)


@pytest.fixture
def said() -> list[dict[str, Any]]:
    return []


@pytest.fixture
def town(monkeypatch: pytest.MonkeyPatch, said: list[dict[str, Any]]) -> Town:
    town = Town()
    asked = Kept(town.bank.payments)

    def shop(_remaining_ms: float | None = None) -> Shop:
        return replace(town.bank.shop, payments=cast(Any, asked), patience=patience())

    monkeypatch.setattr(wiring, "shop", shop)
    monkeypatch.setattr(wiring, "now", lambda: town.bank.clock)
    monkeypatch.setattr(wiring, "stamp", lambda actor: stamp(town.bank.clock, actor=actor))
    monkeypatch.setattr(wiring, "webhook_secrets", lambda: [SECRET])
    monkeypatch.setattr(observability, "count", lambda _name: None)
    monkeypatch.setattr(observability, "say", lambda _message, **more: said.append(more))

    def check(name: str, when: str) -> None:
        if (name, when) == ("commit", "after"):
            town.check()

    town.bank.strike = check
    return town


def test_whatever_a_signed_event_says_the_wallets_stand_as_stripe_does(town: Town, said: list[dict[str, Any]]) -> None:
    statuses, outcomes, whys = Bag[int](), Bag[str](), Bag[str]()
    for event in mutants(town, Random(7)):
        body = json.dumps(event).encode()
        said.clear()

        status = handle(request(body, signature(body, [SECRET], at=town.bank.clock)), None)["statusCode"]

        statuses[status] += 1
        outcomes.update(line["outcome"] for line in said if "outcome" in line)
        whys.update(line["error"] for line in said if "error" in line)
        assert status in (200, 400, 503)
        if status == 503:
            assert [line["error"] for line in said] == ["NotYetKnown"], event
    town.check()
    town.check_settled()
    assert set(outcomes) == {"ignored", "settled", "unchanged", "quarantined"}
    assert min(statuses.values()) > MUTANTS // 200
    print(f"{MUTANTS} mutants: answered {dict(statuses)}, {dict(outcomes)}, again {dict(whys)}")


def test_a_mutant_that_comes_again_and_again_is_parked(town: Town) -> None:
    lost = next(each for each in town.bank.objects("charge") if each["amount_refunded"] == 999)
    body = json.dumps({"id": "evt_again", "type": "charge.refunded", "data": {"object": lost}}).encode()
    sent = request(body, signature(body, [SECRET], at=town.bank.clock))

    answers = [handle(sent, None)["statusCode"] for _ in range(21)]

    assert answers == [503] * 19 + [200] * 2
    assert town.bank.store.oddities["evt_again"].reason.startswith("parked")
    town.check()

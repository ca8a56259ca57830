"""From a payment at Stripe to credits in the wallet: in any order, any number of times, exactly once or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import permutations, product
from typing import Any, cast

import pytest

from chalicelib import wiring
from chalicelib.domain.errors import Busy, NotFound
from chalicelib.domain.money import Money
from chalicelib.domain.purchases import Purchase, Status
from chalicelib.domain.settling import Settlement
from chalicelib.payments.client import connect
from chalicelib.services.fulfilling import Outcome
from chalicelib.services.hearing import replay
from chalicelib.services.ports import Change
from chalicelib.services.purchasing import Started
from local.stripe.replies import Reply
from local.stripe.transport import lost
from tests.webhooks.heard import metrics
from tests.webhooks.premises import KEY, WALLET, Json, Premises
from tests.webhooks.trouble import Meet, failing, throttled, trouble, unreachable

COMPLETED, EXPIRED = "checkout.session.completed", "checkout.session.expired"
SUCCEEDED, FAILED = "checkout.session.async_payment_succeeded", "checkout.session.async_payment_failed"


@pytest.fixture(autouse=True)
def audited(premises: Premises) -> Iterator[None]:
    """After each test the auditor has nothing to say of any wallet, and no purchase made two lots."""
    yield
    for item in premises.items()[premises.store.names.wallets]:
        wallet_id = item["wallet_id"]["S"].removeprefix("w#")
        assert premises.faults(wallet_id) == []
        bought = [lot.purchase_id for lot in premises.wallet(wallet_id).lots]
        assert len(bought) == len(set(bought))


def granted(premises: Premises, wallet_id: str = WALLET) -> list[int]:
    """The size of each lot, oldest first."""
    return [lot.granted for lot in premises.wallet(wallet_id).lots]


def twin(premises: Premises, begun: Started, **changes: Any) -> str:
    """Open another session for the same purchase, as a repeat whose first answer was lost would."""
    first = premises.session(begun)
    client = connect(KEY, "https://stripe.example", http_client=premises.transport)
    asked: dict[str, Any] = {
        "mode": "payment",
        "customer": first["customer"],
        "metadata": first["metadata"],
        "success_url": "https://app.example/",
        "line_items": [
            {
                "quantity": 1,
                "price_data": {"currency": "usd", "unit_amount": 1000, "product_data": {"name": "1,000 credits"}},
            }
        ],
    }
    return client.v1.checkout.sessions.create(cast(Any, asked | changes)).id


def test_a_card_payment_becomes_one_lot_and_one_entry(premises: Premises) -> None:
    begun = premises.buy(package_id="scale")
    premises.pay(begun)

    wallet, (entry,) = premises.wallet(), premises.history()
    assert set(premises.answers) == {200}
    assert granted(premises) == [21_000]
    assert wallet.available(premises.at) == 21_000
    assert (entry.kind, entry.facts["credits"], entry.facts["purchase_id"]) == (
        "purchase",
        21_000,
        begun.purchase.purchase_id,
    )
    assert entry.private
    assert entry.private.fields == {"actor": "stripe"}


def test_the_row_says_what_is_known_of_the_payment(premises: Premises) -> None:
    begun = premises.buy()
    premises.pay(begun)

    row, session = premises.purchase(begun), premises.session(begun)
    assert (row.status, row.paid_at, row.paid_minor) == (Status.PAID, premises.at, 1000)
    assert (row.session_id, row.payment_id, row.customer_id) == (
        session["id"],
        session["payment_intent"],
        session["customer"],
    )
    assert (str(row.lot_id), row.email) == ("lot_1", "a@example.org")
    assert row.receipt_url
    assert row.receipt_url.startswith("http")


def test_fulfilment_asks_stripe_once_and_the_tables_twice(premises: Premises) -> None:
    premises.hold()
    begun = premises.buy()
    premises.pay(begun)
    premises.forget_calls()

    premises.deliver(premises.events(COMPLETED)[0])

    assert premises.transport.calls == [("GET", f"/v1/checkout/sessions/{begun.purchase.session_id}")]
    assert premises.aws == ["BatchGetItem", "TransactWriteItems"]


@pytest.mark.parametrize("times", [2, 5])
def test_a_repeated_event_grants_nothing_more(premises: Premises, times: int) -> None:
    begun = premises.buy()
    premises.pay(begun)
    before = premises.items()

    assert [premises.deliver(premises.events(COMPLETED)[0]) for _ in range(times)] == [200] * times
    assert premises.items() == before


def orders(*more: str) -> Iterator[tuple[str, ...]]:
    """All orders of a bank's doings and of the events that tell of them, and *more* events."""
    for order in sorted(set(permutations(["the bank refuses", "the bank pays", COMPLETED, FAILED, SUCCEEDED, *more]))):
        refused, paid = order.index("the bank refuses"), order.index("the bank pays")
        if refused < paid and refused < order.index(FAILED) and paid < order.index(SUCCEEDED):
            yield order


def test_in_every_order_a_bank_debit_grants_once_and_only_when_it_is_paid(premises: Premises) -> None:
    seen = set()
    for order in orders():
        premises.reset()
        seen.add(follow(premises, order))

    assert seen == {(Status.AWAITING_PAYMENT, Status.FAILED), (Status.FAILED,), (Status.AWAITING_PAYMENT,), ()}


@pytest.mark.parametrize("twice", [COMPLETED, FAILED, SUCCEEDED])
def test_an_event_told_twice_changes_nothing_wherever_it_comes(premises: Premises, twice: str) -> None:
    told = list(orders(twice))
    for order in told[:: len(told) // 6]:  # a sample; the simulation goes through all of them
        premises.reset()
        follow(premises, order)


def follow(premises: Premises, schedule: tuple[str, ...]) -> tuple[Status, ...]:
    """Go through one order of things; the states of the purchase on the way to being paid."""
    premises.hold()
    begun = premises.buy()
    intent = premises.pay(begun, "bank_debit")["payment_intent"]
    bank = {"the bank refuses": "fail", "the bank pays": "settle"}
    is_paid, states = False, []
    for step in schedule:
        if step in bank:
            premises.control(f"payment_intents/{intent}/{bank[step]}")
            is_paid = bank[step] == "settle"
            continue
        assert premises.deliver(premises.events(step)[0]) == 200
        assert granted(premises) == ([1000] if is_paid else [])
        states.append(premises.purchase(begun).status)
    assert len(premises.history()) == 1
    assert premises.faults() == []
    return tuple(dict.fromkeys(state for state in states if state is not Status.PAID))


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_three_purchases_of_one_wallet_become_three_lots_in_any_order(
    premises: Premises, order: tuple[int, ...]
) -> None:
    premises.hold()
    bought = [premises.buy(f"k{number}") for number in range(3)]
    for begun in bought:
        premises.pay(begun)
    events = premises.events(COMPLETED)

    for number in (*order, *order):
        premises.deliver(events[number])

    lots = premises.wallet().lots
    assert [lot.purchase_id for lot in lots] == [bought[number].purchase.purchase_id for number in order]
    assert premises.wallet().available(premises.at) == 3000


def test_a_completed_session_is_not_paid_yet(premises: Premises) -> None:
    begun = premises.buy()
    premises.pay(begun, "bank_debit")

    assert premises.purchase(begun).status is Status.AWAITING_PAYMENT
    assert granted(premises) == []
    assert premises.wallet().seq == 0


def test_money_that_comes_days_later_still_counts(premises: Premises) -> None:
    begun = premises.buy()
    intent = premises.pay(begun, "bank_debit")["payment_intent"]
    premises.advance(days=4)

    premises.control(f"payment_intents/{intent}/settle")

    assert premises.purchase(begun).status is Status.PAID
    assert premises.purchase(begun).paid_at == premises.at
    assert granted(premises) == [1000]


def test_a_debit_that_the_bank_refuses_fails_the_purchase_until_it_is_paid_after_all(premises: Premises) -> None:
    begun = premises.buy()
    intent = premises.pay(begun, "bank_debit")["payment_intent"]

    premises.control(f"payment_intents/{intent}/fail")
    assert (premises.purchase(begun).status, granted(premises)) == (Status.FAILED, [])

    premises.control(f"payment_intents/{intent}/settle")
    assert (premises.purchase(begun).status, granted(premises)) == (Status.PAID, [1000])


def test_a_session_whose_time_is_over_ends_the_purchase(premises: Premises) -> None:
    begun = premises.buy()
    premises.advance(hours=2)
    premises.control("events")

    assert premises.deliver(premises.events(EXPIRED)[0]) == 200
    assert (premises.purchase(begun).status, granted(premises)) == (Status.EXPIRED, [])


def test_late_money_still_makes_an_expired_purchase_paid(premises: Premises) -> None:
    begun = premises.buy()
    premises.control(f"sessions/{begun.purchase.session_id}/expire")
    assert premises.purchase(begun).status is Status.EXPIRED

    premises.control(f"sessions/{twin(premises, begun)}/pay")

    assert (premises.purchase(begun).status, granted(premises)) == (Status.PAID, [1000])


def test_nothing_makes_a_paid_purchase_unpaid(premises: Premises) -> None:
    begun = premises.buy()
    spare = twin(premises, begun)
    premises.pay(begun)
    before = premises.items()

    premises.control(f"sessions/{spare}/expire")

    assert premises.answers[-1] == 200
    assert premises.items() == before


def test_a_declined_card_leaves_the_purchase_pending(premises: Premises) -> None:
    begun = premises.buy()
    premises.pay(begun, "declined")

    assert (premises.purchase(begun).status, granted(premises)) == (Status.PENDING, [])
    assert set(premises.answers) == {200}

    premises.pay(begun)
    assert (premises.purchase(begun).status, granted(premises)) == (Status.PAID, [1000])


def test_tax_on_top_changes_nothing_but_what_was_charged(premises: Premises) -> None:
    begun = premises.buy()
    premises.session(begun)["amount_total"] = 1190
    premises.pay(begun)

    assert (premises.purchase(begun).paid_minor, granted(premises)) == (1190, [1000])


def test_a_session_that_costs_nothing_is_paid(premises: Premises) -> None:
    begun = premises.buy()
    premises.session(begun)["amount_total"] = 0
    premises.pay(begun)
    premises.deliver(premises.events(COMPLETED)[0])

    assert (premises.purchase(begun).status, premises.purchase(begun).paid_minor) == (Status.PAID, 0)
    assert granted(premises) == [1000]


BENT: dict[str, Mapping[str, object]] = {
    "amount": {"amount_subtotal": 999},
    "currency": {"currency": "eur"},
    "customer": {"customer": "cus_other"},
    "mode": {"mode": "subscription"},
    "livemode": {"livemode": True},
}


@pytest.mark.parametrize("name", BENT)
def test_a_payment_that_does_not_fit_is_kept_aside_and_grants_nothing(
    premises: Premises, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    premises.hold()
    begun = premises.buy()
    premises.pay(begun)
    premises.session(begun).update(BENT[name])
    event_id = premises.events(COMPLETED)[0]

    assert [premises.deliver(event_id) for _ in range(2)] == [200, 200]

    (oddity,) = premises.oddities()
    assert (oddity["event_id"], oddity["purchase_id"]) == (event_id, begun.purchase.purchase_id)
    assert oddity["reason"].startswith(f"{name}: ")
    taken = name in ("amount", "currency", "customer")  # real money, for this purchase: a person decides
    assert premises.purchase(begun).status is (Status.REVIEW if taken else Status.PENDING)
    assert granted(premises) == []
    assert metrics(capsys.readouterr().out) == {"QuarantinedEvents": 2}


@pytest.mark.parametrize(
    "changes", [{"price": Money(1001, "usd")}, {"price": Money(1000, "eur")}, {"customer_id": "cus_x"}]
)
def test_the_row_alone_says_what_is_sold(premises: Premises, changes: dict[str, Any]) -> None:
    premises.hold()
    begun = premises.buy()
    premises.pay(begun)
    row = premises.purchase(begun)
    rewrite(premises, row, replace(row, version=row.version + 1, **changes))

    assert premises.deliver(premises.events(COMPLETED)[0]) == 200
    assert len(premises.oddities()) == 1
    assert (premises.purchase(begun).status, granted(premises)) == (Status.REVIEW, [])


def rewrite(premises: Premises, before: Purchase, after: Purchase) -> None:
    premises.store.commit(Change(purchase=Settlement(before=before, purchase=after)))


def test_the_credits_come_from_the_row_and_not_from_what_stripe_says_was_sold(premises: Premises) -> None:
    begun = premises.buy()
    row = premises.purchase(begun)
    rewrite(premises, row, replace(row, version=row.version + 1, credits=700, bonus_credits=77))

    premises.pay(begun)

    assert granted(premises) == [777]


def test_a_tag_that_names_another_wallet_grants_nothing_to_either(premises: Premises) -> None:
    premises.hold()
    begun = premises.buy()
    premises.pay(begun)
    premises.session(begun)["metadata"]["tally_wallet"] = "acct_thief"

    assert premises.deliver(premises.events(COMPLETED)[0]) == 503
    assert (granted(premises), granted(premises, "acct_thief")) == ([], [])
    assert premises.purchase(begun).status is Status.PENDING


def test_a_tag_that_names_a_dearer_purchase_is_kept_aside(premises: Premises) -> None:
    premises.hold()
    cheap, dear = premises.buy("k1"), premises.buy("k2", package_id="scale")
    premises.pay(cheap)
    premises.session(cheap)["metadata"]["tally_purchase"] = dear.purchase.purchase_id

    assert premises.deliver(premises.events(COMPLETED)[0]) == 200
    assert premises.oddities()[0]["reason"].startswith("amount")
    assert granted(premises) == []


def test_a_second_payment_of_a_paid_purchase_is_kept_aside(
    premises: Premises, capsys: pytest.CaptureFixture[str]
) -> None:
    begun = premises.buy()
    premises.pay(begun)
    first = premises.purchase(begun)
    capsys.readouterr()

    premises.control(f"sessions/{twin(premises, begun)}/pay")

    assert set(premises.answers) == {200}
    assert premises.purchase(begun) == first
    assert granted(premises) == [1000]
    assert "second" in premises.oddities()[0]["reason"]
    assert metrics(capsys.readouterr().out) == {"QuarantinedEvents": 1}

    premises.deliver(premises.events(COMPLETED)[0])
    assert len(premises.oddities()) == 1


@pytest.mark.parametrize("lacking", [("tally_purchase",), ("tally_wallet",), ("tally_purchase", "tally_wallet")])
def test_a_session_without_our_tags_is_none_of_our_business(premises: Premises, lacking: tuple[str, ...]) -> None:
    premises.hold()
    begun = premises.buy()
    premises.pay(begun)
    for tag in lacking:
        del premises.session(begun)["metadata"][tag]
    premises.forget_calls()

    assert premises.deliver(premises.events(COMPLETED)[0]) == 200
    assert premises.aws == []


def test_a_session_that_stripe_does_not_know_is_ignored(premises: Premises) -> None:
    premises.hold()
    begun = premises.buy()
    premises.pay(begun)
    events = premises.events(COMPLETED)
    del premises.standin._account.objects["checkout.session"][str(begun.purchase.session_id)]
    premises.forget_calls()

    assert premises.deliver(events[0]) == 200
    assert premises.aws == []


def without_row(premises: Premises) -> tuple[Purchase, str]:
    """Pay a purchase whose row is gone: the row, and the event that tells of the payment."""
    premises.hold()
    begun = premises.buy()
    premises.pay(begun)
    row = premises.purchase(begun)
    table, key = (
        premises.store.names.purchases,
        {"wallet_id": {"S": f"w#{WALLET}"}, "sk": {"S": f"p#{row.purchase_id}"}},
    )
    premises.store.connection.dispatch("DeleteItem", {"TableName": table, "Key": key})
    return row, premises.events(COMPLETED)[0]


def count_of(event_id: str, times: int, premises: Premises) -> Json:
    """The item that says how often an event failed."""
    at = str(int(premises.at.timestamp() * 1000))
    return {
        "wallet_id": {"S": "q#events"},
        "sk": {"S": f"f#{event_id}"},
        "n": {"N": str(times)},
        "t": {"N": at},
    }


def test_a_payment_whose_row_is_not_there_yet_comes_again(premises: Premises) -> None:
    """That it came is counted, and nothing else is written."""
    row, event_id = without_row(premises)
    before = {table: list(items) for table, items in premises.items().items()}

    assert [premises.deliver(event_id) for _ in range(2)] == [503, 503]
    after = {table: list(items) for table, items in premises.items().items()}
    after[premises.store.names.purchases].remove(count_of(event_id, 2, premises))
    assert after == before

    premises.store.commit(Change(new_purchase=row))
    assert premises.deliver(event_id) == 200
    assert granted(premises) == [1000]


def test_a_payment_whose_row_is_never_there_is_parked_the_twentieth_time(
    premises: Premises, capsys: pytest.CaptureFixture[str]
) -> None:
    row, event_id = without_row(premises)

    assert [premises.deliver(event_id) for _ in range(19)] == [503] * 19
    assert premises.store.listed_oddities(after=None, limit=10) == ([], None)
    capsys.readouterr()
    assert premises.deliver(event_id) == 200

    [parked], _ = premises.store.listed_oddities(after=None, limit=10)
    assert (parked.event_id, parked.type, parked.session_id) == (event_id, COMPLETED, row.session_id)
    assert parked.reason == "parked: after 20 times its purchase is unknown"
    assert metrics(capsys.readouterr().out) == {"ParkedEvents": 1}
    assert premises.deliver(event_id) == 200
    assert granted(premises) == []


def test_what_was_parked_is_replayed_when_its_row_is_there(premises: Premises) -> None:
    row, event_id = without_row(premises)
    for _ in range(20):
        premises.deliver(event_id)
    with pytest.raises(Busy):
        replay(wiring.shop(), event_id, stamp=wiring.stamp("acct_admin"))

    premises.store.commit(Change(new_purchase=row))

    assert replay(wiring.shop(), event_id, stamp=wiring.stamp("acct_admin")) is Outcome.SETTLED
    assert granted(premises) == [1000]
    assert premises.store.listed_oddities(after=None, limit=10) == ([], None)
    with pytest.raises(NotFound):
        replay(wiring.shop(), event_id, stamp=wiring.stamp("acct_admin"))


def answering(status: int, body: bytes) -> Callable[..., Reply]:
    return lambda *_request: Reply(status=status, headers={"content-type": "application/json"}, body=body)


def refusal(status: int, **error: str) -> tuple[int, bytes]:
    return status, json.dumps({"error": {"type": "api_error", "message": "no", **error}}).encode()


@pytest.mark.parametrize(
    ("status", "body"),
    [
        refusal(500),
        refusal(503),
        refusal(429, type="rate_limit_error"),
        refusal(401, type="authentication_error"),
        refusal(403, type="invalid_request_error"),
        refusal(400, type="invalid_request_error"),
        (200, b"<html>"),
        (502, b"<html>"),
    ],
)
def test_when_stripe_gives_no_answer_the_event_comes_again(premises: Premises, status: int, body: bytes) -> None:
    premises.hold()
    begun = premises.buy()
    premises.pay(begun)
    event_id, before = premises.events(COMPLETED)[0], premises.items()
    premises.forget_calls()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            premises.transport, "standin", type("Broken", (), {"handle": staticmethod(answering(status, body))})
        )
        assert premises.deliver(event_id) == 503
    assert premises.aws == []
    assert premises.items() == before

    assert premises.deliver(event_id) == 200
    assert granted(premises) == [1000]


def test_when_stripe_cannot_be_reached_it_is_asked_twice_and_the_event_comes_again(premises: Premises) -> None:
    premises.hold()
    begun = premises.buy()
    premises.pay(begun)
    event_id = premises.events(COMPLETED)[0]
    premises.forget_calls()

    def unplugged(_method: str, _path: str) -> None:
        raise lost()

    premises.transport.before = unplugged
    assert premises.deliver(event_id) == 503
    assert len(premises.transport.calls) == 2
    assert premises.aws == []

    premises.transport.before = None
    assert premises.deliver(event_id) == 200
    assert granted(premises) == [1000]


@pytest.mark.parametrize("lacking", ["mode", "livemode", "currency", "amount_subtotal", "amount_total", "expires_at"])
def test_a_session_of_ours_that_lacks_something_comes_again(premises: Premises, lacking: str) -> None:
    premises.hold()
    begun = premises.buy()
    premises.pay(begun)
    kept = premises.session(begun).pop(lacking)
    event_id, before = premises.events(COMPLETED)[0], premises.items()

    assert premises.deliver(event_id) == 503
    assert premises.items() == before

    premises.session(begun)[lacking] = kept
    assert premises.deliver(event_id) == 200


@pytest.mark.parametrize(
    ("operation", "meet"),
    [("BatchGetItem", throttled), ("BatchGetItem", unreachable), ("TransactWriteItems", unreachable)],
)
def test_when_the_tables_give_no_answer_the_event_comes_again(premises: Premises, operation: str, meet: Meet) -> None:
    premises.hold()
    begun = premises.buy()
    premises.pay(begun)
    event_id, before = premises.events(COMPLETED)[0], premises.items()

    with trouble(premises, operation, meet):
        assert premises.deliver(event_id) == 503
    assert premises.items() == before

    assert premises.deliver(event_id) == 200
    assert granted(premises) == [1000]


def test_when_the_answer_to_the_commit_is_lost_the_commit_is_found(premises: Premises) -> None:
    premises.hold()
    begun = premises.buy()
    premises.pay(begun)

    with trouble(premises, "TransactWriteItems", failing):
        assert premises.deliver(premises.events(COMPLETED)[0]) == 200

    assert (premises.purchase(begun).status, granted(premises)) == (Status.PAID, [1000])


@pytest.mark.parametrize(("method", "then"), list(product(["card", "bank_debit"], [(), ("expired",)])))
def test_what_is_logged_names_events_and_outcomes_and_nobody(
    premises: Premises, method: str, then: tuple[str, ...]
) -> None:
    begun = premises.buy()
    if then:
        premises.control(f"sessions/{begun.purchase.session_id}/expire")
    else:
        premises.pay(begun, method)

    outcomes = {line["outcome"] for line in premises.lines}
    said = json.dumps(premises.lines)
    assert outcomes <= {"settled", "ignored"}
    assert "settled" in outcomes
    for secret in ("a@example.org", KEY, WALLET, "http", str(begun.purchase.customer_id)):
        assert secret not in said


def test_the_purchase_of_one_wallet_is_no_news_for_another(premises: Premises) -> None:
    mine, theirs = premises.buy(), premises.buy(wallet_id="acct_b")
    premises.pay(theirs)

    assert (granted(premises), granted(premises, "acct_b")) == ([], [1000])
    assert premises.purchase(mine).status is Status.PENDING


def described(session: Json) -> tuple[object, ...]:
    return session["status"], session["payment_status"]


def test_the_event_is_only_a_hint(premises: Premises) -> None:
    """What it says of the session is not looked at: here it says paid, and Stripe says open."""
    premises.hold()
    begun = premises.buy()
    premises.pay(begun)
    event = premises.standin._account.objects["event"][premises.events(COMPLETED)[0]]
    premises.session(begun).update(status="open", payment_status="unpaid")

    assert described(event["data"]["object"]) == ("complete", "paid")
    assert premises.deliver(event["id"]) == 200
    assert (premises.purchase(begun).status, granted(premises)) == (Status.PENDING, [])

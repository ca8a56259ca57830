"""The scheduled functions as AWS calls them: what they answer, log and count, and that twice is once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from chalice.local import LambdaContext

from app import app
from chalicelib import observability, wiring
from chalicelib.domain.expiry import book_end
from chalicelib.domain.granting import Grant
from chalicelib.domain.grants import grant
from chalicelib.domain.lots import Source
from chalicelib.domain.messages import Recipient
from chalicelib.domain.topups import TopUpTerms
from chalicelib.domain.usage import Use, decide
from chalicelib.services import deadlines
from chalicelib.services.ports import Change
from chalicelib.services.topup_settings import set_topup
from local.jobs import Jobs
from local.notices import LocalNotices
from local.outbox import Outbox
from tests.builders import DAY
from tests.lines import LOGGERS_OWN
from tests.webhooks.heard import metrics
from tests.webhooks.premises import KEY, SECRET, Premises, opened

LONG, SHORT = 300_000, 15_000  # milliseconds; within the last fifteen seconds nothing is begun
NAMES = ["audit", "charge_topups", "expire_credits", "reconcile_stripe", "send_alerts", "sweep_purchases"]
Json = dict[str, Any]


@pytest.fixture(scope="module")
def building() -> Iterator[Premises]:
    """The premises, built once for a module."""
    with opened() as premises:
        yield premises
        wiring.install(notices=None)


@pytest.fixture
def premises(building: Premises) -> Premises:
    """The premises, as new."""
    building.reset()
    return building


@pytest.fixture
def outbox(premises: Premises) -> Outbox:
    """Where messages go; without it there is no way to anybody."""
    kept = Outbox()
    wiring.install(notices=LocalNotices(kept, wiring.catalog(), wiring.languages()))
    premises.forget_calls()
    return kept


class Nowhere(LocalNotices):
    """Knows no way to anybody; what is given up is kept."""

    def channels(self, to: Recipient) -> Sequence[str]:
        del to
        return ()


def run(premises: Premises, name: str, *, milliseconds: int = LONG) -> Json:
    """Call a function as its schedule does."""
    assert name in Jobs(app, now=premises.now).names()
    event = {
        "source": "aws.events",
        "detail-type": "Scheduled Event",
        "detail": {},
        "time": premises.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        "id": "1",
        "account": "0",
        "region": "us-east-1",
        "resources": [],
        "version": "0",
    }
    answer: Json = app.handler_map[name](event, LambdaContext(name, 512, milliseconds))
    assert json.loads(json.dumps(answer)) == answer
    return answer


def give(premises: Premises, wallet_id: str, days: int, credits: int = 70) -> None:
    wanted = Grant(credits=credits, source=Source.PROMO, expires_at=premises.now() + days * DAY)
    decision = grant(premises.wallet(wallet_id), wanted, wiring.catalog(), wiring.stamp("boss"))
    premises.store.commit(Change(decisions=[decision]))


def crossed(premises: Premises, wallet_id: str) -> None:
    """Save a card, set a top-up below 200 credits, and spend down to 150."""
    customer_id = wiring.payments().create_customer(wallet_id, email=None)
    premises.store.keep_customer(wallet_id, customer_id, email=None)
    premises.control(f"customers/{customer_id}/card", behaviour="ok")
    give(premises, wallet_id, days=300, credits=300)
    terms = TopUpTerms(below=200, target=1000, package_id="starter", monthly_cap_minor=None)
    set_topup(
        wiring.shop(),
        wallet_id,
        lambda before: replace(before, enabled=True, terms=terms),
        stamp=wiring.stamp(wallet_id),
    )
    use = Use(wallet_id=wallet_id, meter="predictions", quantity=75)
    decision = decide(premises.wallet(wallet_id), use, wiring.catalog(), wiring.stamp("svc"))
    premises.store.commit(Change(decisions=[decision]))


def spoil(premises: Premises, wallet_id: str, canonical: bytes | None) -> None:
    """Change an entry in the table, or take it away, as somebody with the table's key might."""
    names, connection = premises.store.names, premises.store.connection
    request = {"TableName": names.usage, "Key": {"wallet_id": {"S": f"w#{wallet_id}"}, "sk": {"S": "e#000000000001"}}}
    if canonical is None:
        connection.dispatch("DeleteItem", request)
    else:
        edited = {"UpdateExpression": "SET c = :c", "ExpressionAttributeValues": {":c": {"B": canonical}}}
        connection.dispatch("UpdateItem", {**request, **edited})


def test_every_job_of_the_contract_that_is_there_is_scheduled(premises: Premises) -> None:
    assert Jobs(app, now=premises.now).names() == NAMES


NOTHING: dict[str, Json] = {
    "audit": {"wallets": 0, "faults": 0},
    "charge_topups": {"topups": 0, "begun": 0, "settled": 0, "capped": 0, "stopped": 0, "rearmed": 0},
    "expire_credits": {"wallets": 0, "expired": 0, "renewed": 0, "lapsed": 0, "plans_ended": 0},
    "send_alerts": {"wallets": 0, "noticed": 0, "sent": 0, "later": 0, "parked": 0},
    "reconcile_stripe": {"payments": 0, "purchases": 0, "differences": 0, "healed": 0, "for_people": 0},
    "sweep_purchases": {
        "purchases": 0,
        "subscriptions": 0,
        "settled": 0,
        "given_up": 0,
        "refunded": 0,
        "recalled": 0,
    },
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("milliseconds", [LONG, SHORT])
def test_with_nothing_to_do_a_job_says_so(
    premises: Premises, outbox: Outbox, name: str, milliseconds: int, capsys: pytest.CaptureFixture[str]
) -> None:
    unsure = name == "reconcile_stripe" and milliseconds == SHORT  # it would have to ask Stripe first
    assert run(premises, name, milliseconds=milliseconds) == {**NOTHING[name], "failed": 0, "more": unsure}

    assert metrics(capsys.readouterr().out) == {f"{name}.done": 1}
    assert outbox.messages() == []


def test_what_has_ended_is_booked_once(premises: Premises, outbox: Outbox, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(3):
        give(premises, f"acct_{number}", days=13)
    premises.advance(days=13)

    answers = [run(premises, "expire_credits") for _ in range(2)]

    assert answers[0] == {**NOTHING["expire_credits"], "wallets": 3, "expired": 3, "failed": 0, "more": False}
    assert answers[1] == {**NOTHING["expire_credits"], "failed": 0, "more": False}
    assert [entry.kind for entry in premises.history("acct_1")] == ["grant", "expiry"]
    assert premises.faults("acct_1") == []
    assert metrics(capsys.readouterr().out) == {"expire_credits.done": 2}


def test_what_falls_due_is_told_once(premises: Premises, outbox: Outbox, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(3):
        give(premises, f"acct_{number}", days=40)
    premises.advance(days=33)

    answers = [run(premises, "send_alerts") for _ in range(3)]

    assert answers[0] == {
        **NOTHING["send_alerts"], "wallets": 3, "noticed": 3, "sent": 3, "failed": 0, "more": False,
    }  # fmt: skip
    assert answers[1:] == [{**NOTHING["send_alerts"], "failed": 0, "more": False}] * 2
    assert sorted(message["wallet_id"] for message in outbox.messages()) == ["acct_0", "acct_1", "acct_2"]
    assert {(message["kind"], message["lot_id"]) for message in outbox.messages()} == {("expiring", "lot_1")}
    assert metrics(capsys.readouterr().out) == {"send_alerts.done": 3}


def test_a_message_that_nobody_can_take_waits(premises: Premises, capsys: pytest.CaptureFixture[str]) -> None:
    wiring.install(notices=None)  # AWS, without an address to send from
    give(premises, "acct_a", days=40)
    premises.advance(days=33)

    first = run(premises, "send_alerts")
    premises.advance(minutes=1)
    second = run(premises, "send_alerts")

    assert (first["sent"], first["later"], second["later"]) == (0, 1, 0)
    assert metrics(capsys.readouterr().out) == {"send_alerts.done": 2}


def test_a_purchase_whose_event_was_lost_is_settled_once(
    premises: Premises, outbox: Outbox, capsys: pytest.CaptureFixture[str]
) -> None:
    premises.hold()
    paid, open_ = premises.buy("k1"), premises.buy("k2", wallet_id="acct_b")
    premises.pay(paid)
    premises.advance(hours=2)

    answers = [run(premises, "sweep_purchases") for _ in range(2)]

    assert answers[0] == {
        **NOTHING["sweep_purchases"], "purchases": 2, "settled": 2, "failed": 0, "more": False,
    }  # fmt: skip
    assert answers[1] == {**NOTHING["sweep_purchases"], "failed": 0, "more": False}
    assert premises.purchase(paid).status == "paid"
    assert premises.purchase(open_).status == "expired"
    assert premises.wallet().available(premises.now()) == 1000
    assert metrics(capsys.readouterr().out)["sweep_purchases.done"] == 2


@pytest.mark.usefixtures("outbox")
def test_what_crossed_its_line_is_charged_once(premises: Premises, capsys: pytest.CaptureFixture[str]) -> None:
    premises.hold()
    for wallet_id in ("acct_a", "acct_b"):
        crossed(premises, wallet_id)

    answers = [run(premises, "charge_topups") for _ in range(2)]

    assert answers[0] == {
        **NOTHING["charge_topups"], "topups": 2, "begun": 2, "settled": 2, "failed": 0, "more": False,
    }  # fmt: skip
    assert answers[1] == {**NOTHING["charge_topups"], "failed": 0, "more": False}
    intents = premises.standin._account.objects["payment_intent"].values()
    assert [(each["status"], each["amount"]) for each in intents] == [("succeeded", 1000)] * 2
    assert [premises.wallet(each).available(premises.now()) for each in ("acct_a", "acct_b")] == [1150, 1150]
    assert [premises.faults(each) for each in ("acct_a", "acct_b")] == [[], []]
    assert metrics(capsys.readouterr().out)["charge_topups.done"] == 2
    assert {premises.deliver(each) for each in premises.events("payment_intent.succeeded")} == {200}
    assert premises.wallet("acct_a").available(premises.now()) == 1150


@pytest.mark.usefixtures("outbox")
def test_the_event_of_a_charge_may_be_quicker_than_the_job(premises: Premises) -> None:
    crossed(premises, "acct_a")

    answer = run(premises, "charge_topups")

    assert (answer["begun"], answer["settled"], answer["failed"]) == (1, 0, 0)
    assert set(premises.answers) == {200}
    assert premises.wallet().available(premises.now()) == 1150
    assert [entry.kind for entry in premises.history()] == ["grant", "settings", "usage", "purchase"]
    assert premises.faults() == []


@pytest.mark.usefixtures("outbox")
def test_what_differs_from_stripe_is_healed_once(premises: Premises, capsys: pytest.CaptureFixture[str]) -> None:
    settled = premises.buy("k0", wallet_id="acct_c")
    premises.pay(settled)
    premises.hold()
    paid, back = premises.buy("k1"), premises.buy("k2", wallet_id="acct_b")
    premises.pay(paid)
    premises.pay(back)
    for event_id in premises.events("checkout.session.completed")[-1:]:
        premises.deliver(event_id)
    premises.control(f"payment_intents/{premises.purchase(back).payment_id}/refund", amount=250)
    premises.advance(hours=2)
    premises.forget_calls()

    answers = [run(premises, "reconcile_stripe") for _ in range(2)]

    same = {"payments": 4, "failed": 0, "more": False}
    assert answers[0] == {**NOTHING["reconcile_stripe"], **same, "purchases": 3, "differences": 2, "healed": 2}
    assert answers[1] == {**NOTHING["reconcile_stripe"], **same, "purchases": 3}
    assert premises.wallet().available(premises.now()) == 1000
    assert premises.wallet("acct_b").available(premises.now()) == 750
    found = [(line["outcome"], line["wallet_id"]) for line in premises.lines if line["message"] == "difference"]
    assert found == [("paid_not_credited", "acct_a"), ("revoked_too_little", "acct_b")]
    assert metrics(capsys.readouterr().out) == {"reconcile_stripe.done": 2, "reconcile_stripe.differences": 2}
    assert [premises.faults(each) for each in ("acct_a", "acct_b")] == [[], []]


@pytest.mark.usefixtures("outbox")
def test_what_is_for_people_is_counted_each_time_and_left_alone(
    premises: Premises, capsys: pytest.CaptureFixture[str]
) -> None:
    begun = premises.buy()
    premises.pay(begun)
    premises.session(begun)["payment_status"] = "unpaid"
    premises.advance(hours=2)
    before = premises.items()

    answers = [run(premises, "reconcile_stripe") for _ in range(2)]

    assert [(each["differences"], each["healed"], each["for_people"]) for each in answers] == [(1, 0, 1)] * 2
    assert premises.items() == before
    counted = metrics(capsys.readouterr().out)
    assert counted["reconcile_stripe.for_people"] == 2


@pytest.fixture
def all_at_once(premises: Premises, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The auditor looks at all wallets each time."""
    monkeypatch.setenv("TALLY_AUDIT_SHARES", "1")
    wiring.settings.cache_clear()
    yield
    wiring.settings.cache_clear()


@pytest.mark.usefixtures("outbox", "all_at_once")
def test_the_auditor_counts_faults_and_names_the_wallet(premises: Premises, capsys: pytest.CaptureFixture[str]) -> None:
    for wallet_id in ("acct_a", "acct_b"):
        give(premises, wallet_id, days=40)
    assert run(premises, "audit") == {"wallets": 2, "faults": 0, "failed": 0, "more": False}
    spoil(premises, "acct_b", premises.history("acct_b")[0].canonical + b" ")
    premises.forget_calls()

    answers = [run(premises, "audit") for _ in range(2)]

    assert answers == [{"wallets": 2, "faults": 1, "failed": 1, "more": False}] * 2
    assert metrics(capsys.readouterr().out) == {"audit.done": 3, "audit.failed": 2, "audit.faults": 2}
    errors = [line for line in premises.lines if line["level"] == "ERROR"]
    assert [(line["job"], line["wallet_id"], line["reason"]) for line in errors] == [("audit", "acct_b", "audit")] * 2


@pytest.mark.usefixtures("outbox", "all_at_once")
@pytest.mark.parametrize("canonical", [None, b"{}", b"nonsense"], ids=["missing", "empty", "unreadable"])
def test_books_that_cannot_be_read_are_a_failure_of_their_wallet_alone(
    premises: Premises, capsys: pytest.CaptureFixture[str], canonical: bytes | None
) -> None:
    for wallet_id in ("acct_a", "acct_b"):
        give(premises, wallet_id, days=40)
    spoil(premises, "acct_b", canonical)

    assert run(premises, "audit") == {"wallets": 2, "faults": 0, "failed": 1, "more": False}
    assert metrics(capsys.readouterr().out) == {"audit.done": 1, "audit.failed": 1}


@pytest.mark.usefixtures("all_at_once")
@pytest.mark.parametrize("name", NAMES)
def test_a_job_that_has_no_time_left_says_that_there_is_more_and_goes_on_the_next_time(
    premises: Premises, outbox: Outbox, name: str
) -> None:
    premises.hold()
    premises.pay(premises.buy())
    give(premises, "acct_b", days=13)
    give(premises, "acct_c", days=20)
    crossed(premises, "acct_d")
    premises.advance(days=19)
    before = premises.items()

    assert run(premises, name, milliseconds=SHORT) == {**NOTHING[name], "failed": 0, "more": True}
    assert premises.items() == before
    assert outbox.messages() == []

    answer = run(premises, name)
    assert (answer["more"], answer["failed"]) == (False, 0)
    assert answer != {**NOTHING[name], "failed": 0, "more": False}


def test_a_wallet_that_fails_stops_nobody_and_waits_behind_the_others(
    premises: Premises, outbox: Outbox, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(wallet: Any, *rest: Any) -> Any:
        if wallet.wallet_id == "acct_1":
            raise RuntimeError("broken")
        return book_end(wallet, *rest)

    for number in range(3):
        give(premises, f"acct_{number}", days=13)
    premises.advance(days=13)
    monkeypatch.setattr(deadlines, "book_end", broken)
    premises.forget_calls()

    first, second = run(premises, "expire_credits"), run(premises, "expire_credits")

    assert (first["wallets"], first["expired"], first["failed"]) == (3, 2, 1)
    assert (second["wallets"], second["failed"]) == (0, 0)
    assert metrics(capsys.readouterr().out) == {"expire_credits.done": 2, "expire_credits.failed": 1}
    (error,) = [line for line in premises.lines if line["level"] == "ERROR"]
    assert (error["job"], error["wallet_id"], error["message"]) == ("expire_credits", "acct_1", "job failed")

    monkeypatch.setattr(deadlines, "book_end", book_end)
    premises.advance(minutes=5)
    assert run(premises, "expire_credits")["expired"] == 1
    assert premises.faults("acct_1") == []


def test_a_message_that_nobody_can_be_told_is_parked_in_the_end(
    premises: Premises, capsys: pytest.CaptureFixture[str]
) -> None:
    give(premises, "acct_a", days=40)
    premises.advance(days=33)
    kept = Outbox()
    wiring.install(notices=Nowhere(kept, wiring.catalog(), wiring.languages()))

    for _ in range(40):
        run(premises, "send_alerts")
        premises.advance(hours=1)

    assert [(each["channel"], each["reason"]) for each in kept.messages()] == [("dead_letters", "no address is known")]
    counted = metrics(capsys.readouterr().out)
    assert (counted["send_alerts.parked"], counted["send_alerts.done"]) == (1, 40)


def test_lines_have_only_what_may_be_logged(
    premises: Premises, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    premises.hold()
    premises.pay(premises.buy())
    give(premises, "acct_b", days=13)
    give(premises, "acct_c", days=20)
    premises.advance(days=19)
    monkeypatch.setattr(deadlines, "give_notice", lambda *_: 1 / 0)
    premises.forget_calls()

    for name in NAMES:
        run(premises, name)

    jobs = [line for line in premises.lines if "job" in line]
    assert [line["job"] for line in jobs if line["message"] == "job done"] == NAMES
    assert [line["job"] for line in jobs if line["message"] == "job failed"] == ["send_alerts"]
    assert all(line.keys() <= observability.LOGGED | LOGGERS_OWN for line in premises.lines)
    logged = json.dumps(premises.lines)
    assert not any(value in logged for value in (KEY, SECRET, "a@example.org"))


@pytest.mark.parametrize("hours", [0, 24 * 400])
def test_all_jobs_in_any_order_again_and_again_leave_the_books_right(
    premises: Premises, outbox: Outbox, hours: int
) -> None:
    premises.pay(premises.buy())
    give(premises, "acct_a", days=13)
    give(premises, "acct_a", days=60)
    crossed(premises, "acct_d")
    for _ in range(20):
        premises.advance(hours=hours / 20)
        for name in (*NAMES, *NAMES[::-1]):
            assert run(premises, name)["failed"] == 0

    left = premises.items()
    for name in NAMES:
        run(premises, name)
    assert premises.items() == left
    assert premises.faults() == []
    ids = [message["id"] for message in outbox.messages()]
    assert len(ids) == len(set(ids))
    assert premises.wallet().available(premises.now()) == (0 if hours else 1140)

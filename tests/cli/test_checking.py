"""Checks end with 3 when something differs or doesn't hold, and the doctor with 1 when something fails."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.payments.events import SUBJECTS
from chalicelib.store.tables import definitions, wallet_key
from cli.doctor.checks import Odd, Wrong, skew
from cli.doctor.endpoints import judge
from infra.stripe_sync import sync
from tests.cli.seat import Seat, past
from tests.webhooks.premises import WALLET

URL = "https://hook.example/"


@pytest.fixture
def lost(direct: Seat) -> Seat:
    """A purchase that was paid two hours ago, and nobody told us."""
    premises = direct.desk.premises
    premises.hold()
    premises.pay(premises.buy())
    premises.advance(hours=2)
    return direct


def test_reconcile_plans_then_heals_then_finds_nothing(lost: Seat) -> None:
    before = lost.desk.premises.items()
    plan = lost.told("reconcile", code=3)
    assert (plan["differences"], plan["healed"], plan["found"][0]["finding"]) == (1, 0, "paid_not_credited")
    assert "would be healed" in lost.run("reconcile").out
    assert lost.desk.premises.items() == before

    assert lost.told("reconcile", "--apply", code=2)["error"]["code"] == "usage"
    assert lost.run("reconcile", "--apply", answers="y\n").code == 0
    assert lost.told("reconcile")["differences"] == 0
    private = lost.desk.premises.history()[0].private
    assert private
    assert private.fields["actor"] == "ada"


def test_an_audit_finds_a_wallet_that_its_history_does_not_make(direct: Seat) -> None:
    past(direct.desk)
    assert direct.told("audit", WALLET) == {"wallets": 1, "entries": 5, "faults": []}
    assert direct.told("audit") == {"wallets": 1, "entries": 5, "faults": []}
    request = {
        "TableName": "wallets",
        "Key": {"wallet_id": {"S": wallet_key(WALLET)}},
        "UpdateExpression": "SET b = :debt",
        "ExpressionAttributeValues": {":debt": {"N": "7"}},
    }
    direct.desk.premises.store.connection.dispatch("UpdateItem", request)

    for typed in (("audit", WALLET), ("audit", "--share", "0", "--shares", "1")):
        assert direct.told(*typed, code=3)["faults"][0]["wallet_id"] == WALLET
    assert WALLET in direct.run("audit").out
    assert direct.run("audit", "--share", "1", "--shares", "1").code == 2


def test_a_share_audits_only_its_wallets(direct: Seat) -> None:
    for nth in range(4):
        direct.desk.give(5, wallet_id=f"acct_{nth}")

    shares = [direct.told("audit", "--share", str(share), "--shares", "4")["wallets"] for share in range(4)]

    assert sum(shares) == 4


@pytest.fixture
def healthy(direct: Seat) -> Iterator[Seat]:
    """All that a deployment needs: prices at Stripe, a clock that is right."""
    sync(wiring.payments()._client(), wiring.catalog())  # type: ignore[attr-defined]
    direct.desk.premises.at = datetime.now(UTC)
    yield direct
    wiring.install()


def marks(told: dict[str, Any]) -> dict[str, str]:
    return {each["check"]: each["mark"] for each in told["checks"]}


def test_the_doctor_finds_everything_in_its_place(healthy: Seat) -> None:
    told = healthy.told("doctor")

    assert told["failed"] == 0
    assert marks(told) == {
        "settings": "ok",
        "catalogue": "ok",
        "table wallets": "ok",
        "table purchases": "ok",
        "table usage": "ok",
        "clock": "ok",
        "Stripe's key": "ok",
        "webhook secret": "ok",
        "Stripe's prices": "ok",
        "Stripe's webhook": "warn",
        "function URL": "warn",
    }


def test_the_doctor_says_what_fails_one_line_each_and_ends_with_1(healthy: Seat) -> None:
    premises = healthy.desk.premises
    premises.store.connection.delete_table("usage")
    premises.secrets["/tally/webhook-secret"] = ""
    premises.advance(minutes=2)
    sync_off = wiring.payments()._client().v1.products  # type: ignore[attr-defined]
    sync_off.update("tally_package_starter", {"name": "Another"})

    told, ended = healthy.told("doctor", code=1), healthy.run("doctor")

    failed = {name for name, mark in marks(told).items() if mark == "fail"}
    assert failed == {"table usage", "webhook secret", "clock", "Stripe's prices"}
    assert told["failed"] == 4
    assert (ended.code, ended.is_narrow) == (1, True)
    premises.store.connection.create_table(**definitions(premises.store.names)[2])


def test_the_doctor_needs_settings_first(direct: Seat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TALLY_STAGE")
    wiring.install()
    try:
        told = direct.told("doctor", code=1)
    finally:
        monkeypatch.undo()
        wiring.install()

    assert told["checks"] == [
        {"check": "settings", "mark": "fail", "said": "WrongSettings: TALLY_STAGE is not set"},
    ]


def test_the_doctor_looks_at_a_deployment_from_outside(remote: Seat) -> None:
    remote.desk.premises.at = datetime.now(UTC)

    assert marks(remote.told("doctor")) | {"clock": "ok"} == {"api": "ok", "clock": "ok", "token": "ok", "offer": "ok"}
    customer = remote.told("doctor", code=1, TALLY_TOKEN=remote.desk.token())
    assert marks(customer)["token"] == "fail"
    assert marks(remote.told("doctor", code=1, TALLY_API="http://127.0.0.1:1")) == {"api": "fail"}


def test_a_function_url_is_knocked_at(direct: Seat) -> None:
    wrong = direct.told("doctor", code=1, TALLY_WEBHOOK_URL=direct.url)
    assert marks(wrong)["function URL"] == "fail"
    assert marks(direct.told("doctor", code=1, TALLY_WEBHOOK_URL="http://hook.example"))["function URL"] == "fail"


def endpoint(**more: Any) -> dict[str, Any]:
    return {"url": URL, "status": "enabled", "enabled_events": sorted(SUBJECTS), **more}


@pytest.mark.parametrize("listed", [[endpoint()], [endpoint(enabled_events=["*"])], [endpoint(url=URL[:-1])]])
def test_an_endpoint_that_gets_all_events_is_well(listed: list[dict[str, Any]]) -> None:
    assert judge(listed, URL) == judge(listed, None) == "events are sent to us"


@pytest.mark.parametrize(
    ("listed", "url", "says"),
    [
        ([], None, "events are sent nowhere"),
        ([endpoint(url="https://other.example")], URL, f"none of 1 endpoints is {URL}"),
        ([endpoint(status="disabled")], URL, "the endpoint is switched off"),
        ([endpoint(enabled_events=["charge.refunded"])], URL, "not sent: "),
    ],
)
def test_an_endpoint_that_does_not_get_them_is_named(listed: list[dict[str, Any]], url: str, says: str) -> None:
    with pytest.raises(Wrong, match=says):
        judge(listed, url)


@pytest.mark.parametrize(("listed", "url"), [(None, URL), ([endpoint(), endpoint()], None)])
def test_what_cannot_be_told_is_a_warning(listed: list[dict[str, Any]] | None, url: str | None) -> None:
    with pytest.raises(Odd):
        judge(listed, url)


def test_a_clock_is_held_against_a_header() -> None:
    noon = datetime(2026, 11, 22, 12, tzinfo=UTC)

    assert skew("Sun, 22 Nov 2026 12:00:03 GMT", noon) == "-3 s"
    for header, fault in (
        ("Sun, 22 Nov 2026 12:00:30 GMT", Odd),
        (None, Odd),
        ("Sun, 22 Nov 2026 11:58:00 GMT", Wrong),
    ):
        with pytest.raises(fault):
            skew(header, noon)

"""The reader of lines finds each kind of leak, and takes nothing else for one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.lines import PLANTED, faults, is_card, leaks

CARD = "4242424242424242"
SAID = {
    "level": "INFO",
    "location": "_said:74",
    "message": "answered",
    "timestamp": "2026-11-26T12:00:00.123+00:00",
    "service": "tally",
}
METRIC = {
    "_aws": {
        "Timestamp": 1795694400123,
        "CloudWatchMetrics": [
            {
                "Namespace": "Tally",
                "Dimensions": [["service", "stage"]],
                "Metrics": [{"Name": "audit.done", "Unit": "Count"}],
            }
        ],
    },
    "service": "tally",
    "stage": "dev",
    "audit.done": [1.0],
}


def line(**fields: object) -> str:
    return json.dumps({**SAID, **fields})


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("ann@example.org", "an e-mail address"),
        ("<ann.b+c@mail.example.co.uk>", "an e-mail address"),
        ("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhY2N0XzEifQ.c2lnbmF0dXJl", "a token"),
        ("eyJhbGciOiJub25lIn0.eyJzdWIiOiJhY2N0XzEifQ.", "a token"),
        ("Authorization: bearer 0123456789abcdef", "a bearer's token"),
        ("sk_test_counter", "a key of Stripe's"),
        ("key=rk_live_51H", "a key of Stripe's"),
        ("whsec_first", "a secret of Stripe's"),
        ("pi_3Nabc_secret_Zq81kd02", "a payment's secret"),
        (f"t=1795694400,v1={'0a' * 32}", "a signature"),
        ("-----BEGIN PRIVATE KEY-----", "a private key"),
        ("-----BEGIN RSA PRIVATE KEY-----", "a private key"),
        ("AKIAIOSFODNN7EXAMPLE", "an access key of AWS's"),
        ("ASIAIOSFODNN7EXAMPLE", "an access key of AWS's"),
        ("aws_secret_access_key=x", "a secret of AWS's"),
        ("?X-Amz-Signature=0123", "a signed request"),
        ("https://checkout.stripe.com/c/pay/cs_test_a1#fid", "an address"),
        ("http://127.0.0.1:8000/hook?token=1", "an address"),
        (CARD, "a card's number"),
        ("4242 4242 4242 4242", "a card's number"),
        ("card 4242-4242-4242-4242.", "a card's number"),
        ("pm_4242424242424242", "a card's number"),
        ("marker", "a person's text"),
        ("he said: Alice called", "a person's text"),
    ],
)
def test_a_planted_leak_is_found_in_a_value_a_message_and_a_list(text: str, kind: str) -> None:
    assert kind in faults(line(reason=text))
    assert kind in faults(line(frames=["a", text]))
    assert kind in faults(line(counts={text: 1}))
    if kind != "a person's text" or " " in text:
        assert list(leaks(f"[ERROR] KeyError: {text}\nTraceback (most recent call last):")) == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "acct_ann",
        "auth0|5f7c8ec7c33c6c004bbafe82",
        "evt_1NG8Du2eZvKYlo2CUI79vXWy",
        "cs_test_a1B2c3D4e5F6g7H8i9J0",
        "550e8400-e29b-41d4-a716-446655440000",
        "11111111-1111-4111-8111-111111111111",
        "checkout.session.completed",
        "/api/credits/holds/{hold_id}/capture",
        "stripe._api_requestor:839",
        "chalicelib/payments/client.py:39",
        "2026-11-26T12:00:00.123+00:00",
        "2026-11-26 2026-11-27",
        "1795694400123",
        "1795694400123456",
        "1795694400123456789",
        "task_test_1",
        "basket_secret",
        "1:2",
        "oddity",
    ],
)
def test_ids_times_and_places_are_no_leaks(text: str) -> None:
    assert list(leaks(line(reason=text))) == []


def test_what_the_program_writes_is_fine() -> None:
    assert faults(line(route="/api/credits/balance", method="GET", status=200)) == []
    assert faults(line(level="ERROR", message="broken", frames=["chalicelib/wiring.py:1"], causes=["KeyError"])) == []
    assert faults(line(message="job done", job="audit", counts={"wallets": 3, "more": False})) == []
    assert faults(json.dumps(METRIC)) == []


@pytest.mark.parametrize(
    ("written", "wrong"),
    [
        ("hello", "not JSON"),
        ("[1]", "not an object"),
        (line(email="x"), "the name email"),
        (line(exception="x"), "the name exception"),
        (line(message="answered Ann"), "a message that is not ours"),
        (line(message={"a": 1}), "a message that is not ours"),
        (line(service="other"), "not our logger"),
        (line(level="DEBUG"), "not our logger"),
        (line(reason="free text"), "the value of reason"),
        (line(reason="é"), "the value of reason"),
        (line(reason="x" * 161), "the value of reason"),
        (line(counts={"a": 1.5}), "the value of counts"),
        (line(counts={"free text": 1}), "the value of counts"),
        (line(causes=[["free text"]]), "the value of causes"),
        (json.dumps({**METRIC, "wallet_id": "acct_ann"}), "the name wallet_id"),
        (json.dumps({**METRIC, "audit.done": ["ann"]}), "the value of audit.done"),
        (json.dumps({**METRIC, "stage": "Ann B"}), "not our dimensions"),
        (json.dumps(METRIC).replace("audit.done", "of Ann"), "the metric of Ann"),
    ],
)
def test_parts_that_are_not_on_the_list_are_named(written: str, wrong: str) -> None:
    assert faults(written) == [wrong]


@pytest.mark.parametrize(
    "number",
    [
        CARD,
        "4000 0566 5566 5556",
        "5555555555554444",
        "2223003122003222",
        "5200-8282-8282-8210",
        "3782 822463 10005",
        "371449635398431",
        "6011111111111117",
        "3056 930902 5904",
        "36227206271667",
        "6555900000604105",
        "3566002020360505",
        "6200000000000005",
        "4222222222222",
    ],
)
def test_cards_of_every_network_are_known(number: str) -> None:
    assert is_card(number)
    assert list(leaks(f"a {number}, b")) == ["a card's number"]
    assert not is_card(number[:-1] + str((int(number[-1]) + 1) % 10))


@pytest.mark.parametrize("around", ["1{}", "{}1", "a{}", "{}a", "1-{}", "{} 1", "0.{}"])
def test_digits_within_something_longer_are_no_card(around: str) -> None:
    assert list(leaks(around.format(CARD))) == []


def test_no_time_of_this_century_in_thousandths_is_a_card() -> None:
    assert not any(is_card(str(1_700_000_000_000 + nth)) for nth in range(0, 300_000_000_000, 999_999_937))


@pytest.mark.parametrize("text", PLANTED)
def test_what_is_looked_for_is_planted(text: str) -> None:
    suites = (path for path in Path("tests").glob("*/test_*.py") if path.name != Path(__file__).name)

    assert any(f'"{text}"' in path.read_text(encoding="utf-8") for path in suites)

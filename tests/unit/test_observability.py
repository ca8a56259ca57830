"""What gets into a line, and what has no way in."""

from __future__ import annotations

import json
import logging
import os
import warnings
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError
from chalice.test import Client

from app import app
from chalicelib import observability, wiring
from chalicelib.observability import Broken, Elsewhere, Spoken, failed, guarded, say
from chalicelib.settings import read_settings
from tests.lines import faults
from tests.webhooks.heard import Lines, listening

PRIVATE = "ann@example.org pays with 4242424242424242 and sk_live_1"


@pytest.fixture
def lines() -> Iterator[Lines]:
    with listening() as lines:
        yield lines


def test_a_name_that_is_not_on_the_list_stops() -> None:
    with pytest.raises(ValueError, match="email"):
        say("answered", email="ann@example.org")
    with pytest.raises(ValueError, match="email"):
        failed("broken", KeyError(), email="ann@example.org")


@pytest.mark.parametrize(
    "value",
    [PRIVATE, "two words", "é", "ann@example.org", "https://example.org", "a\nb", "x" * 161, b"bytes", 1.5, object()],
)
def test_a_value_that_is_no_word_is_withheld(lines: Lines, value: object) -> None:
    say("answered", reason=value, counts={"n": value, "more": True}, causes=[value])

    [line] = lines.said
    assert (line["reason"], line["counts"], line["causes"]) == (
        "withheld",
        {"n": "withheld", "more": True},
        ["withheld"],
    )
    assert faults(json.dumps(line)) == []


@pytest.mark.parametrize(
    "value",
    [
        *(
            "sk_live_51Habc",
            "sk_test_counter",
            "key:rk_live_51H",
            "whsec_first",
            "x/whsec_1",
            "pi_3Nabc_secret_Zq81kd02",
        ),
        *("4242424242424242", "pm_4242424242424242", "n=4242424242424242".replace("=", ":"), "4242424242424242/12/30"),
        *("4242-4242-4242-4242", "4242.4242.4242.4242", "3782-822463-10005", "378282246310005", "2223003122003222"),
        *("4222222222222", "6304000000000000000", "+4915112345678", "tel:+4915112345678"),
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhY2N0XzEifQ.",
        "eyJhbGciOiJSUzI1NiJ9.e30.c2ln",
        "Bearer:eyJhbGciOiJSUzI1NiJ9.e30.c2ln",
        "eyJhbGciOiJSU0EtT0FFUCJ9.a2V5.aXY.dGV4dA.dGFn",
    ],
)
def test_a_word_with_a_secret_a_token_or_a_cards_number_in_it_is_withheld(lines: Lines, value: str) -> None:
    say("answered", reason=value, counts={value: 1}, causes=["KeyError", value])

    [line] = lines.said
    assert (line["reason"], line["counts"], line["causes"]) == ("withheld", {"withheld": 1}, ["KeyError", "withheld"])


@pytest.mark.parametrize(
    "value",
    [
        *("", "acct_1", "auth0|5f", "/api/holds/{hold_id}", "urllib3.connectionpool:333", "1:2", "topup#12"),
        *("1795694400123", "1795694400123456", "1795694400123456789", "20261126212607", "2026-11-26", "2026-11"),
        *("auth0|5f7c8ec7c33c6c004bbafe82", "550e8400-e29b-41d4-a716-446655440000", "4242424242424241", "424242424242"),
        *("11111111-1111-4111-8111-111111111111", "pur_01kb4t5z9w7q3m8x2v6n0d1c4f", "evt_1NG8Du2eZvKYlo2CUI79vXWy"),
        *("cs_test_a1B2c3D4e5F6g7H8i9J0", "task_1", "mark_1", "basket_secret", "STRIPE_WEBHOOK_SECRET_NAME"),
        *("checkout.session.completed", "customer.subscription.updated", "aws_lambda_powertools.metrics.base:12"),
        *("AWS.SimpleQueueService.NonExistentQueue", "InvalidInstanceID.NotFound", "chalicelib/payments/client.py:39"),
    ],
)
def test_words_numbers_and_nothing_are_written_as_they_are(lines: Lines, value: str) -> None:
    say("answered", reason=value, status=200, code=None)

    [line] = lines.said
    assert (line["reason"], line["status"], "code" in line) == (value, 200, False)


def test_a_line_names_the_place_that_wrote_it(lines: Lines) -> None:
    say("answered")
    failed("broken", KeyError())

    assert [line["location"].partition(":")[0] for line in lines.said] == [
        "test_a_line_names_the_place_that_wrote_it"
    ] * 2


def broken_by(environment: dict[str, str]) -> Exception:
    try:
        read_settings(environment)
    except Exception as wrong:  # noqa: BLE001 - whatever it is
        try:
            raise ValueError(PRIVATE) from wrong
        except ValueError as error:
            return error
    raise AssertionError


def test_what_broke_is_told_by_types_code_and_our_own_frames(lines: Lines) -> None:
    failed("broken", broken_by({}), route="/api/health")

    [line] = lines.said
    assert (line["level"], line["error"], line["causes"]) == ("ERROR", "ValueError", ["WrongSettings"])
    assert line["code"] == "TALLY_STAGE"
    assert line["frames"]
    assert all(frame.startswith("chalicelib/settings.py:") for frame in line["frames"])
    assert PRIVATE not in json.dumps(line)
    assert faults(json.dumps(line)) == []


def test_the_code_under_which_aws_files_an_error_is_told(lines: Lines) -> None:
    failed("broken", ClientError({"Error": {"Code": "AccessDeniedException", "Message": PRIVATE}}, "GetItem"))

    [line] = lines.said
    assert (line["error"], line["code"], line["frames"]) == ("ClientError", "AccessDeniedException", [])


def test_an_error_that_is_its_own_cause_ends(lines: Lines) -> None:
    error = ValueError(PRIVATE)
    error.__cause__ = error

    failed("broken", error)

    assert len(lines.said) == 1


def test_what_leaves_a_function_has_words_of_ours(lines: Lines) -> None:
    with pytest.raises(Broken, match=r"^ValueError$"), guarded():
        raise ValueError(PRIVATE)
    with pytest.raises(Broken, match=r"^ClientError withheld$"), guarded():
        raise ClientError({"Error": {"Code": PRIVATE}}, "GetItem")
    with pytest.raises(Spoken, match=r"^Unauthorized$"), guarded():
        raise Spoken("Unauthorized")

    assert [line["message"] for line in lines.said] == ["broken", "broken"]
    assert PRIVATE not in json.dumps(lines.said)


def test_what_libraries_log_is_told_without_their_words(lines: Lines) -> None:
    library = logging.getLogger("urllib3.connectionpool")
    library.handlers[:], library.propagate = [Elsewhere()], False
    try:
        library.warning("Retrying after %s", PRIVATE)
        try:
            raise ValueError(PRIVATE)
        except ValueError:
            library.exception(PRIVATE)
    finally:
        library.handlers[:], library.propagate = [], True

    assert [(line["message"], line.get("error")) for line in lines.said] == [
        ("a library spoke", None),
        ("a library spoke", "ValueError"),
    ]
    assert all(line["library"].startswith("urllib3.connectionpool:") for line in lines.said)
    assert PRIVATE not in json.dumps(lines.said)


@pytest.fixture
def untaken() -> Iterator[None]:
    """The root's handlers and warnings as they are in a function that has just been loaded."""
    root, usual = logging.getLogger(), logging.getLogger().handlers[:]
    observability.take_over.cache_clear()
    logging.captureWarnings(capture=False)
    with warnings.catch_warnings():
        yield
    logging.captureWarnings(capture=False)
    root.handlers[:] = usual


def test_from_its_first_event_on_a_function_has_no_other_way_out(
    lines: Lines, untaken: None, capfd: pytest.CaptureFixture[str]
) -> None:
    with guarded():
        warnings.simplefilter("always")
        warnings.warn(PRIVATE, stacklevel=1)
        app.log.error("Caught exception for path %s", PRIVATE)
        say("answered")

    assert [type(each) for each in logging.getLogger().handlers] == [Elsewhere]
    said = [line.get("library", line["message"]).partition(":")[0] for line in lines.said]
    assert said == ["py.warnings", "tally", "answered"]
    assert {line["service"] for line in lines.said} == {"tally"}
    assert capfd.readouterr() == ("", "")


EVENT = {
    "requestContext": {"http": {"method": "POST"}},
    "body": "{}",
    "headers": {"stripe-signature": "t=1"},
    "type": "TOKEN",
    "methodArn": "arn:aws:execute-api:us-east-1:1:api/v1/GET/",
    "authorizationToken": "Bearer x",
    **dict.fromkeys(("version", "account", "region", "detail", "detail-type", "source", "time", "id", "resources"), ""),
}


@pytest.fixture
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    """A function whose settings are missing."""
    for variable in [each for each in os.environ if each.startswith("TALLY_")]:
        monkeypatch.delenv(variable)
    wiring.install()


@pytest.mark.parametrize("name", sorted(each for each in app.handler_map if "." not in each))
def test_every_function_is_guarded(name: str, lines: Lines, unset: None) -> None:
    with pytest.raises(Broken, match=r"^WrongSettings TALLY_STAGE$"):
        app.handler_map[name](EVENT, None)

    [line] = lines.said
    assert (line["message"], line["error"], line["code"]) == ("broken", "WrongSettings", "TALLY_STAGE")
    assert line["frames"]


def test_an_answer_that_breaks_on_its_way_out_is_told_too(lines: Lines, untaken: None, unset: None) -> None:
    with Client(app) as client:
        assert client.http.get("/api/health").status_code == 500

    said = [(line["message"], line["error"]) for line in lines.said if line["level"] == "ERROR"]
    assert said == [("broken", "WrongSettings"), ("a library spoke", "Broken")]

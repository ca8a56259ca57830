"""What drives the local stack: tokens, the clock, jobs, messages; all read strictly."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import jwt
import pytest
from chalice.app import Chalice, CloudWatchEvent, Rate

from local.clock import Clock
from local.controls import Controls
from local.jobs import Jobs, Timer
from local.outbox import Outbox
from local.tokens import FOREVER, Issuer

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MESSAGE = {"id": "msg_1", "wallet_id": "acct_1", "subject": "Low"}


@pytest.fixture
def app() -> Chalice:
    """An app with a job that counts, one that breaks, and a function that is no job."""
    app = Chalice(app_name="scheduled", configure_logs=False)

    @app.schedule(Rate(5, unit=Rate.MINUTES), name="expire_credits")
    def expire(event: CloudWatchEvent) -> dict[str, Any]:
        return {"expired": 2, "at": event.time, "kind": event.detail_type}

    @app.schedule(Rate(5, unit=Rate.MINUTES), name="breaks")
    def breaks(_event: CloudWatchEvent) -> None:
        raise RuntimeError("broken")

    @app.lambda_function(name="stripe_webhook")
    def function(_event: Any, _context: Any) -> None:
        raise AssertionError("no job")

    return app


@pytest.fixture
def controls(app: Chalice, issuer: Issuer) -> Controls:
    clock = Clock(lambda: NOON)
    return Controls(clock=clock, issuer=issuer, jobs=Jobs(app, now=clock.now), outbox=Outbox())


def refused(controls: Controls, method: str, path: str, body: bytes = b"") -> tuple[int, str, str]:
    reply = controls.handle(method, path, body)
    assert reply.headers["content-type"] == "application/problem+json"
    return reply.status, reply.json()["code"], reply.json().get("field", "")


def claims(controls: Controls, query: str) -> dict[str, Any]:
    reply = controls.handle("GET", f"/local/token?{query}")
    assert (reply.status, reply.json().keys()) == (200, {"token"})
    said: dict[str, Any] = jwt.decode(reply.json()["token"], options={"verify_signature": False})
    return said


def test_a_token_says_what_the_query_says(controls: Controls) -> None:
    said = claims(
        controls,
        "wallet_id=acct%7C1&scope=tally:customer+tally:admin&teams=team_a:owner,team_b:member&iss=i&aud=a"
        "&exp=1800000000&nbf=2026-11-22T13:00:00%2B01:00&email=a%2Bb@example.org",
    )

    assert said == {
        "sub": "acct|1",
        "scope": "tally:customer tally:admin",
        "tally_teams": [{"wallet_id": "team_a", "role": "owner"}, {"wallet_id": "team_b", "role": "member"}],
        "iss": "i",
        "aud": "a",
        "exp": 1_800_000_000,
        "nbf": int(NOON.timestamp()),
        "email": "a+b@example.org",
    }


def test_a_token_without_wishes_is_a_customers_for_good(controls: Controls) -> None:
    said = claims(controls, "wallet_id=acct_1")

    assert (said["scope"], said["tally_teams"], said["exp"]) == ("tally:customer", [], FOREVER)
    assert said.keys().isdisjoint({"nbf", "email"})
    assert claims(controls, "wallet_id=acct_1&scope=&teams=")["scope"] == ""


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("", "wallet_id"),
        ("wallet_id=", "wallet_id"),
        ("wallet_id=a&walet=b", "walet"),
        ("wallet_id=a&wallet_id=b", "query"),
        ("wallet_id=a&teams=team_a", "teams"),
        ("wallet_id=a&exp=tomorrow", "exp"),
        ("wallet_id=a&nbf=1.5", "nbf"),
    ],
)
def test_a_query_that_cannot_be_read_is_400(controls: Controls, query: str, field: str) -> None:
    assert refused(controls, "GET", f"/local/token?{query}") == (400, "invalid_request", field)


def test_the_clock_is_moved_by_a_span_or_to_a_time(controls: Controls) -> None:
    by_span = controls.handle("POST", "/local/clock", b'{"advance_seconds": 90.5}')
    to_time = controls.handle("POST", "/local/clock", b'{"now": "2026-11-23T13:00:00+01:00"}')

    assert by_span.json() == {"now": "2026-11-22T12:01:30.500Z"}
    assert to_time.json() == {"now": "2026-11-23T12:00:00.000Z"}
    assert controls.handle("GET", "/local/clock").json() == {"now": "2026-11-23T12:00:00.000Z"}
    assert controls.clock.now() == NOON + timedelta(days=1)


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"advance_seconds": 1, "now": "2026-11-23T12:00:00Z"},
        {"advance_secs": 1},
        {"advance_seconds": -1},
        {"advance_seconds": "1"},
        {"advance_seconds": True},
        {"advance_seconds": None},
        {"advance_seconds": 10**400},
        {"now": "2026-11-22T11:59:59Z"},
        {"now": "2026-11-23T12:00:00"},
        {"now": 1_800_000_000},
        {"now": "soon"},
    ],
)
def test_any_other_move_is_400_and_moves_nothing(controls: Controls, body: object) -> None:
    assert refused(controls, "POST", "/local/clock", json.dumps(body).encode())[:2] == (400, "invalid_request")
    assert controls.clock.now() == NOON


@pytest.mark.parametrize("body", [b"", b"{", b'{"advance_seconds": NaN}', b'{"now": "a", "now": "b"}', b"\xff"])
def test_what_is_not_json_is_400(controls: Controls, body: bytes) -> None:
    assert refused(controls, "POST", "/local/clock", body)[:2] == (400, "invalid_request")


def test_a_job_runs_when_it_is_called_and_answers_its_counts(controls: Controls) -> None:
    for body in (b"", b"{}"):
        reply = controls.handle("POST", "/local/jobs/expire_credits", body)
        assert reply.json() == {"expired": 2, "at": "2026-11-22T12:00:00Z", "kind": "Scheduled Event"}


def test_an_unknown_job_is_404(controls: Controls) -> None:
    for path in ("/local/jobs/nothing", "/local/jobs/stripe_webhook", "/local/jobs/", "/local/jobs/a/b"):
        assert refused(controls, "POST", path)[:2] == (404, "not_found")
    assert refused(controls, "GET", "/local/jobs/expire_credits")[:2] == (404, "not_found")
    assert refused(controls, "POST", "/local/jobs/expire_credits", b'{"a": 1}')[:2] == (400, "invalid_request")


def test_a_job_that_breaks_is_500(controls: Controls) -> None:
    assert refused(controls, "POST", "/local/jobs/breaks")[:2] == (500, "internal")


def test_a_timer_runs_all_jobs_again_and_again_though_one_breaks(app: Chalice) -> None:
    ran: list[str] = []
    enough = Event()

    class Noted(Jobs):
        def run(self, name: str) -> Any:
            ran.append(name)
            if len(ran) == 4:
                enough.set()
            return super().run(name)

    timer = Timer(Noted(app, now=lambda: NOON), pause=0.001)
    assert enough.wait(10)
    timer.close()

    assert ran[:4] == ["breaks", "expire_credits"] * 2


def test_the_outbox_shows_what_was_sent(controls: Controls) -> None:
    assert controls.handle("GET", "/local/outbox").json() == {"messages": []}
    controls.outbox.put(MESSAGE)
    assert controls.handle("GET", "/local/outbox").json() == {"messages": [MESSAGE]}


def test_the_keys_are_shown(controls: Controls, issuer: Issuer) -> None:
    assert controls.handle("GET", "/local/jwks.json").json() == issuer.jwks()


def test_nothing_else_is_there(controls: Controls) -> None:
    for method, path in (
        ("GET", "/local/"),
        ("GET", "/local/secrets"),
        ("POST", "/local/token"),
        ("PUT", "/local/clock"),
    ):
        assert refused(controls, method, path)[:2] == (404, "not_found")

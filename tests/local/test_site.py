"""What the stack's first port shows beside the API: pages under a strict policy, files of `web/` and no others."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.client import call
from local.pages import PAGES, POLICY, page_at
from local.stack import Stack

from .places import free_row

SWITCHES = ("use", "time", "refund", "dispute")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(free_row(), tmp_path_factory.mktemp("site")) as running:
        running.seed()
        yield running


@pytest.mark.parametrize("path", [*PAGES, "/web/examples/plain.html"])
def test_a_page_is_html_under_a_strict_policy(path: str) -> None:
    page = page_at(path)

    assert page
    assert page.status == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["content-security-policy"] == POLICY
    assert page.headers["x-content-type-options"] == "nosniff"
    assert b"<script>" not in page.body
    assert b" style=" not in page.body


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/web/",
            "/web",
            "/web/src",
            "/web/nothing.js",
            "/web/README.md",
            "/web/pack.py",
            "/web/tsconfig",
            "/nothing",
        ),
        *(
            "/web/../pyproject.toml",
            "/web/../local/index.html",
            "/web//etc/passwd",
            "/web/%2e%2e/local/index.html",
            "/webs",
        ),
    ],
)
def test_nothing_else_is_given_out(path: str) -> None:
    assert page_at(path) is None


def test_the_api_and_the_controls_are_beside_the_pages(stack: Stack) -> None:
    assert call("GET", f"{stack.url}/api/health").status in (200, 404)
    assert "now" in call("GET", f"{stack.url}/local/clock").body
    assert call("POST", f"{stack.url}/").status == 404
    assert call("GET", f"{stack.url}/nothing").body["code"] == "not_found"


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1.evil.example", "file://", "localhost"]
)
def test_pages_from_elsewhere_drive_nothing(stack: Stack, origin: str) -> None:
    before, foreign = stack.clock.now(), {"Origin": origin}
    for method, url, body in (
        ("GET", f"{stack.url}/local/token?wallet_id=acct_demo", None),
        ("POST", f"{stack.url}/local/clock", {"advance_seconds": 86_400}),
        ("POST", f"{stack.url}/local/play/time", {"wallet_id": "acct_demo", "days": 1}),
        ("POST", f"{stack.stripe_url}/_control/delivery", {"mode": "hold"}),
        ("POST", f"{stack.stripe_url}/%5Fcontrol/delivery", {"mode": "hold"}),
    ):
        assert call(method, url, body=body, headers=foreign).status == 403, url

    assert (stack.clock.now() - before).total_seconds() < 3600


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_pages_of_this_machine_may_drive_it(stack: Stack, host: str) -> None:
    headers = {"Origin": f"http://{host}:{stack.port}"}

    assert call("GET", f"{stack.url}/local/token?wallet_id=acct_demo", headers=headers).status == 200
    assert call("GET", f"{stack.stripe_url}/_control/events", headers=headers).status == 200


def test_a_name_that_leads_here_gets_nothing_from_any_port(stack: Stack) -> None:
    for url in (f"{stack.url}/local/token?wallet_id=acct_demo", stack.function_url, f"{stack.stripe_url}/v1/customers"):
        assert call("GET", url, headers={"Host": f"evil.example:{stack.port}"}).status == 403


def test_the_demo_has_ninety_days_behind_it_and_the_clock_is_where_it_was(stack: Stack) -> None:
    before = stack.clock.now()
    token = call("GET", f"{stack.url}/local/token?wallet_id=acct_demo&teams=team_demo:owner").body["token"]
    bearer = {"Authorization": f"Bearer {token}"}
    usage = call("GET", f"{stack.url}/api/user/usage?days=90", headers=bearer).body
    balance = call("GET", f"{stack.url}/api/credits/balance", headers=bearer).body
    team = call("GET", f"{stack.url}/api/credits/balance?wallet=team_demo", headers=bearer).body

    assert sum(day["meters"]["predictions"] > 0 for day in usage["daily"]) >= 85
    assert usage["plan"]["plan_id"] == "pro"
    assert 1 <= len(usage["warnings"]) <= 4
    assert balance["available"] > 1000
    assert len(balance["lots"]) >= 3
    assert balance["expiring_next"]["credits"] > 0
    assert team["available"] > 0
    assert stack.clock.now() >= before


@pytest.mark.parametrize("switch", SWITCHES)
def test_a_switch_says_what_it_lacks(stack: Stack, switch: str) -> None:
    answer = call("POST", f"{stack.url}/local/play/{switch}", body={})

    assert (answer.status, answer.body["code"]) == (400, "invalid_request")
    assert call("GET", f"{stack.url}/local/play/{switch}").status == 404


@pytest.mark.parametrize("body", [{"wallet_id": "acct_new"}, {"wallet_id": "acct_new", "status": "won"}])
def test_without_a_payment_nothing_can_go_back(stack: Stack, body: dict[str, str]) -> None:
    assert call("POST", f"{stack.url}/local/play/dispute", body=body).status == 409
    assert call("POST", f"{stack.url}/local/play/refund", body={"wallet_id": "acct_new"}).status == 409


@pytest.mark.parametrize("days", [0, 93, "1", None])
def test_only_so_many_days_pass_at_once(stack: Stack, days: object) -> None:
    answer = call("POST", f"{stack.url}/local/play/time", body={"wallet_id": "acct_demo", "days": days})

    assert answer.status == 400
    assert answer.body["field"] == "days"

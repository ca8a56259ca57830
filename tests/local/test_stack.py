"""The whole stack in this process: everything is where the contract says, and restarts forget nothing that matters."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib import wiring
from local.child import HOST, is_free
from local.client import DIRECT, Answer, call
from local.stack import CannotStart, Stack

from .places import free_row

PATIENCE = 60  # seconds


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(free_row(), tmp_path_factory.mktemp("stack")) as running:
        yield running


def bearer(stack: Stack, wallet_id: str = "acct_1", more: str = "") -> dict[str, str]:
    token = call("GET", f"{stack.url}/local/token?wallet_id={wallet_id}{more}").body["token"]
    return {"Authorization": f"Bearer {token}"}


def buy(stack: Stack, wallet_id: str = "acct_1", key: str = "k1") -> Answer:
    headers = {**bearer(stack, wallet_id), "Idempotency-Key": key}
    return call("POST", f"{stack.url}/api/credits/purchase", body={"package_id": "starter"}, headers=headers)


def pay(stack: Stack, bought: Answer) -> dict[str, Any]:
    """Pay, and wait until it has arrived."""
    session = bought.body["checkout_session_id"]
    assert call("POST", f"{stack.stripe_url}/_control/sessions/{session}/pay", body={}).status == 200
    headers, latest = bearer(stack), time.monotonic() + PATIENCE
    purchase: dict[str, Any] = {}
    while purchase.get("status") != "paid" and time.monotonic() < latest:
        time.sleep(0.02)
        purchase = call("GET", f"{stack.url}{bought.headers['Location']}", headers=headers).body
    return purchase


def test_bought_credits_arrive_by_way_of_a_signed_event(stack: Stack) -> None:
    bought = buy(stack)
    paid = pay(stack, bought)

    assert (bought.status, paid["status"]) == (201, "paid")
    assert call("GET", f"{stack.url}/api/credits/balance", headers=bearer(stack)).body["available"] == 1000


def test_the_repeat_of_a_purchase_is_told_as_one(stack: Stack) -> None:
    first, second = buy(stack, key="k2"), buy(stack, key="k2")

    assert (second.status, second.body) == (first.status, first.body)
    assert second.headers["Idempotency-Replayed"] == "true"


def test_the_checkout_page_is_on_the_third_port(stack: Stack) -> None:
    url = buy(stack, key="k3").body["checkout_url"]

    assert url.startswith(stack.stripe_url)
    with DIRECT.open(url, timeout=5) as page:
        assert page.headers["content-type"].startswith("text/html")


def test_the_function_url_takes_posts_to_its_root_that_stripe_signed(stack: Stack) -> None:
    assert (call("POST", stack.function_url, body={}).status, call("POST", stack.function_url, body={}).body) == (
        400,
        {},
    )
    assert call("GET", stack.function_url).status == 405
    assert call("POST", f"{stack.function_url}/there", body={}).status == 404


def test_the_page_names_the_addresses(stack: Stack) -> None:
    with DIRECT.open(f"{stack.url}/by-hand", timeout=5) as page:
        text = page.read().decode()

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert all(url in text for url in (stack.url, stack.function_url, stack.stripe_url))
    assert "{{" not in text


def test_a_token_of_the_stack_opens_the_api_and_a_strangers_does_not(stack: Stack) -> None:
    balance = f"{stack.url}/api/credits/balance"

    assert call("GET", balance, headers=bearer(stack)).status == 200
    assert call("GET", f"{balance}?wallet=team_a", headers=bearer(stack, more="&teams=team_a:member")).status == 200
    assert call("GET", balance, headers=bearer(stack, more="&iss=https://elsewhere.example")).status == 401
    assert call("GET", balance).status == 401


def test_the_one_clock_moves_program_and_stand_in(stack: Stack) -> None:
    moved = call("POST", f"{stack.url}/local/clock", body={"advance_seconds": 86_400 * 30}).body["now"]

    assert call("GET", f"{stack.url}/api/credits/balance", headers=bearer(stack)).body["as_of"][:10] == moved[:10]
    assert pay(stack, buy(stack, key="k4"))["paid_at"][:10] == moved[:10]


def test_only_one_stack_uses_a_folder(tmp_path: Path) -> None:
    with Stack(free_row(), tmp_path), pytest.raises(CannotStart, match="in use by another"):
        Stack(free_row(), tmp_path).__enter__()


@pytest.mark.parametrize("nth", [0, 1, 2])
def test_a_taken_port_is_named_before_anything_is_started(tmp_path: Path, nth: int) -> None:
    port, folder = free_row(), tmp_path / "state"

    with socket.create_server((HOST, port + nth)), pytest.raises(CannotStart, match=f"port {port + nth} taken"):
        Stack(port, folder).__enter__()
    assert not folder.exists()


@pytest.mark.parametrize("port", [0, -1, 65_534, 10**6])
def test_ports_that_do_not_exist_are_refused(tmp_path: Path, port: int) -> None:
    with pytest.raises(CannotStart, match="must lie between"):
        Stack(port, tmp_path).__enter__()


@pytest.mark.parametrize("secret", ["a,b,c", "a,", ","])
def test_unusable_signing_secrets_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", secret)

    with pytest.raises(CannotStart, match="STRIPE_WEBHOOK_SECRET"):
        Stack(free_row(), tmp_path).__enter__()


def test_two_given_secrets_are_used_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", "whsec_new, whsec_old")

    with Stack(free_row(), tmp_path) as running:
        assert wiring.webhook_secrets() == ["whsec_new", "whsec_old"]
        assert pay(running, buy(running))["status"] == "paid"


def test_a_restart_keeps_the_books_and_sells_on(tmp_path: Path) -> None:
    port = free_row()
    with Stack(port, tmp_path) as running:
        pay(running, buy(running))
    with Stack(port, tmp_path) as again:
        bought = buy(again, key="another")
        paid = pay(again, bought)
        balance = call("GET", f"{again.url}/api/credits/balance", headers=bearer(again)).body

    assert (bought.status, paid["status"], balance["available"]) == (201, "paid", 2000)


def test_closing_leaves_ports_environment_and_wiring_as_they_were(tmp_path: Path) -> None:
    before = dict(os.environ)
    port = free_row()
    with Stack(port, tmp_path) as running:
        running.clock.advance(10**9)

    assert all(is_free(port + nth) for nth in range(3))
    assert dict(os.environ) == before
    assert abs(wiring.now().timestamp() - time.time()) < 60

"""Subscriptions from the outside: begun, raised, lowered, cancelled, resumed, renewed, and payments that fail."""

from __future__ import annotations

from typing import Any

import pytest

from local.stripe.transport import lost
from tests.api.desk import ADMIN, SERVICE, Desk, refusal
from tests.api.subscriber import PATH, Subscriber
from tests.webhooks.premises import WALLET

OWNER, MEMBER = (("team_a", "owner"),), (("team_a", "member"),)


@pytest.fixture
def ada(desk: Desk) -> Subscriber:
    return Subscriber(desk)


def told(shown: dict[str, Any], *names: str) -> tuple[Any, ...]:
    return tuple(shown[name] for name in names)


def test_a_wallet_without_a_subscription_is_on_free(ada: Subscriber) -> None:
    shown = ada.shown()

    assert told(shown, "plan_id", "status", "next_billing_at") == ("free", "active", None)
    assert shown["message"] == "You have no subscription."
    assert (ada.desk.premises.wallet().seq, shown["keeps"]["credits"]) == (0, 0)


def test_a_paid_checkout_puts_the_wallet_on_its_plan_and_grants_what_it_includes(ada: Subscriber) -> None:
    ada.desk.use(40, key="u1")
    begun = ada.want("pro")

    assert begun.status == 201
    assert begun.json()["checkout_url"].startswith("http")
    assert ada.shown()["plan_id"] == "free", "nothing is paid yet"

    ada.desk.premises.control(f"sessions/{begun.json()['checkout_session_id']}/pay", method="card")

    shown = ada.shown()
    assert told(shown, "plan_id", "name", "status", "interval") == ("pro", "Pro", "active", "month")
    assert shown["price"] == {"amount_minor": 2900, "currency": "usd", "exponent": 2}
    assert told(shown, "current_period_start", "current_period_end") == (
        "2026-11-22T12:00:00.000Z",
        "2026-12-22T12:00:00.000Z",
    )
    assert told(shown, "next_billing_at", "cancel_at_period_end", "pending_plan_id") == (
        "2026-12-22T12:00:00.000Z",
        False,
        None,
    )
    assert shown["message"] == "Pro, 29.00 USD a month; the next payment is on 22 December 2026."
    usage = ada.desk.get("/api/user/usage?days=7").json()
    [pulls] = [each for each in usage["meters"] if each["meter"] == "pull_requests"]
    assert told(pulls, "used", "quota") == (0, 500), "a new period"
    balance = ada.desk.get("/api/credits/balance").json()
    assert (balance["available"], balance["lots"][0]["source"]) == (200, "plan")
    assert balance["lots"][0]["expires_at"] == "2026-12-22T12:00:00.000Z"
    assert ada.desk.premises.faults() == []
    assert set(ada.desk.premises.answers) == {200}


def test_the_first_month_of_the_first_plan_is_cheaper_and_only_that(ada: Subscriber) -> None:
    subscription = ada.subscribe("pro")
    ada.renew(subscription)

    second, first = ada.payments()

    assert told(first, "kind", "status") == ("invoice", "paid")
    assert (first["amount"]["amount_minor"], second["amount"]["amount_minor"]) == (2320, 2900)
    assert first["receipt_url"].startswith("http")
    assert ada.shown()["price"]["amount_minor"] == 2900


def test_a_yearly_plan_has_quota_months_and_no_incentive(ada: Subscriber) -> None:
    ada.subscribe("pro", "year")

    shown = ada.shown()
    assert told(shown, "interval", "current_period_end") == ("year", "2027-11-22T12:00:00.000Z")
    assert shown["quota_period"]["end"] == "2026-12-22T12:00:00.000Z"
    assert ada.payments()[0]["amount"]["amount_minor"] == 29000

    ada.desk.premises.advance(days=40)
    ada.desk.use(1, key="u1")
    assert ada.shown()["quota_period"]["start"] == "2026-12-22T12:00:00.000Z"
    balance = ada.desk.get("/api/credits/balance").json()
    assert balance["available"] == 200, "the second month's, the first month's have ended"
    assert ada.desk.premises.faults() == []


def test_a_dearer_plan_comes_at_once_and_the_difference_is_paid(ada: Subscriber) -> None:
    ada.subscribe("pro")
    ada.desk.use(300, key="u1")
    ada.desk.premises.advance(days=15)

    raised = ada.want("team")

    assert raised.status == 200, raised.body
    assert told(raised.json(), "plan_id", "status", "pending_plan_id") == ("team", "active", None)
    assert ada.desk.premises.wallet().plan.plan_id == "team"  # type: ignore[union-attr]
    usage = ada.desk.get("/api/user/usage?days=7").json()
    [pulls] = [each for each in usage["meters"] if each["meter"] == "pull_requests"]
    assert told(pulls, "used", "quota") == (300, 2500), "the same month: what was used stands"
    assert ada.desk.get("/api/credits/balance").json()["available"] == 1200
    assert len(ada.payments()) == 2
    assert ada.payments()[0]["amount"]["amount_minor"] > 0
    assert ada.desk.premises.faults() == []


def test_a_declined_difference_changes_nothing_and_spends_no_key(ada: Subscriber) -> None:
    ada.subscribe("pro")
    [customer] = ada.at_stripe("customer")
    ada.desk.premises.control(f"customers/{customer}/card", behaviour="declined")

    said = refusal(ada.want("team", key="up"), 402, "payment_declined")

    assert said["reason"] == "card_declined"
    assert told(ada.shown(), "plan_id", "status") == ("pro", "active")

    ada.desk.premises.control(f"customers/{customer}/card", behaviour="ok")
    raised = ada.want("team", key="up")
    assert (raised.status, raised.json()["plan_id"]) == (200, "team")
    again = ada.want("team", key="up")
    assert (again.json(), again.headers["idempotency-replayed"]) == (raised.json(), "true")


def test_a_cheaper_plan_waits_for_the_periods_end(ada: Subscriber) -> None:
    subscription = ada.subscribe("team")

    lowered = ada.want("pro")

    assert told(lowered.json(), "plan_id", "pending_plan_id", "pending_interval") == ("team", "pro", "month")
    assert lowered.json()["message"] == "Team until 22 December 2026; then Pro, paid by the month."
    assert ada.desk.premises.wallet().plan.plan_id == "team"  # type: ignore[union-attr]

    ada.desk.premises.advance(days=30)
    ada.renew(subscription)
    assert told(ada.shown(), "plan_id", "pending_plan_id", "quota_plan_id") == ("pro", None, "pro")
    assert ada.desk.premises.faults() == []


def test_another_interval_waits_for_the_periods_end_and_can_be_taken_back(ada: Subscriber) -> None:
    ada.subscribe("pro")

    assert told(ada.want("pro", "year").json(), "pending_plan_id", "pending_interval") == ("pro", "year")
    refusal(ada.want("pro", "year"), 409, "conflict")
    assert told(ada.want("pro").json(), "pending_plan_id", "plan_id", "interval") == (None, "pro", "month")
    refusal(ada.resume(), 409, "conflict")


def test_cancelling_says_what_stays_and_resuming_takes_it_back(ada: Subscriber) -> None:
    ada.desk.pay(ada.desk.buy())
    ada.subscribe("pro")

    ending = ada.cancel()

    assert ending.status == 200
    assert told(ending.json(), "plan_id", "cancel_at_period_end", "next_billing_at") == ("pro", True, None)
    assert ending.json()["message"] == "Pro until 22 December 2026; then Free."
    assert ending.json()["keeps"]["credits"] == 1000
    assert ending.json()["keeps"]["message"] == "Your 1,000 credits stay yours; the first end on 22 November 2027."
    refusal(ada.cancel(), 409, "conflict")

    assert told(ada.resume().json(), "cancel_at_period_end", "next_billing_at") == (False, "2026-12-22T12:00:00.000Z")
    refusal(ada.resume(), 409, "conflict")


def test_at_the_periods_end_the_plan_is_over_though_nobody_tells(ada: Subscriber) -> None:
    ada.desk.pay(ada.desk.buy())
    ada.subscribe("pro")
    ada.cancel()
    ada.desk.premises.advance(days=30, minutes=1)

    shown = ada.shown()

    assert told(shown, "quota_plan_id") == ("free",)
    assert ada.desk.use(60, key="u1").json()["credits"] == 50, "Free's quota, at Free's rate"
    assert ada.desk.premises.history()[-1].facts["also"][0]["kind"] == "plan_change"
    assert ada.desk.premises.faults() == []


def test_cancelling_now_ends_the_plan_and_keeps_the_credits(ada: Subscriber) -> None:
    ada.desk.pay(ada.desk.buy())
    ada.subscribe("pro")

    ended = ada.cancel("now", key="end")

    assert told(ended.json(), "plan_id", "status", "cancel_at_period_end") == ("free", "active", False)
    assert ended.json()["message"] == "Your subscription ended on 22 November 2026."
    assert ended.json()["keeps"]["credits"] == 1000
    assert ada.cancel("now", key="end").json() == ended.json()
    refusal(ada.cancel("now"), 409, "conflict")
    refusal(ada.resume(), 409, "conflict")
    assert ada.desk.premises.faults() == []


def test_free_is_asked_for_by_cancelling(ada: Subscriber) -> None:
    refusal(ada.want("free"), 409, "conflict")
    ada.subscribe("pro")

    assert ada.want("free").json()["cancel_at_period_end"] is True


def test_who_comes_back_pays_the_whole_price(ada: Subscriber) -> None:
    ada.subscribe("pro")
    ada.cancel("now")
    ada.desk.premises.advance(days=1)
    ada.subscribe("pro")

    assert [each["amount"]["amount_minor"] for each in ada.payments()] == [2900, 2320]
    assert ada.shown()["plan_id"] == "pro"
    assert ada.desk.premises.faults() == []


def test_a_renewal_begins_a_month_with_its_credits(ada: Subscriber) -> None:
    subscription = ada.subscribe("pro")
    ada.desk.use(500, key="u1")
    ada.desk.premises.advance(days=30)
    ada.renew(subscription)

    assert ada.shown()["current_period_start"] == "2026-12-22T12:00:00.000Z"
    assert ada.desk.use(1, key="u2").json()["meter"]["used"] == 1
    assert ada.desk.get("/api/credits/balance").json()["available"] == 200
    assert ada.desk.premises.faults() == []


def test_a_late_renewal_runs_on_for_three_days_and_nothing_is_charged_again(ada: Subscriber) -> None:
    subscription = ada.subscribe("pro")
    ada.desk.premises.hold()
    ada.desk.premises.advance(days=30, hours=71)
    ada.renew(subscription)

    assert ada.desk.use(100, key="u1").json()["credits"] == 0, "provisionally under the same quota"
    assert ada.desk.get("/api/credits/balance").json()["available"] == 0, "the new month's credits aren't paid yet"
    ada.desk.give(1000)
    ada.desk.premises.advance(hours=2)
    assert ada.desk.use(10, key="u2").json()["credits"] == 50, "then Free's quota"
    assert ada.shown()["quota_plan_id"] == "free"

    ada.desk.premises.control("delivery", mode="auto")
    assert ada.shown()["quota_plan_id"] == "pro"
    after = ada.desk.use(10, key="u3").json()
    assert told(after, "credits", "available") == (0, 1150)
    assert told(after["meter"], "used", "quota") == (120, 500), "what was used stands"
    assert ada.desk.premises.faults() == []


def test_a_failed_renewal_is_told_and_keeps_the_plan_for_three_days(ada: Subscriber) -> None:
    subscription = ada.subscribe("pro")
    ada.desk.premises.advance(days=30)
    ada.renew(subscription, "failed")

    shown = ada.shown()
    assert told(shown, "status", "quota_plan_id", "next_billing_at") == ("past_due", "pro", None)
    assert (
        shown["message"] == "The last payment for Pro failed. Pro stays until 25 December 2026; please check your card."
    )
    refusal(ada.want("team"), 409, "conflict")
    assert ada.payments()[0]["status"] == "open"

    ada.desk.premises.advance(days=4)
    assert told(ada.shown(), "status", "quota_plan_id") == ("past_due", "free")

    ada.renew(subscription, "paid")
    assert told(ada.shown(), "status", "quota_plan_id") == ("active", "pro")
    assert ada.payments()[0]["status"] == "paid"
    assert ada.desk.premises.faults() == []


def test_an_admins_plan_stands_whatever_stripe_says_and_clearing_it_gives_the_paid_one_back(ada: Subscriber) -> None:
    subscription = ada.subscribe("pro")
    boss = ada.desk.token("boss", scope=ADMIN)
    ada.desk.post(PATH, {"wallet_id": WALLET, "plan_id": "enterprise"}, key="set", token=boss)
    ada.renew(subscription)

    assert told(ada.shown(), "plan_id", "status") == ("enterprise", "active")
    assert ada.shown()["message"] == "Enterprise, set for you; it is not billed."

    ada.desk.post(PATH, {"wallet_id": WALLET, "plan_id": None}, key="clear", token=boss)
    assert told(ada.shown(), "plan_id", "current_period_end") == ("pro", "2027-01-22T12:00:00.000Z")
    assert ada.desk.premises.faults() == []


def test_a_second_subscription_of_a_wallet_is_refused_and_kept_aside(ada: Subscriber) -> None:
    first, second = ada.want("pro"), ada.want("team", key="other")
    assert (first.status, second.status) == (201, 201)
    sessions = ada.at_stripe("checkout.session")
    assert sessions[first.json()["checkout_session_id"]]["status"] == "expired", "of two pages one can be paid"

    ada.desk.premises.control(f"sessions/{second.json()['checkout_session_id']}/pay", method="card")
    third = ada.want("pro")
    assert (third.status, third.json()["pending_plan_id"]) == (200, "pro"), "a change, and no checkout"


def test_a_subscription_beside_one_that_runs_stands_in_quarantine(ada: Subscriber) -> None:
    ada.subscribe("pro")
    account = ada.desk.premises.standin._account
    [running] = ada.at_stripe("subscription").values()
    twin = {**running, "id": "sub_twin", "created": running["created"] + 1}
    account.add(twin)
    account.emit("customer.subscription.created", twin)
    ada.desk.premises.standin.catch_up()

    [odd] = ada.desk.get("/api/admin/quarantine", token=ada.desk.token("boss", scope=ADMIN)).json()["events"]

    assert odd["reason"].startswith("second subscription sub_twin")
    assert ada.shown()["plan_id"] == "pro"


def test_a_paid_subscription_of_which_nobody_told_is_found_before_another_is_sold(ada: Subscriber) -> None:
    begun = ada.want("pro")
    ada.desk.premises.hold()
    ada.desk.premises.control(f"sessions/{begun.json()['checkout_session_id']}/pay", method="card")

    raised = ada.want("team")

    assert (raised.status, raised.json()["plan_id"]) == (200, "team")
    assert len(ada.at_stripe("subscription")) == 1


def test_a_repeat_gets_the_first_answer_and_another_body_is_refused(ada: Subscriber) -> None:
    begun = ada.want("pro", key="same")
    again = ada.want("pro", key="same")

    assert (again.status, again.json(), again.headers["idempotency-replayed"]) == (201, begun.json(), "true")
    refusal(ada.want("team", key="same"), 409, "key_reused")
    refusal(ada.cancel(key="same"), 409, "key_reused")


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/checkout", {"plan_id": "gold", "interval": "month"}, "plan_id"),
        ("/checkout", {"plan_id": "pro", "interval": "week"}, "interval"),
        ("/checkout", {"plan_id": "pro"}, "interval"),
        ("/checkout", {"plan_id": "pro", "interval": "month", "more": 1}, "more"),
        ("/cancel", {"at": "later"}, "at"),
        ("/cancel", {}, "at"),
        ("/resume", {"at": "now"}, "at"),
    ],
)
def test_a_bad_body_is_refused_and_changes_nothing(ada: Subscriber, path: str, body: object, field: str) -> None:
    with ada.desk.changing_nothing():
        refusal(ada.ask(path, body), 400, "invalid_request", field)


def test_a_plan_that_is_not_sold_online_is_refused(ada: Subscriber) -> None:
    refusal(ada.want("enterprise"), 422, "unprocessable")


def test_every_change_wants_a_key(ada: Subscriber) -> None:
    for reply in (ada.want("pro", key=None), ada.cancel(key=None), ada.resume(key=None)):
        refusal(reply, 400, "invalid_request", "Idempotency-Key")


@pytest.mark.parametrize("path", ["/checkout", "/cancel", "/resume"])
def test_only_owners_of_a_team_and_customers_may(ada: Subscriber, path: str) -> None:
    body = {"/checkout": {"plan_id": "pro", "interval": "month"}, "/cancel": {"at": "now"}, "/resume": {}}[path]

    member = ada.desk.token(teams=MEMBER)
    refusal(ada.ask(path, body, token=member, query="?wallet=team_a"), 403, "forbidden")
    refusal(ada.ask(path, body, query="?wallet=team_b"), 404, "not_found")
    for scope in (SERVICE, ADMIN):
        refusal(ada.ask(path, body, token=ada.desk.token("x", scope=scope)), 403, "forbidden")


def test_an_owner_subscribes_for_the_team(ada: Subscriber) -> None:
    owner = ada.desk.token(teams=OWNER)
    begun = ada.want("team", token=owner, query="?wallet=team_a")
    ada.desk.premises.control(f"sessions/{begun.json()['checkout_session_id']}/pay", method="card")

    shown = ada.desk.get(f"{PATH}?wallet=team_a", token=ada.desk.token(teams=MEMBER)).json()
    assert shown["plan_id"] == "team"
    assert ada.shown()["plan_id"] == "free"


def test_the_portal_is_for_who_has_paid(ada: Subscriber) -> None:
    refusal(ada.desk.post("/api/user/portal", {}, key=None), 404, "not_found")
    ada.subscribe("pro")

    opened = ada.desk.post("/api/user/portal", {}, key=None)
    assert opened.json()["url"].startswith("http")
    assert ada.desk.ask("POST", "/api/user/portal", token=ada.token()).status == 200, "a body is not wanted"


def test_stripe_failing_spends_no_key_and_the_repeat_goes_on(ada: Subscriber) -> None:
    ada.subscribe("pro")
    transport = ada.desk.premises.transport

    def broken(method: str, path: str) -> None:
        if method == "POST" and "subscriptions" in path:
            raise lost()

    transport.before = broken
    refusal(ada.want("team", key="up"), 502, "stripe_unavailable")
    transport.before = None
    assert ada.want("team", key="up").json()["plan_id"] == "team"
    assert ada.desk.premises.faults() == []


def test_a_deleted_customer_is_forgotten_and_the_next_purchase_makes_another(ada: Subscriber) -> None:
    ada.subscribe("pro")
    [customer] = ada.at_stripe("customer")
    ada.desk.premises.standin.handle("DELETE", f"/v1/customers/{customer}", {"Authorization": "Bearer sk_test_x"})

    assert ada.shown()["plan_id"] == "free", "its subscription ended with it"
    bought = ada.desk.buy()
    assert bought.status == 201
    ada.desk.pay(bought)
    assert ada.desk.get("/api/credits/balance").json()["available"] >= 1000
    assert len(ada.at_stripe("customer")) == 2

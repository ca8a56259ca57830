"""Buying credits in a browser: from the dashboard over the pay page and back, however the payment goes."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from local.client import call
from tests.web.browsing import Place, Visitor, visiting

CONFIRMING = "Confirming your payment…"
PACKAGE = "Buy credits: 1,000 credits"


@pytest.fixture
def held(place: Place) -> Iterator[Place]:
    """Stripe's events don't come until they are sent."""
    place.control("delivery", mode="hold")
    yield place
    place.control("delivery", mode="auto")


def go_and_pay(visitor: Visitor, method: str = "Card") -> None:
    """Choose the smallest package, and pay on the hosted page."""
    visitor.press(PACKAGE)
    visitor.page.wait_for_url(re.compile("/pay/"))
    visitor.page.get_by_label(re.compile(f"^{method}")).first.check()
    visitor.press("Pay ")


def purchase_id(page: Page) -> str:
    found = re.search(r"purchase=(pur_\w+)", page.url)
    assert found, page.url
    return found[1]


def payment_of(place: Place, purchase: str) -> str:
    """Find the payment that a purchase's checkout began."""
    told = [each["data"]["object"] for each in call("GET", f"{place.stripe}/_control/events").body["events"]]
    [payment] = {each["payment_intent"] for each in told if each.get("client_reference_id") == purchase}
    return str(payment)


def test_a_purchase_from_the_dashboard_to_its_line_in_the_history(visitor: Visitor) -> None:
    visitor.open()
    visitor.sees("Credits pay for what goes over your plan")
    visitor.balance("0 credits")
    visitor.page.locator("header").get_by_role("link", name="Buy credits").last.click()
    visitor.sees("$10.00 per 1,000")
    visitor.sees("Good for 365 days")

    go_and_pay(visitor)

    visitor.sees("Paid.")
    visitor.sees("1,000 credits are yours.")
    visitor.balance("1,000 credits")
    assert visitor.page.url.startswith(f"{visitor.place.api}/buy?wallet={visitor.wallet_id}&purchase=pur_")
    line = visitor.page.locator("tally-history li").first
    expect(line).to_contain_text("Purchase")
    expect(line).to_contain_text("+1,000")
    line.get_by_role("button").click()
    expect(line.locator("table")).to_contain_text("1,000")
    expect(line.get_by_role("link", name="Receipt")).to_have_attribute("href", re.compile("^http.*/receipts/"))


def test_a_late_event_is_waited_for_and_then_seen(visitor: Visitor, held: Place) -> None:
    visitor.open("/buy")
    go_and_pay(visitor)

    visitor.sees(CONFIRMING)
    visitor.balance("0 credits")
    visitor.page.locator("tally-packages").evaluate("(each) => { each.waited = 21_000; each.requestUpdate(); }")
    visitor.sees("This takes longer than usual.")
    held.control("delivery", mode="auto")

    visitor.sees("Paid.")
    visitor.balance("1,000 credits")


def test_a_bank_debit_settles_days_later(visitor: Visitor, place: Place) -> None:
    visitor.open("/buy")
    go_and_pay(visitor, "Bank debit")

    visitor.sees("Waiting for your bank.")
    visitor.balance("0 credits")
    place.control(f"payment_intents/{payment_of(place, purchase_id(visitor.page))}/settle")

    visitor.sees("Paid.")
    visitor.balance("1,000 credits")


def test_a_declined_card_is_said_on_the_pay_page_and_another_pays(visitor: Visitor) -> None:
    visitor.open("/buy")
    go_and_pay(visitor, "Card that is declined")
    visitor.sees("Your card was declined.")

    visitor.page.get_by_label(re.compile("^Card")).first.check()
    visitor.press("Pay ")

    visitor.sees("Paid.")
    visitor.balance("1,000 credits")


def test_who_comes_back_without_paying_is_told_that_nothing_was_charged(visitor: Visitor) -> None:
    visitor.open("/buy")
    visitor.press(PACKAGE)
    visitor.press("Cancel and go back", "link")

    visitor.sees("You came back without paying.")
    visitor.balance("0 credits")
    go_and_pay(visitor)
    visitor.sees("Paid.")


def test_the_return_page_opened_twice_says_paid_twice_and_grants_once(
    visitor: Visitor, browser: Browser, place: Place
) -> None:
    visitor.open("/buy")
    go_and_pay(visitor)
    visitor.sees("Paid.")

    with visiting(browser, place) as again:
        again.page.goto(visitor.page.url)
        again.sees("Paid.")
        again.balance("1,000 credits")
    visitor.page.reload()
    visitor.sees("Paid.")
    visitor.balance("1,000 credits")


def test_a_click_that_got_no_answer_is_tried_again_under_its_key(visitor: Visitor, place: Place) -> None:
    visitor.open("/buy")
    visitor.sees("$10.00 per 1,000")
    keys: list[str | None] = []

    def lose(route: Route) -> None:
        keys.append(route.request.header_value("idempotency-key"))
        route.fetch()
        route.abort()

    visitor.page.route("**/api/credits/purchase", lose)
    visitor.press(PACKAGE)
    visitor.sees("You seem to be offline.")
    visitor.page.unroute("**/api/credits/purchase")
    with visitor.page.expect_request("**/api/credits/purchase") as sent:
        visitor.press("Try again")

    visitor.page.wait_for_url(re.compile("/pay/"))
    assert len(keys) == 3
    assert {*keys, sent.value.header_value("idempotency-key")} == {keys[0]}
    assert len(place.get("/api/user/payments", visitor.wallet_id)["payments"]) == 1


def test_a_purchase_with_the_keyboard_alone(visitor: Visitor) -> None:
    visitor.open()
    page = visitor.page
    visitor.sees("Credits pay for what goes over your plan")
    visitor.tab_to(page.locator("tally-balance").get_by_role("link", name="Buy credits"))
    page.keyboard.press("Enter")
    visitor.sees("$10.00 per 1,000")
    visitor.tab_to(page.get_by_role("button", name=PACKAGE))
    page.keyboard.press("Space")
    page.wait_for_url(re.compile("/pay/"))
    visitor.tab_to(page.get_by_role("button", name="Pay "))
    page.keyboard.press("Enter")

    visitor.sees("Paid.")
    visitor.balance("1,000 credits")

"""Credits moved between a wallet and its team, in a browser."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.web.browsing import Place, Visitor


def test_what_goes_and_when_it_ends_is_said_before_credits_are_moved(visitor: Visitor, place: Place) -> None:
    place.buy(visitor.wallet_id, "starter")
    place.buy(visitor.wallet_id, "scale")
    visitor.open("/team")
    visitor.sees("22,000 credits can be moved.")

    visitor.page.get_by_label("Credits", exact=True).fill("1200")
    going = visitor.page.locator("tally-transfer li")
    expect(going).to_have_count(2)
    expect(going.first).to_contain_text("1,000 credits")
    expect(going.last).to_contain_text("200 credits")
    visitor.page.get_by_label("Note").fill("for the release")
    visitor.press("Move credits")

    visitor.sees("1,200 credits moved to team_demo. 20,800 left.")
    visitor.balance("20,800 credits")
    assert place.get("/api/credits/history", visitor.wallet_id)["entries"][0]["note"] == "for the release"


def test_credits_are_moved_with_the_keyboard_alone(visitor: Visitor, place: Place) -> None:
    place.buy(visitor.wallet_id)
    visitor.open("/team")
    visitor.sees("1,000 credits can be moved.")
    page = visitor.page

    visitor.tab_to(page.get_by_label("Credits", exact=True))
    page.keyboard.type("250")
    page.keyboard.press("Enter")

    visitor.sees("250 credits moved to team_demo. 750 left.")
    visitor.balance("750 credits")


def test_a_wallet_of_somebody_else_is_as_if_it_were_not_there(visitor: Visitor, place: Place) -> None:
    place.buy(visitor.wallet_id)
    visitor.open("/team")
    visitor.page.get_by_label("To wallet").fill("team_of_others")
    visitor.page.get_by_label("Credits", exact=True).fill("10")

    visitor.press("Move credits")

    visitor.sees("This can’t be found.")
    visitor.balance("1,000 credits")


def test_more_than_there_is_cannot_be_sent(visitor: Visitor, place: Place) -> None:
    place.buy(visitor.wallet_id)
    visitor.open("/team")
    visitor.sees("1,000 credits can be moved.")

    visitor.page.get_by_label("Credits", exact=True).fill("1001")
    visitor.press("Move credits")

    assert visitor.page.get_by_label("Credits", exact=True).evaluate("(each) => each.validity.rangeOverflow")
    assert place.get("/api/credits/balance", visitor.wallet_id)["available"] == 1000

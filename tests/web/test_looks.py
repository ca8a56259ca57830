"""The demo's pages as people see them: small, large, dark, zoomed, in forced colours, in German; nothing moves."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Dialog, Route, ViewportSize, expect

from tests.web.browsing import NARROW, WIDE, Place, Visitor, visiting
from tests.web.test_states import AXE, COLOURS, faults

VIEWS = ("/", "/billing", "/buy", "/pricing", "/history", "/team")


def settle(visitor: Visitor, path: str) -> None:
    """Open a view of the demo's wallet, and wait until all of it is there."""
    visitor.wallet_id = "acct_demo"
    visitor.open(path)
    expect(visitor.page.locator("header [part=amount]")).to_be_visible()
    expect(visitor.page.locator("main [part=title]").first).to_be_visible()
    expect(visitor.page.locator("[aria-busy=true]")).to_have_count(0)


def no_sideways(visitor: Visitor) -> None:
    width = visitor.page.evaluate("innerWidth")
    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("path", [*VIEWS, "/gallery"])
def test_a_view_is_without_fault_and_does_not_scroll_sideways(visitor: Visitor, path: str) -> None:
    page = visitor.page
    if path == "/gallery":
        page.goto(f"{visitor.place.api}{path}")
    else:
        settle(visitor, path)
        page.locator(".play summary").click()
    page.evaluate(AXE)

    assert faults(page) == []
    page.emulate_media(color_scheme="dark")
    assert faults(page, COLOURS) == []
    for width in (1280, 768, 640, 360, 320):
        page.set_viewport_size({"width": width, "height": 740})
        no_sideways(visitor)


@pytest.mark.parametrize(("order", "pause"), [(-1, 60), (1, 0)], ids=["reversed", "at-once"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("path", VIEWS)
def test_nothing_moves_about_while_answers_come_slowly(
    visitor: Visitor, size: ViewportSize, path: str, order: int, pause: int
) -> None:
    page, held = visitor.page, list[Route]()

    def hold(route: Route) -> None:
        held.append(route)

    page.set_viewport_size(size)
    page.route("**/api/**", hold)
    visitor.wallet_id = "acct_demo"
    visitor.open(path)
    expect(page.locator("[aria-busy=true]").first).to_be_attached()

    while held or page.locator("[aria-busy=true]").count():
        page.wait_for_timeout(100)
        waiting, held[:] = held[::order], []
        for route in waiting:
            route.continue_()
            page.wait_for_timeout(pause)

    assert page.evaluate("shifts") < 0.05


def test_letters_twice_as_large_still_fit(visitor: Visitor) -> None:
    for path in VIEWS:
        settle(visitor, path)
        visitor.page.evaluate("document.documentElement.style.fontSize = '200%'")
        no_sideways(visitor)
        visitor.page.evaluate("document.documentElement.style.fontSize = ''")


def test_forced_colours_leave_bars_and_choices_to_be_seen(browser: Browser, place: Place) -> None:
    with visiting(browser, place, forced_colors="active", color_scheme="dark") as visitor:
        visitor.gallery("usage-90")
        bar = visitor.page.get_by_role("meter", name="Predictions")
        expect(bar).to_be_visible()

        colours = bar.evaluate(
            "(each) => [getComputedStyle(each.firstElementChild).fill, getComputedStyle(each).borderTopWidth]"
        )
        chosen, other = (
            visitor.page.get_by_role("button", name=name).evaluate("(each) => getComputedStyle(each).backgroundColor")
            for name in ("30 days", "7 days")
        )

        assert colours[0] not in ("rgb(0, 0, 0)", "rgb(255, 255, 255)")
        assert colours[1] == "1px"
        assert chosen != other


@pytest.mark.parametrize(("motion", "moves"), [("reduce", "none"), ("no-preference", "wait")])
def test_only_who_likes_motion_gets_some(browser: Browser, place: Place, motion: str, moves: str) -> None:
    with visiting(browser, place, reduced_motion=motion) as visitor:
        visitor.gallery("usage-loading")
        bone = visitor.page.locator(".bone").first
        expect(bone).to_be_visible()
        assert bone.evaluate("(each) => getComputedStyle(each).animationName") == moves


def test_a_meter_says_in_words_how_full_it_is_and_one_without_a_quota_is_none(visitor: Visitor) -> None:
    visitor.gallery("usage-over")

    meter = visitor.page.get_by_role("meter", name="Predictions")
    expect(meter).to_have_attribute("aria-valuetext", "1,250 of 1,000, Used up")
    expect(meter).to_have_attribute("aria-valuenow", "1000")
    expect(visitor.page.get_by_role("meter")).to_have_count(4)
    visitor.sees("Unlimited")


def test_the_page_speaks_german_too(browser: Browser, place: Place) -> None:
    with visiting(browser, place) as visitor:
        visitor.gallery("balance-expiring", lang="de")
        visitor.sees("3.240 Credits")
        visitor.sees("400 verfallen am 08.12.2026")
        visitor.gallery("packages-ok", lang="de")
        visitor.sees("Credits kaufen")
        visitor.sees("7,14 $ je 1.000")


HOSTILE = '<img src=x onerror="alert(1)"><script>alert(2)</script>'


def test_what_the_server_says_is_text_and_never_markup(visitor: Visitor) -> None:
    """Names, labels, notes, messages and addresses that an attacker could have chosen."""

    def hostile(route: Route) -> None:
        answer = route.fetch()
        said = answer.text()
        for name in (
            "1,000 credits",
            "Pull requests",
            "Pro",
            "Enterprise",
            "For the release in autumn",
            "web",
            "Team includes",
        ):
            said = said.replace(f'"{name}', '"' + HOSTILE.replace('"', '\\"'))
        said = said.replace(f'"{visitor.place.stripe}/receipts', '"javascript:alert(3)//')
        route.fulfill(response=answer, body=said)

    dialogs: list[str] = []

    def hear(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    visitor.page.on("dialog", hear)
    visitor.page.route("**/api/**", hostile)
    for path in VIEWS:
        settle(visitor, path)
        for why in visitor.page.locator("tally-history").last.get_by_role("button", name="Why?").all()[:2]:
            why.click()
        expect(visitor.page.locator("body").locator("img, script, [href^=javascript], [onerror]")).to_have_count(0)
    settle(visitor, "/")
    visitor.sees(HOSTILE)
    assert dialogs == []


def test_pages_are_bound_by_a_strict_policy(visitor: Visitor) -> None:
    answer = visitor.page.goto(f"{visitor.place.api}/")
    assert answer
    policy = answer.header_value("content-security-policy") or ""

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "require-trusted-types-for 'script'" in policy
    html = answer.text()
    assert "style=" not in html
    assert "onclick" not in html
    assert html.count("<script") == html.count('<script type="module" src="')

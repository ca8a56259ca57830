"""Every state of every element: it says what it is, and neither axe nor a small screen finds fault with it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web.browsing import NARROW, Place, Visitor, visiting

AXE = (Path(axe_playwright_python.__file__).with_name("axe.min.js")).read_text(encoding="utf-8")
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
COLOURS = ("color-contrast", "link-in-text-block")  # of these rules, all that a scheme can change
FIXTURES = Path(__file__).parents[2] / "web/demo/fixtures.js"
NAMES = re.findall(r"^  '([a-z]+(?:-[a-z0-9]+)+)': \{", FIXTURES.read_text(encoding="utf-8"), re.MULTILINE)
WORDS = {
    "balance-loading": "Loading…",
    "balance-new": "Credits pay for what goes over your plan",
    "balance-ok": "3,240 credits",
    "balance-low": "running low",
    "balance-depleted": "Used up",
    "balance-expiring": "400 end on Dec 8, 2026",
    "balance-held": "500 held for running jobs",
    "balance-disputed": "3,240 set aside during a dispute",
    "balance-debt": "You owe 600 credits; what you buy next pays them first",
    "balance-frozen": "Frozen: please write to us",
    "balance-80": "Predictions: 80% used",
    "balance-stale": "You seem to be offline. This is what we knew last.",
    "balance-offline": "You seem to be offline.",
    "balance-busy": "That was a lot at once. Please wait a moment.",
    "balance-error": "This didn’t work. Please try again.",
    "balance-signed-out": "Please sign in to see this.",
    "usage-loading": "Loading…",
    "usage-new": "0 of 500",
    "usage-ok": "210 of 500",
    "usage-80": "Predictions: 80% used. 200 left until Dec 3, 2026.",
    "usage-90": "Predictions: 90% used. Only 100 left until Dec 3, 2026.",
    "usage-100": "Predictions: all 1,000 are used up. More costs credits until Dec 3, 2026.",
    "usage-over": "250 credits so far",
    "usage-ahead": "Predictions: at your pace used up around Dec 3, 2026",
    "usage-unlimited": "Unlimited",
    "usage-table": "Nov 26",
    "usage-stale": "This is what we knew last.",
    "usage-error": "Retry",
    "predictions-loading": "Loading…",
    "predictions-new": "–",
    "predictions-ok": "36.1%",
    "packages-loading": "Loading…",
    "packages-ok": "21,000 credits, 1,000 of them free",
    "packages-error": "Retry",
    "packages-refused": "Try again",
    "purchase-pending": "Confirming your payment…",
    "purchase-delayed": "This takes longer than usual.",
    "purchase-awaiting": "Waiting for your bank.",
    "purchase-paid": "5,000 credits are yours.",
    "purchase-failed": "The payment failed.",
    "purchase-expired": "The payment page has expired.",
    "purchase-review": "We are looking at this payment.",
    "purchase-cancelled": "You came back without paying.",
    "purchase-unknown": "This can’t be found.",
    "history-loading": "Loading…",
    "history-new": "Nothing here yet.",
    "history-ok": "58 × predictions",
    "history-why": "the first of your lots to end",
    "history-offline": "You seem to be offline.",
    "plans-loading": "Loading…",
    "plans-ok": "Your plan",
    "plans-free": "20% off the first month",
    "plans-compare": "Difference in price: $70.00",
    "plans-yearly": "Save 16%",
    "plans-signed-out": "$29 a month",
    "billing-loading": "Loading…",
    "billing-new": "No payments yet.",
    "billing-ok": "On: credits are bought when you run low.",
    "billing-cancel": "Cancel Pro?",
    "billing-ending": "Pro ends on Dec 3, 2026. 3,240 bought credits stay yours.",
    "billing-changing": "Changes to pro on Dec 3, 2026.",
    "billing-past-due": "The last payment failed. Please check your card.",
    "billing-topup-suspended": "The card was declined too often.",
    "billing-error": "This didn’t work. Please try again.",
    "transfer-loading": "Loading…",
    "transfer-ok": "until Dec 8, 2026",
    "transfer-new": "0 credits can be moved.",
}


def test_every_state_has_its_words_here() -> None:
    assert list(WORDS) == NAMES


@pytest.fixture(scope="module")
def looker(browser: Browser, place: Place) -> Iterator[Visitor]:
    """One window for all states: opening a new one for each takes longer than looking."""
    with visiting(browser, place, reduced_motion="reduce") as visitor:
        yield visitor


def faults(page: Page, rules: Sequence[str] = RULES) -> list[str]:
    """Ask axe, and name what it finds and where."""
    found = page.evaluate("(rules) => axe.run(document, { runOnly: rules })", list(rules))["violations"]
    return [f"{each['id']}: {node['html'][:200]}" for each in found for node in each["nodes"]]


@pytest.mark.parametrize("name", NAMES)
def test_a_state_says_what_it_is_and_is_without_fault(looker: Visitor, name: str) -> None:
    page = looker.page
    page.set_viewport_size({"width": 1000, "height": 900})
    page.emulate_media(color_scheme="light")
    looker.gallery(name)
    expect(page.locator("main")).to_contain_text(WORDS[name])
    page.evaluate(AXE)

    assert faults(page) == []
    page.emulate_media(color_scheme="dark")
    assert faults(page, COLOURS) == []
    if not page.evaluate(f"import('/web/demo/fixtures.js').then(({{ states }}) => !!states['{name}'].click)"):
        assert page.evaluate("shifts") < 0.05  # what was clicked may move: it was asked to
    page.set_viewport_size(NARROW)
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]

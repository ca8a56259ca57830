"""How the elements talk to the API: once per path, with what they know already, and only while somebody looks."""

from __future__ import annotations

from collections import Counter
from urllib.parse import urlsplit

from playwright.sync_api import Request, Response, Route, expect

from tests.web.browsing import Place, Visitor

HIDE = """(state) => {
  Object.defineProperty(document, 'hidden', { value: state === 'hidden', configurable: true });
  document.dispatchEvent(new Event('visibilitychange'));
}"""
OFTEN = "import('/web/tally.js').then(({ configure }) => configure({ refreshSeconds: 0.2 }))"


def path_of(request: Request) -> str:
    parts = urlsplit(request.url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def test_elements_on_a_page_ask_once_per_path(visitor: Visitor) -> None:
    asked: Counter[str] = Counter()
    visitor.page.on("request", lambda request: asked.update([path_of(request)] if "/api/" in request.url else []))
    visitor.open("/gallery")
    visitor.page.evaluate(
        """async (wallet) => {
          const { configure } = await import('/web/tally.js');
          const getToken = async () => (await (await fetch(`/local/token?wallet_id=${wallet}`)).json()).token;
          configure({ getToken });
          const tags = ['balance', 'usage', 'plans', 'billing', 'balance', 'packages', 'transfer', 'predictions'];
          document.querySelector('main').append(...tags.map((tag) => document.createElement(`tally-${tag}`)));
        }""",
        visitor.wallet_id,
    )

    for text in ("Automatic top-up", "Feedback rate", "0 credits can be moved.", "Off: you buy", "$499", "No payments"):
        visitor.sees(text)
    assert asked == dict.fromkeys(asked, 1)
    assert {"/api/credits/balance", "/api/user/usage?days=30", "/api/plans", "/api/credits/packages"} <= set(asked)


def test_what_has_not_changed_is_not_sent_again(visitor: Visitor) -> None:
    answers: list[Response] = []
    visitor.page.on("response", lambda answer: answers.append(answer) if "/api/credits/balance" in answer.url else None)
    visitor.open()
    visitor.balance("0 credits")

    with visitor.page.expect_response(lambda answer: "/balance" in answer.url and answer.status == 304) as unchanged:
        visitor.page.evaluate("import('/web/tally.js').then(({ refresh }) => refresh())")

    assert answers[0].status == 200
    assert unchanged.value.request.header_value("if-none-match") == answers[0].header_value("etag")
    visitor.balance("0 credits")


def test_a_change_elsewhere_is_seen_by_and_by(visitor: Visitor, place: Place) -> None:
    visitor.open()
    visitor.page.evaluate(OFTEN)
    visitor.balance("0 credits")

    place.buy(visitor.wallet_id)

    visitor.balance("1,000 credits")


def test_nothing_is_asked_while_nobody_looks(visitor: Visitor) -> None:
    visitor.open()
    visitor.balance("0 credits")
    with visitor.page.expect_response("**/api/credits/balance*"):
        visitor.page.evaluate(OFTEN)
    asked: list[str] = []
    visitor.page.evaluate(HIDE, "hidden")
    visitor.page.wait_for_timeout(300)  # what is under way arrives
    visitor.page.on("request", lambda request: asked.append(request.url))
    visitor.page.wait_for_timeout(2500)
    assert asked == []

    with visitor.page.expect_request("**/api/credits/balance*"):
        visitor.page.evaluate(HIDE, "visible")


def test_a_token_that_has_run_out_is_fetched_again_once(visitor: Visitor) -> None:
    visitor.open()
    visitor.balance("0 credits")
    tokens: list[str | None] = []

    def run_out(route: Route) -> None:
        tokens.append(route.request.header_value("authorization"))
        if len(tokens) == 1:
            route.fulfill(status=401, json={"status": 401, "code": "unauthenticated", "detail": "It has run out."})
        else:
            route.continue_()

    visitor.page.route("**/api/credits/balance*", run_out)
    with (
        visitor.page.expect_request("**/local/token*"),
        visitor.page.expect_response(lambda answer: "/balance" in answer.url and answer.status in (200, 304)),
    ):
        visitor.page.evaluate("import('/web/tally.js').then(({ refresh }) => refresh())")

    assert len(tokens) == 2
    visitor.balance("0 credits")


def test_who_is_not_signed_in_is_told_so_and_sees_prices(visitor: Visitor) -> None:
    visitor.page.route("**/local/token*", lambda route: route.fulfill(json={"token": None}))
    visitor.open("/pricing")

    expect(visitor.page.locator("header tally-balance")).to_contain_text("Please sign in to see this.")
    visitor.sees("$29 a month")


def test_a_section_that_fails_says_so_beside_those_that_do_not_and_is_asked_again(visitor: Visitor) -> None:
    visitor.page.route("**/api/user/payments*", lambda route: route.fulfill(status=500, json={"status": 500}))
    visitor.open("/billing")
    visitor.sees("This didn’t work.")
    visitor.sees("Off: you buy credits yourself.")
    visitor.page.unroute("**/api/user/payments*")

    visitor.press("Retry")

    visitor.sees("No payments yet.")


def test_without_a_network_the_last_known_stays_and_comes_back_with_it(visitor: Visitor) -> None:
    visitor.open()
    visitor.balance("0 credits")
    visitor.context.set_offline(True)
    visitor.page.evaluate("import('/web/tally.js').then(({ refresh }) => refresh())")

    visitor.sees("You seem to be offline. This is what we knew last.")
    visitor.balance("0 credits")
    visitor.context.set_offline(False)
    visitor.page.locator("header").get_by_role("button", name="Retry").click()

    expect(visitor.page.locator("header tally-balance")).not_to_contain_text("offline")


def test_one_who_asks_too_often_is_asked_to_wait_as_long_as_the_api_says(visitor: Visitor, place: Place) -> None:
    asked: list[str] = []

    def slow_down(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(status=429, headers={"Retry-After": "2"}, json={"status": 429, "code": "too_many_requests"})

    visitor.page.route("**/api/credits/balance*", slow_down)
    visitor.open()
    visitor.sees("That was a lot at once.")
    assert len(asked) == 1
    visitor.page.unroute("**/api/credits/balance*")

    visitor.balance("0 credits")


def test_what_somebody_types_survives_an_answer_and_a_failure(visitor: Visitor) -> None:
    visitor.open("/billing")
    field = visitor.page.get_by_label("Fill up to")
    field.fill("7777")

    with visitor.page.expect_response("**/api/credits/auto-topup*"):
        visitor.page.evaluate("import('/web/tally.js').then(({ refresh }) => refresh())")
    visitor.page.route("**/api/credits/auto-topup*", lambda route: route.fulfill(status=500, json={"status": 500}))
    visitor.page.evaluate("import('/web/tally.js').then(({ refresh }) => refresh())")

    visitor.sees("This is what we knew last.")
    expect(field).to_have_value("7777")

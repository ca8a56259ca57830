"""A visitor of the local stack's pages, in Chromium; and what stands around: the clock, the pay pages, the API."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from playwright.sync_api import Browser, BrowserContext, Locator, Page, Playwright, ViewportSize, expect

from local.client import Answer, call

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
PATIENCE = 15_000  # milliseconds
WIDE, NARROW = ViewportSize(width=1280, height=900), ViewportSize(width=360, height=740)
WATCH = """
window.violations = [];
addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
  violations.push(`${violatedDirective} ${blockedURI}`));
window.shifts = 0;
new PerformanceObserver((list) => {
  for (const each of list.getEntries()) if (!each.hadRecentInput) shifts += each.value;
}).observe({ type: 'layout-shift', buffered: true });
"""
UNHEARD = ("401", "402", "404", "409", "422", "429", "500", "503", "ERR_INTERNET_DISCONNECTED", "ERR_FAILED")


def chromium() -> str | None:
    """Find the machine's Chromium."""
    return next((found for name in PROGRAMS if (found := shutil.which(name))), None)


def launched(playwright: Playwright) -> Browser:
    return playwright.chromium.launch(executable_path=chromium(), args=[*ARGUMENTS])


@dataclass(slots=True)
class Place:
    """Where a running stack is."""

    port: int

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def stripe(self) -> str:
        return f"http://127.0.0.1:{self.port + 2}"

    def control(self, order: str, **fields: object) -> Any:
        """Give the stand-in for Stripe an order."""
        answer = call("POST", f"{self.stripe}/_control/{order}", body=fields)
        assert answer.status == 200, answer
        return answer.body

    def bearer(self, wallet_id: str, **more: str) -> dict[str, str]:
        query = urlencode({"wallet_id": wallet_id, **more})
        return {"Authorization": f"Bearer {call('GET', f'{self.api}/local/token?{query}').body['token']}"}

    def ask(self, method: str, path: str, wallet_id: str, body: object = None, **more: str) -> Answer:
        """Send a request to the API as somebody, with a key of its own."""
        headers = {**self.bearer(wallet_id, **more), "Idempotency-Key": uuid.uuid4().hex}
        return call(method, f"{self.api}{path}", body=body, headers=headers)

    def get(self, path: str, wallet_id: str) -> Any:
        answer = self.ask("GET", path, wallet_id)
        assert answer.status == 200, answer
        return answer.body

    def buy(self, wallet_id: str, package_id: str = "starter", **more: object) -> Any:
        """Buy and pay by card; gives the purchase once it is paid."""
        begun = self.ask("POST", "/api/credits/purchase", wallet_id, {"package_id": package_id, **more}).body
        self.control(f"sessions/{begun['checkout_session_id']}/pay", method="card")
        return self.settled(wallet_id, begun["purchase_id"])

    def settled(self, wallet_id: str, purchase_id: str) -> Any:
        for _ in range(200):
            found = self.get(f"/api/credits/purchases/{purchase_id}", wallet_id)
            if found["status"] == "paid":
                return found
        raise AssertionError("the purchase did not become paid")

    def subscribe(self, wallet_id: str, plan_id: str = "pro", interval: str = "month") -> None:
        """Put a wallet on a paid plan."""
        wish = {"plan_id": plan_id, "interval": interval}
        begun = self.ask("POST", "/api/user/subscription/checkout", wallet_id, wish).body
        self.control(f"sessions/{begun['checkout_session_id']}/pay", method="card")
        self.subscribed(wallet_id, plan_id)

    def subscribed(self, wallet_id: str, plan_id: str) -> None:
        """Wait until the news of a subscription have come."""
        for _ in range(200):
            if self.get("/api/user/subscription", wallet_id)["plan_id"] == plan_id:
                return
        raise AssertionError("the subscription did not begin")

    def use(self, wallet_id: str, quantity: int, meter: str = "pull_requests", **more: object) -> Answer:
        body = {"wallet_id": wallet_id, "meter": meter, "quantity": quantity, **more}
        return self.ask("POST", "/api/user/usage/increment", "svc_analyser", body, scope="tally:service")


@dataclass(slots=True)
class Visitor:
    """Somebody with a browser, signed in for a wallet of their own."""

    place: Place
    context: BrowserContext
    page: Page
    wallet_id: str
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str = "/", **query: str) -> None:
        self.page.goto(f"{self.place.api}{path}?{urlencode({'wallet': self.wallet_id, **query})}")

    def gallery(self, state: str, **query: str) -> None:
        self.page.goto(f"{self.place.api}/gallery?{urlencode({'state': state, **query})}")

    def sees(self, text: str) -> Locator:
        """Wait until a text is seen."""
        found = self.page.get_by_text(text).first
        expect(found).to_be_visible()
        return found

    def press(self, name: str, role: Any = "button") -> None:
        self.page.get_by_role(role, name=name).first.click()

    def balance(self, text: str) -> None:
        expect(self.page.locator("header tally-balance [part=amount]")).to_have_text(text)

    def tab_to(self, wanted: Locator, *, most: int = 80) -> None:
        """Move the focus with the Tab key until it is where it is wanted."""
        for _ in range(most):
            self.page.keyboard.press("Tab")
            if wanted.evaluate("(each) => each.matches(':focus')"):
                return
        raise AssertionError("the focus does not get there")

    def close(self) -> None:
        """End the visit; nothing may have been complained about."""
        for page in self.context.pages:
            if page.url.startswith(self.place.api):
                self.complaints += page.evaluate("window.violations ?? []")
        self.context.close()
        assert not self.complaints


@contextmanager
def visiting(browser: Browser, place: Place, **how: Any) -> Iterator[Visitor]:
    """Open a browser's window for a new wallet."""
    context = browser.new_context(**{"viewport": WIDE, "locale": "en-US", "timezone_id": "UTC", **how})
    context.set_default_timeout(PATIENCE)
    context.add_init_script(WATCH)
    page = context.new_page()
    visitor = Visitor(place, context, page, f"acct_{uuid.uuid4().hex[:12]}")
    page.on("pageerror", lambda error: visitor.complaints.append(str(error)))
    page.on("console", lambda said: _hear(visitor, said.type, said.text))
    yield visitor
    visitor.close()


def _hear(visitor: Visitor, kind: str, text: str) -> None:
    """Take down what the browser complains about; that an answer was a refusal is none."""
    if kind in ("error", "warning") and not any(each in text for each in UNHEARD):
        visitor.complaints.append(text)

"""The hosted pages, as a browser sees them."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser
from urllib.parse import urlencode

import pytest

from local.stripe import looks
from tests.standin.driving import HOME, Desk
from tests.standin.test_subscriptions import subscribed


class Outline(HTMLParser):
    """Notes the tags of a page, and that every one that opens is closed."""

    VOID = frozenset({"meta", "input", "br", "link"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note it."""
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """It must be the one that is open."""
        assert self.open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of every such tag."""
        return [attrs for name, attrs in self.tags if name == tag]


def test_the_pay_page_shows_what_is_bought_and_how_to_pay(desk: Desk) -> None:
    session = desk.session()

    status, headers, page = desk.browse(f"/pay/{session.id}")

    outline = Outline(page)
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "1,000 credits × 2" in page
    assert "Pay $20.00</button>" in page
    ways = [field["value"] for field in outline.all("input") if field["name"] == "method"]
    assert ways == ["card", "bank_debit", "declined"]
    assert outline.all("a")[-1]["href"] == HOME + "/basket"
    assert outline.all("html")[0]["lang"] == "en"
    assert outline.all("script") == []
    fields = {field.get("id") for field in outline.all("input")} - {None}
    assert fields <= {label.get("for") for label in outline.all("label")}, "every field has its label"


def test_the_policy_allows_the_style_of_the_page_and_nothing_else(desk: Desk) -> None:
    _, headers, page = desk.browse(f"/pay/{desk.session().id}")

    assert headers["content-security-policy"] == looks.POLICY
    assert looks.STYLE in page
    assert "style=" not in page


def test_paying_sends_the_buyer_back_with_the_session_filled_in(desk: Desk) -> None:
    session = desk.session()

    status, headers, _ = desk.browse(f"/pay/{session.id}", "method=card&email=ada%40example.com")

    assert (status, headers["location"]) == (303, f"{HOME}/done?session={session.id}")
    assert desk.status(session) == ("complete", "paid")
    assert desk.listener.last("checkout.session.completed")["customer_details"]["email"] == "ada@example.com"
    assert desk.browse(f"/pay/{session.id}", "method=card")[0] == 303, "a second press pays nothing"
    assert len(desk.stripe.charges.list().data) == 1
    assert "This is paid" in desk.browse(f"/pay/{session.id}")[2]


def test_a_declined_card_is_told_on_the_page(desk: Desk) -> None:
    session = desk.session()

    status, _, page = desk.browse(f"/pay/{session.id}", "method=declined")

    assert status == 402
    assert 'role="alert">Your card was declined' in page
    assert Outline(page)
    assert desk.browse(f"/pay/{session.id}", "method=bank_debit")[0] == 303


def test_a_form_without_a_choice_is_shown_again(desk: Desk) -> None:
    assert desk.browse(f"/pay/{desk.session().id}", "method=shells")[0] == 400


def test_an_expired_page_says_so(desk: Desk) -> None:
    session = desk.session()
    desk.clock.advance(days=1)

    assert desk.browse(f"/pay/{session.id}")[0] == 410
    assert desk.browse(f"/pay/{session.id}", "method=card")[0] == 410


def test_a_known_address_is_shown_and_not_asked_for(desk: Desk) -> None:
    customer = desk.stripe.customers.create({"email": "<ada>@example.com"})
    session = desk.session(customer=customer.id)

    page = desk.browse(f"/pay/{session.id}")[2]

    assert 'type="email"' not in page
    assert "&lt;ada&gt;@example.com" in page


def test_nothing_that_a_caller_sends_becomes_markup(desk: Desk) -> None:
    evil = "<script>alert('x')</script>\"&"
    line = {"quantity": 1, "price_data": {"currency": "usd", "unit_amount": 1_000, "product_data": {"name": evil}}}
    session = desk.session(line_items=[line], cancel_url=HOME + '/?"><script>')

    page = desk.browse(f"/pay/{session.id}")[2]

    assert html.escape(evil) in page
    assert Outline(page).all("script") == []


@pytest.mark.parametrize(
    ("path", "form", "status"),
    [("/", None, 404), ("/pay/cs_nowhere", None, 404), ("/receipts/ch_1", "a=b", 405), ("/pay/cs_nowhere", "a=b", 404)],
)
def test_what_is_no_page_is_told_kindly(desk: Desk, path: str, form: str | None, status: int) -> None:
    answered, _, page = desk.browse(path, form)
    assert answered == status
    assert Outline(page)


def test_the_receipt_of_a_payment_can_be_looked_at(desk: Desk) -> None:
    session = desk.paid()
    desk.stripe.refunds.create({"payment_intent": desk.intent(session).id, "amount": 500})

    _, _, page = desk.browse(f"/receipts/{desk.charge(session).id}")

    assert "$20.00" in page
    assert "$5.00" in page


def test_there_is_no_receipt_without_a_payment(desk: Desk) -> None:
    session = desk.session()
    desk.control(f"sessions/{session.id}/pay", method="declined")

    assert desk.browse(f"/receipts/{desk.charge(session).id}")[0] == 404


@pytest.mark.parametrize("theme", re.findall(r":root\{([^}]*--ground[^}]*)\}", looks.STYLE), ids=["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "ground"),
    [
        ("ink", "card"),
        ("soft", "card"),
        ("soft", "ground"),
        ("accent", "card"),
        ("on-accent", "accent"),
        ("bad", "bad-ground"),
    ],
)
def test_text_stands_out_enough_to_be_read(theme: str, ink: str, ground: str) -> None:
    colours = dict(re.findall(r"--([a-z-]+):#([0-9a-f]+)", theme))

    def brightness(name: str) -> float:
        text = colours[name] if len(colours[name]) == 6 else "".join(digit * 2 for digit in colours[name])
        parts = [int(text[at : at + 2], 16) / 255 for at in (0, 2, 4)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    bright, dark = sorted([brightness(ink), brightness(ground)], reverse=True)
    assert (bright + 0.05) / (dark + 0.05) >= 4.5, "WCAG AA"


def test_an_invoice_can_be_looked_at_and_printed(desk: Desk) -> None:
    invoice = desk.paid(invoice_creation={"enabled": True}).invoice

    _, _, page = desk.browse(f"/invoices/{invoice}")
    reply = desk.standin.handle("GET", f"/invoices/{invoice}/pdf", {})

    assert "$20.00" in page
    assert reply.headers["content-type"] == "application/pdf"
    (start,) = map(int, re.findall(rb"startxref\n(\d+)", reply.body))
    assert reply.body[start:].startswith(b"xref\n0 6")
    for number, offset in enumerate(re.findall(rb"(\d{10}) 00000 n", reply.body), start=1):
        assert reply.body[int(offset) :].startswith(b"%d 0 obj" % number)


def test_a_customer_cancels_and_resumes_in_the_portal(desk: Desk) -> None:
    subscription = subscribed(desk)
    customer = str(subscription.customer)
    visit = desk.stripe.billing_portal.sessions.create({"customer": customer, "return_url": HOME})
    path = visit.url.removeprefix("https://pay.example")
    assert "Cancel at the period" in desk.browse(path)[2]

    assert desk.browse(path, urlencode({"subscription": subscription.id, "do": "cancel"}))[0] == 303

    assert desk.stripe.subscriptions.retrieve(subscription.id).cancel_at_period_end
    assert desk.listener.types()[-1] == "customer.subscription.updated"
    page = desk.browse(path)[2]
    assert Outline(page).all("a")[0]["href"] == HOME
    assert "Keep the subscription" in page
    desk.browse(path, urlencode({"subscription": subscription.id, "do": "resume"}))
    assert not desk.stripe.subscriptions.retrieve(subscription.id).cancel_at_period_end


def test_the_portal_shows_a_customers_own_subscriptions_only(desk: Desk) -> None:
    subscription = subscribed(desk)
    other = desk.stripe.customers.create({})
    visit = desk.stripe.billing_portal.sessions.create({"customer": other.id})
    path = visit.url.removeprefix("https://pay.example")

    desk.browse(path, urlencode({"subscription": subscription.id, "do": "cancel"}))

    assert not desk.stripe.subscriptions.retrieve(subscription.id).cancel_at_period_end
    assert "You have no subscription" in desk.browse(path)[2]

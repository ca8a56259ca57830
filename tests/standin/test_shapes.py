"""Every field that the stand-in sends is one of Stripe's, in name and in type."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
import stripe
from stripe.params import PaymentIntentCreateParams
from stripe.params.checkout import SessionCreateParams

from local.stripe import account, intents, sessions
from tests.standin.driving import Desk
from tests.standin.test_saved_cards import saved_card
from tests.standin.test_subscriptions import subscribed

FIXTURES = Path(__file__).parents[2].parent / "shared" / "data" / "stripe-fixtures.json"

CLASSES: dict[str, type[stripe.StripeObject]] = {
    "balance_transaction": stripe.BalanceTransaction,
    "billing_portal.session": stripe.billing_portal.Session,
    "charge": stripe.Charge,
    "checkout.session": stripe.checkout.Session,
    "coupon": stripe.Coupon,
    "customer": stripe.Customer,
    "discount": stripe.Discount,
    "dispute": stripe.Dispute,
    "event": stripe.Event,
    "invoice": stripe.Invoice,
    "invoice_payment": stripe.InvoicePayment,
    "item": stripe.LineItem,
    "line_item": stripe.InvoiceLineItem,
    "payment_intent": stripe.PaymentIntent,
    "payment_method": stripe.PaymentMethod,
    "plan": stripe.Plan,
    "price": stripe.Price,
    "product": stripe.Product,
    "refund": stripe.Refund,
    "subscription": stripe.Subscription,
    "subscription_item": stripe.SubscriptionItem,
    "subscription_schedule": stripe.SubscriptionSchedule,
}
OPEN_TABLES = frozenset({"metadata"})
"""Tables whose names are the caller's."""


@pytest.fixture(scope="module")
def examples() -> dict[str, Any]:
    """Stripe's own example objects, where the machine has them."""
    if not FIXTURES.exists():
        pytest.skip("Stripe's example objects are not on this machine")
    resources: dict[str, Any] = json.loads(FIXTURES.read_text(encoding="utf-8"))["resources"]
    return resources


@pytest.fixture(scope="module")
def sent() -> dict[str, list[dict[str, Any]]]:
    """Objects of every kind, in many states, as they were sent: answers and events."""
    desk = Desk()
    desk.stripe.coupons.create({"id": "FIFTH", "percent_off": 20, "duration": "repeating", "duration_in_months": 3})
    customer, _ = saved_card(desk)
    session = desk.paid(customer=customer, invoice_creation={"enabled": True}, discounts=[{"coupon": "FIFTH"}])
    desk.session(customer_email="ada@example.com", automatic_tax={"enabled": True})
    intent = desk.intent(session).id
    refund = desk.stripe.refunds.create({"payment_intent": intent, "amount": 500})
    desk.control(f"refunds/{refund.id}/fail")
    dispute = desk.control(f"payment_intents/{intent}/dispute")
    desk.control(f"disputes/{dispute['id']}/close", status="won")
    desk.control(f"payment_intents/{desk.intent(desk.paid()).id}/dispute", inquiry=True)
    for end in ("declined", "bank_debit"):
        desk.control(f"sessions/{desk.session().id}/pay", method=end)
    desk.control(f"sessions/{desk.session().id}/expire")
    subscription = subscribed(desk, discounts=[{"coupon": "FIFTH"}])
    desk.control(f"subscriptions/{subscription.id}/renew", outcome="failed")
    desk.stripe.subscription_schedules.create({"from_subscription": subscription.id})
    desk.stripe.billing_portal.sessions.create({"customer": customer})
    found: dict[str, list[dict[str, Any]]] = {}
    state = desk.standin._account.objects
    for thing in _objects([*(list(things.values()) for things in state.values()), desk.listener.events]):
        found.setdefault(thing["object"], []).append(thing)
    for line in next(iter(desk.standin._account.terms.values())).lines:
        found.setdefault("item", []).append(line)
    return found


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every object within a value, itself included."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if isinstance(value, dict) and isinstance(value.get("object"), str):
        yield value
    for one in inner:
        yield from _objects(one)


def _strange(thing: Any, example: Any, cls: Any, path: str) -> Iterator[str]:
    """The paths of fields that neither the example nor the package's class has, or that differ in type."""
    known = set(example or ()) | set(getattr(cls, "__annotations__", {}))
    inner = getattr(cls, "_inner_class_types", {})
    for name, value in thing.items():
        if name not in known:
            yield f"{path}.{name}"
            continue
        shown = (example or {}).get(name)
        if value is not None and shown is not None and type(value) is not type(shown) and not _named(value, shown):
            yield f"{path}.{name} is {type(value).__name__}, not {type(shown).__name__}"
        if isinstance(value, dict) and name not in OPEN_TABLES and "object" not in value:
            yield from _strange(value, shown if isinstance(shown, dict) else None, inner.get(name), f"{path}.{name}")


def _named(value: object, shown: object) -> bool:
    """An id where the example shows the object, or the other way round; whole per cents where it shows broken ones."""
    return {type(value), type(shown)} in ({str, dict}, {int, float})


@pytest.mark.parametrize("kind", sorted(CLASSES))
def test_every_field_is_one_of_stripes(kind: str, examples: dict[str, Any], sent: dict[str, list[Any]]) -> None:
    assert sent[kind], "the fixture makes one of every kind"
    strange = {found for thing in sent[kind] for found in _strange(thing, examples.get(kind), CLASSES[kind], kind)}

    assert not strange


@pytest.mark.parametrize("kind", sorted(set(CLASSES) - {"item", "line_item", "event"}))
def test_no_field_that_the_package_promises_is_left_out(kind: str, sent: dict[str, list[Any]]) -> None:
    """A field that is neither optional nor only sent on request must be there."""
    hints = CLASSES[kind].__annotations__
    fields = {name for name in hints if name.islower() and not name.startswith("_")}
    promised = {name for name in fields if type(None) not in get_args(hints[name])}

    assert not {name for thing in sent[kind] if not thing.get("deleted") for name in promised - set(thing)}


def test_events_carry_the_version_of_the_package() -> None:
    assert stripe.api_version == account.API_VERSION


def test_every_event_that_is_told_is_one_that_the_package_knows(sent: dict[str, list[Any]]) -> None:
    known = str(get_type_hints(stripe.Event, include_extras=True)["type"])
    assert {event["type"] for event in sent["event"] if f"'{event['type']}'" not in known} == set()


def test_every_parameter_that_is_read_is_one_of_stripes() -> None:
    assert {*sessions.READ, *sessions.IGNORED} <= set(SessionCreateParams.__annotations__)
    assert {*intents.CREATE, *intents.IGNORED} <= set(PaymentIntentCreateParams.__annotations__)

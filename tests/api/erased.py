"""A life with a marker in every field that takes a person's words or addresses, lived through the API alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from chalicelib import wiring
from chalicelib.services.topping_up import Charging, charge_due
from local.replies import Reply
from local.stripe.transport import lost
from tests.api.desk import ADMIN, Desk
from tests.api.subscriber import Subscriber
from tests.webhooks.premises import WALLET

PATH = f"/api/admin/wallets/{WALLET}/erasure"
MARKER = "Mustermann"
EMAIL = f"{MARKER}@example.org"
TEAM = "team_x"
BODY = {"reason": "ticket 4711"}
Json = dict[str, Any]


def erase(desk: Desk, *, key: str | None = "e1", path: str = PATH, body: object = BODY, admin: str = "boss") -> Reply:
    return desk.post(path, body, key=key, token=desk.token(admin, scope=ADMIN))


def admin(desk: Desk, what: str, key: str, **fields: object) -> Reply:
    """Do something to the wallet by an admin's word, with the marker for a reason."""
    body = {"reason": f"{MARKER} called", **fields}
    path = f"/api/admin/wallets/{WALLET}/{what}"
    reply = desk.post(path, body, key=key, token=desk.token(f"admin_{MARKER}", scope=ADMIN))
    assert reply.status in (200, 201, 502), reply.body
    return reply


def put(desk: Desk, path: str, body: object) -> None:
    token, media = desk.token(email=EMAIL), {"Content-Type": "application/json"}
    reply = desk.ask("PUT", path, token=token, headers=media, body=json.dumps(body).encode())
    assert reply.status == 200, reply.body


def post(desk: Desk, path: str, key: str, **body: object) -> Json:
    reply = desk.post(path, body, key=key, token=desk.service())
    assert reply.status in (200, 201), reply.body
    said: Json = reply.json()
    return said


def paid(desk: Desk, key: str) -> Json:
    bought = desk.buy(key, token=desk.token(email=EMAIL), return_path=f"/thanks/{MARKER}", save_card=True)
    desk.pay(bought)
    said: Json = bought.json()
    return said


def live(desk: Desk) -> None:
    """A customer's life, in which everything that can be said is said with the marker."""
    desk.give(1, wallet_id=TEAM)
    labels = {"labels": {MARKER: MARKER}}
    owner = desk.token(teams=((TEAM, "owner"),))
    subscriber = Subscriber(desk)
    subscriber.token = lambda: desk.token(email=EMAIL)  # type: ignore[method-assign]
    contact = {"email": EMAIL, "webhook_url": f"https://hooks.example.com/{MARKER}", "locale": "de"}
    put(desk, "/api/user/notifications", contact)
    first, second = paid(desk, "b1"), paid(desk, "b2")
    desk.buy("b3", token=desk.token(email=EMAIL), return_path=f"/thanks/{MARKER}")
    use = {"wallet_id": WALLET, "meter": "pull_requests", "quantity": 60, **labels}
    post(desk, "/api/user/usage/increment", "u1", **use)
    post(desk, "/api/usage/batch", "none", events=[{"key": f"u{number}", **use} for number in range(2, 4)])
    hold = desk.place(credits=50).json()["hold_id"]
    uses = [{"meter": "api_calls", "quantity": 3, **labels}]
    assert desk.capture(hold, uses=uses).status == 200
    assert desk.transfer(100, TEAM, key="t1", token=owner, note=f"for {MARKER}").status == 201
    assert desk.transfer(30, WALLET, key="t2", token=owner, query=f"?wallet={TEAM}", note=MARKER).status == 201
    admin(desk, "grants", "g1", credits=5)
    admin(desk, "adjustments", "a1", credits=-2)
    admin(desk, "freeze", "f1")
    admin(desk, "unfreeze", "f2")
    admin(desk, "refunds", "r1", purchase_id=first["purchase_id"], amount_minor=200)
    desk.premises.transport.before = without_refunds
    assert admin(desk, "refunds", "r2", purchase_id=second["purchase_id"], amount_minor=100).status == 502
    desk.premises.transport.before = None
    subscriber.subscribe("pro")
    put(
        desk,
        "/api/credits/auto-topup",
        {"enabled": True, "below": 5000, "target": 6000, "package_id": "starter", "monthly_cap_minor": None},
    )
    post(desk, "/api/user/usage/increment", "u9", **{**use, "quantity": 510})
    charge_due(Charging(wiring.errand("charge_topups"), wiring.shop()))
    odd(desk)


def without_refunds(method: str, path: str) -> None:
    if (method, path) == ("POST", "/v1/refunds"):
        raise lost()


def odd(desk: Desk) -> None:
    """Have an event kept aside."""
    desk.premises.hold()
    bought = desk.buy("b4", token=desk.token(email=EMAIL))
    desk.pay(bought)
    session = desk.premises.standin._account.objects["checkout.session"][bought.json()["checkout_session_id"]]
    session["amount_subtotal"] = 999
    assert desk.premises.deliver(desk.premises.events("checkout.session.completed")[-1]) == 200


def words(value: object) -> Iterator[str]:
    """Give every text and every bytes that lie anywhere in a raw item, names included."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield name
            yield from words(each)
    elif isinstance(value, list | tuple | set):
        for each in value:
            yield from words(each)
    else:
        yield value.decode("latin-1") if isinstance(value, bytes) else str(value)


def found(desk: Desk, is_odd: Callable[[str], bool]) -> list[tuple[str, str]]:
    """Name the items of all three tables in which something odd stands."""
    return [
        (item["wallet_id"]["S"], item.get("sk", {}).get("S", ""))
        for items in desk.premises.items().values()
        for item in items
        if any(is_odd(word) for word in words(item))
    ]


def marked(desk: Desk) -> list[tuple[str, str]]:
    return found(desk, lambda word: MARKER.lower() in word.lower())

"""Notifications: where a wallet's messages go."""

from __future__ import annotations

import secrets
from base64 import b64encode
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec
from chalice.app import Response

from chalicelib import wiring
from chalicelib.api import answers, bodies
from chalicelib.api.auth import caller_of, wallet_of
from chalicelib.api.routes import Routes
from chalicelib.api.scopes import Scope
from chalicelib.domain.addresses import check_email
from chalicelib.domain.contacts import Contact, Known, recipient_of
from chalicelib.domain.endpoints import check_endpoint
from chalicelib.domain.errors import InvalidRequest
from chalicelib.services.contacts import set_contact
from chalicelib.services.limiting import Slot

if TYPE_CHECKING:
    from chalicelib.api import shapes

notification_routes = Routes(__name__)
SECRET_BYTES = 24
PATH = "/api/user/notifications"


@notification_routes.get(PATH, scope=Scope.CUSTOMER)
def show_notifications() -> Response:
    """Show where messages go. The address in use may be one that came with a payment or with the token."""
    wallet_id = wallet_of(notification_routes.current_request)
    store = wiring.store()
    return answers.ok(_shown(store.contact(wallet_id), store.known_addresses(wallet_id)))


@notification_routes.put(PATH, scope=Scope.CUSTOMER, limited=True)
def set_notifications(slot: Slot) -> Response:
    """Set where messages go: what is left out stays, null clears. A new webhook address gets a secret, shown once."""
    request = notification_routes.current_request
    wallet_id = wallet_of(request, as_owner=True)
    caller, body = caller_of(request), bodies.read(request, bodies.NotificationsBody)
    wanted = _checked(body)
    if caller.wallet_id == wallet_id and caller.email:
        wanted["token_email"] = caller.email
    secret = "whsec_" + b64encode(secrets.token_bytes(SECRET_BYTES)).decode()

    def wish(before: Contact) -> Contact:
        return replace(before, **wanted, webhook_secret=secret)

    till = wiring.till(notification_routes.lambda_context.get_remaining_time_in_millis())
    stamp = wiring.stamp(caller.wallet_id)
    known = wiring.store().known_addresses(wallet_id)  # before: what is asked afterwards may fail, and hide the secret
    contact, is_new = set_contact(till, wallet_id, wish, stamp=stamp, take_slot=slot.take)
    shown = _shown(contact, known)
    if is_new and contact.webhook_secret:
        shown["secret"] = contact.webhook_secret
    return answers.ok(shown)


def _checked(body: bodies.NotificationsBody) -> dict[str, Any]:
    checks = {"email": check_email, "webhook_url": check_endpoint, "locale": _check_locale}
    given = {name: getattr(body, name) for name in checks}
    return {
        name: checks[name](value) if value is not None else None
        for name, value in given.items()
        if value is not msgspec.UNSET
    }


def _check_locale(locale: str) -> str:
    spoken = wiring.languages().spoken
    if locale not in spoken:
        raise InvalidRequest("locale", f"one of {', '.join(spoken)} is wanted")
    return locale


def _shown(contact: Contact, known: Known) -> shapes.settings.Notifications:
    to = recipient_of(contact, known)
    return {
        "wallet_id": contact.wallet_id,
        "email": contact.email,
        "email_in_use": to.email,
        "webhook_url": contact.webhook_url,
        "locale": to.locale,
    }

"""
Contacts: where a wallet's messages go. Addresses name persons, so they stand beside the ledger and not in it.

An e-mail address is found in this order: the one the customer set, the one given with the last payment, the one that
the customer's token had.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from chalicelib.domain.catalog import Catalog
from chalicelib.domain.concluding import conclude
from chalicelib.domain.ledger import Stamp
from chalicelib.domain.messages import Recipient
from chalicelib.domain.plans import catch_up
from chalicelib.domain.wallet import Decision, Line, Wallet

LANGUAGE = "en"  # where none was chosen


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """
    What a customer set, and what is known besides. `version` counts the writes; 0: never written.

    `webhook_secret` signs what is sent to `webhook_url`; it changes with it.
    """

    wallet_id: str
    version: int = 0
    email: str | None = None
    webhook_url: str | None = None
    webhook_secret: str | None = None
    locale: str | None = None
    token_email: str | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """Addresses that came without being set: with the last payment, and with the customer record."""

    payment_email: str | None = None
    customer_email: str | None = None


@dataclass(frozen=True, slots=True)
class ContactChanged:
    """The contact as it was and as it shall be, and the entry that says what was changed."""

    before: Contact
    contact: Contact
    decision: Decision


def recipient_of(contact: Contact, known: Known) -> Recipient:
    """Find out where messages go."""
    return Recipient(
        wallet_id=contact.wallet_id,
        email=contact.email or known.payment_email or contact.token_email or known.customer_email,
        webhook_url=contact.webhook_url,
        webhook_secret=contact.webhook_secret,
        locale=contact.locale or LANGUAGE,
    )


def change_contact(
    wallet: Wallet, before: Contact, wanted: Contact, catalog: Catalog, stamp: Stamp
) -> ContactChanged | None:
    """
    Set where messages go. The entry names what was changed, not what to. None: nothing was.

    A new webhook address takes the secret that *wanted* brings; with the old one the old secret stands.
    """
    if wanted.webhook_url == before.webhook_url:
        wanted = replace(wanted, webhook_secret=before.webhook_secret)
    elif wanted.webhook_url is None:
        wanted = replace(wanted, webhook_secret=None)
    names = ("email", "locale", "webhook_url")
    changed = [name for name in names if getattr(before, name) != getattr(wanted, name)]
    if not changed:
        return None
    current = catch_up(wallet, catalog, wallet.time_of_decision(stamp.now))
    line = Line(kind="settings", credits=0, facts={"settings": "notifications", "changed": changed})
    decision = conclude(wallet, current, current.wallet, line, catalog=catalog, stamp=stamp)
    return ContactChanged(before, replace(wanted, version=before.version + 1), decision)

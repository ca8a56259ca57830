"""Setting where a wallet's messages go."""

from __future__ import annotations

from collections.abc import Callable

from chalicelib.domain.contacts import Contact, change_contact
from chalicelib.domain.errors import Busy
from chalicelib.domain.ledger import Stamp
from chalicelib.services.limiting import TakeSlot, unlimited
from chalicelib.services.ports import Change, LostRace, OutcomeUnknown, Throttled
from chalicelib.services.using import Till


def set_contact(
    till: Till,
    wallet_id: str,
    wish: Callable[[Contact], Contact],
    *,
    stamp: Stamp,
    take_slot: TakeSlot = unlimited,
) -> tuple[Contact, bool]:
    """
    Make a wallet's contact what *wish* makes of the one that stands. Doing it again changes nothing.

    Returns the contact, and whether its webhook secret is another than at the first look: so it is shown also when
    the answer to the write was lost.

    Raises:
        TooManyRequests: As *take_slot* says.
        Busy: Every attempt within the budget lost its race.
    """
    first: Contact | None = None
    for turn in till.patience.turns():
        try:
            wallet, before = till.store.wallet(wallet_id), till.store.contact(wallet_id)
            first = first or before
            changed = change_contact(wallet, before, wish(before), till.catalog, stamp)
            if changed:
                take_slot(wallet_id)
                till.store.commit(Change(decisions=[changed.decision], contact=changed))
            contact = changed.contact if changed else before
            return contact, contact.webhook_secret not in (None, first.webhook_secret)
        except (LostRace, Throttled, OutcomeUnknown) as trouble:
            turn.meet(trouble)
    raise Busy(wallet_id)

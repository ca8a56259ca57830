"""Setting where a wallet's messages go."""

from __future__ import annotations

from collections.abc import Callable

from chalicelib.domain.contacts import Contact, change_contact
from chalicelib.domain.errors import Busy
from chalicelib.domain.ledger import Stamp
from chalicelib.services.ports import Change, LostRace, OutcomeUnknown, Throttled
from chalicelib.services.using import Till


def set_contact(
    till: Till, wallet_id: str, wish: Callable[[Contact], Contact], *, stamp: Stamp
) -> tuple[Contact, bool]:
    """
    Make a wallet's contact what *wish* makes of the one that stands. Doing it again changes nothing.

    Returns the contact, and whether its webhook secret is new.

    Raises:
        Busy: Every attempt within the budget lost its race.
    """
    for turn in till.patience.turns():
        try:
            wallet, before = till.store.wallet(wallet_id), till.store.contact(wallet_id)
            changed = change_contact(wallet, before, wish(before), till.catalog, stamp)
            if changed is None:
                return before, False
            till.store.commit(Change(decisions=[changed.decision], contact=changed))
        except (LostRace, Throttled, OutcomeUnknown) as trouble:
            turn.meet(trouble)
        else:
            contact = changed.contact
            return contact, contact.webhook_secret is not None and contact.webhook_secret != before.webhook_secret
    raise Busy(wallet_id)

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

    Returns the contact, and whether its webhook secret is one that this very call made: it may be shown now, and only
    now. That holds too where the answer to the write was lost, and the next look finds it done.

    Raises:
        Busy: Every attempt within the budget lost its race.
    """
    made: set[str] = set()
    for turn in till.patience.turns():
        try:
            wallet, before = till.store.wallet(wallet_id), till.store.contact(wallet_id)
            changed = change_contact(wallet, before, wish(before), till.catalog, stamp)
            if changed is None:
                return before, before.webhook_secret in made
            if changed.contact.webhook_secret and changed.contact.webhook_secret != before.webhook_secret:
                made.add(changed.contact.webhook_secret)
            till.store.commit(Change(decisions=[changed.decision], contact=changed))
        except (LostRace, Throttled, OutcomeUnknown) as trouble:
            turn.meet(trouble)
        else:
            return changed.contact, changed.contact.webhook_secret in made
    raise Busy(wallet_id)

"""Setting an automatic top-up."""

from __future__ import annotations

from collections.abc import Callable

from chalicelib.domain.errors import Busy, Conflict, PaymentsUnavailable
from chalicelib.domain.ledger import Stamp
from chalicelib.domain.limits import ASKING
from chalicelib.domain.topup_settings import change_topup
from chalicelib.domain.topups import TopUp, check_terms
from chalicelib.services.limiting import TakeSlot, unlimited
from chalicelib.services.ports import Change, LostRace, OutcomeUnknown, PaymentsFailed, Throttled
from chalicelib.services.purchasing import Shop


def set_topup(
    shop: Shop,
    wallet_id: str,
    wish: Callable[[TopUp], TopUp],
    *,
    stamp: Stamp,
    take_slot: TakeSlot = unlimited,
) -> TopUp:
    """
    Make a wallet's automatic top-up what *wish* makes of the one that stands. Doing it again changes nothing.

    Raises:
        InvalidRequest, Unprocessable: As `check_terms` does.
        Conflict: It can't be switched on, because no card is saved.
        TooManyRequests: As *take_slot* says.
        PaymentsUnavailable: The provider did not answer.
        Busy: Every attempt within the budget lost its race.
    """
    for turn in shop.patience.turns():
        try:
            wallet, before = shop.store.wallet_and_topup(wallet_id)
            wanted = wish(before)
            if wanted.terms and (wanted.enabled or wanted.terms != before.terms):
                check_terms(wanted.terms, shop.catalog)
            card = _saved_card(shop, wallet_id, take_slot) if wanted.enabled else None
            changed = change_topup(wallet, before, wanted, shop.catalog, stamp, card=card)
            if changed is None:
                return before
            take_slot(wallet_id)
            shop.store.commit(Change(decisions=[changed.decision] if changed.decision else [], topup=changed))
        except PaymentsFailed as failed:
            raise PaymentsUnavailable from failed
        except (LostRace, Throttled, OutcomeUnknown) as trouble:
            turn.meet(trouble)
        else:
            return changed.topup
    raise Busy(wallet_id)


def _saved_card(shop: Shop, wallet_id: str, take_slot: TakeSlot) -> str:
    customer_id = shop.store.customer(wallet_id)
    if customer_id:
        take_slot(wallet_id, attempts=ASKING)
        if card := shop.payments.saved_card(customer_id):
            return card
    raise Conflict("No card is saved; buy a package with save_card first.")

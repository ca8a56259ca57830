"""Money that went back: the credits of its purchase follow, wherever they are."""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain.errors import Busy
from chalicelib.domain.ledger import Stamp
from chalicelib.domain.purchases import Purchase, Status, next_look
from chalicelib.domain.recalls import recall
from chalicelib.domain.revoking import still_owed
from chalicelib.domain.settling import Settlement, settle_facts
from chalicelib.services.fulfilling import NotYetKnown, Outcome, fulfil
from chalicelib.services.ports import Change, LostRace, MoneyBack, Oddity, OutcomeUnknown, Throttled
from chalicelib.services.purchasing import Shop
from chalicelib.services.topup_payments import follow_topup


def take_back(shop: Shop, payment_id: str, *, event: Oddity, stamp: Stamp, reviewed: bool = False) -> Outcome:
    """
    Bring a purchase's credits to where its money is now. Any number of times, in any order: the same end.

    The payment of a top-up has no checkout session of which it would be heard: so news of it comes here, too.

    Raises:
        NotYetKnown: There is no such purchase yet, or it isn't known to be paid.
        PaymentsFailed: The provider did not answer.
        Busy: Every attempt within the budget lost its race.
    """
    money = shop.payments.money_back(payment_id)
    if money is None:
        return Outcome.IGNORED
    outcome = _settled(shop, money, event=event, stamp=stamp, reviewed=reviewed)
    purchase = shop.store.purchase(money.wallet_id, money.purchase_id)
    if purchase and purchase.owed:
        bring_home(shop, money.wallet_id, money.purchase_id, stamp=stamp)
    return outcome


def _settled(shop: Shop, money: MoneyBack, *, event: Oddity, stamp: Stamp, reviewed: bool) -> Outcome:
    for turn in shop.patience.turns():
        try:
            wallet, purchase = shop.store.wallet_and_purchase(money.wallet_id, money.purchase_id)
            if purchase is None:
                raise NotYetKnown(money.purchase_id)
            if purchase.status is not Status.PAID:
                return _fulfilled(shop, purchase, money, event=event, stamp=stamp, reviewed=reviewed)
            if purchase.payment_id != money.payment_id:
                shop.store.quarantine(_oddity(event, money))
                return Outcome.QUARANTINED
            settlement = settle_facts(wallet, purchase, money.facts, shop.catalog, stamp)
            if settlement is None:
                return Outcome.UNCHANGED
            shop.store.commit(Change(decisions=settlement.decisions, purchase=settlement))
        except (LostRace, Throttled, OutcomeUnknown) as trouble:
            turn.meet(trouble)
        else:
            return Outcome.SETTLED
    raise Busy(money.wallet_id)


def _fulfilled(
    shop: Shop, purchase: Purchase, money: MoneyBack, *, event: Oddity, stamp: Stamp, reviewed: bool
) -> Outcome:
    """The news that money went back came before the news that it was paid: settle both at once."""
    if purchase.topup_seq is not None:
        wallet_id, paying = money.wallet_id, money.payment_id
        return follow_topup(
            shop, wallet_id, purchase.purchase_id, event=event, stamp=stamp, payment_id=paying, reviewed=reviewed
        )
    session_id = shop.payments.session_of(money.payment_id) or purchase.session_id
    outcome = fulfil(shop, session_id, event=event, stamp=stamp) if session_id else Outcome.IGNORED
    if outcome not in (Outcome.SETTLED, Outcome.QUARANTINED):
        raise NotYetKnown(purchase.purchase_id)
    return outcome


def _oddity(event: Oddity, money: MoneyBack) -> Oddity:
    reason = "money went back for a payment that is not the purchase's"
    return replace(event, reason=reason, wallet_id=money.wallet_id, purchase_id=money.purchase_id)


def bring_home(shop: Shop, wallet_id: str, purchase_id: str, *, stamp: Stamp) -> int:
    """
    Recall what other wallets have free of a purchase that is owed for; gives how many credits came home.

    What is held there now, or comes back to it, is looked for again later.

    Raises:
        Busy: Every attempt within the budget lost its race.
    """
    home = 0
    purchase = shop.store.purchase(wallet_id, purchase_id)
    for holder_id in purchase.holders if purchase else ():
        home += _recalled(shop, wallet_id, purchase_id, holder_id, stamp)
    _look_again(shop, wallet_id, purchase_id, stamp)
    return home


def _recalled(shop: Shop, wallet_id: str, purchase_id: str, holder_id: str, stamp: Stamp) -> int:
    for turn in shop.patience.turns():
        try:
            purchase = shop.store.purchase(wallet_id, purchase_id)
            holder, buyer = shop.store.two_wallets(holder_id, wallet_id)
            found = recall(holder, buyer, purchase, shop.catalog, stamp) if purchase else None
            if found is None or purchase is None:
                return 0
            settlement = Settlement(before=purchase, purchase=found.purchase)
            both = sorted((found.given, found.taken), key=lambda each: each.wallet.wallet_id)
            shop.store.commit(Change(decisions=both, purchase=settlement))
        except (LostRace, Throttled, OutcomeUnknown) as trouble:
            turn.meet(trouble)
        else:
            return -int(found.given.entry.facts["credits"])
    raise Busy(holder_id)


def _look_again(shop: Shop, wallet_id: str, purchase_id: str, stamp: Stamp) -> None:
    """Note when to look again for what is still owed; nobody owes any more once the debt is paid."""
    for turn in shop.patience.turns():
        try:
            purchase = shop.store.purchase(wallet_id, purchase_id)
            wallet = shop.store.wallet(wallet_id)  # after the row: what the row says is owed stands in it
            if purchase and purchase.due_at and purchase.status is Status.PAID:
                waits = still_owed(wallet, purchase) or purchase.asked or purchase.facts.is_disputed
                shop.store.put_off_purchase(purchase, next_look(purchase, stamp.now) if waits else None)
        except (LostRace, Throttled, OutcomeUnknown) as trouble:
            turn.meet(trouble)
        else:
            return
    raise Busy(wallet_id)

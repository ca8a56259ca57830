"""Refunds by an admin's word: the row first, then the provider under our key, then credits and answer in one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from chalicelib.domain.errors import Busy, NotFound, PaymentsUnavailable, Unprocessable
from chalicelib.domain.ledger import Stamp
from chalicelib.domain.purchases import AskedRefund, Purchase
from chalicelib.domain.refunds import ask_refund, without_asked
from chalicelib.domain.settling import Settlement, settle_facts
from chalicelib.services.once import Claim, spent
from chalicelib.services.ports import (
    Change,
    KeptAnswer,
    LostRace,
    OutcomeUnknown,
    PaymentsFailed,
    PaymentsRefused,
    Throttled,
)
from chalicelib.services.purchasing import Shop
from chalicelib.services.taking_back import bring_home

KEY_DIGITS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundOrder:
    """What an admin wants: so much of a purchase's money back, or with None what is left of it."""

    wallet_id: str
    purchase_id: str
    reason: str
    amount_minor: int | None = None


def refund_purchase(shop: Shop, order: RefundOrder, claim: Claim, *, stamp: Stamp) -> tuple[Mapping[str, Any], bool]:
    """
    Give money back and revoke its credits, once per key. Returns the answer, and whether it is a repeat.

    Raises:
        NotFound: The wallet has no such purchase.
        Unprocessable: It isn't paid, more is asked for than is left, or the provider refuses.
        PaymentsUnavailable: The provider did not answer; the refund stands on the row and is made later at the latest.
        Busy: Every attempt within the budget lost its race.
    """
    refund_key = sha256(f"{claim.wallet_id} {claim.key}".encode()).hexdigest()[:KEY_DIGITS]
    asked_now = False
    for turn in shop.patience.turns():
        try:
            asked_before = _asked(shop, order, claim, refund_key, stamp)
            asked_now = asked_now or not asked_before
            answer = shop.store.answer(order.wallet_id, refund_key) if asked_before else None
            answer = answer or make_refund(shop, order.wallet_id, order.purchase_id, refund_key, stamp=stamp)
        except PaymentsRefused as refused:
            raise Unprocessable(f"purchase_id: the payment provider refuses the refund ({refused})") from refused
        except PaymentsFailed as failed:
            raise PaymentsUnavailable from failed
        except (LostRace, Throttled, OutcomeUnknown) as trouble:
            turn.meet(trouble)
        else:
            return answer, not asked_now
    raise Busy(order.wallet_id)


def _asked(shop: Shop, order: RefundOrder, claim: Claim, refund_key: str, stamp: Stamp) -> bool:
    """Note the refund on the row, with its receipt; whether that was done before."""
    receipt = spent(shop.store, claim)
    purchase = _purchase(shop, order.wallet_id, order.purchase_id)
    if receipt and (_is_asked(purchase, refund_key) or shop.store.answer(order.wallet_id, refund_key)):
        return True
    wanted = AskedRefund(
        refund_key=refund_key, amount_minor=order.amount_minor or 0, actor=stamp.actor, reason=order.reason
    )
    settlement = Settlement(before=purchase, purchase=ask_refund(purchase, wanted, stamp.now))
    receipts = [] if receipt else [claim.receipt(purchase_id=order.purchase_id)]
    shop.store.commit(Change(purchase=settlement, receipts=receipts))
    return False


def _purchase(shop: Shop, wallet_id: str, purchase_id: str) -> Purchase:
    purchase = shop.store.purchase(wallet_id, purchase_id)
    if purchase is None:
        raise NotFound
    return purchase


def _is_asked(purchase: Purchase, refund_key: str) -> bool:
    return any(each.refund_key == refund_key for each in purchase.asked)


def make_refund(shop: Shop, wallet_id: str, purchase_id: str, refund_key: str, *, stamp: Stamp) -> Mapping[str, Any]:
    """
    Make a refund that stands on a row: at the provider once per key, then the credits, then the answer.

    Raises:
        PaymentsRefused: The provider will not; the row forgets it.
        PaymentsFailed, LostRace, Throttled, OutcomeUnknown: It should be tried again.
    """
    purchase = _purchase(shop, wallet_id, purchase_id)
    asked = next((each for each in purchase.asked if each.refund_key == refund_key), None)
    if asked is None or purchase.payment_id is None:
        raise OutcomeUnknown("another is making it")
    try:
        refund_id = shop.payments.refund(purchase.payment_id, amount_minor=asked.amount_minor, refund_key=refund_key)
    except PaymentsRefused:
        forgotten = replace(without_asked(purchase, refund_key), version=purchase.version + 1)
        shop.store.commit(Change(purchase=Settlement(before=purchase, purchase=forgotten)))
        raise
    money = shop.payments.money_back(purchase.payment_id)
    if money is None:
        raise PaymentsFailed("the payment is not ours any more")
    purchase = _purchase(shop, wallet_id, purchase_id)
    wallet = shop.store.wallet(wallet_id)  # after the row: whatever else settled it stands in the wallet, too
    settlement = settle_facts(wallet, purchase, money.facts, shop.catalog, replace(stamp, actor=asked.actor))
    after = settlement.purchase if settlement else replace(purchase, version=purchase.version + 1)
    decisions = settlement.decisions if settlement else ()
    done = Settlement(before=purchase, purchase=without_asked(after, refund_key), decisions=decisions)
    left = decisions[-1].wallet if decisions else wallet
    answer = {
        "refund_id": refund_id,
        "purchase_id": purchase_id,
        "amount_minor": asked.amount_minor,
        "revoked": done.purchase.revoked,
        "debt": left.debt,
    }
    said = KeptAnswer(wallet_id=wallet_id, name=refund_key, answer=answer)
    shop.store.commit(Change(decisions=decisions, purchase=done, answer=said))
    if done.purchase.owed:
        bring_home(shop, wallet_id, purchase_id, stamp=stamp)
    return answer

"""What a row says is owed stands until a decision of the wallet guards that it is not."""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain.lots import LotId
from chalicelib.domain.money import Money
from chalicelib.domain.moneyback import MoneyFacts, Refund, RefundState
from chalicelib.domain.purchases import Purchase, Status
from chalicelib.domain.settling import settle_facts
from chalicelib.domain.wallet import Wallet
from tests.builders import CATALOG, NOON, lot, stamp

GONE = MoneyFacts(refunds={"re_1": Refund(1000, RefundState.GIVEN)})
REVOKED = Purchase(
    purchase_id="pur_1",
    wallet_id="acct_a",
    package_id="starter",
    quantity=1,
    credits=1000,
    bonus_credits=0,
    price=Money(1000, "usd"),
    expires_after_days=None,
    created_at=NOON,
    status=Status.PAID,
    payment_id="pi_1",
    paid_minor=1000,
    paid_at=NOON,
    lot_id=LotId(1),
    facts=GONE,
    revoked=1000,
    owed=600,
    holders=("team_a",),
)
WALLET = Wallet(wallet_id="acct_a", seq=1, last_at=NOON)


def test_a_wallet_that_is_older_than_its_row_clears_nothing() -> None:
    settlement = settle_facts(WALLET, REVOKED, GONE, CATALOG, stamp())

    assert settlement is None or settlement.purchase.owed == 600


def test_what_is_restored_is_owed_no_more() -> None:
    back = MoneyFacts(refunds={"re_1": Refund(1000, RefundState.FAILED)})
    wallet = replace(WALLET, debt=600, lots=(lot(1, 0, purchase_id="pur_1"),))

    settlement = settle_facts(wallet, REVOKED, back, CATALOG, stamp())

    assert settlement
    assert (settlement.purchase.owed, settlement.decisions[-1].wallet.debt) == (0, 0)

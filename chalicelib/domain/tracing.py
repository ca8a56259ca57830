"""What ids look like, ours and the payment provider's: by that an operator's one id finds its way."""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum

from chalicelib.domain.purchases import BASE32, TIME_DIGITS
from chalicelib.domain.times import from_ms

BITS = 5  # of a digit of a purchase's time
EARLIEST, LATEST = 2**40, 2**47  # milliseconds: the years 2004 and 6429, between which all purchases are made

KEY = re.compile(r"[!-~]{1,128}")
PURCHASE = re.compile(r"pur_[0-9a-z]{20}")
PROVIDERS = re.compile(r"(cs|pi|ch|py|re|pyr|dp|du|sub|in|cus)_[A-Za-z0-9_]{1,250}")
EVENT = re.compile(r"evt_[A-Za-z0-9_]{1,250}")
WALLET = re.compile(r"[A-Za-z0-9_.:@|-]{1,64}")
ENTRY = re.compile(rf"(?P<wallet_id>{WALLET.pattern}):(?P<seq>[1-9][0-9]{{0,11}})")
LOT = re.compile(r"lot_[1-9][0-9]{0,11}(\.[1-9][0-9]?)?")


class Kind(StrEnum):
    """What an id names."""

    WALLET = "wallet"
    PURCHASE = "purchase"
    SESSION = "session"
    PAYMENT = "payment"
    CHARGE = "charge"
    REFUND = "refund"
    DISPUTE = "dispute"
    SUBSCRIPTION = "subscription"
    INVOICE = "invoice"
    CUSTOMER = "customer"
    EVENT = "event"
    ENTRY = "entry"
    LOT = "lot"
    HOLD = "hold"
    KEY = "key"


AT_PROVIDER = {
    "cs": Kind.SESSION,
    "pi": Kind.PAYMENT,
    "ch": Kind.CHARGE,
    "py": Kind.CHARGE,
    "re": Kind.REFUND,
    "pyr": Kind.REFUND,
    "dp": Kind.DISPUTE,
    "du": Kind.DISPUTE,
    "sub": Kind.SUBSCRIPTION,
    "in": Kind.INVOICE,
    "cus": Kind.CUSTOMER,
}


def opened_at(purchase_id: str) -> datetime | None:
    """Read out of its id when a purchase was opened; None: no purchase of ours has such an id."""
    digits = purchase_id.removeprefix("pur_")
    if not set(digits) <= set(BASE32):
        return None
    ms = 0
    for digit in digits[:TIME_DIGITS]:
        ms = ms << BITS | BASE32.index(digit)
    return from_ms(ms) if EARLIEST <= ms < LATEST else None

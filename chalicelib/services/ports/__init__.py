"""What the use cases need of the outside. Each call here is one round trip, and one point at which things can fail."""

from chalicelib.services.ports.providers import Notices, Payments
from chalicelib.services.ports.store import SHARDS, Store
from chalicelib.services.ports.troubles import (
    LostRace,
    NotSent,
    OutcomeUnknown,
    PaymentsDeclined,
    PaymentsFailed,
    PaymentsRefused,
    Throttled,
)
from chalicelib.services.ports.values import (
    Change,
    ChartedDay,
    Checkout,
    Due,
    KeptAnswer,
    MessageCounts,
    MoneyBack,
    Oddity,
    Outgoing,
    Page,
    PlanOrder,
    Receipt,
    Sighting,
    WalletFile,
    chains,
)

__all__ = [
    "SHARDS",
    "Change",
    "ChartedDay",
    "Checkout",
    "Due",
    "KeptAnswer",
    "LostRace",
    "MessageCounts",
    "MoneyBack",
    "NotSent",
    "Notices",
    "Oddity",
    "OutcomeUnknown",
    "Outgoing",
    "Page",
    "Payments",
    "PaymentsDeclined",
    "PaymentsFailed",
    "PaymentsRefused",
    "PlanOrder",
    "Receipt",
    "Sighting",
    "Store",
    "Throttled",
    "WalletFile",
    "chains",
]

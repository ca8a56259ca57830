"""
The three tables and everything that lies in them: the one place that knows keys, indexes and short names.

    table      sort key            item
    wallets    –                   what a decision needs, small on purpose
    purchases  p#<purchase>        the offer as bought, its status, what is known of the payment
               c#<purchase>        the address of its checkout page
               customer            the payment provider's id of this customer
               contact             where the customer wants to be told
               q#<event>           an event kept aside for a person
               f#<event>           how often an event failed
               r#<name>            what was answered to a command, where no entry says it
               s#subscription      what is known of the wallet's subscription
               i#<time-invoice>    an invoice of a subscription
               t#topup             the wallet's automatic top-up
               erasure             how far the wallet's last erasure came
    usage      e#<seq>             entries, as their exact hashed bytes
               s#<seq>             the wallet as it stood with every 100th entry
               k#<key>             what a caller's key was spent on
               d#<date>            a finished day's sums
               n#<message>         a message to send, or that was sent
               l#<hour>            how many commands of customers an hour has taken

Partition keys are prefixed (`w#…`) and ids have a fixed charset, so that no caller's string can name another item.
Quarantined events lie under the partition `q#events`, in the order in which they came.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final

from pynamodb.attributes import BinaryAttribute, BooleanAttribute, UnicodeAttribute, UnicodeSetAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.models import Model

from chalicelib.store.attributes import DayOfWallet, Facts, Holds, Levels, Lots, Meters, Moment, Numbers, Plans, Whole
from chalicelib.store.names import TableNames as TableNames  # noqa: PLC0414 - handed on: they are the store's

RECEIPT_DAYS: Final = 400  # receipts of uses; those of money are kept
SEQ_DIGITS: Final = 12
CONTACT: Final = "contact"
CUSTOMER: Final = "customer"
ERASURE: Final = "erasure"
SUBSCRIPTION: Final = "s#subscription"
TOPUP: Final = "t#topup"
ODDITIES: Final = "q#events"  # the partition of events that are kept aside


class DueIndex(GlobalSecondaryIndex[Any]):
    """What time itself brings about: sparse, a few bytes per item that has something due."""

    class Meta:
        index_name = "due"
        projection = KeysOnlyProjection()

    due_shard = Whole(hash_key=True)
    due_at = Moment(range_key=True)


class PaidIndex(GlobalSecondaryIndex[Any]):
    """Paid purchases by the UTC day of their payment, for reconciliation."""

    class Meta:
        index_name = "paid"
        projection = KeysOnlyProjection()

    paid_day = UnicodeAttribute(hash_key=True)
    paid_at = Moment(range_key=True)


class KindsIndex(GlobalSecondaryIndex[Any]):
    """All entries but uses, by wallet and kind: a filtered page is one query."""

    class Meta:
        index_name = "kinds"
        projection = AllProjection()

    wallet_kind = UnicodeAttribute(hash_key=True)
    seq = Whole(range_key=True)


class OutboxIndex(GlobalSecondaryIndex[Any]):
    """Messages that wait to be sent."""

    class Meta:
        index_name = "outbox"
        projection = KeysOnlyProjection()

    out_shard = Whole(hash_key=True)
    out_at = Moment(range_key=True)


class WalletItem(Model):
    """A wallet. Names not listed here are left as they are by a write: a later version may have put them there."""

    class Meta:
        table_name = "wallets"

    wallet_id = UnicodeAttribute(hash_key=True)
    schema = Whole(attr_name="v")
    seq = Whole(attr_name="n")
    head = BinaryAttribute(attr_name="h", legacy_encoding=False)
    last_at = Moment(attr_name="t", null=True)
    lots = Lots(attr_name="l", null=True)
    debt = Whole(attr_name="b", null=True)
    debt_since = Whole(attr_name="s", null=True)
    today = DayOfWallet(attr_name="d", null=True)
    last_purchase = Whole(attr_name="q", null=True)
    plan = Plans(attr_name="p", null=True)
    meters = Meters(attr_name="m", null=True)
    pace = Numbers(attr_name="c", null=True)
    latches = Levels(attr_name="a", null=True)
    holds = Holds(attr_name="o", null=True)
    frozen = BooleanAttribute(attr_name="z", null=True)
    topup_below = Whole(attr_name="u", null=True)
    failures = Whole(attr_name="f", null=True)  # of jobs, since the last command
    due_shard = Whole(null=True)
    due_at = Moment(null=True)
    due = DueIndex()


class PurchaseItem(Model):
    """A purchase. Its state is its receipt: fulfilment writes no other."""

    class Meta:
        table_name = "purchases"

    wallet_id = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    version = Whole(attr_name="v")
    status = UnicodeAttribute(attr_name="s")
    package_id = UnicodeAttribute(attr_name="k")
    quantity = Whole(attr_name="q")
    credits = Whole(attr_name="c")
    bonus_credits = Whole(attr_name="b")
    price_minor = Whole(attr_name="m")
    currency = UnicodeAttribute(attr_name="y")
    expires_after_days = Whole(attr_name="x", null=True)
    created_at = Moment(attr_name="t")
    return_path = UnicodeAttribute(attr_name="rp", null=True)
    save_card = BooleanAttribute(attr_name="sc", null=True)
    session_id = UnicodeAttribute(attr_name="i", null=True)
    session_expires_at = Moment(attr_name="ix", null=True)
    customer_id = UnicodeAttribute(attr_name="cu", null=True)
    payment_id = UnicodeAttribute(attr_name="pi", null=True)
    paid_minor = Whole(attr_name="pm", null=True)
    lot_seq = Whole(attr_name="l", null=True)
    email = UnicodeAttribute(attr_name="em", null=True)
    receipt_url = UnicodeAttribute(attr_name="ru", null=True)
    invoice_url = UnicodeAttribute(attr_name="iu", null=True)
    facts = Facts(attr_name="f", null=True)
    revoked = Whole(attr_name="rv", null=True)
    owed = Whole(attr_name="ow", null=True)
    owed_since = Whole(attr_name="os", null=True)
    asked = UnicodeAttribute(attr_name="ak", null=True)  # JSON
    holders = UnicodeSetAttribute(attr_name="ho", null=True)
    topup_seq = Whole(attr_name="tu", null=True)
    paid_day = UnicodeAttribute(null=True)
    paid_at = Moment(null=True)
    due_shard = Whole(null=True)
    due_at = Moment(null=True)
    due = DueIndex()
    paid = PaidIndex()


class CheckoutItem(Model):
    """The first answer to a buyer: where it is paid. Apart from the purchase, because the address is long."""

    class Meta:
        table_name = "purchases"

    wallet_id = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    url = UnicodeAttribute(attr_name="u")
    session_id = UnicodeAttribute(attr_name="i")
    expires_at = Moment(attr_name="x")


class CustomerItem(Model):
    """The payment provider's customer of a wallet; without one, who it was before that one was deleted."""

    class Meta:
        table_name = "purchases"

    wallet_id = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    customer_id = UnicodeAttribute(attr_name="cu", null=True)
    former_id = UnicodeAttribute(attr_name="fo", null=True)
    email = UnicodeAttribute(attr_name="em", null=True)


class ContactItem(Model):
    """Where a customer wants to be told."""

    class Meta:
        table_name = "purchases"

    wallet_id = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    version = Whole(attr_name="v")
    email = UnicodeAttribute(attr_name="em", null=True)
    webhook_url = UnicodeAttribute(attr_name="u", null=True)
    webhook_secret = UnicodeAttribute(attr_name="s", null=True)
    locale = UnicodeAttribute(attr_name="l", null=True)
    token_email = UnicodeAttribute(attr_name="te", null=True)


class SubscriptionItem(Model):
    """What is known of a wallet's subscription; what the provider said last is one JSON text."""

    class Meta:
        table_name = "purchases"

    wallet_id = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    version = Whole(attr_name="v")
    news = UnicodeAttribute(attr_name="n", null=True)
    has_paid = BooleanAttribute(attr_name="hp", null=True)
    asked = UnicodeAttribute(attr_name="ak", null=True)
    session_id = UnicodeAttribute(attr_name="i", null=True)
    session_at = Moment(attr_name="it", null=True)
    customer_id = UnicodeAttribute(attr_name="cu", null=True)
    due_shard = Whole(null=True)
    due_at = Moment(null=True)


class InvoiceItem(Model):
    """An invoice of a subscription."""

    class Meta:
        table_name = "purchases"

    wallet_id = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    subscription_id = UnicodeAttribute(attr_name="si")
    status = UnicodeAttribute(attr_name="s")
    amount_minor = Whole(attr_name="m")
    currency = UnicodeAttribute(attr_name="y")
    created_at = Moment(attr_name="t")
    period_start = Moment(attr_name="ps")
    period_end = Moment(attr_name="pe")
    paid_at = Moment(attr_name="pt", null=True)
    number = UnicodeAttribute(attr_name="nr", null=True)
    url = UnicodeAttribute(attr_name="iu", null=True)


class TopUpItem(Model):
    """
    An automatic top-up: the terms that a customer set, and how it stands; terms and payment are one JSON text each.

    A spend that crosses the line writes `trigger`, `attempts`, `version` and when it is due, and nothing else.
    """

    class Meta:
        table_name = "purchases"

    wallet_id = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    version = Whole(attr_name="v")
    enabled = BooleanAttribute(attr_name="e", null=True)
    terms = UnicodeAttribute(attr_name="te", null=True)
    trigger = Whole(attr_name="tr", null=True)
    attempts = Whole(attr_name="a", null=True)
    flight = UnicodeAttribute(attr_name="fl", null=True)
    declines = Whole(attr_name="d", null=True)
    not_before = Moment(attr_name="nb", null=True)
    stopped = UnicodeAttribute(attr_name="st", null=True)
    stopped_at = Moment(attr_name="sa", null=True)
    card = UnicodeAttribute(attr_name="ca", null=True)
    month = UnicodeAttribute(attr_name="mo", null=True)
    month_minor = Whole(attr_name="mm", null=True)
    capped_month = UnicodeAttribute(attr_name="cm", null=True)
    due_shard = Whole(null=True)
    due_at = Moment(null=True)


class ErasureItem(Model):
    """How far an erasure has come: what was forgotten is found by reading, but not always from the beginning."""

    class Meta:
        table_name = "purchases"

    wallet_id = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    last = Whole(attr_name="u")
    stage = Whole(attr_name="g")
    next_seq = Whole(attr_name="n")
    after = UnicodeAttribute(attr_name="a", null=True)


class OddityItem(Model):
    """An event that was kept aside."""

    class Meta:
        table_name = "purchases"

    wallet_id = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    type = UnicodeAttribute(attr_name="ty")
    reason = UnicodeAttribute(attr_name="re")
    at = Moment(attr_name="t")
    of_wallet = UnicodeAttribute(attr_name="w", null=True)
    purchase_id = UnicodeAttribute(attr_name="p", null=True)
    session_id = UnicodeAttribute(attr_name="i", null=True)
    payment_id = UnicodeAttribute(attr_name="pi", null=True)
    subscription_id = UnicodeAttribute(attr_name="si", null=True)
    invoice_id = UnicodeAttribute(attr_name="ii", null=True)
    customer_id = UnicodeAttribute(attr_name="cu", null=True)
    applied_at = Moment(attr_name="d", null=True)


class EntryItem(Model):
    """One line of the ledger: what was hashed, its hash, and beside it what can be erased."""

    class Meta:
        table_name = "usage"

    wallet_id = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    canonical = BinaryAttribute(attr_name="c", legacy_encoding=False)
    hash = BinaryAttribute(attr_name="h", legacy_encoding=False)
    salt = BinaryAttribute(attr_name="s", null=True, legacy_encoding=False)
    private = BinaryAttribute(attr_name="p", null=True, legacy_encoding=False)
    wallet_kind = UnicodeAttribute(null=True)
    seq = Whole(null=True)
    out_shard = Whole(null=True)
    out_at = Moment(null=True)
    kinds = KindsIndex()
    outbox = OutboxIndex()


class MessageItem(Model):
    """A message. With `out_at` it waits to be sent; it is forgotten long after it was."""

    class Meta:
        table_name = "usage"

    wallet_id = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    version = Whole(attr_name="v")
    kind = UnicodeAttribute(attr_name="k")
    at = Moment(attr_name="t")
    facts = UnicodeAttribute(attr_name="f")
    attempts = Whole(attr_name="a", null=True)
    sent = UnicodeAttribute(attr_name="c", null=True)
    sent_at = Moment(attr_name="s", null=True)
    parked = UnicodeAttribute(attr_name="p", null=True)
    out_shard = Whole(null=True)
    out_at = Moment(null=True)
    ttl = Whole(null=True)  # epoch seconds


class ReceiptItem(Model):
    """What a key was spent on."""

    class Meta:
        table_name = "usage"

    wallet_id = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    digest = BinaryAttribute(attr_name="h", legacy_encoding=False)
    of_seq = Whole(attr_name="n", null=True)
    nth = Whole(attr_name="i", null=True)
    purchase_id = UnicodeAttribute(attr_name="p", null=True)
    ttl = Whole(null=True)  # epoch seconds, as DynamoDB wants it


class DayItem(Model):
    """
    A finished day's sums and the state of the books at its end.

    Uses reported after the day was finished are added beside it, under the names `+<meter>` and `*credits`; of a
    day without any entry the item holds nothing else.
    """

    class Meta:
        table_name = "usage"

    wallet_id = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    day = DayOfWallet(attr_name="d", null=True)
    last_seq = Whole(attr_name="n", null=True)
    head = BinaryAttribute(attr_name="h", legacy_encoding=False, null=True)
    left = Whole(attr_name="l", null=True)
    held = Whole(attr_name="o", null=True)
    debt = Whole(attr_name="b", null=True)


class HourItem(Model):
    """What was counted of a wallet's customers in an hour, commands and attempts at Stripe: limits, and no book."""

    class Meta:
        table_name = "usage"

    wallet_id = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    taken = Whole(attr_name="n", null=True)
    asked = Whole(attr_name="a", null=True)
    ttl = Whole()  # epoch seconds


def definitions(names: TableNames) -> list[dict[str, Any]]:
    """Say how the tables are created, one set of `create_table` arguments each."""
    models: list[tuple[str, type[Model]]] = [
        (names.wallets, WalletItem),
        (names.purchases, PurchaseItem),
        (names.usage, EntryItem),
    ]
    return [{"table_name": name, "billing_mode": "PAY_PER_REQUEST", **model._get_schema()} for name, model in models]


def wallet_key(wallet_id: str) -> str:
    return f"w#{wallet_id}"


def entry_key(seq: int) -> str:
    return f"e#{seq:0{SEQ_DIGITS}d}"


def snapshot_key(seq: int) -> str:
    return f"s#{seq:0{SEQ_DIGITS}d}"


def answer_key(name: str) -> str:
    return f"r#{name}"


def message_key(message_id: str) -> str:
    return f"n#{message_id}"


def day_key(day: date) -> str:
    return f"d#{day.isoformat()}"


def hour_key(starts_at: datetime) -> str:
    return f"l#{starts_at:%Y-%m-%dT%H}"

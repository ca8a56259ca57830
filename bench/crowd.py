"""
Many wallets, written fast: as items, without the entries that led to them, so that jobs have somebody to look past.

    quiet     credits that end in a year: nothing is due
    ending    the same, and a lot that ends at LATER
    telling   the same, and a lot of whose end a customer is to be told at LATER
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice

from chalicelib.domain.catalog import Catalog
from chalicelib.domain.granting import Grant
from chalicelib.domain.grants import grant
from chalicelib.domain.ledger import Stamp
from chalicelib.domain.lots import Source
from chalicelib.domain.times import DAY
from chalicelib.domain.wallet import Wallet
from chalicelib.store.commit import ask
from chalicelib.store.dynamo import DynamoStore
from chalicelib.store.items import wallet_to_item

GRANTED = datetime(2026, 11, 22, 12, tzinfo=UTC)
LATER = GRANTED + 13 * DAY  # a lot that lives so briefly ends without a notice
AT_ONCE, WRITTEN_TOGETHER = 8, 25  # threads, and items of one BatchWriteItem

YEARLY = Grant(
    credits=5000, source=Source.PURCHASE, expires_at=GRANTED + 365 * DAY, purchase_id="pur_01kajy9w0001234567ab"
)
BRIEF = Grant(credits=300, source=Source.PROMO, expires_at=LATER)
TOLD_OF = Grant(credits=300, source=Source.PROMO, expires_at=LATER + 30 * DAY)
KINDS = {"quiet": [YEARLY], "ending": [YEARLY, BRIEF], "telling": [YEARLY, TOLD_OF]}


def stamp(now: datetime) -> Stamp:
    return Stamp(now=now, actor="clock", salt=b"s" * 32)


def crowd(kind: str, number: int, catalog: Catalog, *, first: int = 0) -> Iterator[Wallet]:
    """Make up wallets of one kind, always the same; *first* is the first one's number."""
    wallet = Wallet(wallet_id="")
    for wanted in KINDS[kind]:
        wallet = grant(wallet, wanted, catalog, stamp(GRANTED)).wallet
    for place in range(first, first + number):
        yield replace(wallet, wallet_id=f"acct_{kind}_{place:06d}")


def write(store: DynamoStore, wallets: Iterable[Wallet], *, wrote: Callable[[int], object] = lambda _: None) -> None:
    """Write wallets as they are; *wrote* is told how many are in place."""
    left = iter(wallets)

    def together(some: list[Wallet]) -> int:
        items = {store.names.wallets: [{"PutRequest": {"Item": wallet_to_item(wallet)}} for wallet in some]}
        while items:
            items = ask(store.connection, "BatchWriteItem", {"RequestItems": items}).get("UnprocessedItems", {})
        return len(some)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for written in pool.map(together, iter(lambda: list(islice(left, WRITTEN_TOGETHER)), [])):
            wrote(written)

"""What is written by hand for speed is what its model would write."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pynamodb.models import Model

from chalicelib.domain.granting import Grant
from chalicelib.domain.grants import grant
from chalicelib.domain.ledger import Entry
from chalicelib.domain.lots import Source
from chalicelib.domain.plan_changes import set_plan
from chalicelib.domain.usage import Use, decide
from chalicelib.domain.wallet import Wallet
from chalicelib.services.once import Claim
from chalicelib.services.ports import Change, Receipt
from chalicelib.store import items
from chalicelib.store.attributes import Raw
from chalicelib.store.dynamo import DynamoStore
from chalicelib.store.tables import EntryItem, ReceiptItem
from tests import engines
from tests.builders import CATALOG, stamp

EMPTY = Wallet(wallet_id="acct_a")
GRANTED = grant(EMPTY, Grant(credits=5, source=Source.PROMO), CATALOG, stamp()).entry
USED = decide(EMPTY, Use(wallet_id="acct_a", meter="notes", quantity=1), CATALOG, stamp()).entry
RECEIPT = Receipt(wallet_id="acct_a", key="k", digest=b"d" * 32)


def through(model: type[Model], raw: Raw) -> Raw:
    """Read an item by its model and write it again: what the model doesn't know is lost, a wrong type fails."""
    item = model()
    item.deserialize(raw)
    written: Raw = item.serialize()
    return written


@pytest.mark.parametrize("entry", [GRANTED, USED, replace(GRANTED, private=None)])
def test_an_entry_is_written_as_its_model_has_it(entry: Entry) -> None:
    raw = items.entry_to_item(entry)

    assert through(EntryItem, raw) == raw
    assert items.entry_from_item(raw) == entry


@pytest.mark.parametrize(
    "receipt",
    [replace(RECEIPT, seq=7), replace(RECEIPT, seq=7, nth=3), replace(RECEIPT, purchase_id="pur_1")],
)
@pytest.mark.parametrize("at_seconds", [None, 1_800_000_000])
def test_a_receipt_is_written_as_its_model_has_it(receipt: Receipt, at_seconds: int | None) -> None:
    raw = items.receipt_to_item(receipt, at_seconds=at_seconds)

    assert through(ReceiptItem, raw) == raw
    assert items.receipt_from_item("acct_a", "k", raw) == receipt


def test_a_receipt_of_a_use_is_kept_for_four_hundred_days() -> None:
    raw = items.receipt_to_item(replace(RECEIPT, seq=1), at_seconds=0)

    assert int(raw["ttl"]["N"]) == 400 * 24 * 60 * 60


def test_receipts_of_money_are_kept_for_good() -> None:
    store = engines.store("roto")
    assert isinstance(store, DynamoStore)
    wallet = Wallet(wallet_id="acct_receipts")
    claim = Claim.on(wallet.wallet_id, "k", operation="plan", body={})
    store.commit(Change(decisions=[set_plan(wallet, "pro", CATALOG, stamp())], receipts=[claim.receipt(seq=1)]))

    raw = store.requests.item(store.names.usage, {"wallet_id": {"S": "w#acct_receipts"}, "sk": {"S": "k#k"}})

    assert raw
    assert "ttl" not in raw

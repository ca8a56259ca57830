"""Everything that lies in the tables is named in the paper on erasure: nobody adds a thing without deciding on it."""

from __future__ import annotations

import re

import pytest
from pynamodb.models import Model

from chalicelib.store import tables
from tests.docs.papers import ROOT

PAPER = (ROOT / "docs/how-to/erasure.md").read_text(encoding="utf-8")
ROWS = {
    cells[0].strip(): " ".join(cells[1:]) for line in PAPER.splitlines() if (cells := line.strip("|").split("|"))[1:]
}
KEYS = {"wallet_id", "sk"}
ITEMS = {
    "WalletItem": "wallets",
    "PurchaseItem": "purchases `p#`",
    "CheckoutItem": "purchases `c#`",
    "CustomerItem": "purchases `customer`",
    "ContactItem": "purchases `contact`",
    "SubscriptionItem": "purchases `s#subscription`",
    "InvoiceItem": "purchases `i#`",
    "TopUpItem": "purchases `t#topup`",
    "ErasureItem": "purchases `erasure`",
    "OddityItem": "purchases `q#`",
    "EntryItem": "usage `e#`",
    "ReceiptItem": "usage `k#`",
    "DayItem": "usage `d#`",
    "MessageItem": "usage `n#`",
    "HourItem": "usage `l#`",
}
WITHOUT_A_MODEL = {"purchases `r#`", "purchases `f#`", "usage `s#`"}
MODELS = {
    name: each
    for name, each in vars(tables).items()
    if isinstance(each, type) and issubclass(each, Model) and each is not Model
}


def test_every_kind_of_item_has_its_row() -> None:
    assert set(MODELS) == set(ITEMS)
    assert {name for name in ROWS if name.startswith(("wallets", "purchases", "usage"))} == {
        *ITEMS.values(),
        *WITHOUT_A_MODEL,
    }


def test_every_sort_key_that_the_tables_know_has_its_row() -> None:
    listed = re.findall(r"^ {4}(?:purchases|usage|) +([a-z]+#?[a-z]*)[< ]", tables.__doc__ or "", re.MULTILINE)

    assert len(listed) > 15
    for sort_key in listed:
        assert any(f"`{sort_key}`" in name for name in ROWS), sort_key


@pytest.mark.parametrize("name", sorted(ITEMS))
def test_every_attribute_is_erased_or_stays(name: str) -> None:
    said = re.findall(r"`([a-z_]+)`", ROWS[ITEMS[name]])

    assert set(MODELS[name].get_attributes()) - KEYS <= set(said)
    assert len(said) == len(set(said)), "said twice"

"""Exports: pages that are one, seals over all of it, the room on a page, and places that lead on."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.errors import InvalidRequest
from chalicelib.domain.exports import ROOM, Place, Sheet
from chalicelib.domain.ledger import canonical, erase
from chalicelib.domain.usage import Use, decide
from chalicelib.services.ports import Change
from chalicelib.services.stating import ENTRIES_AT_ONCE, PURCHASES_AT_ONCE, Portion, portion_of
from tests.builders import NOON, purchase, stamp
from tests.exported import export_of, judged, lines_of, pages
from tests.fakes import Faulty
from tests.teller import PROMO, Teller, bought

LAMBDA_TAKES = 6 * 1024 * 1024  # bytes, of JSON


@pytest.fixture
def teller() -> Teller:
    """Two lots, five entries, two purchases of which one was not paid."""
    teller = Teller()
    teller.give("acct_a", bought("pur_1"), PROMO)
    for number in range(3):
        teller.use(f"k{number}", "extra", 30)
    opened = purchase(purchase_id="pur_2")
    teller.store.purchases["acct_a", opened.purchase_id] = opened
    return teller


def names(text: str) -> list[str]:
    """Say what each line of a page is."""
    return [min(json.loads(line).keys() - {"hash", "seal"}) for line in text.splitlines()]


def test_an_export_is_entries_then_lots_then_purchases_then_its_end(teller: Teller) -> None:
    (page,) = pages(teller.store, "acct_a", now=NOON)

    assert names(page) == [*["canonical"] * 5, *["lot"] * 2, *["purchase"] * 2, "head"]
    lines = [json.loads(line) for line in page.splitlines()]
    for entry, line in zip(teller.history("acct_a"), lines, strict=False):
        assert entry.private
        assert line == {
            "canonical": entry.canonical.decode(),
            "hash": entry.hash.hex(),
            "private_fields": {"fields": entry.private.fields, "salt": entry.private.salt.hex()},
        }
    head = teller.store.wallet("acct_a").head.hex()
    assert [line["lot"]["lot_id"] for line in lines[5:7]] == ["lot_2", "lot_1"]  # as they pay
    assert [line["purchase"]["purchase_id"] for line in lines[7:9]] == ["pur_2", "pur_1"]  # newest first
    del lines[9]["seal"]
    assert lines[9] == {"head": head, "next_cursor": None, "seq": 5, "wallet_id": "acct_a"}


def test_an_export_of_nothing_is_its_end(teller: Teller) -> None:
    (page,) = pages(teller.store, "acct_never", now=NOON)

    assert names(page) == ["head"]
    assert json.loads(page).items() >= {"head": "0" * 64, "next_cursor": None, "seq": 0}.items()
    assert judged(page.encode())["holds"]


@pytest.mark.parametrize("limit", range(1, 9))
def test_pages_of_any_size_are_the_same_export(teller: Teller, limit: int) -> None:
    whole = export_of(teller.store, "acct_a", now=NOON)
    told = list(pages(teller.store, "acct_a", now=NOON, limit=lambda: limit))

    for page in told:
        assert len([name for name in names(page) if name in ("canonical", "purchase")]) <= limit
    in_parts = "".join(told).encode()
    assert judged(in_parts)["faults"] == []
    assert bare(in_parts) == bare(whole)


def bare(export: bytes) -> list[dict[str, object]]:
    """Give an export without what its pages added."""
    lines = [json.loads(line) for line in lines_of(export)]
    return [{**line, "seal": None} for line in lines if line.get("next_cursor") is None]


def test_what_is_written_while_the_pages_are_taken_is_on_the_next_one(teller: Teller) -> None:
    taken = pages(teller.store, "acct_a", now=NOON, limit=lambda: 5)
    first = next(taken)
    teller.use("k9", "extra", 3)

    rest = "".join(taken)

    assert names(first) == [*["canonical"] * 5, *["lot"] * 2, "head"]
    assert names(rest) == ["purchase", "purchase", "head"]  # what was listed stands: seq, head and lots agree
    assert judged((first + rest).encode())["to_seq"] == 5


def test_entries_that_come_before_the_lots_were_listed_are_exported(teller: Teller) -> None:
    taken = pages(teller.store, "acct_a", now=NOON, limit=lambda: 4)
    first = next(taken)
    teller.use("k9", "extra", 3)

    rest = "".join(taken)

    assert names(first) == [*["canonical"] * 4, "head"]
    assert names(rest) == [*["canonical"] * 2, *["lot"] * 2, *["purchase"] * 2, "head"]
    assert judged((first + rest).encode()).items() >= {"holds": True, "to_seq": 6}.items()


def test_every_line_is_canonical_json_and_ends(teller: Teller) -> None:
    for line in lines_of(export_of(teller.store, "acct_a", now=NOON, limit=lambda: 2)):
        assert canonical(json.loads(line)) + b"\n" == line


def test_what_was_erased_is_left_out(teller: Teller) -> None:
    teller.store.entries["acct_a", 2] = erase(teller.store.entries["acct_a", 2])

    lines = [json.loads(line) for line in lines_of(export_of(teller.store, "acct_a", now=NOON))]

    assert ["private_fields" in line for line in lines[:5]] == [True, False, True, True, True]


def test_a_page_ends_where_its_room_does(teller: Teller) -> None:
    entries = teller.history("acct_a")
    line = len(json.dumps(next(pages(teller.store, "acct_a", now=NOON)).splitlines(keepends=True)[0]))
    sheet = Sheet(place=Place(), room=2 * line + 20)

    assert [sheet.put_entry(entry) for entry in entries[:3]] == [True, True, False]
    assert (sheet.place.seq, sheet.place.head) == (2, entries[1].hash)
    assert sheet.put_lots([{"lot_id": "x" * line}]) is False
    assert sheet.put_purchase({"purchase_id": "pur_x", "much": "x" * line}) is False
    assert (sheet.place.lists_purchases, sheet.place.before) == (False, None)
    assert names(sheet.close("acct_a", "next")) == ["canonical", "canonical", "head"]


def test_the_first_thing_on_a_page_always_fits(teller: Teller) -> None:
    assert Sheet(place=Place(), room=1).put_entry(teller.history("acct_a")[0])
    assert Sheet(place=Place(), room=1).put_lots([{"lot_id": "lot_1"}])
    assert Sheet(place=Place(), room=1).put_purchase({"purchase_id": "pur_1"})


@pytest.mark.parametrize("room", [1, 900, 1500, 3000])
def test_small_pages_are_the_same_export(teller: Teller, room: int) -> None:
    whole = export_of(teller.store, "acct_a", now=NOON)

    in_parts = export_of(teller.store, "acct_a", now=NOON, room=room)

    assert len(lines_of(in_parts)) > len(lines_of(whole))
    assert judged(in_parts)["faults"] == []
    assert bare(in_parts) == bare(whole)


def test_a_page_that_is_full_can_leave_a_lambda() -> None:
    teller, sheet = Teller(), Sheet(place=Place(), room=ROOM)
    teller.give("acct_a", PROMO)
    (entry,) = teller.history("acct_a")
    assert entry.private
    talkative = replace(entry, private=replace(entry.private, fields={"note": 'é"\\\n' * 2000}))

    while sheet.put_entry(talkative):
        pass

    answer = {"statusCode": 200, "headers": {}, "body": sheet.close("acct_a", "c" * 400)}
    assert LAMBDA_TAKES * 0.7 < len(json.dumps(answer)) < LAMBDA_TAKES * 0.85


def test_a_place_is_read_as_it_is_written() -> None:
    for place in (
        Place(),
        Place(seq=7, head=b"h" * 32, seal=b"s" * 32),
        Place(seq=2**53, head=b"h" * 32, seal=b"s" * 32, lists_purchases=True),
        Place(lists_purchases=True, before="pur_01kajy9w0001234567ab"),
    ):
        assert Place.parse(str(place)) == place


@pytest.mark.parametrize("text", ["", "e", "x.1", "e.1.aa.bb.", "e.-1." + "0" * 64 + "." + "0" * 64 + "."])
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no place"):
        Place.parse(text)


def test_a_place_from_which_the_history_does_not_lead_on_is_refused(teller: Teller) -> None:
    entries = teller.history("acct_a")
    right = Place(seq=2, head=entries[1].hash)
    assert portion_of(teller.store, "acct_a", right, limit=9).entries == entries[2:]

    for wrong in (Place(seq=2, head=entries[0].hash), Place(seq=5, head=b"x" * 32), Place(seq=6, head=entries[4].hash)):
        with pytest.raises(InvalidRequest, match="not a cursor of this list"):
            portion_of(teller.store, "acct_a", wrong, limit=9)


def test_many_entries_are_read_in_parts_and_none_twice() -> None:
    teller, asked = Teller(), list[str]()
    teller.give("acct_a", PROMO)
    for _ in range(2 * ENTRIES_AT_ONCE):
        wallet = teller.store.wallet("acct_a")
        use = Use(wallet_id="acct_a", meter="notes", quantity=1)
        teller.store.commit(Change(decisions=[decide(wallet, use, teller.catalog, stamp())]))
    store: Any = Faulty(teller.store, lambda name, when: asked.append(name) if when == "before" else None)

    portion = portion_of(store, "acct_a", Place(), limit=1000)

    assert [entry.seq for entry in portion.entries] == list(range(1, 2 * ENTRIES_AT_ONCE + 2))
    assert asked == ["wallet", "history", "history", "history", "listed_purchases"]


def test_no_more_than_the_limit_is_read_and_never_more_than_a_hundred_purchases(teller: Teller) -> None:
    for number in range(PURCHASES_AT_ONCE + 5):
        name = f"pur_x{number:03}"
        teller.store.purchases["acct_a", name] = purchase(purchase_id=name)

    def portion(limit: int, place: Place) -> Portion:
        return portion_of(teller.store, "acct_a", place, limit=limit)

    assert (len(portion(3, Place()).entries), portion(3, Place()).wallet) == (3, None)
    assert [len(part) for part in (portion(7, Place()).entries, portion(7, Place()).purchases)] == [5, 2]
    listing = Place(lists_purchases=True)
    assert (len(portion(1000, listing).purchases), portion(1000, listing).has_more) == (PURCHASES_AT_ONCE, True)
    assert [len(part) for part in (portion(1000, Place()).entries, portion(1000, Place()).purchases)] == [5, 100]
    end = Place(lists_purchases=True, before="pur_2")
    assert (len(portion(1000, end).purchases), portion(1000, end).has_more) == (1, False)

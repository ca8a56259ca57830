"""The verifier that is handed on: alone it runs, nothing escapes it, and it says where and what."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain.adjustments import adjust
from chalicelib.domain.granting import Grant
from chalicelib.domain.grants import grant
from chalicelib.domain.ledger import KINDS, canonical
from chalicelib.domain.lots import Source
from chalicelib.domain.notices import give_notice
from chalicelib.domain.statements import CAME, WENT
from chalicelib.domain.times import MILLISECOND
from chalicelib.services.ports import Change
from tests.builders import CATALOG, DAY, NOON, purchase, stamp
from tests.builders import lot as lot_of_law
from tests.exported import Json, export_of, forged, judged, lines_of, stated
from tests.paid import Desk
from tests.teller import PROMO, Teller, bought
from verify import tally_verify

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "verify/tally_verify.py"
LATER = NOON + 60 * DAY
STANDARD = sys.stdlib_module_names


@pytest.fixture
def teller() -> Teller:
    """A purchase, a short promotion, a use, a hold and its capture, a transfer; over two months, on two pages."""
    teller = Teller()
    teller.give("acct_a", bought("pur_1"), PROMO)
    teller.store.purchases["acct_a", "pur_1"] = replace(purchase(purchase_id="pur_1"), credits=1000)
    teller.use("k1", "extra", 30)
    hold = teller.hold("h1", 200, ttl=timedelta(hours=9)).entry.facts["hold_id"]
    teller.now += 3 * timedelta(hours=1)
    teller.capture("c1", hold, credits=150)
    teller.now = NOON + 10 * DAY
    teller.move("m1", 40)
    return teller


def exported(teller: Teller, *, limit: int = 4) -> bytes:
    return export_of(teller.store, "acct_a", now=teller.now, limit=lambda: limit)


def months(teller: Teller) -> list[Json]:
    return [stated(teller.store, "acct_a", month, now=LATER) for month in ("2026-10", "2026-11", "2026-12", "2027-01")]


def codes(found: Json) -> list[str]:
    return [fault["code"] for fault in found["faults"]]


def whats(found: Json) -> str:
    return "\n".join(fault["what"] for fault in found["faults"])


def test_it_needs_nothing_but_the_standard_library() -> None:
    names = {
        (node.module or "") if isinstance(node, ast.ImportFrom) else alias.name
        for node in ast.walk(ast.parse(PROGRAM.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }

    assert {name.partition(".")[0] for name in names} <= STANDARD


def test_it_runs_alone(teller: Teller, tmp_path: Path) -> None:
    copy, export, statement = tmp_path / "tally_verify.py", tmp_path / "export.jsonl", tmp_path / "statement.json"
    copy.write_bytes(PROGRAM.read_bytes())
    export.write_bytes(exported(teller))
    statement.write_text(json.dumps(months(teller)[1], indent=2), encoding="utf-8")
    command = [sys.executable, "-I", "-S", *map(str, (copy, export, "--statement", statement, "--json"))]

    told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)

    assert (told.stderr, json.loads(told.stdout)["holds"]) == ("", True)


def test_it_knows_every_kind_of_entry_and_every_column() -> None:
    assert set(tally_verify.KINDS) == set(KINDS)
    assert (set(tally_verify.CAME), set(tally_verify.WENT)) == ({*map(str, CAME)}, {*map(str, WENT)})


def test_what_was_exported_holds_with_the_statements_of_its_months(teller: Teller) -> None:
    head = teller.store.wallet("acct_a").head.hex()

    found = judged(exported(teller), *months(teller), head=head)

    assert found["faults"] == []
    assert found.items() >= {"holds": True, "complete": True, "to_seq": 6, "head": head, "erased": 0}.items()
    assert found["statements"] == ["2026-10", "2026-11", "2026-12", "2027-01"]
    assert found["credits"]["lots"] == {"lot_1": 900}


def test_no_byte_of_an_export_is_free() -> None:
    teller = Teller()
    teller.give("acct_a", bought("pur_1"))
    teller.use("k1", "extra", 3)
    export = exported(teller, limit=1)
    lines = [number for number, line in enumerate(lines_of(export), start=1) for _ in line]

    for at, line in enumerate(lines):
        changed = export[:at] + bytes([export[at] ^ 1]) + export[at + 1 :]
        faults = judged(changed)["faults"]
        assert faults, export[at - 20 : at + 20]
        assert faults[0]["line"] == line, export[at - 20 : at + 20]


def test_an_export_that_ends_anywhere_else_is_cut(teller: Teller) -> None:
    export = exported(teller)

    for end in range(0, len(export), 11):
        found = judged(export[:end])
        assert "cut" in codes(found)
        assert (found["faults"][0]["line"] or 0) == len(lines_of(export[:end]))


@pytest.mark.parametrize("change", [b" ", b"\n", b"\r", b"\t", b"\xef\xbb\xbf", b"{}\n", b"null\n", b"[" * 100_000])
def test_what_is_put_between_bytes_is_seen(teller: Teller, change: bytes) -> None:
    export = exported(teller)

    for at in range(0, len(export) + 1, 97):
        assert not judged(export[:at] + change + export[at:])["holds"]
    assert not judged(export + change)["holds"]


@pytest.mark.parametrize("name", sorted(tally_verify.STATED))
def test_every_field_of_a_statement_is_held_against_the_entries(teller: Teller, name: str) -> None:
    export, true = exported(teller), months(teller)[2]
    others: dict[str, list[Any]] = {
        "wallet_id": ["acct_b"],
        "month": ["2026-11", "2027-01"],
        "head": ["0" * 64, true["head"].upper()],
        "complete": [0, 1, None],
        "entries": [[], [{"kind": "usage", "count": 1, "credits": -40}], true["entries"] * 2, [*true["entries"], {}]],
    }
    numbers = [true[name] + step for step in (1, -1, 2**60)] if name not in others else []
    for wrong in others.get(name, [*numbers, bool(true[name]), None, str(true[name])]):
        try:
            found = judged(export, true | {name: wrong})
        except tally_verify.Broken:
            continue
        assert set(codes(found)) == {"statement"}, wrong


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "null", '{"month": "2026-11"}', "1.5", '{"a": 1, "a": 1}', "NaN", "x"]
)
def test_what_is_no_statement_cannot_be_judged(text: str) -> None:
    with pytest.raises(tally_verify.Broken):
        tally_verify.verify([], statements=[text])


@pytest.mark.parametrize("month", ["2026-13", "2026-1", "0000-01", "1969-12", "x"])
def test_a_statement_of_no_month_cannot_be_judged(teller: Teller, month: str) -> None:
    with pytest.raises(tally_verify.Broken):
        judged(exported(teller), months(teller)[1] | {"month": month})


def test_a_statement_that_leaves_an_entry_of_its_month_out_is_seen(teller: Teller) -> None:
    export, november = exported(teller), months(teller)[1]
    entries, closing = [{"kind": "transfer_out", "count": 1, "credits": -40}], {"closing": 900, "to_seq": 6}

    for wrong in ({"from_seq": 2}, {"from_seq": 3}, {"to_seq": 4}):
        found = judged(export, november | wrong)
        assert "leaves this entry out" in found["faults"][0]["what"]
        assert set(codes(found)) == {"statement"}
    assert "of another month" in whats(judged(export, november | closing))
    assert "which the export doesn't have" in whats(judged(export, november | {"to_seq": 9}))
    assert "which the export doesn't have" in whats(judged(export, november | {"from_seq": 9}))
    assert judged(export, months(teller)[2])["holds"]
    assert months(teller)[2]["entries"] == entries


def test_a_statement_of_a_month_that_ran_holds_when_entries_have_come_since(teller: Teller) -> None:
    early = stated(teller.store, "acct_a", "2026-12", now=teller.now)
    teller.use("k9", "extra", 3)

    assert early["complete"] is False
    assert judged(exported(teller), early)["holds"]
    assert "is complete, and leaves this entry out" in whats(judged(exported(teller), early | {"complete": True}))


def test_another_head_is_seen(teller: Teller) -> None:
    export = exported(teller)

    assert codes(judged(export, head="a" * 64)) == ["head"]
    assert judged(export, head="a" * 64)["faults"][0]["line"] is None


def test_a_history_that_was_written_anew_holds_but_has_another_head(teller: Teller) -> None:
    """Nothing in it contradicts itself: only a head, or a statement, that was kept apart tells."""
    head, november = teller.store.wallet("acct_a").head.hex(), months(teller)[1]

    def rename(said: Json) -> None:
        if said.get("to_wallet_id") == "team_b":
            said["to_wallet_id"] = "team_c"

    anew = forged(exported(teller), rename)

    assert judged(anew)["holds"]
    assert codes(judged(anew, head=head)) == ["head"]
    assert judged(anew, november)["holds"]  # its entries are as they were
    assert not judged(anew, months(teller)[2])["holds"]


def test_a_part_of_an_export_can_be_judged(teller: Teller) -> None:
    lines = lines_of(exported(teller, limit=1000))

    assert judged(b"".join(lines[:3]), part=True)["holds"]
    later = b"".join(lines[2:])
    found = judged(later, start=3, part=True)
    assert found.items() >= {"holds": True, "credits": None, "from_seq": 3, "to_seq": 6, "complete": True}.items()
    assert "seq" in codes(judged(later, part=True))
    assert "seq" in codes(judged(later, start=4, part=True))
    assert codes(judged(b"".join([*lines[2:4], *lines[5:]]), start=3, part=True)) == ["seq"]
    for line in (*lines[3:6], lines[7]):  # the first seal can't be judged: it is over what is missing as well
        assert not judged(later.replace(line, b""), start=3, part=True)["holds"]


Edit = Callable[[Json], Any]


def at(number: int, **changes: Any) -> Edit:
    """Change what an entry says."""

    def edit(said: Json) -> None:
        if "kind" in said and said["seq"] == number:
            said.update(changes)

    return edit


def drawing(number: int, lot_id: str, credits: int, **more: Any) -> Edit:
    return at(number, draws=[{"lot_id": lot_id, "credits": credits}], credits=credits, **more)


def lot(**changes: Any) -> Edit:
    def edit(said: Json) -> None:
        if said.get("kind") == "purchase":
            said["lot"].update(changes)

    return edit


def shown(line: str, **changes: Any) -> Edit:
    def edit(said: Json) -> None:
        if line in said and "kind" not in said:
            said[line].update(changes)

    return edit


FORGERIES: dict[str, tuple[Edit, str, str]] = {
    "more was granted": (at(1, granted=1001), "credits", "purchase: the lots change by 1000 credits"),
    "more came": (drawing(1, "lot_1", 1001), "credits", "purchase: the lots change by 1001 credits"),
    "less was used": (drawing(3, "lot_2", -9), "credits", "1091 credits are available, it says 1090"),
    "used and hidden": (drawing(3, "lot_2", -9, available_after=1091), "credits", "it says 890"),
    "credits are not its draws": (at(3, credits=-9), "credits", "usage: its draws make -10 credits, it says -9"),
    "more than there is": (drawing(3, "lot_2", -101), "credits", "lot_2 holds less than nothing"),
    "of no lot": (drawing(3, "lot_9", -10), "credits", "there is no lot_9"),
    "of nothing that is a lot": (drawing(3, "x", -10), "credits", "there is no x"),
    "a lot of another entry": (lot(lot_id="lot_2"), "credits", "purchase: lot_2 is no new lot of entry 1"),
    "a lot twice": (at(2, lot={"lot_id": "lot_1"}), "credits", "grant: lot_1 is no new lot of entry 2"),
    "a lot that had ended": (lot(expires_at="2026-11-22T12:00:00.001Z"), "credits", "0 credits are available"),
    "an end that did not come": (at(3, kind="expiry"), "credits", "expiry: it draws from lot_2, which has not ended"),
    "another available": (at(6, available_after=901), "credits", "900 credits are available, it says 901"),
    "earlier": (at(5, at="2026-11-21T12:00:00.000Z"), "time", "it is earlier than the entry before it"),
    "no time": (at(5, at="2026-11-22"), "form", "at is no time"),
    "no day": (at(5, at="2026-02-30T12:00:00.000Z"), "form", "at is no time"),
    "of another wallet": (at(4, wallet_id="acct_b"), "wallet", "it is of wallet acct_b, not acct_a"),
    "another number": (at(4, seq=5), "seq", "entry 5 stands where entry 4 should"),
    "a number again": (at(4, seq=3), "seq", "entry 3 stands where entry 4 should"),
    "another version": (at(4, v=2), "form", "version 2 is not known here"),
    "of no kind": (at(4, kind="gift"), "credits", "gift is no kind of entry"),
    "another's hold": (at(4, hold_id="hold_3"), "credits", "hold_3 is not the hold of entry 4"),
    "a hold that is not open": (at(5, hold_id="hold_3"), "credits", "capture: hold_3 is not open"),
    "more captured": (at(5, captured=151), "credits", "capture: the lots change by -150 credits"),
    "another chain": (at(4, prev_hash="0" * 64), "chain", "it doesn't follow the entry before it"),
    "more than was granted": (
        drawing(3, "lot_1", 5, kind="adjustment", available_after=1105),
        "credits",
        "adjustment: lot_1 holds less than nothing, or more than was granted",
    ),
    "debt below zero": (at(3, paid_to_debt=1), "credits", "usage: the lots change by -10 credits"),
    "debt that was none": (at(3, debt=-1), "credits", "usage: the debt falls below zero"),
    "a fraction": (at(3, quantity=1.5), "form", "1.5 is no whole number"),
    "a number too large": (at(3, quantity=2**53), "form", "a number is too large"),
    "a number too long": (at(3, quantity=10**5000), "form", "a number is too large"),
    "no number": (at(3, credits=True), "form", "credits is no whole number"),
    "no text": (at(3, kind=1), "form", "kind is no text"),
    "no list": (at(3, draws={}), "form", "draws is no list of objects"),
    "no object": (at(1, lot=[]), "form", "lot is no object"),
    "no hash": (at(3, private="x"), "form", "private is not 64 hexadecimal digits"),
    "another private": (at(3, private="0" * 64), "private", "its private fields are not those that it hides"),
    "a lot shown with more": (shown("lot", remaining=901), "lots", "remaining"),
    "a lot shown as none": (shown("lot", held=False), "lots", "held"),
    "a lot shown with another end": (shown("lot", expires_at="2027-01-01T00:00:00.000Z"), "lots", "expires_at"),
    "a lot shown as another": (shown("lot", lot_id="lot_2"), "lots", "lot_2 comes twice, or nothing is left in it"),
    "a purchase shown with more": (
        shown("purchase", credits=1001),
        "purchases",
        "pur_1 granted 1000 credits, not 1001",
    ),
    "a purchase of another": (shown("purchase", wallet_id="acct_b"), "wallet", "it is of wallet acct_b"),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forgery_with_hashes_that_fit_contradicts_itself(teller: Teller, name: str) -> None:
    edit, code, what = FORGERIES[name]

    found = judged(_forged(exported(teller, limit=1000), edit))

    assert code in codes(found)
    assert what in whats(found)


def _forged(export: bytes, edit: Edit) -> bytes:
    """Forge, also with numbers that Python wouldn't write without being asked."""
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        return forged(export, edit)
    finally:
        sys.set_int_max_str_digits(before)


def test_a_purchase_that_is_granted_twice_is_seen(teller: Teller) -> None:
    teller.give("acct_b", bought("pur_9"))
    teller.store.purchases.clear()
    teller.give("acct_b", bought("pur_9"))

    found = judged(export_of(teller.store, "acct_b", now=NOON))

    assert "pur_9 is granted a second time" in whats(found)


def test_lines_that_are_none_of_an_export_are_seen(teller: Teller) -> None:
    lines = lines_of(exported(teller, limit=1000))
    entry = json.loads(lines[0])
    others: list[Any] = [
        entry | {"more": 1},
        {"canonical": entry["canonical"]},
        entry | {"canonical": 1},
        entry | {"hash": entry["hash"].upper()},
        entry | {"private_fields": None},
        entry | {"private_fields": {"fields": {}}},
        entry | {"private_fields": {**entry["private_fields"], "more": 1}},
        entry | {"private_fields": {"fields": [], "salt": "0" * 64}},
        {"lot": {}},
        {"lot": {}, "seal": "0" * 64, "more": 1},
        {"seal": "0" * 64},
        [entry],
    ]
    for wrong in others:
        found = judged(b"".join([canonical(wrong) + b"\n", *lines[1:]]))
        assert found["faults"][0]["line"] == 1, wrong


def test_lots_and_purchases_come_in_their_order_and_all_of_them(teller: Teller) -> None:
    teller.give("acct_a", PROMO)
    lines = lines_of(exported(teller, limit=1000))

    def without_seals(order: list[int]) -> bytes:
        return forged(b"".join(lines[place] for place in order), lambda _said: None)

    usual = list(range(len(lines)))
    assert judged(without_seals(usual))["holds"]
    assert "there is no line for lot_7" in whats(judged(without_seals([0, 1, 2, 3, 4, 5, 6, 8, 9, 10])))
    assert "a lot behind purchases" in whats(judged(without_seals([0, 1, 2, 3, 4, 5, 6, 7, 9, 8, 10])))
    assert "an entry behind lots" in whats(judged(without_seals([0, 1, 2, 3, 4, 5, 7, 6, 8, 9, 10])))
    assert "comes twice" in whats(judged(without_seals([*usual[:8], 7, *usual[8:]])))
    assert "behind the end of the export" in whats(judged(without_seals([*usual, 10])))
    lines.append(b'{"gift":{},"seal":""}\n')
    assert "is no line of an export" in whats(judged(without_seals([*usual[:-1], 11, 10])))


def test_an_end_that_names_another_entry_is_seen(teller: Teller) -> None:
    def other(said: Json) -> None:
        if "next_cursor" in said:
            said["seq"] = 5

    assert codes(judged(forged(exported(teller, limit=1000), other))) == ["head"]


def test_money_back_and_notices_and_adjustments_are_added_up() -> None:
    """A refund of what was spent, debt that a gift pays, a dispute that is won, a lot that is announced and ends."""
    desk = Desk()
    desk.fulfilled()
    desk.move("acct_a", "team_b", 300)
    desk.spend("acct_a", 600)
    desk.refund(500)
    desk.taken()
    desk.give(50)
    dispute = desk.dispute()
    desk.taken()
    desk.close(dispute, "won")
    desk.taken()
    wanted = Grant(credits=70, source=Source.PROMO, expires_at=NOON + 20 * DAY)
    desk.store.commit(Change(decisions=[grant(desk.store.wallet("acct_a"), wanted, CATALOG, stamp(desk.clock))]))
    desk.clock = NOON + 15 * DAY
    noticed = give_notice(desk.store.wallet("acct_a"), CATALOG, stamp(desk.clock))
    assert noticed
    desk.store.commit(Change(decisions=[noticed]))
    adjusted = adjust(desk.store.wallet("acct_a"), -5, reason="odd", catalog=CATALOG, stamp=stamp(desk.clock))
    desk.store.commit(Change(decisions=[adjusted]))

    for wallet_id in ("acct_a", "team_b"):
        found = judged(export_of(desk.store, wallet_id, now=desk.clock))
        wallet = desk.store.wallet(wallet_id)
        assert found["faults"] == []
        assert (found["credits"]["left"], found["credits"]["debt"]) == (wallet.left, wallet.debt)


@pytest.mark.parametrize("noticed", [None, 0, 6, 7, 13, 14, 30])
@pytest.mark.parametrize("source", ["plan", "promo"])
@pytest.mark.parametrize("lives", [timedelta(days=14), timedelta(days=14, milliseconds=-1), timedelta(days=30), None])
def test_a_lot_ends_when_the_law_says(lives: timedelta | None, source: str, noticed: int | None) -> None:
    expires_at = NOON + lives if lives else None
    noticed_at = NOON + noticed * DAY if noticed is not None else None
    named: dict[str, Any] = {"expires_at": expires_at, "noticed_at": noticed_at}
    law = replace(lot_of_law(1, 5), source=Source(source), **named)
    lot = tally_verify.Lot(named={"source": source}, granted=5, granted_at=NOON, **named)

    assert lot.ends_at == law.ends_at
    for moment in (NOON, law.ends_at or NOON):
        for step in (-1, 0, 1):
            assert lot.has_ended(moment + step * MILLISECOND) == law.has_ended(moment + step * MILLISECOND)


def run(tmp_path: Path, export: bytes | None, *arguments: str) -> int:
    path = tmp_path / "export.jsonl"
    if export is not None:
        path.write_bytes(export)
    return tally_verify.main([str(path), *arguments])


def test_it_tells_people_what_holds(teller: Teller, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    statement = tmp_path / "november.json"
    statement.write_text(json.dumps(months(teller)[1]), encoding="utf-8")

    assert run(tmp_path, exported(teller), "--statement", str(statement)) == 0

    head = teller.store.wallet("acct_a").head.hex()
    assert capsys.readouterr().out.splitlines() == [
        f"{tmp_path / 'export.jsonl'} holds: 10 lines",
        "  wallet    acct_a",
        "  entries   1 to 6, the last at 2026-12-02T12:00:00.000Z",
        f"  head      {head}",
        "  credits   900 left in 1 lot: 900 free, 0 held, 0 set aside; debt 0",
        "  statement 2026-11 is what the entries make",
    ]


def test_it_tells_people_where_it_breaks(teller: Teller, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    changed = exported(teller).replace(b'\\"quantity\\":30', b'\\"quantity\\":31')

    assert run(tmp_path, changed, "--head", "a" * 64) == 1

    told = capsys.readouterr().out.splitlines()
    assert told[0].endswith("export.jsonl does NOT hold: 2 faults in 10 lines")
    assert told[1] == "  line 3, at entry 3: its hash is not that of what it says"
    assert told[2].startswith("  all of it: the last entry's hash is ")


def test_it_tells_machines(teller: Teller, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, exported(teller), "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found.items() >= {"holds": True, "faults": []}.items()

    assert run(tmp_path, b"".join(lines_of(exported(teller))[1:]), "--json") == 1
    found = json.loads(capsys.readouterr().out)
    fault = {"line": 1, "seq": 2, "code": "seq", "what": "entry 2 stands where entry 1 should"}
    assert found["faults"][0] == fault


def test_it_tells_of_parts_of_what_is_erased_and_of_many_faults(
    teller: Teller, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = lines_of(exported(teller, limit=1000))
    assert run(tmp_path, b"".join(lines[2:4]), "--part", "--start", "3") == 0
    told = capsys.readouterr().out
    assert "holds: 2 lines, not all there are" in told
    assert "credits   not judged" in told

    entry = json.loads(lines[0])
    del entry["private_fields"]
    assert run(tmp_path, canonical(entry) + b"\n", "--part") == 0
    assert "erased    the private fields of 1 entry" in capsys.readouterr().out

    assert run(tmp_path, b"x\n" * 30) == 1
    assert "and 11 more" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        *(["--head", "x"], ["--head", "A" * 64], ["--start", "0", "--part"], ["--start", "2"], ["--nothing"]),
        *(["--start", "2", "--part", "--statement", "x"], ["--start", "x"]),
    ],
)
def test_options_that_make_no_sense_are_refused(tmp_path: Path, arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run(tmp_path, b"", *arguments)
    assert ended.value.code == 2


def test_what_cannot_be_read_ends_with_two(teller: Teller, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong, binary = tmp_path / "wrong.json", tmp_path / "binary.json"
    wrong.write_text("{}", encoding="utf-8")
    binary.write_bytes(b"\xff")

    assert run(tmp_path, None) == 2
    for statement in (wrong, binary, tmp_path / "none.json"):
        assert run(tmp_path, exported(teller), "--statement", str(statement)) == 2
    assert capsys.readouterr().err.count("can't be read") == 4

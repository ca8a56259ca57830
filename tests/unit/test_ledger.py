"""Entries: canonical bytes, the chain, what can be erased."""

from __future__ import annotations

from dataclasses import replace

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import ledger
from chalicelib.domain.errors import NotFound
from chalicelib.domain.ledger import GENESIS, Entry, Private, canonical, erase, is_intact, seal, unseal

LABELS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
PRIVATE = Private(b"s" * 32, {"actor": "acct_a", "note": "café"})


def entry() -> Entry:
    return seal({"wallet_id": "acct_a", "seq": 1, "kind": "grant"}, prev_hash=GENESIS, private=PRIVATE)


@given(
    st.dictionaries(
        st.text(st.characters(max_codepoint=127), max_size=8),
        st.recursive(
            st.integers(-(2**53) + 1, 2**53 - 1) | LABELS | st.booleans() | st.none(),
            lambda inner: st.lists(inner, max_size=3),
        ),
    )
)
def test_canonical_bytes_are_those_of_rfc_8785(fields: dict[str, object]) -> None:
    assert canonical(fields) == rfc8785.dumps(fields)  # type: ignore[arg-type]


def test_a_lone_surrogate_is_refused() -> None:
    with pytest.raises(UnicodeEncodeError):
        canonical({"note": "\ud800"})


def test_an_entry_reads_back_as_it_was_sealed() -> None:
    sealed = entry()

    assert unseal(sealed.canonical, digest=sealed.hash, private=PRIVATE) == sealed
    assert (sealed.wallet_id, sealed.seq, sealed.kind, sealed.entry_id) == ("acct_a", 1, "grant", "acct_a:1")


def test_an_entry_is_intact_only_where_it_was_written() -> None:
    assert is_intact(entry(), prev_hash=GENESIS)
    assert not is_intact(entry(), prev_hash=b"x" * 32)


def test_changed_bytes_are_seen() -> None:
    changed = replace(entry(), canonical=entry().canonical.replace(b"grant", b"graft"))

    assert not is_intact(changed, prev_hash=GENESIS)


def test_a_changed_name_beside_the_entry_is_seen() -> None:
    changed = replace(entry(), private=Private(PRIVATE.salt, {"actor": "acct_b"}))

    assert not is_intact(changed, prev_hash=GENESIS)


def test_erasing_keeps_the_chain() -> None:
    erased = erase(entry())

    assert erased.private is None
    assert is_intact(erased, prev_hash=GENESIS)
    assert b"acct_tester" not in erased.canonical


def test_the_private_digest_depends_on_the_salt() -> None:
    assert ledger.private_digest(PRIVATE) != ledger.private_digest(Private(b"t" * 32, PRIVATE.fields))


def test_an_entrys_number_is_read_from_its_id() -> None:
    assert ledger.seq_of("a:b:12", "a:b") == 12


@pytest.mark.parametrize("wrong", ["acct_b:1", "acct_a:x", "acct_a", "1", "acct_a:-1"])
def test_a_foreign_entrys_id_names_nothing(wrong: str) -> None:
    with pytest.raises(NotFound):
        ledger.seq_of(wrong, "acct_a")

"""Contacts: set once, whatever happens on the way, and a secret is told to who made it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from chalicelib.domain.contacts import Contact, Known, recipient_of
from chalicelib.domain.errors import Busy
from chalicelib.services.contacts import set_contact
from chalicelib.services.ports import LostRace, OutcomeUnknown, Throttled
from chalicelib.services.using import Till
from tests.builders import CATALOG, patience, stamp
from tests.fakes import Faulty, MemoryStore

URL = "https://hooks.example.com/"


def wishing(url: str | None, secret: str) -> Callable[[Contact], Contact]:
    return lambda before: replace(before, webhook_url=url, webhook_secret=secret)


def till(store: object) -> Till:
    return Till(store=store, catalog=CATALOG, patience=patience(budget=1.0))  # type: ignore[arg-type]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("trouble", [OutcomeUnknown("no answer"), Throttled("slow down")], ids=["lost", "throttled"])
def test_a_secret_is_told_though_the_answer_to_its_write_was_lost(when: str, trouble: Exception) -> None:
    store = MemoryStore()
    struck: list[str] = []

    def point(name: str, at: str) -> None:
        if (name, at) == ("commit", when) and not struck:
            struck.append(name)
            raise trouble

    contact, is_new = set_contact(till(Faulty(store, point)), "acct_a", wishing(URL, "whsec_1"), stamp=stamp())

    assert (contact.webhook_secret, is_new, struck) == ("whsec_1", True, ["commit"])
    assert store.contact("acct_a") == contact
    assert store.wallet("acct_a").seq == 1


def test_a_secret_that_another_call_made_is_not_told() -> None:
    store = MemoryStore()

    def point(name: str, at: str) -> None:
        if (name, at) == ("commit", "before") and not store.contacts:
            set_contact(till(store), "acct_a", wishing(URL, "whsec_theirs"), stamp=stamp())
            raise LostRace("another was first")

    contact, is_new = set_contact(till(Faulty(store, point)), "acct_a", wishing(URL, "whsec_ours"), stamp=stamp())

    assert (contact.webhook_secret, is_new) == ("whsec_theirs", False)


def test_a_cleared_webhook_has_no_secret_to_tell() -> None:
    store = MemoryStore()
    set_contact(till(store), "acct_a", wishing(URL, "whsec_1"), stamp=stamp())

    contact, is_new = set_contact(till(store), "acct_a", wishing(None, "whsec_2"), stamp=stamp())

    assert (contact.webhook_url, contact.webhook_secret, is_new) == (None, None, False)


def test_who_loses_every_race_is_told_to_come_again() -> None:
    def point(name: str, at: str) -> None:
        if (name, at) == ("commit", "before"):
            raise LostRace("another was first")

    with pytest.raises(Busy):
        set_contact(till(Faulty(MemoryStore(), point)), "acct_a", wishing(URL, "whsec_1"), stamp=stamp())


@pytest.mark.parametrize(
    ("contact", "known", "email"),
    [
        ({"email": "set", "token_email": "token"}, Known("paid", "customer"), "set"),
        ({"token_email": "token"}, Known("paid", "customer"), "paid"),
        ({"token_email": "token"}, Known(None, "customer"), "token"),
        ({}, Known(None, "customer"), "customer"),
        ({}, Known(), None),
    ],
)
def test_the_nearest_address_is_used(contact: dict[str, str], known: Known, email: str | None) -> None:
    assert recipient_of(Contact(wallet_id="acct_a", **contact), known).email == email  # type: ignore[arg-type]

"""Contacts: where messages go, and that the ledger says what was changed but never to what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain import audit
from chalicelib.domain.contacts import LANGUAGE, Contact, ContactChanged, Known, change_contact, recipient_of
from chalicelib.domain.errors import Busy
from chalicelib.domain.plan_changes import set_plan
from chalicelib.domain.wallet import Wallet
from chalicelib.services.contacts import set_contact
from chalicelib.services.ports import Change, LostRace, OutcomeUnknown, Throttled
from chalicelib.services.using import Till
from tests.builders import CATALOG, DAY, NOON, patience, stamp
from tests.fakes import Faulty, MemoryStore

EMPTY = Wallet(wallet_id="acct_a")
UNSET = Contact(wallet_id="acct_a")
URL, OTHER_URL = "https://hooks.example/one", "https://hooks.example/two"
ALL = Contact(
    wallet_id="acct_a",
    version=3,
    email="set@example.org",
    webhook_url=URL,
    webhook_secret="whsec_old",
    locale="de",
    token_email="token@example.org",
)


def change(before: Contact, wallet: Wallet = EMPTY, **wanted: Any) -> ContactChanged | None:
    return change_contact(wallet, before, replace(before, **wanted), CATALOG, stamp())


def changed(before: Contact, **wanted: Any) -> Contact:
    found = change(before, **wanted)
    assert found
    assert found.before is before
    return found.contact


@pytest.mark.parametrize(
    ("set_one", "payment", "token", "customer", "used"),
    [
        ("set@x.org", "paid@x.org", "token@x.org", "customer@x.org", "set@x.org"),
        (None, "paid@x.org", "token@x.org", "customer@x.org", "paid@x.org"),
        (None, None, "token@x.org", "customer@x.org", "token@x.org"),
        (None, None, None, "customer@x.org", "customer@x.org"),
        (None, None, None, None, None),
    ],
)
def test_the_address_is_the_first_that_is_known(
    set_one: str | None, payment: str | None, token: str | None, customer: str | None, used: str | None
) -> None:
    contact = replace(UNSET, email=set_one, token_email=token)

    assert recipient_of(contact, Known(payment, customer)).email == used


def test_the_webhook_goes_along_and_the_language_falls_back() -> None:
    assert recipient_of(UNSET, Known()).locale == LANGUAGE
    to = recipient_of(ALL, Known())
    assert (to.wallet_id, to.webhook_url, to.webhook_secret, to.locale) == ("acct_a", URL, "whsec_old", "de")


def test_an_unchanged_wish_writes_nothing() -> None:
    assert change(ALL) is None
    assert change(ALL, webhook_secret="whsec_new") is None
    assert change(UNSET) is None
    assert change(UNSET, webhook_secret="whsec_new") is None
    assert change(UNSET, token_email="token@example.org") is None  # it goes along with a change, but is none


def test_a_new_webhook_address_takes_the_new_secret() -> None:
    after = changed(ALL, webhook_url=OTHER_URL, webhook_secret="whsec_new")

    assert (after.webhook_url, after.webhook_secret, after.version) == (OTHER_URL, "whsec_new", 4)


def test_with_the_same_address_the_old_secret_stands() -> None:
    after = changed(ALL, webhook_url=URL, webhook_secret="whsec_new", locale="en")

    assert (after.webhook_secret, after.locale) == ("whsec_old", "en")


def test_clearing_the_address_removes_the_secret() -> None:
    after = changed(ALL, webhook_url=None, webhook_secret="whsec_new")

    assert (after.webhook_url, after.webhook_secret) == (None, None)
    assert after.email == "set@example.org"


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ({"email": "new@example.org"}, ["email"]),
        ({"email": None}, ["email"]),
        ({"locale": "fr"}, ["locale"]),
        ({"webhook_url": OTHER_URL}, ["webhook_url"]),
        ({"email": "new@example.org", "locale": "fr", "webhook_url": None}, ["email", "locale", "webhook_url"]),
    ],
)
def test_the_entry_names_what_changed_and_never_the_values(wanted: dict[str, Any], names: list[str]) -> None:
    found = change(ALL, **wanted, webhook_secret="whsec_new", token_email="other@example.org")

    assert found
    entry = found.decision.entry
    assert (entry.kind, entry.facts["credits"], entry.facts["settings"]) == ("settings", 0, "notifications")
    assert entry.facts["changed"] == names
    assert entry.private
    assert entry.private.fields == {"actor": "acct_tester"}
    for value in (b"example", b"whsec", b"hooks", b'"fr"', b'"de"'):
        assert value not in entry.canonical


def test_what_fell_due_rides_on_the_entry_and_the_books_hold() -> None:
    begun = set_plan(EMPTY, "pro", CATALOG, stamp())
    found = change_contact(begun.wallet, UNSET, replace(UNSET, locale="de"), CATALOG, stamp(NOON + 31 * DAY))

    assert found
    assert [step["kind"] for step in found.decision.entry.facts["also"]] == ["renewal"]
    assert list(audit.faults(found.decision.wallet, [begun.entry, found.decision.entry])) == []


# Setting it


def till(store: object) -> Till:
    return Till(store=store, catalog=CATALOG, patience=patience())  # type: ignore[arg-type]


def wish(**wanted: Any) -> Callable[[Contact], Contact]:
    return lambda before: replace(before, **wanted)


HOOK = wish(webhook_url=URL, webhook_secret="whsec_new")


def test_a_contact_is_set_once_with_its_entry() -> None:
    store = MemoryStore()

    contact, is_new = set_contact(till(store), "acct_a", HOOK, stamp=stamp())

    assert (contact, is_new) == (replace(UNSET, version=1, webhook_url=URL, webhook_secret="whsec_new"), True)
    assert store.contact("acct_a") == contact
    again, is_new = set_contact(till(store), "acct_a", wish(webhook_url=URL, webhook_secret="whsec_2"), stamp=stamp())
    assert (again, is_new, store.wallet("acct_a").seq) == (contact, False, 1)


def test_a_secret_is_new_only_with_a_new_address() -> None:
    store = MemoryStore()
    store.contacts["acct_a"] = ALL

    assert set_contact(till(store), "acct_a", wish(locale="en", webhook_secret="whsec_2"), stamp=stamp())[1] is False
    assert (
        set_contact(till(store), "acct_a", wish(webhook_url=OTHER_URL, webhook_secret="s3"), stamp=stamp())[1] is True
    )
    assert set_contact(till(store), "acct_a", wish(webhook_url=None, webhook_secret="s4"), stamp=stamp())[1] is False


class Script:
    """Does the next of its acts at every call of a name."""

    def __init__(self, name: str, when: str, *acts: Callable[[], object]) -> None:
        self.at, self.acts = (name, when), list(acts)

    def __call__(self, name: str, when: str) -> None:
        if (name, when) == self.at and self.acts:
            self.acts.pop(0)()


def raising(trouble: Exception) -> Callable[[], object]:
    def act() -> object:
        raise trouble

    return act


@pytest.mark.parametrize("trouble", [LostRace(), Throttled(), OutcomeUnknown()])
@pytest.mark.parametrize(
    ("call", "when"), [("wallet", "before"), ("contact", "before"), ("commit", "before"), ("commit", "after")]
)
def test_trouble_is_tried_again_and_the_secret_still_shown(call: str, when: str, trouble: Exception) -> None:
    store = MemoryStore()
    seen = Faulty(store, Script(call, when, raising(trouble)))

    contact, is_new = set_contact(till(seen), "acct_a", HOOK, stamp=stamp())

    assert (contact.webhook_secret, is_new) == ("whsec_new", True)
    assert (store.contact("acct_a"), store.wallet("acct_a").seq) == (contact, 1)


@pytest.mark.parametrize("what", ["contact", "wallet"])
def test_a_lost_race_is_decided_afresh(what: str) -> None:
    store = MemoryStore()

    def other() -> None:
        if what == "contact":
            set_contact(till(store), "acct_a", wish(email="new@example.org"), stamp=stamp())
        else:
            store.commit(Change(decisions=[set_plan(store.wallet("acct_a"), "pro", CATALOG, stamp())]))

    contact, _ = set_contact(till(Faulty(store, Script("commit", "before", other))), "acct_a", HOOK, stamp=stamp())

    assert store.contact("acct_a") == contact
    assert (contact.webhook_url, contact.email) == (URL, "new@example.org" if what == "contact" else None)
    history = store.history_of("acct_a")
    assert [entry.kind for entry in history][-1:] == ["settings"]
    assert list(audit.faults(store.wallet("acct_a"), history)) == []


def test_when_the_budget_is_spent_the_caller_is_told_to_come_again() -> None:
    store = MemoryStore()
    seen = Faulty(store, Script("commit", "before", *[raising(LostRace())] * 1000))

    with pytest.raises(Busy):
        set_contact(till(seen), "acct_a", HOOK, stamp=stamp())

    assert (store.contacts, store.wallets) == ({}, {})

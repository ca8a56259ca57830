"""What the store promises to jobs: what is due is found in time, put off, pushed back, and found no more."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import count, islice

import pytest

from chalicelib.domain import due
from chalicelib.domain.contacts import Contact, Known, change_contact, recipient_of
from chalicelib.domain.expiry import book_end
from chalicelib.domain.granting import Grant
from chalicelib.domain.grants import grant
from chalicelib.domain.lots import Source
from chalicelib.domain.messages import MessageKind
from chalicelib.domain.notices import give_notice
from chalicelib.domain.purchases import FIRST_LOOK, Progress, Purchase, Status, purchase_id, settle
from chalicelib.domain.wallet import Decision, Wallet
from chalicelib.services.ports import SHARDS, Change, Due, LostRace, Outgoing, Store
from chalicelib.services.rounds import Look
from chalicelib.store.dynamo import DynamoStore
from chalicelib.store.requests import key_of
from tests import engines
from tests.builders import CATALOG, DAY, NOON, payment, purchase, stamp

MS = timedelta(milliseconds=1)
MINUTE = timedelta(minutes=1)
FAR = NOON + 4000 * DAY
PAGE = 100  # names in one look


@pytest.fixture(params=engines.ALL)
def store(request: pytest.FixtureRequest) -> Store:
    """A store that nobody else writes to: what others have due would be listed as well."""
    return engines.fresh(request.param)


def neighbours(how_many: int) -> list[str]:
    """Make up wallets that lie in shard 0, by the store's rule as by the fake's."""

    def together() -> Iterator[str]:
        for number in count():
            name = f"acct_{number}"
            if sha256(name.encode()).digest()[0] % SHARDS == sum(name.encode()) % SHARDS == 0:
                yield name

    return list(islice(together(), how_many))


def give(store: Store, wallet_id: str, ends: datetime | None, *, now: datetime = NOON) -> Wallet:
    """Grant credits that end without notice, so that the end is what falls due."""
    wanted = Grant(credits=5, source=Source.PROMO, expires_at=ends)
    return write(store, grant(store.wallet(wallet_id), wanted, CATALOG, stamp(now)))


def write(store: Store, decision: Decision) -> Wallet:
    store.commit(Change(decisions=[decision]))
    return decision.wallet


def look_into(look: Look, shard: int, until: datetime) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    cursor: object = None
    while True:
        page = look(shard, until, cursor=cursor)
        found += page.names
        cursor = page.cursor
        if not cursor:
            return found


def listed(look: Look, until: datetime) -> list[tuple[str, str]]:
    return [name for shard in range(SHARDS) for name in look_into(look, shard, until)]


def test_a_wallet_is_found_from_the_very_millisecond_on(store: Store, wallet_id: str) -> None:
    give(store, wallet_id, NOON + DAY)

    assert listed(store.due_wallets, NOON + DAY - MS) == []
    assert listed(store.due_wallets, NOON + DAY) == [(wallet_id, "")]
    assert store.wallet(wallet_id).due_at == NOON + DAY


def test_wallets_with_nothing_due_are_not_in_the_index(store: Store, wallet_id: str) -> None:
    give(store, wallet_id, None)

    assert store.wallet(wallet_id).due_at is None
    assert listed(store.due_wallets, FAR) == []


def test_every_wallet_is_in_one_shard(store: Store) -> None:
    names = [f"acct_{number}" for number in range(30)]
    for name in names:
        give(store, name, NOON + DAY)

    assert sorted(listed(store.due_wallets, NOON + DAY)) == sorted((name, "") for name in names)


def test_a_shard_is_read_oldest_first_and_page_by_page(store: Store) -> None:
    names = neighbours(PAGE + 5)
    for place, name in enumerate(names):
        give(store, name, NOON + DAY + place * 37 % len(names) * MINUTE)
    oldest_first = sorted(names, key=lambda name: names.index(name) * 37 % len(names))

    first = store.due_wallets(0, NOON + 2 * DAY)
    for name in (oldest_first[0], oldest_first[PAGE - 1]):  # the cursor must not lean on what it names
        store.put_off(store.wallet(name), None)
    second = store.due_wallets(0, NOON + 2 * DAY, cursor=first.cursor)

    assert [name for name, _ in first.names] == oldest_first[:PAGE]
    assert [name for name, _ in second.names] == oldest_first[PAGE:]
    assert first.cursor
    assert not second.cursor


def test_a_command_brings_a_deadline_forward_and_never_puts_it_off(store: Store, wallet_id: str) -> None:
    seen = [give(store, wallet_id, NOON + days * DAY).due_at for days in (10, 5, 12)]

    assert seen == [NOON + 10 * DAY, NOON + 5 * DAY, NOON + 5 * DAY]
    assert store.wallet(wallet_id).due_at == NOON + 5 * DAY
    assert listed(store.due_wallets, NOON + 5 * DAY) == [(wallet_id, "")]


def test_a_jobs_decision_puts_the_deadline_off_and_at_last_takes_it_away(store: Store, wallet_id: str) -> None:
    for days in (5, 10):
        give(store, wallet_id, NOON + days * DAY)

    for days, then in ((5, NOON + 10 * DAY), (10, None)):
        now = NOON + days * DAY
        booked = book_end(store.wallet(wallet_id), CATALOG, stamp(now))
        assert booked
        write(store, due.put_off(booked, CATALOG))
        assert store.wallet(wallet_id).due_at == then
        assert listed(store.due_wallets, now) == []

    assert listed(store.due_wallets, FAR) == []


def test_a_wallet_is_put_off_without_a_new_entry(store: Store, wallet_id: str) -> None:
    wallet = give(store, wallet_id, NOON + DAY)

    store.put_off(wallet, NOON + 3 * DAY)

    assert store.wallet(wallet_id) == replace(wallet, due_at=NOON + 3 * DAY)
    assert listed(store.due_wallets, NOON + 3 * DAY - MS) == []
    assert listed(store.due_wallets, NOON + 3 * DAY) == [(wallet_id, "")]


def test_a_wallet_that_is_put_off_for_good_leaves_the_index(store: Store, wallet_id: str) -> None:
    wallet = give(store, wallet_id, NOON + DAY)

    store.put_off(wallet, None)

    assert store.wallet(wallet_id) == replace(wallet, due_at=None)
    assert listed(store.due_wallets, FAR) == []
    assert give(store, wallet_id, NOON + 2 * DAY).due_at == NOON + DAY  # the lot is still there
    assert listed(store.due_wallets, NOON + DAY) == [(wallet_id, "")]


def test_a_wallet_that_has_moved_is_not_put_off(store: Store, wallet_id: str) -> None:
    stale = give(store, wallet_id, NOON + 5 * DAY)
    moved = give(store, wallet_id, NOON + 9 * DAY)

    for until in (NOON + 30 * DAY, None):
        with pytest.raises(LostRace):
            store.put_off(stale, until)

    assert store.wallet(wallet_id) == moved
    assert moved.due_at == NOON + 5 * DAY


def test_of_two_jobs_that_put_a_wallet_off_one_does(store: Store, wallet_id: str) -> None:
    seen = give(store, wallet_id, NOON + DAY)
    store.put_off(seen, NOON + 2 * DAY)

    for until in (NOON + 3 * DAY, None):
        with pytest.raises(LostRace):
            store.put_off(seen, until)

    assert store.wallet(wallet_id).due_at == NOON + 2 * DAY


def test_a_wallet_with_nothing_due_is_not_put_off(store: Store, wallet_id: str) -> None:
    wallet = give(store, wallet_id, None)

    with pytest.raises(LostRace):
        store.put_off(wallet, NOON + DAY)

    assert listed(store.due_wallets, FAR) == []


def test_each_failure_pushes_a_wallet_back_farther_up_to_a_day(store: Store, wallet_id: str) -> None:
    give(store, wallet_id, NOON + MS)

    pauses = []
    for _ in range(11):
        until = store.push_back(wallet_id, NOON)
        assert store.wallet(wallet_id).due_at == until
        pauses.append((until - NOON) // MINUTE)

    assert pauses == [5, 10, 20, 40, 80, 160, 320, 640, 1280, 1440, 1440]
    assert listed(store.due_wallets, NOON + DAY - MS) == []
    assert listed(store.due_wallets, NOON + DAY) == [(wallet_id, "")]


def test_a_command_forgets_the_failures_and_brings_the_deadline_back(store: Store, wallet_id: str) -> None:
    give(store, wallet_id, NOON + DAY)
    for _ in range(4):
        store.push_back(wallet_id, NOON + 2 * DAY)

    assert give(store, wallet_id, None, now=NOON + DAY - MS).due_at == NOON + DAY
    assert listed(store.due_wallets, NOON + DAY) == [(wallet_id, "")]
    assert store.push_back(wallet_id, NOON) == NOON + 5 * MINUTE


@pytest.mark.parametrize("days", [3, None])
def test_a_look_that_went_well_forgets_the_failures(store: Store, wallet_id: str, days: int | None) -> None:
    give(store, wallet_id, NOON + DAY)
    for _ in range(3):
        store.push_back(wallet_id, NOON)

    store.put_off(store.wallet(wallet_id), NOON + days * DAY if days else None)
    if days is None:
        give(store, wallet_id, NOON + DAY)

    assert store.push_back(wallet_id, NOON) == NOON + 5 * MINUTE


def test_a_wallet_with_nothing_due_is_not_pushed_back(
    store: Store, wallet_id: str, other_wallet_id: Callable[[], str]
) -> None:
    wallet = give(store, wallet_id, None)
    never_written = other_wallet_id()

    for name in (wallet_id, never_written):
        with pytest.raises(LostRace):
            store.push_back(name, NOON)

    assert store.wallet(wallet_id) == wallet
    assert store.wallet(never_written) == Wallet(wallet_id=never_written)
    assert listed(store.due_wallets, FAR) == []


def open_one(store: Store, wallet_id: str, **more: object) -> Purchase:
    opened = purchase(wallet_id=wallet_id, due_at=NOON + FIRST_LOOK, **more)
    store.commit(Change(new_purchase=opened))
    return opened


def pay(store: Store, opened: Purchase, **more: object) -> Purchase:
    return move(store, opened, Progress.PAID, **more)


def move(store: Store, opened: Purchase, progress: Progress, **more: object) -> Purchase:
    said = payment(progress, wallet_id=opened.wallet_id, purchase_id=opened.purchase_id, **more)
    settled = settle(store.wallet(opened.wallet_id), opened, said, CATALOG, live=False, stamp=stamp())
    assert settled
    store.commit(Change(decisions=[settled.granted] if settled.granted else [], purchase=settled))
    return settled.purchase


def test_an_open_purchase_is_found_when_nobody_told_of_it_for_a_while(store: Store, wallet_id: str) -> None:
    opened = open_one(store, wallet_id)

    assert listed(store.due_purchases, NOON + FIRST_LOOK - MS) == []
    assert listed(store.due_purchases, NOON + FIRST_LOOK) == [(wallet_id, opened.purchase_id)]


def test_a_purchase_is_put_off_until_it_is_asked_about_again(store: Store, wallet_id: str) -> None:
    opened = open_one(store, wallet_id)

    store.put_off_purchase(opened, NOON + DAY)

    assert store.purchase(wallet_id, opened.purchase_id) == replace(opened, due_at=NOON + DAY)
    assert listed(store.due_purchases, NOON + DAY - MS) == []
    assert listed(store.due_purchases, NOON + DAY) == [(wallet_id, opened.purchase_id)]


def test_a_purchase_that_has_moved_is_not_put_off(store: Store, wallet_id: str) -> None:
    opened = open_one(store, wallet_id)
    paid = pay(store, opened)

    with pytest.raises(LostRace):
        store.put_off_purchase(opened, NOON + DAY)

    assert store.purchase(wallet_id, opened.purchase_id) == paid
    assert listed(store.due_purchases, FAR) == []


@pytest.mark.parametrize("progress", [Progress.PAID, Progress.FAILED, Progress.LAPSED])
def test_a_purchase_leaves_the_index_when_it_is_settled(store: Store, wallet_id: str, progress: Progress) -> None:
    opened = open_one(store, wallet_id)
    store.put_off_purchase(opened, NOON + DAY)

    move(store, opened, progress)

    assert listed(store.due_purchases, FAR) == []


def test_a_purchase_whose_money_is_on_its_way_stays_in_the_index(store: Store, wallet_id: str) -> None:
    waiting = move(store, open_one(store, wallet_id), Progress.PROCESSING)

    assert waiting.status is Status.AWAITING_PAYMENT
    assert listed(store.due_purchases, FAR) == [(wallet_id, waiting.purchase_id)]


def tell(store: Store, wallet_id: str) -> Outgoing:
    """Record a notice, which writes a message."""
    wanted = Grant(credits=500, source=Source.PROMO, expires_at=NOON + 35 * DAY)
    wallet = write(store, grant(store.wallet(wallet_id), wanted, CATALOG, stamp()))
    noticed = give_notice(wallet, CATALOG, stamp(NOON + 5 * DAY))
    assert noticed
    write(store, noticed)
    [message] = noticed.messages
    return Outgoing(message=message, due_at=NOON + 5 * DAY)


def test_a_message_is_written_with_the_decision_that_it_tells_of(store: Store, wallet_id: str) -> None:
    waiting = tell(store, wallet_id)
    message_id = waiting.message.message_id

    assert store.outgoing(wallet_id, message_id) == waiting
    assert listed(store.due_messages, NOON + 5 * DAY - MS) == []
    assert listed(store.due_messages, NOON + 5 * DAY) == [(wallet_id, message_id)]
    assert store.outgoing(wallet_id, "msg_other") is None


def test_a_decision_that_loses_its_race_writes_no_message(store: Store, wallet_id: str) -> None:
    wanted = Grant(credits=500, source=Source.PROMO, expires_at=NOON + 35 * DAY)
    stale = write(store, grant(store.wallet(wallet_id), wanted, CATALOG, stamp()))
    give(store, wallet_id, None)
    noticed = give_notice(stale, CATALOG, stamp(NOON + 5 * DAY))
    assert noticed

    with pytest.raises(LostRace):
        write(store, noticed)

    assert listed(store.due_messages, FAR) == []


def test_a_message_is_written_with_the_purchase_that_failed(store: Store, wallet_id: str) -> None:
    failed = move(store, move(store, open_one(store, wallet_id), Progress.PROCESSING), Progress.FAILED)

    [(owner, message_id)] = listed(store.due_messages, NOON)
    told = store.outgoing(owner, message_id)

    assert told
    assert (owner, told.message.kind) == (wallet_id, MessageKind.PAYMENT_FAILED)
    assert told.message.facts["purchase_id"] == failed.purchase_id
    assert (told.version, told.due_at, told.attempts, told.sent) == (1, NOON, 0, ())


def test_of_two_jobs_that_claim_a_message_one_gets_it(store: Store, wallet_id: str) -> None:
    waiting = tell(store, wallet_id)
    claimed = replace(waiting, version=2, due_at=NOON + 6 * DAY, attempts=1, sent=("email", "sns"))
    store.keep_outgoing(claimed)

    with pytest.raises(LostRace):
        store.keep_outgoing(replace(claimed, attempts=9))

    name = (wallet_id, waiting.message.message_id)
    assert store.outgoing(*name) == claimed
    assert listed(store.due_messages, NOON + 6 * DAY - MS) == []
    assert listed(store.due_messages, NOON + 6 * DAY) == [name]


@pytest.mark.parametrize("end", [{"sent_at": NOON + 5 * DAY, "sent": ("email",)}, {"parked": "email: down"}])
def test_a_message_that_was_sent_or_parked_leaves_the_index(
    store: Store, wallet_id: str, end: dict[str, object]
) -> None:
    waiting = tell(store, wallet_id)
    over = replace(waiting, version=2, due_at=None, attempts=1, **end)  # type: ignore[arg-type]

    store.keep_outgoing(over)

    assert store.outgoing(wallet_id, waiting.message.message_id) == over
    assert listed(store.due_messages, FAR) == []


@pytest.mark.parametrize("kind", engines.ALL[1:])
def test_only_a_message_that_was_sent_is_forgotten_in_time(kind: str, other_wallet_id: Callable[[], str]) -> None:
    store = engines.store(kind)
    assert isinstance(store, DynamoStore)
    sent, parked, waiting = (tell(store, other_wallet_id()) for _ in range(3))
    sent_at = NOON + 6 * DAY
    store.keep_outgoing(replace(sent, version=2, due_at=None, sent_at=sent_at))
    store.keep_outgoing(replace(parked, version=2, due_at=None, parked="down"))

    def forgotten_at(outgoing: Outgoing) -> int | None:
        key = key_of(outgoing.message.wallet_id, f"n#{outgoing.message.message_id}")
        raw = store.requests.item(store.names.usage, key)
        assert raw
        return int(raw["ttl"]["N"]) if "ttl" in raw else None

    assert forgotten_at(sent) == (sent_at + 400 * DAY).timestamp()
    assert forgotten_at(parked) is None
    assert forgotten_at(waiting) is None


def test_a_contact_is_written_with_its_entry_over_the_one_that_was_read(store: Store, wallet_id: str) -> None:
    never_set = store.contact(wallet_id)
    wanted = Contact(
        wallet_id=wallet_id,
        email="a@example.org",
        webhook_url="https://hooks.example.org/t",
        webhook_secret="whsec_1",
        locale="de",
        token_email="t@example.org",
    )
    changed = change_contact(store.wallet(wallet_id), never_set, wanted, CATALOG, stamp())
    assert changed
    store.commit(Change(decisions=[changed.decision], contact=changed))

    stale = change_contact(store.wallet(wallet_id), never_set, replace(wanted, email="b@x.org"), CATALOG, stamp())
    assert stale
    with pytest.raises(LostRace):
        store.commit(Change(decisions=[stale.decision], contact=stale))

    assert never_set == Contact(wallet_id=wallet_id)
    assert store.contact(wallet_id) == replace(wanted, version=1)
    assert store.wallet(wallet_id).seq == 1


def test_what_a_customer_takes_back_is_gone(store: Store, wallet_id: str) -> None:
    for contact in (Contact(wallet_id=wallet_id, email="a@example.org", locale="de"), Contact(wallet_id=wallet_id)):
        before = store.contact(wallet_id)
        changed = change_contact(store.wallet(wallet_id), before, contact, CATALOG, stamp())
        assert changed
        store.commit(Change(decisions=[changed.decision], contact=changed))

    assert store.contact(wallet_id) == Contact(wallet_id=wallet_id, version=2)


def test_the_newest_payments_address_is_known_before_the_customers(store: Store, wallet_id: str) -> None:
    assert store.known_addresses(wallet_id) == Known()
    store.keep_customer(wallet_id, "cus_1", email="customer@example.org")
    assert store.known_addresses(wallet_id) == Known(customer_email="customer@example.org")

    emails = ["first@example.org", "second@example.org", None]  # the newest payment came without one
    for hours, email in enumerate(emails):
        at = NOON + timedelta(hours=hours)
        opened = open_one(store, wallet_id, purchase_id=purchase_id(wallet_id, f"k{hours}", at), created_at=at)
        pay(store, opened, email=email, session_id=f"cs_{hours}", payment_id=f"pi_{hours}")
    still_open = NOON + timedelta(hours=9)
    open_one(store, wallet_id, purchase_id=purchase_id(wallet_id, "k9", still_open), created_at=still_open)

    known = store.known_addresses(wallet_id)

    assert known == Known("second@example.org", "customer@example.org")
    assert recipient_of(Contact(wallet_id=wallet_id), known).email == "second@example.org"


def test_a_customers_address_is_known_however_often_they_began_to_buy(store: Store, wallet_id: str) -> None:
    store.keep_customer(wallet_id, "cus_1", email="customer@example.org")
    for hours in range(12):
        at = NOON + timedelta(hours=hours)
        open_one(store, wallet_id, purchase_id=purchase_id(wallet_id, f"k{hours}", at), created_at=at)

    assert store.known_addresses(wallet_id) == Known(customer_email="customer@example.org")


def test_other_wallets_addresses_are_not_known(
    store: Store, wallet_id: str, other_wallet_id: Callable[[], str]
) -> None:
    other = other_wallet_id()
    store.keep_customer(other, "cus_1", email="other@example.org")
    pay(store, open_one(store, other), email="other@example.org")

    assert store.known_addresses(wallet_id) == Known()


@pytest.mark.parametrize("shares", [1, 7])
def test_the_shares_of_all_wallets_are_all_wallets_each_once(store: Store, shares: int) -> None:
    names = [f"acct_{uuid.uuid4().hex}" for _ in range(25)]
    for name in names:
        give(store, name, None)

    def look(shard: int, until: datetime, *, cursor: object = None) -> Due:
        del until  # a share is listed whole
        return store.wallet_ids(shard, shares, cursor=cursor)

    def share(number: int) -> list[str]:
        return [name for name, _ in look_into(look, number, FAR)]

    found = [name for number in range(shares) for name in share(number)]

    assert sorted(found) == sorted(names)
    assert share(0) == share(0)


def test_a_snapshot_says_nothing_of_what_is_due(store: Store, wallet_id: str) -> None:
    grown = Wallet(wallet_id=wallet_id, seq=99)
    wanted = Grant(credits=5, source=Source.PROMO, expires_at=NOON + DAY)
    hundredth = grant(grown, wanted, CATALOG, stamp())
    write(store, replace(hundredth, before=Wallet(wallet_id=wallet_id)))

    assert store.wallet(wallet_id).due_at == NOON + DAY
    assert store.snapshot(wallet_id, 100) == replace(hundredth.wallet, due_at=None)
    assert listed(store.due_wallets, FAR) == [(wallet_id, "")]

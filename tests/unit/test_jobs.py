"""Jobs: each thing is done once, however often, late, or interrupted; what fails stops nobody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain import audit
from chalicelib.domain.granting import Grant
from chalicelib.domain.grants import grant
from chalicelib.domain.lots import Source
from chalicelib.domain.messages import Message, MessageKind
from chalicelib.domain.plan_changes import set_plan
from chalicelib.domain.wallet import Wallet
from chalicelib.services.auditing import audit_share
from chalicelib.services.ports import Change, Due, LostRace, OutcomeUnknown, Outgoing, Throttled
from tests.builders import CATALOG, DAY, NOON, stamp
from tests.fakes import Faulty
from tests.rounds import Carrier, Clockwork

SHORT = Grant(credits=300, source=Source.PROMO, expires_at=NOON + 13 * DAY)
YEARLY = Grant(kind="purchase", credits=1000, source=Source.PURCHASE, expires_at=NOON + 365 * DAY, purchase_id="pur_1")


def give(clock: Clockwork, wallet_id: str, *grants: Grant) -> None:
    for each in grants:
        wallet = clock.store.wallet(wallet_id)
        clock.store.commit(Change(decisions=[grant(wallet, each, CATALOG, stamp(clock.now))]))


def kinds(clock: Clockwork, wallet_id: str = "acct_a") -> list[str]:
    return [entry.kind for entry in clock.store.history_of(wallet_id)]


def hold(clock: Clockwork) -> None:
    for wallet_id, wallet in clock.store.wallets.items():
        assert list(audit.faults(wallet, clock.store.history_of(wallet_id))) == []


def test_nothing_due_is_nothing_done() -> None:
    clock = Clockwork()
    give(clock, "acct_a", SHORT, YEARLY)

    assert clock.expire().answer() == {
        "wallets": 0,
        "expired": 0,
        "renewed": 0,
        "lapsed": 0,
        "plans_ended": 0,
        "failed": 0,
        "more": False,
    }
    assert clock.alert().answer() == {
        "wallets": 0,
        "noticed": 0,
        "sent": 0,
        "later": 0,
        "parked": 0,
        "failed": 0,
        "more": False,
    }


@pytest.mark.parametrize("late", [timedelta(0), timedelta(days=3), timedelta(days=300)])
def test_ten_runs_book_each_lot_once(late: timedelta) -> None:
    clock = Clockwork()
    for number in range(5):
        give(clock, f"acct_{number}", SHORT, SHORT, YEARLY)
    clock.now = NOON + 13 * DAY + late

    answers = [clock.expire().answer() for _ in range(10)]

    assert [each["expired"] for each in answers] == [10] + [0] * 9
    assert kinds(clock, "acct_3") == ["grant", "grant", "purchase", "expiry", "expiry"]
    hold(clock)


def test_a_clock_that_goes_back_undoes_and_repeats_nothing() -> None:
    clock = Clockwork()
    give(clock, "acct_a", SHORT, YEARLY)
    clock.now = NOON + 13 * DAY
    clock.expire()
    clock.now -= timedelta(hours=1)

    assert clock.expire().counts["expired"] == 0
    assert clock.alert().counts["sent"] == 0
    assert clock.store.wallet("acct_a").available(clock.now) == 1000
    hold(clock)


def test_expired_credits_are_unspendable_though_the_sweep_never_ran() -> None:
    clock = Clockwork()
    give(clock, "acct_a", SHORT)

    assert clock.store.wallet("acct_a").available(NOON + 13 * DAY) == 0


def test_a_year_of_jobs_tells_twice_then_ends_the_lot() -> None:
    clock = Clockwork()
    give(clock, "acct_a", YEARLY)
    for day in range(380):
        clock.now = NOON + day * DAY
        clock.alert()
        clock.expire()

    assert kinds(clock) == ["purchase", "notice", "notice", "expiry"]
    told = [((each.message.at - NOON).days, each.message.kind.value) for each in clock.store.messages.values()]
    assert told == [(335, "expiring"), (358, "expiring"), (365, "low_balance")]
    assert len(clock.carrier.sent) == 3
    assert clock.store.wallet("acct_a").due_at is None
    hold(clock)


def test_quota_months_that_bring_credits_are_booked_each_once() -> None:
    clock = Clockwork()
    clock.store.commit(Change(decisions=[set_plan(Wallet(wallet_id="acct_a"), "pro", CATALOG, stamp())]))
    for day in range(65):
        clock.now = NOON + day * DAY
        clock.expire()

    assert kinds(clock) == ["plan_change", "expiry", "expiry"]  # the month turns first, on the same entry
    renewals = [step["kind"] for entry in clock.store.history_of("acct_a") for step in entry.facts.get("also", [])]
    assert renewals.count("renewal") == 2
    assert clock.store.wallet("acct_a").due_at == datetime(2027, 2, 22, tzinfo=NOON.tzinfo)
    hold(clock)


def test_a_wallet_whose_lots_were_used_up_is_looked_at_once_and_put_off() -> None:
    clock = Clockwork()
    give(clock, "acct_a", SHORT, YEARLY)
    wallet = clock.store.wallet("acct_a")
    clock.store.wallets["acct_a"] = replace(wallet, lots=wallet.lots[1:])
    clock.now = NOON + 20 * DAY

    assert [clock.expire().counts["wallets"] for _ in range(2)] == [1, 0]
    assert clock.store.wallet("acct_a").due_at == NOON + 335 * DAY


class Broken:
    """A store in which one wallet can't be read."""

    def __init__(self, clock: Clockwork, wallet_id: str, error: Exception) -> None:
        self._store, self._bad, self._error = clock.store, wallet_id, error

    def wallet(self, wallet_id: str) -> Wallet:
        if wallet_id == self._bad:
            raise self._error
        return self._store.wallet(wallet_id)

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)


@pytest.mark.parametrize("error", [ValueError("poison"), Throttled(), OutcomeUnknown()])
def test_a_wallet_that_fails_stops_nobody_and_is_pushed_back(error: Exception) -> None:
    clock = Clockwork()
    for name in ("acct_a", "acct_b", "acct_c"):
        give(clock, name, SHORT)
    clock.now = NOON + 13 * DAY
    clock.seen_store = Broken(clock, "acct_b", error)

    report = clock.expire()

    assert report.counts["expired"] == 2
    assert [(wallet_id, type(failed)) for wallet_id, _, failed in report.failures] == [("acct_b", type(error))]
    assert clock.store.wallet("acct_b").due_at == clock.now + timedelta(minutes=5)
    clock.now += timedelta(minutes=5)
    clock.expire()
    assert clock.store.wallet("acct_b").due_at == clock.now + timedelta(minutes=10)
    clock.now += timedelta(minutes=10)
    clock.seen_store = None
    assert clock.expire().counts["expired"] == 1
    assert clock.store.failures == {}
    hold(clock)


def test_a_wallet_with_which_one_job_fails_is_not_brought_forward_by_the_other() -> None:
    clock = Clockwork()
    give(clock, "acct_a", YEARLY)
    clock.now = NOON + 335 * DAY  # a notice is due, and nothing else
    clock.expire()  # but for the month that has turned
    pauses = []
    for _ in range(5):
        clock.seen_store = Broken(clock, "acct_a", ValueError("poison"))
        clock.alert()
        clock.seen_store = None
        due_at = clock.store.wallet("acct_a").due_at
        assert due_at
        pauses.append((due_at - clock.now) // timedelta(minutes=1))
        clock.now = due_at
        assert clock.expire().answer() == {
            "wallets": 1,
            "expired": 0,
            "renewed": 0,
            "lapsed": 0,
            "plans_ended": 0,
            "failed": 0,
            "more": False,
        }

    assert pauses == [5, 10, 20, 40, 80]
    assert clock.alert().counts["noticed"] == 1


def test_an_index_that_does_not_answer_is_reported_and_the_other_shards_go_on() -> None:
    clock = Clockwork()
    give(clock, "acct_a", SHORT)
    clock.now = NOON + 13 * DAY
    failed = iter([True])

    def point(name: str, when: str) -> None:
        if name == "due_wallets" and when == "before" and next(failed, False):
            raise Throttled

    clock.seen_store = Faulty(clock.store, point)
    first, second = clock.expire(), clock.expire()

    assert (first.more, len(first.failures)) == (True, 1)
    assert first.counts["expired"] + second.counts["expired"] == 1


def test_a_round_ends_in_time_and_the_next_goes_on_where_it_stopped() -> None:
    clock = Clockwork()
    for number in range(7):
        give(clock, f"acct_{number}", SHORT)
    clock.now = NOON + 13 * DAY
    left: Iterator[bool] = iter([])
    clock.has_time = lambda: next(left, False)
    done = []
    for _ in range(4):
        left = iter([True] * 2)
        report = clock.expire()
        done.append((report.counts["expired"], report.more))

    assert done == [(2, True), (2, True), (2, True), (1, False)]
    hold(clock)


def test_more_than_a_page_of_wallets_is_due() -> None:
    clock = Clockwork()
    for number in range(1000):
        give(clock, f"acct_{number}", SHORT)
    clock.now = NOON + 13 * DAY

    assert clock.expire().counts["expired"] == 1000


def test_a_lost_race_is_decided_afresh() -> None:
    clock = Clockwork()
    give(clock, "acct_a", SHORT)
    clock.now = NOON + 13 * DAY
    races = iter([True, True])

    def point(name: str, when: str) -> None:
        if name == "commit" and when == "before" and next(races, False):
            raise LostRace

    clock.seen_store = Faulty(clock.store, point)

    assert clock.expire().answer() == {
        "wallets": 1,
        "expired": 1,
        "renewed": 0,
        "lapsed": 0,
        "plans_ended": 0,
        "failed": 0,
        "more": False,
    }


# Messages


def message(number: int = 1, **more: object) -> Outgoing:
    told = Message(message_id=f"msg_{number}", wallet_id="acct_a", kind=MessageKind.DEBT, at=NOON, facts={"debt": 5})
    return replace(Outgoing(message=told, due_at=NOON), **more)  # type: ignore[arg-type]


def waiting(*messages: Outgoing, **carrier: object) -> Clockwork:
    clock = Clockwork(carrier=Carrier(**carrier))  # type: ignore[arg-type]
    for each in messages:
        clock.store.messages["acct_a", each.message.message_id] = each
    return clock


def test_ten_runs_send_a_message_once() -> None:
    clock = waiting(message(1), message(2))

    assert [clock.alert().counts["sent"] for _ in range(10)] == [2] + [0] * 9
    assert clock.carrier.sent == [("email", "msg_1"), ("email", "msg_2")]
    assert clock.store.messages["acct_a", "msg_1"].sent_at == NOON


def test_a_channel_that_is_down_is_tried_again_and_the_others_are_not_repeated() -> None:
    clock = waiting(message(), names=("email", "webhook"), down={"webhook"})

    assert clock.alert().counts["later"] == 1
    assert clock.alert().counts["later"] == 0  # not before its pause is over
    clock.now += timedelta(minutes=2)
    clock.carrier.down.clear()
    assert clock.alert().counts["sent"] == 1
    assert clock.carrier.sent == [("email", "msg_1"), ("webhook", "msg_1")]


def test_pauses_grow_and_the_last_failure_parks_the_message() -> None:
    clock = waiting(message(), down={"email"})
    pauses = []
    for _ in range(10):
        clock.alert()
        due_at = clock.store.messages["acct_a", "msg_1"].due_at
        pauses.append((due_at - clock.now).total_seconds() / 60 if due_at else None)
        clock.now = due_at or clock.now

    assert pauses == [2, 4, 8, 16, 32, 64, 128, 256, 360, None]
    assert clock.carrier.parked == ["msg_1"]
    assert clock.store.messages["acct_a", "msg_1"].parked == "email: down"
    assert clock.alert().counts["sent"] == 0


@pytest.mark.parametrize("attempts", [9, 10, 1000])
def test_a_message_that_can_not_even_be_parked_stays(attempts: int) -> None:
    clock = waiting(message(attempts=attempts), down={"email"}, parking_fails=True)

    assert clock.alert().counts["later"] == 1
    assert clock.store.messages["acct_a", "msg_1"].due_at == NOON + timedelta(hours=6)


def test_without_any_channel_a_message_waits_and_is_parked_in_the_end() -> None:
    clock = waiting(message(attempts=9), names=())

    assert clock.alert().counts["parked"] == 1
    assert clock.store.messages["acct_a", "msg_1"].parked == "no address is known"


def test_a_channel_that_breaks_unforeseen_makes_the_others_repeat_nothing_and_is_parked_in_the_end() -> None:
    clock = waiting(message(), names=("email", "webhook"))

    def break_webhook(name: str, when: str) -> None:
        if (name, when) == ("send", "before") and ("email", "msg_1") in clock.carrier.sent:
            raise ValueError("someone@example.org is no address")

    clock.seen_carrier = Faulty(clock.carrier, break_webhook)
    for _ in range(10):
        clock.alert()
        clock.now = clock.store.messages["acct_a", "msg_1"].due_at or clock.now

    assert clock.carrier.sent == [("email", "msg_1")]
    assert clock.carrier.parked == ["msg_1"]
    assert clock.store.messages["acct_a", "msg_1"].parked == "webhook: ValueError"


@pytest.mark.parametrize("trouble", [LostRace(), Throttled(), OutcomeUnknown()])
@pytest.mark.parametrize("when", ["before", "after"])
def test_what_was_sent_is_noted_whatever_it_takes(when: str, trouble: Exception) -> None:
    clock = waiting(message())
    troubles = iter([None, *[trouble] * 3])  # claiming goes well, noting doesn't

    def point(name: str, at: str) -> None:
        if (name, at) == ("keep_outgoing", when) and (found := next(troubles, None)):
            raise found

    clock.seen_store = Faulty(clock.store, point)

    assert clock.alert().counts["sent"] == 1
    assert clock.store.messages["acct_a", "msg_1"].sent_at == NOON
    clock.now += DAY
    assert clock.alert().counts["sent"] == 0
    assert clock.carrier.sent == [("email", "msg_1")]


def test_a_note_that_never_gets_through_is_reported_and_the_message_comes_again() -> None:
    clock = waiting(message())
    claims = iter([None])

    def point(name: str, when: str) -> None:
        if (name, when) == ("keep_outgoing", "before") and next(claims, Throttled) is Throttled:
            raise Throttled

    clock.seen_store = Faulty(clock.store, point)
    assert [type(error) for _, _, error in clock.alert().failures] == [Throttled]
    clock.seen_store = None
    clock.now += timedelta(minutes=5)
    assert clock.alert().counts["sent"] == 1
    assert clock.carrier.sent == [("email", "msg_1")] * 2


@pytest.mark.parametrize("there", [{}, {"due_at": None, "sent_at": NOON}, {"due_at": NOON + DAY}])
def test_an_index_that_lags_behind_sends_nothing(there: dict[str, Any]) -> None:
    clock = waiting(*[message(**there)] * bool(there))

    class Late:
        def due_messages(self, shard: int, until: datetime, *, cursor: object = None) -> Due:
            del until, cursor
            return Due([("acct_a", "msg_1")] if shard == 0 else [])

        def __getattr__(self, name: str) -> object:
            return getattr(clock.store, name)

    clock.seen_store = Late()

    assert clock.alert().counts["elsewhere"] == 1
    assert clock.carrier.sent == []


def test_a_message_claimed_by_another_job_is_left_to_it() -> None:
    clock = waiting(message())

    class Raced:
        def keep_outgoing(self, outgoing: Outgoing) -> None:
            clock.store.keep_outgoing(outgoing)
            raise LostRace

        def __getattr__(self, name: str) -> object:
            return getattr(clock.store, name)

    clock.seen_store = Raced()

    assert clock.alert().counts["elsewhere"] == 1
    assert clock.carrier.sent == []


def test_a_message_whose_sender_died_comes_again_under_the_same_id() -> None:
    clock = waiting(message())
    kept = clock.store.keep_outgoing

    class Dies:
        def keep_outgoing(self, outgoing: Outgoing) -> None:
            if outgoing.sent_at:
                raise SystemExit
            kept(outgoing)

        def __getattr__(self, name: str) -> object:
            return getattr(clock.store, name)

    clock.seen_store = Dies()
    with pytest.raises(SystemExit):
        clock.alert()
    clock.seen_store = None
    assert clock.alert().counts["sent"] == 0  # it is still claimed
    clock.now += timedelta(minutes=5)
    assert clock.alert().counts["sent"] == 1
    assert clock.carrier.sent == [("email", "msg_1")] * 2


def test_sending_touches_no_wallet() -> None:
    clock = Clockwork()
    give(clock, "acct_a", YEARLY)
    clock.now = NOON + 358 * DAY
    clock.alert()
    before = dict(clock.store.wallets)
    clock.store.messages["acct_a", "msg_9"] = message(9, due_at=clock.now)

    assert clock.alert().counts["sent"] == 1
    assert clock.store.wallets == before


# The auditor


def test_the_auditor_finds_nothing_in_honest_books() -> None:
    clock = Clockwork()
    for number in range(250):
        give(clock, "acct_a", replace(SHORT, expires_at=None, credits=number + 1, source=Source.PURCHASE))
    give(clock, "acct_b", SHORT)

    for hour in range(3):
        clock.now = NOON + timedelta(hours=hour)
        report = audit_share(clock.errand(), shares=1)
        assert report.answer() == {"wallets": 2, "faults": 0, "failed": 0, "more": False}


@pytest.mark.parametrize("seq", [30, 130, 230])
def test_the_auditor_finds_an_edited_entry_wherever_it_is(seq: int) -> None:
    clock = Clockwork()
    for number in range(250):
        give(clock, "acct_a", replace(SHORT, expires_at=None, credits=number + 1, source=Source.PURCHASE))
    entry = clock.store.entries["acct_a", seq]
    clock.store.entries["acct_a", seq] = replace(entry, canonical=entry.canonical + b" ")

    found = 0
    for hour in range(2):
        clock.now = NOON + timedelta(hours=hour)
        found += audit_share(clock.errand(), shares=1).counts["faults"]

    assert found


def test_the_auditor_names_a_missing_snapshot_and_missing_entries() -> None:
    clock = Clockwork()
    for _ in range(100):
        give(clock, "acct_a", replace(SHORT, expires_at=None, source=Source.PURCHASE))
    give(clock, "acct_b", SHORT)
    del clock.store.snapshots["acct_a", 100]
    del clock.store.entries["acct_b", 1]

    report = audit_share(clock.errand(), shares=1)

    assert sorted(str(error) for _, _, error in report.failures) == [
        "entries are missing",
        "the snapshot at 100 is missing",
    ]


def test_the_auditor_goes_on_through_all_pages() -> None:
    clock = Clockwork()
    for number in range(5):
        give(clock, f"acct_{number}", SHORT)

    class Paged:
        def wallet_ids(self, share: int, shares: int, *, cursor: object = None) -> Due:
            names = clock.store.wallet_ids(share, shares).names
            at = cursor if isinstance(cursor, int) else 0
            return Due(names[at : at + 2], at + 2 if at + 2 < len(names) else None)

        def __getattr__(self, name: str) -> object:
            return getattr(clock.store, name)

    clock.seen_store = Paged()

    assert audit_share(clock.errand(), shares=1).answer() == {"wallets": 5, "faults": 0, "failed": 0, "more": False}


def test_the_auditor_takes_another_share_each_hour_and_ends_in_time() -> None:
    clock = Clockwork()
    for number in range(40):
        give(clock, f"acct_{number}", SHORT)
    seen = 0
    for hour in range(4):
        clock.now = NOON + timedelta(hours=hour)
        seen += audit_share(clock.errand(), shares=4).counts["wallets"]
    assert seen == 40

    clock.has_time = lambda: False
    assert audit_share(clock.errand(), shares=1).answer()["more"] is True

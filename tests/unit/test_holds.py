"""Holds: exact draws, exact prices, one transition each; what comes back goes where it came from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain import audit
from chalicelib.domain.errors import (
    Conflict,
    Frozen,
    HoldClosed,
    InsufficientCredits,
    InvalidRequest,
    QuotaExceeded,
    Refusal,
    Unprocessable,
    WalletFull,
)
from chalicelib.domain.expiry import book_end
from chalicelib.domain.freezing import freeze
from chalicelib.domain.granting import Grant
from chalicelib.domain.grants import grant
from chalicelib.domain.holding import Capture, Wish, capture, place, release
from chalicelib.domain.holds import TRANSITIONS, State, Transition, first_of, seq_of_hold
from chalicelib.domain.ledger import Entry
from chalicelib.domain.lots import Draw, LotId, Source
from chalicelib.domain.plan_changes import book_steps, set_plan
from chalicelib.domain.plans import catch_up
from chalicelib.domain.quotes import quote, read_quote
from chalicelib.domain.usage import Use, decide
from chalicelib.domain.wallet import Decision, Wallet
from tests.builders import CATALOG, DAY, NOON, stamp

HOUR = timedelta(hours=1)


class Desk:
    """A wallet with 100 promo credits that end in 13 days, and 1,000 bought ones."""

    def __init__(self) -> None:
        self.now = NOON
        self.wallet = Wallet(wallet_id="acct_a")
        self.entries: list[Entry] = []
        self.give(Grant(credits=100, source=Source.PROMO, expires_at=NOON + 13 * DAY))
        self.give(Grant(kind="purchase", credits=1000, source=Source.PURCHASE, purchase_id="pur_1"))

    def take(self, decision: Decision | None) -> dict[str, Any]:
        assert decision
        self.wallet = decision.wallet
        self.entries.append(decision.entry)
        return dict(decision.entry.facts)

    def give(self, wanted: Grant) -> dict[str, Any]:
        return self.take(grant(self.wallet, wanted, CATALOG, stamp(self.now)))

    def use(self, meter: str, quantity: int) -> dict[str, Any]:
        use = Use(wallet_id="acct_a", meter=meter, quantity=quantity)
        return self.take(decide(self.wallet, use, CATALOG, stamp(self.now)))

    def hold(self, credits: int | None = None, *, ttl: timedelta = HOUR, **more: Any) -> str:
        wish = Wish(wallet_id="acct_a", ttl=ttl, credits=credits, **more)
        return str(self.take(place(self.wallet, wish, CATALOG, stamp(self.now)))["hold_id"])

    def capture(self, hold_id: str, **what: Any) -> dict[str, Any]:
        wanted = Capture(wallet_id="acct_a", hold_id=hold_id, **what)
        return self.take(capture(self.wallet, wanted, CATALOG, stamp(self.now)))

    def release(self, hold_id: str) -> dict[str, Any]:
        return self.take(release(self.wallet, hold_id, CATALOG, stamp(self.now)))

    def freeze(self, *, frozen: bool = True) -> dict[str, Any]:
        decision = freeze(self.wallet, frozen=frozen, reason="odd", catalog=CATALOG, stamp=stamp(self.now))
        return self.take(decision)

    def free(self) -> list[int]:
        return [lot.free for lot in self.wallet.lots]

    def used(self, meter: str = "calls") -> int:
        return catch_up(self.wallet, CATALOG, self.now).wallet.meters[meter].used

    def check(self) -> None:
        assert list(audit.faults(self.wallet, self.entries)) == []


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_hold_takes_its_credits_from_what_is_available_and_from_these_very_lots(desk: Desk) -> None:
    hold_id = desk.hold(150)

    facts = desk.entries[-1].facts
    assert hold_id == "hold_3"
    assert (facts["kind"], facts["credits"], facts["available_after"]) == ("hold", -150, 950)
    assert facts["draws"] == [{"lot_id": "lot_1", "credits": -100}, {"lot_id": "lot_2", "credits": -50}]
    assert facts["lapses_at"] == "2026-11-22T13:00:00.000Z"
    assert [(lot.free, lot.held) for lot in desk.wallet.lots] == [(0, 100), (950, 50)]
    desk.check()


@pytest.mark.parametrize(
    ("credits", "change", "free"),
    [(1, 149, [99, 950]), (100, 50, [950 + 50]), (120, 30, [980]), (150, 0, [950])],
)
def test_a_capture_takes_from_the_first_draws_and_gives_the_rest_back(
    desk: Desk, credits: int, change: int, free: list[int]
) -> None:
    facts = desk.capture(desk.hold(150), credits=credits)

    assert (facts["kind"], facts["captured"], facts["credits"]) == ("capture", credits, change)
    assert sum(draw["credits"] for draw in facts["taken"]) == credits
    assert desk.wallet.available(NOON) == 1100 - credits
    assert desk.wallet.held == 0
    if credits == 1:
        assert desk.free() == [99, 1000]
    else:
        assert sum(desk.free()) == sum(free)
    assert desk.wallet.plan
    assert desk.wallet.plan.spent == credits
    desk.check()


def test_a_capture_of_more_draws_the_surplus_from_what_is_available(desk: Desk) -> None:
    facts = desk.capture(desk.hold(150), credits=180)

    assert (facts["captured"], facts["credits"], facts["available_after"]) == (180, -30, 920)
    assert facts["draws"] == [{"lot_id": "lot_2", "credits": -30}]
    desk.check()


def test_a_surplus_that_is_not_covered_is_refused_and_the_hold_stays_open(desk: Desk) -> None:
    hold_id = desk.hold(150)
    desk.use("extra", 2850)  # 950 credits
    before = desk.wallet

    with pytest.raises(InsufficientCredits) as refused:
        desk.capture(hold_id, credits=151)

    assert (refused.value.required, refused.value.available) == (1, 0)
    assert refused.value.offers.packages
    assert desk.wallet == before
    assert desk.capture(hold_id, credits=150)["available_after"] == 0
    desk.check()


def test_a_release_gives_everything_back(desk: Desk) -> None:
    facts = desk.release(desk.hold(150))

    assert (facts["kind"], facts["credits"], facts["available_after"]) == ("release", 150, 1100)
    assert desk.free() == [100, 1000]
    assert desk.wallet.holds == ()
    desk.check()


@pytest.mark.parametrize(("off", "lapsed"), [(-1, False), (0, True), (1, True)])
def test_a_hold_lapses_at_its_very_instant(desk: Desk, off: int, *, lapsed: bool) -> None:
    hold_id = desk.hold(150)
    desk.now += HOUR + timedelta(seconds=off)

    current = catch_up(desk.wallet, CATALOG, desk.now)
    assert current.wallet.available(desk.now) == (1100 if lapsed else 950)
    if lapsed:
        with pytest.raises(HoldClosed):
            desk.capture(hold_id, credits=1)
        facts = desk.take(book_steps(desk.wallet, CATALOG, stamp(desk.now)))
        assert (facts["kind"], facts["credits"]) == ("lapse", 150)
        assert book_steps(desk.wallet, CATALOG, stamp(desk.now)) is None
    else:
        assert book_steps(desk.wallet, CATALOG, stamp(desk.now)) is None
        desk.capture(hold_id, credits=1)
    desk.check()


def test_a_lapse_rides_on_the_next_command(desk: Desk) -> None:
    desk.hold(150)
    desk.now += HOUR

    facts = desk.use("extra", 3)

    assert [(step["kind"], step["credits"]) for step in facts["also"]] == [("lapse", 150)]
    assert facts["available_after"] == 1099
    desk.check()


def test_the_deadline_of_a_hold_is_noted(desk: Desk) -> None:
    desk.hold(10)
    assert desk.wallet.due_at == NOON + HOUR


TRANSITION: dict[Transition, Callable[[Desk, str], object]] = {
    Transition.CAPTURE: lambda desk, hold_id: desk.capture(hold_id, credits=5),
    Transition.RELEASE: lambda desk, hold_id: desk.release(hold_id),
    Transition.LAPSE: lambda desk, _hold_id: desk.take(book_steps(desk.wallet, CATALOG, stamp(NOON + HOUR))),
}


@pytest.mark.parametrize("first", Transition)
@pytest.mark.parametrize("second", [Transition.CAPTURE, Transition.RELEASE])
def test_of_two_transitions_one_wins_and_the_other_is_told(desk: Desk, first: Transition, second: Transition) -> None:
    hold_id = desk.hold(150)
    TRANSITION[first](desk, hold_id)
    before = desk.wallet

    with pytest.raises(HoldClosed):
        TRANSITION[second](desk, hold_id)

    assert desk.wallet == before
    desk.now = NOON + 2 * HOUR
    assert book_steps(desk.wallet, CATALOG, stamp(desk.now)) is None
    desk.check()


def test_only_open_holds_have_transitions() -> None:
    assert {state for state, _ in TRANSITIONS} == {State.OPEN}
    assert set(TRANSITIONS.values()) == set(State) - {State.OPEN}
    assert {transition for _, transition in TRANSITIONS} == set(Transition)


# Holds of a use


def test_a_hold_of_a_use_counts_it_takes_the_quota_first_and_holds_the_rest(desk: Desk) -> None:
    desk.use("calls", 4)
    desk.hold(meter="calls", quantity=10)

    facts = desk.entries[-1].facts
    assert (facts["credits"], facts["from_quota"], facts["used_before"], facts["quota"]) == (-4, 6, 4, 10)
    assert desk.used() == 14
    desk.check()


@pytest.mark.parametrize(
    ("quantity", "captured", "used"), [(1, 0, 5), (6, 0, 10), (8, 2, 12), (10, 4, 14), (15, 9, 19)]
)
def test_a_capture_of_a_use_costs_what_so_much_would_have_cost(
    desk: Desk, quantity: int, captured: int, used: int
) -> None:
    desk.use("calls", 4)
    hold_id = desk.hold(meter="calls", quantity=10)

    facts = desk.capture(hold_id, quantity=quantity)

    assert (facts["captured"], facts["quantity"]) == (captured, quantity)
    assert desk.used() == used
    assert desk.wallet.available(NOON) == 1100 - captured
    desk.check()


def test_a_release_un_counts_the_use_in_its_period(desk: Desk) -> None:
    hold_id = desk.hold(meter="calls", quantity=12)
    assert desk.used() == 12

    desk.release(hold_id)

    assert desk.used() == 0
    desk.check()


def test_a_release_in_another_period_un_counts_nothing(desk: Desk) -> None:
    desk.now = datetime(2026, 12, 21, 23, 30, tzinfo=NOON.tzinfo)
    hold_id = desk.hold(meter="calls", quantity=12)
    desk.now += HOUR - timedelta(minutes=1)
    desk.use("calls", 3)

    desk.release(hold_id)

    assert desk.used() == 3
    desk.check()


def test_a_lapse_before_the_periods_end_un_counts_before_it_turns(desk: Desk) -> None:
    desk.now = datetime(2026, 12, 21, 22, 30, tzinfo=NOON.tzinfo)
    desk.hold(meter="calls", quantity=12)
    desk.now += 3 * HOUR

    facts = desk.use("calls", 3)

    assert [step["kind"] for step in facts["also"]] == ["lapse", "renewal"]
    assert desk.used() == 3
    desk.check()


def test_a_lapse_after_the_periods_end_follows_its_turn(desk: Desk) -> None:
    desk.now = datetime(2026, 12, 21, 23, 30, tzinfo=NOON.tzinfo)
    desk.hold(meter="calls", quantity=12)
    desk.now += 3 * HOUR

    facts = desk.use("calls", 3)

    assert [step["kind"] for step in facts["also"]] == ["renewal", "lapse"]
    assert desk.used() == 3
    desk.check()


def test_the_terms_of_a_held_use_are_those_of_its_placing(desk: Desk) -> None:
    hold_id = desk.hold(meter="calls", quantity=15)
    desk.take(set_plan(desk.wallet, "pro", CATALOG, stamp(NOON)))

    assert desk.capture(hold_id, quantity=15)["captured"] == 5
    desk.check()


def test_a_captured_use_shows_on_the_day_of_its_capture(desk: Desk) -> None:
    hold_id = desk.hold(meter="calls", quantity=15, ttl=DAY)
    assert desk.wallet.today
    assert desk.wallet.today.meters == {}
    desk.now += 20 * HOUR

    desk.capture(hold_id, quantity=12)

    assert desk.wallet.today.meters == {"calls": 12}
    assert desk.wallet.today.credits == 2
    desk.check()


def test_more_than_a_plan_without_rate_includes_is_refused(desk: Desk) -> None:
    hold_id = desk.hold(meter="locked", quantity=1)
    with pytest.raises(QuotaExceeded):
        desk.hold(meter="locked", quantity=1)
    with pytest.raises(QuotaExceeded):
        desk.capture(hold_id, quantity=2)
    desk.capture(hold_id, quantity=1)
    desk.check()


def test_an_unlimited_use_is_held_for_nothing(desk: Desk) -> None:
    hold_id = desk.hold(meter="notes", quantity=50)

    assert desk.capture(hold_id, quantity=70)["captured"] == 0
    assert desk.used("notes") == 70
    desk.check()


# Leases


def uses(*pairs: tuple[str, int], **more: Any) -> tuple[Use, ...]:
    return tuple(Use(wallet_id="acct_a", meter=meter, quantity=quantity, **more) for meter, quantity in pairs)


def test_a_lease_pays_quota_first_and_the_hold_pays_the_rest(desk: Desk) -> None:
    hold_id = desk.hold(50)

    facts = desk.capture(hold_id, uses=uses(("calls", 8), ("calls", 7), ("extra", 4)))

    assert facts["captured"] == 5 + 2
    assert [(use["meter"], use["from_quota"], use["credits"]) for use in facts["uses"]] == [
        ("calls", 8, 0),
        ("calls", 2, -5),
        ("extra", 0, -2),
    ]
    assert (desk.used(), desk.used("extra")) == (15, 4)
    assert desk.wallet.available(NOON) == 1093
    desk.check()


def test_a_lease_that_was_overspent_draws_the_surplus(desk: Desk) -> None:
    facts = desk.capture(desk.hold(5), uses=uses(("extra", 30), labels={"job": "7"}))

    assert (facts["captured"], facts["credits"]) == (10, -5)
    assert desk.entries[-1].private
    assert desk.entries[-1].private.fields["labels"] == [{"job": "7"}]
    desk.check()


def test_a_lease_with_a_use_that_can_not_be_paid_stays_open(desk: Desk) -> None:
    hold_id = desk.hold(5)
    before = desk.wallet
    with pytest.raises(QuotaExceeded):
        desk.capture(hold_id, uses=uses(("calls", 1), ("locked", 2)))
    assert desk.wallet == before
    desk.release(hold_id)


@pytest.mark.parametrize(
    ("placed", "captured", "field"),
    [
        ({"credits": 5}, {"quantity": 1}, "credits"),
        ({"meter": "calls", "quantity": 5}, {"credits": 1}, "quantity"),
        ({"meter": "calls", "quantity": 5}, {"uses": uses(("calls", 1))}, "quantity"),
        ({"credits": 5}, {"uses": uses(("seats", 1))}, "uses"),
        ({"credits": 5}, {"uses": uses(("nothing", 1))}, "meter"),
    ],
)
def test_a_capture_that_does_not_fit_its_hold_is_refused(
    desk: Desk, placed: dict[str, Any], captured: dict[str, Any], field: str
) -> None:
    hold_id = desk.hold(**placed)
    with pytest.raises(InvalidRequest) as refused:
        desk.capture(hold_id, **captured)
    assert refused.value.field == field
    desk.release(hold_id)


# Ends, debt, caps, freezing


def test_a_hold_is_honoured_after_its_lots_end(desk: Desk) -> None:
    desk.now = NOON + 13 * DAY - HOUR
    hold_id = desk.hold(80, ttl=3 * HOUR)
    desk.now += 2 * HOUR
    desk.take(book_end(desk.wallet, CATALOG, stamp(desk.now)))  # the 20 that were free

    facts = desk.capture(hold_id, credits=50)

    assert facts["taken"] == [{"lot_id": "lot_1", "credits": 50}]
    assert facts["expired"] == [{"lot_id": "lot_1", "credits": 30}]
    assert facts["credits"] == 0
    assert desk.wallet.available(desk.now) == 1000
    desk.check()


@pytest.mark.parametrize("how", ["release", "lapse"])
def test_what_comes_back_after_the_end_goes_to_expired(desk: Desk, how: str) -> None:
    desk.now = NOON + 13 * DAY - HOUR
    hold_id = desk.hold(150, ttl=2 * HOUR)
    desk.now += HOUR if how == "release" else 2 * HOUR

    facts = desk.release(hold_id) if how == "release" else desk.take(book_steps(desk.wallet, CATALOG, stamp(desk.now)))

    assert facts["expired"] == [{"lot_id": "lot_1", "credits": 100}]
    assert (facts["credits"], facts["draws"]) == (50, [{"lot_id": "lot_2", "credits": 50}])
    assert [str(lot.id) for lot in desk.wallet.lots] == ["lot_2"]
    desk.check()


def test_a_lapse_before_the_end_comes_back_though_it_is_booked_after(desk: Desk) -> None:
    desk.now = NOON + 13 * DAY - 2 * HOUR
    desk.hold(100, ttl=HOUR)
    desk.now += 3 * HOUR

    facts = desk.take(book_end(desk.wallet, CATALOG, stamp(desk.now)))

    assert [(step["kind"], step["credits"]) for step in facts["also"]] == [("lapse", 100)]
    assert facts["credits"] == -100
    desk.check()


def test_what_comes_back_pays_debt_first(desk: Desk) -> None:
    hold_id = desk.hold(150)
    desk.wallet = replace(desk.wallet, debt=120)

    facts = desk.release(hold_id)

    assert (facts["paid_to_debt"], facts["credits"], desk.wallet.debt) == (120, 30, 0)
    assert desk.free() == [30, 950]


def test_a_debt_hides_credits_from_a_hold(desk: Desk) -> None:
    desk.wallet = replace(desk.wallet, debt=1000)
    with pytest.raises(InsufficientCredits) as refused:
        desk.hold(101)
    assert (refused.value.required, refused.value.available) == (101, 100)


def test_a_use_that_is_not_covered_can_not_be_held(desk: Desk) -> None:
    with pytest.raises(InsufficientCredits) as refused:
        desk.hold(meter="extra", quantity=3303)
    assert refused.value.required == 1101
    assert refused.value.offers.packages


def test_a_wallet_has_room_for_fifty_holds(desk: Desk) -> None:
    for _ in range(50):
        desk.hold(1)
    with pytest.raises(WalletFull, match="50 open holds"):
        desk.hold(1)
    desk.check()


def test_a_frozen_wallet_spends_holds_and_captures_nothing(desk: Desk) -> None:
    hold_id, other = desk.hold(10), desk.hold(20)
    desk.freeze()

    commands: list[Callable[[], object]] = [
        lambda: desk.use("calls", 1),
        lambda: desk.hold(1),
        lambda: desk.capture(hold_id, credits=1),
    ]
    for command in commands:
        with pytest.raises(Frozen):
            command()
    desk.release(hold_id)
    desk.give(Grant(credits=5, source=Source.PROMO))
    desk.now += HOUR
    assert desk.take(book_steps(desk.wallet, CATALOG, stamp(desk.now)))["hold_id"] == other
    with pytest.raises(Conflict):
        desk.freeze()
    desk.freeze(frozen=False)
    desk.use("calls", 1)
    with pytest.raises(Conflict):
        desk.freeze(frozen=False)
    desk.check()


def test_a_gauge_can_not_be_held(desk: Desk) -> None:
    with pytest.raises(InvalidRequest):
        desk.hold(meter="seats", quantity=1)


# Quotes that bind


def test_a_hold_by_a_quote_costs_what_was_quoted(desk: Desk) -> None:
    quoted = read_quote(quote(desk.wallet, "calls", 15, CATALOG, NOON).quote_id)

    assert (quoted.wallet_id, quoted.meter, quoted.quantity, quoted.credits) == ("acct_a", "calls", 15, 5)
    desk.hold(meter=quoted.meter, quantity=quoted.quantity, at_most=quoted.credits)
    assert desk.entries[-1].facts["credits"] == -5


def test_dearer_by_now_is_a_conflict_and_cheaper_is_taken(desk: Desk) -> None:
    quoted = read_quote(quote(desk.wallet, "calls", 15, CATALOG, NOON).quote_id)
    desk.use("calls", 1)
    with pytest.raises(Conflict, match="6 credits"):
        desk.hold(meter="calls", quantity=15, at_most=quoted.credits)
    desk.take(set_plan(desk.wallet, "pro", CATALOG, stamp(NOON)))
    desk.hold(meter="calls", quantity=15, at_most=quoted.credits)
    assert desk.entries[-1].facts["credits"] == 0


def test_a_quote_is_good_for_ten_minutes(desk: Desk) -> None:
    quoted = read_quote(quote(desk.wallet, "calls", 15, CATALOG, NOON).quote_id)

    quoted.check(NOON + timedelta(minutes=10) - timedelta(milliseconds=1))
    with pytest.raises(Unprocessable):
        quoted.check(NOON + timedelta(minutes=10))


@pytest.mark.parametrize(
    "text",
    [
        *("", "q_", "q_!", "q_e30", "nonsense", "q_W10", "q_bnVsbA", "q_MQ"),
        "q_" + "A" * 300,
        "q_eyJjIjotMSwibSI6ImNhbGxzIiwicSI6MSwidSI6MSwidyI6ImEifQ",  # {"c":-1,"m":"calls","q":1,"u":1,"w":"a"}
        "q_eyJjIjoxLCJtIjoiY2FsbHMiLCJxIjowLCJ1IjoxLCJ3IjoiYSJ9",  # {"c":1,"m":"calls","q":0,"u":1,"w":"a"}
        "q_eyJjIjoxLCJtIjoxLCJxIjoxLCJ1IjoxLCJ3IjoiYSJ9",  # {"c":1,"m":1,"q":1,"u":1,"w":"a"}
        "q_eyJjIjoxLjAsIm0iOiJjYWxscyIsInEiOjEsInUiOjEsInciOiJhIn0",  # {"c":1.0,...
        "q_eyJjIjoxLCJtIjoiY2FsbHMiLCJxIjoxLCJ1IjoxLCJ3IjoiYSIsIngiOjF9",  # {..., "x":1}
        "q_eyJjIjoxLCJtIjoiY2FsbHMiLCJxIjoxLCJ1Ijo5MDA3MTk5MjU0NzQwOTkxLCJ3IjoiYSJ9",  # a time beyond the calendar
    ],
)
def test_what_is_no_quote_is_refused(text: str) -> None:
    with pytest.raises(Unprocessable):
        read_quote(text)


# Small parts


@pytest.mark.parametrize(
    ("name", "seq"),
    [("hold_1", 1), ("hold_120", 120), ("hold_0", None), ("hold_", None), ("lot_1", None), ("hold_-1", None)],
)
def test_a_holds_name_says_its_entry(name: str, seq: int | None) -> None:
    assert seq_of_hold(name) == seq


def test_draws_are_parted_in_their_order() -> None:
    draws = (Draw(LotId(1), 5), Draw(LotId(2), 5))

    assert first_of(draws, 7) == ((Draw(LotId(1), 5), Draw(LotId(2), 2)), (Draw(LotId(2), 3),))
    assert first_of(draws, 0) == ((), draws)
    assert first_of(draws, 12) == (draws, ())


def test_a_refused_hold_changes_nothing(desk: Desk) -> None:
    before = desk.wallet
    for what in ({"credits": 5000}, {"meter": "none", "quantity": 1}):
        with pytest.raises(Refusal):
            desk.hold(**what)
    assert desk.wallet == before


@pytest.mark.parametrize("off", [-1, 1])
def test_the_auditor_sees_holds_that_do_not_add_up(desk: Desk, off: int) -> None:
    desk.hold(150)
    first, second = desk.wallet.lots
    shifted = replace(second, held=second.held + off, free=second.free - off)
    orphaned = replace(desk.wallet, holds=())
    swapped = replace(
        desk.wallet,
        lots=(
            replace(first, held=first.held - 1, free=first.free + 1),
            replace(second, held=second.held + 1, free=second.free - 1),
        ),
    )

    for spoiled in (replace(desk.wallet, lots=(first, shifted)), orphaned, swapped):
        assert list(audit.lot_faults(spoiled)) == ["what lots hold is not what holds were placed with"]
        assert any("what lots hold" in said for said in audit.faults(spoiled, desk.entries))
    assert list(audit.lot_faults(desk.wallet)) == []

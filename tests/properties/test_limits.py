"""Whatever comes when: no hour takes more than it may, none less than it could, and who waits as told finds room."""

from __future__ import annotations

from collections import Counter as Bag
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.catalog import Limits
from chalicelib.domain.errors import TooManyRequests
from chalicelib.domain.limits import SPAN, hour_at, too_many
from chalicelib.services.limiting import Slot
from tests.builders import NOON
from tests.fakes import MemoryStore

INSTANTS = st.integers(-(10**12), 10**12).map(lambda ms: NOON + timedelta(milliseconds=ms))
COMMANDS = st.lists(
    st.tuples(st.integers(0, 5 * 60), st.sampled_from("abc"), st.booleans()), max_size=60
)  # in which minute, of which wallet, whether it is accepted

ASKS = st.lists(
    st.tuples(st.integers(0, 1), st.lists(st.sampled_from([1, 10]), min_size=1, max_size=3), st.booleans()), max_size=40
)  # whether it counts as a command, what it takes of attempts one after the other, whether it is accepted


@given(INSTANTS, st.integers(1, 10**9))
def test_who_waits_as_told_is_in_the_next_hour_and_not_much_later(now: datetime, most: int) -> None:
    hour = hour_at(now, Limits(commands_per_hour=most))
    wait = too_many(hour, now).retry_after_seconds

    assert hour.starts_at <= now < hour.ends_at
    assert 1 <= wait <= SPAN.total_seconds()
    again = hour_at(now + timedelta(seconds=wait), Limits(commands_per_hour=most))
    assert again.starts_at == hour.ends_at


@given(COMMANDS, st.integers(1, 5))
def test_an_hour_takes_as_many_as_it_may_and_only_accepted_ones_count(
    commands: list[tuple[int, str, bool]], most: int
) -> None:
    store, limits = MemoryStore(), Limits(commands_per_hour=most)
    counts: Bag[tuple[str, int]] = Bag()
    for minute, wallet_id, is_accepted in commands:
        slot = Slot(store, limits, NOON + timedelta(minutes=minute))
        place = wallet_id, minute // 60
        if counts[place] == most:
            with pytest.raises(TooManyRequests):
                slot.take(wallet_id)
            slot.give_back()
            continue
        slot.take(wallet_id)
        if is_accepted:
            counts[place] += 1
        else:
            slot.give_back()

    found = {(name, (at - NOON) // SPAN): taken for (name, at), taken in store.taken.items() if taken}
    assert found == +counts


@given(ASKS, st.integers(1, 5), st.integers(10, 25))
def test_the_provider_is_asked_as_often_as_an_hour_may_whatever_becomes_of_the_commands(
    asks: list[tuple[int, list[int], bool]], most: int, attempts: int
) -> None:
    store, limits = MemoryStore(), Limits(commands_per_hour=most, provider_attempts_per_hour=attempts)
    accepted, asked = 0, 0
    for commands, wants, is_accepted in asks:
        slot, had = Slot(store, limits, NOON), 0
        for want in wants:
            more = max(0, want - had)
            if asked + more > attempts or (commands and not had and accepted == most):
                with pytest.raises(TooManyRequests):
                    slot.take("a", commands=commands, attempts=want)
                break
            slot.take("a", commands=commands, attempts=want)
            had, asked = had + more, asked + more
        else:
            accepted += is_accepted and commands
            if is_accepted:
                continue
        slot.give_back()

    assert store.taken.get(("a", NOON), 0) == accepted <= most
    assert store.asked.get(("a", NOON), 0) == asked <= attempts

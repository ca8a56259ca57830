"""What the store promises about limits: an hour counts exactly to what it may, whoever takes at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from chalicelib.domain.catalog import Limits
from chalicelib.domain.limits import Hour, hour_at
from chalicelib.services.ports import Store
from chalicelib.store.dynamo import DynamoStore
from chalicelib.store.tables import wallet_key
from tests import engines
from tests.builders import NOON
from tests.meter import metered

LIMITS = Limits(commands_per_hour=3, provider_attempts_per_hour=10)
HOUR = hour_at(NOON, LIMITS)
NEXT = hour_at(NOON + timedelta(hours=1), LIMITS)
WRITERS, MOST, TAKERS = 16, 25, 80


def takes(
    store: Store, wallet_id: str, times: int, hour: Hour = HOUR, *, commands: int = 1, attempts: int = 0
) -> list[bool]:
    return [store.take_slot(wallet_id, hour, commands=commands, attempts=attempts) for _ in range(times)]


def test_an_hour_takes_as_many_as_it_may(store: Store, wallet_id: str) -> None:
    assert takes(store, wallet_id, 5) == [True, True, True, False, False]


def test_what_is_given_back_can_be_taken_again(store: Store, wallet_id: str) -> None:
    takes(store, wallet_id, 4)

    store.give_back_slot(wallet_id, HOUR)

    assert takes(store, wallet_id, 2) == [True, False]


def test_nothing_is_given_back_that_was_not_taken(store: Store, wallet_id: str) -> None:
    store.give_back_slot(wallet_id, HOUR)
    takes(store, wallet_id, 1)
    for _ in range(3):
        store.give_back_slot(wallet_id, HOUR)

    assert takes(store, wallet_id, 4) == [True, True, True, False]


def test_the_next_hour_begins_anew_and_leaves_the_last_as_it_was(store: Store, wallet_id: str) -> None:
    takes(store, wallet_id, 4)

    assert takes(store, wallet_id, 4, NEXT) == [True, True, True, False]
    store.give_back_slot(wallet_id, NEXT)
    assert takes(store, wallet_id, 1) == [False]


def test_an_hour_takes_as_many_attempts_as_it_may(store: Store, wallet_id: str) -> None:
    assert takes(store, wallet_id, 12, commands=0, attempts=1) == [True] * 10 + [False] * 2
    assert takes(store, wallet_id, 1) == [True]


def test_attempts_are_taken_together_or_not_at_all(store: Store, wallet_id: str) -> None:
    assert takes(store, wallet_id, 2, commands=0, attempts=4) == [True, True]
    assert takes(store, wallet_id, 1, commands=0, attempts=3) == [False]
    assert takes(store, wallet_id, 2, commands=0, attempts=2) == [True, False]


def test_all_that_an_hour_may_can_be_taken_at_once(store: Store, wallet_id: str) -> None:
    assert takes(store, wallet_id, 2, commands=0, attempts=10) == [True, False]


def test_a_command_with_attempts_is_taken_whole_or_not_at_all(store: Store, wallet_id: str) -> None:
    assert takes(store, wallet_id, 2, attempts=5) == [True, True]
    assert takes(store, wallet_id, 1, attempts=1) == [False]  # for want of attempts; and the command isn't counted
    assert takes(store, wallet_id, 2) == [True, False]


def test_where_there_is_no_room_for_the_command_no_attempt_is_counted(store: Store, wallet_id: str) -> None:
    takes(store, wallet_id, 3)

    assert takes(store, wallet_id, 5, attempts=1) == [False] * 5
    assert takes(store, wallet_id, 11, commands=0, attempts=1) == [True] * 10 + [False]


def test_attempts_are_not_given_back(store: Store, wallet_id: str) -> None:
    takes(store, wallet_id, 2, attempts=5)
    for _ in range(3):
        store.give_back_slot(wallet_id, HOUR)

    assert takes(store, wallet_id, 1, attempts=1) == [False]
    assert takes(store, wallet_id, 4) == [True, True, True, False]


def test_nothing_is_given_back_where_only_attempts_were_taken(store: Store, wallet_id: str) -> None:
    takes(store, wallet_id, 1, commands=0, attempts=1)

    store.give_back_slot(wallet_id, HOUR)

    assert takes(store, wallet_id, 4) == [True, True, True, False]


def test_wallets_are_counted_apart(store: Store, wallet_id: str, other_wallet_id: Callable[[], str]) -> None:
    takes(store, wallet_id, 4)

    assert takes(store, other_wallet_id(), 4) == [True, True, True, False]


def test_a_limit_that_was_lowered_holds_from_then_on(store: Store, wallet_id: str) -> None:
    takes(store, wallet_id, 3)

    assert takes(store, wallet_id, 1, hour_at(NOON, Limits(commands_per_hour=2))) == [False]
    assert takes(store, wallet_id, 2, hour_at(NOON, Limits(commands_per_hour=4))) == [True, False]


def test_a_count_is_no_part_of_the_wallet(store: Store, wallet_id: str) -> None:
    takes(store, wallet_id, 1, attempts=1)

    assert store.wallet(wallet_id).seq == 0
    assert store.history(wallet_id, kind=None, before=1000, limit=10).entries in ([], ())
    assert store.receipt_keys(wallet_id, last=1000)[0] == []


@pytest.mark.parametrize("kind", ["memory", *engines.ATOMIC])
def test_of_many_who_take_at_once_exactly_as_many_get_one(kind: str, wallet_id: str) -> None:
    store, hour = engines.store(kind), hour_at(NOON, Limits(commands_per_hour=MOST))

    with ThreadPoolExecutor(WRITERS) as pool:
        told = list(pool.map(lambda _: takes(store, wallet_id, 1, hour)[0], range(TAKERS)))

    assert sum(told) == MOST
    assert takes(store, wallet_id, 1, hour) == [False]


@pytest.mark.parametrize("kind", ["memory", *engines.ATOMIC])
def test_of_many_who_attempt_at_once_no_more_do_than_may_though_commands_are_given_back(
    kind: str, wallet_id: str
) -> None:
    store, hour = engines.store(kind), hour_at(NOON, Limits(commands_per_hour=MOST, provider_attempts_per_hour=MOST))

    def attempt(_number: int) -> bool:
        [has_room] = takes(store, wallet_id, 1, hour, attempts=1)
        if has_room:
            store.give_back_slot(wallet_id, hour)
        return has_room

    with ThreadPoolExecutor(WRITERS) as pool:
        told = list(pool.map(attempt, range(TAKERS)))

    assert sum(told) == MOST
    assert takes(store, wallet_id, 1, hour, attempts=1) == [False]
    assert sum(takes(store, wallet_id, MOST + 1, hour)) == MOST


@pytest.mark.parametrize("kind", ["memory", *engines.ATOMIC])
def test_nothing_is_lost_where_some_give_back_while_others_take(kind: str, wallet_id: str) -> None:
    store, hour = engines.store(kind), hour_at(NOON, Limits(commands_per_hour=MOST))

    def act(number: int) -> int:
        if takes(store, wallet_id, 1, hour) == [False]:
            return 0
        if number % 2:
            store.give_back_slot(wallet_id, hour)
            return 0
        return 1

    with ThreadPoolExecutor(WRITERS) as pool:
        kept = sum(pool.map(act, range(TAKERS)))

    assert kept <= MOST
    assert sum(takes(store, wallet_id, MOST + 1, hour)) == MOST - kept


def test_a_slot_is_one_write_unit_and_one_round_trip_with_attempts_and_without(wallet_id: str) -> None:
    store = engines.store("ministack")
    assert isinstance(store, DynamoStore)
    with metered(store) as plain:
        takes(store, wallet_id, 1)
    with metered(store) as asking:
        takes(store, wallet_id, 1, attempts=1)
    with metered(store) as back:
        store.give_back_slot(wallet_id, HOUR)

    print(f"a slot: {plain}; with an attempt: {asking}; given back: {back}")
    for meter in (plain, asking, back):
        assert (meter.calls, meter.written) == (["UpdateItem"], 1)


def test_an_hour_is_forgotten_a_day_after_it(wallet_id: str) -> None:
    store = engines.store("moto")
    assert isinstance(store, DynamoStore)
    takes(store, wallet_id, 1, attempts=10)

    [item] = store.requests.query(store.names.usage, "wallet_id = :w", {":w": wallet_key(wallet_id)})["Items"]

    assert item["sk"] == {"S": "l#2026-11-22T12"}
    assert (item["n"], item["a"]) == ({"N": "1"}, {"N": "10"})
    assert int(item["ttl"]["N"]) == int((HOUR.ends_at + timedelta(days=1)).timestamp())

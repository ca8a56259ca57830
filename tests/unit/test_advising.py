"""Advice: what is read for it, and which option the wallet is on."""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain.catalog import Interval
from chalicelib.domain.granting import Grant
from chalicelib.domain.grants import grant
from chalicelib.domain.lots import Source
from chalicelib.domain.money import Money
from chalicelib.domain.plan_changes import set_plan
from chalicelib.domain.usage import Use, decide
from chalicelib.domain.wallet import Decision
from chalicelib.services.advising import Adviser, recommendation
from chalicelib.services.ports import Change
from tests.builders import CATALOG, DAY, NOON, PRO, stamp
from tests.fakes import MemoryStore

YEARLY = replace(PRO, plan_id="deal", prices={Interval.YEAR: Money(29000, "usd")})
OFFER = replace(CATALOG, plans={**CATALOG.plans, "deal": YEARLY})


def keep(store: MemoryStore, decision: Decision) -> None:
    store.commit(Change(decisions=[decision]))


def used(store: MemoryStore, quantity: int, *, days: int = 0) -> None:
    use = Use(wallet_id="acct_a", meter="calls", quantity=quantity)
    keep(store, decide(store.wallet("acct_a"), use, OFFER, stamp(NOON + days * DAY)))


def test_a_day_that_is_finished_but_still_in_the_wallet_is_counted() -> None:
    store = MemoryStore()
    keep(store, grant(store.wallet("acct_a"), Grant(credits=5000, source=Source.PROMO), OFFER, stamp()))
    used(store, 1000, days=20)  # the last thing that happened: no later day has moved it out

    _, advised = recommendation(Adviser(store, OFFER), "acct_a", NOON + 40 * DAY)

    assert advised.current is not None
    assert advised.current.bought == 990
    assert advised.current.packages


def test_what_happens_after_the_finished_months_is_not() -> None:
    store = MemoryStore()
    used(store, 5)
    keep(store, grant(store.wallet("acct_a"), Grant(credits=5000, source=Source.PROMO), OFFER, stamp(NOON + 33 * DAY)))
    used(store, 1000, days=35)

    _, advised = recommendation(Adviser(store, OFFER), "acct_a", NOON + 36 * DAY)

    assert advised.current is not None
    assert advised.current.bought == 0


def test_a_plan_that_is_not_sold_by_the_month_costs_nothing_where_an_admin_set_it() -> None:
    store = MemoryStore()
    keep(store, set_plan(store.wallet("acct_a"), "deal", OFFER, stamp()))

    option, advised = recommendation(Adviser(store, OFFER), "acct_a", NOON + 40 * DAY)

    assert (option.plan.plan_id, option.price) == ("deal", Money(0, "usd"))
    assert advised.recommended is advised.current

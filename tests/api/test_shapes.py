"""Shapes of answers: one for each route, in the domain's own words. Each answer that a test gets is held against it."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from dataclasses import fields
from enum import Enum, IntEnum
from typing import Any, get_args, is_typeddict

import pytest

from chalicelib.api import answers, shapes
from chalicelib.api.scopes import DECLARED
from chalicelib.api.shapes import ANSWERS, PROBLEMS, Media
from chalicelib.domain import catalog, comparison, invoices, levels, moneyback, plans, purchases, topups, wallet
from chalicelib.domain.break_even import Holds
from chalicelib.domain.days import Flow
from chalicelib.domain.ledger import KINDS
from chalicelib.domain.lots import Source
from chalicelib.domain.subscription_changes import SubscriptionChange
from chalicelib.domain.subscriptions import Asked, News, Subscription, SubscriptionStatus
from chalicelib.domain.tracing import Kind
from chalicelib.services.fulfilling import Outcome
from chalicelib.services.ports import Oddity
from local.replies import Reply
from tests.api.shapes import check, check_problem, check_shape, fields_of, required_of, route_of

MODULES = [getattr(shapes, name) for name in shapes.__all__ if name.islower()]
DEFINED: list[Any] = [
    each
    for module in MODULES
    for each in vars(module).values()
    if is_typeddict(each) and each.__module__ == module.__name__ and not each.__name__.startswith("_")
]
HEALTH = b'{"status":"ok","version":"1"}'
BUSY = {"type": "urn:tally:problem:busy", "title": "Busy", "status": 503, "detail": "Try again.", "code": "busy"}
JSON = {"content-type": "application/json"}


def test_each_route_says_what_it_answers() -> None:
    assert set(ANSWERS) == set(DECLARED)


def test_each_problem_says_what_else_it_says() -> None:
    assert set(PROBLEMS) == set(answers.TITLES) == set(get_args(shapes.problems.Code))
    for code, facts in PROBLEMS.items():
        assert set(fields_of(facts) if facts else ()) <= set(fields_of(shapes.problems.Problem)), code


@pytest.mark.parametrize(
    ("words", "known"),
    [
        (shapes.parts.Interval, catalog.Interval),
        (shapes.usage.MeterKind, catalog.MeterKind),
        (shapes.usage.Level, levels.Level),
        (shapes.credits.Source, Source),
        (shapes.credits.PurchaseStatus, purchases.Status),
        (shapes.subscriptions.SubscriptionStatus, SubscriptionStatus),
        (shapes.settings.TopUpStatus, topups.TopUpStatus),
        (shapes.plans.RowKind, comparison.RowKind),
        (shapes.plans.Holds, Holds),
        (shapes.operators.Outcome, Outcome),
        (shapes.rows.Change, SubscriptionChange),
        (shapes.rows.Stop, topups.Stop),
        (shapes.rows.RefundState, moneyback.RefundState),
        (shapes.rows.DisputeState, moneyback.DisputeState),
        (shapes.traces.IdKind, Kind),
    ],
)
def test_words_are_the_domains(words: object, known: type[Enum]) -> None:
    said = {each.name.lower() if issubclass(known, IntEnum) else each.value for each in known}
    assert set(get_args(words)) == said


def test_who_sets_plans_is_the_domains() -> None:
    assert set(get_args(shapes.entries.SetBy)) == {plans.ADMIN, plans.NOBODY, plans.PROVIDER}


def test_levels_that_warn_have_a_code() -> None:
    assert set(levels.QUOTA_CODES) == set(levels.Level) - {levels.Level.OK}
    assert set(levels.QUOTA_CODES.values()) <= set(get_args(levels.CautionCode))


def test_kinds_of_entries_are_told_apart() -> None:
    assert len(KINDS) == len(set(KINDS)) == 20


def test_a_statement_has_every_column() -> None:
    assert {column.value for column in Flow} < required_of(shapes.statements.Statement)


@pytest.mark.parametrize(
    ("row", "record", "more"),
    [
        (shapes.rows.SubscriptionRow, Subscription, ()),
        (shapes.rows.SubscriptionNews, News, ()),
        (shapes.rows.AskedChange, Asked, ()),
        (shapes.rows.InvoiceRow, invoices.Invoice, ()),
        (shapes.rows.TopUpRow, topups.TopUp, ("status",)),
        (shapes.rows.TopUpTerms, topups.TopUpTerms, ()),
        (shapes.rows.TopUpFlight, topups.Flight, ()),
        (shapes.rows.AskedRefund, purchases.AskedRefund, ()),
        (shapes.rows.MoneyFacts, moneyback.MoneyFacts, ()),
        (shapes.rows.RefundFact, moneyback.Refund, ()),
        (shapes.rows.DisputeFact, moneyback.Dispute, ()),
        (shapes.rows.EventRow, Oddity, ()),
        (shapes.operators.RunningPlan, wallet.RunningPlan, ("period",)),
        (shapes.operators.MonthBehind, wallet.Month, ()),
        (shapes.operators.Tenure, wallet.Tenure, ("lapses_at",)),
    ],
)
def test_rows_are_shown_with_every_field(row: type, record: Any, more: tuple[str, ...]) -> None:
    assert required_of(row) == {*(each.name for each in fields(record)), *more}


def test_names_are_given_once_and_explained() -> None:
    names = Counter(each.__name__ for each in DEFINED)
    assert [name for name, count in names.items() if count > 1] == []
    assert [each.__name__ for each in DEFINED if not each.__doc__] == []


def test_nothing_that_runs_loads_the_shapes() -> None:
    code = "import app, sys; print([name for name in sys.modules if name.startswith('chalicelib.api.shapes')])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert said.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ({"kind": "purchase"}, "missing"),
        ({"at": "2026-11-22T09:30:00.000Z", "credits": True}, "Expected `int`"),
        ({"at": "2026-11-22 09:30", "credits": 1}, "matching regex"),
        ({"at": "2026-11-22T09:30:00.000Z", "credits": -1}, ">= 0"),
        ({"at": "2026-11-22T09:30:00.000Z", "credits": 1, "left": 1}, r"ExpiringCredits\.left"),
    ],
)
def test_what_has_another_shape_is_found(said: object, fault: str) -> None:
    with pytest.raises(AssertionError, match=fault):
        check_shape(said, shapes.credits.ExpiringCredits)


def test_a_strange_key_is_found_however_deep_it_lies() -> None:
    price = {"amount_minor": 100, "currency": "usd", "exponent": 2, "symbol": "$"}
    offer = {"package_id": "starter", "quantity": 1, "credits": 100, "price": price}

    with pytest.raises(AssertionError, match=r"Offers\.packages\[\]\.price\.symbol"):
        check_shape({"packages": [offer], "total": None, "plan": None}, shapes.parts.Offers)


def test_a_word_that_is_not_in_the_list_is_found() -> None:
    with pytest.raises(AssertionError, match="Invalid enum value 'perhaps'"):
        check_shape({"status": "perhaps", "version": "1"}, shapes.parts.Health)


def test_a_problem_says_its_own_facts_and_no_others() -> None:
    check_problem(BUSY)
    with pytest.raises(AssertionError, match="busy says"):
        check_problem({**BUSY, "field": "credits"})
    with pytest.raises(AssertionError, match="missing required field `field`"):
        check_problem({**BUSY, "code": "invalid_request"})


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=201, headers=JSON, body=HEALTH),
        Reply(status=200, headers={"content-type": "text/csv"}, body=HEALTH),
        Reply(status=200, headers=JSON, body=b"{}"),
        Reply(status=503, headers={"content-type": "application/problem+json"}, body=b"{}"),
    ],
    ids=["another status", "another media type", "another body", "an empty problem"],
)
def test_an_answer_that_is_not_in_the_table_is_found(reply: Reply) -> None:
    check("GET", "/api/health", Reply(status=200, headers=JSON, body=HEALTH))

    with pytest.raises(AssertionError):
        check("GET", "/api/health", reply)


def test_a_line_that_no_export_has_is_found() -> None:
    export = Reply(status=200, headers={"content-type": "application/x-ndjson"}, body=b'{"lot":1,"purchase":2}\n')

    with pytest.raises(AssertionError, match="no such line"):
        check("GET", "/api/credits/export?limit=1", export)


def test_routes_are_found_by_their_paths() -> None:
    assert route_of("GET", "/api/credits/purchases/pur_1") == ("GET", "/api/credits/purchases/{purchase_id}")
    assert route_of("GET", "/api/credits/balance") == ("GET", "/api/credits/balance")
    assert route_of("POST", "/api/credits/balance") is None
    assert route_of("GET", "/api/credits/purchases/a/b") is None


def test_other_media_types_are_named() -> None:
    media = [each for found in ANSWERS.values() for answer in found.values() for each in _media(answer)]
    assert {each.type for each in media} == {"text/csv", "application/x-ndjson", "application/json"}


def _media(answer: object) -> list[Media]:
    return [each for each in (answer if isinstance(answer, tuple) else (answer,)) if isinstance(each, Media)]

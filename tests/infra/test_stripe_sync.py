"""`python -m infra.stripe_sync`: what Stripe has afterwards, what it had to be asked for it, and every way to stop."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import stripe
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib import wiring
from chalicelib.domain.catalog import Catalog, Incentive, Interval
from chalicelib.domain.money import Money
from chalicelib.domain.strict_toml import WrongCatalog
from chalicelib.payments import offered
from chalicelib.payments.client import connect
from infra.shelf import Clash, plan, wanted
from infra.stripe_sync import apply, look, main, sync
from local.stripe.replies import Reply
from local.stripe.server import serve
from local.stripe.standin import StandIn
from local.stripe.transport import InProcess, lost
from tests import builders
from tests.builders import NOON, package
from tests.docs.papers import ROOT, fences

PAPER = ROOT / "docs/how-to/stripe-sync.md"
KEY = "sk_test_hushhush"
WELCOME = Incentive(name="20% off the first month", percent_off=20, first_payments=1)
OFFER = replace(builders.catalog(), incentive=WELCOME)  # Free is for nothing, Pro for 29.00 a month or 290.00 a year
FIRST = [
    "create product tally_package_starter  1,000 credits",
    "create price tally_package_starter  10.00 USD",
    "create product tally_plan_pro  Pro",
    "create price tally_plan_pro_month  29.00 USD",
    "create price tally_plan_pro_year  290.00 USD",
    "create coupon tally_20_off_once  20% off the first month",
]
Json = dict[str, Any]


class Crash(BaseException):
    """The process dies here."""


class Booth:
    """An account at the stand-in with the real package before it; counts writes, and can go wrong at any of them."""

    def __init__(self) -> None:
        self.at = NOON
        self.standin = StandIn(now=lambda: self.at, secrets=["whsec_test"])
        self.transport = InProcess(self.standin)
        self.client = connect(KEY, "https://stripe.example", http_client=self.transport)

    def sync(self, catalog: Catalog = OFFER, *, dry_run: bool = False) -> list[str]:
        """Run it; the lines."""
        lines: list[str] = []
        report = sync(self.client, catalog, dry_run=dry_run, say=lines.append)
        assert [step.line for step in report.steps] == lines
        return lines

    @property
    def writes(self) -> list[tuple[str, str]]:
        return [(method, path) for method, path in self.transport.calls if method != "GET"]

    def things(self, kind: str) -> list[Json]:
        """What is there, newest first."""
        return list(self.standin._account.all(kind))

    def price(self, key: str) -> Json:
        [found] = [price for price in self.things("price") if price["lookup_key"] == key]
        return found

    @property
    def state(self) -> list[str]:
        """Everything that is there, but for ids that Stripe chose and times."""
        told: Mapping[str, tuple[str, ...]] = {
            "product": ("id", "name", "active", "metadata"),
            "price": ("product", "unit_amount", "currency", "recurring", "lookup_key", "active", "metadata"),
            "coupon": ("id", "name", "percent_off", "duration", "duration_in_months"),
        }
        return sorted(f"{kind} {[each[name] for name in told[kind]]}" for kind in told for each in self.things(kind))


@pytest.fixture
def booth() -> Booth:
    """A new account."""
    return Booth()


@pytest.fixture
def synced(booth: Booth) -> Booth:
    """An account that has what `OFFER` offers."""
    booth.sync()
    booth.transport.calls.clear()
    return booth


def pro(catalog: Catalog = OFFER, *, month: int = 2900, year: int = 29000, **more: Any) -> Catalog:
    """The catalogue with another Pro plan."""
    prices = {Interval.MONTH: Money(month, "usd"), Interval.YEAR: Money(year, "usd")}
    return replace(catalog, plans={**catalog.plans, "pro": replace(builders.PRO, prices=prices, **more)})


def without(catalog: Catalog, plan_id: str) -> Catalog:
    return replace(catalog, plans={name: each for name, each in catalog.plans.items() if name != plan_id})


def test_the_first_run_makes_everything_that_is_on_offer(booth: Booth) -> None:
    assert booth.sync() == FIRST

    products = {each["id"]: (each["name"], each["active"], each["metadata"]) for each in booth.things("product")}
    assert products == {
        "tally_package_starter": ("1,000 credits", True, {"tally_package": "starter"}),
        "tally_plan_pro": ("Pro", True, {"tally_plan": "pro"}),
    }
    prices = {
        each["lookup_key"]: (
            each["product"],
            each["unit_amount"],
            each["currency"],
            each["recurring"] and each["recurring"]["interval"],
            each["metadata"],
        )
        for each in booth.things("price")
    }
    assert prices == {
        "tally_package_starter": ("tally_package_starter", 1000, "usd", None, {"tally_package": "starter"}),
        "tally_plan_pro_month": (
            "tally_plan_pro",
            2900,
            "usd",
            "month",
            {"tally_plan": "pro", "tally_interval": "month"},
        ),
        "tally_plan_pro_year": (
            "tally_plan_pro",
            29000,
            "usd",
            "year",
            {"tally_plan": "pro", "tally_interval": "year"},
        ),
    }
    [coupon] = booth.things("coupon")
    terms = coupon["id"], coupon["name"], coupon["percent_off"], coupon["duration"], coupon["duration_in_months"]
    assert terms == ("tally_20_off_once", "20% off the first month", 20, "once", None)
    assert all(price["active"] for price in booth.things("price"))


def test_the_second_run_changes_nothing_and_says_so(synced: Booth) -> None:
    report = sync(synced.client, OFFER)

    assert (report.steps, synced.writes) == ([], [])
    assert report.summary == "2 products, 3 prices, 1 coupon on offer; no changes made"


def test_the_offer_of_this_program_is_made_and_found_again(booth: Booth) -> None:
    first, second = (sync(booth.client, wiring.catalog()) for _ in range(2))

    assert len(first.steps) == len(first.offer) == len(list(wanted(wiring.catalog())))
    assert first.summary.endswith(f" on offer; {len(first.steps)} changes made")
    assert second.steps == []
    for each in wiring.catalog().plans.values():
        for interval, price in each.prices.items():
            if price.amount_minor:
                assert offered.read_plan(booth.price(offered.plan_key(each.plan_id, interval))) == (
                    each.plan_id,
                    interval,
                )


def test_a_dry_run_says_the_same_and_writes_nothing(booth: Booth) -> None:
    report = sync(booth.client, OFFER, dry_run=True)

    assert (booth.sync(dry_run=True), booth.writes, booth.state) == (FIRST, [], [])
    assert report.summary == "2 products, 3 prices, 1 coupon on offer; 6 changes to make"
    assert booth.sync() == FIRST


def test_a_changed_amount_is_a_new_price_that_takes_the_key_over(synced: Booth) -> None:
    old = synced.price("tally_plan_pro_month")["id"]

    lines = synced.sync(pro(month=3100))

    assert lines == [
        "replace price tally_plan_pro_month 29.00 USD -> 31.00 USD",
        f"deactivate price {old}  29.00 USD of tally_plan_pro",
    ]
    assert synced.writes == [("POST", "/v1/prices"), ("POST", f"/v1/prices/{old}")]
    new, before = synced.price("tally_plan_pro_month"), synced.standin._account.find("price", old)
    assert (new["unit_amount"], new["active"], offered.read_plan(new)) == (3100, True, ("pro", Interval.MONTH))
    assert (before["unit_amount"], before["active"], before["lookup_key"]) == (2900, False, None)
    assert offered.read_plan(before) == ("pro", Interval.MONTH), "who is on it is still known to be"
    assert synced.sync(pro(month=3100)) == []


def test_an_amount_can_go_there_and_back_and_there_again_on_one_day(synced: Booth) -> None:
    for month in (3100, 2900, 3100, 2900):
        assert len(synced.sync(pro(month=month))) == 2
        assert synced.price("tally_plan_pro_month")["unit_amount"] == month
        assert synced.sync(pro(month=month)) == []
    assert [each["active"] for each in synced.things("price")].count(True) == 3


def test_another_currency_is_another_price(synced: Booth) -> None:
    yen = replace(OFFER, packages={"starter": package(price=Money(1000, "jpy"))})

    assert synced.sync(yen)[0] == "replace price tally_package_starter 10.00 USD -> 1000 JPY"
    assert synced.price("tally_package_starter")["currency"] == "jpy"


def test_a_changed_name_is_changed_on_the_product_as_often_as_it_changes(synced: Booth) -> None:
    for old, new in (("Pro", "Plus"), ("Plus", "Pro"), ("Pro", "Plus")):
        assert synced.sync(pro(name=new)) == [f"update product tally_plan_pro  {old} -> {new}"]
        assert synced.sync(pro(name=new)) == []
    assert synced.writes == [("POST", "/v1/products/tally_plan_pro")] * 3


def test_prices_of_a_plan_that_is_withdrawn_are_deactivated_until_it_is_offered_again(synced: Booth) -> None:
    ids = {synced.price(offered.plan_key("pro", each))["id"] for each in Interval}
    for _ in range(2):
        gone = synced.sync(without(OFFER, "pro"))
        assert {line.split()[2] for line in gone} == ids
        assert {price["id"] for price in synced.things("price") if not price["active"]} == ids
        assert synced.sync(without(OFFER, "pro")) == []

        assert synced.sync() == [
            "activate price tally_plan_pro_month  29.00 USD",
            "activate price tally_plan_pro_year  290.00 USD",
        ]
        assert synced.sync() == []


def test_a_plan_that_comes_back_at_another_amount_gets_another_price(synced: Booth) -> None:
    synced.sync(without(OFFER, "pro"))

    assert synced.sync(pro(month=3100)) == [
        "replace price tally_plan_pro_month 29.00 USD -> 31.00 USD",
        "activate price tally_plan_pro_year  290.00 USD",
    ]
    assert synced.sync(pro(month=3100)) == []


def test_an_interval_or_a_package_that_is_offered_no_more_is_deactivated(synced: Booth) -> None:
    other = replace(pro(year=0), packages={"big": package(package_id="big", name="Big")})

    lines = synced.sync(other)

    assert [line.split()[:2] for line in lines] == [
        ["create", "product"],
        ["create", "price"],
        ["deactivate", "price"],
        ["deactivate", "price"],
    ]
    assert {each["lookup_key"] for each in synced.things("price") if each["active"]} == {
        "tally_package_big",
        "tally_plan_pro_month",
    }


def test_other_terms_are_another_coupon_and_the_old_one_stays_for_open_checkouts(synced: Booth) -> None:
    longer = replace(OFFER, incentive=replace(WELCOME, percent_off=25, first_payments=3))

    assert synced.sync(longer) == ["create coupon tally_25_off_3_months  20% off the first month"]
    coupon, old = synced.things("coupon")
    assert (coupon["percent_off"], coupon["duration"], coupon["duration_in_months"]) == (25, "repeating", 3)
    assert old["id"] == "tally_20_off_once"
    assert synced.sync(longer) == []


def test_a_coupon_is_renamed_and_an_offer_without_one_needs_none(synced: Booth) -> None:
    renamed = replace(OFFER, incentive=replace(WELCOME, name="Welcome"))

    assert synced.sync(renamed) == ["update coupon tally_20_off_once  20% off the first month -> Welcome"]
    assert synced.sync(replace(OFFER, incentive=None)) == []
    assert len(synced.things("coupon")) == 1


def test_what_was_deleted_or_switched_off_by_hand_is_there_again_at_once(synced: Booth) -> None:
    v1 = synced.client.v1
    v1.coupons.delete("tally_20_off_once")
    v1.products.update("tally_plan_pro", {"active": False})
    v1.prices.update(synced.price("tally_package_starter")["id"], {"active": False, "metadata": {"tally_plan": "pro"}})

    assert synced.sync() == [
        "activate price tally_package_starter  10.00 USD",
        "activate product tally_plan_pro  Pro",
        "create coupon tally_20_off_once  20% off the first month",
    ]
    assert synced.price("tally_package_starter")["metadata"] == {"tally_package": "starter"}
    assert synced.sync() == []


def test_what_others_sell_is_not_touched(booth: Booth) -> None:
    v1, cast = booth.client.v1, dict[str, Any]
    v1.products.create({"id": "tea", "name": "Tea", "metadata": {"shelf": "3"}})
    terms = cast(product="tea", currency="usd", lookup_key="tally_plan_gold_month", recurring={"interval": "month"})
    for amount in range(1, 131):  # more than a page
        v1.prices.create(terms | cast(unit_amount=amount, lookup_key=f"tally_plan_tea{amount}_month"))  # type: ignore[arg-type]
    v1.coupons.create({"id": "TEATIME", "percent_off": 5})
    before = booth.state

    booth.sync()
    booth.sync(pro(month=3100, name="Plus"))
    booth.sync(without(OFFER, "pro"))

    assert [line for line in before if line not in booth.state] == []


def test_ours_are_found_behind_pages_of_others(synced: Booth) -> None:
    for _ in range(130):
        synced.client.v1.prices.create({"product": "tally_plan_pro", "currency": "usd", "unit_amount": 5})

    assert len(synced.sync(without(OFFER, "pro"))) == 2


@pytest.mark.parametrize(
    ("take", "message"),
    [
        (
            lambda v1: v1.products.create({"id": "tally_plan_pro", "name": "Theirs"}),
            "product tally_plan_pro is at Stripe without our tags, so it is left alone (tally_plan_pro, Theirs)",
        ),
        (
            lambda v1: v1.prices.create(
                {
                    "currency": "usd",
                    "unit_amount": 77,
                    "lookup_key": "tally_plan_pro_year",
                    "product_data": {"name": "x"},
                    "active": False,
                }
            ),
            "price tally_plan_pro_year is at Stripe without our tags",
        ),
        (
            lambda v1: v1.coupons.create({"id": "tally_20_off_once", "percent_off": 90}),
            "coupon tally_20_off_once is at Stripe, but takes off something else than its name says",
        ),
    ],
)
def test_a_name_of_ours_that_is_taken_stops_it_before_anything_is_written(
    booth: Booth, take: Callable[[Any], object], message: str
) -> None:
    take(booth.client.v1)
    before = booth.state
    booth.transport.calls.clear()

    with pytest.raises(Clash) as clash:
        booth.sync()

    assert str(clash.value).startswith(message)
    assert (booth.writes, booth.state) == ([], before)


def test_more_prices_than_stripe_looks_up_at_once_are_found_all_the_same(booth: Booth) -> None:
    many = {f"p{number}": package(package_id=f"p{number}", name=f"P{number}") for number in range(25)}
    wide = replace(OFFER, packages=many)

    assert len(booth.sync(wide)) == 2 * 25 + 4
    booth.client.v1.prices.update(booth.price("tally_package_p17")["id"], {"active": False})
    booth.transport.calls.clear()

    assert booth.sync(wide) == ["activate price tally_package_p17  10.00 USD"]
    reads = [path for method, path in booth.transport.calls if method == "GET"]
    assert (reads.count("/v1/prices"), reads.count("/v1/products")) == (1 + 3, 3)


def test_the_plan_is_drawn_up_from_what_is_there_alone(synced: Booth) -> None:
    offer = list(wanted(OFFER))

    assert [step.line for step in plan(offer, [])] == FIRST
    assert plan(offer, [replace(each, id=f"id_{each.name}") for each in offer]) == []
    assert plan([], [replace(each, id="x", free={**each.free, "metadata": {}}) for each in offer]) == []


AFTERWARDS = {
    "first run": (None, OFFER),
    "changed prices and names": (OFFER, pro(month=3100, year=31000, name="Plus")),
    "another offer": (
        OFFER,
        replace(
            without(OFFER, "pro"),
            packages={"big": package(package_id="big", name="Big")},
            incentive=replace(WELCOME, first_payments=2),
        ),
    ),
    "offered again": (without(OFFER, "pro"), pro(month=3100)),
}


def troubled(booth: Booth, trouble: str, nth: int) -> None:
    """Have the *nth* write go wrong: its request never arrives, or its answer doesn't; for good, or as a crash."""
    left = {"writes": nth, "losses": 2}  # the package tries twice

    def strike(method: str, path: str, _reply: Reply | None = None) -> None:
        if method == "GET":
            return
        left["writes"] -= 1
        if left["writes"] < 0 and left["losses"]:
            left["losses"] -= 1
            raise Crash if trouble.startswith("crash") else lost()

    setattr(booth.transport, trouble.split()[1], strike)


@pytest.mark.parametrize("trouble", ["crash before", "crash after", "lost before", "lost after"])
@pytest.mark.parametrize("name", AFTERWARDS)
def test_a_run_that_ends_at_any_write_is_finished_by_the_next(name: str, trouble: str) -> None:
    earlier, catalog = AFTERWARDS[name]

    def prepared() -> Booth:
        booth = Booth()
        if earlier:
            booth.sync(OFFER)
            booth.sync(earlier)
        booth.transport.calls.clear()
        return booth

    smooth = prepared()
    steps = smooth.sync(catalog)
    assert len(smooth.writes) == len(steps) > 0
    for nth in range(len(steps)):
        booth = prepared()
        troubled(booth, trouble, nth)
        with pytest.raises((Crash, stripe.APIConnectionError)):
            booth.sync(catalog)
        booth.transport.before = booth.transport.after = None
        booth.at += timedelta(hours=nth % 2 * 25)  # the keys of the first run may be forgotten by then

        booth.sync(catalog)

        assert booth.state == smooth.state, f"write {nth}: {steps[nth]}"
        assert booth.sync(catalog) == []


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_write_that_is_lost_once_is_repeated_and_done_once(when: str) -> None:
    smooth = Booth()
    steps = smooth.sync()
    for nth in range(len(steps)):
        booth, losses, seen = Booth(), [lost()], [0]

        def strike(
            method: str,
            path: str,
            _reply: Reply | None = None,
            *,
            losses: list[stripe.APIConnectionError] = losses,
            seen: list[int] = seen,
            nth: int = nth,
        ) -> None:
            seen[0] += method != "GET"
            if losses and seen[0] > nth and method != "GET":
                raise losses.pop()

        setattr(booth.transport, when, strike)
        assert (booth.sync(), booth.state) == (steps, smooth.state)


def test_two_runs_at_once_take_a_key_over_to_one_price(synced: Booth) -> None:
    """The second plans before the first has written, and takes its steps after."""
    raised = list(wanted(pro(month=3100)))
    plans = [plan(raised, look(synced.client, raised)) for _ in range(2)]
    for steps in plans:
        for step in steps:
            apply(synced.client, step)

    assert len(synced.things("price")) == 4
    assert synced.sync(pro(month=3100)) == []


AMOUNTS = st.sampled_from([0, 900, 2900])
PLANS = st.builds(
    lambda name, month, year: replace(
        builders.PRO, name=name, prices={Interval.MONTH: Money(month, "usd"), Interval.YEAR: Money(year, "usd")}
    ),
    st.sampled_from(["Pro", "Plus"]),
    AMOUNTS,
    AMOUNTS,
)
CATALOGS = st.builds(
    lambda plans, price, incentive: replace(
        OFFER,
        plans={name: replace(each, plan_id=name) for name, each in plans.items()},
        packages={"starter": package(price=Money(price, "usd"))},
        incentive=incentive,
    ),
    st.dictionaries(st.sampled_from(["pro", "team"]), PLANS),
    st.sampled_from([1000, 1200]),
    st.none() | st.sampled_from([WELCOME, replace(WELCOME, name="Hi"), replace(WELCOME, first_payments=3)]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(CATALOGS, min_size=1, max_size=6))
def test_whatever_was_offered_before_stripe_sells_what_is_offered_now(history: list[Catalog]) -> None:
    booth = Booth()
    booth.client.v1.prices.create({"currency": "usd", "unit_amount": 1, "product_data": {"name": "Tea"}})
    [tea] = booth.things("price")
    for catalog in history:
        booth.sync(catalog)
        assert booth.sync(catalog) == []
        sold = {(each["lookup_key"], each["unit_amount"]) for each in booth.things("price") if each["active"]} - {
            (None, 1)
        }
        assert sold == {(offered.package_key("starter"), catalog.packages["starter"].price.amount_minor)} | {
            (offered.plan_key(each.plan_id, interval), price.amount_minor)
            for each in catalog.plans.values()
            for interval, price in each.prices.items()
            if price.amount_minor
        }
        assert tea["active"]


@pytest.fixture
def address(booth: Booth, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The account over HTTP, with a key to it in the environment."""
    monkeypatch.setenv("STRIPE_API_KEY", KEY)
    running = serve(booth.standin, 0)
    yield running.url
    running.close()


def test_the_command_prints_each_step_and_the_sums(
    booth: Booth, address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told = []
    for arguments in (["--dry-run"], [], []):
        assert main([*arguments, "--api-base", address]) == 0
        told.append(capsys.readouterr())

    dry, first, second = (each.out.splitlines() for each in told)
    assert dry[:-1] == first[:-1]
    assert dry[-1] == first[-1].replace("made", "to make")
    assert "create price tally_plan_pro_month  29.00 USD" in first
    assert second == [first[-1].replace(f"{len(first) - 1} changes", "no changes")]
    assert KEY not in str(told)
    assert len(booth.things("price")) == len([line for line in first if " price " in line])


def test_the_paper_quotes_what_the_command_prints(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    [quoted, *_] = fences(PAPER, "console")
    main(["--dry-run", "--api-base", address])
    printed = capsys.readouterr().out.splitlines()

    lines = [line for line in quoted.splitlines() if not line.startswith("$") and line != "…"]
    assert len(lines) >= 5
    assert [line for line in lines if line not in printed] == []


@pytest.mark.parametrize("key", [None, "", "  ", "sk_test_a\nsk_test_b", "sk_tést"])
def test_without_a_key_it_says_what_is_missing(
    booth: Booth, key: str | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("STRIPE_API_KEY", raising=False)
    if key is not None:
        monkeypatch.setenv("STRIPE_API_KEY", key)

    assert main([]) == 1
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "STRIPE_API_KEY must hold a secret key of Stripe's\n")


def test_a_key_that_stripe_refuses_is_not_printed(
    address: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STRIPE_API_KEY", "rk_wrong_hushhush")

    assert main(["--api-base", address]) == 1
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "Stripe refuses the key in STRIPE_API_KEY\n")


def test_what_stripe_refuses_is_said_under_the_step_that_it_was(
    address: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    long = replace(OFFER, incentive=replace(WELCOME, name="x" * 41))
    monkeypatch.setattr(wiring, "catalog", lambda: long)

    assert main(["--api-base", address]) == 1
    told = capsys.readouterr()
    assert told.out.splitlines()[:-1] == FIRST[:-1]
    assert told.err == "Stripe: Invalid string: name must be at most 40 characters\n"


def test_a_clash_a_wrong_catalogue_and_no_answer_end_with_1(
    booth: Booth, address: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    booth.client.v1.products.create({"id": "tally_package_starter", "name": "Theirs"})
    assert main(["--api-base", address]) == 1
    assert "without our tags" in capsys.readouterr().err

    def wrong() -> Catalog:
        raise WrongCatalog("catalog.toml line 3: currency: a text is wanted")

    monkeypatch.setattr(wiring, "catalog", wrong)
    assert main(["--api-base", address]) == 1
    assert capsys.readouterr().err == "catalog.toml line 3: currency: a text is wanted\n"
    monkeypatch.undo()

    monkeypatch.setenv("STRIPE_API_KEY", KEY)
    assert main(["--api-base", "http://127.0.0.1:9"]) == 1
    told = capsys.readouterr().err
    assert told.startswith("Stripe: ")
    assert KEY not in told


@pytest.mark.usefixtures("address")
def test_whatever_goes_wrong_the_key_is_not_in_what_is_printed(
    booth: Booth, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    refusal: Callable[..., stripe.InvalidRequestError] = stripe.InvalidRequestError

    def refuse(_method: str, path: str) -> None:
        if path == "/v1/coupons/tally_20_off_once":
            raise refusal(f"{KEY} may not read coupons", None, http_status=400)

    booth.transport.before = refuse
    monkeypatch.setattr("infra.stripe_sync.connect", lambda *_: booth.client)

    assert main([]) == 1
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "Stripe: … may not read coupons\n")
    assert booth.writes == []


@pytest.mark.parametrize("url", ["http://stripe.example", "ftp://localhost", "nonsense"], ids=str)
def test_the_key_goes_nowhere_in_the_clear(url: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--api-base", url])

    assert ended.value.code == 2


def test_it_runs_as_a_module_and_explains_itself() -> None:
    command = [sys.executable, "-m", "infra.stripe_sync", "--help"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert (run.returncode, run.stderr) == (0, "")
    assert "--dry-run" in run.stdout


@pytest.mark.parametrize(("words", "told"), [([], ""), (["DRY=1"], " --dry-run")])
def test_make_runs_it(words: list[str], told: str) -> None:
    run = subprocess.run(
        ["make", "--dry-run", "--no-print-directory", "--old-file=.venv/.run", "stripe-sync", *words],
        cwd=ROOT,
        env={**os.environ, "MAKEFLAGS": ""},
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.stdout.splitlines()[-1].rstrip() == f".venv/bin/python -m infra.stripe_sync{told}"

"""
`/v1/subscription_schedules`: what a subscription will cost from its next period on.

Made from a running subscription; its phases follow one another, and the first is the running one.
"""

from __future__ import annotations

from local.stripe.account import Account, Call
from local.stripe.errors import Json, impossible, invalid
from local.stripe.lists import page
from local.stripe.params import Params
from local.stripe.periods import next_boundary
from local.stripe.schedule_shape import ACTIVE, PRORATIONS, blank, phase_of
from local.stripe.subscription_shape import plan

RELEASED = "released"
END_BEHAVIORS = ("release",)
PHASE = ("items", "start_date", "end_date", "duration", "proration_behavior", "metadata")


def create(call: Call) -> Json:
    """Take a subscription over, as it is."""
    params, account = call.params, call.account
    params.only("from_subscription")
    subscription = account.refer("subscription", params.required("from_subscription"), "from_subscription")
    if subscription["schedule"] or subscription["status"] == "canceled":
        raise impossible("This subscription has a schedule already, or has ended.", param="from_subscription")
    schedule = account.add(blank(account, subscription))
    subscription["schedule"] = schedule["id"]
    account.emit("customer.subscription.updated", subscription, previous={"schedule": None})
    return schedule


def retrieve(call: Call) -> Json:
    """One schedule."""
    call.params.only()
    return call.account.find("subscription_schedule", call.id)


def list_(call: Call) -> Json:
    """Schedules by `customer`."""
    return page(call, call.account.all("subscription_schedule"), "/v1/subscription_schedules", same=("customer",))


def update(call: Call) -> Json:
    """Plan other phases. The running one cannot be changed here: that is done on the subscription."""
    params, account = call.params, call.account
    params.only("phases", "end_behavior", "metadata", "proration_behavior")
    schedule = _active(call)
    params.choice("end_behavior", END_BEHAVIORS)
    if params.has("phases"):
        schedule["phases"] = _phases(account, schedule, params)
    schedule["metadata"] = params.metadata(schedule["metadata"])
    return schedule


def release(call: Call) -> Json:
    """Let the subscription go on as it is; what was planned is forgotten."""
    call.params.only("preserve_cancel_date")
    schedule = _active(call)
    let_go(call.account, schedule)
    subscription = call.account.find("subscription", schedule["released_subscription"])
    call.account.emit("customer.subscription.updated", subscription, previous={"schedule": schedule["id"]})
    return schedule


def let_go(account: Account, schedule: Json) -> None:
    """End a schedule and leave its subscription."""
    subscription = account.find("subscription", schedule["subscription"])
    subscription["schedule"] = None
    schedule.update(
        status=RELEASED,
        subscription=None,
        released_subscription=subscription["id"],
        released_at=account.timestamp(),
        current_phase=None,
    )


def enter_phase(account: Account, subscription: Json, start: int) -> None:
    """Put in force what a schedule has planned for the period that begins at a time."""
    if not subscription["schedule"]:
        return
    schedule = account.find("subscription_schedule", subscription["schedule"])
    phase = next((one for one in schedule["phases"] if one["start_date"] <= start < one["end_date"]), None)
    if phase is None:
        let_go(account, schedule)
        return
    schedule["current_phase"] = {"start_date": phase["start_date"], "end_date": phase["end_date"]}
    item, planned = subscription["items"]["data"][0], phase["items"][0]
    price = account.find("price", planned["price"])
    if price["recurring"] != item["price"]["recurring"]:
        subscription["billing_cycle_anchor"] = start
    item.update(price=price, plan=plan(price), quantity=planned["quantity"])


def _active(call: Call) -> Json:
    schedule = call.account.find("subscription_schedule", call.id)
    if schedule["status"] != ACTIVE:
        raise impossible(f"This schedule is {schedule['status']}; only an active one can be changed.")
    return schedule


def _phases(account: Account, schedule: Json, params: Params) -> list[Json]:
    running = schedule["phases"][0]
    phases: list[Json] = []
    for sent in params.tables("phases"):
        phases.append(_phase(account, sent, start=phases[-1]["end_date"] if phases else running["start_date"]))
    if not phases:
        raise params.absent("phases")
    first = params.tables("phases")[0]
    if first.integer("start_date") != running["start_date"]:
        raise invalid(first.named("start_date"), "The first phase must start when the running one did.")
    if phases[0]["items"][0]["price"] != running["items"][0]["price"]:
        raise impossible("The stand-in changes the running phase on the subscription only.", param=first.path)
    return phases


def _phase(account: Account, sent: Params, *, start: int) -> Json:
    sent.only(*PHASE)
    items = sent.tables("items")
    if len(items) != 1:
        raise invalid(sent.named("items"), "The stand-in models one item a phase.")
    items[0].only("price", "quantity")
    price = account.refer("price", items[0].required("price"), items[0].named("price"))
    return phase_of(
        price,
        items[0].integer("quantity", least=1) or 1,
        start=start,
        end=sent.integer("end_date", least=start + 1) or _lasts(sent, price, start),
        proration=sent.choice("proration_behavior", PRORATIONS, PRORATIONS[0]) or "",
    ) | {"metadata": sent.metadata()}


def _lasts(sent: Params, price: Json, start: int) -> int:
    """When a phase without an end ends: after its duration, or after one period."""
    if not sent.has("duration"):
        return next_boundary(start, start, price["recurring"])
    duration = sent.nested("duration")
    duration.only("interval", "interval_count")
    interval = duration.choice("interval", ("day", "week", "month", "year")) or duration.required("interval")
    count = duration.integer("interval_count", least=1) or 1
    return next_boundary(start, start, {"interval": interval, "interval_count": count})

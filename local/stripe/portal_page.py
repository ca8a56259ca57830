"""The billing portal's page: a customer's subscriptions, to cancel and to resume."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape

from local.stripe import subscriptions
from local.stripe.account import Account
from local.stripe.errors import Json
from local.stripe.looks import framed
from local.stripe.money import written
from local.stripe.shown import Shown, way_back

CANCEL, RESUME = "cancel", "resume"


def show(account: Account, visit: Json) -> Shown:
    """The page of one visit."""
    running = [
        subscription
        for subscription in account.all("subscription")
        if subscription["customer"] == visit["customer"] and subscription["status"] not in subscriptions.ENDED
    ]
    blocks = "".join(_block(account, visit, subscription) for subscription in running)
    content = f"""<h1>Your subscription</h1>
{blocks or "<p>You have no subscription.</p>"}
{way_back(visit["return_url"], "Back to the shop")}"""
    return Shown(body=framed("Your subscription", content))


def obey(account: Account, visit: Json, sent: dict[str, str]) -> Shown:
    """Cancel at the period's end, or take that back."""
    subscription = account.find("subscription", sent.get("subscription", ""))
    mine = subscription["customer"] == visit["customer"] and subscription["status"] not in subscriptions.ENDED
    if mine and sent.get("do") in {CANCEL, RESUME}:
        subscriptions.set_ending(account, subscription, ending=sent["do"] == CANCEL)
    return Shown(status=303, location=f"/portal/{visit['id']}")


def _block(account: Account, visit: Json, subscription: Json) -> str:
    item = subscription["items"]["data"][0]
    name = account.find("product", item["price"]["product"])["name"]
    price = f"{written(item['price']['unit_amount'], item['price']['currency'])} a {item['plan']['interval']}"
    ending = subscription["cancel_at_period_end"]
    until = datetime.fromtimestamp(item["current_period_end"], UTC).date().isoformat()
    return f"""<dl><div><dt>{escape(name)}</dt><dd>{escape(price)}</dd></div>
<div><dt>{"Ends" if ending else "Renews"} on</dt><dd>{until}</dd></div>
<div><dt>Status</dt><dd>{escape(subscription["status"].replace("_", " "))}</dd></div></dl>
<form method="post" action="/portal/{escape(visit["id"])}">
<input type="hidden" name="subscription" value="{escape(subscription["id"])}">
<button type="submit" name="do" value="{RESUME if ending else CANCEL}">\
{"Keep the subscription" if ending else "Cancel at the period’s end"}</button>
</form>"""

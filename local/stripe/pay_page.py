"""The hosted pay page of a Checkout Session."""

from __future__ import annotations

from html import escape

from local.stripe import checkout
from local.stripe.account import Account
from local.stripe.errors import ApiError, Json
from local.stripe.looks import framed
from local.stripe.money import written
from local.stripe.shown import Shown, message, table, way_back

PLACEHOLDER = "{CHECKOUT_SESSION_ID}"

CHOICES = (
    (checkout.CARD, "Card", "•••• 4242, paid at once"),
    (checkout.BANK_DEBIT, "Bank debit", "•••• 6789, paid when the bank settles it"),
    (checkout.DECLINED, "Card that is declined", "•••• 0002"),
)


def show(account: Account, session: Json) -> Shown:
    """The page of an open session, or what became of it."""
    if session["status"] == "complete":
        link = way_back(return_address(session), "Back to the shop")
        return message(200, "This is paid", "The payment was submitted; there is nothing more to do.", link)
    if session["status"] == "expired":
        link = way_back(session["cancel_url"], "Back to the shop")
        return message(410, "This page has expired", "Nothing was charged. Please start again in the shop.", link)
    return _form(account, session)


def obey(account: Account, session: Json, sent: dict[str, str]) -> Shown:
    """Pay as the form says, and send the buyer back; a second press finds the session paid and goes back too."""
    if session["status"] == "complete":
        return Shown(status=303, location=return_address(session))
    if session["status"] != "open":
        return show(account, session)
    way = sent.get("method", "")
    if way not in checkout.WAYS:
        return _form(account, session, alert="Please choose how to pay.", status=400)
    try:
        checkout.pay(account, session, way, email=sent.get("email", "").strip() or None)
    except ApiError as refusal:
        return message(409, "This cannot be paid", str(refusal), way_back(session["cancel_url"], "Back to the shop"))
    if session["status"] == "open":
        alert = "Your card was declined. Please try another way to pay."
        return _form(account, session, alert=alert, way=way, status=402)
    return Shown(status=303, location=return_address(session))


def return_address(session: Json) -> str:
    """Where a buyer goes after paying: the seller's address with the session's id filled in."""
    return str(session["success_url"]).replace(PLACEHOLDER, session["id"])


def _form(account: Account, session: Json, *, alert: str = "", way: str = checkout.CARD, status: int = 200) -> Shown:
    due = escape(written(session["amount_total"], session["currency"]))
    verb = "Subscribe" if session["mode"] == "subscription" else "Pay"
    content = f"""<h1>{"Your subscription" if verb == "Subscribe" else "Your order"}</h1>
<p class="amount">{due}{_interval(account, session)}</p>
{_bill(account, session)}
{f'<p class="alert" role="alert">{escape(alert)}</p>' if alert else ""}
<form method="post" action="/pay/{escape(session["id"])}">
{_email(account, session)}
<fieldset><legend>Payment method</legend>
{"".join(_choice(*choice, checked=choice[0] == way) for choice in CHOICES)}</fieldset>
<button type="submit">{verb if verb == "Subscribe" else f"Pay {due}"}</button>
</form>
{way_back(session["cancel_url"], "Cancel and go back")}"""
    return Shown(status=status, body=framed(f"Pay {due}", content))


def _interval(account: Account, session: Json) -> str:
    recurring = next((line["price"]["recurring"] for line in account.terms[session["id"]].lines), None)
    return f" <small>a {recurring['interval']}</small>" if recurring else ""


def _bill(account: Account, session: Json) -> str:
    rows = [
        (
            f"{line['description']} × {line['quantity']}" if line["quantity"] > 1 else line["description"],
            written(line["amount_subtotal"], session["currency"]),
        )
        for line in account.terms[session["id"]].lines
    ]
    off = session["total_details"]["amount_discount"]
    return table([*rows, ("Discount", written(-off, session["currency"]))] if off else rows)


def _email(account: Account, session: Json) -> str:
    known = checkout.known_email(account, session)
    if known:
        return f'<p><span class="label">E-mail</span>{escape(known)}</p>'
    return (
        '<label class="label" for="email">E-mail</label>'
        f'<input id="email" name="email" type="email" autocomplete="email" required value="{checkout.USUAL_EMAIL}">'
    )


def _choice(way: str, name: str, note: str, *, checked: bool) -> str:
    mark = " checked" if checked else ""
    return (
        f'<label><input type="radio" name="method" value="{way}" required{mark}>'
        f"<span>{name}<br><small>{note}</small></span></label>\n"
    )

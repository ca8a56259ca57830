"""`/v1/prices`: amounts of products, found again by `lookup_key`; an amount never changes."""

from __future__ import annotations

from local.stripe import products
from local.stripe.account import Account, Call
from local.stripe.errors import Json, impossible, invalid
from local.stripe.lists import page
from local.stripe.money import MOST_MINOR, currency_of
from local.stripe.params import Params

INTERVALS = ("day", "week", "month", "year")
TAX_BEHAVIOURS = ("inclusive", "exclusive", "unspecified")
LONGEST_LOOKUP_KEY = 200
MOST_LOOKUP_KEYS = 10  # in one request
INLINE = ("currency", "product", "product_data", "unit_amount", "recurring", "tax_behavior")


def create(call: Call) -> Json:
    """Make a price of a product, which may be made with it."""
    params, account = call.params, call.account
    params.only(*INLINE, "active", "lookup_key", "transfer_lookup_key", "metadata", "nickname", "billing_scheme")
    price = _described(account, params)
    price["active"] = params.flag("active", default=True)
    price["metadata"], price["nickname"] = params.metadata(), params.text("nickname")
    _claim_lookup_key(account, price, params)
    return account.add(price)


def inline(account: Account, params: Params) -> Json:
    """Make the price that a line item describes by `price_data`: used once, so not active."""
    params.only(*INLINE)
    price = _described(account, params)
    price["active"] = False
    return account.add(price)


def retrieve(call: Call) -> Json:
    """One price."""
    call.params.only()
    return call.account.find("price", call.id)


def update(call: Call) -> Json:
    """Change all but the amount, which Stripe lets nobody edit."""
    params = call.params
    params.only("active", "lookup_key", "transfer_lookup_key", "metadata", "nickname", "tax_behavior")
    price = call.account.find("price", call.id)
    _claim_lookup_key(call.account, price, params)
    price["active"] = params.flag("active", default=price["active"])
    price["metadata"] = params.metadata(price["metadata"])
    price["tax_behavior"] = params.choice("tax_behavior", TAX_BEHAVIOURS, price["tax_behavior"])
    if params.has("nickname"):
        price["nickname"] = params.text("nickname")
    return price


def list_(call: Call) -> Json:
    """Prices by `lookup_keys`, `product`, `active`, `currency`, `type` and `recurring[interval]`."""
    keys, recurring = call.params.texts("lookup_keys"), call.params.nested("recurring")
    recurring.only("interval", "usage_type")
    if len(keys) > MOST_LOOKUP_KEYS:
        raise invalid("lookup_keys", f"Array lookup_keys exceeded maximum {MOST_LOOKUP_KEYS} allowed elements.")
    interval = recurring.text("interval")
    prices = [
        price
        for price in call.account.all("price")
        if (not keys or price["lookup_key"] in keys)
        and (not interval or (price["recurring"] or {}).get("interval") == interval)
    ]
    same = ("product", "active", "currency", "type")
    return page(call, prices, "/v1/prices", same=same, also=("lookup_keys", "recurring"))


def _claim_lookup_key(account: Account, price: Json, params: Params) -> None:
    """Give the price a lookup key; one that another price has moves only with `transfer_lookup_key`."""
    if not params.has("lookup_key"):
        return
    key = params.text("lookup_key", longest=LONGEST_LOOKUP_KEY)
    for other in account.all("price"):
        if key and other["lookup_key"] == key and other is not price:
            if not params.flag("transfer_lookup_key"):
                raise impossible(f"A price (`{other['id']}`) already uses that lookup key.", param="lookup_key")
            other["lookup_key"] = None
    price["lookup_key"] = key


def _described(account: Account, params: Params) -> Json:
    amount = params.required_integer("unit_amount", most=MOST_MINOR)
    recurring = _recurring(params)
    currency = currency_of(params)
    return {
        "id": account.new_id("price"),
        "object": "price",
        "active": True,
        "billing_scheme": params.choice("billing_scheme", ("per_unit",), "per_unit"),
        "created": account.timestamp(),
        "currency": currency,
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": None,
        "metadata": {},
        "nickname": None,
        "product": _product(account, params)["id"],
        "recurring": recurring,
        "tax_behavior": params.choice("tax_behavior", TAX_BEHAVIOURS, "unspecified"),
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "recurring" if recurring else "one_time",
        "unit_amount": amount,
        "unit_amount_decimal": str(amount),
    }


def _product(account: Account, params: Params) -> Json:
    if params.has("product") == params.has("product_data"):
        message = "You must specify either `product` or `product_data` when creating a price."
        raise invalid(params.named("product"), message)
    if params.has("product"):
        return account.refer("product", params.required("product"), params.named("product"))
    made = params.nested("product_data")
    made.only("name", "description", "images", "metadata", "tax_code", "unit_label")
    product = products.blank(account, made.required("name"))
    product.update(active=not params.path, description=made.text("description"), metadata=made.metadata())
    return account.add(product)


def _recurring(params: Params) -> Json | None:
    if not params.has("recurring"):
        return None
    recurring = params.nested("recurring")
    recurring.only("interval", "interval_count", "usage_type")
    return {
        "interval": recurring.choice("interval", INTERVALS) or recurring.required("interval"),
        "interval_count": recurring.integer("interval_count", least=1) or 1,
        "meter": None,
        "trial_period_days": None,
        "usage_type": recurring.choice("usage_type", ("licensed",), "licensed"),
    }

"""`/v1/products`: what is sold."""

from __future__ import annotations

import re

from local.stripe.account import Account, Call
from local.stripe.errors import ApiError, Json, impossible, invalid
from local.stripe.lists import page
from local.stripe.params import Params

TEXTS = ("description", "statement_descriptor", "tax_code", "unit_label", "url")
ID = re.compile(r"[A-Za-z0-9_.:-]{1,255}")


def create(call: Call) -> Json:
    """Make a product, under an id of the caller's if one is sent."""
    params, account = call.params, call.account
    params.only("id", "name", "active", "metadata", *TEXTS)
    name = params.text("id")
    if name and not ID.fullmatch(name):
        raise invalid("id", f"Invalid id: {name}")
    if name in account.objects.get("product", {}):
        raise ApiError(400, f"Product already exists: '{name}'", code="resource_already_exists", param="id")
    product = blank(account, params.required("name"), name=name)
    _change(product, params)
    return account.add(product)


def retrieve(call: Call) -> Json:
    """One product."""
    call.params.only()
    return call.account.find("product", call.id)


def update(call: Call) -> Json:
    """Change what is sent and leave the rest."""
    params = call.params
    params.only("name", "active", "metadata", "default_price", *TEXTS)
    product = call.account.find("product", call.id)
    default = params.text("default_price")
    if default:
        product["default_price"] = call.account.refer("price", default, "default_price")["id"]
    if params.has("name"):
        product["name"] = params.required("name")
    _change(product, params)
    product["updated"] = call.account.timestamp()
    return product


def list_(call: Call) -> Json:
    """Products by `active` and `ids`."""
    ids = call.params.texts("ids")
    products = [product for product in call.account.all("product") if not ids or product["id"] in ids]
    return page(call, products, "/v1/products", same=("active", "url"), also=("ids",))


def delete(call: Call) -> Json:
    """Delete a product that has no prices."""
    call.params.only()
    product = call.account.find("product", call.id)
    if any(price["product"] == product["id"] for price in call.account.all("price")):
        raise impossible("This product cannot be deleted because it has one or more user-created prices.")
    del call.account.objects["product"][call.id]
    return {"id": call.id, "object": "product", "deleted": True}


def _change(product: Json, params: Params) -> None:
    product["active"] = params.flag("active", default=product["active"])
    product["metadata"] = params.metadata(product["metadata"])
    product.update({text: params.text(text) for text in TEXTS if params.has(text)})


def blank(account: Account, title: str, *, name: str | None = None) -> Json:
    """A new product, not kept yet."""
    return {
        "id": name or account.new_id("prod"),
        "object": "product",
        "active": True,
        "created": account.timestamp(),
        "default_price": None,
        "description": None,
        "images": [],
        "livemode": False,
        "marketing_features": [],
        "metadata": {},
        "name": title,
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": None,
        "tax_code": None,
        "type": "service",
        "unit_label": None,
        "updated": account.timestamp(),
        "url": None,
    }

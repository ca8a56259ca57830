"""
`make stripe-sync [DRY=1]`: has Stripe sell what `catalog.toml` offers, and retires prices of what it offers no more.

It looks, plans, and takes each step as one write, so that a run that was cut short is finished by the next one. An
amount is never edited: another amount is another price, to which the lookup key moves on.

Nothing is made twice: products and the coupon have ids of ours and a first price has its lookup key, of which Stripe
takes no second. Only a price that takes a key over could be, so its idempotency key names the price before it. The
other writes have none of ours: for a day Stripe would answer the second of two equal ones, such as a name changed
there, back and there again, without doing it.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import stripe

from chalicelib import wiring
from chalicelib.domain.catalog import Catalog
from chalicelib.domain.strict_toml import WrongCatalog
from chalicelib.payments.client import connect
from infra.shelf import Clash, Kind, Step, Thing, found, plan, wanted

STRIPE = "https://api.stripe.com"
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
KEY = re.compile(r"[!-~]+")
MOST_KEYS = 10  # that Stripe looks up in one request; as many as it lists unless it is asked for more
PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What is on offer, and what was done for it or, in a dry run, would have been."""

    offer: Sequence[Thing]
    steps: Sequence[Step]
    dry_run: bool

    @property
    def summary(self) -> str:
        kinds = [each.kind for each in self.offer]
        there = ", ".join(_counted(kinds.count(kind), kind) for kind in ("product", "price", "coupon"))
        return f"{there} on offer; {_counted(len(self.steps), 'change')} {'to make' if self.dry_run else 'made'}"


def _counted(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"


def sync(
    client: stripe.StripeClient,
    catalog: Catalog,
    *,
    dry_run: bool = False,
    say: Callable[[str], object] = lambda _line: None,
) -> Report:
    """
    Bring Stripe to what *catalog* offers; *say* hears of each step before it is taken.

    Raises:
        Clash: A name of ours is taken; nothing was written.
        stripe.StripeError: Stripe refused or gave no answer. What was done before stays, and the next run goes on.
    """
    offer = list(wanted(catalog))
    steps = plan(offer, look(client, offer))
    for step in steps:
        say(step.line)
        if not dry_run:
            apply(client, step)
    return Report(offer=offer, steps=steps, dry_run=dry_run)


def look(client: stripe.StripeClient, offer: Sequence[Thing]) -> list[Thing]:
    """Find whatever bears a name that is on offer, and every price that is active, whosever it is."""
    v1: Any = client.v1
    names = {kind: [str(each.name) for each in offer if each.kind == kind] for kind in ("product", "price", "coupon")}
    prices = [*v1.prices.list({"active": True, "limit": PAGE}).auto_paging_iter()]
    prices += _named(v1.prices, "lookup_keys", names["price"])
    products = _named(v1.products, "ids", names["product"])
    coupons = [coupon for name in names["coupon"] if (coupon := _coupon(v1.coupons, name))]
    by_id = {each["id"]: each for each in prices}  # most came twice
    kinds: tuple[tuple[Kind, Any], ...] = (("product", products), ("price", by_id.values()), ("coupon", coupons))
    return [found(kind, each.to_dict()) for kind, things in kinds for each in things]


def _named(service: Any, by: str, names: Sequence[str]) -> Iterator[Any]:
    for at in range(0, len(names), MOST_KEYS):
        yield from service.list({by: names[at : at + MOST_KEYS]}).data


def _coupon(coupons: Any, name: str) -> Any:
    try:
        return coupons.retrieve(name)
    except stripe.InvalidRequestError as refusal:
        if refusal.http_status != HTTPStatus.NOT_FOUND:
            raise
        return None


def apply(client: stripe.StripeClient, step: Step) -> None:
    """Take a step: one request."""
    v1 = client.v1
    service: Any = {"product": v1.products, "price": v1.prices, "coupon": v1.coupons}[step.kind]
    if step.changes:
        service.update(step.changes, step.asked)
    else:
        service.create(step.asked, {"idempotency_key": step.once} if step.once else {})


def main(arguments: Sequence[str] | None = None) -> int:
    """Print each step and what is on offer; 1 when the key is missing or it can't be done."""
    parser = argparse.ArgumentParser(prog="python -m infra.stripe_sync", description="Bring Stripe to the catalogue.")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and write nothing")
    parser.add_argument("--api-base", type=_address, default=STRIPE, metavar="URL", help=f"instead of {STRIPE}")
    options = parser.parse_args(arguments)
    key = os.environ.get("STRIPE_API_KEY", "").strip()
    if not KEY.fullmatch(key):
        return _failed("STRIPE_API_KEY must hold a secret key of Stripe's")
    try:
        client = connect(key, options.api_base)
        print(sync(client, wiring.catalog(), dry_run=options.dry_run, say=print).summary)
    except (Clash, WrongCatalog) as wrong:
        return _failed(str(wrong))
    except stripe.AuthenticationError:
        return _failed("Stripe refuses the key in STRIPE_API_KEY")
    except stripe.StripeError as error:
        return _failed(f"Stripe: {error.user_message or type(error).__name__}".replace(key, "…"))
    return 0


def _address(text: str) -> str:
    """Read where Stripe is: the key goes there, so it is https, or this machine."""
    parts = urlsplit(text)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK):
        return text.rstrip("/")
    raise argparse.ArgumentTypeError("https is wanted, or http on this machine")


def _failed(why: str) -> int:
    print(why, file=sys.stderr)
    return 1


if __name__ == "__main__":
    raise SystemExit(main())

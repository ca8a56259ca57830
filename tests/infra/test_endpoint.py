"""Stripe is told where to send events: once, to the right address, all that the program listens to, and no more."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import stripe

from chalicelib.payments.client import connect
from infra.endpoint import EVENTS, register, unregister

STACK, URL, SECRET = "tally-dev", "https://abc.lambda-url.us-east-1.on.aws/", "whsec_new"


class Account(stripe.HTTPClient):
    """The part of Stripe's API that is about endpoints."""

    name = "account"

    def __init__(self) -> None:
        super().__init__()
        self.endpoints: list[dict[str, Any]] = []
        self.writes: list[str] = []

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        del headers, _usage
        sent = dict(parse_qsl(post_data or ""))
        events = [value for name, value in sent.items() if name.startswith("enabled_events")]
        name = urlsplit(url).path.rpartition("/")[2]
        if method.upper() != "GET":
            self.writes.append(method.upper())
        if method.upper() == "DELETE":
            self.endpoints = [each for each in self.endpoints if each["id"] != name]
            return json.dumps({"object": "webhook_endpoint", "id": name, "deleted": True}), 200, {}
        if method.upper() == "GET":
            body = {"object": "list", "url": "/v1/webhook_endpoints", "has_more": False, "data": self.endpoints}
            return json.dumps(body), 200, {}
        if name != "webhook_endpoints":
            [each] = [each for each in self.endpoints if each["id"] == name]
            each |= {"url": sent["url"], "enabled_events": events, "status": "enabled"}
            return json.dumps(each), 200, {}
        assert sent["api_version"] == stripe.api_version
        return json.dumps({**self.there(sent["url"], events, sent["metadata[tally_stack]"]), "secret": SECRET}), 200, {}

    def there(self, url: str, events: list[str] = EVENTS, stack: str = STACK) -> dict[str, Any]:
        """Have an endpoint there."""
        made = {
            "object": "webhook_endpoint",
            "id": f"we_{len(self.writes)}{len(self.endpoints)}",
            "url": url,
            "enabled_events": events,
            "status": "enabled",
            "metadata": {"tally_stack": stack} if stack else {},
        }
        self.endpoints.append(made)
        return made


class Place:
    """An account of Stripe's, and what SSM is given."""

    def __init__(self) -> None:
        self.account, self.kept = Account(), list[str]()
        self.client = connect("sk_test_1", "https://stripe.example", http_client=self.account)

    def register(self, *, has_secret: bool = False) -> str:
        return register(self.client, STACK, URL, has_secret=has_secret, keep=self.kept.append)


@pytest.fixture
def place() -> Place:
    return Place()


def test_a_new_endpoint_hears_what_the_program_listens_to_and_its_secret_is_kept(place: Place) -> None:
    told = place.register()

    [made] = place.account.endpoints
    assert (made["url"], made["enabled_events"], made["metadata"]) == (URL, EVENTS, {"tally_stack": STACK})
    assert place.kept == [SECRET]
    assert SECRET not in told
    assert {"checkout.session.completed", "charge.refunded", "customer.subscription.deleted"} < set(EVENTS)


def test_the_second_time_there_is_nothing_to_do(place: Place) -> None:
    place.register()
    place.account.writes.clear()

    assert place.register(has_secret=True) == f"Stripe sends {len(EVENTS)} kinds of events there already"
    assert (place.account.writes, place.kept) == ([], [SECRET])


@pytest.mark.parametrize(
    ("url", "events"), [("https://old.example.com/", EVENTS), (URL, ["charge.refunded"])], ids=["address", "events"]
)
def test_another_address_or_other_events_are_mended_and_the_secret_stays(
    place: Place, url: str, events: list[str]
) -> None:
    place.account.there(url, events)

    place.register(has_secret=True)

    [found] = place.account.endpoints
    assert (found["url"], found["enabled_events"], place.kept) == (URL, EVENTS, [])


def test_where_the_secret_is_lost_another_endpoint_takes_its_place(place: Place) -> None:
    place.account.there(URL)

    place.register(has_secret=False)

    assert (len(place.account.endpoints), place.kept) == (1, [SECRET])


def test_of_two_endpoints_of_a_stack_one_stays(place: Place) -> None:
    place.account.there(URL)
    place.account.there(URL)

    place.register(has_secret=True)

    assert len(place.account.endpoints) == 1


@pytest.mark.parametrize("stack", ["", "tally-prod"])
def test_endpoints_of_others_are_left_alone(place: Place, stack: str) -> None:
    others = place.account.there("https://others.example.com/", stack=stack)

    place.register()
    assert unregister(place.client, STACK) == 1

    assert place.account.endpoints == [others]

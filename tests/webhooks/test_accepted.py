"""What Stripe signed is accepted up to the very limit, and while one secret follows the other."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

from chalicelib import wiring
from chalicelib.webhooks.endpoint import handle
from tests.webhooks.premises import SECRET, SECRET_NAME, Premises
from tests.webhooks.sender import A_MAC, LARGEST_BODY, LONGEST_HEADER, SHUT, Request, Sender, request


@pytest.fixture
def stripe(premises: Premises) -> Sender:
    return Sender(premises)


ACCEPTED: dict[str, Callable[[Sender], Request]] = {
    "just now": lambda s: request(s.body, s.sign()),
    "300 seconds ago": lambda s: request(s.body, s.sign(seconds_ago=300)),
    "60 seconds ahead": lambda s: request(s.body, s.sign(seconds_ago=-60)),
    "five signatures, the right one first": lambda s: request(s.body, s.sign() + f",v1={A_MAC}" * 4),
    "five signatures, the right one last": lambda s: request(
        s.body, f"t={s.time}" + f",v1={A_MAC}" * 4 + f",v1={s.mac()}"
    ),
    "the test scheme beside it": lambda s: request(s.body, f"{s.sign()},v0={A_MAC}"),
    "the time behind the signature": lambda s: request(s.body, f"v1={s.mac()},t={s.time}"),
    "a header of 1 KB": lambda s: request(s.body, s.sign() + ",x=" + "a" * (LONGEST_HEADER - len(s.sign()) - 3)),
    "base64": lambda s: request(s.body, s.sign(), body=base64.b64encode(s.body).decode(), isBase64Encoded=True),
    "256 KB": lambda s: s.signed(s.body + b" " * (LARGEST_BODY - len(s.body))),
    "fields that we don't know": lambda s: s.saying(colour="red", pending_webhooks=[{}]),
}


@pytest.mark.parametrize("send", ACCEPTED.values(), ids=ACCEPTED)
def test_what_stripe_signed_is_accepted_up_to_the_very_limit(stripe: Sender, send: Callable[[Sender], Request]) -> None:
    assert handle(send(stripe), 29_000)["statusCode"] == 200
    assert stripe.premises.wallet().available(stripe.premises.at) == 1000


@pytest.mark.parametrize("secret", [SECRET, "whsec_next"])
def test_both_secrets_are_good_while_one_follows_the_other(stripe: Sender, secret: str) -> None:
    stripe.premises.secrets[SECRET_NAME] = f"{SECRET}, whsec_next"

    assert handle(request(stripe.body, stripe.sign(secret=secret)), 29_000)["statusCode"] == 200


def test_a_secret_that_was_taken_back_is_no_good(stripe: Sender) -> None:
    stripe.premises.secrets[SECRET_NAME] = "whsec_next"

    assert handle(request(stripe.body, stripe.sign()), 29_000) == SHUT
    assert stripe.premises.is_untouched


@pytest.mark.parametrize("secrets", ["", " ", ",", f"{SECRET},", f",{SECRET}", "a,b,c"])
def test_no_secret_or_an_empty_one_verifies_nothing(stripe: Sender, secrets: str) -> None:
    stripe.premises.secrets[SECRET_NAME] = secrets

    with pytest.raises(ValueError, match="webhook secret"):
        wiring.webhook_secrets()
    with pytest.raises(ValueError, match="webhook secret"):
        handle(request(stripe.body, stripe.sign(secret="")), 29_000)
    assert stripe.premises.is_untouched


def test_an_event_that_we_have_no_use_for_is_accepted_and_asks_nobody(stripe: Sender) -> None:
    assert handle(stripe.saying(type="customer.created"), 29_000)["statusCode"] == 200
    assert stripe.premises.is_untouched

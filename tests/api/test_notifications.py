"""Where messages go: what a customer sets, what is shown of it, and what is never shown again."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.domain.contacts import recipient_of
from chalicelib.domain.messages import Recipient
from chalicelib.services.ports import OutcomeUnknown, Throttled
from chalicelib.store.dynamo import DynamoStore
from local.replies import Reply
from tests.api.desk import ADMIN, SERVICE, Desk, refusal
from tests.trouble import KINDS, answered
from tests.webhooks.premises import WALLET

PATH = "/api/user/notifications"
NOTHING = {"wallet_id": WALLET, "email": None, "email_in_use": None, "webhook_url": None, "locale": "en"}
EMAIL, URL, OTHER_URL = "ada@example.com", "https://hooks.example.com/tally", "https://hooks.example.org/tally"


def put(desk: Desk, body: object, *, token: str | None = None, query: str = "") -> Reply:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    return desk.ask("PUT", PATH + query, token=token or desk.token(), headers=headers, body=raw)


def shown(desk: Desk, *, token: str | None = None, query: str = "") -> dict[str, Any]:
    reply = desk.get(PATH + query, token=token)
    assert reply.status == 200, reply.body
    assert reply.headers["cache-control"] == "no-store"
    said: dict[str, Any] = reply.json()
    return said


def recipient(wallet_id: str = WALLET) -> Recipient:
    """Who gets a message now."""
    return recipient_of(wiring.store().contact(wallet_id), wiring.store().known_addresses(wallet_id))


def test_before_anything_was_set_nothing_is_known(desk: Desk) -> None:
    with desk.changing_nothing():
        assert shown(desk) == NOTHING


def test_an_address_is_set_and_shown(desk: Desk) -> None:
    reply = put(desk, {"email": EMAIL})

    assert (reply.status, reply.json()) == (200, {**NOTHING, "email": EMAIL, "email_in_use": EMAIL})
    assert reply.headers["cache-control"] == "no-store"
    assert shown(desk) == reply.json()
    assert recipient() == Recipient(wallet_id=WALLET, email=EMAIL)


@pytest.mark.parametrize("trouble", [Throttled("slow down"), OutcomeUnknown("no answer")])
def test_where_the_known_addresses_cannot_be_read_nothing_is_set_and_no_secret_lost(
    desk: Desk, trouble: Exception
) -> None:
    def down(*_asked: object) -> None:
        raise trouble

    with pytest.MonkeyPatch.context() as patch, desk.changing_nothing():
        patch.setattr(DynamoStore, "known_addresses", down)
        refusal(put(desk, {"webhook_url": URL}), 503, "busy")

    assert "secret" in put(desk, {"webhook_url": URL}).json()


def test_nothing_is_asked_after_the_write(desk: Desk) -> None:
    desk.premises.forget_calls()

    assert put(desk, {"webhook_url": URL}).status == 200

    assert desk.premises.aws[-1] == "TransactWriteItems"


def test_a_webhooks_secret_is_shown_once(desk: Desk) -> None:
    reply = put(desk, {"webhook_url": URL})

    said = reply.json()
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{32}", said["secret"])
    assert len(b64decode(said["secret"].removeprefix("whsec_"))) == 24
    assert said == {**NOTHING, "webhook_url": URL, "secret": said["secret"]}
    assert recipient().webhook_secret == said["secret"]
    assert shown(desk) == {**NOTHING, "webhook_url": URL}
    with desk.changing_nothing():
        again = put(desk, {"webhook_url": URL})
    assert (again.status, again.json()) == (200, {**NOTHING, "webhook_url": URL})
    assert recipient().webhook_secret == said["secret"]


def test_a_changed_webhook_gets_a_new_secret_and_other_changes_keep_it(desk: Desk) -> None:
    first = put(desk, {"webhook_url": URL}).json()["secret"]
    assert "secret" not in put(desk, {"email": EMAIL}).json()
    assert recipient().webhook_secret == first

    second = put(desk, {"webhook_url": OTHER_URL}).json()["secret"]
    third = put(desk, {"webhook_url": URL}).json()["secret"]

    assert len({first, second, third}) == 3
    assert recipient().webhook_secret == third


def test_null_clears_and_what_is_left_out_stays(desk: Desk) -> None:
    put(desk, {"email": EMAIL, "webhook_url": URL, "locale": "de"})

    assert put(desk, {"email": None}).json() == {**NOTHING, "webhook_url": URL, "locale": "de"}
    assert put(desk, {"locale": None}).json() == {**NOTHING, "webhook_url": URL}
    cleared = put(desk, {"webhook_url": None}).json()
    assert (cleared, shown(desk)) == (NOTHING, NOTHING)
    assert recipient() == Recipient(wallet_id=WALLET)


def test_nothing_to_change_changes_nothing(desk: Desk) -> None:
    with desk.changing_nothing():
        assert put(desk, {}).json() == NOTHING
        assert put(desk, {"email": None, "webhook_url": None, "locale": None}).json() == NOTHING


HOSTILE = {
    "an http address": ({"webhook_url": "http://hooks.example.com/"}, "webhook_url"),
    "loopback": ({"webhook_url": "https://127.0.0.1/"}, "webhook_url"),
    "a name for loopback": ({"webhook_url": "https://localhost/"}, "webhook_url"),
    "a cloud's metadata": ({"webhook_url": "https://169.254.169.254/latest/meta-data"}, "webhook_url"),
    "a private network": ({"webhook_url": "https://10.0.0.7/hook"}, "webhook_url"),
    "a number for a host": ({"webhook_url": "https://2130706433/"}, "webhook_url"),
    "an address of six": ({"webhook_url": "https://[::1]/"}, "webhook_url"),
    "credentials": ({"webhook_url": "https://user:pass@hooks.example.com/"}, "webhook_url"),
    "another's host": ({"webhook_url": "https://hooks.example.com@127.0.0.1/"}, "webhook_url"),
    "a fragment": ({"webhook_url": "https://hooks.example.com/#x"}, "webhook_url"),
    "a line break": ({"webhook_url": "https://hooks.example.com/\r\nX: y"}, "webhook_url"),
    "a port of the system": ({"webhook_url": "https://hooks.example.com:22/"}, "webhook_url"),
    "a long address": ({"webhook_url": "https://hooks.example.com/" + "a" * 512}, "webhook_url"),
    "an empty address": ({"webhook_url": ""}, "webhook_url"),
    "a number for an address": ({"webhook_url": 7}, "webhook_url"),
    "an e-mail without a domain": ({"email": "ada"}, "email"),
    "two e-mails": ({"email": "ada@example.com,eve@example.com"}, "email"),
    "an e-mail with a header": ({"email": "ada@example.com\r\nBcc: eve@example.com"}, "email"),
    "an e-mail with a name": ({"email": "Ada <ada@example.com>"}, "email"),
    "an e-mail beyond ASCII": ({"email": "adä@example.com"}, "email"),
    "an empty e-mail": ({"email": ""}, "email"),
    "true for an e-mail": ({"email": True}, "email"),
    "a language that isn't spoken": ({"locale": "tlh"}, "locale"),
    "a language with a country": ({"locale": "de-DE"}, "locale"),
    "a path for a language": ({"locale": "../en"}, "locale"),
    "an empty language": ({"locale": ""}, "locale"),
    "a list for a language": ({"locale": ["en"]}, "locale"),
    "a secret of one's own": ({"webhook_url": URL, "secret": "whsec_mine"}, "secret"),
    "the secret by its inner name": ({"webhook_secret": "whsec_mine"}, "webhook_secret"),
    "the token's e-mail": ({"token_email": "eve@example.com"}, "token_email"),
    "another wallet": ({"wallet_id": "acct_b", "email": EMAIL}, "wallet_id"),
    "one good and one bad": ({"email": EMAIL, "webhook_url": "https://10.0.0.7/"}, "webhook_url"),
    "a list": ([], "body"),
    "a thing said twice": (b'{"email":"ada@example.com","email":"eve@example.com"}', "email"),
    "no JSON": (b"email=ada@example.com", "body"),
}


@pytest.mark.parametrize(("body", "field"), HOSTILE.values(), ids=HOSTILE)
def test_what_is_hostile_is_named_and_changes_nothing(desk: Desk, body: object, field: str) -> None:
    put(desk, {"email": "old@example.com", "webhook_url": OTHER_URL, "locale": "de"})
    before = recipient()

    with desk.changing_nothing():
        refusal(put(desk, body), 400, "invalid_request", field)
        assert recipient() == before


def test_an_unknown_language_is_answered_with_those_that_are_spoken(desk: Desk) -> None:
    said = refusal(put(desk, {"locale": "fr"}), 400, "invalid_request", "locale")

    assert "de, en" in said["detail"] or "en, de" in said["detail"]


def test_only_json_of_64_kb_is_read(desk: Desk) -> None:
    with desk.changing_nothing():
        refusal(put(desk, b"x" * 65_537), 413, "too_large")
        plain = {"Content-Type": "text/plain"}
        refusal(desk.ask("PUT", PATH, token=desk.token(), headers=plain, body=b"{}"), 415, "unsupported_media_type")


def test_a_member_may_look_and_an_owner_may_set(desk: Desk) -> None:
    owner = desk.token(teams=(("team_a", "owner"),))
    member = desk.token("acct_b", teams=(("team_a", "member"),))

    with desk.changing_nothing():
        refusal(put(desk, {"email": EMAIL}, token=member, query="?wallet=team_a"), 403, "forbidden")
    assert put(desk, {"email": EMAIL, "webhook_url": URL}, token=owner, query="?wallet=team_a").json()["secret"]

    said = shown(desk, token=member, query="?wallet=team_a")
    assert said == {**NOTHING, "wallet_id": "team_a", "email": EMAIL, "email_in_use": EMAIL, "webhook_url": URL}
    assert shown(desk, token=owner) == NOTHING


def test_another_wallet_looks_like_none(desk: Desk) -> None:
    put(desk, {"email": EMAIL}, token=desk.token("acct_c"))

    with desk.changing_nothing():
        for query in ("?wallet=acct_c", "?wallet=acct_none", "?wallet=team_x"):
            refusal(put(desk, {"email": "eve@example.com"}, query=query), 404, "not_found")
            refusal(desk.get(PATH + query), 404, "not_found")


@pytest.mark.parametrize("scope", [SERVICE, ADMIN, "", "openid email"])
def test_only_customers_have_addresses(desk: Desk, scope: str) -> None:
    token = desk.token(scope=scope)

    with desk.changing_nothing():
        refusal(put(desk, {"email": EMAIL}, token=token), 403, "forbidden")
        refusal(desk.get(PATH, token=token), 403, "forbidden")
        refusal(desk.ask("PUT", PATH, body=b"{}"), 401, "unauthenticated")


def test_without_another_address_the_tokens_is_used(desk: Desk) -> None:
    token = desk.token(email="token@example.com")

    said = put(desk, {"locale": "de"}, token=token).json()

    assert (said["email"], said["email_in_use"]) == (None, "token@example.com")
    assert recipient().email == "token@example.com"
    put(desk, {"email": EMAIL}, token=token)
    assert recipient().email == EMAIL
    put(desk, {"email": None}, token=token)
    assert recipient().email == "token@example.com"


def test_an_address_given_with_a_payment_stands_before_the_tokens(desk: Desk) -> None:
    put(desk, {"locale": "de"}, token=desk.token(email="token@example.com"))
    bought = desk.buy(token=desk.token(email="buyer@example.com"))
    assert recipient().email == "token@example.com"

    desk.pay(bought)

    assert (shown(desk)["email"], shown(desk)["email_in_use"]) == (None, "buyer@example.com")
    put(desk, {"email": EMAIL})
    assert shown(desk)["email_in_use"] == EMAIL


def test_an_owners_own_address_is_not_the_teams(desk: Desk) -> None:
    owner = desk.token(teams=(("team_a", "owner"),), email="ann@example.com")

    said = put(desk, {"locale": "de"}, token=owner, query="?wallet=team_a").json()

    assert (said["email_in_use"], recipient("team_a").email) == (None, None)


def test_history_says_what_was_changed_and_not_to_what(desk: Desk) -> None:
    put(desk, {"webhook_url": URL, "email": EMAIL}, token=desk.token(email="token@example.com"))
    put(desk, {"email": None, "locale": "de"})

    reply = desk.get("/api/credits/history?type=settings")

    second, first = reply.json()["entries"]
    assert (first["settings"], first["changed"]) == ("notifications", ["email", "webhook_url"])
    assert (second["settings"], second["changed"]) == ("notifications", ["email", "locale"])
    assert (first["credits"], first["draws"], first["actor"]) == (0, [], WALLET)
    assert not any(value in reply.body for value in (b"example.com", b"whsec_", b'"de"'))
    assert desk.premises.faults() == []


def test_no_log_line_names_an_address_or_a_secret(desk: Desk) -> None:
    secret = put(desk, {"webhook_url": URL, "email": EMAIL}).json()["secret"]
    refusal(put(desk, {"email": "eve@evil.example, x"}), 400, "invalid_request", "email")

    logged = json.dumps(desk.premises.lines)
    assert [line["status"] for line in desk.premises.lines] == [200, 400]
    assert not any(value in logged for value in (EMAIL, URL, secret, "evil.example"))


@pytest.mark.parametrize("kind", KINDS)
def test_trouble_on_the_way_changes_no_answer(desk: Desk, kind: str) -> None:
    with answered(desk.premises.store.connection, kind, times=1) as struck:
        said = put(desk, {"webhook_url": URL}).json()

    assert struck == [kind]
    assert recipient().webhook_secret == said["secret"]
    assert [entry.kind for entry in desk.premises.history()] == ["settings"]

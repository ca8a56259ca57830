"""Three wallets with one of everything in each, and everybody who might call: the same world for every request."""

from __future__ import annotations

from copy import deepcopy
from typing import Any
from urllib.parse import urlencode

import pytest
from moto.backends import get_backend
from moto.core.models import DEFAULT_ACCOUNT_ID

from local.replies import Reply
from local.stripe.api import Api
from tests.api.desk import ADMIN, CUSTOMER, SERVICE, Desk
from tests.api.doors import CURSORS, MEMBER, OWNER, THERE, WALLETS, Whose
from tests.api.forger import Forger
from tests.api.subscriber import Subscriber

Json = dict[str, Any]
Named = dict[str, str]

WALLET_IDS = {Whose.ANNAS: "acct_a", Whose.TEAMS: "team_a", Whose.BENS: "acct_b"}
COUNTED = ("seq", "lot", "hold_id")  # in each wallet anew
UNREADABLE = '\x00"x'
NOBODYS = {
    **dict.fromkeys(WALLETS, "acct_nobody"),
    **dict.fromkeys(CURSORS, "A" * 27),
    "purchase_id": "pur_" + "0" * 20,
    "event_id": "evt_nobodys",
    "seq": "999",
    "entry": "acct_nobody:1",
    "lot": "lot_999",
    "hold_id": "hold_999",
    "key": "never-used",
    "session": "cs_test_nobodys",
    "payment": "pi_nobodys",
    "subscription": "sub_nobodys",
    "customer": "cus_nobodys",
}


class Boaster(Forger):
    """Forges tokens that would open every door."""

    def claims(self, **changes: Any) -> Json:
        teams = [{"wallet_id": "team_a", "role": OWNER}]
        return super().claims(**{"scope": f"{CUSTOMER} {SERVICE} {ADMIN}", "tally_teams": teams, **changes})


def tokens(desk: Desk) -> dict[str, str | None]:
    """Give each caller a token, by name."""
    forger, now = Boaster(desk.issuer), int(desk.premises.at.timestamp())
    return {
        "nobody": None,
        "with garbage": "garbage",
        "with alg none": forger.unsigned("none"),
        "with HS256 by the public key": forger.signed_with_the_public_key(forger.pem()),
        "with another's key under our key id": forger.signed_by_another(),
        "with an unknown key id": forger.signed({"kid": "unknown"}),
        "of another issuer": forger.signed(iss="https://evil.example"),
        "for another audience": forger.signed(aud="other"),
        "too late": forger.signed(exp=now),
        "too early": forger.signed(nbf=now + 60),
        "without a scope of ours": forger.signed(scope="openid email"),
        "Anna": desk.token(),
        "Ben": desk.token("acct_b"),
        "Anna as a member": desk.token(teams=(("team_a", MEMBER),)),
        "Anna as an owner": desk.token(teams=(("team_a", OWNER),)),
        "a service": desk.service(),
        "an admin": desk.token("boss", scope=ADMIN),
    }


class Resident:
    """Fills a wallet with one of everything that can be named, under ids that the other wallets don't have."""

    def __init__(self, desk: Desk, wallet_id: str, nth: int) -> None:
        self._desk, self._wallet_id, self._nth = desk, wallet_id, nth
        is_team = wallet_id == "team_a"
        self._token = desk.token(teams=(("team_a", OWNER),)) if is_team else desk.token(wallet_id)
        self._query = f"?wallet={wallet_id}" if is_team else ""

    def settle(self) -> Named:
        """Give the ids by what they are of."""
        return {
            **dict.fromkeys(WALLETS, self._wallet_id),
            **self._buy(),
            **self._subscribe(),
            "event_id": self._meet_an_oddity(),
            **self._write_entries(),
            "quote_id": quoted(self._desk, self._wallet_id),
            **self._page(),
        }

    def _buy(self) -> Named:
        key = f"bought-by-{self._wallet_id}"
        bought = self._desk.buy(key, token=self._token, query=self._query)
        self._desk.pay(bought)
        said = bought.json()
        session = self._session(said["checkout_session_id"])
        found = {"session": session["id"], "payment": session["payment_intent"], "customer": session["customer"]}
        return {"purchase_id": said["purchase_id"], "key": key, **found}

    def _subscribe(self) -> Named:
        """Subscribe, and plan the end, so that everything can be asked: a change, a cancellation, a resumption."""
        how = {"token": self._token, "query": self._query}
        subscriber = Subscriber(self._desk)
        begun = subscriber.want("pro", key=f"plan-of-{self._wallet_id}", **how)
        self._desk.pay(begun)
        assert subscriber.cancel(key=f"end-of-{self._wallet_id}", **how).status == 200
        return {"subscription": self._session(begun.json()["checkout_session_id"])["subscription"]}

    def _meet_an_oddity(self) -> str:
        """Have a payment of another amount kept aside; by the time that it is looked at again, it fits."""
        premises = self._desk.premises
        premises.hold()
        bought = self._desk.buy(f"odd-of-{self._wallet_id}", token=self._token, query=self._query)
        self._desk.pay(bought)
        session = self._session(bought.json()["checkout_session_id"])
        fits, session["amount_subtotal"] = session["amount_subtotal"], 999
        event_id = premises.events("checkout.session.completed")[-1]
        assert premises.deliver(event_id) == 200
        session["amount_subtotal"] = fits
        premises.control("delivery", mode="auto")
        return event_id

    def _write_entries(self) -> Named:
        """Hold, then grant; after as many uses that no number of a hold or a lot is one in another wallet, too."""
        for number in range(self._nth):
            assert self._desk.use(1, key=f"u{number}", meter="api_calls", wallet_id=self._wallet_id).status == 200
        held = self._desk.place(credits=5, wallet_id=self._wallet_id).json()
        self._desk.give(100, wallet_id=self._wallet_id)
        seq = self._desk.premises.wallet(self._wallet_id).seq
        return {"hold_id": held["hold_id"], "lot": f"lot_{seq}", "seq": str(seq), "entry": f"{self._wallet_id}:{seq}"}

    def _page(self) -> Named:
        def page(path: str) -> Reply:
            return self._desk.get(f"{path}?{urlencode({'limit': 1, 'wallet': self._wallet_id})}", token=self._token)

        return {
            "history": page("/api/credits/history").json()["next_cursor"],
            "payments": page("/api/user/payments").json()["next_cursor"],
            "export": page("/api/credits/export").headers["next-cursor"],
        }

    def _session(self, session_id: str) -> Json:
        sessions: dict[str, Json] = self._desk.premises.standin._account.objects["checkout.session"]
        return sessions[session_id]


def quoted(desk: Desk, wallet_id: str) -> str:
    body = {"wallet_id": wallet_id, "meter": "api_calls", "quantity": 1}
    quote_id: str = desk.post("/api/usage/quote", body, token=desk.service()).json()["quote_id"]
    return quote_id


class World:
    """What there is, and who calls. `put_back` makes it as it was after a request that changed it."""

    def __init__(self, desk: Desk) -> None:
        desk.reset()
        self.desk, self._premises = desk, desk.premises
        self.tokens = tokens(desk)
        residents = {whose: Resident(desk, name, THERE.index(whose)) for whose, name in WALLET_IDS.items()}
        self.names = {whose: resident.settle() for whose, resident in residents.items()}
        self.names[Whose.NOBODYS] = {**NOBODYS, "quote_id": quoted(desk, "acct_nobody_else")}
        self.names[Whose.MALFORMED] = dict.fromkeys(self.names[Whose.NOBODYS], UNREADABLE)
        self._items = self._premises.items()
        self._tables, self._account = deepcopy(self._backend.tables), deepcopy(self._at_stripe())

    @property
    def _backend(self) -> Any:
        return get_backend("dynamodb")[DEFAULT_ACCOUNT_ID]["us-east-1"]

    def _at_stripe(self) -> Json:
        return {name: kept for name, kept in vars(self._premises.standin._account).items() if name != "now"}

    def unique_names(self, whose: Whose) -> set[str]:
        return {name for slot, name in self.names[whose].items() if slot not in COUNTED}

    def name(self, slot: str, whose: Whose) -> str | None:
        if whose is Whose.UNSAID:
            return None
        if slot not in self.names[whose]:
            pytest.fail(
                f"nobody in the matrix has a {slot}: let Resident make one, and say in NOBODYS what isn't there"
            )
        return self.names[whose][slot]

    def put_back(self) -> None:
        """Put back what the request changed."""
        if self._premises._items is not self._items:
            self._backend.tables, self._premises._items = deepcopy(self._tables), self._items
        if self._premises.transport.calls:
            self.put_stripe_back()

    def put_stripe_back(self) -> None:
        standin = self._premises.standin
        vars(standin._account).update(deepcopy(self._account))
        standin._api = Api(standin._account.now)
        self._premises.forget_calls()

"""Where callers stand: the API Gateway in process over the real app, an issuer with real keys, what callers send."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from app import app
from chalicelib import wiring
from chalicelib.domain.granting import Grant
from chalicelib.domain.grants import grant
from chalicelib.domain.lots import Source
from chalicelib.services.ports import Change
from local.gateway import Gateway
from local.replies import Reply
from local.server import Server
from local.tokens import Issuer, Role, Wish
from tests.api import documented, shapes
from tests.api.shapes import PROBLEM, REFUSED
from tests.webhooks.premises import AUDIENCE, ENVIRONMENT, ISSUER, ORIGINS, READS, WALLET, Premises, opened

Json = dict[str, Any]

MONEY = {"amount_minor", "currency", "exponent"}
CUSTOMER, SERVICE, ADMIN = "tally:customer", "tally:service", "tally:admin"


class KeyHouse:
    """The issuer's JWKS on loopback, counting how often it was asked; its answer may be replaced."""

    def __init__(self, issuer: Issuer) -> None:
        self._usual = json.dumps(issuer.jwks()).encode()
        self._lock = threading.Lock()
        self.reset()
        self._server = Server(self._answer, 0, largest_body=0)
        self.url = f"{self._server.url}/jwks.json"

    def reset(self) -> None:
        self.asked, self.status, self.body = 0, 200, self._usual

    def close(self) -> None:
        self._server.close()

    def _answer(self, _method: str, _path: str, _headers: Mapping[str, str], _body: bytes) -> Reply:
        with self._lock:
            self.asked += 1
        return Reply(status=self.status, headers={"content-type": "application/json"}, body=self.body)


class Desk:
    """Sends requests as callers do, and gives back what they get."""

    def __init__(self, premises: Premises, issuer: Issuer, keys: KeyHouse) -> None:
        self.premises, self.issuer, self.keys = premises, issuer, keys
        self._gateway = Gateway(app, ORIGINS)
        self._tokens: dict[Wish, str] = {}

    def reset(self) -> None:
        self.premises.reset()
        self.keys.reset()

    def token(
        self, wallet_id: str = WALLET, *, scope: str = CUSTOMER, teams: tuple[Role, ...] = (), **more: Any
    ) -> str:
        """Mint a token; the same wish gets the same one."""
        wish = Wish(wallet_id=wallet_id, scope=scope, teams=teams, **more)
        if wish not in self._tokens:
            self._tokens[wish] = self.issuer.mint(wish)
        return self._tokens[wish]

    def ask(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> Reply:
        """Send a request as it is: what comes back has its shape, and what is accepted is as the document has it."""
        reply = self.send(method, path, token=token, headers=headers, body=body)
        if reply.status < REFUSED:
            documented.check_request(method, path, body)
        return reply

    def send(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> Reply:
        """Send a request as it is, of which nothing is expected but that what comes back has its shape."""
        bearer = {"Authorization": f"Bearer {token}"} if token else {}
        reply = self._gateway.handle(method, path, {**bearer, **(headers or {})}, body)
        shapes.check(method, path, reply)
        documented.check_refusal(method, path, reply)
        return reply

    def get(self, path: str, *, token: str | None = None, **headers: str) -> Reply:
        """Read something as the customer, or as the bearer of *token*."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask("GET", path, token=token or self.token(), headers=named)

    def post(
        self,
        path: str,
        body: object,
        *,
        key: str | None = "k1",
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send JSON (or bytes as they are) as the customer, or as the bearer of *token*."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {"Content-Type": "application/json", **({} if key is None else {"Idempotency-Key": key})}
        return self.ask("POST", path, token=token or self.token(), headers={**named, **(headers or {})}, body=raw)

    def buy(self, key: str = "k1", *, token: str | None = None, query: str = "", **fields: object) -> Reply:
        """Buy a package, the smallest if nothing else is said."""
        return self.post(f"/api/credits/purchase{query}", {"package_id": "starter", **fields}, key=key, token=token)

    def pay(self, bought: Reply, method: str = "card") -> None:
        self.premises.control(f"sessions/{bought.json()['checkout_session_id']}/pay", method=method)

    def use(self, quantity: int, *, key: str, meter: str = "pull_requests", wallet_id: str = WALLET) -> Reply:
        """Record a use as the service."""
        body = {"wallet_id": wallet_id, "meter": meter, "quantity": quantity}
        return self.post("/api/user/usage/increment", body, key=key, token=self.token("svc", scope=SERVICE))

    def give(self, credits: int, *, ends_at: datetime | None = None, wallet_id: str = WALLET) -> None:
        """Grant promotional credits, as an admin may."""
        wanted = Grant(credits=credits, source=Source.PROMO, expires_at=ends_at)
        stamp = wiring.stamp("boss")
        decision = grant(self.premises.wallet(wallet_id), wanted, wiring.catalog(), stamp)
        self.premises.store.commit(Change(decisions=[decision]))

    def service(self) -> str:
        return self.token("svc", scope=SERVICE)

    def place(self, *, key: str | None = "h1", wallet_id: str = WALLET, **fields: object) -> Reply:
        """Place a hold of an hour as the service."""
        body = {"wallet_id": wallet_id, "ttl_seconds": 3600, **fields}
        return self.post("/api/credits/holds", body, key=key, token=self.service())

    def capture(self, hold_id: str, *, key: str | None = "c1", wallet_id: str = WALLET, **fields: object) -> Reply:
        """Capture of a hold as the service."""
        body = {"wallet_id": wallet_id, **fields}
        return self.post(f"/api/credits/holds/{hold_id}/capture", body, key=key, token=self.service())

    def release(self, hold_id: str, *, key: str | None = "r1", wallet_id: str = WALLET, **fields: object) -> Reply:
        """Release a hold as the service."""
        body = {"wallet_id": wallet_id, **fields}
        return self.post(f"/api/credits/holds/{hold_id}/release", body, key=key, token=self.service())

    def transfer(
        self, credits: int, to: str, *, key: str | None = "t1", token: str | None = None, query: str = "", **fields: Any
    ) -> Reply:
        """Move credits as the customer, or as the bearer of *token*; the query names a team's wallet to take from."""
        body = {"to_wallet_id": to, "credits": credits, **fields}
        return self.post(f"/api/credits/transfer{query}", body, key=key, token=token)

    def freeze(self, wallet_id: str = WALLET, *, lift: bool = False, key: str = "f1", reason: str = "odd") -> Reply:
        """Freeze a wallet as an admin, or lift it."""
        path = f"/api/admin/wallets/{wallet_id}/{'unfreeze' if lift else 'freeze'}"
        return self.post(path, {"reason": reason}, key=key, token=self.token("boss", scope=ADMIN))

    @contextmanager
    def changing_nothing(self, *, may_try: bool = False) -> Iterator[None]:
        """Every item stays as it was, and Stripe isn't called; nor is a write tried, unless it *may* be."""
        before = self.premises.items()
        self.premises.forget_calls()
        yield
        assert self.premises.items() == before
        assert may_try or set(self.premises.aws) <= READS
        assert self.premises.transport.calls == []


def refusal(reply: Reply, status: int, code: str, field: str | None = None) -> Json:
    """Check that an answer is problem+json of this kind, and give its body."""
    said: Json = reply.json()
    assert (reply.status, said["status"], said["code"]) == (status, status, code), said
    assert reply.headers["content-type"] == PROBLEM
    assert reply.headers["cache-control"] == "no-store"
    assert said["type"].endswith(code)
    assert all(isinstance(said[name], str) and said[name] for name in ("type", "title", "detail"))
    if field is not None:
        assert said["field"] == field, said
    return said


@contextmanager
def opened_desk(issuer: Issuer) -> Iterator[Desk]:
    """Open the premises with an issuer's keys beside them."""
    keys = KeyHouse(issuer)
    try:
        with opened(environment={**ENVIRONMENT, "TALLY_JWKS_URL": keys.url}) as premises:
            yield Desk(premises, issuer, keys)
    finally:
        keys.close()


def new_issuer() -> Issuer:
    return Issuer(issuer=ISSUER, audience=AUDIENCE)

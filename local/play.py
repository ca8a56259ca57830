"""
`/local/play/…`: what a visitor of the page can make happen, so that the law of credits is seen at work.

    use      a service reports use                          {"wallet_id": …, "meter": …, "quantity": …}
    time     days pass; jobs and renewals run each day      {"wallet_id": …, "days": …}
    refund   the last payment is refunded                   {"wallet_id": …}
    dispute  the last payment is disputed, later decided    {"wallet_id": …, "status"?: "won" or "lost"}

Only the local stack has this.
"""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib import wiring
from chalicelib.api import bodies
from chalicelib.domain.errors import Conflict, InvalidRequest, NotFound, Refusal
from chalicelib.domain.purchases import Purchase
from chalicelib.services.once import Claim
from chalicelib.services.using import Event, record_usage
from local.clock import Clock
from local.jobs import Jobs
from local.replies import Reply, broken, refused, said
from local.stripe.errors import Json
from local.stripe.standin import StandIn
from local.surroundings import STRIPE_KEY

DAY = 86_400  # seconds
MOST_DAYS = 92
PATIENCE = 5.0  # seconds for events to arrive
EACH_DAY = ("send_alerts", "expire_credits", "charge_topups")
LOOKED_AT = 25  # payments, the newest first
OK = 2  # the first digit of every status that is one

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """Plays the parts of services, of time, of the seller and of a bank."""

    clock: Clock
    jobs: Jobs
    standin: StandIn

    def handle(self, method: str, path: str, body: bytes) -> Reply:
        """Answer one request."""
        acts: dict[str, Callable[[Mapping[str, Any]], Json]] = {
            "use": self._use,
            "time": self._let_pass,
            "refund": self._refund,
            "dispute": self._dispute,
        }
        act = acts.get(path.rpartition("/")[2])
        try:
            if not act or method != "POST":
                raise NotFound
            return said(act(_read(body)))
        except Refusal as refusal:
            return refused(refusal)
        except Exception:
            log.exception("%s %s", method, path)
            return broken()

    def renew(self, wallet_id: str) -> None:
        """Let the subscription's periods end that are over by the clock: the stand-in waits for a word."""
        listed = self._ask("GET", "/v1/subscriptions?limit=100")["data"]
        for each in listed:
            mine = each["metadata"].get("tally_wallet") == wallet_id and each["status"] in ("active", "past_due")
            ends = min(item["current_period_end"] for item in each["items"]["data"])
            if mine and ends <= self.clock.now().timestamp():
                self.control(f"subscriptions/{each['id']}/renew", outcome="paid")

    def control(self, order: str, **fields: object) -> Json:
        """Give the stand-in an order, and wait until what it says has arrived."""
        done = self._ask("POST", f"/_control/{order}", json.dumps(fields).encode())
        self.standin.drain(PATIENCE)
        return done

    def run_jobs(self) -> None:
        for name in self.jobs.names():
            if name in EACH_DAY:
                self.jobs.run(name)

    def _ask(self, method: str, path: str, body: bytes = b"") -> Json:
        answer = self.standin.handle(method, path, {"authorization": f"Bearer {STRIPE_KEY}"}, body)
        answered: Json = json.loads(answer.body)
        if answer.status // 100 != OK:
            raise Conflict(str(answered.get("error", {}).get("message", "That can't be done.")))
        return answered

    def _use(self, wanted: Mapping[str, Any]) -> Json:
        fields = {"meter": "predictions", "quantity": 25, **wanted}
        body = bodies.convert(fields, bodies.UsageBody)
        claim = Claim.on(body.wallet_id, f"play-{uuid.uuid4()}", operation="usage", body=fields)
        recorded = record_usage(wiring.till(), Event(bodies.use_of(body), claim), stamp=wiring.stamp("svc_analyser"))
        return {"credits": -recorded.entry.facts["credits"]}

    def _let_pass(self, wanted: Mapping[str, Any]) -> Json:
        days = wanted.get("days", 1)
        if not isinstance(days, int) or not 1 <= days <= MOST_DAYS:
            raise InvalidRequest("days", f"a whole number from 1 to {MOST_DAYS} is wanted")
        for _ in range(days):
            self.clock.advance(DAY)
            self.standin.catch_up()
            self.renew(_wallet(wanted))
            self.run_jobs()
        return {"now": self.clock.now().isoformat()}

    def _refund(self, wanted: Mapping[str, Any]) -> Json:
        paid = _last_paid(_wallet(wanted))
        self.control(f"payment_intents/{paid.payment_id}/refund")
        return {"purchase_id": paid.purchase_id}

    def _dispute(self, wanted: Mapping[str, Any]) -> Json:
        status = wanted.get("status")
        if status is None:
            paid = _last_paid(_wallet(wanted))
            self.control(f"payment_intents/{paid.payment_id}/dispute")
            return {"purchase_id": paid.purchase_id}
        disputed = {each.payment_id for each in _paid(_wallet(wanted)) if each.disputed}
        for each in self._ask("GET", "/v1/disputes?limit=100")["data"]:
            if each["payment_intent"] in disputed and each["status"] == "needs_response":
                self.control(f"disputes/{each['id']}/close", status=status)
                return {"dispute_id": each["id"]}
        raise Conflict("No dispute is open.")


def _read(body: bytes) -> Mapping[str, Any]:
    wanted = bodies.parse(body or b"{}")
    if not isinstance(wanted, dict):
        raise InvalidRequest("body", "an object is wanted")
    return wanted


def _wallet(wanted: Mapping[str, Any]) -> str:
    wallet_id = wanted.get("wallet_id")
    if not isinstance(wallet_id, str) or not wallet_id:
        raise InvalidRequest("wallet_id", "missing")
    return wallet_id


def _paid(wallet_id: str) -> list[Purchase]:
    return [
        each for each in wiring.store().listed_purchases(wallet_id, before=None, limit=LOOKED_AT) if each.payment_id
    ]


def _last_paid(wallet_id: str) -> Purchase:
    """Find the newest payment of which something could still go back."""
    for each in _paid(wallet_id):
        if each.status.value == "paid" and not each.disputed and each.refunded_minor < each.price.amount_minor:
            return each
    raise Conflict("There is no payment that could go back.")

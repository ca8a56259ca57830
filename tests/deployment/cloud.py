"""
An AWS account on this machine, with the packaged stack in it, Stripe's stand-in beside it, and an issuer of tokens.

MiniStack enforces IAM (`AUTH=true`); the functions run as processes of their own, and reach everybody over HTTP.
"""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest

from infra import deploy
from infra.stack import Stack
from local.client import DIRECT, Answer
from local.ministack import MiniStack
from local.replies import Reply
from local.server import Server
from local.stripe import replies
from local.stripe.server import serve
from local.stripe.standin import StandIn
from local.tokens import Issuer, Wish
from tests.deployment.packaged import packaged

NAME = "tally-test"
ISSUER = "https://issuer.example.com"
ORIGIN, ANOTHER = "https://app.example.com", "https://other.example.com"
AUDIENCE = "tally-test"
SECRET = "whsec_deployed"
SLOWEST = 30.0  # seconds for one answer, or for something to come about
WEBHOOKS = "/v1/webhook_endpoints"
Json = dict[str, Any]


class Stripe(StandIn):
    """The stand-in, and what it lacks: endpoints of webhooks, which a deployment registers."""

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts)
        self.endpoints: list[Json] = []

    def handle(self, method: str, path_with_query: str, headers: Mapping[str, str], body: bytes = b"") -> replies.Reply:
        if not path_with_query.startswith(WEBHOOKS):
            return super().handle(method, path_with_query, headers, body)
        if method == "POST":
            sent = dict(urllib.parse.parse_qsl(body.decode()))
            made = {
                "object": "webhook_endpoint",
                "id": f"we_{len(self.endpoints)}",
                "status": "enabled",
                "url": sent["url"],
                "enabled_events": [value for name, value in sent.items() if name.startswith("enabled_events")],
                "metadata": {"tally_stack": sent["metadata[tally_stack]"]},
            }
            self.endpoints.append(made)
            return replies.answer({**made, "secret": SECRET})
        if method == "DELETE":
            self.endpoints = [each for each in self.endpoints if not path_with_query.endswith(each["id"])]
            return replies.answer({"object": "webhook_endpoint", "deleted": True})
        return replies.answer({"object": "list", "url": WEBHOOKS, "has_more": False, "data": self.endpoints})


class Cloud:
    """The account, and ways to call what is deployed in it. The stand-in delivers its events there."""

    def __init__(self, ministack: MiniStack, issuer: Issuer) -> None:
        self.ministack, self.issuer = ministack, issuer
        self.stripe = Stripe(
            now=lambda: datetime.now(UTC), secrets=[SECRET], endpoint=self.webhook, seed=time.time_ns()
        )
        self.said: list[str] = []
        self.values: dict[str, str] = {}  # of the template's parameters
        self.outputs: dict[str, str] = {}
        self.stack = Stack(name=NAME, client=deploy.client, say=self.said.append)

    def deploy(self) -> None:
        """Deploy; schedules stand still until a test wants to see one, or they would only make the machine busy."""
        self.outputs = deploy.deploy(self.stack, packaged(), self.values)
        for rule in deploy.client("events").list_rules()["Rules"]:
            deploy.client("events").disable_rule(Name=rule["Name"])

    def api(self, method: str, path: str, *, body: object = None, **headers: str) -> Answer:
        """Ask the API through the gateway."""
        port = self.ministack.url.rpartition(":")[2]
        host = f"{self.outputs['RestAPIId']}.execute-api.localhost:{port}"
        sent = None if body is None else json.dumps(body).encode()
        media = {} if sent is None else {"Content-Type": "application/json"}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._call(method, f"/v1{path}", sent, {"Host": host, **media, **named})

    def webhook(self, body: bytes, headers: Mapping[str, str]) -> int:
        """Send to the function URL, and give the status."""
        host = self.outputs["WebhookUrl"].removeprefix("https://").rstrip("/")
        return self._call("POST", "/", body, {**headers, "Host": host}).status

    def _call(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        url = self.ministack.url + path
        request = urllib.request.Request(url, data=body, headers=dict(headers), method=method)  # noqa: S310 - loopback
        try:
            with DIRECT.open(request, timeout=SLOWEST) as answer:
                return Answer(answer.status, answer.headers, json.loads(answer.read() or b"null"))
        except urllib.error.HTTPError as refusal:
            with refusal:
                return Answer(refusal.code, refusal.headers, json.loads(refusal.read() or b"null"))

    def bearer(self, wallet_id: str, scope: str = "tally:customer") -> str:
        return f"Bearer {self.issuer.mint(Wish(wallet_id=wallet_id, scope=scope))}"

    def physical(self, logical_id: str) -> str:
        """Say what something of the stack is called in the account."""
        found = deploy.client("cloudformation").describe_stack_resource(StackName=NAME, LogicalResourceId=logical_id)[
            "StackResourceDetail"
        ]
        return str(found["PhysicalResourceId"])

    def control(self, path: str, body: object = None) -> Json:
        """Do at Stripe what a customer or a bank does there."""
        reply = self.stripe.handle("POST", f"/_control/{path}", {}, json.dumps(body or {}).encode())
        assert reply.status == 200, reply.body
        found: Json = json.loads(reply.body)
        return found

    def until(self, look: Callable[[], Any], *, within: float = SLOWEST) -> Any:
        """Look again and again until there is something."""
        latest = time.monotonic() + within
        while not (found := look()):
            assert time.monotonic() < latest, f"it did not come about within {within} s; {self.ministack.log}"
            time.sleep(0.2)
        return found


@contextmanager
def opened() -> Iterator[Cloud]:
    """Open an account, with nothing deployed yet."""
    with ExitStack() as closing, pytest.MonkeyPatch.context() as patch:
        quick = {"AUTH": "true", "LAMBDA_ASYNC_RETRY_BASE_SECONDS": "0.1"}
        ministack = MiniStack(environment=quick, script=Path(__file__).with_name("hurried.py"))
        closing.callback(ministack.close)
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "STRIPE_API_KEY"):
            patch.delenv(name, raising=False)
        settings = {"AWS_ENDPOINT_URL": ministack.url, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        for name, value in {**settings, "AWS_DEFAULT_REGION": "us-east-1", "NO_PROXY": "127.0.0.1"}.items():
            patch.setenv(name, value)
        patch.setattr(boto3, "DEFAULT_SESSION", None)
        deploy.client.cache_clear()
        closing.callback(deploy.client.cache_clear)
        issuer = Issuer(issuer=ISSUER, audience=AUDIENCE)
        shown = Reply(status=200, headers={"content-type": "application/json"}, body=json.dumps(issuer.jwks()).encode())
        keys = Server(lambda *_: shown, 0, largest_body=0)
        closing.callback(keys.close)
        cloud = Cloud(ministack, issuer)
        stripe = serve(cloud.stripe, 0)
        closing.callback(stripe.close)
        cloud.values = {
            **deploy.parameters("dev", []),
            "StripeApiBase": stripe.url,
            "JwtIssuer": ISSUER,
            "JwtAudience": AUDIENCE,
            "JwksUrl": keys.url,
            "AllowedOrigins": ORIGIN,
        }
        yield cloud

"""The gateway: what it refuses by itself, what it hands on, and what browsers may read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from chalice.app import AuthResponse, AuthRoute, Chalice, Response

from local.gateway import LARGEST_BODY, Gateway
from local.replies import Reply
from local.tokens import Issuer, Wish

from .conftest import ORIGIN

PROBLEM = "application/problem+json"


@pytest.fixture
def echo() -> Gateway:
    """An app that says what arrived, for who brings the word `open`."""
    app = Chalice(app_name="echo", configure_logs=False)
    together = Barrier(2, timeout=10)

    @app.authorizer()
    def doorman(request: Any) -> AuthResponse:
        if request.token == "broken":
            raise ValueError("the doorman fell over")
        if request.token != "open":
            raise ValueError("Unauthorized")
        return AuthResponse([AuthRoute("/things/*", ["GET", "POST"])], "somebody", {"sub": "somebody"})

    def seen() -> dict[str, Any]:
        request = app.current_request
        assert request
        assert isinstance(request.raw_body, bytes)
        query = request.query_params
        return {
            "query": {name: query.getlist(name) for name in query} if query else None,
            "body": request.raw_body.hex(),
            "headers": dict(request.headers),
            "caller": request.context.get("authorizer", {}).get("sub"),
            "remaining": app.lambda_context.get_remaining_time_in_millis(),
        }

    @app.route("/things/{thing}", methods=["GET", "POST"], authorizer=doorman, content_types=["*/*"])
    def thing(thing: str) -> dict[str, Any]:
        return {"thing": thing, **seen()}

    @app.route("/closed", authorizer=doorman)
    def closed() -> None:
        raise AssertionError("nobody comes here")

    @app.route("/slow/{nth}")
    def slow(nth: str) -> dict[str, Any]:
        together.wait()
        return {"nth": nth, **seen()}

    @app.route("/picture")
    def picture() -> Response:
        return Response(b"\x89PNG", {"Content-Type": "image/png"})

    @app.route("/both")
    def both() -> Response:
        return Response("", {"Vary": "Accept", "Link": ["</a>", "</b>"]})

    return Gateway(app, [ORIGIN])


def bearer(issuer: Issuer, scope: str = "tally:customer") -> dict[str, str]:
    return {"Authorization": f"Bearer {issuer.mint(Wish(wallet_id='acct_1', scope=scope))}"}


def refusal(reply: Reply) -> tuple[int, str]:
    """Check the shape that all refusals have, and give status and code."""
    told = reply.json()
    assert reply.headers["content-type"] == PROBLEM
    assert told.keys() == {"type", "title", "status", "detail", "code"}
    assert told["status"] == reply.status
    return reply.status, told["code"]


@pytest.mark.parametrize("headers", [{}, {"Authorization": ""}, {"Authorization": "Bearer x"}, {"authorization": "x"}])
def test_without_a_valid_token_it_is_401(gateway: Gateway, headers: Mapping[str, str]) -> None:
    assert refusal(gateway.handle("GET", "/api/credits/balance", headers)) == (401, "unauthenticated")


def test_a_valid_token_that_does_not_open_the_route_is_403(gateway: Gateway, issuer: Issuer) -> None:
    for scope in ("tally:service", "openid", ""):
        reply = gateway.handle("GET", "/api/credits/balance?at=", bearer(issuer, scope))
        assert refusal(reply) == (403, "forbidden")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/nothing"),
        ("DELETE", "/api/credits/balance"),
        ("GET", "/api/credits/purchase"),
        ("HEAD", "/api/health"),
        ("OPTIONS", "/api/nothing"),
        ("GET", "//elsewhere/api/health"),
        ("GET", "/api/health;v=1"),
        ("GET", "/api/health#top"),
        ("GET", "/api/%68ealth"),
        ("GET", "api/health"),
        ("GET", "http://elsewhere/api/health"),
        ("GET", "/API/health"),
        ("GET", "*"),
        ("GET", ""),
    ],
)
def test_an_unknown_path_or_method_is_404(gateway: Gateway, method: str, path: str) -> None:
    assert refusal(gateway.handle(method, path, {"Authorization": "Bearer x"})) == (404, "not_found")


def test_public_routes_need_no_token(gateway: Gateway) -> None:
    reply = gateway.handle("GET", "/api/credits/packages", {})

    assert (reply.status, reply.headers["content-type"]) == (200, "application/json")
    assert reply.json()["packages"][0]["package_id"] == "starter"


def test_a_slash_at_the_end_changes_nothing(echo: Gateway, gateway: Gateway) -> None:
    assert gateway.handle("GET", "/api/health/", {}).status == 200
    assert echo.handle("GET", "/things/a/?b=c", {"Authorization": "open"}).json()["query"] == {"b": ["c"]}


def test_a_body_over_ten_megabytes_is_413(gateway: Gateway) -> None:
    assert refusal(gateway.handle("POST", "/api/credits/purchase", {}, b"x" * (LARGEST_BODY + 1))) == (413, "too_large")


def test_a_query_reaches_the_view_decoded_and_does_not_reach_the_policy(echo: Gateway) -> None:
    path = "/things/a%2Fb?from=2026-11-22T09:30:00%2B01:00&x=1&x=2&empty=&a=b?c&d=é%C3%A9"

    told = echo.handle("GET", path, {"authorization": "open"}).json()

    assert told["thing"] == "a%2Fb"
    assert told["query"] == {
        "from": ["2026-11-22T09:30:00+01:00"],
        "x": ["1", "2"],
        "empty": [""],
        "a": ["b?c"],
        "d": ["éé"],
    }
    assert told["caller"] == "somebody"


def test_without_a_query_there_is_none(echo: Gateway) -> None:
    assert echo.handle("GET", "/things/a", {"Authorization": "open"}).json()["query"] is None


@pytest.mark.parametrize("body", [b"", b"{}", "é€😀".encode(), b"\xff\x00\xfe", bytes(range(256))])
def test_a_body_reaches_the_view_as_it_was_sent(echo: Gateway, body: bytes) -> None:
    for media in ("application/json", "application/octet-stream", "image/png; q=1", ""):
        headers = {"AUTHORIZATION": "open", "Content-Type": media}
        assert echo.handle("POST", "/things/a", headers, body).json()["body"] == body.hex()


def test_headers_are_found_in_any_case(echo: Gateway) -> None:
    told = echo.handle("get", "/things/a", {"AuthoriZation": "open", "X-Thing": "É"}).json()

    assert told["headers"]["x-thing"] == "É"


def test_the_view_knows_how_much_time_it_has(echo: Gateway) -> None:
    remaining = echo.handle("GET", "/things/a", {"authorization": "open"}).json()["remaining"]

    assert 28_000 < remaining <= 29_000


def test_requests_at_the_same_time_do_not_see_each_other(echo: Gateway) -> None:
    with ThreadPoolExecutor(2) as both:
        told = list(both.map(lambda nth: echo.handle("GET", f"/slow/{nth}?n={nth}", {}).json(), ("1", "2")))

    assert [(each["nth"], each["query"]) for each in told] == [("1", {"n": ["1"]}), ("2", {"n": ["2"]})]


def test_an_authorizer_that_breaks_is_500(echo: Gateway) -> None:
    assert refusal(echo.handle("GET", "/things/a", {"Authorization": "broken"})) == (500, "internal")


def test_the_authorizers_own_word_is_401(echo: Gateway) -> None:
    assert refusal(echo.handle("GET", "/things/a", {"Authorization": "shut"})) == (401, "unauthenticated")


def test_a_policy_opens_what_it_lists_and_no_more(echo: Gateway) -> None:
    assert refusal(echo.handle("GET", "/closed?/things/a", {"Authorization": "open"})) == (403, "forbidden")


def test_binary_answers_and_several_headers_come_through(echo: Gateway) -> None:
    picture = echo.handle("GET", "/picture", {"Accept": "image/png"})

    assert (picture.headers["content-type"], picture.body) == ("image/png", b"\x89PNG")
    assert echo.handle("GET", "/both", {}).headers["link"] == "</a>, </b>"


def test_pages_of_an_allowed_origin_may_read_answers_and_refusals(gateway: Gateway) -> None:
    for path, status in (("/api/health", 200), ("/api/credits/balance", 401), ("/api/nothing", 404)):
        reply = gateway.handle("GET", path, {"Origin": ORIGIN})

        assert (reply.status, reply.headers["access-control-allow-origin"]) == (status, ORIGIN)
        exposed = set(reply.headers["access-control-expose-headers"].split(", "))
        assert exposed == {"ETag", "Idempotency-Replayed", "Retry-After", "Location", "Next-Cursor"}
        assert "Origin" in reply.headers["vary"]


@pytest.mark.parametrize("headers", [{}, {"Origin": "https://elsewhere.example"}, {"Origin": "null"}])
def test_other_origins_may_not(gateway: Gateway, headers: Mapping[str, str]) -> None:
    reply = gateway.handle("GET", "/api/health", headers)

    assert "access-control-allow-origin" not in reply.headers
    assert reply.headers["vary"] == "Origin"


def test_what_a_view_says_of_caching_stays(echo: Gateway) -> None:
    assert echo.handle("GET", "/both", {"Origin": ORIGIN}).headers["vary"] == "Accept, Origin"


def test_a_preflight_names_methods_and_headers_and_asks_for_no_token(gateway: Gateway) -> None:
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}

    reply = gateway.handle("OPTIONS", "/api/credits/purchase?wallet=team_a", asked)

    assert (reply.status, reply.body) == (204, b"")
    assert reply.headers["access-control-allow-origin"] == ORIGIN
    assert reply.headers["access-control-allow-methods"] == "OPTIONS, POST"
    allowed = set(reply.headers["access-control-allow-headers"].split(", "))
    assert allowed == {"authorization", "content-type", "idempotency-key", "if-none-match"}


def test_the_gateways_refusals_look_like_the_programs(gateway: Gateway, issuer: Issuer) -> None:
    headers = {**bearer(issuer), "Content-Type": "text/plain"}

    own = gateway.handle("POST", "/api/credits/purchase", headers, b"{}")
    gateways = gateway.handle("POST", "/api/credits/purchase", {}, b"{}")

    assert refusal(own) == (415, "unsupported_media_type")
    assert own.headers.keys() == gateways.headers.keys()
    assert json.loads(own.body).keys() == json.loads(gateways.body).keys()

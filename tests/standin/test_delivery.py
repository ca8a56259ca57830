"""Events: signed, in order, held, sent again."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping

import pytest
import stripe

from local.stripe.standin import StandIn
from tests.standin.driving import SECRET, Clock, Desk


def test_a_signature_is_one_that_the_package_accepts(desk: Desk) -> None:
    session = desk.paid()
    body = json.dumps(desk.listener.events[-1], indent=2).encode()
    header = desk.listener.headers[-1]["stripe-signature"]

    event = stripe.Webhook.construct_event(body, header, SECRET, tolerance=0)

    assert event.type == "checkout.session.completed"
    assert event.data.object["id"] == session.id
    assert event.api_version == stripe.api_version
    assert header.startswith(f"t={desk.clock.timestamp()},v1=")
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body + b" ", header, SECRET, tolerance=0)


def test_while_a_secret_is_rolled_both_have_signed() -> None:
    desk = Desk(secrets=(SECRET, "whsec_second"))
    desk.stripe.customers.create({})
    body = json.dumps(desk.listener.events[0], indent=2)

    for secret in (SECRET, "whsec_second"):
        stripe.WebhookSignature.verify_header(body, desk.listener.headers[0]["stripe-signature"], secret)


def test_what_is_held_is_delivered_in_order_once_let_go(desk: Desk) -> None:
    desk.control("delivery", mode="hold")
    desk.paid()
    assert desk.listener.types() == []
    assert [event["type"] for event in desk.events()] == [
        "payment_intent.succeeded",
        "charge.succeeded",
        "checkout.session.completed",
    ], "held ones are listed too, oldest first"

    desk.control("delivery", mode="auto")

    assert desk.listener.types() == [event["type"] for event in desk.events()]
    assert [event["deliveries"] for event in desk.events()] == [1, 1, 1]
    assert [event["last_status"] for event in desk.events()] == [200, 200, 200]


def test_one_event_can_be_sent_by_hand_again_and_again(desk: Desk) -> None:
    desk.control("delivery", mode="hold")
    desk.paid()
    last = desk.events()[-1]

    for _ in range(3):
        assert desk.control(f"events/{last['id']}/deliver") == {"status": 200}

    assert desk.listener.types() == ["checkout.session.completed"] * 3
    assert desk.events()[-1]["deliveries"] == 3
    desk.control("delivery", mode="auto")
    assert desk.listener.types()[3:] == ["payment_intent.succeeded", "charge.succeeded"], "that one was delivered"


def test_an_event_refused_by_hand_is_still_due(desk: Desk) -> None:
    desk.control("delivery", mode="hold")
    desk.stripe.customers.create({})
    desk.listener.answers = [500]
    assert desk.control(f"events/{desk.events()[0]['id']}/deliver") == {"status": 500}

    desk.control("delivery", mode="auto")

    assert desk.listener.types() == ["customer.created", "customer.created"]


@pytest.mark.parametrize("broken", [500, 302, OSError("no route")])
def test_an_event_is_tried_again_before_the_next_one(desk: Desk, broken: int | Exception) -> None:
    desk.listener.answers = [broken, broken, 200]

    desk.paid()

    assert desk.listener.types() == [
        *["payment_intent.succeeded"] * 3,
        "charge.succeeded",
        "checkout.session.completed",
    ]
    assert desk.events()[0]["deliveries"] == 3


def test_an_endpoint_that_stays_broken_is_given_up(desk: Desk) -> None:
    desk.listener.answers = [500] * 3

    customer = desk.stripe.customers.create({})

    assert desk.events()[0] | {"data": None} == {
        "id": desk.events()[0]["id"],
        "type": "customer.created",
        "created": customer.created,
        "data": None,
        "deliveries": 3,
        "last_status": 500,
    }
    assert desk.standin.drain(0)


def test_the_call_does_not_wait_for_the_endpoint() -> None:
    desk = Desk(inline=False)
    gate, came = threading.Event(), []

    def slow(body: bytes, _headers: Mapping[str, str]) -> int:
        gate.wait(5)
        came.append(json.loads(body)["type"])
        return 200

    standin = StandIn(now=desk.clock.now, secrets=[SECRET], endpoint=slow, base_url="http://x")
    desk.transport.standin = desk.standin = standin

    desk.paid()

    assert came == []
    assert not standin.drain(0.01)
    gate.set()
    assert standin.drain(5)
    assert came == ["payment_intent.succeeded", "charge.succeeded", "checkout.session.completed"]


def test_retries_on_a_thread_keep_the_order() -> None:
    desk = Desk(inline=False)
    desk.listener.answers = [500, 500]

    desk.paid()

    assert desk.standin.drain(5)
    assert desk.listener.types()[2:] == ["payment_intent.succeeded", "charge.succeeded", "checkout.session.completed"]


@pytest.mark.parametrize("inline", [True, False])
def test_the_endpoint_may_call_the_api(*, inline: bool) -> None:
    clock, seen = Clock(), []

    def endpoint(body: bytes, _headers: Mapping[str, str]) -> int:
        event = json.loads(body)
        headers = {"authorization": "Bearer sk_test_x"}
        seen.append((event["type"], standin.handle("GET", f"/v1/events/{event['id']}", headers).status))
        if event["type"] == "customer.created":
            standin.handle("POST", f"/v1/customers/{event['data']['object']['id']}", headers, b"name=Ada")
        return 200

    standin = StandIn(now=clock.now, secrets=[SECRET], endpoint=endpoint, base_url="http://x", deliver_inline=inline)

    standin.handle("POST", "/v1/customers", {"authorization": "Bearer sk_test_x"}, b"email=a%40example.com")

    assert standin.drain(5)
    assert seen == [("customer.created", 200), ("customer.updated", 200)]


def test_whatever_breaks_the_receiver_is_no_answer_but_a_person_who_stops_the_program_stops_it(desk: Desk) -> None:
    class Crash(BaseException):
        """The receiver's process dies here."""

    desk.control("delivery", mode="hold")
    desk.stripe.customers.create({})
    name = desk.events()[0]["id"]
    desk.listener.answers = [Crash(), KeyboardInterrupt(), KeyboardInterrupt()]

    assert desk.control(f"events/{name}/deliver") == {"status": 0}
    with pytest.raises(KeyboardInterrupt):
        desk.control(f"events/{name}/deliver")
    with pytest.raises(KeyboardInterrupt):
        desk.control("delivery", mode="auto")
    assert desk.standin.drain(0)


def test_without_an_endpoint_events_are_only_recorded() -> None:
    standin = StandIn(now=Clock().now, secrets=[SECRET], base_url="http://x")
    standin.handle("POST", "/v1/customers", {"authorization": "Bearer sk_test_x"})

    assert standin.drain(0)
    (event,) = json.loads(standin.handle("GET", "/_control/events", {}).body)["events"]
    assert (event["type"], event["deliveries"]) == ("customer.created", 0)
    sent = standin.handle("POST", f"/_control/events/{event['id']}/deliver", {})
    assert json.loads(sent.body) == {"status": 0}


def test_an_event_shows_the_object_as_it_was_and_the_call_that_caused_it(desk: Desk) -> None:
    made = desk.stripe.customers.create({"name": "Ada"}, {"idempotency_key": "k1"})
    desk.stripe.customers.update(made.id, {"name": "Grace"})
    session = desk.session()
    desk.control(f"sessions/{session.id}/expire")

    assert [event["data"]["object"].get("name") for event in desk.listener.events[:2]] == ["Ada", "Grace"]
    assert desk.listener.events[0]["request"]["idempotency_key"] == "k1"
    assert desk.listener.events[2]["request"] == {"id": None, "idempotency_key": None}


@pytest.mark.parametrize(
    ("path", "wishes", "status"),
    [
        ("delivery", {"mode": "later"}, 400),
        ("delivery", {}, 400),
        ("events/evt_nowhere/deliver", {}, 404),
        ("sessions/cs_nowhere/pay", {"method": "card"}, 404),
        ("nothing/here/at_all", {}, 404),
    ],
)
def test_an_order_that_cannot_be_obeyed_says_why(desk: Desk, path: str, wishes: dict[str, str], status: int) -> None:
    answered, told = desk.try_control(path, **wishes)

    assert answered == status
    assert told["error"]["message"]


@pytest.mark.parametrize(
    ("wishes", "field"),
    [
        ({"method": "shells"}, "method"),
        ({"method": 5}, "method"),
        ({"email": 5}, "email"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_the_fields_of_an_order_are_read_strictly(desk: Desk, wishes: dict[str, object], field: str) -> None:
    status, told = desk.try_control(f"sessions/{desk.session().id}/pay", **wishes)

    assert (status, told["error"]["param"]) == (400, field)


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b"[" * 100_000])
def test_an_order_that_is_no_json_object_is_refused(desk: Desk, body: bytes) -> None:
    assert desk.standin.handle("POST", "/_control/delivery", {}, body).status == 400


def test_orders_are_posted(desk: Desk) -> None:
    assert desk.standin.handle("GET", "/_control/delivery", {}).status == 405


def test_the_same_seed_and_calls_give_the_same_ids() -> None:
    first, second = Desk(), Desk()
    assert first.paid().id == second.paid().id
    assert [event["id"] for event in first.events()] == [event["id"] for event in second.events()]

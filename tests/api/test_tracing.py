"""Any id leads to everything that hangs together with it; an unknown one leads nowhere, and says no more."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from chalicelib import wiring
from chalicelib.services.deadlines import expire_due
from chalicelib.services.ports import Oddity
from chalicelib.services.topping_up import Charging, charge_due
from local.replies import Reply
from local.stripe.replies import Reply as StripeReply
from local.stripe.transport import lost
from tests.api.desk import ADMIN, CUSTOMER, SERVICE, Desk, refusal
from tests.api.subscriber import Subscriber
from tests.webhooks.premises import WALLET

Json = dict[str, Any]
ALWAYS = {"id", "kind", "wallet_id", "events", "entries", "complete"}


def ask(desk: Desk, name: str, wallet: str | None = None) -> Reply:
    query = f"?wallet={quote(wallet)}" if wallet is not None else ""
    return desk.get(f"/api/admin/trace/{quote(name, safe='')}{query}", token=desk.token("boss", scope=ADMIN))


def traced(desk: Desk, name: str, wallet: str | None = None) -> Json:
    reply = ask(desk, name, wallet)
    assert reply.status == 200, reply.body
    said: Json = reply.json()
    assert said["id"] == name
    assert said.keys() >= ALWAYS
    return said


def unknown(desk: Desk, name: str, wallet: str | None = None) -> None:
    refusal(ask(desk, name, wallet), 404, "not_found")


def ids(said: Json) -> list[str]:
    return [entry["entry_id"] for entry in said["entries"]]


def kinds(said: Json) -> list[str]:
    return [entry["kind"] for entry in said["entries"]]


def stripes(desk: Desk, kind: str) -> str:
    """The id of the last thing of a kind that Stripe has."""
    name: str = list(desk.premises.standin._account.objects[kind])[-1]
    return name


def paid(desk: Desk, key: str = "b1", **more: Any) -> Json:
    bought = desk.buy(key, **more)
    desk.pay(bought)
    said: Json = bought.json()
    return said


@pytest.fixture
def sale(desk: Desk) -> Json:
    """A purchase with a life: other credits before it, paid, spent in part, moved in part, refunded, disputed, won."""
    desk.give(10)
    said = paid(desk)
    desk.transfer(300, "team_x", token=desk.token(teams=(("team_x", "owner"),)), note="for the team")
    desk.premises.control(f"payment_intents/{stripes(desk, 'payment_intent')}/refund", amount=100)
    dispute = desk.premises.control(f"payment_intents/{stripes(desk, 'payment_intent')}/dispute")
    desk.premises.control(f"disputes/{dispute['id']}/close", status="won")
    desk.use(60, key="u1")
    return said


STORY = ["purchase", "transfer_out", "revocation", "set_aside", "set_aside"]


@pytest.mark.parametrize(
    ("kind", "object_"),
    [
        ("session", "checkout.session"),
        ("payment", "payment_intent"),
        ("charge", "charge"),
        ("refund", "refund"),
        ("dispute", "dispute"),
        ("invoice", "invoice"),
    ],
)
def test_every_id_of_stripes_leads_to_the_purchase_and_its_entries(
    desk: Desk, sale: Json, kind: str, object_: str
) -> None:
    name = stripes(desk, object_)

    said = traced(desk, name)

    assert (said["kind"], said["wallet_id"], said["complete"]) == (kind, WALLET, True)
    assert said["purchase"]["purchase_id"] == sale["purchase_id"]
    assert kinds(said) == STORY
    assert said["session"]["session_id"] == sale["checkout_session_id"]
    assert said["payment"]["payment_id"] == stripes(desk, "payment_intent")
    assert said["events"] == []
    thing = said.get(kind if kind != "charge" else "payment")
    assert thing
    assert name in thing.values()


def test_a_refund_and_a_dispute_say_what_they_are(desk: Desk, sale: Json) -> None:
    refund = traced(desk, stripes(desk, "refund"))["refund"]
    dispute = traced(desk, stripes(desk, "dispute"))["dispute"]

    assert (refund["amount_minor"], refund["currency"], refund["status"]) == (100, "usd", "succeeded")
    assert (dispute["amount_minor"], dispute["status"]) == (1000, "won")
    assert dispute["created_at"] == "2026-11-22T12:00:00.000Z"


def test_a_payment_that_was_never_tried_has_no_charge(desk: Desk, sale: Json) -> None:
    del sale
    desk.premises.standin._account.objects["payment_intent"][stripes(desk, "payment_intent")]["latest_charge"] = None

    said = traced(desk, stripes(desk, "payment_intent"))["payment"]

    assert said.keys() == {"payment_id", "status", "amount_minor", "currency", "created_at", "live"}


def test_a_purchase_is_found_with_its_wallet_and_without(desk: Desk, sale: Json) -> None:
    without, with_wallet = traced(desk, sale["purchase_id"]), traced(desk, sale["purchase_id"], WALLET)

    assert without == with_wallet
    assert (without["kind"], without["wallet_id"], kinds(without)) == ("purchase", WALLET, STORY)
    assert without["purchase"]["holders"] == ["team_x"]
    assert without["session"].items() >= {"status": "complete", "payment_status": "paid", "amount_minor": 1000}.items()
    assert without["payment"].items() >= {"status": "succeeded", "refunded_minor": 100, "live": False}.items()
    assert without["payment"]["charge_id"] == stripes(desk, "charge")
    assert without["customer"] == {"customer_id": stripes(desk, "customer")}


def test_a_purchase_that_nobody_paid_has_its_session_and_no_entry(desk: Desk) -> None:
    said = traced(desk, desk.buy().json()["purchase_id"])

    assert (said["purchase"]["status"], said["session"]["status"], said["entries"]) == ("pending", "open", [])
    assert "payment" not in said


def test_a_purchase_whose_session_was_opened_much_later_is_found_with_its_wallet(desk: Desk) -> None:
    """A repeat of an interrupted purchase opens its session when it comes."""
    desk.premises.transport.before = unplugged
    refusal(desk.buy(), 502, "stripe_unavailable")
    desk.premises.transport.before = None
    desk.premises.advance(minutes=15)
    purchase_id = desk.buy().json()["purchase_id"]

    unknown(desk, purchase_id)
    assert traced(desk, purchase_id, WALLET)["session"]["status"] == "open"


def unplugged(_method: str, _path: str) -> None:
    raise lost()


def test_a_top_up_is_found_by_its_purchase_and_its_payment(desk: Desk) -> None:
    paid(desk, save_card=True)
    body = b'{"enabled":true,"below":2000,"target":2500,"package_id":"starter","monthly_cap_minor":null}'
    media = {"Content-Type": "application/json"}
    desk.ask("PUT", "/api/credits/auto-topup", token=desk.token(), headers=media, body=body)
    desk.use(60, key="u1")
    charge_due(Charging(wiring.errand("charge_topups"), wiring.shop()))
    payment_id = stripes(desk, "payment_intent")

    said = traced(desk, payment_id)

    assert (said["kind"], kinds(said)) == ("payment", ["purchase"])
    assert "session" not in said
    assert traced(desk, said["purchase"]["purchase_id"])["entries"] == said["entries"]


def test_a_customer_leads_to_the_wallet(desk: Desk, sale: Json) -> None:
    customer_id = stripes(desk, "customer")

    said = traced(desk, customer_id)

    assert (said["kind"], said["wallet_id"]) == ("customer", WALLET)
    assert said["customer"]["customer_id"] == customer_id
    assert [each["purchase_id"] for each in said["purchases"]] == [sale["purchase_id"]]
    assert kinds(said) == ["grant", *STORY, "usage"]
    assert "subscription" not in said


def test_a_wallet_leads_to_itself(desk: Desk, sale: Json) -> None:
    said = traced(desk, WALLET)

    assert (said["kind"], said["wallet_id"], said["complete"]) == ("wallet", WALLET, True)
    assert kinds(said) == ["grant", *STORY, "usage"]
    assert [each["purchase_id"] for each in said["purchases"]] == [sale["purchase_id"]]


def test_a_wallet_that_only_began_to_buy_is_known(desk: Desk) -> None:
    desk.buy()

    said = traced(desk, WALLET)

    assert (said["kind"], said["entries"], len(said["purchases"])) == ("wallet", [], 1)


def test_an_entry_leads_to_its_purchase_and_the_other_end(desk: Desk, sale: Json) -> None:
    del sale
    grant, bought, moved, revoked = (traced(desk, f"{WALLET}:{seq}") for seq in (1, 2, 3, 4))

    assert (grant["kind"], ids(grant)) == ("entry", ["acct_a:1"])
    assert (kinds(bought), kinds(revoked)) == (STORY, STORY)
    assert ids(moved) == ["acct_a:3", "team_x:1"]
    assert [entry["note"] for entry in moved["entries"]] == ["for the team"] * 2
    assert ids(traced(desk, "team_x:1")) == ["acct_a:3", "team_x:1"]
    assert ids(traced(desk, "acct_a:2", WALLET)) == ids(bought)


def test_a_lot_leads_to_all_that_touched_it_but_uses(desk: Desk, sale: Json) -> None:
    desk.place(credits=20)
    own = traced(desk, "lot_2", WALLET)
    moved = traced(desk, "lot_1", "team_x")

    assert (own["kind"], own["purchase"]["purchase_id"]) == ("lot", sale["purchase_id"])
    assert kinds(own) == [*STORY, "hold"]
    assert moved["purchase"]["purchase_id"] == sale["purchase_id"]
    assert ids(moved) == ["acct_a:3", "team_x:1"]
    assert kinds(traced(desk, "lot_1", WALLET)) == ["grant"]


@pytest.mark.parametrize("end", ["capture", "release", "lapse", "ride", None])
def test_a_hold_leads_to_what_became_of_it(desk: Desk, end: str | None) -> None:
    desk.give(100)
    hold_id = desk.place(credits=40).json()["hold_id"]
    desk.place(credits=1, key="h2", ttl_seconds=86400)
    if end == "capture":
        desk.capture(hold_id, credits=10)
    if end == "release":
        desk.release(hold_id)
    if end in ("lapse", "ride"):
        desk.premises.advance(hours=1)
    if end == "lapse":
        expire_due(wiring.errand("expire"))
    desk.use(1, key="u1")

    said = traced(desk, hold_id, WALLET)

    expected = {"capture": ["capture"], "release": ["release"], "lapse": ["lapse"], "ride": ["usage"], None: []}
    assert (said["kind"], kinds(said)) == ("hold", ["hold", *expected[end]])
    assert kinds(traced(desk, said["entries"][-1]["entry_id"])) == kinds(said)[-1:] if end == "ride" else True


def test_a_key_leads_to_what_it_was_spent_on(desk: Desk, sale: Json) -> None:
    used, bought = traced(desk, "u1", WALLET), traced(desk, "b1", WALLET)

    assert (used["kind"], kinds(used)) == ("key", ["usage"])
    assert (bought["purchase"]["purchase_id"], kinds(bought)) == (sale["purchase_id"], STORY)
    assert kinds(traced(desk, "t1", WALLET)) == ["transfer_out", "transfer_in"]


@pytest.mark.parametrize(
    "key", ["pi_123", "evt_1", "acct_a", "a/b?c#d", "!", "~" * 128, "in_1:2", "lot_99", "pur_" + "0" * 20]
)
def test_with_a_wallet_any_text_can_be_a_key(desk: Desk, key: str) -> None:
    desk.use(1, key=key)

    said = traced(desk, key, WALLET)

    assert (said["kind"], kinds(said)) == ("key", ["usage"])


def test_a_subscription_and_its_invoice_lead_to_the_changes_of_plan(desk: Desk) -> None:
    subscriber = Subscriber(desk)
    subscription_id = subscriber.subscribe("pro")
    invoice_id, payment_id = stripes(desk, "invoice"), stripes(desk, "payment_intent")
    session_id = stripes(desk, "checkout.session")

    for name, kind in [
        (subscription_id, "subscription"),
        (invoice_id, "invoice"),
        (payment_id, "payment"),
        (session_id, "session"),
    ]:
        said = traced(desk, name)
        assert (said["kind"], said["wallet_id"], said["complete"]) == (kind, WALLET, True)
        assert said["subscription"]["subscription_id"] == subscription_id
        assert said["subscription"]["row"]["news"]["status"] == "active"
        assert said["invoice"]["row"]["invoice_id"] == invoice_id
        assert set(kinds(said)) <= {"plan_change", "renewal"}
        assert "plan_change" in kinds(said)
        assert "purchase" not in said
    assert said["session"]["mode"] == "subscription"


def test_a_key_of_a_change_of_plan_leads_to_the_subscription(desk: Desk) -> None:
    Subscriber(desk).subscribe("pro")

    said = traced(desk, "plan-1", WALLET)

    assert (said["kind"], said["subscription"]["row"]["news"]["plan_id"]) == ("key", "pro")
    assert kinds(said)[0] == "plan_change"


def odd(desk: Desk) -> tuple[Json, str]:
    """A purchase paid with another amount than its own, and its event, which is kept aside."""
    desk.premises.hold()
    bought = desk.buy()
    desk.pay(bought)
    session = desk.premises.standin._account.objects["checkout.session"][bought.json()["checkout_session_id"]]
    session["amount_subtotal"] = 999
    event_id = desk.premises.events("checkout.session.completed")[-1]
    assert desk.premises.deliver(event_id) == 200
    return bought.json(), event_id


def test_an_event_that_is_kept_aside_leads_to_its_purchase_and_back(desk: Desk) -> None:
    bought, event_id = odd(desk)

    said, back = traced(desk, event_id), traced(desk, bought["checkout_session_id"])

    assert (said["kind"], said["wallet_id"]) == ("event", WALLET)
    assert said["purchase"].items() >= {"purchase_id": bought["purchase_id"], "status": "review"}.items()
    assert said["session"]["payment_status"] == "paid"
    (event,) = said["events"]
    assert event["reason"].startswith("amount: ")
    assert (event["event_id"], event["applied_at"]) == (event_id, None)
    assert back["events"] == said["events"]
    assert traced(desk, WALLET)["events"] == said["events"]


def test_an_event_that_was_applied_since_says_so(desk: Desk) -> None:
    bought, event_id = odd(desk)
    desk.premises.standin._account.objects["checkout.session"][bought["checkout_session_id"]]["amount_subtotal"] = 1000
    desk.premises.advance(hours=1)
    replayed = desk.post(
        f"/api/admin/quarantine/{event_id}/replay", {}, key="q1", token=desk.token("boss", scope=ADMIN)
    )
    assert replayed.json()["outcome"] == "settled"

    said = traced(desk, event_id)

    assert said["events"][0]["applied_at"] == "2026-11-22T13:00:00.000Z"
    assert (said["purchase"]["status"], kinds(said)) == ("paid", ["purchase"])


def test_an_event_of_nobody_is_shown_alone(desk: Desk) -> None:
    desk.premises.store.quarantine(
        Oddity(event_id="evt_odd", type="refund.created", reason="parked", at=desk.premises.now(), payment_id="pi_none")
    )

    said = traced(desk, "evt_odd")

    assert (said["wallet_id"], said["entries"], said["payment"]) == (None, [], {"payment_id": "pi_none"})
    assert [event["event_id"] for event in said["events"]] == ["evt_odd"]


NOWHERE = (
    *("cs_test_none", "pi_none", "ch_none", "py_none", "re_none", "pyr_none", "dp_none", "du_none", "sub_none"),
    *("in_none", "cus_none", "evt_none", "acct_none", "acct_none:1", "acct_a:0", "acct_a:01", "acct_a:999999999999"),
    *("acct_a:1000000000000", "x", "-", "a" * 65, "é", "a b", "cs_", "cs_/../x", "pi_%2e", "a" * 300, "%00", "'"),
    *("pur_00000000000000000000", "pur_iiiiiiiiiiiiiiiiiiii", "pur_zzzzzzzzzzzzzzzzzzzz", "pur_0"),
)


def test_what_is_unknown_is_not_found_all_the_same(desk: Desk, sale: Json) -> None:
    del sale
    for name in NOWHERE:
        assert refusal(ask(desk, name), 404, "not_found")["detail"] == "No such resource."


def test_with_a_wallet_only_what_is_that_wallets_is_found(desk: Desk) -> None:
    desk.give(5)
    desk.give(5, wallet_id="team_x")
    desk.use(1, key="k1")

    assert kinds(traced(desk, "lot_1", WALLET)) == ["grant"]
    for name in (
        "lot_2",
        "lot_1.1",
        "lot_9",
        "lot_01",
        "hold_1",
        "hold_9",
        "k9",
        "pi_none",
        "team_x:1",
        "x" * 129,
        "é",
        "x" * 3000,
    ):
        unknown(desk, name, WALLET)
    for name in ("lot_2", "k1", "acct_a:1"):
        unknown(desk, name, "team_x")


def test_a_wallet_can_be_called_like_anything_else(desk: Desk) -> None:
    for name in ("cus_123", "pi_123", "evt_1", "acct_a:7", "pur_01kajy9w0001234567ab"):
        desk.give(1, wallet_id=name)

        assert (traced(desk, name)["kind"], traced(desk, f"{name}:1")["wallet_id"]) == ("wallet", name)


def test_another_wallets_things_are_not_found_beside_the_wrong_wallet(desk: Desk, sale: Json) -> None:
    for name in (sale["purchase_id"], sale["checkout_session_id"], stripes(desk, "customer"), "acct_a:1", "u1"):
        unknown(desk, name, "acct_other")


@pytest.mark.parametrize("name", ["lot_1", "lot_2.99", "hold_1"])
def test_a_lot_or_a_hold_wants_its_wallet(desk: Desk, name: str) -> None:
    desk.give(5)

    refusal(ask(desk, name), 400, "invalid_request", "wallet")


@pytest.mark.parametrize("wallet", ["", "a b", "é", "a" * 65, "a/b", "a*"])
def test_a_malformed_wallet_is_not_found(desk: Desk, wallet: str) -> None:
    desk.give(5)
    desk.premises.forget_calls()

    unknown(desk, "lot_1", wallet)
    assert desk.premises.is_untouched


def test_a_wallet_said_twice_is_refused(desk: Desk) -> None:
    reply = desk.get("/api/admin/trace/lot_1?wallet=a&wallet=b", token=desk.token("boss", scope=ADMIN))

    refusal(reply, 400, "invalid_request", "wallet")


def test_what_carries_no_tag_of_ours_is_not_found(desk: Desk, sale: Json) -> None:
    objects = desk.premises.standin._account.objects
    for kind in ("checkout.session", "payment_intent", "customer"):
        objects[kind][stripes(desk, kind)]["metadata"] = {}
    del sale

    for kind in ("checkout.session", "payment_intent", "charge", "refund", "dispute", "invoice", "customer"):
        unknown(desk, stripes(desk, kind))


def test_when_stripe_does_not_answer_what_only_it_knows_can_not_be_traced(desk: Desk, sale: Json) -> None:
    desk.premises.transport.before = unplugged

    for name in (stripes(desk, "payment_intent"), sale["purchase_id"]):
        refusal(ask(desk, name), 502, "stripe_unavailable")


def test_when_stripe_does_not_answer_what_we_know_is_shown_all_the_same(desk: Desk, sale: Json) -> None:
    whole = traced(desk, sale["purchase_id"], WALLET)
    desk.premises.transport.before = unplugged

    said = traced(desk, sale["purchase_id"], WALLET)

    assert (said["complete"], said["entries"]) == (False, whole["entries"])
    assert said["session"] == {"session_id": sale["checkout_session_id"]}
    assert said["purchase"] == whole["purchase"]


def test_an_event_is_shown_without_stripe(desk: Desk) -> None:
    bought, event_id = odd(desk)
    desk.premises.transport.before = unplugged

    said = traced(desk, event_id)

    assert (said["complete"], said["purchase"]["purchase_id"]) == (False, bought["purchase_id"])


def test_what_stripe_answers_oddly_is_no_answer(desk: Desk, sale: Json) -> None:
    def failing(_method: str, _path: str, _reply: StripeReply) -> None:
        raise lost()

    desk.premises.transport.after = failing

    refusal(ask(desk, stripes(desk, "refund")), 502, "stripe_unavailable")
    del sale


def test_tracing_writes_nothing_and_scans_nothing(desk: Desk, sale: Json) -> None:
    before = desk.premises.items()
    for name, wallet in [
        (sale["purchase_id"], None),
        (sale["purchase_id"], WALLET),
        (stripes(desk, "dispute"), None),
        ("acct_a:2", None),
        ("lot_2", WALLET),
        ("b1", WALLET),
        (WALLET, None),
    ]:
        desk.premises.forget_calls()
        traced(desk, name, wallet)
        assert set(desk.premises.aws) <= {"BatchGetItem", "GetItem", "Query"}
        assert len(desk.premises.aws) <= 14, (name, desk.premises.aws)
        assert len(desk.premises.transport.calls) <= 5, (name, desk.premises.transport.calls)
        assert {method for method, _ in desk.premises.transport.calls} <= {"GET"}
    assert desk.premises.items() == before


@pytest.mark.parametrize("scope", [CUSTOMER, SERVICE, ""])
def test_tracing_is_for_admins_alone(desk: Desk, sale: Json, scope: str) -> None:
    path = f"/api/admin/trace/{sale['checkout_session_id']}"

    with desk.changing_nothing():
        refusal(desk.get(path, token=desk.token(scope=scope)), 403, "forbidden")
        refusal(desk.ask("GET", path), 401, "unauthenticated")

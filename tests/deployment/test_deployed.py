"""
The package, deployed with IAM enforced: bought, paid, heard, spent, ended, administered, updated, destroyed.

One life of one stack, in the order of the file. What MiniStack doesn't model is looked at in the template
(`tests/infra`): the gateway's own answers and preflights, concurrency, permissions of URL and gateway, TTL, recovery.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain.times import to_text
from infra import deploy
from tests.deployment.cloud import ANOTHER, ORIGIN, SECRET, Cloud, Json, opened
from tests.deployment.packaged import packaged
from tests.hearing import hear
from tests.lines import leaks

pytestmark = pytest.mark.alone
ANN, BEN = "acct_ann", "acct_ben"
KEY = "sk_test_deployed"
JOBS = {
    "ExpireCredits": "wallets",
    "SendAlerts": "sent",
    "ChargeTopups": "failed",
    "SweepPurchases": "purchases",
    "ReconcileStripe": "payments",
    "Audit": "wallets",
}
FUNCTIONS = (
    "api_handler", "stripe_webhook", "token_authorizer",
    "expire_credits", "send_alerts", "charge_topups", "sweep_purchases", "reconcile_stripe", "audit",
)  # fmt: skip


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    """The account, with the stack deployed as `make deploy` does it with a key of Stripe's."""
    with opened() as account, pytest.MonkeyPatch.context() as patch:
        patch.setenv("STRIPE_API_KEY", KEY)
        account.deploy()
        yield account


def invoke(function: str, *, how: str = "RequestResponse") -> Any:
    """Call a scheduled function with what EventBridge hands it."""
    event = {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}, "time": "2026-11-26T12:00:00Z"}
    whole = {**event, "id": "1", "version": "0", "account": "0", "region": "us-east-1", "resources": []}
    answer = deploy.client("lambda").invoke(
        FunctionName=function, InvocationType=how, Payload=json.dumps(whole).encode()
    )
    told = answer["Payload"].read()
    return {**json.loads(told), "broke": "FunctionError" in answer} if told else None


def balance(cloud: Cloud, wallet_id: str = ANN) -> Json:
    answer = cloud.api("GET", "/api/credits/balance", Authorization=cloud.bearer(wallet_id))
    assert answer.status == 200, answer.body
    body: Json = answer.body
    return body


def logged(cloud: Cloud, function: str) -> str:
    """Give what a function wrote into its log group."""
    logs = deploy.client("logs")
    group = f"/{cloud.stack.name}/{function}"
    streams = logs.describe_log_streams(logGroupName=group)["logStreams"]
    pages = [logs.get_log_events(logGroupName=group, logStreamName=each["logStreamName"]) for each in streams]
    return "\n".join(event["message"] for page in pages for event in page["events"])


def test_stripe_sells_the_catalogue_and_sends_its_events(cloud: Cloud) -> None:
    [endpoint] = cloud.stripe.endpoints
    assert endpoint["url"] == cloud.outputs["WebhookUrl"]
    assert "checkout.session.completed" in endpoint["enabled_events"]

    kept = {
        name: deploy.client("ssm").get_parameter(Name=cloud.values[name], WithDecryption=True)["Parameter"]
        for name in ("StripeKeyName", "StripeWebhookSecretName")
    }
    assert {name: each["Value"] for name, each in kept.items()} == {
        "StripeKeyName": KEY,
        "StripeWebhookSecretName": SECRET,
    }
    assert {each["Type"] for each in kept.values()} == {"SecureString"}
    assert not any(KEY in line or SECRET in line for line in cloud.said)


def test_the_authorizer_takes_a_real_token_and_refuses_the_others(cloud: Cloud) -> None:
    assert balance(cloud)["available"] == 0
    for token in ("", "Bearer nonsense", cloud.bearer(ANN)[:-4] + "AAAA"):
        assert cloud.api("GET", "/api/credits/balance", Authorization=token).status == 401
    wrong_scope = cloud.bearer(ANN, "tally:service")
    assert cloud.api("GET", "/api/credits/balance", Authorization=wrong_scope).status == 403


def test_pages_of_an_allowed_origin_may_read_the_answers(cloud: Cloud) -> None:
    allowed, other = (cloud.api("GET", "/api/plans", Origin=origin).headers for origin in (ORIGIN, ANOTHER))

    assert (allowed["Access-Control-Allow-Origin"], other["Access-Control-Allow-Origin"]) == (ORIGIN, None)


def test_the_api_describes_itself(cloud: Cloud) -> None:
    said = cloud.api("GET", "/api/openapi.json")

    assert (said.status, said.body["openapi"]) == (200, "3.1.0")


def test_what_is_bought_and_paid_is_there_and_can_be_spent(cloud: Cloud) -> None:
    ann = {"Authorization": cloud.bearer(ANN), "Idempotency_Key": "buy-1"}
    bought = cloud.api("POST", "/api/credits/purchase", body={"package_id": "starter"}, **ann)
    assert bought.status == 201, bought.body
    cloud.control(f"sessions/{bought.body['checkout_session_id']}/pay", {"method": "card"})

    path = f"/api/credits/purchases/{bought.body['purchase_id']}"
    cloud.until(lambda: cloud.api("GET", path, **ann).body["status"] == "paid")
    credits = bought.body["credits"] + bought.body["bonus_credits"]
    assert balance(cloud)["available"] == credits

    use = {"wallet_id": ANN, "meter": "pull_requests", "quantity": 60}
    service = cloud.bearer("acct_service", "tally:service")
    used = cloud.api("POST", "/api/user/usage/increment", body=use, Authorization=service, Idempotency_Key="use-1")
    assert used.status == 200, used.body
    assert used.body["credits"] > 0
    assert balance(cloud)["available"] == credits - used.body["credits"]
    history = cloud.api("GET", "/api/credits/history", Authorization=cloud.bearer(ANN)).body["entries"]
    assert [each["kind"] for each in history] == ["usage", "purchase"]


def test_a_forged_event_changes_nothing(cloud: Cloud) -> None:
    before = balance(cloud)["available"]

    for headers in ({}, {"Stripe-Signature": f"t={int(time.time())},v1={'0' * 64}"}):
        assert cloud.webhook(b'{"type": "checkout.session.completed"}', headers) == 400

    assert balance(cloud)["available"] == before


def test_every_job_may_do_what_it_does(cloud: Cloud) -> None:
    for function, counted in JOBS.items():
        told = invoke(cloud.physical(function))
        assert (told["broke"], told.get("failed")) == (False, 0), (function, told)
        assert counted in told


def test_a_schedule_fires_by_itself_and_books_what_has_ended(cloud: Cloud) -> None:
    admin = {"Authorization": cloud.bearer("acct_root", "tally:admin"), "Idempotency_Key": "grant-1"}
    soon = to_text(datetime.now(UTC) + timedelta(seconds=2))
    body = {"credits": 70, "reason": "a test", "expires_at": soon}
    assert cloud.api("POST", f"/api/admin/wallets/{BEN}/grants", body=body, **admin).status == 201

    def kinds() -> list[str]:
        history = cloud.api("GET", "/api/credits/history", Authorization=cloud.bearer(BEN)).body["entries"]
        return [each["kind"] for each in history]

    rule = {"Name": cloud.physical("ExpireCreditsExpireCreditsEvent")}
    deploy.client("events").enable_rule(**rule)  # nobody calls the job here
    cloud.until(lambda: kinds() == ["expiry", "grant"])
    deploy.client("events").disable_rule(**rule)
    assert balance(cloud, BEN)["available"] == 0


def test_an_admin_freezes_a_wallet_and_it_spends_no_more(cloud: Cloud) -> None:
    admin = {"Authorization": cloud.bearer("acct_root", "tally:admin"), "Idempotency_Key": "freeze-1"}
    assert cloud.api("POST", f"/api/admin/wallets/{ANN}/freeze", body={"reason": "a test"}, **admin).status == 200

    use = {"wallet_id": ANN, "meter": "pull_requests", "quantity": 1}
    service = cloud.bearer("acct_service", "tally:service")
    refused = cloud.api("POST", "/api/user/usage/increment", body=use, Authorization=service, Idempotency_Key="use-2")
    assert (refused.status, refused.body["code"]) == (409, "frozen")


@pytest.mark.parametrize(("policy", "is_enough"), [("ExpireCredits", True), ("Audit", False)])
def test_a_function_can_do_its_work_with_its_own_policy_and_with_no_other(
    cloud: Cloud, policy: str, *, is_enough: bool
) -> None:
    functions = deploy.client("lambda")
    own = functions.get_function_configuration(FunctionName=cloud.physical("ExpireCredits"))
    role = functions.get_function_configuration(FunctionName=cloud.physical(policy))["Role"]
    name = f"expire-credits-as-{policy}"
    functions.create_function(
        FunctionName=name,
        Role=role,
        Code={"ZipFile": (packaged() / "deployment.zip").read_bytes()},
        Environment={"Variables": own["Environment"]["Variables"]},
        **{each: own[each] for each in ("Handler", "Runtime", "Timeout", "MemorySize")},
    )

    told = invoke(name)

    functions.delete_function(FunctionName=name)
    assert (told["broke"], told["failed"] == 0) == (False, is_enough)


def test_a_run_that_breaks_three_times_lies_in_the_queue(cloud: Cloud) -> None:
    functions, name = deploy.client("lambda"), cloud.physical("Audit")
    usual = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    without = {variable: value for variable, value in usual.items() if variable != "TALLY_WALLETS_TABLE"}
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": without})
    try:
        invoke(name, how="Event")
        queue = {"QueueUrl": cloud.physical("DeadLetters"), "WaitTimeSeconds": 1}
        [letter] = cloud.until(lambda: deploy.client("sqs").receive_message(**queue).get("Messages"))
    finally:
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": usual})

    told = json.loads(letter["Body"])
    assert told["requestContext"]["approximateInvokeCount"] == 3
    assert "WrongSettings TALLY_WALLETS_TABLE" in letter["Body"]


def test_what_it_logs_has_neither_secrets_nor_tokens(cloud: Cloud) -> None:
    texts = {name: logged(cloud, name) for name in FUNCTIONS}

    assert '"message":"answered"' in texts["api_handler"]
    assert "checkout.session.completed" in texts["stripe_webhook"]
    for text in texts.values():
        assert not any(secret in text for secret in (KEY, SECRET))
        assert [found for line in text.splitlines() for found in leaks(line)] == []
    hear(line for text in texts.values() for line in text.splitlines() if line.startswith("{"))


def test_an_update_changes_the_functions_and_keeps_the_books(cloud: Cloud) -> None:
    before = balance(cloud)
    cloud.values["AllowedOrigins"] = f"{ORIGIN},{ANOTHER}"

    cloud.deploy()

    assert cloud.api("GET", "/api/plans", Origin=ANOTHER).headers["Access-Control-Allow-Origin"] == ANOTHER
    after = balance(cloud)
    assert (after["available"], after["seq"]) == (before["available"], before["seq"])
    assert len(cloud.stripe.endpoints) == 1


def test_destroyed_nothing_answers_and_the_tables_stay(cloud: Cloud) -> None:
    names = [cloud.outputs[f"{each}TableName"] for each in ("Wallets", "Purchases", "Usage")]
    cloud.said.clear()

    deploy.destroy(cloud.stack, cloud.values)

    assert cloud.stack.status() == "DELETE_COMPLETE"
    assert all(f"  {name}" in cloud.said for name in names)
    assert deploy.client("lambda").list_functions()["Functions"] == []
    counts = [deploy.client("dynamodb").scan(TableName=name, Select="COUNT")["Count"] for name in names]
    assert min(counts) > 0
    assert cloud.stripe.endpoints == []

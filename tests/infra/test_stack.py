"""A stack is made, changed, left alone where nothing differs, taken back where something breaks, and ended."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from infra import deploy, template
from infra.stack import Failed, Stack, pointed
from tests import engines

TOPIC = {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "Title"}}}
TABLE = {
    "Type": "AWS::DynamoDB::Table",
    "DeletionPolicy": "Retain",
    "Properties": {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}],
    },
}
IMPOSSIBLE = {"Type": "AWS::CloudWatch::Alarm", "Properties": {"Metrics": [], "ComparisonOperator": "nonsense"}}
BUCKET = "artifacts"


@pytest.fixture(scope="module")
def client() -> Iterator[Callable[[str], Any]]:
    """Clients of an account on this machine."""
    url = str(engines.engine("ministack").url)
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=engines.REGION)
    made: dict[str, Any] = {}

    def client(service: str) -> Any:
        return made.setdefault(service, session.client(service, endpoint_url=url))  # type: ignore[call-overload]

    yield client
    for each in made.values():
        each.close()


class Workshop:
    """A stack of its own, and a packaged template that can be changed."""

    def __init__(self, client: Callable[[str], Any], folder: Path) -> None:
        self.said: list[str] = []
        self.client, self.folder = client, folder
        self.stack = Stack(name=f"t-{uuid.uuid4().hex[:8]}", client=client, say=self.said.append)
        (folder / "deployment.zip").write_bytes(b"code")

    def deploy(self, resources: dict[str, Any], **parameters: str) -> dict[str, str]:
        whole = {
            "Parameters": {"Title": {"Type": "String"}, "Other": {"Type": "String", "Default": "x"}},
            "Resources": resources,
            "Outputs": {"Topic": {"Value": {"Ref": "Topic"}}},
        }
        template.write(whole, self.folder / "sam.yaml")
        return self.stack.deploy(self.folder / "sam.yaml", parameters, BUCKET)

    def title(self, topic: str) -> str:
        return str(self.client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]["DisplayName"])


@pytest.fixture
def shop(client: Callable[[str], Any], tmp_path: Path) -> Workshop:
    """A stack that isn't there yet."""
    return Workshop(client, tmp_path)


def test_a_stack_is_made_and_then_changed_and_keeps_what_is_not_named(shop: Workshop) -> None:
    made = shop.deploy({"Topic": TOPIC}, Title="one")
    assert shop.title(made["Topic"]) == "one"

    shop.deploy({"Topic": TOPIC, "Table": TABLE})
    assert shop.title(made["Topic"]) == "one"
    shop.deploy({"Topic": TOPIC, "Table": TABLE}, Title="two")
    assert shop.title(made["Topic"]) == "two"
    assert shop.said[0] == f"making {shop.stack.name}: 1 resources"


def test_where_nothing_differs_nothing_is_done(shop: Workshop) -> None:
    first = shop.deploy({"Topic": TOPIC}, Title="one")
    shop.said.clear()

    assert shop.deploy({"Topic": TOPIC}, Title="one") == first
    assert shop.said == ["nothing to change"]


def test_a_parameter_that_is_missing_or_unknown_is_named(shop: Workshop) -> None:
    with pytest.raises(Failed, match="parameters missing: Title"):
        shop.deploy({"Topic": TOPIC})
    with pytest.raises(Failed, match="no such parameter: Tittle"):
        shop.deploy({"Topic": TOPIC}, Title="one", Tittle="two")
    assert shop.stack.status() == "DELETE_COMPLETE"


def test_what_breaks_is_taken_back_and_its_reason_is_said(shop: Workshop) -> None:
    with pytest.raises(Failed, match="Alarm: "):
        shop.deploy({"Topic": TOPIC, "Alarm": IMPOSSIBLE}, Title="one")

    made = shop.deploy({"Topic": TOPIC}, Title="one")  # the next try begins anew
    assert shop.title(made["Topic"]) == "one"


def test_a_change_that_breaks_leaves_the_stack_as_it_was(shop: Workshop) -> None:
    made = shop.deploy({"Topic": TOPIC}, Title="one")

    with pytest.raises(Failed, match="Alarm: "):
        shop.deploy({"Topic": TOPIC, "Alarm": IMPOSSIBLE}, Title="two")
    assert shop.title(made["Topic"]) == "one"


def test_the_end_names_the_tables_that_stay(shop: Workshop) -> None:
    shop.deploy({"Topic": TOPIC, "Table": TABLE}, Title="one")

    [table] = shop.stack.destroy()

    assert shop.stack.status() == "DELETE_COMPLETE"
    assert shop.client("dynamodb").describe_table(TableName=table)["Table"]["TableStatus"] == "ACTIVE"


def test_nobody_outside_may_read_the_bucket(shop: Workshop) -> None:
    shop.deploy({"Topic": TOPIC}, Title="one")

    closed = shop.client("s3").get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"]
    assert closed == dict.fromkeys(
        ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
    )


def test_every_function_is_made_of_the_code_that_was_put_there() -> None:
    function = {"Type": "AWS::Serverless::Function", "Properties": {"CodeUri": "./deployment.zip", "Timeout": 3}}

    made = pointed({"Resources": {"F": function, "Topic": TOPIC}}, "s3://bucket/key")

    assert made["Resources"]["F"]["Properties"] == {"CodeUri": "s3://bucket/key", "Timeout": 3}
    assert made["Resources"]["Topic"] == TOPIC


def test_parameters_come_from_the_stages_file_and_from_what_is_set_by_hand(tmp_path: Path) -> None:
    (tmp_path / "prod.toml").write_text('JwtIssuer = "https://issuer.example.com"\nAlarmEmail = "a@example.com"\n')

    assert deploy.parameters("prod", ["AlarmEmail=b=c"], folder=tmp_path) == {
        "StripeKeyName": "/tally/prod/stripe-key",
        "StripeWebhookSecretName": "/tally/prod/stripe-webhook-secret",
        "JwtIssuer": "https://issuer.example.com",
        "AlarmEmail": "b=c",
        "Stage": "prod",
    }
    assert deploy.parameters("dev", [], folder=tmp_path).keys() == {"StripeKeyName", "StripeWebhookSecretName", "Stage"}
    current = {"JwtIssuer": "https://old.example.com", "JwtAudience": "here", "StripeKeyName": "/ours"}
    found = deploy.parameters("prod", [], current=current, folder=tmp_path)
    assert (found["JwtIssuer"], found["JwtAudience"]) == ("https://issuer.example.com", "here")
    assert found["StripeKeyName"] == "/ours"
    with pytest.raises(Failed, match="not AlarmEmail"):
        deploy.parameters("dev", ["AlarmEmail"], folder=tmp_path)
    (tmp_path / "prod.toml").write_text("CheckoutMinutes = 60\n")
    with pytest.raises(Failed, match="CheckoutMinutes must be text"):
        deploy.parameters("prod", [], folder=tmp_path)

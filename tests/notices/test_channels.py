"""What goes to AWS: e-mail, the topic, the queue; and how every failure there is called."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

import pytest
from boto3.session import Session
from botocore.stub import ANY, Stubber
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends

from chalicelib import wiring
from chalicelib.domain.wording import Worded
from chalicelib.notices import ses
from chalicelib.notices.channels import AwsNotices, Senders, clients
from chalicelib.notices.webhooks import WebhookSender
from chalicelib.services.ports import NotSent
from local import surroundings
from local.notices import LocalNotices
from local.outbox import Outbox
from tests.builders import CATALOG, NOON
from tests.notices.letters import DEBT, LANGUAGES, SECRET, recipient

REGION = "eu-central-1"
SENDER = "Tally <credits@example.com>"
NOBODY = recipient(email=None, webhook_url=None, webhook_secret=None)


class Cloud:
    """An AWS account with an address that may send, a topic with a queue at its end, and a queue of dead letters."""

    def __init__(self) -> None:
        self._session = Session(region_name=REGION)
        self.sqs = self.client("sqs")
        self.dead_letters = self.sqs.create_queue(QueueName="dead")["QueueUrl"]
        self.heard = self.sqs.create_queue(QueueName="heard")["QueueUrl"]
        self.topic = self.client("sns").create_topic(Name="alerts")["TopicArn"]
        arn = self.sqs.get_queue_attributes(QueueUrl=self.heard, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        self.client("sns").subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=arn)
        self.client("sesv2").create_email_identity(EmailIdentity="credits@example.com")

    def client(self, service: str) -> Any:
        return cast("Any", self._session).client(service)

    def take(self, queue: str) -> dict[str, Any]:
        [message] = self.sqs.receive_message(QueueUrl=queue)["Messages"]
        body: dict[str, Any] = json.loads(message["Body"])
        return body

    @property
    def senders(self) -> Senders:
        return Senders(email_from=SENDER, alerts_topic=self.topic, dead_letters_queue=self.dead_letters)

    def notices(self, **senders: str | None) -> AwsNotices:
        return AwsNotices(replace(self.senders, **senders), CATALOG, LANGUAGES, client=clients(region=REGION))


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_PROFILE", raising=False)


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with mock_aws():
        yield Cloud()


def test_a_recipient_has_the_channels_that_lead_somewhere(cloud: Cloud) -> None:
    notices = cloud.notices()

    assert notices.channels(recipient()) == ["email", "webhook", "sns"]
    assert notices.channels(recipient(email=None)) == ["webhook", "sns"]
    assert notices.channels(recipient(webhook_secret=None)) == ["email", "sns"]
    assert cloud.notices(email_from=None, alerts_topic=None).channels(recipient()) == ["webhook"]
    assert cloud.notices(email_from=None, alerts_topic=None).channels(NOBODY) == []


def test_an_email_is_sent_in_the_readers_language(cloud: Cloud) -> None:
    cloud.notices().send("email", DEBT, recipient(locale="de-AT"), now=NOON)

    [sent] = ses_backends[DEFAULT_ACCOUNT_ID][REGION].sent_messages
    assert (sent.source, sent.destinations) == (SENDER, {"ToAddresses": ["ada@example.com"]})
    assert sent.subject == "In Ihrem Konto sind 7 Credits offen"
    assert '<html lang="de">' in sent.body


def test_an_email_has_the_messages_id_and_both_forms() -> None:
    client = Session(region_name=REGION).client("sesv2")
    content = {
        "Subject": {"Data": "S", "Charset": "UTF-8"},
        "Body": {"Text": {"Data": "One.\n\nTwo.", "Charset": "UTF-8"}, "Html": {"Data": ANY, "Charset": "UTF-8"}},
        "Headers": [
            {"Name": "X-Tally-Message", "Value": "msg_1"},
            {"Name": "Auto-Submitted", "Value": "auto-generated"},
        ],
    }
    wanted = {
        "FromEmailAddress": SENDER,
        "Destination": {"ToAddresses": ["ada@example.com"]},
        "Content": {"Simple": content},
    }
    worded = Worded(language="en", subject="S", text="One.\n\nTwo.")

    with Stubber(client) as stub:
        stub.add_response("send_email", {"MessageId": "1"}, wanted)
        ses.send(client, worded, sender=SENDER, to="ada@example.com", message_id="msg_1")
        stub.assert_no_pending_responses()


def test_whatever_stands_in_the_words_is_text_in_the_html() -> None:
    page = ses.html(Worded(language='"', subject="</title><b>", text='<script>a & "b"</script>\n\n{Two}'))

    assert '<html lang="&quot;">' in page
    assert "<title>&lt;/title&gt;&lt;b&gt;</title>" in page
    assert "<p>&lt;script&gt;a &amp; &quot;b&quot;&lt;/script&gt;</p>\n<p>{Two}</p>" in page


def test_the_topic_is_told_facts_and_words(cloud: Cloud) -> None:
    cloud.notices().send("sns", DEBT, NOBODY, now=NOON)

    heard = cloud.take(cloud.heard)
    told = json.loads(heard["Message"])
    assert heard["MessageAttributes"] == {
        "kind": {"Type": "String", "Value": "debt"},
        "wallet_id": {"Type": "String", "Value": "acct_a"},
    }
    assert told.pop("text").startswith("Your account owes 7 credits: ")
    assert told == {
        "wallet_id": "acct_a",
        "message_id": "msg_1",
        "kind": "debt",
        "debt": 7,
        "subject": "Your account owes 7 credits",
    }


def test_a_dead_letter_says_what_it_was_and_why(cloud: Cloud) -> None:
    cloud.notices().park(DEBT, "webhook: answered 500")

    assert cloud.take(cloud.dead_letters) == {
        "message": {
            "wallet_id": "acct_a",
            "message_id": "msg_1",
            "kind": "debt",
            "at": "2026-11-22T12:00:00.000Z",
            "facts": {"debt": 7},
        },
        "reason": "webhook: answered 500",
    }


def test_without_a_queue_nothing_is_parked(cloud: Cloud) -> None:
    with pytest.raises(NotSent, match="dead_letters: not set up"):
        cloud.notices(dead_letters_queue=None).park(DEBT, "why")


@pytest.mark.parametrize("channel", ["email", "webhook", "sns", "pigeon"])
def test_what_is_not_set_up_is_not_sent(cloud: Cloud, channel: str) -> None:
    notices = cloud.notices(email_from=None, alerts_topic=None)

    with pytest.raises(NotSent, match=f"{channel}: not set up"):
        notices.send(channel, DEBT, NOBODY, now=NOON)


def test_a_refusal_of_aws_names_its_code_and_no_address(cloud: Cloud) -> None:
    notices = cloud.notices(email_from="stranger@example.org", alerts_topic=cloud.topic + "-gone")

    with pytest.raises(NotSent, match=r"^email: [A-Za-z]+$"):
        notices.send("email", DEBT, recipient(), now=NOON)
    with pytest.raises(NotSent, match=r"^sns: NotFound(Exception)?$"):
        notices.send("sns", DEBT, recipient(), now=NOON)
    with pytest.raises(NotSent, match=r"^dead_letters: [A-Za-z.]+$"):
        cloud.notices(dead_letters_queue=cloud.dead_letters + "-gone").park(DEBT, "why")


def test_a_request_that_cannot_be_made_is_not_sent(cloud: Cloud) -> None:
    wrong: Any = 7

    with pytest.raises(NotSent, match=r"^email: ParamValidationError$"):
        cloud.notices(email_from=wrong).send("email", DEBT, recipient(), now=NOON)


def test_a_webhook_is_handed_its_own_body_and_secret() -> None:
    posted: list[tuple[Any, ...]] = []

    class Recorder(WebhookSender):
        def send(self, url: str, body: str, *, secret: str, message_id: str, now: datetime) -> None:
            posted.append((url, json.loads(body), secret, message_id, now))

    nothing = Senders(email_from=None, alerts_topic=None, dead_letters_queue=None)
    notices = AwsNotices(nothing, CATALOG, LANGUAGES, client=clients(region=REGION), webhooks=Recorder())

    notices.send("webhook", DEBT, recipient(), now=NOON)

    [(url, body, secret, message_id, now)] = posted
    assert (url, secret, message_id, now) == ("https://hooks.example.com/tally", SECRET, "msg_1", NOON)
    assert (body["type"], body["timestamp"]) == ("tally.debt", "2026-11-22T12:00:00.000Z")
    assert (body["data"]["message_id"], body["data"]["debt"]) == ("msg_1", 7)


def test_clients_wait_little_and_are_kept() -> None:
    client = clients(region=REGION)
    config = client("sns").meta.config

    assert client("sns") is client("sns")
    assert (config.connect_timeout, config.read_timeout) == (1, 5)
    assert config.retries["total_max_attempts"] == 2


def test_wiring_makes_the_notices_once_or_takes_those_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = surroundings.settings("http://127.0.0.1:8000", 8000, stripe_url="http://127.0.0.1:8002")
    around = {**settings, "AWS_DEFAULT_REGION": REGION, "TALLY_EMAIL_FROM": SENDER}
    monkeypatch.delenv("AWS_REGION", raising=False)

    with surroundings.replaced(around):
        wiring.install(notices=None)
        made = wiring.notices()
        again, channels = wiring.notices(), made.channels(recipient())
        wiring.install(notices=LocalNotices(Outbox(), CATALOG, LANGUAGES))
        installed = wiring.notices()
        wiring.install(notices=None)

    assert (again is made, channels) == (True, ["email", "webhook"])
    assert isinstance(installed, LocalNotices)

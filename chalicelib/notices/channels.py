"""The channels on AWS: which a recipient has, what is sent through each, and every failure under our name for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any

from chalicelib.domain.catalog import Catalog
from chalicelib.domain.languages import Languages
from chalicelib.domain.messages import Message, Recipient
from chalicelib.domain.wording import word
from chalicelib.notices import payloads, ses, sns
from chalicelib.notices.webhooks import WebhookSender
from chalicelib.services.ports import NotSent

CONNECT_TIMEOUT, READ_TIMEOUT, ATTEMPTS = 1, 5, 2  # seconds, seconds, and how often in all


class Channel(StrEnum):
    """A way to a customer, or to what a customer's messages set in motion."""

    EMAIL = "email"
    WEBHOOK = "webhook"
    SNS = "sns"


@dataclass(frozen=True, slots=True, kw_only=True)
class Senders:
    """Where messages come from and go to, as far as a deployment has it: an e-mail address, a topic, a queue's URL."""

    email_from: str | None
    alerts_topic: str | None
    dead_letters_queue: str | None


class AwsNotices:
    """Sends by SES, SNS and https, and parks in SQS. Clients are made at their first use and kept."""

    def __init__(
        self,
        senders: Senders,
        catalog: Catalog,
        languages: Languages,
        *,
        client: Callable[[str], Any],
        webhooks: WebhookSender | None = None,
    ) -> None:
        self._senders, self._catalog, self._languages = senders, catalog, languages
        self._client, self._webhooks = client, webhooks or WebhookSender()

    def channels(self, to: Recipient) -> Sequence[str]:
        """Name the channels of a recipient; none, if neither the deployment nor the recipient has any."""
        there = {
            Channel.EMAIL: self._senders.email_from and to.email,
            Channel.WEBHOOK: to.webhook_url and to.webhook_secret,
            Channel.SNS: self._senders.alerts_topic,
        }
        return [channel.value for channel, has in there.items() if has]

    def send(self, channel: str, message: Message, to: Recipient, *, now: datetime) -> None:
        """Send a message through one channel. Raises `NotSent`."""
        worded = word(message, self._catalog, self._languages, locale=to.locale)
        sender, topic = self._senders.email_from, self._senders.alerts_topic
        message_id = message.message_id
        with _taken(channel):
            if channel == Channel.EMAIL and sender and to.email:
                ses.send(self._client("sesv2"), worded, sender=sender, to=to.email, message_id=message_id)
            elif channel == Channel.WEBHOOK and to.webhook_url and to.webhook_secret:
                body, secret = payloads.event(message, worded), to.webhook_secret
                self._webhooks.send(to.webhook_url, body, secret=secret, message_id=message_id, now=now)
            elif channel == Channel.SNS and topic:
                sns.publish(self._client("sns"), message, worded, topic=topic)
            else:
                raise NotSent(f"{channel}: not set up")

    def park(self, message: Message, reason: str) -> None:
        """Put a message into the dead-letter queue. Raises `NotSent`, also where there is no queue."""
        if not self._senders.dead_letters_queue:
            raise NotSent("dead_letters: not set up")
        with _taken("dead_letters"):
            self._client("sqs").send_message(
                QueueUrl=self._senders.dead_letters_queue, MessageBody=payloads.parked(message, reason)
            )


@contextmanager
def _taken(channel: str) -> Iterator[None]:
    """Turn every way in which AWS doesn't take a message into `NotSent`; its own texts may name addresses."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        raise NotSent(f"{channel}: {error.response['Error']['Code']}") from None
    except BotoCoreError as error:
        raise NotSent(f"{channel}: {type(error).__name__}") from None


def clients(*, region: str) -> Callable[[str], Any]:
    """Make clients that don't wait long, each once."""

    @cache
    def client(service: str) -> Any:
        from boto3.session import Session
        from botocore.config import Config

        config = Config(
            connect_timeout=CONNECT_TIMEOUT,
            read_timeout=READ_TIMEOUT,
            retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
        )
        return Session().client(service, region_name=region, config=config)  # type: ignore[call-overload]

    return client

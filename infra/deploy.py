"""
`make deploy STAGE=dev`: packages, brings the stack to it, and tells Stripe; `make destroy STAGE=dev` ends the stack.

Where STRIPE_API_KEY is set, Stripe's key is kept in SSM, Stripe sells what the catalogue offers, and sends its events
to the stack. Credentials and region are AWS's usual ones; AWS_ENDPOINT_URL is another place that speaks AWS.
"""

from __future__ import annotations

import argparse
import os
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from infra import endpoint, stripe_sync, template
from infra.package import OUT, STAGES
from infra.package import main as package
from infra.shelf import Clash
from infra.stack import Failed, Say, Stack

if TYPE_CHECKING:
    import stripe

PARAMETERS = Path("infra/parameters")  # a file per stage, of whoever deploys
SHOWN = ("EndpointURL", "WebhookUrl", "DashboardUrl", "WalletsTableName", "PurchasesTableName", "UsageTableName")
STRIPE_KEY, WEBHOOK_SECRET = "StripeKeyName", "StripeWebhookSecretName"


@cache
def client(service: str) -> Any:
    """Make a client of AWS's, once."""
    import boto3

    return boto3.client(service)  # type: ignore[call-overload]


def parameters(
    stage: str, settings: Sequence[str], *, current: Mapping[str, str] | None = None, folder: Path = PARAMETERS
) -> dict[str, str]:
    """
    Say a stack's parameters: its *current* ones, over them the stage's file, over it what was set by hand.

    Raises:
        Failed: A setting has no `=`, or a value of the file is no text.
    """
    usual = {STRIPE_KEY: f"/tally/{stage}/stripe-key", WEBHOOK_SECRET: f"/tally/{stage}/stripe-webhook-secret"}
    file = folder / f"{stage}.toml"
    written = tomllib.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    if odd := [name for name, value in written.items() if not isinstance(value, str)]:
        raise Failed(f"{file}: {', '.join(odd)} must be text, in quotation marks")
    if bare := [each for each in settings if "=" not in each]:
        raise Failed(f"parameters are set as Name=value, not {', '.join(bare)}")
    by_hand = dict(each.split("=", 1) for each in settings)
    return {**usual, **(current or {}), **written, **by_hand, "Stage": stage}


def deploy(stack: Stack, packaged: Path, values: Mapping[str, str], *, bucket: str | None = None) -> dict[str, str]:
    """Deploy what lies packaged in a folder, tell Stripe, and give the stack's outputs. Raises `Failed`."""
    gone = (
        stack.parameters().keys() - template.read(packaged / "sam.yaml")["Parameters"].keys()
    )  # of an earlier version
    values = {name: value for name, value in values.items() if name not in gone}
    secrets = Secrets(values)
    key = os.environ.get("STRIPE_API_KEY", "").strip()
    if key:
        secrets.keep(STRIPE_KEY, key)
    elif not secrets.has(STRIPE_KEY):
        stack.say(f"no Stripe key: set STRIPE_API_KEY, or put one into {values[STRIPE_KEY]}")
    outputs = stack.deploy(packaged / "sam.yaml", values, bucket or _usual_bucket())
    if key:
        _tell_stripe(stack, key, values, outputs["WebhookUrl"], secrets)
    return outputs


class Secrets:
    """The two secrets of a stack, in SSM, under the names that its parameters give."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._names = values

    def has(self, parameter: str) -> bool:
        try:
            client("ssm").get_parameter(Name=self._names[parameter])
        except ClientError as error:
            if error.response["Error"]["Code"] == "ParameterNotFound":
                return False
            raise
        return True

    def keep(self, parameter: str, value: str) -> None:
        encrypted = {"KeyId": self._names["SecretsKeyArn"]} if self._names.get("SecretsKeyArn") else {}
        client("ssm").put_parameter(
            Name=self._names[parameter], Value=value, Type="SecureString", Overwrite=True, **encrypted
        )


def _tell_stripe(stack: Stack, key: str, values: Mapping[str, str], url: str, secrets: Secrets) -> None:
    from chalicelib import wiring

    with _connected(key, values) as stripe:
        stack.say(stripe_sync.sync(stripe, wiring.catalog(), say=stack.say).summary)
        has_secret = secrets.has(WEBHOOK_SECRET)
        keep = partial(secrets.keep, WEBHOOK_SECRET)
        stack.say(endpoint.register(stripe, stack.name, url, has_secret=has_secret, keep=keep))


@contextmanager
def _connected(key: str, values: Mapping[str, str]) -> Iterator[stripe.StripeClient]:
    """Reach Stripe, and say its refusals without the key."""
    import stripe

    from chalicelib.payments.client import connect

    try:
        yield connect(key, values.get("StripeApiBase", stripe_sync.STRIPE))
    except (stripe.StripeError, Clash) as error:
        said = getattr(error, "user_message", None) or str(error) or type(error).__name__
        raise Failed(f"AWS is done, but Stripe: {said.splitlines()[0]}".replace(key, "…")) from None


def destroy(stack: Stack, values: Mapping[str, str]) -> None:
    """End a stack, and say what stays. Raises `Failed`."""
    key = os.environ.get("STRIPE_API_KEY", "").strip()
    kept = stack.destroy()
    stack.say(f"{stack.name} is gone. These tables stay, protected against deletion:")
    for table in kept:
        stack.say(f"  {table}")
    stack.say(f"So do the secrets {values[STRIPE_KEY]} and {values[WEBHOOK_SECRET]}.")
    if key:
        with _connected(key, values) as stripe:
            stack.say(
                f"Stripe sends nothing there any more ({endpoint.unregister(stripe, stack.name)} endpoint removed)."
            )


def _usual_bucket() -> str:
    account = client("sts").get_caller_identity()["Account"]
    return f"tally-artifacts-{account}-{client('s3').meta.region_name}"


def main(arguments: Sequence[str] | None = None, say: Say = print) -> int:
    """Deploy or destroy, and print the addresses or what stays."""
    parser = argparse.ArgumentParser(prog="python -m infra.deploy", description="Deploy Tally, or end a stack of it.")
    parser.add_argument("--stage", choices=STAGES, default=STAGES[0])
    parser.add_argument("--stack", help="its name; tally-STAGE if not given")
    parser.add_argument("--bucket", help="where CloudFormation reads from; made if it isn't there")
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", help="parameters of the template")
    parser.add_argument("--destroy", action="store_true", help="end the stack; its tables stay")
    asked = parser.parse_args(arguments)
    stack = Stack(name=asked.stack or f"tally-{asked.stage}", client=client, say=say)
    try:
        values = parameters(asked.stage, asked.set, current=stack.parameters())
        if asked.destroy:
            destroy(stack, values)
            return 0
        if package(["--stage", asked.stage]):
            return 1
        outputs = deploy(stack, OUT / asked.stage, values, bucket=asked.bucket)
    except (Failed, ClientError, BotoCoreError) as failed:
        print(failed, file=sys.stderr)
        return 1
    for name in SHOWN:
        say(f"{name:20}{outputs[name]}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

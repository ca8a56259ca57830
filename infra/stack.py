"""A CloudFormation stack: brought to a template, or ended. The only module that speaks to CloudFormation and S3."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from botocore.exceptions import ClientError

from infra import template
from infra.template import Template

CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
GONE = ("REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE", "DELETE_COMPLETE")  # nothing was ever running there
CHANGE = "deploy"
ASKED_FOR = "User Initiated"  # what CloudFormation calls it
EMPTY = ("didn't contain changes", "No updates are to be performed")
FIRST_WAIT, LONGEST_WAIT = 0.2, 5.0  # seconds between two looks
Say = Callable[[str], object]
Clients = Callable[[str], Any]


class Failed(Exception):
    """CloudFormation did not do it. The message has its reasons."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A stack by its name, and the clients to reach it with."""

    name: str
    client: Clients
    say: Say = print

    def deploy(self, made: Path, parameters: Mapping[str, str], bucket: str) -> dict[str, str]:
        """
        Bring the stack to a packaged template, and give its outputs. A parameter that isn't named stays as it is.

        Raises:
            Failed: It did not come to that; CloudFormation has taken everything back.
        """
        store = Store(bucket, self.client)
        store.make()
        whole = template.read(made)
        code = store.put(made.with_name("deployment.zip"), self.name)
        with TemporaryDirectory() as folder:
            written = Path(folder) / "template.yaml"
            template.write(pointed(whole, f"s3://{bucket}/{code}"), written)
            address = store.address(store.put(written, self.name))
        if self._change(address, whole, parameters):
            self._settle("CREATE_COMPLETE", "UPDATE_COMPLETE")
        return self.outputs()

    def destroy(self) -> list[str]:
        """
        End the stack, and name the tables that stay.

        Raises:
            Failed: Something could not be removed.
        """
        kept = [each["PhysicalResourceId"] for each in self._resources() if each["ResourceType"].endswith("::Table")]
        self.client("cloudformation").delete_stack(StackName=self.name)
        self._settle("DELETE_COMPLETE")
        return kept

    def outputs(self) -> dict[str, str]:
        described = self._described()
        return {each["OutputKey"]: each["OutputValue"] for each in described.get("Outputs", ())}

    def parameters(self) -> dict[str, str]:
        """Give the parameters that the stack has; none where there is no stack."""
        if self.status() in GONE:
            return {}
        return {each["ParameterKey"]: each["ParameterValue"] for each in self._described().get("Parameters", ())}

    def status(self) -> str:
        """Say how the stack is; DELETE_COMPLETE where there is none."""
        try:
            return str(self._described()["StackStatus"])
        except ClientError as error:
            if error.response["Error"]["Code"] == "ValidationError":
                return "DELETE_COMPLETE"
            raise

    def _described(self) -> dict[str, Any]:
        [found] = self.client("cloudformation").describe_stacks(StackName=self.name)["Stacks"]
        return dict(found)

    def _resources(self) -> list[dict[str, Any]]:
        pages = self.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=self.name)
        return [each for page in pages for each in page["StackResourceSummaries"]]

    def _change(self, address: str, whole: Template, parameters: Mapping[str, str]) -> bool:
        """Plan the change, and begin it; whether there is any."""
        status = self.status()
        if status == "ROLLBACK_COMPLETE":
            self.client("cloudformation").delete_stack(StackName=self.name)
            self._settle("DELETE_COMPLETE")
        new = status in GONE
        asked = {
            "StackName": self.name,
            "ChangeSetName": f"{CHANGE}-{time.time_ns()}",
            "ChangeSetType": "CREATE" if new else "UPDATE",
            "TemplateURL": address,
            "Capabilities": CAPABILITIES,
            "Parameters": _values(whole, parameters, before=set() if new else set(self.parameters())),
        }
        cloud = self.client("cloudformation")
        change = cloud.create_change_set(**asked)["Id"]
        while (planned := cloud.describe_change_set(ChangeSetName=change))["Status"].endswith("_PROGRESS") or (
            planned["Status"] == "CREATE_PENDING"
        ):
            time.sleep(FIRST_WAIT)
        if planned["Status"] == "FAILED":
            reason = str(planned.get("StatusReason"))
            cloud.delete_change_set(ChangeSetName=change)
            if any(words in reason for words in EMPTY):
                self.say("nothing to change")
                return False
            raise Failed(reason)
        self.say(f"{'making' if new else 'changing'} {self.name}: {len(planned.get('Changes', ()))} resources")
        cloud.execute_change_set(ChangeSetName=change)
        return True

    def _settle(self, *wanted: str) -> None:
        wait, last = FIRST_WAIT, ""
        while (status := self.status()) not in wanted:
            if not status.endswith("_IN_PROGRESS"):
                raise Failed("\n".join(self._reasons()) or status)
            if status != last:
                self.say(f"{self.name}: {status}")
                last = status
            time.sleep(wait)
            wait = min(LONGEST_WAIT, wait * 1.5)

    def _reasons(self) -> list[str]:
        """Give what broke since the last thing that somebody asked for; the newest event comes first."""
        found = []
        for event in self.client("cloudformation").describe_stack_events(StackName=self.name)["StackEvents"]:
            if event["ResourceStatus"].endswith("_FAILED"):
                found.append(f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason')}")
            if event.get("ResourceStatusReason") == ASKED_FOR:
                break
        return found[::-1]


@dataclass(frozen=True, slots=True)
class Store:
    """The bucket that CloudFormation reads from. Things lie there under their hashes, so equal ones lie there once."""

    bucket: str
    client: Clients

    def make(self) -> None:
        """Make the bucket if it isn't there; nobody outside may ever read it."""
        storage = self.client("s3")
        try:
            storage.head_bucket(Bucket=self.bucket)
        except ClientError as missing:
            if missing.response["ResponseMetadata"]["HTTPStatusCode"] != 404:  # noqa: PLR2004 - HTTP's
                raise
            place = storage.meta.region_name
            where = {} if place == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": place}}
            storage.create_bucket(Bucket=self.bucket, **where)
            closed = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
            storage.put_public_access_block(
                Bucket=self.bucket, PublicAccessBlockConfiguration=dict.fromkeys(closed, True)
            )

    def put(self, file: Path, folder: str) -> str:
        """Put a file there, and give its key."""
        content = file.read_bytes()
        key = f"{folder}/{hashlib.sha256(content).hexdigest()}{file.suffix}"
        self.client("s3").put_object(Bucket=self.bucket, Key=key, Body=content)
        return key

    def address(self, key: str) -> str:
        storage = self.client("s3")
        return f"{storage.meta.endpoint_url}/{self.bucket}/{key}"


def pointed(whole: Template, code: str) -> Template:
    """Have every function of a template made of *code*."""
    resources = {
        name: {**each, "Properties": {**each["Properties"], "CodeUri": code}}
        if each["Type"] == "AWS::Serverless::Function"
        else each
        for name, each in whole["Resources"].items()
    }
    return {**whole, "Resources": resources}


def _values(whole: Template, parameters: Mapping[str, str], *, before: set[str]) -> list[dict[str, Any]]:
    """Write parameters as CloudFormation wants them; those that are not named stay as they were *before*."""
    if unknown := parameters.keys() - whole["Parameters"].keys():
        raise Failed(f"no such parameter: {', '.join(sorted(unknown))}")
    wanted = {name for name, each in whole["Parameters"].items() if "Default" not in each}
    if missing := wanted - parameters.keys() - before:
        raise Failed(f"parameters missing: {', '.join(sorted(missing))}")
    kept = sorted((whole["Parameters"].keys() & before) - parameters.keys())
    return [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()] + [
        {"ParameterKey": name, "UsePreviousValue": True} for name in kept
    ]

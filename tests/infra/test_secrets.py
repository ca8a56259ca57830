"""Secrets come from SSM, are kept for five minutes, and a changed one is noticed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import moto
import pytest
from botocore.exceptions import ClientError
from botocore.session import get_session

from chalicelib import ssm, wiring
from local import surroundings

NAME = "/tally/dev/stripe-key"


class Parameters:
    """SSM, as far as it is asked here."""

    def __init__(self, **values: str) -> None:
        self.values, self.asked = values, list[str]()

    def get_parameter(self, *, Name: str, WithDecryption: bool) -> dict[str, dict[str, str]]:  # noqa: N803 - AWS's names
        assert WithDecryption
        self.asked.append(Name)
        return {"Parameter": {"Value": self.values[Name]}}


class Watch:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def opened(parameters: Parameters, watch: Callable[[], float]) -> ssm.Secrets:
    return ssm.Secrets(lambda: parameters, watch)


def test_a_secret_is_asked_for_once_and_again_when_it_is_old() -> None:
    parameters, watch = Parameters(a="one", b="other"), Watch()
    secrets = opened(parameters, watch)

    assert [secrets("a"), secrets("b"), secrets("a")] == ["one", "other", "one"]
    assert parameters.asked == ["a", "b"]
    parameters.values["a"] = "two"
    watch.seconds = ssm.KEPT - 1
    assert secrets("a") == "one"
    watch.seconds = ssm.KEPT
    assert secrets("a") == "two"
    assert parameters.asked == ["a", "b", "a"]


def test_nobody_connects_before_a_secret_is_wanted() -> None:
    def never() -> Parameters:
        raise AssertionError

    ssm.Secrets(never)


def test_a_secret_that_is_missing_is_asked_for_again() -> None:
    parameters = Parameters()
    secrets = opened(parameters, Watch())

    for _ in range(2):
        with pytest.raises(KeyError):
            secrets("a")
    assert len(parameters.asked) == 2


def test_deployed_the_program_reads_them_from_ssm(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = surroundings.settings("http://127.0.0.1:1", 1, stripe_url="http://127.0.0.1:1")
    for name, value in {**settings, "AWS_DEFAULT_REGION": "us-east-1", "AWS_REGION": "us-east-1"}.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with moto.mock_aws():
        wiring.install(secret=wiring.Outside().secret)
        try:
            client: Any = get_session().create_client("ssm", region_name="us-east-1")
            name = surroundings.WEBHOOK_SECRET_NAME
            client.put_parameter(Name=name, Value="whsec_a, whsec_b", Type="SecureString")
            assert wiring.webhook_secrets() == ["whsec_a", "whsec_b"]
            with pytest.raises(ClientError, match="ParameterNotFound"):
                wiring.payments()
        finally:
            wiring.install()

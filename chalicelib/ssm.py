"""
The only reader of SSM: a secret by its name, kept for five minutes, so that a changed one is noticed soon.

botocore alone: boto3 and a library of caches beside it cost a webhook's cold start twice as much as the secret does.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

KEPT = 300  # seconds
CONNECT_TIMEOUT, READ_TIMEOUT, ATTEMPTS = 1, 3, 2  # seconds, seconds, and how often in all


class Secrets:
    """Reads each secret at its first use, and again when it is old. Safe for threads."""

    def __init__(self, connect: Callable[[], Any], monotonic: Callable[[], float] = time.monotonic) -> None:
        self._connect, self._monotonic = connect, monotonic
        self._client: Any = None
        self._known: dict[str, tuple[float, str]] = {}
        self._lock = threading.Lock()

    def __call__(self, name: str) -> str:
        """
        Give the value of an SSM parameter.

        Raises:
            botocore.exceptions.ClientError, BotoCoreError: It is not there, not ours to read, or SSM did not answer.
        """
        with self._lock:
            read_at, value = self._known.get(name, (0.0, ""))
            if not value or self._monotonic() - read_at >= KEPT:
                self._client = self._client or self._connect()
                value = self._client.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
                self._known[name] = self._monotonic(), value
            return value


def connect(session: Any, region: str) -> Any:
    """Make the client, of a botocore session that others use, too: another would read AWS's endpoints again."""
    from botocore.config import Config

    patience = Config(
        connect_timeout=CONNECT_TIMEOUT,
        read_timeout=READ_TIMEOUT,
        retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
    )
    return session.create_client("ssm", region_name=region, config=patience)

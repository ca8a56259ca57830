"""The one place that signs: `Stripe-Signature` as Stripe computes it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime


def signature(body: bytes, secrets: Sequence[str], *, at: datetime) -> str:
    """Sign *body* at a time, with every secret: Stripe does so while a secret is being rolled."""
    time = int(at.timestamp())
    signed = f"{time}.".encode() + body
    marks = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets]
    return ",".join([f"t={time}", *(f"v1={mark}" for mark in marks)])

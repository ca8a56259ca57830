"""Bodies of what moves credits: holds, transfers, and an admin's freeze."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import msgspec

from chalicelib.api.bodies import Amount, Labels, Name, WalletId
from chalicelib.domain.errors import InvalidRequest
from chalicelib.domain.holding import Capture
from chalicelib.domain.transfers import Order
from chalicelib.domain.usage import Use

Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class HoldBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """`POST /api/credits/holds`: for credits, for a use, or by a quote."""

    wallet_id: WalletId
    ttl_seconds: Annotated[int, msgspec.Meta(ge=1, le=86400)]
    credits: Amount | None = None
    meter: Name | None = None
    quantity: Amount | None = None
    quote_id: Annotated[str, msgspec.Meta(min_length=1, max_length=400)] | None = None

    @property
    def ttl(self) -> timedelta:
        return timedelta(seconds=self.ttl_seconds)


class SpentBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """A use that a lease was spent on."""

    meter: Name
    quantity: Amount
    labels: Labels | None = None


class CaptureBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """`POST /api/credits/holds/{hold_id}/capture`."""

    wallet_id: WalletId
    credits: Amount | None = None
    quantity: Amount | None = None
    uses: Annotated[list[SpentBody], msgspec.Meta(min_length=1, max_length=100)] | None = None


class ReleaseBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`POST /api/credits/holds/{hold_id}/release`."""

    wallet_id: WalletId


class TransferBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """`POST /api/credits/transfer`."""

    to_wallet_id: WalletId
    credits: Amount
    note: Annotated[str, msgspec.Meta(max_length=200)] | None = None


class ReasonBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """An admin says why."""

    reason: Reason


class RefundBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """`POST /api/admin/wallets/{wallet_id}/refunds`; without an amount, what is left to refund."""

    purchase_id: Annotated[str, msgspec.Meta(max_length=64)]
    amount_minor: Amount | None = None
    reason: Reason


def check_one_of(body: HoldBody) -> None:
    """
    Hold a body against what a hold can be for.

    Raises:
        InvalidRequest: It names nothing, or more than one thing.
    """
    named = [body.credits is not None, body.meter is not None, body.quote_id is not None]
    if sum(named) != 1:
        raise InvalidRequest("credits", "one of credits, meter with quantity, and quote_id is wanted")
    if (body.meter is None) != (body.quantity is None):
        raise InvalidRequest("quantity" if body.quantity is None else "meter", "meter and quantity go together")


def capture_of(body: CaptureBody, hold_id: str) -> Capture:
    """
    Read what is to be captured.

    Raises:
        InvalidRequest: It says nothing, or more than one thing.
    """
    named = [body.credits is not None, body.quantity is not None, body.uses is not None]
    if sum(named) != 1:
        raise InvalidRequest("credits", "one of credits, quantity and uses is wanted")
    uses = tuple(
        Use(wallet_id=body.wallet_id, meter=use.meter, quantity=use.quantity, labels=use.labels or {})
        for use in body.uses or ()
    )
    return Capture(wallet_id=body.wallet_id, hold_id=hold_id, credits=body.credits, quantity=body.quantity, uses=uses)


def order_of(body: TransferBody, from_wallet_id: str) -> Order:
    """Read what is to be transferred."""
    return Order(from_wallet_id=from_wallet_id, to_wallet_id=body.to_wallet_id, credits=body.credits, note=body.note)

"""Bodies of what moves credits: holds, transfers, and an admin's freeze."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import msgspec

from chalicelib.api.bodies import LARGEST, Amount, Labels, MeterName, PackageId, TimeText, WalletId, time_of
from chalicelib.domain.errors import InvalidRequest
from chalicelib.domain.granting import Grant
from chalicelib.domain.holding import Capture
from chalicelib.domain.lots import DEFAULT_PRIORITY, Source
from chalicelib.domain.transfers import Order
from chalicelib.domain.usage import Use

Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class HoldBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """`POST /api/credits/holds`: one of `credits`, a use (`meter` and `quantity`), and a `quote_id`."""

    wallet_id: WalletId
    ttl_seconds: Annotated[int, msgspec.Meta(ge=1, le=86400)]
    credits: Amount | None = None
    meter: MeterName | None = None
    quantity: Amount | None = None
    quote_id: Annotated[str, msgspec.Meta(min_length=1, max_length=400)] | None = None

    @property
    def ttl(self) -> timedelta:
        return timedelta(seconds=self.ttl_seconds)


class SpentBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """A use that a lease was spent on."""

    meter: MeterName
    quantity: Amount
    labels: Labels | None = None


class CaptureBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """`POST …/capture`: one of `credits`, `quantity` of a held use, and the `uses` that a lease was spent on."""

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


class TopUpBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """`PUT /api/credits/auto-topup`: switched on, all is wanted; off, what is left out stays. A cap of null is none."""

    enabled: bool
    below: Annotated[int, msgspec.Meta(ge=0, le=LARGEST)] | msgspec.UnsetType = msgspec.UNSET
    target: Amount | msgspec.UnsetType = msgspec.UNSET
    package_id: Annotated[PackageId, msgspec.Meta(min_length=1)] | msgspec.UnsetType = msgspec.UNSET
    monthly_cap_minor: Amount | msgspec.UnsetType | None = msgspec.UNSET


class ReasonBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """An admin says why."""

    reason: Reason


class GrantBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """`POST /api/admin/wallets/{wallet_id}/grants`."""

    credits: Amount
    reason: Reason
    expires_at: TimeText | None = None
    priority: Annotated[int, msgspec.Meta(ge=1, le=100)] = DEFAULT_PRIORITY


class AdjustmentBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`POST /api/admin/wallets/{wallet_id}/adjustments`; less than nothing takes."""

    credits: Annotated[int, msgspec.Meta(ge=-LARGEST, le=LARGEST)]
    reason: Reason


class RefundBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """`POST /api/admin/wallets/{wallet_id}/refunds`; without an amount, what is left to refund."""

    purchase_id: Annotated[str, msgspec.Meta(max_length=64)]
    amount_minor: Amount | None = None
    reason: Reason


def grant_of(body: GrantBody) -> Grant:
    """
    Read what is to be granted.

    Raises:
        InvalidRequest: `expires_at` is no time.
    """
    ends = time_of("expires_at", body.expires_at) if body.expires_at is not None else None
    return Grant(credits=body.credits, source=Source.PROMO, expires_at=ends, priority=body.priority, reason=body.reason)


def check_change(body: AdjustmentBody) -> None:
    """
    Hold a correction against what it can be.

    Raises:
        InvalidRequest: It changes nothing.
    """
    if not body.credits:
        raise InvalidRequest("credits", "more or less than 0 is wanted")


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

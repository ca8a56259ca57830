"""
Every way in which Tally says no. Each refusal carries facts; HTTP is decided elsewhere, once.

    Refusal
    ├── InvalidRequest          a field is wrong
    ├── Forbidden               the caller may not
    ├── NotFound                no such thing, or not the caller's
    ├── Conflict                the state forbids it
    │   ├── KeyReused           the key was spent on something else
    │   ├── HoldClosed          another transition of the hold was first
    │   └── Frozen              an admin froze the wallet
    ├── TooLarge
    ├── UnsupportedMediaType
    ├── Unprocessable           understood but impossible
    │   └── WalletFull
    ├── TooManyRequests         come back later
    ├── InsufficientCredits     the available credits don't cover the charge
    ├── PaymentDeclined         the card said no
    ├── QuotaExceeded           over the quota, and no rate to pay by
    ├── Busy                    lost too many races; nothing was written
    └── PaymentsUnavailable     the payment provider did not answer

A refused command leaves every item as it was and spends no key.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chalicelib.domain.offers import Offers


class Refusal(Exception):
    """A command was understood and refused. Nothing was written."""

    code = "refused"

    @property
    def facts(self) -> Mapping[str, object]:
        """What the caller is told beside the message, as JSON values."""
        return {}


class InvalidRequest(Refusal):
    """A field of the request is missing, unknown, of the wrong type or out of range."""

    code = "invalid_request"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field

    @property
    def facts(self) -> Mapping[str, object]:
        return {"field": self.field}


class Forbidden(Refusal):
    """The caller is known but may not do this."""

    code = "forbidden"


class NotFound(Refusal):
    """There is no such thing, or it isn't the caller's: both look the same."""

    code = "not_found"

    def __init__(self, what: str = "No such resource.") -> None:
        super().__init__(what)


class Conflict(Refusal):
    """The present state forbids it."""

    code = "conflict"


class KeyReused(Conflict):
    """The idempotency key was spent on another operation or body."""

    code = "key_reused"

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was used for another request.")


class HoldClosed(Conflict):
    """The hold was captured, released, or has lapsed."""

    code = "hold_closed"

    def __init__(self, hold_id: str) -> None:
        super().__init__("The hold is not open any more.")
        self.hold_id = hold_id


class Frozen(Conflict):
    """An admin froze the wallet: it spends, holds, captures and sends nothing."""

    code = "frozen"

    def __init__(self) -> None:
        super().__init__("The wallet is frozen.")


class TooLarge(Refusal):
    """The body is larger than the limit."""

    code = "too_large"


class UnsupportedMediaType(Refusal):
    """The body is not JSON."""

    code = "unsupported_media_type"


class Unprocessable(Refusal):
    """Understood, but impossible."""

    code = "unprocessable"


class WalletFull(Unprocessable):
    """The wallet has as many open lots or holds as it may."""

    def __init__(self, limit: int, *, what: str = "lots") -> None:
        super().__init__(f"The wallet has {limit} open {what} already.")
        self.limit = limit


class TooManyRequests(Refusal):
    """A limit on how often was reached."""

    code = "too_many_requests"

    def __init__(self, message: str, *, retry_after_seconds: int) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class InsufficientCredits(Refusal):
    """The available credits don't cover the charge. Nothing was written."""

    code = "insufficient_credits"

    def __init__(self, *, required: int, available: int, offers: Offers) -> None:
        super().__init__(f"{required} credits are needed, {available} are available.")
        self.required, self.available, self.offers = required, available, offers

    @property
    def facts(self) -> Mapping[str, object]:
        shortfall = self.required - self.available
        return {"required": self.required, "available": self.available, "shortfall": shortfall}


class PaymentDeclined(Refusal):
    """The card did not pay. Nothing was changed; *reason* is the payment provider's word."""

    code = "payment_declined"

    def __init__(self, reason: str) -> None:
        super().__init__("The card was declined; save another one, for example in the billing portal.")
        self.reason = reason

    @property
    def facts(self) -> Mapping[str, object]:
        return {"reason": self.reason}


class QuotaExceeded(Refusal):
    """The plan includes no more of this, and has no rate to pay by."""

    code = "quota_exceeded"

    def __init__(self, *, meter: str, quota: int, used: int, offers: Offers) -> None:
        super().__init__(f"The plan includes {quota} of {meter} a month, and more can't be bought with credits.")
        self.meter, self.quota, self.used, self.offers = meter, quota, used, offers

    @property
    def facts(self) -> Mapping[str, object]:
        return {"meter": self.meter, "quota": self.quota, "used": self.used}


class Busy(Refusal):
    """Every attempt within the time budget lost its race. Nothing was written."""

    code = "busy"
    retry_after_seconds = 1

    def __init__(self, wallet_id: str) -> None:
        super().__init__("The wallet is busy; try again with the same key.")
        self.wallet_id = wallet_id


class PaymentsUnavailable(Refusal):
    """The payment provider failed or did not answer. Try again with the same key."""

    code = "stripe_unavailable"

    def __init__(self) -> None:
        super().__init__("The payment provider did not answer; try again with the same key.")

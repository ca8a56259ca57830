"""How the outside fails, and what is known then of what it did."""

from __future__ import annotations

from collections.abc import Sequence


class LostRace(Exception):
    """
    A condition failed or the transaction met another: nothing was written, the state has moved.

    `spent` names the places, among the change's receipts, of keys that were spent before.
    """

    def __init__(self, message: str = "", *, spent: Sequence[int] = ()) -> None:
        super().__init__(message)
        self.spent = tuple(spent)


class Throttled(Exception):
    """The store is asked too much. Nothing was written."""


class OutcomeUnknown(Exception):
    """No answer, or a broken one: it may have been written or not."""


class PaymentsFailed(Exception):
    """The payment provider failed or did not answer; the call may have taken effect."""


class PaymentsRefused(PaymentsFailed):
    """The payment provider said no: asking again won't help. The text is its code."""


class PaymentsDeclined(PaymentsRefused):
    """The card said no. The text is the provider's code."""


class NotSent(Exception):
    """A channel did not take a message, or did not say so. The text is for operators: it names no address."""

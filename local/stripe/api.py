"""The one place where a call of the API is let in, repeated, carried out and remembered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from datetime import datetime

from local.stripe import expansion, forms, routes
from local.stripe.account import Account, Call
from local.stripe.errors import ApiError
from local.stripe.idempotency import Answers, Remembered
from local.stripe.params import Params
from local.stripe.replies import Reply, answer, headers_of, refuse

KEY_PREFIX = "sk_test_"


class Api:
    """Stripe's `/v1/…`; its owner holds the lock around every call."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._answers = Answers(now)

    def call(self, account: Account, method: str, path: str, sent: str, headers: Mapping[str, str]) -> Reply:
        """Answer a call; a POST with an idempotency key that was answered before gets that answer again."""
        request_id = account.new_id("req")
        key = headers.get("idempotency-key") if method == routes.POST else None
        account.request = {"id": request_id, "idempotency_key": key}
        try:
            owner = _owner(headers)
            pairs = tuple(forms.pairs(sent))
            first = self._answers.recall(owner, key, path=path, pairs=pairs) if key else None
        except ApiError as refusal:
            return refuse(refusal, request_id=request_id)
        if first:
            again = {"idempotent-replayed": "true", "original-request": first.request_id}
            return Reply(status=first.status, headers=headers_of(request_id) | again, body=first.body)
        reply, began = _carry_out(account, method, path, sent, request_id)
        if key and began:
            told = Remembered(
                at=self._now(), path=path, pairs=pairs, status=reply.status, body=reply.body, request_id=request_id
            )
            self._answers.remember(owner, key, told)
        return reply


def _carry_out(account: Account, method: str, path: str, sent: str, request_id: str) -> tuple[Reply, bool]:
    """Answer a call, and say whether it began: an answer from before that is not remembered."""
    try:
        handler, name = routes.find(method, path)
        params = Params(forms.parse(sent))
        expand = params.texts("expand")
        with _unchanged_if_refused(account, name):
            thing = handler(Call(account=account, params=params, id=name))
    except ApiError as refusal:
        return refuse(refusal, request_id=request_id), refusal.began
    try:
        return answer(expansion.expanded(account, thing, expand), request_id=request_id), True
    except ApiError as refusal:
        return refuse(refusal, request_id=request_id), True


@contextmanager
def _unchanged_if_refused(account: Account, name: str) -> Iterator[None]:
    """Leave what the path names as it was if a parameter proves wrong halfway through a change."""
    before = [(thing, deepcopy(thing)) for thing in account.named(name)]
    try:
        yield
    except ApiError as refusal:
        if not refusal.began:
            for thing, copy in before:
                thing.clear()
                thing.update(copy)
        raise


def _owner(headers: Mapping[str, str]) -> str:
    """The secret key of the caller: any that looks like one of test mode."""
    scheme, _, key = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise ApiError(401, "You did not provide an API key.", began=False)
    if not key.startswith(KEY_PREFIX):
        raise ApiError(401, f"Invalid API Key provided: {key[:7]}***", began=False)
    return key

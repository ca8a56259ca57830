"""What is done to wallets and with events, straight at the tables: the claims are the API's, so keys are spent once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from chalicelib import wiring
from chalicelib.api import bodies, credit_bodies, operator_views, views
from chalicelib.api.admin import EVENT_ID, PURCHASE_ID
from chalicelib.domain.errors import NotFound
from chalicelib.domain.purchases import AskedRefund
from chalicelib.domain.refunds import ask_refund
from chalicelib.domain.tracing import WALLET
from chalicelib.services.crediting import adjust_credits, grant_credits
from chalicelib.services.freezing import freeze_wallet
from chalicelib.services.hearing import replay
from chalicelib.services.once import Claim, Hand, Recorded, spent
from chalicelib.services.refunding import RefundOrder, refund_purchase
from chalicelib.services.using import Till
from cli.office import Act, Command, Done, Fields
from cli.rehearsal import rehearsing


def do(command: Command, who: str) -> Done:
    """Do something as the API would."""
    if command.act is not Act.REPLAY and not WALLET.fullmatch(command.subject):
        raise NotFound
    return ACTS[command.act](command, who)


def _till(command: Command) -> Till:
    till = wiring.till()
    return replace(till, store=rehearsing(till.store)) if command.dry_run else till


def _grant(command: Command, who: str) -> Done:
    body = bodies.convert(dict(command.fields), credit_bodies.GrantBody)
    wanted = credit_bodies.grant_of(body)
    claim = Claim.on(command.subject, command.key, operation="grant", body=bodies.as_fields(body), hand=Hand.ADMIN)
    return _credited(grant_credits(_till(command), wanted, claim, stamp=wiring.stamp(who)))


def _adjust(command: Command, who: str) -> Done:
    body = bodies.convert(dict(command.fields), credit_bodies.AdjustmentBody)
    credit_bodies.check_change(body)
    claim = Claim.on(command.subject, command.key, operation="adjustment", body=bodies.as_fields(body), hand=Hand.ADMIN)
    stamp = wiring.stamp(who)
    return _credited(adjust_credits(_till(command), body.credits, claim, reason=body.reason, stamp=stamp))


def _credited(recorded: Recorded) -> Done:
    return Done(answer=operator_views.credited(recorded.entry), replayed=recorded.replayed)


def _freeze(command: Command, who: str) -> Done:
    frozen = command.act is Act.FREEZE
    body = bodies.convert(dict(command.fields), credit_bodies.ReasonBody)
    said = {"frozen": frozen, **bodies.as_fields(body)}
    claim = Claim.on(command.subject, command.key, operation="freeze", body=said, hand=Hand.ADMIN)
    stamp = wiring.stamp(who)
    recorded = freeze_wallet(_till(command), claim, frozen=frozen, reason=body.reason, stamp=stamp)
    entry = recorded.entry
    shown = {"wallet_id": entry.wallet_id, "entry_id": entry.entry_id, "seq": entry.seq}
    return Done(answer={**shown, "frozen": entry.facts["frozen"]}, replayed=recorded.replayed)


def _refund(command: Command, who: str) -> Done:
    body = bodies.convert(dict(command.fields), credit_bodies.RefundBody)
    if not PURCHASE_ID.fullmatch(body.purchase_id):
        raise NotFound
    order = RefundOrder(
        wallet_id=command.subject, purchase_id=body.purchase_id, reason=body.reason, amount_minor=body.amount_minor
    )
    claim = Claim.on(command.subject, command.key, operation="refund", body=bodies.as_fields(body), hand=Hand.ADMIN)
    if command.dry_run:
        return _rehearsed_refund(order, claim, who)
    answer, replayed = refund_purchase(wiring.shop(), order, claim, stamp=wiring.stamp(who))
    return Done(answer=dict(answer), replayed=replayed)


def _rehearsed_refund(order: RefundOrder, claim: Claim, who: str) -> Done:
    """Say how much would go back; whether Stripe agrees only Stripe can say."""
    store = wiring.store()
    purchase = store.purchase(order.wallet_id, order.purchase_id)
    if purchase is None:
        raise NotFound
    known: Fields = {"purchase_id": order.purchase_id, "price": views.money(purchase.price)}
    if spent(store, claim):
        return Done(answer=known, replayed=True)
    wanted = AskedRefund(refund_key="", amount_minor=order.amount_minor or 0, actor=who, reason=order.reason)
    asked = ask_refund(purchase, wanted, wiring.now()).asked[-1]
    return Done(answer={**known, "amount_minor": asked.amount_minor})


def _replay(command: Command, who: str) -> Done:
    if not EVENT_ID.fullmatch(command.subject):
        raise NotFound
    if command.dry_run:
        event = wiring.store().oddity(command.subject)
        if event is None:
            raise NotFound
        return Done(answer=views.oddity(event))
    outcome = replay(wiring.shop(), command.subject, stamp=wiring.stamp(who))
    return Done(answer={"event_id": command.subject, "outcome": outcome.value})


ACTS: Mapping[Act, Callable[[Command, str], Done]] = {
    Act.GRANT: _grant,
    Act.ADJUST: _adjust,
    Act.REFUND: _refund,
    Act.FREEZE: _freeze,
    Act.UNFREEZE: _freeze,
    Act.REPLAY: _replay,
}

"""Our types to items and back. Everything else in the store speaks of the domain's types or of raw items."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import UTC, date
from hashlib import sha256
from typing import Any

from pynamodb.models import Model

from chalicelib.domain.contacts import Contact
from chalicelib.domain.days import Chart, ClosedDay, add_up
from chalicelib.domain.ledger import GENESIS, Entry, Private, canonical, unseal
from chalicelib.domain.lots import LotId
from chalicelib.domain.messages import Message, MessageKind
from chalicelib.domain.money import Money
from chalicelib.domain.moneyback import MoneyFacts
from chalicelib.domain.purchases import AskedRefund, Purchase, Status
from chalicelib.domain.times import to_ms
from chalicelib.domain.wallet import SCHEMA, Wallet
from chalicelib.services.ports import SHARDS, ChartedDay, Checkout, KeptAnswer, Oddity, Outgoing, Receipt
from chalicelib.store.attributes import Raw, day_from_raw
from chalicelib.store.tables import (
    CONTACT,
    ODDITIES,
    RECEIPT_DAYS,
    CheckoutItem,
    ContactItem,
    DayItem,
    EntryItem,
    MessageItem,
    OddityItem,
    PurchaseItem,
    ReceiptItem,
    WalletItem,
    answer_key,
    day_key,
    entry_key,
    message_key,
    snapshot_key,
    wallet_key,
)

WALLET_NAMES = tuple(
    attribute.attr_name for name, attribute in WalletItem.get_attributes().items() if name != "wallet_id"
)
CONTACT_NAMES = tuple(
    attribute.attr_name for name, attribute in ContactItem.get_attributes().items() if name not in ("wallet_id", "sk")
)
MESSAGE_NAMES = tuple(
    attribute.attr_name for name, attribute in MessageItem.get_attributes().items() if name not in ("wallet_id", "sk")
)
PURCHASE_NAMES = tuple(
    attribute.attr_name
    for name, attribute in PurchaseItem.get_attributes().items()
    if name not in ("wallet_id", "sk", "holders")  # holders are added to by transfers, and by nothing else
)

LATE_CREDITS = "*credits"  # no meter can be called so
SECONDS_OF_A_DAY = 24 * 60 * 60


def shard_of(wallet_id: str) -> int:
    """Spread wallets over the shards of what is due, the same way for good."""
    return sha256(wallet_id.encode()).digest()[0] % SHARDS


def name_of(raw: Raw) -> tuple[str, str]:
    """Read which item an index points at: the wallet, and what follows the prefix of the sort key."""
    return raw["wallet_id"]["S"].removeprefix("w#"), raw["sk"]["S"][2:] if "sk" in raw else ""


def _raw(item: Model) -> Raw:
    raw: Raw = item.serialize()
    return raw


def wallet_to_item(wallet: Wallet) -> Raw:
    return _raw(
        WalletItem(
            wallet_key(wallet.wallet_id),
            schema=SCHEMA,
            seq=wallet.seq,
            head=wallet.head,
            last_at=wallet.last_at,
            lots=wallet.lots or None,
            debt=wallet.debt or None,
            debt_since=wallet.debt_since,
            today=wallet.today,
            last_purchase=wallet.last_purchase,
            plan=wallet.plan,
            meters=wallet.meters or None,
            pace=wallet.pace or None,
            latches=wallet.latches or None,
            holds=wallet.holds or None,
            frozen=wallet.frozen or None,
            topup_below=wallet.topup_below,
            due_shard=shard_of(wallet.wallet_id) if wallet.due_at else None,
            due_at=wallet.due_at,
        )
    )


def wallet_from_item(wallet_id: str, raw: Raw | None) -> Wallet:
    """Read a wallet; one never written reads as zeros."""
    if not raw:
        return Wallet(wallet_id=wallet_id)
    item = WalletItem()
    item.deserialize(raw)
    return Wallet(
        wallet_id=wallet_id,
        seq=item.seq,
        head=item.head or GENESIS,
        last_at=item.last_at,
        lots=item.lots or (),
        debt=item.debt or 0,
        debt_since=item.debt_since,
        today=item.today,
        last_purchase=item.last_purchase,
        plan=item.plan,
        meters=item.meters or {},
        pace=item.pace or (),
        latches=item.latches or {},
        holds=item.holds or (),
        frozen=bool(item.frozen),
        topup_below=item.topup_below,
        due_at=item.due_at,
    )


def snapshot_to_item(wallet: Wallet) -> Raw:
    """Write a wallet down as it stood; what is due is no part of that."""
    return {**wallet_to_item(replace(wallet, due_at=None)), "sk": {"S": snapshot_key(wallet.seq)}}


def message_to_item(outgoing: Outgoing) -> Raw:
    message, out_at = outgoing.message, outgoing.due_at
    return _raw(
        MessageItem(
            wallet_key(message.wallet_id),
            message_key(message.message_id),
            version=outgoing.version,
            kind=message.kind.value,
            at=message.at,
            facts=json.dumps(dict(message.facts)),
            attempts=outgoing.attempts or None,
            sent=" ".join(outgoing.sent) or None,
            sent_at=outgoing.sent_at,
            parked=outgoing.parked,
            out_shard=shard_of(message.wallet_id) if out_at else None,
            out_at=out_at,
            ttl=to_ms(outgoing.sent_at) // 1000 + RECEIPT_DAYS * SECONDS_OF_A_DAY if outgoing.sent_at else None,
        )
    )


def message_from_item(wallet_id: str, message_id: str, raw: Raw) -> Outgoing:
    item = MessageItem()
    item.deserialize(raw)
    message = Message(
        message_id=message_id,
        wallet_id=wallet_id,
        kind=MessageKind(item.kind),
        at=item.at,
        facts=json.loads(item.facts),
    )
    return Outgoing(
        message=message,
        version=item.version,
        due_at=item.out_at,
        attempts=item.attempts or 0,
        sent=tuple((item.sent or "").split()),
        sent_at=item.sent_at,
        parked=item.parked,
    )


def contact_to_item(contact: Contact) -> Raw:
    return _raw(
        ContactItem(
            wallet_key(contact.wallet_id),
            CONTACT,
            version=contact.version,
            email=contact.email,
            webhook_url=contact.webhook_url,
            webhook_secret=contact.webhook_secret,
            locale=contact.locale,
            token_email=contact.token_email,
        )
    )


def contact_from_item(wallet_id: str, raw: Raw | None) -> Contact:
    """Read a contact; one never set reads as version 0."""
    if not raw:
        return Contact(wallet_id=wallet_id)
    item = ContactItem()
    item.deserialize(raw)
    return Contact(
        wallet_id=wallet_id,
        version=item.version,
        email=item.email,
        webhook_url=item.webhook_url,
        webhook_secret=item.webhook_secret,
        locale=item.locale,
        token_email=item.token_email,
    )


def entry_to_item(entry: Entry) -> Raw:
    """Written by hand, as is `receipt_to_item`: every use comes by. A test holds both against their models."""
    raw: Raw = {
        "wallet_id": {"S": wallet_key(entry.wallet_id)},
        "sk": {"S": entry_key(entry.seq)},
        "c": {"B": entry.canonical},
        "h": {"B": entry.hash},
    }
    if entry.private:
        raw["s"], raw["p"] = {"B": entry.private.salt}, {"B": canonical(entry.private.fields)}
    if entry.kind != "usage":
        raw["wallet_kind"] = {"S": wallet_kind(entry.wallet_id, entry.kind)}
        raw["seq"] = {"N": str(entry.seq)}
    return raw


def entry_from_item(raw: Raw) -> Entry:
    item = EntryItem()
    item.deserialize(raw)
    private = Private(item.salt, json.loads(item.private)) if item.salt and item.private else None
    return unseal(item.canonical, digest=item.hash, private=private)


def wallet_kind(wallet_id: str, kind: str) -> str:
    return f"{wallet_key(wallet_id)}#{kind}"


def receipt_to_item(receipt: Receipt, *, at_seconds: int | None) -> Raw:
    """Write a receipt; *at_seconds* (since the epoch) is given when it may be forgotten in time."""
    raw: Raw = {
        "wallet_id": {"S": wallet_key(receipt.wallet_id)},
        "sk": {"S": f"k#{receipt.key}"},
        "h": {"B": receipt.digest},
    }
    if receipt.seq is not None:
        raw["n"] = {"N": str(receipt.seq)}
    if receipt.nth is not None:
        raw["i"] = {"N": str(receipt.nth)}
    if receipt.purchase_id is not None:
        raw["p"] = {"S": receipt.purchase_id}
    if at_seconds is not None:
        raw["ttl"] = {"N": str(at_seconds + RECEIPT_DAYS * SECONDS_OF_A_DAY)}
    return raw


def receipt_from_item(wallet_id: str, key: str, raw: Raw) -> Receipt:
    item = ReceiptItem()
    item.deserialize(raw)
    return Receipt(
        wallet_id=wallet_id, key=key, digest=item.digest, seq=item.of_seq, nth=item.nth, purchase_id=item.purchase_id
    )


def closed_day_to_item(wallet_id: str, closed: ClosedDay) -> Raw:
    return _raw(
        DayItem(
            wallet_key(wallet_id),
            day_key(closed.day.date),
            day=closed.day,
            last_seq=closed.last_seq,
            head=closed.head,
            left=closed.left,
            held=closed.held,
            debt=closed.debt,
        )
    )


def late_update(table: str, wallet_id: str, day: date, chart: Chart) -> dict[str, Any]:
    """Add to the chart of a day that is finished, whether or not anything was ever recorded on it."""
    added = {f"+{name}": amount for name, amount in chart.counted.items()}
    if chart.credits:
        added[LATE_CREDITS] = chart.credits
    names, values = list(added), list(added.values())
    return {
        "Update": {
            "TableName": table,
            "Key": {"wallet_id": {"S": wallet_key(wallet_id)}, "sk": {"S": day_key(day)}},
            "UpdateExpression": "ADD " + ", ".join(f"#n{place} :v{place}" for place in range(len(names))),
            "ExpressionAttributeNames": {f"#n{place}": name for place, name in enumerate(names)},
            "ExpressionAttributeValues": {f":v{place}": {"N": str(value)} for place, value in enumerate(values)},
        }
    }


def charted_day(raw: Raw) -> ChartedDay:
    """Read what a chart shows of a finished day, with what was reported late."""
    day = day_from_raw(raw["d"]["M"]) if "d" in raw else None
    late = {name[1:]: int(value["N"]) for name, value in raw.items() if name.startswith("+")}
    late_credits = int(raw[LATE_CREDITS]["N"]) if LATE_CREDITS in raw else 0
    return ChartedDay(
        date=date.fromisoformat(raw["sk"]["S"].removeprefix("d#")),
        meters=add_up(day.meters if day else {}, late),
        credits=(day.credits if day else 0) + late_credits,
    )


def purchase_to_item(purchase: Purchase) -> Raw:
    paid_at = purchase.paid_at
    return _raw(
        PurchaseItem(
            wallet_key(purchase.wallet_id),
            f"p#{purchase.purchase_id}",
            version=purchase.version,
            status=purchase.status.value,
            package_id=purchase.package_id,
            quantity=purchase.quantity,
            credits=purchase.credits,
            bonus_credits=purchase.bonus_credits,
            price_minor=purchase.price.amount_minor,
            currency=purchase.price.currency,
            expires_after_days=purchase.expires_after_days,
            created_at=purchase.created_at,
            return_path=purchase.return_path,
            save_card=purchase.save_card or None,
            session_id=purchase.session_id,
            session_expires_at=purchase.session_expires_at,
            customer_id=purchase.customer_id,
            payment_id=purchase.payment_id,
            paid_minor=purchase.paid_minor,
            lot_seq=purchase.lot_id.seq if purchase.lot_id else None,
            email=purchase.email,
            receipt_url=purchase.receipt_url,
            invoice_url=purchase.invoice_url,
            facts=purchase.facts if purchase.facts != MoneyFacts() else None,
            revoked=purchase.revoked or None,
            owed=purchase.owed or None,
            owed_since=purchase.owed_since or None,
            asked=json.dumps([asdict(each) for each in purchase.asked]) if purchase.asked else None,
            topup_seq=purchase.topup_seq,
            paid_at=paid_at,
            paid_day=paid_at.astimezone(UTC).date().isoformat() if paid_at else None,
            due_shard=shard_of(purchase.wallet_id) if purchase.due_at else None,
            due_at=purchase.due_at,
        )
    )


def checkout_from_item(raw: Raw) -> Checkout:
    item = CheckoutItem()
    item.deserialize(raw)
    return Checkout(session_id=item.session_id, url=item.url, expires_at=item.expires_at)


def purchase_from_item(wallet_id: str, raw: Raw) -> Purchase:
    item = PurchaseItem()
    item.deserialize(raw)
    return Purchase(
        wallet_id=wallet_id,
        purchase_id=item.sk.removeprefix("p#"),
        package_id=item.package_id,
        quantity=item.quantity,
        credits=item.credits,
        bonus_credits=item.bonus_credits,
        price=Money(item.price_minor, item.currency),
        expires_after_days=item.expires_after_days,
        created_at=item.created_at,
        version=item.version,
        status=Status(item.status),
        return_path=item.return_path,
        save_card=bool(item.save_card),
        session_id=item.session_id,
        session_expires_at=item.session_expires_at,
        customer_id=item.customer_id,
        payment_id=item.payment_id,
        paid_minor=item.paid_minor,
        paid_at=item.paid_at,
        lot_id=LotId(item.lot_seq) if item.lot_seq else None,
        email=item.email,
        receipt_url=item.receipt_url,
        invoice_url=item.invoice_url,
        facts=item.facts or MoneyFacts(),
        revoked=item.revoked or 0,
        owed=item.owed or 0,
        owed_since=item.owed_since or 0,
        asked=tuple(AskedRefund(**each) for each in json.loads(item.asked or "[]")),
        due_at=item.due_at,
        holders=tuple(sorted(item.holders or ())),
        topup_seq=item.topup_seq,
    )


def oddity_to_item(oddity: Oddity) -> Raw:
    return _raw(
        OddityItem(
            ODDITIES,
            f"q#{oddity.event_id}",
            type=oddity.type,
            reason=oddity.reason,
            at=oddity.at,
            of_wallet=oddity.wallet_id,
            purchase_id=oddity.purchase_id,
            session_id=oddity.session_id,
            payment_id=oddity.payment_id,
            subscription_id=oddity.subscription_id,
            invoice_id=oddity.invoice_id,
            customer_id=oddity.customer_id,
        )
    )


def answer_to_item(said: KeptAnswer) -> Raw:
    return {
        "wallet_id": {"S": wallet_key(said.wallet_id)},
        "sk": {"S": answer_key(said.name)},
        "a": {"S": json.dumps(dict(said.answer))},
    }


def oddity_from_item(raw: Raw) -> Oddity:
    item = OddityItem()
    item.deserialize(raw)
    return Oddity(
        event_id=item.sk.removeprefix("q#"),
        type=item.type,
        reason=item.reason,
        at=item.at,
        wallet_id=item.of_wallet,
        purchase_id=item.purchase_id,
        session_id=item.session_id,
        payment_id=item.payment_id,
        subscription_id=item.subscription_id,
        invoice_id=item.invoice_id,
        customer_id=item.customer_id,
        applied_at=item.applied_at,
    )

"""Puts a message into words: its facts become numbers, days and phrases of the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.domain.catalog import Catalog
from chalicelib.domain.languages import Language, Languages
from chalicelib.domain.messages import Message, MessageKind
from chalicelib.domain.money import Money
from chalicelib.domain.times import from_text

WHOLE = 100  # percent
Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Worded:
    """A message in words: a subject of one line, and a text whose paragraphs stand apart by an empty line."""

    language: str
    subject: str
    text: str


def word(message: Message, catalog: Catalog, languages: Languages, *, locale: str) -> Worded:
    """Put a message into the words of a locale; into the first language's, where that one isn't known."""
    language, facts = languages.speaking(locale), message.facts
    fields = _FIELDS[message.kind](facts, language, catalog)
    words = language.texts[_text_name(message.kind, facts)]
    paragraphs = [words.text.format(**fields), *_pace(facts, language), language.closing]
    return Worded(language=language.name, subject=words.subject.format(**fields), text="\n\n".join(paragraphs))


def _text_name(kind: MessageKind, facts: Facts) -> str:
    if kind is MessageKind.QUOTA and (facts["level"] >= WHOLE or facts["used"] >= facts["quota"]):
        return "quota_used_up"
    if kind is MessageKind.TOPUP_FAILED:
        return f"topup_{facts['reason']}"
    return kind.value


def _quota(facts: Facts, language: Language, catalog: Catalog) -> dict[str, str]:
    meter, used, quota = facts["meter"], facts["used"], facts["quota"]
    return {
        "meter": catalog.meters[meter].name if meter in catalog.meters else meter,
        "level": language.number(facts["level"]),
        "used": language.number(used),
        "quota": language.number(quota),
        "remaining": language.count("remaining", max(0, quota - used)),
        "until": language.day(from_text(facts["until"])),
    }


def _low_balance(facts: Facts, language: Language, _catalog: Catalog) -> dict[str, str]:
    available = language.count("available", facts["available"])
    return {"available": available, "low_below": language.number(facts["low_below"])}


def _debt(facts: Facts, language: Language, _catalog: Catalog) -> dict[str, str]:
    return {"owed": language.count("owed", facts["debt"])}


def _expiring(facts: Facts, language: Language, _catalog: Catalog) -> dict[str, str]:
    ends_at = language.day(from_text(facts["ends_at"]))
    return {"ending": language.count("ending", facts["credits"]), "ends_at": ends_at}


def _payment_failed(facts: Facts, language: Language, _catalog: Catalog) -> dict[str, str]:
    amount = language.money(Money(facts["amount_minor"], facts["currency"]))
    credits = language.count("credits", facts["credits"])
    return {"amount": amount, "credits": credits, "purchase_id": facts["purchase_id"]}


def _renewal_failed(facts: Facts, language: Language, catalog: Catalog) -> dict[str, str]:
    plan_id = facts["plan_id"]
    return {
        "plan": catalog.plans[plan_id].name if plan_id in catalog.plans else plan_id,
        "amount": language.money(Money(facts["amount_minor"], facts["currency"])),
        "until": language.day(from_text(facts["until"])),
    }


def _topup_failed(facts: Facts, language: Language, _catalog: Catalog) -> dict[str, str]:
    return {"amount": language.money(Money(facts["amount_minor"], facts["currency"]))}


_FIELDS = {
    MessageKind.QUOTA: _quota,
    MessageKind.LOW_BALANCE: _low_balance,
    MessageKind.DEBT: _debt,
    MessageKind.EXPIRING: _expiring,
    MessageKind.PAYMENT_FAILED: _payment_failed,
    MessageKind.RENEWAL_FAILED: _renewal_failed,
    MessageKind.TOPUP_FAILED: _topup_failed,
}


def _pace(facts: Facts, language: Language) -> list[str]:
    """Say what would be lost at the present pace, if that is known."""
    lost = facts.get("lost_at_pace")
    return [] if lost is None else [language.count("lost", lost)]

"""Messages in words: correct sentences in each language, and a file that can't be half translated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain.languages_file import WrongLanguages, parse
from chalicelib.domain.messages import Message, MessageKind
from chalicelib.domain.money import Money
from chalicelib.domain.wording import Worded, word
from tests.builders import CATALOG, NOON

SHIPPED = (Path(__file__).parents[2] / "chalicelib/languages.toml").read_text(encoding="utf-8")
LANGUAGES = parse(SHIPPED)
UNTIL = "2026-12-22T00:00:00.000Z"
CLOSING = {
    "en": "You can see your balance and your use in your account at any time.",
    "de": "Ihr Guthaben und Ihren Verbrauch sehen Sie jederzeit in Ihrem Konto.",
}
QUOTA = {"meter": "calls", "level": 80, "used": 850, "quota": 1000, "until": UNTIL}
EXPIRING = {"lot_id": "lot_1", "days": 30, "credits": 1200, "ends_at": "2026-12-03T09:30:00.000Z", "lost_at_pace": None}
FAILED = {"purchase_id": "pur_1", "credits": 5000, "amount_minor": 1234567, "currency": "usd"}


def said(kind: str, facts: dict[str, Any], locale: str = "en") -> Worded:
    message = Message(message_id="msg_1", wallet_id="acct_a", kind=MessageKind(kind), at=NOON, facts=facts)
    return word(message, CATALOG, LANGUAGES, locale=locale)


def body(worded: Worded) -> str:
    """The text without its closing line."""
    *paragraphs, closing = worded.text.split("\n\n")
    assert closing == CLOSING[worded.language]
    return " ".join(paragraphs)


@pytest.mark.parametrize(
    ("kind", "facts", "subject", "text"),
    [
        (
            "quota",
            QUOTA,
            "Calls: you have reached 80% of your quota",
            "Calls: you have used 850 of the 1,000 in your plan. 150 are left until 22 December 2026.",
        ),
        (
            "quota",
            QUOTA | {"level": 90, "used": 999},
            "Calls: you have reached 90% of your quota",
            "Calls: you have used 999 of the 1,000 in your plan. 1 is left until 22 December 2026.",
        ),
        (
            "quota",
            QUOTA | {"level": 100, "used": 1300},
            "Calls: your quota is used up",
            "Calls: you have used 1,300, and your plan includes 1,000. Until 22 December 2026, more costs credits if "
            "your plan allows it; otherwise it has to wait, or needs a larger plan.",
        ),
        (
            "low_balance",
            {"available": 1, "low_below": 1000},
            "Your credits are running low",
            "1 credit is left. That is less than 1,000. Buy more in good time, and everything goes on without a break.",
        ),
        (
            "low_balance",
            {"available": 0, "low_below": 100},
            "Your credits are running low",
            "No credits are left. That is less than 100. Buy more in good time, and everything goes on without a "
            "break.",
        ),
        (
            "debt",
            {"debt": 1},
            "Your account owes 1 credit",
            "Your account owes 1 credit: credits were taken back after you had used them, for example because a "
            "payment was reversed. The next credits that you add settle this first.",
        ),
        (
            "expiring",
            EXPIRING,
            "1,200 credits end on 3 December 2026",
            "1,200 credits end on 3 December 2026. What you don't use by then is lost.",
        ),
        (
            "expiring",
            EXPIRING | {"credits": 1, "lost_at_pace": 1},
            "1 credit ends on 3 December 2026",
            "1 credit ends on 3 December 2026. What you don't use by then is lost. "
            "At your present pace, 1 credit would be lost.",
        ),
        (
            "expiring",
            EXPIRING | {"lost_at_pace": 0},
            "1,200 credits end on 3 December 2026",
            "1,200 credits end on 3 December 2026. What you don't use by then is lost. "
            "At your present pace, everything will be used by then.",
        ),
        (
            "payment_failed",
            FAILED,
            "Your payment did not go through",
            "Your payment of 12,345.67 USD for 5,000 credits did not go through, so no credits were added. Please try "
            "again, perhaps with another way to pay. If you ask us about it, please name pur_1.",
        ),
    ],
)
def test_messages_are_said_in_english(kind: str, facts: dict[str, Any], subject: str, text: str) -> None:
    worded = said(kind, facts)

    assert (worded.language, worded.subject, body(worded)) == ("en", subject, text)


@pytest.mark.parametrize(
    ("kind", "facts", "subject", "text"),
    [
        (
            "quota",
            QUOTA | {"used": 999},
            "Calls: Sie haben 80\u00a0% Ihres Kontingents erreicht",
            "Calls: Sie haben 999 von 1.000 genutzt, die Ihr Tarif enthält. Davon bleibt Ihnen 1 bis zum "
            "22. Dezember 2026.",
        ),
        (
            "quota",
            QUOTA | {"level": 100, "used": 1000},
            "Calls: Ihr Kontingent ist aufgebraucht",
            "Calls: Sie haben 1.000 genutzt, und Ihr Tarif enthält 1.000. Bis zum 22. Dezember 2026 kostet jede "
            "weitere Nutzung Credits, sofern Ihr Tarif das zulässt; sonst muss sie warten, oder Sie wählen einen "
            "größeren Tarif.",
        ),
        (
            "low_balance",
            {"available": 99, "low_below": 1000},
            "Ihre Credits gehen zur Neige",
            "Es sind noch 99 Credits übrig. Das ist weniger als 1.000. Wenn Sie rechtzeitig nachkaufen, geht alles "
            "ohne Unterbrechung weiter.",
        ),
        (
            "debt",
            {"debt": 1},
            "In Ihrem Konto ist 1 Credit offen",
            "In Ihrem Konto ist 1 Credit offen: Credits wurden zurückgenommen, nachdem Sie sie schon genutzt hatten, "
            "zum Beispiel weil eine Zahlung zurückgebucht wurde. Die nächsten Credits, die hinzukommen, gleichen das "
            "zuerst aus.",
        ),
        (
            "expiring",
            EXPIRING | {"ends_at": "2027-03-01T00:30:00+02:00", "lost_at_pace": 1000},
            "1.200 Credits verfallen am 28. Februar 2027",
            "1.200 Credits verfallen am 28. Februar 2027. Was Sie bis dahin nicht nutzen, geht verloren. "
            "Bei Ihrem derzeitigen Verbrauch würden 1.000 Credits verfallen.",
        ),
        (
            "payment_failed",
            FAILED,
            "Ihre Zahlung ist fehlgeschlagen",
            "Ihre Zahlung von 12.345,67 USD für 5.000 Credits ist fehlgeschlagen, daher wurden keine Credits "
            "gutgeschrieben. Bitte versuchen Sie es noch einmal, vielleicht mit einer anderen Zahlungsart. Wenn Sie "
            "uns dazu fragen, nennen Sie bitte pur_1.",
        ),
    ],
)
def test_messages_are_said_in_german(kind: str, facts: dict[str, Any], subject: str, text: str) -> None:
    worded = said(kind, facts, "de")

    assert (worded.language, worded.subject, body(worded)) == ("de", subject, text)


RENEWAL = {"plan_id": "pro", "amount_minor": 2900, "currency": "usd", "until": "2026-12-29T12:00:00Z"}
TOPUP = {"amount_minor": 1000, "currency": "usd"}
REASONS = ("declined", "suspended", "no_card", "authentication", "cap")


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("count", [0, 1, 2, 1000])
def test_no_place_is_left_unfilled(language: str, count: int) -> None:
    asked: dict[str, dict[str, Any]] = {
        "quota": QUOTA | {"used": count},
        "low_balance": {"available": count, "low_below": count},
        "debt": {"debt": count},
        "expiring": EXPIRING | {"credits": count, "lost_at_pace": count},
        "payment_failed": FAILED | {"credits": count},
        "renewal_failed": RENEWAL | {"amount_minor": count},
    }
    told = [*asked.items(), *(("topup_failed", {**TOPUP, "reason": reason}) for reason in REASONS)]

    assert {kind for kind, _ in told} == set(MessageKind)
    for kind, facts in told:
        worded = said(kind, facts, language)
        assert "{" not in worded.subject + worded.text
        assert "\n" not in worded.subject


def test_a_renewal_that_failed_is_told_with_the_day_until_which_nothing_changes() -> None:
    worded = said("renewal_failed", RENEWAL)

    assert worded.subject == "The payment for your Pro plan did not go through"
    assert "29.00 USD" in worded.text
    assert "until 29 December 2026 nothing changes" in worded.text
    assert said("renewal_failed", RENEWAL | {"plan_id": "gold"}).subject.startswith("The payment for your gold plan")


@pytest.mark.parametrize(
    ("reason", "word"),
    [
        ("declined", "in an hour"),
        ("suspended", "another card"),
        ("no_card", "when you save one"),
        ("authentication", "bank"),
        ("cap", "next month"),
    ],
)
def test_a_top_up_that_failed_says_what_comes_next(reason: str, word: str) -> None:
    worded = said("topup_failed", TOPUP | {"reason": reason})

    assert "10.00 USD" in worded.text
    assert word in worded.text


def test_a_quota_that_is_full_is_used_up_at_whatever_threshold() -> None:
    assert said("quota", QUOTA | {"level": 90, "used": 1000}).subject == "Calls: your quota is used up"


def test_a_meter_that_is_offered_no_more_keeps_its_id() -> None:
    assert said("quota", QUOTA | {"meter": "faxes"}).subject == "faxes: you have reached 80% of your quota"


@pytest.mark.parametrize(
    ("locale", "language"),
    [("de", "de"), ("de-AT", "de"), ("DE_ch", "de"), ("en-GB", "en"), ("fr", "en"), ("", "en"), ("d", "en")],
)
def test_a_locale_is_served_in_its_language_or_in_the_first(locale: str, language: str) -> None:
    assert said("debt", {"debt": 2}, locale).language == language


@pytest.mark.parametrize(
    ("money", "english", "german"),
    [
        (Money(5, "usd"), "0.05 USD", "0,05 USD"),
        (Money(1000, "jpy"), "1,000 JPY", "1.000 JPY"),
        (Money(1234005, "kwd"), "1,234.005 KWD", "1.234,005 KWD"),
    ],
)
def test_money_has_the_digits_of_its_currency(money: Money, english: str, german: str) -> None:
    assert LANGUAGES.speaking("en").money(money) == english
    assert LANGUAGES.speaking("de").money(money) == german


def changed(old: str, new: str) -> str:
    assert old in SHIPPED
    return SHIPPED.replace(old, new, 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("en = ", "Invalid value"),
        ("", "languages.toml line 1: : a language is wanted"),
        ("en = 3", "line 1: en: a table with something in it"),
        (changed("[en]", "[english]"), "english: a language's name is two or three small letters"),
        (changed('point = "."', 'dot = "."'), "line 13: en.dot: unknown"),
        (changed('closing = "You', 'closing = 3 # "You'), "line 14: en.closing: a text is wanted"),
        (changed('closing = "You', 'closing = "{name} You'), "line 14: en.closing: its placeholders must be none"),
        (changed('"{day} {month} {year}"', '"{day} {month}"'), "en.date: its placeholders must be {day}, {month}, {ye"),
        (changed('"January", ', ""), "line 7: en.months: 12 names are wanted"),
        (changed('"January"', '""'), "en.months: 12 names are wanted"),
        (changed('"January"', "1"), "Invalid|12 names are wanted"),
        (changed("months = [", "months = 12\nmoons = ["), "en.moons: unknown"),
        (changed('many = "{count} credits"', 'many = "{number} credits"'), "en.counts.credits.many: its placeholders"),
        (changed('one = "1 credit"', 'one = "{count} credit"'), "en.counts.credits.one: its placeholders must be none"),
        (changed('none = "no credits", ', ""), "en.counts.credits.none: a text is wanted"),
        (changed("[de.counts.lost]", "[de.counts.gone]"), "de.counts.gone: unknown"),
        (changed("[de.texts.debt]", "[de.texts.debts]"), "de.texts.debts: unknown"),
        (changed('subject = "Ihre Z', 'title = "Ihre Z'), "de.texts.payment_failed.title: unknown"),
        (changed("Your account {owed}", "Your account {debt}"), "en.texts.debt.subject: nothing fills {debt}"),
        (changed("Your account {owed}", "Your account {}"), "en.texts.debt.subject: nothing fills {}"),
        (changed("Your account {owed}", "Your account {owed"), "en.texts.debt.subject: a brace"),
        (changed("Your account {owed}", "Your account {owed!r}"), "a placeholder is a name in braces"),
        (changed("Your account {owed}", "Your account {owed:>9}"), "a placeholder is a name in braces"),
        (changed("Your account {owed}", "Your account {owed.__class__}"), "nothing fills {owed.__class__}"),
        (
            changed("In Ihrem Konto {owed}", "Ihr Konto"),
            "de.texts.debt.subject: its placeholders must be {owed}, as",
        ),
        (changed("Das ist weniger als {low_below}.", ""), "de.texts.low_balance.text: .* as in en"),
    ],
)
def test_a_wrong_line_stops_the_program_and_is_named(text: str, message: str) -> None:
    with pytest.raises(WrongLanguages, match=message.replace("{", r"\{").replace("}", r"\}")):
        parse(text)


def test_a_language_that_lacks_a_text_is_refused() -> None:
    start, end = SHIPPED.index("[de.texts.debt]"), SHIPPED.index("[de.texts.expiring]")

    with pytest.raises(WrongLanguages, match=r"de\.texts\.debt: a table with something in it"):
        parse(SHIPPED[:start] + SHIPPED[end:])


def test_the_order_of_the_file_is_the_order_of_preference() -> None:
    german, english = SHIPPED[SHIPPED.index("[de]") :], SHIPPED[SHIPPED.index("[en]") : SHIPPED.index("[de]")]

    assert parse(german + english).speaking("fr").name == "de"

"""
Reads `languages.toml`, strictly: a name or a placeholder that one language has and another lacks stops the program.
"""

from __future__ import annotations

import re
import tomllib
from string import Formatter

from chalicelib.domain.languages import Counted, Language, Languages, Text
from chalicelib.domain.strict_toml import StrictReader, Table, WrongFile

FILE = "languages.toml"
NAME = re.compile(r"[a-z]{2,3}")  # ISO 639
PARTS = {"months", "date", "thousands", "point", "closing", "counts", "texts"}
FORMS = {"none": set[str](), "one": set[str](), "many": {"count"}}
COUNTS = ("credits", "available", "remaining", "owed", "ending", "lost")
TEXTS = {
    "quota": {"meter", "level", "used", "quota", "remaining", "until"},
    "quota_used_up": {"meter", "level", "used", "quota", "remaining", "until"},
    "low_balance": {"available", "low_below"},
    "debt": {"owed"},
    "expiring": {"ending", "ends_at"},
    "payment_failed": {"purchase_id", "credits", "amount"},
    "renewal_failed": {"plan", "amount", "until"},
    "topup_declined": {"amount"},
    "topup_suspended": {"amount"},
    "topup_no_card": {"amount"},
    "topup_authentication": {"amount"},
    "topup_cap": {"amount"},
}  # and what may be filled into each
YEAR = 12  # months


class WrongLanguages(WrongFile):
    """The messages can't be worded from this."""


def parse(text: str) -> Languages:
    """
    Read the languages; their order is the file's.

    Raises:
        WrongLanguages: It is no TOML, or a value is missing, unknown, or has other placeholders than it should.
    """
    try:
        whole = tomllib.loads(text)
    except tomllib.TOMLDecodeError as wrong:
        raise WrongLanguages(str(wrong)) from None
    reader = StrictReader(text, file=FILE, error=WrongLanguages)
    if not whole:
        raise reader.wrong("", "", "a language is wanted")
    languages = {name: _language(reader, name, reader.table(whole, name)) for name in whole}
    for language in languages.values():
        _compare(reader, language, next(iter(languages.values())))
    return Languages(languages)


def _language(reader: StrictReader, name: str, table: Table) -> Language:
    if not NAME.fullmatch(name):
        raise reader.wrong(name, "", "a language's name is two or three small letters, for example en")
    reader.only(table, PARTS, where=name)
    return Language(
        name=name,
        months=_months(reader, table, name),
        date=_text(reader, table, "date", where=name, wanted={"day", "month", "year"}),
        thousands=_text(reader, table, "thousands", where=name, wanted=set()),
        point=_text(reader, table, "point", where=name, wanted=set()),
        closing=_text(reader, table, "closing", where=name, wanted=set()),
        counts=_counts(reader, reader.table(table, "counts", name), f"{name}.counts"),
        texts=_texts(reader, reader.table(table, "texts", name), f"{name}.texts"),
    )


def _months(reader: StrictReader, table: Table, where: str) -> tuple[str, ...]:
    months = table.get("months")
    named = [each for each in months if isinstance(each, str) and each] if isinstance(months, list) else []
    if len(named) != YEAR or named != months:
        raise reader.wrong(where, "months", f"{YEAR} names are wanted")
    return tuple(named)


def _counts(reader: StrictReader, table: Table, where: str) -> dict[str, Counted]:
    reader.only(table, set(COUNTS), where=where)
    return {phrase: _counted(reader, reader.table(table, phrase, where), f"{where}.{phrase}") for phrase in COUNTS}


def _counted(reader: StrictReader, table: Table, where: str) -> Counted:
    reader.only(table, set(FORMS), where=where)
    return Counted(**{form: _text(reader, table, form, where=where, wanted=FORMS[form]) for form in FORMS})


def _texts(reader: StrictReader, table: Table, where: str) -> dict[str, Text]:
    reader.only(table, set(TEXTS), where=where)
    return {name: _worded(reader, reader.table(table, name, where), where, name) for name in TEXTS}


def _worded(reader: StrictReader, table: Table, where: str, name: str) -> Text:
    where = f"{where}.{name}"
    reader.only(table, {"subject", "text"}, where=where)
    for part in ("subject", "text"):
        unknown = _placeholders(reader, table, part, where) - TEXTS[name]
        if unknown:
            raise reader.wrong(where, part, f"nothing fills {_listed(unknown)}")
    return Text(subject=table["subject"], text=table["text"])


def _text(reader: StrictReader, table: Table, name: str, *, where: str, wanted: set[str]) -> str:
    if _placeholders(reader, table, name, where) != wanted:
        raise reader.wrong(where, name, f"its placeholders must be {_listed(wanted)}")
    return str(table[name])


def _placeholders(reader: StrictReader, table: Table, name: str, where: str) -> set[str]:
    text = reader.text(table, name, where=where)
    try:
        parts = list(Formatter().parse(text))
    except ValueError:
        raise reader.wrong(where, name, "a brace is left open, or closed twice") from None
    if any(form or conversion for _, _, form, conversion in parts):
        raise reader.wrong(where, name, "a placeholder is a name in braces, and nothing else")
    return {field for _, field, _, _ in parts if field is not None}


def _compare(reader: StrictReader, language: Language, first: Language) -> None:
    for name, text in language.texts.items():
        for part in ("subject", "text"):
            ours, theirs = _fields(getattr(text, part)), _fields(getattr(first.texts[name], part))
            if ours != theirs:
                message = f"its placeholders must be {_listed(theirs)}, as in {first.name}"
                raise reader.wrong(f"{language.name}.texts.{name}", part, message)


def _fields(text: str) -> set[str]:
    return {field for _, field, _, _ in Formatter().parse(text) if field is not None}


def _listed(names: set[str]) -> str:
    return ", ".join(f"{{{each}}}" for each in sorted(names)) or "none"

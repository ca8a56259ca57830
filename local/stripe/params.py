"""The one place that reads typed parameters, refusing in Stripe's words what is missing, unknown or malformed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from local.stripe.errors import invalid, missing, unknown
from local.stripe.forms import Form

MAX_TEXT = 5_000
MAX_INTEGER = 10**12
MAX_METADATA, MAX_METADATA_NAME, MAX_METADATA_VALUE = 50, 40, 500

INTEGER = re.compile(r"-?[0-9]{1,18}")
INDEX = re.compile(r"[0-9]{1,6}")
FLAGS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Params:
    """Parameters of a call, or those below one name (`path`) of it."""

    form: Form = field(default_factory=dict)
    path: str = ""

    def named(self, name: str) -> str:
        """The full name of a parameter, as Stripe puts it into `param`."""
        return f"{self.path}[{name}]" if self.path else name

    def has(self, name: str) -> bool:
        """Whether the caller sent the parameter, empty included."""
        return name in self.form

    def only(self, *names: str) -> None:
        """Refuse any parameter but these; `expand` is always understood at the top."""
        for name in self.form:
            if name not in names and (self.path or name != "expand"):
                raise unknown(self.named(name))

    def text(self, name: str, *, longest: int = MAX_TEXT) -> str | None:
        """Read a text; absent or empty is None."""
        value = self.form.get(name)
        if isinstance(value, dict):
            raise invalid(self.named(name), f"Invalid string: {self.named(name)}")
        if value and len(value) > longest:
            message = f"Invalid string: {self.named(name)} must be at most {longest} characters"
            raise invalid(self.named(name), message, "parameter_invalid_string_length")
        return value or None

    def required(self, name: str, *, longest: int = MAX_TEXT) -> str:
        """Read a text that must be there."""
        value = self.text(name, longest=longest)
        if value is None:
            raise self.absent(name)
        return value

    def absent(self, name: str) -> Exception:
        """The refusal for a required parameter: never sent, or sent empty."""
        if self.has(name):
            message = f"You passed an empty string for '{self.named(name)}'; it cannot be unset."
            return invalid(self.named(name), message, "parameter_invalid_empty")
        return missing(self.named(name))

    def choice(self, name: str, options: Sequence[str], default: str | None = None) -> str | None:
        """Read one of the options."""
        value = self.text(name)
        if value is None:
            return default
        if value not in options:
            raise invalid(self.named(name), f"Invalid {self.named(name)}: must be one of {', '.join(options)}")
        return value

    def integer(self, name: str, *, least: int = 0, most: int = MAX_INTEGER) -> int | None:
        """Read a whole number (money: minor units; times: seconds since 1970)."""
        value = self.text(name)
        if value is None:
            return None
        if not INTEGER.fullmatch(value):
            raise invalid(self.named(name), f"Invalid integer: {value}", "parameter_invalid_integer")
        if not least <= int(value) <= most:
            message = f"Invalid integer: {self.named(name)} must be between {least} and {most}"
            raise invalid(self.named(name), message, "parameter_invalid_integer")
        return int(value)

    def required_integer(self, name: str, *, least: int = 0, most: int = MAX_INTEGER) -> int:
        """Read a whole number that must be there."""
        value = self.integer(name, least=least, most=most)
        if value is None:
            raise self.absent(name)
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Read true or false."""
        value = self.text(name)
        if value is None:
            return default
        if value not in FLAGS:
            raise invalid(self.named(name), f"Invalid boolean: {value}")
        return FLAGS[value]

    def nested(self, name: str) -> Params:
        """The parameters below a name; none when it is absent or empty."""
        value = self.form.get(name, {})
        if value and isinstance(value, str):
            raise invalid(self.named(name), f"Invalid object: {self.named(name)}")
        return Params(value if isinstance(value, dict) else {}, self.named(name))

    def tables(self, name: str) -> list[Params]:
        """Read a list of tables, in the order of its indexes."""
        within = self.nested(name)
        return [within.nested(index) for index in within.indexes()]

    def texts(self, name: str) -> list[str]:
        """Read a list of texts, in the order of its indexes."""
        within = self.nested(name)
        return [within.required(index) for index in within.indexes()]

    def indexes(self) -> list[str]:
        """The names below, which must all be numbers, in order."""
        if not all(INDEX.fullmatch(index) for index in self.form):
            raise invalid(self.path, f"Invalid array: {self.path}")
        return sorted(self.form, key=int)

    def metadata(self, before: dict[str, str] | None = None) -> dict[str, str]:
        """Merge the sent metadata over *before*: an empty value unsets a name, an empty `metadata` all of them."""
        if self.form.get("metadata") == "":
            return {}
        sent = self.nested("metadata")
        merged = dict(before or {})
        for name in sent.form:
            if len(name) > MAX_METADATA_NAME:
                raise invalid(sent.named(name), f"Metadata keys may be at most {MAX_METADATA_NAME} characters")
            merged[name] = sent.text(name, longest=MAX_METADATA_VALUE) or ""
        kept = {name: value for name, value in merged.items() if value}
        if len(kept) > MAX_METADATA:
            raise invalid(sent.path, f"Metadata may have at most {MAX_METADATA} keys")
        return kept

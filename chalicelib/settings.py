"""The only reader of the environment. A missing or wrong name stops the program at its first use, and is named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib.store.names import TableNames

SHORTEST_CHECKOUT, LONGEST_CHECKOUT = 31, 1429  # minutes; Stripe takes 30 to 1,440, and a repeat adds up to ten

USUAL_SHARES, MOST_SHARES = 28 * 24, 10_000  # every wallet once in four weeks


class WrongSettings(Exception):
    """The environment doesn't say what is needed. The code is the variable's name, and the message begins with it."""

    def __init__(self, variable: str, wanted: str) -> None:
        super().__init__(f"{variable} {wanted}")
        self.code = variable


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that differs between one place of running and another."""

    stage: str
    region: str
    tables: TableNames
    stripe_api_base: str
    stripe_key_name: str
    stripe_webhook_secret_name: str
    jwt_issuer: str
    jwt_audience: str
    jwks_url: str
    allowed_origins: tuple[str, ...]  # the first one is where customers return to from paying
    default_return_path: str
    checkout_minutes: int
    automatic_tax: bool
    audit_shares: int  # of all wallets, one an hour is checked
    email_from: str | None
    alerts_topic: str | None  # an ARN
    dead_letters_queue: str | None  # a URL


def read_settings(environment: Mapping[str, str]) -> Settings:
    """
    Read the settings.

    Raises:
        WrongSettings: A name is missing or its value can't be used.
    """

    def need(name: str) -> str:
        if not environment.get(name):
            raise WrongSettings(name, "is not set")
        return environment[name]

    minutes = environment.get("TALLY_CHECKOUT_MINUTES", "60")
    if not minutes.isdecimal() or not SHORTEST_CHECKOUT <= int(minutes) <= LONGEST_CHECKOUT:
        raise WrongSettings(
            "TALLY_CHECKOUT_MINUTES", f"must be a whole number from {SHORTEST_CHECKOUT} to {LONGEST_CHECKOUT}"
        )
    shares = environment.get("TALLY_AUDIT_SHARES", str(USUAL_SHARES))
    if not shares.isdecimal() or not 1 <= int(shares) <= MOST_SHARES:
        raise WrongSettings("TALLY_AUDIT_SHARES", f"must be a whole number from 1 to {MOST_SHARES}")
    return Settings(
        stage=need("TALLY_STAGE"),
        region=need("AWS_DEFAULT_REGION") if "AWS_REGION" not in environment else environment["AWS_REGION"],
        tables=TableNames(need("TALLY_WALLETS_TABLE"), need("TALLY_PURCHASES_TABLE"), need("TALLY_USAGE_TABLE")),
        stripe_api_base=need("TALLY_STRIPE_API_BASE"),
        stripe_key_name=need("TALLY_STRIPE_KEY_NAME"),
        stripe_webhook_secret_name=need("TALLY_STRIPE_WEBHOOK_SECRET_NAME"),
        jwt_issuer=need("TALLY_JWT_ISSUER"),
        jwt_audience=need("TALLY_JWT_AUDIENCE"),
        jwks_url=need("TALLY_JWKS_URL"),
        allowed_origins=tuple(each.strip() for each in need("TALLY_ALLOWED_ORIGINS").split(",") if each.strip()),
        default_return_path=environment.get("TALLY_DEFAULT_RETURN_PATH", "/"),
        checkout_minutes=int(minutes),
        audit_shares=int(shares),
        automatic_tax=environment.get("TALLY_AUTOMATIC_TAX", "") == "1",
        email_from=environment.get("TALLY_EMAIL_FROM") or None,
        alerts_topic=environment.get("TALLY_ALERTS_TOPIC") or None,
        dead_letters_queue=environment.get("TALLY_DEAD_LETTERS_QUEUE") or None,
    )

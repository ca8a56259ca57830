"""Where an operator sits: the real program behind both ways of talking, and a wallet with a past."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from typer.testing import CliRunner

from app import app as program
from cli.app import app
from local.gateway import Gateway
from local.server import Server
from tests.api.desk import Desk
from tests.webhooks.premises import ORIGINS, WALLET

Json = dict[str, Any]
DIRECT, API = "direct", "api"
OPERATOR = "ada"
SCOPES = "tally:customer tally:admin"
LARGEST_BODY = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended, and what it wrote where."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def is_narrow(self) -> bool:
        """Whether it fits a terminal of 80 columns."""
        return max(map(len, self.out.splitlines()), default=0) <= 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """Types commands, one way or the other."""

    desk: Desk
    url: str
    way: str

    def run(self, *arguments: str, answers: str | None = None, way: str | None = None, **around: str | None) -> Ended:
        """Type a command; *around* changes the environment, None takes a name away."""
        environment: dict[str, str | None] = {"TALLY_OPERATOR": OPERATOR, "TALLY_API": None, "TALLY_TOKEN": None}
        if (way or self.way) == API:
            environment |= {"TALLY_API": self.url, "TALLY_TOKEN": self.desk.token(WALLET, scope=SCOPES, teams=TEAMS)}
        environment |= {"COLUMNS": "80", **around}
        ended = CliRunner().invoke(app, list(arguments), input=answers, env=environment)
        assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exception
        return Ended(ended.exit_code, ended.stdout, ended.stderr)

    def told(self, *arguments: str, code: int = 0, **more: Any) -> Json:
        """Type a command that is to speak JSON, and read what it says."""
        ended = self.run(*arguments, "--json", **more)
        assert ended.code == code, (ended.out, ended.err)
        said: Json = ended.json()
        return said


TEAMS = (("team_a", "member"),)


@contextmanager
def served(desk: Desk) -> Iterator[str]:
    """Put the gateway behind a socket; one request at a time comes, as one command is typed at a time."""
    server = Server(Gateway(program, ORIGINS).handle, 0, largest_body=LARGEST_BODY)
    try:
        yield server.url
    finally:
        server.close()


def past(desk: Desk) -> str:
    """Give the wallet a past: a purchase that was paid, a grant, two uses, a hold; the purchase's id."""
    bought = desk.buy()
    desk.pay(bought)
    desk.give(40)
    desk.use(45, key="u1")
    desk.use(15, key="u2")
    desk.place(credits=120)
    purchase_id: str = bought.json()["purchase_id"]
    return purchase_id


def without(found: Mapping[str, Any], *names: str) -> Json:
    return {name: value for name, value in found.items() if name not in names}

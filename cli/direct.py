"""The office straight at the tables: the services of the functions, and the answers of the API."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from chalicelib import wiring
from chalicelib.api import answers, cursors, explanations, operator_views, statement_views, views
from chalicelib.domain.errors import InvalidRequest, NotFound, Refusal
from chalicelib.domain.ledger import KINDS
from chalicelib.domain.statements import Month
from chalicelib.domain.tracing import WALLET
from chalicelib.services.connecting import connected
from chalicelib.services.explaining import explanation_of
from chalicelib.services.overseeing import overview_of
from chalicelib.services.ports import OutcomeUnknown, PaymentsFailed, Throttled
from chalicelib.services.reading import history_of
from chalicelib.services.stating import portion_of, statement_of
from chalicelib.services.tracing import Wanted, find
from chalicelib.settings import WrongSettings
from cli import direct_acts, direct_checks, direct_seed
from cli.faults import Failed, Misused, refused
from cli.office import Command, Done, Fields, Share, Step, Wish
from cli.settings import Settings

QUARANTINE = "quarantine"  # what the API's cursors of this list are bound to


@dataclass(frozen=True, slots=True)
class DirectOffice:
    """Asks the services. Who is asking is what `settings` say."""

    settings: Settings

    def wallet(self, wallet_id: str) -> Fields:
        with asking():
            found = overview_of(wiring.store(), named(wallet_id))
            return operator_views.overview(found, wiring.catalog(), wiring.now())

    def history(self, wallet_id: str, wish: Wish) -> Fields:
        with asking():
            if wish.kind is not None and wish.kind not in KINDS:
                raise InvalidRequest("type", "no such kind of entry")
            bound_to = (named(wallet_id), wish.kind, wish.since, wish.until)
            page = history_of(
                wiring.store(),
                wallet_id,
                kind=wish.kind,
                since=wish.since,
                until=wish.until,
                before=cursors.read(wish.cursor, *bound_to) if wish.cursor else None,
                limit=wish.limit,
            )
            more = cursors.write(page.next_seq, *bound_to) if page.next_seq else None
            return {"entries": [views.entry(each) for each in page.entries], "next_cursor": more}

    def explanation(self, wallet_id: str, seq: int) -> Fields:
        with asking():
            return explanations.shown(explanation_of(wiring.store(), named(wallet_id), seq))

    def statement(self, wallet_id: str, month: str | None) -> Fields:
        with asking():
            now = wiring.now()
            wanted = _month(month) if month else Month.of(now)
            return statement_views.statement(statement_of(wiring.store(), named(wallet_id), wanted, now=now))

    def length(self, wallet_id: str) -> int:
        with asking():
            return wiring.store().wallet(named(wallet_id)).seq

    def export_page(self, wallet_id: str, cursor: str | None, limit: int) -> tuple[bytes, str | None]:
        with asking():
            place = statement_views.place_of(cursor, named(wallet_id))
            portion = portion_of(wiring.store(), wallet_id, place, limit=limit)
            page, more = statement_views.export_page(portion, place, wallet_id, now=wiring.now())
            return page.encode(), more

    def trace(self, name: str, wallet_id: str | None) -> Fields:
        with asking():
            shop = wiring.shop()
            wanted = Wanted(name, named(wallet_id) if wallet_id is not None else None)
            return operator_views.trace(connected(shop, find(shop, wanted)))

    def quarantine(self, cursor: str | None, limit: int) -> Fields:
        with asking():
            after = cursors.read_name(cursor, QUARANTINE) if cursor else None
            found, more = wiring.store().listed_oddities(after=after, limit=limit)
            shown = [views.oddity(each) for each in found]
            return {"events": shown, "next_cursor": cursors.write_name(more, QUARANTINE) if more else None}

    def do(self, command: Command) -> Done:
        who = self.settings.who
        with asking():
            return direct_acts.do(command, who)

    def reconcile(self, *, apply: bool) -> Fields:
        who = self.settings.who if apply else "operator"
        with asking():
            return direct_checks.reconciled(who, apply=apply)

    def audit(self, wanted: Share, step: Step) -> Fields:
        with asking():
            if wanted.wallet_id is not None:
                named(wanted.wallet_id)
            return direct_checks.audited(wanted, step)

    def seed(self, wallets: int, days: int, *, dry_run: bool, step: Step) -> Fields:
        who = self.settings.who
        with asking():
            return direct_seed.seeded(wallets, days, who, dry_run=dry_run, step=step)


def named(wallet_id: str) -> str:
    """
    Check that a wallet can be called so.

    Raises:
        NotFound: None can.
    """
    if not WALLET.fullmatch(wallet_id):
        raise NotFound
    return wallet_id


def _month(text: str) -> Month:
    try:
        return Month.parse(text)
    except ValueError:
        raise InvalidRequest("month", "a month is wanted, for example 2026-11") from None


@contextmanager
def asking() -> Iterator[None]:
    """Give what services and tables say no with its line."""
    try:
        yield
    except Refusal as refusal:
        raise refused(answers.refusal_body(refusal)) from refusal
    except WrongSettings as wrong:
        raise Misused(f"{wrong}; or set TALLY_API to ask the API") from wrong
    except Throttled as throttled:
        raise Failed("the tables are asked too much; nothing was written") from throttled
    except (OutcomeUnknown, PaymentsFailed) as silent:
        raise Failed(f"no answer: {silent}") from silent

"""Proofs: an export into a file, and whether an export holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from chalicelib.domain.ledger import canonical
from cli.context import office_of
from cli.exporting import Sink
from cli.faults import FOUND, Failed, Misused
from cli.office import Fields, Office
from cli.options import AsJson, WalletId
from cli.screen import progress, show
from cli.views import proofs
from verify.tally_verify import HEX, Broken, verify

MOST = 1000  # entries on a page
Page = Annotated[int, typer.Option("--page", min=1, max=MOST, help="Entries fetched at once.")]


def register(app: typer.Typer) -> None:
    app.command()(export)
    app.command("verify")(verify_export)


def export(
    ctx: typer.Context,
    wallet_id: WalletId,
    *,
    to: Annotated[Path | None, typer.Option("--to", metavar="FILE", help="Else WALLET.jsonl.")] = None,
    page: Page = MOST,
    as_json: AsJson = False,
) -> None:
    """Write all there is of a wallet into a file; what was cut short goes on."""
    office, path = office_of(ctx), to or Path(f"{wallet_id}.jsonl")
    with Sink.opened(path, wallet_id) as sink, progress(f"entries of {wallet_id}") as step:
        total = None if sink.is_complete else office.length(wallet_id)
        while not sink.is_complete:
            sink.put(*office.export_page(wallet_id, sink.cursor, page))
            step(sink.seq, max(total or 0, sink.seq))
    found: Fields = {
        "wallet_id": wallet_id,
        "file": str(path),
        "entries": sink.seq,
        "head": sink.head,
        "pages": sink.pages,
        "resumed": sink.resumed,
    }
    show(ctx, found, proofs.exported)


def verify_export(
    ctx: typer.Context,
    wallet_id: Annotated[str | None, typer.Argument(metavar="[WALLET]", help="Fetch this wallet's export.")] = None,
    *,
    file: Annotated[Path | None, typer.Option("--file", metavar="FILE", help="Check an export in a file.")] = None,
    months: Annotated[
        list[str] | None, typer.Option("--month", metavar="MONTH", help="Hold this month's statement against it.")
    ] = None,
    statements: Annotated[
        list[Path] | None, typer.Option("--statement", metavar="FILE", help="The same, with one in a file.")
    ] = None,
    head: Annotated[str | None, typer.Option("--head", metavar="HEX", help="The hash of the last entry.")] = None,
    as_json: AsJson = False,
) -> None:
    """Check that an export holds: hashes, chain, sums; 3 if it doesn't."""
    if (wallet_id is None) == (file is None):
        raise Misused("either a wallet or --file is wanted")
    if months and wallet_id is None:
        raise Misused("--month wants a wallet; with --file there is --statement")
    if head is not None and not HEX.fullmatch(head):
        raise Misused("--head is 64 hexadecimal digits, in small letters")
    try:
        told = [path.read_text(encoding="utf-8") for path in statements or ()]
        if file:
            with file.open("rb") as raws:
                found: Fields = verify(raws, statements=told, head=head)
        else:
            found = _fetched(office_of(ctx), wallet_id or "", [*told], months or [], head)
    except (OSError, UnicodeDecodeError, Broken) as error:
        raise Failed(f"can't be read: {error}") from error
    show(ctx, found, lambda said: proofs.verified(said, str(file or wallet_id)))
    if not found["holds"]:
        raise typer.Exit(FOUND)


def _fetched(office: Office, wallet_id: str, told: list[str], months: list[str], head: str | None) -> Fields:
    """Check an export while it is fetched; the statements come first, so that what is added meanwhile does no harm."""
    told += [canonical(office.statement(wallet_id, month)).decode() for month in months]
    with progress(f"entries of {wallet_id}") as step:
        total, done = office.length(wallet_id), 0

        def lines() -> Iterator[bytes]:
            nonlocal done
            cursor: str | None = None
            while True:
                page, cursor = office.export_page(wallet_id, cursor, MOST)
                *whole, rest = page.split(b"\n")
                done += sum(b'"canonical"' in line for line in whole)
                step(done, max(total, done))
                yield from (line + b"\n" for line in whole)
                if rest:
                    yield rest
                if cursor is None:
                    return

        return verify(lines(), statements=told, head=head)

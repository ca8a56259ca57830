"""Reconciliation and audit, straight at the tables: what differs and what doesn't hold, as JSON."""

from __future__ import annotations

from collections.abc import Iterator

from chalicelib import wiring
from chalicelib.domain.wallet import SNAPSHOT_EVERY
from chalicelib.services.auditing import BrokenInvariant, faults_of
from chalicelib.services.reconciling import HEALED, Difference, reconcile
from chalicelib.services.rounds import Errand
from cli.office import Fields, Share, Step


def reconciled(who: str, *, apply: bool) -> Fields:
    """Compare Stripe with the books, and with *apply* heal what a machine may."""
    found = reconcile(wiring.shop(), wiring.errand(who), apply=apply)
    return {
        "applied": apply,
        **found.report.counts,
        "for_people": sum(each.finding not in HEALED for each in found.differences),
        "more": found.report.more,
        "found": [_shown(each) for each in found.differences],
        "failures": [
            {"wallet_id": wallet_id, "name": name, "error": f"{type(error).__name__}: {error}"}
            for wallet_id, name, error in found.report.failures
        ],
    }


def _shown(each: Difference) -> Fields:
    return {
        "finding": each.finding.value,
        "wallet_id": each.wallet_id,
        "purchase_id": each.purchase_id,
        "session_id": each.session_id,
        "payment_id": each.payment_id,
        "detail": each.detail,
        "for_person": each.finding not in HEALED,
    }


def audited(wanted: Share, step: Step) -> Fields:
    """Check a wallet's whole history, or of each wallet of a share the newest stretch and an older one."""
    errand = wiring.errand("audit")
    counts = {"wallets": 0, "entries": 0}
    found = []
    for wallet_id in _wallets(errand, wanted):
        seq = errand.store.wallet(wallet_id).seq
        whole = wanted.wallet_id is not None
        counts["wallets"], counts["entries"] = counts["wallets"] + 1, counts["entries"] + seq
        faults = list(dict.fromkeys(_faults(errand, wallet_id, seq, step if whole else None)))
        found += [{"wallet_id": wallet_id, "fault": each} for each in faults]
        if not whole:
            step(counts["wallets"], None)
    return {**counts, "faults": found}


def _wallets(errand: Errand, wanted: Share) -> Iterator[str]:
    if wanted.wallet_id is not None:
        yield wanted.wallet_id
        return
    cursor: object = None
    while True:
        page = errand.store.wallet_ids(wanted.share, wanted.shares, cursor=cursor)
        yield from (wallet_id for wallet_id, _ in page.names)
        cursor = page.cursor
        if not cursor:
            return


def _faults(errand: Errand, wallet_id: str, seq: int, step: Step | None) -> Iterator[str]:
    """Name what doesn't hold; with *step* on every stretch, else on the newest and on one whose turn it is."""
    stretches = max(1, seq // SNAPSHOT_EVERY)
    turns = range(stretches) if step else [int(errand.stamp().now.timestamp()) // 3600]
    try:
        for nth, turn in enumerate(turns, start=1):
            yield from faults_of(errand, wallet_id, turn)
            if step:
                step(nth, stretches)
    except BrokenInvariant as broken:
        yield str(broken)

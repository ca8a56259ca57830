"""
`python -m infra.reconcile [--apply]`: says in what Stripe and the books differ, and with `--apply` heals it.

It reads the same environment as the functions do, and ends with 1 when something is left for a person.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from chalicelib import wiring
from chalicelib.services.reconciling import HEALED, Difference, Reconciliation, reconcile

ACTOR = "operator"


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare, print what was found, and say by the exit code whether a person is needed."""
    parser = argparse.ArgumentParser(prog="python -m infra.reconcile", description="Compare Stripe with the books.")
    parser.add_argument("--apply", action="store_true", help="heal what a machine may heal")
    options = parser.parse_args(arguments)
    found = reconcile(wiring.shop(), wiring.errand(ACTOR), apply=options.apply)
    for line in lines(found, applied=options.apply):
        print(line)
    return int(bool(found.report.failures) or any(each.finding not in HEALED for each in found.differences))


def lines(found: Reconciliation, *, applied: bool) -> list[str]:
    """Write the plan, one line a difference, then what was compared and what failed."""
    counts = found.report.counts
    told = [_line(each, applied=applied) for each in found.differences]
    told += [f"failed: {wallet_id} {name}: {error!r}" for wallet_id, name, error in found.report.failures]
    compared = f"{counts['payments']} payments and {counts['purchases']} purchases compared"
    return [*told, f"{compared}, {counts['differences']} differences, {counts['healed']} healed"]


def _line(each: Difference, *, applied: bool) -> str:
    what = "for a person" if each.finding not in HEALED else "healed" if applied else "would be healed"
    detail = f" ({each.detail})" if each.detail else ""
    return f"{each.finding.value}: {each.wallet_id} {each.purchase_id}{detail}: {what}"


if __name__ == "__main__":
    raise SystemExit(main())

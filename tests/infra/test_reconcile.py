"""`python -m infra.reconcile`: the plan, the healing, and by the exit code whether a person is needed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib import wiring
from infra.reconcile import main
from tests.webhooks.premises import Premises, opened
from tests.webhooks.trouble import trouble, unreachable

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def building() -> Iterator[Premises]:
    """The premises, built once for a module."""
    with opened() as premises:
        yield premises


@pytest.fixture
def premises(building: Premises) -> Premises:
    """The premises, as new."""
    building.reset()
    return building


@pytest.fixture
def lost(premises: Premises) -> str:
    """A purchase that was paid two hours ago, and nobody told us."""
    premises.hold()
    begun = premises.buy()
    premises.pay(begun)
    premises.advance(hours=2)
    return begun.purchase.purchase_id


def told(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def test_with_nothing_to_compare_it_says_so(premises: Premises, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert told(capsys) == ["0 payments and 0 purchases compared, 0 differences, 0 healed"]


def test_without_apply_it_prints_the_plan_and_changes_nothing(
    premises: Premises, lost: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = premises.items()

    codes = [main([]), main([])]

    plan = [
        f"paid_not_credited: acct_a {lost}: would be healed",
        "1 payments and 0 purchases compared, 1 differences, 0 healed",
    ]
    assert (codes, told(capsys)) == ([0, 0], plan * 2)
    assert premises.items() == before


def test_with_apply_it_heals_and_the_second_run_finds_nothing(
    premises: Premises, lost: str, capsys: pytest.CaptureFixture[str]
) -> None:
    first = main(["--apply"]), told(capsys)
    second = main(["--apply"]), told(capsys)

    assert first == (
        0,
        [
            f"paid_not_credited: acct_a {lost}: healed",
            "1 payments and 1 purchases compared, 1 differences, 1 healed",
        ],
    )
    assert second == (0, ["1 payments and 1 purchases compared, 0 differences, 0 healed"])
    (entry,) = premises.history()
    assert (entry.kind, entry.private.fields["actor"] if entry.private else None) == ("purchase", "operator")


@pytest.mark.parametrize("arguments", [[], ["--apply"]])
def test_what_is_for_a_person_is_named_and_ends_with_1(
    premises: Premises, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    begun = premises.buy()
    premises.pay(begun)
    premises.session(begun)["amount_subtotal"] = 999
    premises.advance(hours=2)
    before = premises.items()

    assert main(arguments) == 1
    line, sums = told(capsys)
    named = f"mismatch: acct_a {begun.purchase.purchase_id} (amount: 999 is not 1000)"
    assert line == f"{named}: for a person"
    assert sums == "1 payments and 1 purchases compared, 1 differences, 0 healed"
    assert premises.items() == before


@pytest.mark.usefixtures("lost")
def test_what_fails_is_named_and_ends_with_1(premises: Premises, capsys: pytest.CaptureFixture[str]) -> None:
    with trouble(premises, "TransactWriteItems", unreachable):
        assert main(["--apply"]) == 1

    assert any(line.startswith("failed: acct_a pur_") for line in told(capsys))
    assert main(["--apply"]) == 0


def test_it_runs_as_a_module_and_explains_itself() -> None:
    command = [sys.executable, "-m", "infra.reconcile", "--help"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert (run.returncode, run.stderr) == (0, "")
    assert "--apply" in run.stdout


def test_an_option_that_it_does_not_know_is_refused(premises: Premises) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--heal"])

    assert ended.value.code == 2
    assert premises.is_untouched
    assert wiring.now() == premises.now()

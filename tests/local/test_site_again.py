"""The past that the demo's wallets have: lived through by the clock, and told anew after a restart."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from chalicelib import wiring
from local.clock import Clock
from local.stack import Stack

from .places import free_row


def test_a_restart_tells_the_same_story_anew(tmp_path: Path) -> None:
    stories = []
    for _ in range(2):
        with Stack(free_row(), tmp_path) as begun:
            begun.seed()
            begun.clock.advance(400 * 86_400)  # the next start is in the past of this one
            wallet = wiring.store().wallet("acct_demo")
            stories.append((wallet.seq, sum(lot.left for lot in wallet.lots), wallet.plan and wallet.plan.plan_id))

    assert stories[0] == stories[1]


def test_the_clock_lives_through_what_is_over_and_is_back_in_the_present() -> None:
    clock = Clock()
    clock.advance(1000)
    present = clock.now()

    with clock.living_through(present - timedelta(days=90)):
        assert timedelta(days=89) < present - clock.now() <= timedelta(days=90)
        clock.advance(86_400)
        assert timedelta(days=88) < present - clock.now() <= timedelta(days=89)

    assert timedelta(0) <= clock.now() - present < timedelta(minutes=1)

"""`make run`: starts the local stack, shows a purchase, prints the addresses, and goes on until Ctrl-C."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import time
import warnings
from pathlib import Path
from types import FrameType
from typing import NoReturn, TextIO

ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
FAILED = 1
LOOK_EVERY = 0.2  # seconds; a wait without end misses a signal that comes just before it
LOG = "log.jsonl"


class Ended(BaseException):
    """Somebody wants us to end. No `except Exception` may keep it."""


def main() -> int:
    """Run, and say how it went, as an exit code."""
    options = _options()
    folder = options.data or Path(".local") / str(options.port)
    for number in ENDING_SIGNALS:
        signal.signal(number, _end)
    try:
        terminal = _divert_logs(folder / LOG)
        return _run(options.port, folder, terminal, once=options.once)
    except Ended:
        return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    parser.add_argument("--port", type=int, default=8000, help="API and page; the next two ports are used as well")
    parser.add_argument("--data", type=Path, help="where the state is kept (default: .local/PORT)")
    parser.add_argument("--once", action="store_true", help="end after the transcript")
    return parser.parse_args()


def _end(_number: int, _frame: FrameType | None) -> NoReturn:
    for number in ENDING_SIGNALS:
        signal.signal(number, signal.SIG_IGN)  # what follows is the ending
    raise Ended


def _divert_logs(file: Path) -> TextIO:
    """Send what the program logs to a file for good, and hand out the terminal for what is said to people."""
    from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

    file.parent.mkdir(parents=True, exist_ok=True)
    terminal, sys.stdout = sys.stdout, file.open("a", encoding="utf-8", buffering=1)
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(LambdaPowertoolsFormatter(use_rfc3339=True))
    logging.getLogger("local").addHandler(handler)
    logging.getLogger("local").propagate = False  # the root's lines are the program's
    return terminal


def _run(port: int, folder: Path, terminal: TextIO, *, once: bool) -> int:
    from local import screen
    from local.stack import CannotStart, Stack
    from local.tour import Tour
    from local.transcript import WentWrong

    def show(*lines: str) -> None:
        print(*lines, sep="\n", file=terminal, flush=True)

    try:
        with Stack(port, folder, say=show) as stack:
            show(*screen.opening(stack, folder / LOG))
            try:
                Tour(api=stack.url, stripe=stack.stripe_url, show=show).run()
            except WentWrong as wrong:
                show(f"     {wrong}")
                if once:
                    return FAILED
            if not once:
                stack.seed()
                show(*screen.closing(stack))
                while True:
                    time.sleep(LOOK_EVERY)
    except CannotStart as reason:
        print(f"can't start: {reason}", file=sys.stderr)
        return FAILED
    return 0


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    sys.exit(main())

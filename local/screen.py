"""What the terminal says around the tour: where everything is, and what to try by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from chalicelib import VERSION
from local.stack import Stack

SIGN_IN = 'TOKEN=$(curl -s "{api}/local/token?wallet_id=acct_you" | cut -d\\" -f4)'
BALANCE = 'curl -s {api}/api/credits/balance -H "Authorization: Bearer $TOKEN"'
BUY = (
    'curl -s {api}/api/credits/purchase -H "Authorization: Bearer $TOKEN" -H "Idempotency-Key: first" \\\n'
    '         -H "Content-Type: application/json" -d \'{{"package_id": "starter"}}\''
)


def opening(stack: Stack, log: Path) -> Iterator[str]:
    """Say where everything is."""
    yield f"Tally {VERSION} runs on this machine only. No money moves."
    yield ""
    yield f"  API and page     {stack.url}"
    yield f"  Function URL     {stack.function_url}  takes Stripe's events, signed with {stack.secret}"
    yield f"  Stripe stand-in  {stack.stripe_url}  has the pay pages"
    yield f"  Tables           {stack.engine.name}"
    yield f"  Log              {log}"


def closing(stack: Stack) -> Iterator[str]:
    """Say what to try."""
    yield ""
    yield f"Open {stack.url} in a browser: a customer's dashboard with ninety days of use, and switches that make"
    yield "things happen: use, time, refunds, disputes."
    yield ""
    yield "Try it by hand; the second answer has a checkout_url to open in a browser:"
    yield ""
    for line in (SIGN_IN, BUY, BALANCE):
        yield "  " + line.format(api=stack.url)
    yield ""
    now = f"{stack.clock.now():%-d %B %Y}"
    yield f"The transcript let a year go by: it is {now} here now, and the clock only goes forward."
    yield "After a restart it is today again."
    yield ""
    yield "Ctrl-C ends everything."

"""
Tally: prepaid credits for a SaaS, as a bundle of serverless functions.

While modules are loaded the garbage collector hardly looks: what they make stays, and looking through it again and
again is a fifth of a cold start. `wiring` says when a function has what it needs.
"""

from __future__ import annotations

import gc

VERSION = "0.1.0"

_USUAL = gc.get_threshold()
gc.set_threshold(100_000, *_USUAL[1:])


def loaded() -> None:
    """Let the collector look as usual, but never again at what is there now."""
    gc.freeze()
    gc.set_threshold(*_USUAL)

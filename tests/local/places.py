"""Ports for stacks: three in a row that nobody uses."""

from __future__ import annotations

import random

from local.child import is_free

LOWEST, HIGHEST = 20_000, 32_000  # below what the system hands out by itself


def free_row() -> int:
    """Find three free ports in a row, and give the first."""
    while True:
        port = random.randrange(LOWEST, HIGHEST, 3)  # several test processes must not choose alike
        if all(is_free(port + nth) for nth in range(3)):
            return port

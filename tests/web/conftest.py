"""A stack and a browser for each test process, and a visitor for each test. Without Chromium all of it is left out."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.hearing import read
from tests.local.places import free_row
from tests.web.browsing import PATIENCE, Place, Visitor, chromium, launched, visiting
from tests.web.stand import LOG, READY

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A running stack with the demo's wallets."""
    port, folder = free_row(), tmp_path_factory.mktemp("stand")
    command = [sys.executable, "-m", "tests.web.stand", str(port), str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout
        assert running.stdout.readline().strip() == READY
        yield Place(port)
        running.communicate()
    read(folder / LOG)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not chromium():
        pytest.skip("there is no Chromium")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = launched(playwright)
        yield browser
        browser.close()


@pytest.fixture
def visitor(browser: Browser, place: Place) -> Iterator[Visitor]:
    with visiting(browser, place) as visitor:
        yield visitor

"""`make screenshots`: the pictures of the dashboard in `docs/pictures`, taken of a running stack and packed tightly."""

from __future__ import annotations

import struct
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from tests.local.places import free_row
from tests.web.browsing import PATIENCE, chromium, launched
from tests.web.stand import READY

PICTURES = Path("docs/pictures")
LARGEST = 200_000  # bytes
SIGNATURE = b"\x89PNG\r\n\x1a\n"
WIDTH, HEIGHT = 1280, 1010
SHOTS = (("dashboard-light.png", "/", "light"), ("dashboard-dark.png", "/", "dark"))


def main() -> int:
    if not chromium():
        print("there is no Chromium", file=sys.stderr)
        return 1
    port = free_row()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "tests.web.stand", str(port), folder]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
            assert running.stdout
            assert running.stdout.readline().strip() == READY
            take(f"http://127.0.0.1:{port}")
            running.communicate()
    return 0


def take(address: str) -> None:
    """Take every picture."""
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = launched(playwright)
        for name, path, scheme in SHOTS:
            page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, reduced_motion="reduce")
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            page.goto(address + path)
            settle(page)
            picture = tight(page.screenshot())
            assert len(picture) < LARGEST, f"{name}: {len(picture)} bytes"
            (PICTURES / name).write_bytes(picture)
            print(f"{PICTURES / name}: {len(picture):,} bytes")
            page.close()
        browser.close()


def settle(page: Page) -> None:
    """Wait until nothing is waited for."""
    expect(page.locator("header [part=amount]")).to_be_visible()
    expect(page.locator("main [part=title]").first).to_be_visible()
    expect(page.locator("[aria-busy=true]")).to_have_count(0)


def tight(png: bytes) -> bytes:
    """Compress a PNG's pixels as well as zlib can, and keep nothing that isn't needed to show them."""
    chunks, at = [], len(SIGNATURE)
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        chunks.append((kind, png[at + 8 : at + 8 + length]))
        at += length + 12
    pixels = zlib.compress(zlib.decompress(b"".join(content for kind, content in chunks if kind == b"IDAT")), 9)
    head = next(content for kind, content in chunks if kind == b"IHDR")
    return SIGNATURE + b"".join(_chunk(*each) for each in ((b"IHDR", head), (b"IDAT", pixels), (b"IEND", b"")))


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


if __name__ == "__main__":
    sys.exit(main())

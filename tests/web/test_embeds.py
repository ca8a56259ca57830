"""The elements on other people's pages: plain HTML, React 19 without a wrapper, and rendered on a server."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.web.browsing import Visitor
from tests.web.test_package import NPM, WEB, with_npm

REACT = WEB / "examples/react"
ON_A_SERVER = """
import { renderToString } from 'react-dom/server';
import { App } from '%s/app.jsx';
console.log(renderToString(<App />));
"""
PAGE = """<!doctype html>
<html lang="en"><title>React</title><div id="root">%s</div><script type="module" src="app.js"></script>
"""


def bundled(folder: Path, entry: Path, *options: str) -> Path:
    """Bundle a module with what it needs of npm."""
    made = folder / f"{entry.stem}.bundle.cjs"
    esbuild = str(NPM / "node_modules/.bin/esbuild")
    command = [esbuild, str(entry), "--bundle", f"--outfile={made}", "--jsx=automatic"]
    environment = {**os.environ, "NODE_PATH": str(NPM / "node_modules")}
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    return made


def on_a_server(folder: Path) -> str:
    """Render the example as a server does."""
    entry = folder / "server.jsx"
    entry.write_text(ON_A_SERVER % REACT, encoding="utf-8")
    made = bundled(folder, entry, "--platform=node", "--format=cjs")
    node = shutil.which("node")
    assert node
    return subprocess.run([node, made], capture_output=True, text=True, check=True).stdout.strip()


def test_a_plain_page_takes_them_with_one_script_and_its_own_colours(visitor: Visitor) -> None:
    visitor.page.goto(f"{visitor.place.api}/web/examples/plain.html")

    expect(visitor.page.locator("tally-balance [part=amount]")).to_contain_text("credits")
    expect(visitor.page.get_by_role("button", name="7 days")).to_have_attribute("aria-pressed", "true")
    title, link = visitor.page.locator("[part=title]"), visitor.page.get_by_role("link", name="Buy credits").first
    expect(title).to_have_css("font-style", "italic")
    expect(link).to_have_css("background-color", "rgb(11, 107, 80)")


def test_the_sources_run_as_they_are(visitor: Visitor) -> None:
    """No build stands between `src/` and a browser."""
    entry = "export * from './src/index.js';"
    loaded: list[str] = []
    visitor.page.on("request", lambda request: loaded.append(request.url.partition("/web/")[2]))
    visitor.page.route("**/tally.js", lambda route: route.fulfill(body=entry, content_type="text/javascript"))
    visitor.open()

    visitor.balance("0 credits")
    visitor.sees("0 of 50")
    assert {"src/index.js", "src/billing.js", "vendor/lit-html.js"} <= set(loaded)


@pytest.mark.parametrize("rendered", [False, True], ids=["in the browser", "on a server first"])
def test_react_takes_attributes_properties_and_events(visitor: Visitor, tmp_path: Path, rendered: bool) -> None:  # noqa: FBT001
    with_npm()
    html = on_a_server(tmp_path) if rendered else ""
    made = bundled(tmp_path, REACT / "page.jsx", "--format=esm")
    address = f"{visitor.place.api}/react"
    visitor.page.route(f"{address}/", lambda route: route.fulfill(body=PAGE % html, content_type="text/html"))
    visitor.page.route(f"{address}/app.js", lambda route: route.fulfill(path=made, content_type="text/javascript"))

    visitor.page.goto(f"{address}/")

    expect(visitor.page.get_by_role("button", name="7 days")).to_have_attribute("aria-pressed", "true")
    visitor.press("Ninety days")
    expect(visitor.page.get_by_role("button", name="90 days")).to_have_attribute("aria-pressed", "true")
    visitor.page.get_by_label("Credits", exact=True).fill("1")
    visitor.press("Move credits")
    expect(visitor.page.locator("#told")).to_have_text("/api/credits/transfer")


def test_a_server_writes_tags_and_nothing_of_a_customer(tmp_path: Path) -> None:
    with_npm()

    html = on_a_server(tmp_path)

    assert "<tally-balance></tally-balance>" in html
    assert '<tally-usage days="7"></tally-usage>' in html

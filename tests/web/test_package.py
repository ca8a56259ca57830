"""The web folder as a package: small, made as noted, typed, in two languages, and described as it is."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from web import fetch_lit, pack

WEB = Path(__file__).parents[2] / "web"
NPM = Path(__file__).with_name("npm")
LIMIT = 20 * 1024  # bytes, gzipped
ELEMENTS = {"balance", "usage", "predictions", "packages", "history", "billing", "plans", "transfer"}
LANGUAGES = ("en", "de")
NODE = shutil.which("node")


def with_npm() -> None:
    """Leave a test out where npm's packages are not: `make test` installs them if npm is there."""
    if not NODE or not (NPM / "node_modules").exists():
        pytest.skip("npm's packages are not installed")


def node(script: str) -> str:
    """Run a module in Node."""
    if not NODE:
        pytest.skip("there is no Node")
    command = [NODE, "--input-type=module", "-e", script]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=WEB)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_all_elements_with_lit_are_within_twenty_kilobytes() -> None:
    size = len(gzip.compress((WEB / "tally.js").read_bytes(), 9, mtime=0))

    print(f"all elements with Lit: {size:,} bytes gzipped")
    assert size <= LIMIT


def test_the_packed_file_is_what_the_sources_make() -> None:
    assert (WEB / "tally.js").read_text(encoding="utf-8") == pack.packed()


def test_lit_is_the_copy_that_was_noted_with_its_licence() -> None:
    assert fetch_lit.is_as_noted()
    assert "BSD 3-Clause" in fetch_lit.LICENSE.read_text(encoding="utf-8")
    assert fetch_lit.LICENSE.name in (WEB / "tally.js").read_text(encoding="utf-8")


def test_both_languages_have_the_same_messages_and_all_that_is_asked_for() -> None:
    tables = json.loads(
        node("""
            const [en, de] = [await import('./src/en.js'), await import('./src/de.js')];
            console.log(JSON.stringify([en.default, de.default]));
        """)
    )
    english, german = tables
    assert list(english) == list(german)
    for name in english:
        forms = [each[name] if isinstance(each[name], list) else [each[name]] for each in tables]
        holes = [[sorted(re.findall(r"\{\w+\}", form)) for form in each] for each in forms]
        assert holes[0] == holes[1], name
    sources = [path for path in (WEB / "src").glob("*.js") if path.stem not in LANGUAGES]
    code = "".join(path.read_text(encoding="utf-8") for path in sources)
    asked = set(re.findall(r"\bt\('([\w-]+)'", code))
    assert asked <= set(english)
    families = set(re.findall(r"\bt\(`(\w+_)\$\{", code))
    assert all(any(name.startswith(family) for name in english) for family in families)


def test_the_sources_and_the_packed_file_load_where_there_is_no_document() -> None:
    script = "const loaded = await import('{file}'); console.log(Object.keys(loaded).sort().join());"

    assert node(script.format(file="./src/index.js")) == "configure,refresh\n"
    assert node(script.format(file="./tally.js")) == "configure,refresh\n"
    assert node(
        "await import('./tally.js'); console.log(typeof customElements, typeof HTMLElement, typeof document)"
    ) == ("undefined undefined undefined\n")


def test_types_are_checked_strictly() -> None:
    with_npm()
    for project in (WEB, NPM):
        done = subprocess.run(
            [NPM / "node_modules/.bin/tsc", "-p", project], capture_output=True, text=True, check=False, cwd=NPM
        )
        assert done.returncode == 0, done.stdout


def test_the_manifest_says_what_the_sources_do() -> None:
    manifest = json.loads((WEB / "custom-elements.json").read_text(encoding="utf-8"))
    styles = (WEB / "src/styles.js").read_text(encoding="utf-8")
    described: dict[str, list[str]] = {}
    for module in manifest["modules"]:
        code = (WEB / module["path"]).read_text(encoding="utf-8")
        for element in module["declarations"]:
            described[element["tagName"]] = [each["name"] for each in element["attributes"]]
            assert f"'{element['tagName']}'" in code
            assert {each["name"] for each in element["cssProperties"]} == set(
                re.findall(r"var\((--tally-[\w-]+)", styles)
            )
            for part in element["cssParts"]:
                assert f'part="{part["name"]}"' in code + (WEB / "src/element.js").read_text(encoding="utf-8")
    assert {name.removeprefix("tally-") for name in described} == ELEMENTS
    assert described == observed()


def observed() -> dict[str, list[str]]:
    """Ask the elements themselves which attributes they listen to."""
    found: dict[str, list[str]] = json.loads(
        node("""
            const found = {};
            globalThis.HTMLElement = class {};
            globalThis.customElements = { get() {}, define(name, made) { found[name] = made.observedAttributes; } };
            await import('./src/index.js');
            console.log(JSON.stringify(found));
        """)
    )
    return found


def test_the_package_names_files_that_are_there() -> None:
    package: dict[str, Any] = json.loads((WEB / "package.json").read_text(encoding="utf-8"))
    named = [*package["files"], package["types"], package["customElements"]]
    for entry in package["exports"].values():
        named += [entry] if isinstance(entry, str) else entry.values()

    assert all((WEB / name).exists() for name in named)
    assert (
        package["version"]
        == re.findall(r'VERSION = "([^"]+)"', (WEB.parent / "chalicelib/__init__.py").read_text("utf-8"))[0]
    )

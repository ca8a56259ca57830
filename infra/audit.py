"""
`make audit`: asks PyPI and npm for known weaknesses of the packages that are used here, tools and tests included.

It ends with 0 if none is known, 1 if some are, and 2 if a registry could not be asked: no answer is not a good one.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NPM = Path("tests/web/npm")
LONGEST = 600  # seconds for one registry
CLEAN, WEAK, UNKNOWN = 0, 1, 2


class NotAsked(Exception):
    """A registry did not answer, or what asks it is not there. The message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weakness:
    """What is known against one version of a package, and where it is mended."""

    package: str
    version: str
    known_as: str
    mended_in: str


def main() -> int:
    verdict = CLEAN
    for registry, ask in (("PyPI", ask_pypi), ("npm", ask_npm)):
        try:
            found = ask()
        except NotAsked as why:
            print(f"{registry} could not be asked, so nothing is known of its packages: {why}", file=sys.stderr)
            verdict = UNKNOWN
            continue
        for each in found:
            print(f"{registry}: {each.package} {each.version}: {each.known_as}, mended in {each.mended_in}")
        print(f"{registry}: {len(found)} known weaknesses")
        verdict = max(verdict, WEAK if found else CLEAN)
    return verdict


def ask_pypi() -> list[Weakness]:
    """
    Ask about everything that is installed in this environment, and in MiniStack's if it is there.

    Raises:
        NotAsked: There was no answer about one of them.
    """
    places = [each for each in sys.path if each.endswith("site-packages")]
    places += map(str, Path(".venv-ministack").glob("lib/python*/site-packages"))
    paths = [part for place in places for part in ("--path", place)]
    # strict: else a package of which PyPI says nothing is passed over, and none of that shows in the exit code
    strict = ["--strict", "--progress-spinner=off", "--format=json"]
    return read_pypi(_answer([sys.executable, "-m", "pip_audit", *strict, *paths]))


def ask_npm() -> list[Weakness]:
    """
    Ask about what the web part's tests are locked to.

    Raises:
        NotAsked: There was no answer, or there is no npm.
    """
    return read_npm(_answer(["npm", "audit", "--package-lock-only", "--json"], folder=NPM))


def read_pypi(said: dict[str, Any]) -> list[Weakness]:
    """Read what pip-audit answers."""
    return [
        Weakness(
            package=each["name"],
            version=each["version"],
            known_as=known["id"],
            mended_in=", ".join(known["fix_versions"]) or "no version yet",
        )
        for each in said["dependencies"]
        for known in each["vulns"]
    ]


def read_npm(said: dict[str, Any]) -> list[Weakness]:
    """
    Read what npm answers; of what is weak by what it needs, npm names the need.

    Raises:
        NotAsked: It says only that it had no answer.
    """
    if "vulnerabilities" not in said:
        raise NotAsked(str(said.get("message") or said.get("error") or "npm does not say why"))
    return [
        Weakness(
            package=name,
            version=each["range"],
            known_as=", ".join(via if isinstance(via, str) else via["url"] for via in each["via"]),
            mended_in="a newer version" if each["fixAvailable"] else "no version yet",
        )
        for name, each in said["vulnerabilities"].items()
    ]


def _answer(command: Sequence[str], *, folder: Path | None = None) -> dict[str, Any]:
    try:
        run = subprocess.run(  # noqa: S603 - fixed words
            command, cwd=folder, capture_output=True, text=True, check=False, timeout=LONGEST
        )
        said: dict[str, Any] = json.loads(run.stdout)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotAsked(str(error)) from None
    except ValueError:
        raise NotAsked((run.stderr.strip().splitlines() or ["it said nothing"])[-1]) from None
    return said


if __name__ == "__main__":
    raise SystemExit(main())

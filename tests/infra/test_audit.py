"""What the registries answer is told, and no answer is never taken for a good one."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from infra.audit import NotAsked, Weakness, main, read_npm, read_pypi

PYPI = '{"dependencies": [{"name": "jwt", "version": "1.0", "vulns": [%s]}], "fixes": []}'
PYPI_WEAK = PYPI % '{"id": "PYSEC-1", "fix_versions": ["1.1", "2.0"], "aliases": [], "description": "x"}'
NPM = '{"auditReportVersion": 2, "vulnerabilities": {%s}, "metadata": {}}'
NPM_WEAK = NPM % (
    '"esbuild": {"range": "<0.25", "via": [{"url": "https://example.org/GHSA-1"}], "fixAvailable": true},'
    '"vite": {"range": "*", "via": ["esbuild"], "fixAvailable": false}'
)
REFUSED = '{"message": "405 Method Not Allowed", "method": "POST", "statusCode": 405}'


@pytest.fixture
def registries(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What pip-audit and npm print; without any, they complain as they do."""
    printed = {"PyPI": PYPI % "", "npm": NPM % ""}

    def run(command: list[str], **_how: Any) -> subprocess.CompletedProcess[str]:
        said = printed["npm" if command[0] == "npm" else "PyPI"]
        if said == "missing":
            raise FileNotFoundError("npm")
        return subprocess.CompletedProcess(command, 1, stdout=said, stderr="a warning\nERROR: no answer\n")

    monkeypatch.setattr(subprocess, "run", run)
    return printed


def test_nothing_known_is_0(registries: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main() == 0
    assert capsys.readouterr().out == "PyPI: 0 known weaknesses\nnpm: 0 known weaknesses\n"


def test_what_is_known_is_named_and_1(registries: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    registries.update(PyPI=PYPI_WEAK)

    assert main() == 1
    assert "PyPI: jwt 1.0: PYSEC-1, mended in 1.1, 2.0\nPyPI: 1 known weaknesses\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("registry", "said", "why"),
    [
        ("PyPI", "", "ERROR: no answer"),
        ("npm", REFUSED, "405 Method Not Allowed"),
        ("npm", '{"error": {"code": "E1"}}', "{'code': 'E1'}"),
        ("npm", "{}", "npm does not say why"),
        ("npm", "missing", "npm"),
    ],
)
@pytest.mark.parametrize("other", ["clean", "weak"])
def test_no_answer_is_told_and_2_whatever_the_other_says(
    registries: dict[str, str], other: str, capsys: pytest.CaptureFixture[str], *, registry: str, said: str, why: str
) -> None:
    if other == "weak":
        registries.update(PyPI=PYPI_WEAK, npm=NPM_WEAK)
    registries[registry] = said

    assert main() == 2
    assert capsys.readouterr().err == f"{registry} could not be asked, so nothing is known of its packages: {why}\n"


def test_each_weakness_has_its_names_and_its_mend() -> None:
    assert read_pypi(json.loads(PYPI_WEAK)) == [
        Weakness(package="jwt", version="1.0", known_as="PYSEC-1", mended_in="1.1, 2.0")
    ]
    assert read_npm(json.loads(NPM_WEAK)) == [
        Weakness(
            package="esbuild", version="<0.25", known_as="https://example.org/GHSA-1", mended_in="a newer version"
        ),
        Weakness(package="vite", version="*", known_as="esbuild", mended_in="no version yet"),
    ]
    with pytest.raises(NotAsked):
        read_npm({})

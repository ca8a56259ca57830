"""The bundle: what is in it, that it runs by itself, and that it is the same to the byte however often it is made."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

from app import app
from bench import cold
from chalicelib.api.scopes import DECLARED, WRITTEN, written
from infra import bundle, package, rules
from infra.pruning import SERVICES, is_needed
from infra.warm import SETTINGS
from tests.deployment.packaged import packaged

ROOT = Path(__file__).parents[2]
UNCHECKED = b"\x01\x00\x00\x00"  # flags of a .pyc (PEP 552): by hash, and not looked at


@pytest.fixture(scope="module")
def names() -> dict[str, int]:
    """What is in the bundle, and its sizes."""
    with zipfile.ZipFile(packaged() / "deployment.zip") as zipped:
        return {each.filename: each.file_size for each in zipped.infolist()}


@pytest.fixture(scope="module")
def unpacked() -> Iterator[Path]:
    """The bundle, laid out as Lambda does."""
    with cold.unpacked(packaged() / "deployment.zip") as folder:
        yield folder


def test_it_is_small_and_holds_the_program_and_nothing_that_is_only_for_this_machine(names: dict[str, int]) -> None:
    assert (packaged() / "deployment.zip").stat().st_size <= package.LARGEST_ZIP
    assert {"app.py", "chalicelib/catalog.toml", "chalicelib/languages.toml", "chalice/app.py"} <= names.keys()
    tops = {name.partition("/")[0] for name in names}
    assert not tops & {"local", "tests", "infra", "bench", "web", "moto", "pytest", "cffi", "pycparser"}
    assert not [name for name in names if name.endswith((".pyi", ".toml~"))]


def test_twice_is_the_same_to_the_byte(tmp_path: Path) -> None:
    again = package.package("dev", tmp_path)

    for name in ("deployment.zip", "sam.yaml"):
        first, second = (hashlib.sha256((folder / name).read_bytes()).hexdigest() for folder in (packaged(), tmp_path))
        assert first == second, name
    assert again.compiled > 500


def test_of_awss_models_there_are_those_that_the_program_makes_clients_of(names: dict[str, int]) -> None:
    there = {name.split("/")[2] for name in names if re.fullmatch(r"botocore/data/[^/]+/.+", name)}
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "chalicelib").rglob("*.py"))
    made = set(re.findall(r'(?:_client|create_client)\("(\w+)"', sources))

    assert there == set(SERVICES) == made | {"dynamodb"}
    assert "botocore/data/endpoints.json" in names


def test_what_is_loaded_is_compiled_ahead_and_never_looked_at_again(unpacked: Path, names: dict[str, int]) -> None:
    compiled = [name for name in names if name.endswith(".pyc")]

    assert {(unpacked / name).read_bytes()[4:8] for name in compiled} == {UNCHECKED}
    sources = {
        f"{Path(name).parent.parent}/{Path(name).name.partition('.')[0]}.py".removeprefix("./") for name in compiled
    }
    assert {"app.py", "chalicelib/wiring.py", "botocore/client.py", "stripe/__init__.py", "jwt/__init__.py"} <= sources
    assert len(compiled) < len([name for name in names if name.endswith(".py")]) / 2


def test_the_authorizer_finds_written_down_what_the_routes_declare(unpacked: Path) -> None:
    assert app.routes
    assert (unpacked / "chalicelib/api" / WRITTEN).read_text(encoding="utf-8") == written()
    assert len(json.loads(written())) == len(DECLARED) > 40


@pytest.mark.parametrize("name", [WRITTEN, "nothing"])
def test_alone_the_authorizer_opens_the_same_routes_written_down_or_not(unpacked: Path, name: str) -> None:
    script = (
        f"import chalicelib.api.scopes as s; s.WRITTEN = {name!r}; print(sorted(s.opened_by({{'tally:customer'}})))"
    )
    opened = subprocess.run(
        [*cold.PYTHON, "-c", script],
        env={**SETTINGS, "PYTHONPATH": str(unpacked)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert "('GET', '/api/credits/purchases/*')" in opened.stdout
    assert len(opened.stdout.split("), (")) == len([each for each in DECLARED.values() if "tally:customer" in each])


@pytest.mark.parametrize("missing", ["stripe", "jwt", "standardwebhooks"])
def test_a_bundle_that_lacks_something_is_noticed_when_it_is_packaged(
    unpacked: Path, tmp_path: Path, missing: str
) -> None:
    folder = tmp_path / "bundle"
    folder.mkdir()
    for each in unpacked.iterdir():
        if each.name != missing:
            (folder / each.name).symlink_to(each)

    with pytest.raises(subprocess.CalledProcessError) as failed:
        bundle.compile_loaded(folder, ["app"])

    assert f"No module named '{missing}'" in failed.value.stderr


def test_the_first_answers_of_a_cold_api_do_without_stripe(unpacked: Path) -> None:
    told = cold.answers(unpacked)

    assert {name: (each["status"], each["stripe"]) for name, each in told.items()} == {
        "balance": (200, False),
        "usage": (200, False),
        "history": (200, False),
    }


@pytest.mark.parametrize("kind", ["api", "authorizer", "webhook"])
def test_a_cold_function_loads_what_it_needs_from_the_bundle_alone(unpacked: Path, kind: str) -> None:
    assert cold.start(kind, unpacked)["stripe"] is False


@pytest.mark.parametrize(
    ("path", "needed"),
    [
        ("botocore/data/dynamodb/2012-08-10/service-2.json.gz", True),
        ("botocore/data/ec2/2016-11-15/service-2.json.gz", False),
        ("botocore/data/partitions.json", True),
        ("botocore/data/ssm/2014-11-06/examples-1.json", False),
        ("stripe/_charge.py", True),
        ("stripe/params/_charge_list_params.py", False),
        ("cffi/api.py", False),
        ("_cffi_backend.cpython-311-x86_64-linux-gnu.so", True),
        ("stripe-16.1.0.dist-info/RECORD", False),
        ("stripe-16.1.0.dist-info/licenses/LICENSE", True),
        ("msgspec/_core.pyi", False),
    ],
)
def test_what_never_runs_stays_out(path: str, needed: bool) -> None:  # noqa: FBT001 - a table
    assert is_needed(PurePosixPath(path)) is needed


def test_what_breaks_a_rule_is_not_packaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(package, "OUT", tmp_path)
    monkeypatch.setattr(rules, "faults", lambda _made: [rules.Fault("tables", "UsageTable", "no encryption")])
    monkeypatch.setattr(package, "LARGEST_ZIP", 1)
    monkeypatch.setattr(package, "package", _checked)

    assert package.main([]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.splitlines()[0] == "tables: UsageTable: no encryption"
    assert "which is more than 1" in told.err


def _checked(stage: str, out: Path) -> package.Packaged:
    """Check what is packaged, without packaging."""
    del stage, out
    folder = packaged()
    made = package.Packaged(template=folder / "sam.yaml", bundle=folder / "deployment.zip", files=1, compiled=1)
    package._check(made, {})
    return made

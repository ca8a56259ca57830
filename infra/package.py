"""
`make package STAGE=dev`: puts the functions into `out/dev/deployment.zip`, and what is made of them into `sam.yaml`.

Chalice packages a copy of the app alone; the packages come from `infra/dependencies.py` and `infra/pruning.py`. What
comes out is linted and held against our own rules, and is the same to the byte however often it is made.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from infra import bundle, dependencies, preflight, rules, template

STAGES = ("dev", "staging", "prod")
OUT = Path("out")
MERGED = Path("infra/tally.yaml")
LARGEST_ZIP = 14_000_000  # bytes: a cold start fetches it
PROGRAMS = Path(sys.executable).parent
NO_REGION = {"AWS_DEFAULT_REGION": "us-east-1"}  # Chalice wants one and makes no use of it


class NotFit(Exception):
    """What was packaged must not be deployed. The message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packaged:
    """What was made, and how much of it."""

    template: Path
    bundle: Path
    files: int
    compiled: int

    @property
    def size(self) -> int:
        return self.bundle.stat().st_size


def package(stage: str, out: Path) -> Packaged:
    """
    Package for a stage into the folder *out*.

    Raises:
        NotFit: The linter or one of our rules objects, or the bundle is too large.
        subprocess.CalledProcessError: A part can't be had or made.
    """
    packages = dependencies.fetched()
    with TemporaryDirectory(prefix="tally-package-") as name:
        work = Path(name)
        _run_chalice(stage, work)
        bundle.gather(work / "chalice/deployment.zip", packages, work / "bundle")
        finished = _finish(template.read(work / "chalice/sam.yaml"), stage)
        bundle.write_down_routes(work / "bundle")
        compiled = bundle.compile_loaded(work / "bundle", _modules(finished))
        out.mkdir(parents=True, exist_ok=True)
        template.write(finished, out / "sam.yaml")
        bundle.write(work / "bundle", out / "deployment.zip")
        files = sum(path.is_file() for path in (work / "bundle").rglob("*"))
    packaged = Packaged(template=out / "sam.yaml", bundle=out / "deployment.zip", files=files, compiled=len(compiled))
    _check(packaged, finished)
    return packaged


def _run_chalice(stage: str, work: Path) -> None:
    """Have Chalice package a copy of the app without its requirements; ours are added afterwards."""
    project = work / "project"
    unwanted = shutil.ignore_patterns("__pycache__", "deployments", "deployed")
    for folder in (".chalice", "chalicelib"):
        shutil.copytree(folder, project / folder, ignore=unwanted)
    shutil.copyfile("app.py", project / "app.py")
    (project / "requirements.txt").touch()
    command = [str(PROGRAMS / "chalice"), "--project-dir", str(project), "package", "--stage", stage]
    subprocess.run(  # noqa: S603 - Chalice, with our own arguments
        [*command, "--merge-template", str(MERGED.absolute()), str(work / "chalice")],
        env={**NO_REGION, **os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )


def _finish(made: template.Template, stage: str) -> template.Template:
    """Say which stage it is, and answer preflights."""
    made["Parameters"]["Stage"]["Default"] = stage
    definition = made["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]
    definition["paths"] = preflight.added(definition["paths"])
    return made


def _modules(made: template.Template) -> set[str]:
    functions = template.of_type(made, "AWS::Serverless::Function")
    return {each["Handler"].rpartition(".")[0] for each in functions.values()}


def _check(packaged: Packaged, made: template.Template) -> None:
    linted = subprocess.run(  # noqa: S603 - the linter, with our own arguments
        [PROGRAMS / "cfn-lint", packaged.template], capture_output=True, text=True, check=False
    )
    found = [line for line in linted.stdout.splitlines() if line]
    found += [str(fault) for fault in rules.faults(made)]
    if packaged.size > LARGEST_ZIP:
        found.append(f"{packaged.bundle} has {packaged.size:,} bytes, which is more than {LARGEST_ZIP:,}")
    if linted.returncode or found:
        raise NotFit("\n".join(found or [linted.stderr]))


def main(arguments: Sequence[str] | None = None) -> int:
    """Package, and print what came out."""
    parser = argparse.ArgumentParser(prog="make package", description="Package the functions into out/.")
    parser.add_argument("--stage", choices=STAGES, default=STAGES[0])
    stage = parser.parse_args(arguments).stage
    try:
        packaged = package(stage, OUT / stage)
    except NotFit as objections:
        print(objections, file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as failed:
        print(failed.stderr or failed, file=sys.stderr)
        return 1
    size = f"{packaged.size / 1e6:.1f} MB, {packaged.files} files, {packaged.compiled} modules compiled ahead"
    print(f"{packaged.bundle}: {size}")
    print(f"{packaged.template}: linted, and as our rules have it")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

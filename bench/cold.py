"""
What a cold start costs: each function of the packaged bundle, against botocore's DynamoDB client alone.

`make bench-cold` packages, unpacks, and starts fresh processes in turn, round after round; each is held against the
botocore of its own round, and the median of these ratios counts. CPU is measured, because other programs' turns are
not ours. It ends with 1 when a target is missed:

    api           its module, as Lambda loads it                                  at most 1.6
    webhook_ready its module, the stripe package, clients for DynamoDB and SSM    at most 2.0

The others have no target. `api_ready` also has made its client: what the first request waits for.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from bench.cold_start import ROUTES
from infra.package import OUT
from infra.warm import SETTINGS

CHILD = Path(__file__).with_name("cold_start.py")
ROUNDS = 15
PYTHON = (sys.executable, "-S", "-B")  # with the bundle's packages alone
BASE = "botocore"
KINDS = ("api", "api_ready", "webhook", "webhook_ready", "authorizer")
AT_MOST = {"api": 1.6, "webhook_ready": 2.0}
Spent = dict[str, Any]


def start(kind: str, bundle: Path, **settings: str) -> Spent:
    """Start a fresh process, and hear what it took."""
    environment = {**SETTINGS, **settings, "PYTHONPATH": str(bundle), "PATH": os.environ.get("PATH", "")}
    run = subprocess.run(  # noqa: S603 - our own script
        [*PYTHON, str(CHILD), kind], env=environment, capture_output=True, text=True, check=True
    )
    told: Spent = json.loads(run.stdout.splitlines()[-1])
    return told


@contextmanager
def unpacked(bundle: Path) -> Iterator[Path]:
    """Lay a bundle out as Lambda does."""
    with TemporaryDirectory(prefix="tally-cold-") as name, zipfile.ZipFile(bundle) as zipped:
        zipped.extractall(name)
        yield Path(name)


def measured(bundle: Path, rounds: int = ROUNDS) -> Mapping[str, list[tuple[float, Spent]]]:
    """Start everything once a round; give each start with its ratio to that round's botocore."""
    found: dict[str, list[tuple[float, Spent]]] = {kind: [] for kind in (BASE, *KINDS)}
    for each in (BASE, *KINDS):
        start(each, bundle)  # the disk's first time is nobody's
    for _ in range(rounds):
        base = start(BASE, bundle)
        found[BASE].append((1.0, base))
        for kind in KINDS:
            spent = start(kind, bundle)
            found[kind].append((spent["cpu"] / base["cpu"], spent))
    return found


class _Nothing(BaseHTTPRequestHandler):
    """A DynamoDB with nothing in it."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        body = b'{"Items": [], "Count": 0, "ScannedCount": 0, "Responses": {}, "UnprocessedKeys": {}}'
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def nothing_stored() -> Iterator[str]:
    """Give the address of a DynamoDB with nothing in it."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Nothing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def answers(bundle: Path) -> Mapping[str, Spent]:
    """Answer the three requests that come the most, each as the first of a cold function."""
    with nothing_stored() as url:
        return {name: start(name, bundle, AWS_ENDPOINT_URL_DYNAMODB=url) for name in ROUTES}


def main() -> int:
    """Print a line for each, and say by the exit code whether the targets are met."""
    missed = []
    with unpacked(OUT / "dev/deployment.zip") as bundle:
        print(f"{'':14} {'CPU':>7} {'ratio':>6}   CPU in ms, ratio to botocore's DynamoDB client; {ROUNDS} rounds")
        for kind, starts in measured(bundle).items():
            ratio, cpu = (median(values) for values in zip(*((one, each["cpu"]) for one, each in starts), strict=True))
            limit = AT_MOST.get(kind)
            print(f"{kind:14} {cpu:7.0f} {ratio:6.2f}{f'   at most {limit}' if limit else ''}")
            missed += [kind] if limit and ratio > limit else []
        for name, told in answers(bundle).items():
            loaded = "loads stripe" if told["stripe"] else "stripe stays out"
            print(f"{name:14} {told['cpu']:7.0f}          first answer {told['status']}, {loaded}")
            missed += [name] if told["stripe"] or told["status"] != 200 else []
    return int(bool(missed))


if __name__ == "__main__":
    raise SystemExit(main())

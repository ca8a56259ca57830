"""The composition of the local stack: engine, clock, tokens, stand-in, API and function URL, up and down in order."""

from __future__ import annotations

import fcntl
import os
import secrets
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from chalicelib import wiring
from chalicelib.payments import client as payments
from chalicelib.settings import WrongSettings
from chalicelib.store.commit import connect
from local import engine as engines
from local import surroundings, tables
from local.child import HOST, DidNotStart, is_free
from local.clock import Clock
from local.controls import Controls
from local.function_url import FunctionUrl
from local.gateway import Gateway
from local.jobs import Jobs, Timer
from local.notices import LocalNotices
from local.outbox import Outbox
from local.play import Play
from local.server import Server
from local.site import Site
from local.stripe.server import serve
from local.stripe.standin import StandIn
from local.tokens import Issuer

LARGEST_API_BODY, LARGEST_FUNCTION_BODY = 10 * 1024 * 1024, 6 * 1024 * 1024  # bytes, as at AWS
HIGHEST_PORT = 65_535
LONGEST_GOODBYE = 2.0  # seconds for events that are on their way when the stack is closed


def _offer(standin: StandIn) -> None:
    """Put on offer at the stand-in what the catalogue has, as `make stripe-sync` does at Stripe."""
    from infra.stripe_sync import sync
    from local.stripe.transport import InProcess

    client = payments.connect(surroundings.STRIPE_KEY, "https://stripe.example", http_client=InProcess(standin))
    sync(client, wiring.catalog())


class CannotStart(Exception):
    """Something that the stack needs isn't to be had. The message says what, in one line."""


class Stack:
    """
    Everything on this machine: API and page on *port*, function URL on the next, Stripe's stand-in on the one after.

    A context manager; inside it, the process's environment and wiring are the stack's.
    """

    def __init__(self, port: int, data_dir: Path, *, say: Callable[[str], object] = print) -> None:
        self.port, self._data_dir, self._say = port, data_dir, say
        self.url, self.function_url, self.stripe_url = (f"http://{HOST}:{port + nth}" for nth in range(3))
        self.secret = os.environ.get("STRIPE_WEBHOOK_SECRET") or f"whsec_{secrets.token_hex(16)}"
        self.clock = Clock()
        self.outbox = Outbox()
        self.issuer = Issuer(issuer=self.url, audience=surroundings.AUDIENCE)
        self._open = ExitStack()

    def __enter__(self) -> Self:
        """
        Start everything, or nothing.

        Raises:
            CannotStart: A port or the folder is taken, the tables or an engine are missing, a secret is unusable.
        """
        try:
            self._check_ports()
            self._lock_folder()
            self._start_engine()
            self._install()
            self._prepare_tables()
            self._start_servers()
        except BaseException:
            self._open.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def seed(self) -> None:
        """Give the wallets that the page shows their past; at AWS nothing is written."""
        from local.seed import Story

        if self.engine.url:
            Story(api=self.url, play=self._play).tell()

    def _check_ports(self) -> None:
        wanted = range(self.port, self.port + 3)
        if wanted[0] < 1 or wanted[-1] > HIGHEST_PORT:
            raise CannotStart(f"port {self.port} and the two after it must lie between 1 and {HIGHEST_PORT}")
        if taken := [str(port) for port in wanted if not is_free(port)]:
            raise CannotStart(f"port {' and '.join(taken)} taken; choose another with: make run PORT=9000")

    def _lock_folder(self) -> None:
        self._data_dir.mkdir(parents=True, exist_ok=True)
        lock = self._open.enter_context((self._data_dir / "lock").open("w"))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CannotStart(f"{self._data_dir} is in use by another local stack") from None

    def _start_engine(self) -> None:
        try:
            self.engine = engines.start(self._data_dir / "roto", self._say)
        except DidNotStart as reason:
            raise CannotStart(f"no engine for the tables: {reason}") from None
        self._open.callback(self.engine.close)

    def _install(self) -> None:
        """Put our clock, secrets and settings in the place of a deployment's, until the end."""
        settings = surroundings.settings(self.url, self.port, stripe_url=self.stripe_url)
        self._open.enter_context(surroundings.replaced({**engines.environment(self.engine), **settings}))
        usual = wiring.Outside()
        self._open.callback(lambda: wiring.install(clock=usual.clock, secret=usual.secret, notices=None))
        secret = surroundings.secrets(self.secret).__getitem__
        notices = LocalNotices(self.outbox, wiring.catalog(), wiring.languages())
        wiring.install(clock=self.clock.now, secret=secret, stripe_http=None, notices=notices)
        try:
            self._secrets = wiring.webhook_secrets()
        except WrongSettings as wrong:
            raise CannotStart(str(wrong)) from None
        except ValueError:
            raise CannotStart("STRIPE_WEBHOOK_SECRET must hold one secret, or two with a comma") from None

    def _prepare_tables(self) -> None:
        connection, names = connect(region=wiring.settings().region), wiring.settings().tables
        try:
            if self.engine.url:
                tables.make(connection, names)
                tables.forget_customers(connection, names)
            else:
                tables.demand(connection, names)
        except tables.Unusable as reason:
            raise CannotStart(f"the tables in {self.engine.name}: {reason}") from None

    def _start_servers(self) -> None:
        import app

        jobs = Jobs(app.app, now=self.clock.now)
        function_url = FunctionUrl(app.app, now=self.clock.now)
        standin = StandIn(
            now=self.clock.now,
            secrets=self._secrets,
            endpoint=function_url.post,
            base_url=self.stripe_url,
            seed=time.time_ns(),  # else ids that the tables remember from an earlier run would come again
        )
        self._play = Play(clock=self.clock, jobs=jobs, standin=standin)
        site = Site(
            gateway=Gateway(app.app, wiring.settings().allowed_origins),
            controls=Controls(clock=self.clock, issuer=self.issuer, jobs=jobs, outbox=self.outbox),
            play=self._play,
            addresses={"API": self.url, "WEBHOOK": self.function_url, "STRIPE": self.stripe_url},
        )
        self._open.callback(standin.drain, LONGEST_GOODBYE)
        self._open.callback(serve(standin, self.port + 2).close)
        _offer(standin)
        self._open.callback(Server(function_url.handle, self.port + 1, largest_body=LARGEST_FUNCTION_BODY).close)
        self._open.callback(Server(site.handle, self.port, largest_body=LARGEST_API_BODY).close)
        if os.environ.get("TIMERS") == "1":
            self._open.callback(Timer(jobs).close)

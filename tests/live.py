"""The whole of Drypoint as real processes, with a database, broker, clock, mail and Stripe of its own."""

import json
import os
import random
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.request import Request, urlopen

from config.local.environment import ROOT
from config.local.processes import Program
from config.local.stack import Ports, Stack
from config.local.static_files import UNUSED, fingerprint
from tests import databases
from tests.clock import move_ahead
from tests.simulators.mail.client import MailCatcher
from tests.simulators.sms.client import Phones

_TEMPLATE = "drypoint_live"  # migrated and seeded once a run, copied for each stack


class LiveStack:
    """Web, worker, beat, Stripe simulator and mail catcher, which a test may move in time, stop, kill and start again.

    The names of the processes are `valkey`, `mail`, `stripe`, `sms`, `web`, `worker` and `beat`.
    """

    def __init__(self, *, folder: Path, given: dict[str, str]) -> None:
        self._clock = Path(given["DRYPOINT_CLOCK_FILE"])
        self._clock.write_text("0")
        self._stack = Stack(var=folder, given=given, say=lambda line: None)
        self._running = ["valkey", "mail", "stripe", "sms", "web", "worker", "beat"]
        self._stopped: dict[str, Program] = {}
        self._stack.start_services()
        self.ports = Ports.beside(random.randrange(20_000, 30_000))
        self._stack.start_programs(self.ports)
        self.mail = MailCatcher(self.ports.smtp, self.ports.inbox)
        self.phones = Phones(self.ports.sms)

    @property
    def url(self) -> str:
        """The clinic's address, without a slash at the end."""
        return self.environment["SITE_URL"]

    @property
    def stripe_url(self) -> str:
        """The address of the Stripe simulator."""
        return self.environment["STRIPE_API_BASE"]

    @property
    def database_url(self) -> str:
        """The address of this stack's database."""
        return self.environment["DATABASE_URL"]

    @property
    def environment(self) -> dict[str, str]:
        """What the processes were given; another program may join them with it."""
        return self._stack.environment

    def move_clock(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> None:
        """Move the time of all processes forward together."""
        move_ahead(self._clock, seconds + 60 * (minutes + 60 * (hours + 24 * days)))

    def stop(self, name: str) -> None:
        """Stop one process in an orderly way."""
        self._stopped[name] = self._stack.processes.stop(name)
        self._running.remove(name)

    def kill(self, name: str) -> None:
        """kill -9 one process and its children."""
        self._stack.processes.kill(name)
        self.stop(name)

    def start(self, name: str) -> None:
        """Start a stopped or killed process again, and wait until it answers."""
        self.add(self._stopped.pop(name))

    def add(self, program: Program) -> None:
        """Start one more process, such as a second worker (see config.local.programs)."""
        self._stack.processes.start(program)
        self._running.append(program.name)

    def pid(self, name: str) -> int:
        """The process id."""
        return self._stack.processes.pid_of(name)

    def log(self, name: str) -> str:
        """All that a process has printed."""
        path = self._stack.processes.log_of(name)
        return path.read_text(errors="replace") if path.exists() else ""

    def manage(self, *arguments: str) -> str:
        """What a command of manage.py prints, run beside the stack."""
        return databases.manage(self.environment, *arguments)

    def control_stripe(self, name: str, body: object = None) -> Any:
        """Use the simulator's control interface: `control_stripe("faults", {"action": ...})`."""
        return _post_json(f"{self.stripe_url}/_control/{name}", body)

    def stripe_violations(self) -> Any:
        """Requests and answers so far that were not valid by Stripe's own description; none while it is stopped."""
        if "stripe" not in self._running:
            return []
        with urlopen(f"{self.stripe_url}/_control/violations") as answer:
            return json.load(answer)["violations"]

    def close(self) -> None:
        """End everything at once: nobody misses it, and a worker takes its time to stop in an orderly way."""
        for name in reversed(self._running):
            self._stack.processes.kill(name)
        self._stack.stop()


@contextmanager
def live_stack(
    *, folder: Path, room: Path, server: str, name: str, more: Mapping[str, str] = MappingProxyType({})
) -> Iterator[LiveStack]:
    """A stack on a copy of the seeded clinic.

    :param room: shared by all worker processes of this run
    :param server: the postgresql:// address of any database of the server to use
    :param more: settings of its own
    """
    given = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "DATABASE_URL": databases.beside(server, name),
        "STATIC_ROOT": str(room / "static"),
        "DRYPOINT_CLOCK_FILE": str(folder / "clock"),
        "DRYPOINT_VAR": str(folder),
        "LOG_LEVEL": "INFO",
    } | {key: os.environ[key] for key in ("DJANGO_SECRET_KEY", "FIELD_KEYS", "STRIPE_WEBHOOK_SECRETS")}
    given |= more
    _make_template_once(given, room=room, server=server)
    databases.order(server, "create database {} template {}", name, _TEMPLATE)
    try:
        stack = LiveStack(folder=folder, given=given)
        try:
            yield stack
        finally:
            stack.close()
    finally:
        databases.order(server, "drop database {} with (force)", name)


def _make_template_once(given: dict[str, str], *, room: Path, server: str) -> None:
    environment = given | {"DATABASE_URL": databases.beside(server, _TEMPLATE), "DRYPOINT_CLOCK_FILE": ""}

    def fill() -> None:
        shutil.copytree(_static_files(environment), environment["STATIC_ROOT"], dirs_exist_ok=True)
        databases.manage(environment, "seed_clinic")

    migrated = databases.migrated(room=room, server=server)
    databases.make_once(_TEMPLATE, fill, room=room, server=server, template=migrated)


def _static_files(environment: Mapping[str, str]) -> Path:
    """Collected and packed; those of an earlier run, while they are the same."""
    kept = ROOT / ".pytest_cache" / f"static-{fingerprint()}"
    if not kept.exists():
        for old in kept.parent.glob("static-*"):
            shutil.rmtree(old, ignore_errors=True)
        part = kept.with_name(f"{os.getpid()}.part")
        ignored = [f"--ignore={pattern}" for pattern in UNUSED]
        databases.manage({**environment, "STATIC_ROOT": str(part)}, "collectstatic", "--no-input", *ignored)
        part.rename(kept)
    return kept


def _post_json(url: str, body: object) -> Any:
    request = Request(url, data=json.dumps({} if body is None else body).encode(), method="POST")
    with urlopen(request, timeout=10) as answer:
        return json.loads(answer.read() or b"null")


def chromium_options() -> dict[str, Any]:
    """How Playwright is to start the browser: the one on PATH if there is one, without its sandbox for root."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    options: dict[str, Any] = {"executable_path": found} if found else {}
    return options | ({"args": ["--no-sandbox", "--disable-gpu"]} if os.geteuid() == 0 else {})

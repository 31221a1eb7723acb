"""What every test may lean on: a throw-away PostgreSQL and Valkey, a movable clock, real servers for mail and money."""

import gc
import os
import random
import shutil
import uuid
from collections.abc import Generator, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import TransactionTestCase
from pytest_django import Settings

from config.local import ports, programs
from config.local.postgres import Postgres
from config.local.processes import Processes
from config.local.valkey import Valkey
from tests import databases, live
from tests.live import LiveStack
from tests.simulators.mail.client import MailCatcher
from tests.simulators.stripe import StripeSimulator

# What the steps assert is explained like what the tests assert. Not in `tests/__init__.py`: `make run` starts the
# simulators, and has no pytest.
pytest.register_assert_rewrite("tests.journeys.steps", "tests.journeys.evidence", "tests.chaos.callers")
ROOM = Path(os.environ["DRYPOINT_TEST_ROOM"])  # set by config.settings_test
POSTGRES = Postgres(data=ROOM / "postgres", socket_folder=ROOM / "socket", durable=False, connections=400)
_processes: list[Processes] = []


def pytest_configure(config: pytest.Config) -> None:
    """Start the run's own server, once for all its worker processes."""
    if hasattr(config, "workerinput") or "TEST_DATABASE_URL" in os.environ or config.option.help:
        return
    _processes.append(Processes(folder=ROOM))
    POSTGRES.prepare()
    _processes[0].start(POSTGRES.program())
    POSTGRES.make_database("drypoint")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Nothing that is imported or collected is garbage; looking for it took a third of the time.

    On a clean clone the first worker compiles what all import; side by side each of them would compile all of it.
    """
    gc.disable()
    is_one_of_many = "PYTEST_XDIST_WORKER" in os.environ
    with databases.first_of_all("collected", room=ROOM) if is_one_of_many else nullcontext():
        return (yield)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What drives a browser or a whole stack may be tried again: a busy machine makes it late, not wrong.

    Not what kills: a second try would count what the first has left.
    """
    for item in items:
        group = item.get_closest_marker("xdist_group")
        is_live = item.get_closest_marker("journey") or (group and group.args[0].startswith("live"))
        if is_live and not item.get_closest_marker("chaos"):
            item.add_marker(pytest.mark.flaky(reruns=2))


def pytest_collection_finish() -> None:
    """What is imported stays for good: looking through it again and again took a third of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    gc.enable()


def pytest_unconfigure() -> None:
    """Stop it, however the run ended; should we be killed, the kernel tells it to stop."""
    for processes in _processes:
        processes.stop_all()
        shutil.rmtree(ROOM, ignore_errors=True)


@pytest.fixture(scope="session")
def database_url() -> str:
    """The address of this run's own server, with an empty database; for programs that are run from outside."""
    return os.environ.get("TEST_DATABASE_URL") or POSTGRES.address("postgres")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None, database_url: str) -> None:
    """Each process copies the database that is migrated once a run, and empties it quickly."""
    template = databases.migrated(room=ROOM, server=database_url)
    connection.settings_dict["TEST"] |= {"TEMPLATE": template, "MIGRATE": False}
    TransactionTestCase._fixture_teardown = _empty_database  # type: ignore[method-assign]


def _empty_database(_: TransactionTestCase) -> None:
    connection.ensure_connection()
    databases.empty(connection.connection)


@pytest.fixture(scope="session")
def processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    """Runs the servers of this worker, and stops them at the end."""
    runner = Processes(folder=tmp_path_factory.mktemp("processes"))
    yield runner
    runner.stop_all()


@pytest.fixture(scope="session")
def valkey_url(processes: Processes, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a real broker, as Celery reads it."""
    folder = tmp_path_factory.mktemp("valkey")
    server = Valkey(data=folder, socket_folder=folder)
    processes.start(server.program())
    return server.address


@pytest.fixture(scope="session")
def _mail_server(processes: Processes, tmp_path_factory: pytest.TempPathFactory) -> MailCatcher:
    smtp_port = ports.free_near(random.randrange(30_000, 39_000), taken=set())
    http_port = ports.free_near(smtp_port + 1, taken={smtp_port})
    environment = {"PATH": os.environ["PATH"]}
    store = tmp_path_factory.mktemp("mail")
    processes.start(programs.mail_catcher(environment, smtp_port=smtp_port, http_port=http_port, store=store))
    return MailCatcher(smtp_port, http_port)


@pytest.fixture
def mail_catcher(_mail_server: MailCatcher, settings: Settings) -> MailCatcher:
    """A real SMTP server, empty and without faults, that Django's mail goes to."""
    _mail_server.clear()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", _mail_server.smtp_port
    return _mail_server


@pytest.fixture
def stripe_simulator(settings: Settings, clock_file: Path) -> Iterator[StripeSimulator]:
    """A real HTTP server that is our Stripe account, on the clock of the test. Webhooks are fetched, not delivered.

    Every request and answer of the test must have been valid by Stripe's own description.
    """
    with StripeSimulator(webhook_secret="whsec_test", clock_file=clock_file) as simulator:
        settings.STRIPE_API_BASE = settings.STRIPE_CHECKOUT_ORIGIN = simulator.base_url
        yield simulator
        assert simulator.violations == []


@pytest.fixture
def clock_file(tmp_path: Path, settings: Settings) -> Path:
    """A file that holds the seconds by which every process that reads it is ahead of time."""
    path = tmp_path / "clock"
    path.write_text("0")
    settings.CLOCK_FILE = str(path)
    return path


@pytest.fixture(scope="module")
def live_stack(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, database_url: str
) -> Iterator[LiveStack]:
    """Web, worker, beat, simulators and broker as processes, on a fresh copy of the demonstration clinic."""
    before = request.session.testsfailed
    folder, name = tmp_path_factory.mktemp("stack"), f"live_{uuid.uuid4().hex[:12]}"
    with live.live_stack(folder=folder, room=ROOM, server=database_url, name=name) as stack:
        yield stack
        if request.session.testsfailed > before:
            for process in ("web", "worker", "beat", "stripe", "mail"):
                print(f"--- the end of {process}.log\n{stack.log(process)[-3000:]}")
        assert stack.stripe_violations() == []


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """pytest-playwright starts the browser that is on this machine."""
    return browser_type_launch_args | live.chromium_options()

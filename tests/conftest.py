"""What every test may lean on: a throw-away PostgreSQL and Valkey, a movable clock, real servers for mail and money."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.local.postgres import Postgres
from config.local.processes import Processes
from config.local.valkey import Valkey

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


def pytest_unconfigure() -> None:
    """Stop it, however the run ended; should we be killed, the kernel tells it to stop."""
    for processes in _processes:
        processes.stop_all()
        shutil.rmtree(ROOM, ignore_errors=True)


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """A broker of this worker's own."""
    folder = tmp_path_factory.mktemp("valkey")
    server = Valkey(data=folder, socket_folder=folder)
    processes = Processes(folder=folder)
    processes.start(server.program())
    yield server
    processes.stop_all()


@pytest.fixture(scope="session")
def valkey_url(valkey: Valkey) -> str:
    """The address of a real broker, as Celery reads it."""
    return valkey.address


@pytest.fixture
def clock_file(tmp_path: Path, settings: object) -> Path:
    """A file that holds the seconds by which every process that reads it is ahead of time."""
    path = tmp_path / "clock"
    path.write_text("0")
    settings.CLOCK_FILE = str(path)  # type: ignore[attr-defined]
    return path

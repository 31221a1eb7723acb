"""Clinics of several sizes, each seeded once a run into a database of its own, and Drypoint served from them."""

import os
import random
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from http.client import HTTPConnection
from pathlib import Path
from time import monotonic, sleep
from types import MappingProxyType
from urllib.parse import urlsplit

import psutil
import psycopg
from psycopg import sql

from config.local.ports import free_near

ROOT = Path(__file__).resolve().parents[2]


def seeded(server: str, *, appointments: int, practitioners: int = 10) -> str:
    """The address of a database with such a clinic (28 days ahead, the rest in the past); made at the first call."""
    return _seeded(server, appointments, practitioners)


def seeded_together(server: str, clinics: Iterable[tuple[int, int]]) -> None:
    """Make several such clinics (of so many appointments and therapists), two at a time."""
    _empty(server)
    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(lambda one: _seeded(server, *one), clinics))


@cache
def _seeded(server: str, appointments: int, practitioners: int) -> str:
    began = monotonic()
    address = make_database(server, f"bench_{practitioners}_{appointments}", template=_empty(server))
    numbers = ["--practitioners", str(practitioners), "--appointments", str(appointments), "--days", "28"]
    manage(address, "seed_clinic", *numbers, "--seed", "1")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    print(f"{appointments:,} appointments of {practitioners} therapists made in {monotonic() - began:.0f} s")
    return address


def make_database(server: str, name: str, *, template: str = "template1") -> str:
    """The address of a new database; an old one of that name is dropped."""
    with psycopg.connect(_beside(server, "postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        order = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        connection.execute(order.format(sql.Identifier(name), sql.Identifier(template)))
    return _beside(server, name)


def empty_database(server: str, name: str) -> str:
    """The address of a new database with nothing but its tables."""
    return make_database(server, name, template=_empty(server))


@cache
def _empty(server: str) -> str:
    """The name of a database with nothing but its tables."""
    address = make_database(server, "bench_empty")
    manage(address, "migrate", "--no-input", "--verbosity", "0")
    manage(address, "createcachetable")
    return "bench_empty"


def environment(address: str) -> dict[str, str]:
    """What a process needs to run on this database."""
    return {**os.environ, "TEST_DATABASE_URL": address, "DATABASE_URL": address,
            "DJANGO_SETTINGS_MODULE": "config.settings_test"}  # fmt: skip


def manage(address: str, *arguments: str) -> str:
    """What a command of manage.py prints."""
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    done = subprocess.run(command, env=environment(address), cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(arguments)}: {done.stderr[-2000:]}"
    return done.stdout


class Web:
    """gunicorn as `make run` starts it, and one kept connection to it."""

    def __init__(self, process: "subprocess.Popen[bytes]", port: int) -> None:
        self._process = psutil.Process(process.pid)
        self._connection = HTTPConnection("127.0.0.1", port, timeout=60)

    def get(self, path: str, headers: Mapping[str, str] = MappingProxyType({})) -> bytes:
        """The body of a good answer."""
        self._connection.request("GET", path, headers=dict(headers))
        answer = self._connection.getresponse()
        body = answer.read()
        assert answer.status == 200, body[:500]
        return body

    def megabytes(self) -> float:
        """The largest of the workers."""
        return max(worker.memory_info().rss for worker in self._process.children()) / 1e6


@contextmanager
def web(
    application: str, given: Mapping[str, str], *, python: str = sys.executable, folder: Path = ROOT
) -> Iterator[Web]:
    """This WSGI application, with this environment."""
    port = free_near(random.randrange(20_000, 30_000), taken=set())
    argv = [python, "-m", "gunicorn", application, "--bind", f"127.0.0.1:{port}",
            "--workers", "1", "--threads", "4", "--keep-alive", "75", "--no-control-socket",
            "--log-level", "error"]  # fmt: skip
    process = subprocess.Popen(argv, env=dict(given), cwd=folder)
    try:
        _wait_for(port, process)
        yield Web(process, port)
    finally:
        process.terminate()
        process.wait(timeout=30)


def drypoint(address: str) -> AbstractContextManager[Web]:
    """Drypoint on this database, with the floor behind its middleware."""
    return web("config.wsgi", environment(address) | {"DJANGO_SETTINGS_MODULE": "tests.benchmarks.settings"})


def bare(address: str) -> AbstractContextManager[Web]:
    """The floor on this database, without Django."""
    return web("tests.benchmarks.bare", environment(address))


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    until = monotonic() + 60
    while monotonic() < until and process.poll() is None:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            if connection.getresponse().status < 500:
                return
        except OSError:
            sleep(0.2)
        finally:
            connection.close()
    raise AssertionError("gunicorn does not answer")


def _beside(address: str, database: str) -> str:
    return urlsplit(address)._replace(path=f"/{database}").geturl()

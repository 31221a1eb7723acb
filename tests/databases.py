"""Databases that a run makes once, whoever of its processes comes first, and copies for everybody else."""

import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from config.local.environment import ROOT
from config.local.postgres import PROGRAMS

_MIGRATED = "drypoint_migrated"
# What the tables are made of. The same tables are taken from an earlier run: migrating takes twenty times as long.
MADE_OF = ("**/migrations/*.py", "**/models/*.py", "**/models.py", "crypto.py")
# Deleting the few rows of a test takes a tenth of the time of truncating every table. Without foreign keys and triggers
# the order does not matter; what is kept was made by the migrations and never changes.
_EMPTY = """
DO $$ DECLARE name text; BEGIN
  SET LOCAL session_replication_role = replica;
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public'
    AND tablename NOT IN ('django_migrations', 'django_content_type', 'auth_permission')
  LOOP EXECUTE format('DELETE FROM %I', name); END LOOP;
END $$
"""


def migrated(*, room: Path, server: str) -> str:
    """The name of an empty database with all tables, to be the template of others.

    :param room: shared by all processes of this run
    :param server: the postgresql:// address of any database of the server to use
    """
    make_once(_MIGRATED, lambda: _make_tables(server), room=room, server=server, template="template1")
    return _MIGRATED


def _make_tables(server: str) -> None:
    address, kept = beside(server, _MIGRATED), _kept()
    is_ours = "TEST_DATABASE_URL" not in os.environ  # the programs at hand may not suit another server
    if is_ours and kept.exists():
        _run(PROGRAMS / "psql", "--quiet", "--no-psqlrc", "-v", "ON_ERROR_STOP=1", "-1", "-f", kept, address)
        return
    settings = {"TEST_DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "config.settings_test"}
    manage(os.environ | settings, "migrate", "--no-input")
    if is_ours and kept == _kept():  # nobody has changed a migration meanwhile
        _keep(kept, address)


def _keep(path: Path, address: str) -> None:
    path.parent.mkdir(exist_ok=True)
    for old in path.parent.glob("migrated-*.sql"):
        old.unlink(missing_ok=True)
    part = path.with_suffix(f".{os.getpid()}")
    _run(PROGRAMS / "pg_dump", "--no-owner", "-f", part, address)
    part.replace(path)


def _kept() -> Path:
    apps = (ROOT / "booking", ROOT / "config", ROOT / "frontend", ROOT / "intake")
    files = sorted({file for app in apps for pattern in MADE_OF for file in app.glob(pattern)})
    made_of = hashlib.sha256((ROOT / "requirements-dev.lock").read_bytes())
    for file in files:
        made_of.update(f"{file.relative_to(ROOT)}\0".encode() + file.read_bytes())
    return ROOT / ".pytest_cache" / f"migrated-{made_of.hexdigest()[:16]}.sql"


def make_once(name: str, fill: Callable[[], object], *, room: Path, server: str, template: str) -> None:
    """Make a database and fill it, unless another process of this run has."""
    room.mkdir(parents=True, exist_ok=True)
    with (room / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = room / f"{name}.done"
        if not done.exists():
            order(server, "drop database if exists {} with (force)", name)
            order(server, "create database {} template {}", name, template)
            fill()
            done.touch()


@contextmanager
def first_of_all(name: str, *, room: Path) -> Iterator[None]:
    """Whichever process of this run comes first goes alone; then all others go together."""
    room.mkdir(parents=True, exist_ok=True)
    done = room / f"{name}.done"
    with (room / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if done.exists():
            fcntl.flock(lock, fcntl.LOCK_UN)
        yield
        done.touch()


def empty(connection: psycopg.Connection) -> None:
    """Take out what a test has committed."""
    connection.execute(_EMPTY)


def manage(environment: Mapping[str, str], *arguments: str) -> str:
    """What a command of manage.py prints."""
    return _run(sys.executable, ROOT / "manage.py", *arguments, environment=environment)


def _run(*command: str | Path, environment: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, f"{' '.join(map(str, command))}: {done.stderr[-3000:]}"
    return done.stdout


def order(server: str, order: str, *names: str) -> None:
    """Have the server make or drop databases."""
    with psycopg.connect(beside(server, "postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL(order).format(*map(sql.Identifier, names)))


def beside(address: str, database: str) -> str:
    """The address of another database of the same server."""
    return urlsplit(address)._replace(path=f"/{database}").geturl()

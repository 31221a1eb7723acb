"""All that the simulated Stripe remembers, in one SQLite file: it survives kill -9 and a restart with the same file."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Body = dict[str, Any]

_TABLES = """
CREATE TABLE IF NOT EXISTS objects (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE NOT NULL,
    kind TEXT NOT NULL, created INTEGER NOT NULL, body TEXT NOT NULL, private TEXT NOT NULL DEFAULT '{}');
CREATE INDEX IF NOT EXISTS objects_kind ON objects (kind, seq);
CREATE INDEX IF NOT EXISTS objects_due ON objects (json_extract(private, '$.due'));
CREATE INDEX IF NOT EXISTS objects_of_intent ON objects (json_extract(body, '$.payment_intent'));
CREATE INDEX IF NOT EXISTS objects_of_source ON objects (json_extract(body, '$.source'));
CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, created INTEGER NOT NULL,
    status INTEGER NOT NULL, body TEXT NOT NULL, request_id TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS deliveries (id INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL, url TEXT NOT NULL,
    secret TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, due REAL NOT NULL, state TEXT NOT NULL DEFAULT 'waiting',
    last TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (state, due);
CREATE TABLE IF NOT EXISTS violations (id INTEGER PRIMARY KEY AUTOINCREMENT, side TEXT NOT NULL, request TEXT NOT NULL,
    problems TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS faults (id INTEGER PRIMARY KEY AUTOINCREMENT, action TEXT NOT NULL, method TEXT NOT NULL,
    path TEXT NOT NULL, remaining INTEGER NOT NULL, options TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
_NAMES = ("objects", "answers", "deliveries", "violations", "faults", "settings")


class Store:
    """One connection, one lock: whoever holds `transaction` is alone, and leaves all or nothing."""

    def __init__(self, path: Path | None) -> None:
        self._lock = threading.RLock()
        self._depth = 0
        self.db = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
        self.db.row_factory = sqlite3.Row
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA synchronous=NORMAL")
        self.db.executescript(_TABLES)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self._lock:
            self._depth += 1
            try:
                if self._depth == 1:
                    self.db.execute("BEGIN IMMEDIATE")
                yield
            except BaseException:
                if self._depth == 1:
                    self.db.execute("ROLLBACK")
                raise
            else:
                if self._depth == 1:
                    self.db.execute("COMMIT")
            finally:
                self._depth -= 1

    @contextmanager
    def undoable(self) -> Iterator[Callable[[], None]]:
        """Within a transaction: gives a function that takes back what was done since."""
        self.db.execute("SAVEPOINT work")
        try:
            yield self._undo
        finally:
            self.db.execute("RELEASE work")

    def _undo(self) -> None:
        self.db.execute("ROLLBACK TO work")

    @contextmanager
    def forgetting(self) -> Iterator[None]:
        """Whatever is done meanwhile, by whomever, is as if it had not been."""
        before = sqlite3.connect(":memory:", check_same_thread=False)
        with self._lock:
            self.db.backup(before)
        yield
        with self._lock:
            before.backup(self.db)
        before.close()

    def rows(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        with self._lock:
            return self.db.execute(sql, values).fetchall()

    def run(self, sql: str, *values: Any) -> int:
        """Run one statement and say how many rows it touched."""
        with self.transaction():
            return self.db.execute(sql, values).rowcount

    def put(self, body: Body, **private: Any) -> Body:
        """Keep an object. `private` is what Stripe knows and doesn't show; it is merged into what is there."""
        with self.transaction():
            kept = {**self.private(body["id"]), **private}
            self.db.execute(
                "INSERT INTO objects (id, kind, created, body, private) VALUES (?, ?, ?, ?, ?) "
                "ON CONFLICT (id) DO UPDATE SET body = excluded.body, private = excluded.private",
                (body["id"], body["object"], body.get("created", 0), json.dumps(body), json.dumps(kept)),
            )
        return body

    def get(self, object_id: str, kind: str | None = None) -> Body | None:
        for row in self.rows("SELECT kind, body FROM objects WHERE id = ?", object_id):
            if kind in (None, row["kind"]):
                body: Body = json.loads(row["body"])
                return body
        return None

    def private(self, object_id: str) -> Body:
        for row in self.rows("SELECT private FROM objects WHERE id = ?", object_id):
            private: Body = json.loads(row["private"])
            return private
        return {}

    def find(self, kind: str, **equal: Any) -> list[Body]:
        """Objects of a kind, newest first, whose members have these values."""
        wanted = "".join(f" AND json_extract(body, '$.{name}') = ?" for name in equal)
        rows = self.rows(f"SELECT body FROM objects WHERE kind = ?{wanted} ORDER BY seq DESC", kind, *equal.values())
        return [json.loads(row["body"]) for row in rows]

    def setting(self, name: str, default: Any) -> Any:
        for row in self.rows("SELECT value FROM settings WHERE name = ?", name):
            return json.loads(row["value"])
        return default

    def set(self, name: str, value: Any) -> None:
        self.run("INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)", name, json.dumps(value))

    def violate(self, side: str, request: str, problems: list[Any]) -> None:
        told = json.dumps([str(problem.message) for problem in problems])
        self.run("INSERT INTO violations (side, request, problems) VALUES (?, ?, ?)", side, request, told)

    def clear(self) -> None:
        with self.transaction():
            for name in _NAMES:
                self.db.execute(f"DELETE FROM {name}")

    def close(self) -> None:
        with self._lock:
            self.db.close()

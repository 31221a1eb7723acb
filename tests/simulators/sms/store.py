"""The kept texts, in the order they came; in a file of lines too, so that they outlive the server."""

import itertools
import json
import threading
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Text:
    """One text, ours ("outbound-api", "outbound-reply") or somebody's ("inbound")."""

    sid: str
    direction: str
    sender: str
    recipient: str
    body: str
    created: str  # ISO 8601
    status: str = "queued"
    error: int | None = None
    callback: str = ""

    @property
    def created_at(self) -> datetime:
        return datetime.fromisoformat(self.created)


class Store:
    """All texts of one account."""

    def __init__(self, file: Path | None, clock_file: Path | None) -> None:
        self._file, self._clock_file = file, clock_file
        self._lock = threading.Lock()
        self._texts: dict[str, Text] = {}
        self._stopped: set[str] = set()
        for line in file.read_text().splitlines() if file and file.exists() else []:
            one = Text(**json.loads(line))
            self._texts[one.sid] = one
        self._numbers = itertools.count(len(self._texts) + 1)

    def now(self) -> datetime:
        """The time on the clock that all processes share."""
        ahead = self._clock_file.read_text() if self._clock_file and self._clock_file.exists() else "0"
        return datetime.now(UTC) + timedelta(seconds=float(ahead or 0))

    def keep(self, **fields: Any) -> Text:
        """Keep a new text under a name of its own."""
        with self._lock:
            one = Text(sid=f"SM{next(self._numbers):032x}", created=self.now().isoformat(), **fields)
            self._write(one)
            return one

    def change(self, sid: str, **fields: Any) -> Text:
        """Note what became of a text."""
        with self._lock:
            one = replace(self._texts[sid], **fields)
            self._write(one)
            return one

    def texts(self, *, number: str = "") -> list[Text]:
        """The texts from and to a number (any part of it), newest first."""
        with self._lock:
            found = list(reversed(self._texts.values()))
        return [one for one in found if number in one.recipient or number in one.sender]

    def stop(self, number: str, *, stopped: bool) -> None:
        """Note that a number wants nothing from us any more, or again."""
        (self._stopped.add if stopped else self._stopped.discard)(number)

    def has_stopped(self, number: str) -> bool:
        return number in self._stopped

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._texts.clear()
            self._stopped.clear()
            if self._file:
                self._file.write_text("")

    def _write(self, one: Text) -> None:
        self._texts[one.sid] = one
        if self._file:
            with self._file.open("a") as lines:
                lines.write(json.dumps(asdict(one)) + "\n")

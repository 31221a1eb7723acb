"""The kept messages: one .eml file each, so that they outlive the server and open in any mail program."""

import itertools
import re
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import cast

_ID = re.compile(r"[0-9]{16}-[0-9]{4}")


@dataclass(frozen=True, slots=True)
class Received:
    """One message as it came in, with the envelope it came in."""

    id: str
    content: EmailMessage

    @property
    def received_at(self) -> datetime:
        return datetime.fromtimestamp(int(self.id[:16]) / 1_000_000, UTC)

    @property
    def sender(self) -> str:
        return str(self.content["X-Envelope-From"])

    @property
    def recipients(self) -> list[str]:
        return str(self.content["X-Envelope-To"]).split(", ")

    @property
    def subject(self) -> str:
        return str(self.content["Subject"] or "")

    @property
    def text(self) -> str:
        return self._part("plain")

    @property
    def html(self) -> str:
        return self._part("html")

    @property
    def attachments(self) -> list[str]:
        return [part.get_filename() or part.get_content_type() for part in self.content.iter_attachments()]

    def as_json(self) -> dict[str, object]:
        """What tests read of it."""
        return {
            "id": self.id,
            "received_at": self.received_at.isoformat(),
            "from": self.sender,
            "to": self.recipients,
            "subject": self.subject,
            "text": self.text,
            "html": self.html,
            "message_id": str(self.content["Message-ID"] or ""),
            "headers": {name: str(value) for name, value in self.content.items()},
            "attachments": self.attachments,
        }

    def _part(self, kind: str) -> str:
        body = self.content.get_body(preferencelist=(kind,))
        return "" if body is None else str(body.get_content()).replace("\r\n", "\n")


class Store:
    """A folder of messages."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)

    def keep(self, *, sender: str, recipients: list[str], content: bytes) -> str:
        """Keep a message, whole or not at all; answers its id."""
        with self._lock:
            moment = int(datetime.now(UTC).timestamp() * 1_000_000)
            name = f"{moment:016d}-{next(self._numbers) % 10_000:04d}"
        envelope = f"X-Envelope-From: {sender}\r\nX-Envelope-To: {', '.join(recipients)}\r\n"
        fresh = self._folder / f"{name}.new"
        fresh.write_bytes(envelope.encode() + content)
        fresh.replace(self._folder / f"{name}.eml")
        return name

    def messages(self, *, recipient: str = "") -> list[Received]:
        """The messages, newest first; `recipient` is any part of an address."""
        found = (self._read(path) for path in sorted(self._folder.glob("*.eml"), reverse=True))
        return [one for one in found if recipient.lower() in ", ".join(one.recipients).lower()]

    def get(self, message_id: str) -> Received | None:
        """One message, or None if there is none of that id."""
        path = self._folder / f"{message_id}.eml"
        return self._read(path) if _ID.fullmatch(message_id) and path.exists() else None

    def clear(self) -> None:
        """Throw everything away."""
        for path in self._folder.glob("*.eml"):
            path.unlink(missing_ok=True)

    def _read(self, path: Path) -> Received:
        return Received(path.stem, cast(EmailMessage, message_from_bytes(path.read_bytes(), policy=policy.default)))

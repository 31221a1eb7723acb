"""What tests hold in their hands: a running mail catcher."""

import json
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from urllib.request import Request, urlopen

_PATIENCE = 120  # seconds: it parses thousands of mails to answer with all of them


@dataclass(frozen=True, slots=True)
class MailCatcher:
    """A running mail catcher, and what it kept."""

    smtp_port: int
    http_port: int

    @property
    def email_url(self) -> str:
        """For EMAIL_URL."""
        return f"smtp://127.0.0.1:{self.smtp_port}"

    @property
    def url(self) -> str:
        """The inbox page."""
        return f"http://127.0.0.1:{self.http_port}"

    def messages(self, *, to: str = "") -> list[dict[str, Any]]:
        """What was kept, newest first: id, from, to, subject, text, html, message_id, headers, attachments."""
        found: list[dict[str, Any]] = json.loads(self._ask("GET", f"/messages.json?to={quote(to)}"))
        return found

    def wait_for(self, *, to: str, containing: str = "", within: float = 30.0) -> dict[str, Any]:
        """The newest message to somebody with these words in its subject or text, as soon as it is there."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            for message in self.messages(to=to):
                if containing.lower() in f"{message['subject']}\n{message['text']}".lower():
                    return message
            time.sleep(0.2)
        seen = [message["subject"] for message in self.messages(to=to)]
        raise AssertionError(f"No mail to {to} with {containing!r} within {within:.0f} s; only {seen}")

    def clear(self) -> None:
        """Empty it, and end all faults."""
        self._ask("DELETE", "/messages")
        self.fail()

    def fail(
        self, *, refuse: int | None = None, drop: bool = False, delay: float = 0.0, times: int | None = None
    ) -> None:
        """Order faults (see `Faults`); without arguments it works again."""
        order = {"refuse": refuse, "drop": drop, "delay": delay, "times": times}
        self._ask("POST", "/_control", json.dumps(order).encode())

    def _ask(self, method: str, path: str, body: bytes | None = None) -> bytes:
        with urlopen(Request(self.url + path, data=body, method=method), timeout=_PATIENCE) as answer:
            return bytes(answer.read())

"""The HTTP side: the inbox page for people, JSON and switches for tests."""

import json
import threading
from collections.abc import Callable
from dataclasses import asdict
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import sleep
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.simulators.mail import pages
from tests.simulators.mail.smtp import Faults, Mailbox

_CSS = (Path(__file__).parent / "static" / "inbox.css").read_bytes()
_ONE_BY_ONE = threading.Lock()
_OF_A_PAGE = (
    "default-src 'none'; style-src 'self'; img-src data:; frame-src 'self'; form-action 'self'; base-uri 'none'"
)
_OF_A_MESSAGE = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
)


class Inbox(BaseHTTPRequestHandler):
    """GET /, /messages.json, /messages/{id}[/html|/source]; DELETE /messages; POST /_control; GET /healthz; and
    POST /emails, as Resend takes mail: the same idempotency key once.
    """

    mailbox: Mailbox

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        recipient = parse_qs(address.query).get("to", [""])[0].strip()
        match address.path.strip("/").split("/"):
            case [""]:
                self._html(pages.inbox(self.mailbox.store.messages(recipient=recipient), recipient=recipient))
            case ["messages.json"]:
                self._json([one.as_json() for one in self.mailbox.store.messages(recipient=recipient)])
            case ["messages", message_id, *view]:
                self._message(message_id, view)
            case ["_control"]:
                self._json(asdict(self.mailbox.faults))
            case ["inbox.css"]:
                self._answer(200, _CSS, "text/css")
            case ["healthz"]:
                self._answer(200, b"ok", "text/plain")
            case _:
                self._html(pages.nothing_here(), status=404)

    def do_DELETE(self) -> None:
        self.mailbox.store.clear()
        self._answer(204, b"", "text/plain")

    def do_POST(self) -> None:
        if self.path == "/emails":
            self._take(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            return
        if self.path != "/_control":
            self._html(pages.nothing_here(), status=404)
            return
        try:
            self.mailbox.faults = Faults(**json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        except (TypeError, ValueError) as error:
            self._json({"error": str(error)}, status=400)
        else:
            self._json(asdict(self.mailbox.faults))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing: the page is asked for again and again by tests."""

    def _take(self, mail: dict[str, Any]) -> None:
        faults, keys = self.mailbox.faults.take(), self.mailbox.keys
        sleep(faults.delay)
        if faults.refuse is not None:
            self._json({"name": "refused"}, status=faults.refuse)
            return
        key = self.headers.get("Idempotency-Key", "")
        with _ONE_BY_ONE:
            if key not in keys:
                keys[key] = self.mailbox.store.keep(sender=mail["from"], recipients=mail["to"], content=_as_mail(mail))
        if faults.drop:
            self.connection.close()
            self.close_connection = True
            return
        self._json({"id": keys[key]})

    def _message(self, message_id: str, view: list[str]) -> None:
        one = self.mailbox.store.get(message_id)
        if one is None or view not in ([], ["html"], ["source"]):
            self._html(pages.nothing_here(), status=404)
        elif view == ["html"]:
            self._html(f'<base target="_blank">{one.html}', policy=_OF_A_MESSAGE)
        elif view == ["source"]:
            self._answer(200, one.content.as_bytes(), "text/plain; charset=utf-8")
        else:
            self._html(pages.message(one))

    def _html(self, page: str, *, status: int = 200, policy: str = _OF_A_PAGE) -> None:
        self._answer(status, page.encode(), "text/html; charset=utf-8", policy=policy)

    def _json(self, value: object, *, status: int = 200) -> None:
        self._answer(status, json.dumps(value).encode(), "application/json")

    def _answer(self, status: int, body: bytes, kind: str, *, policy: str = _OF_A_PAGE) -> None:
        self.send_response(status)
        for name, value in {
            "Content-Type": kind,
            "Content-Length": str(len(body)),
            "Content-Security-Policy": policy,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _as_mail(said: dict[str, Any]) -> bytes:
    mail = EmailMessage()
    for name, value in {"From": said["from"], "To": ", ".join(said["to"]), "Subject": said["subject"]}.items():
        mail[name] = value
    for name, value in said.get("headers", {}).items():
        mail[name] = value
    mail.set_content(said["text"])
    mail.add_alternative(said.get("html", ""), subtype="html")
    return mail.as_bytes()


def serve(mailbox: Mailbox, *, port: int) -> Callable[[], None]:
    """Listen on 127.0.0.1; the answer runs the server until it is interrupted."""
    handler = type("MailboxInbox", (Inbox,), {"mailbox": mailbox})
    return ThreadingHTTPServer(("127.0.0.1", port), handler).serve_forever

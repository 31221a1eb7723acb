"""The HTTP side: Twilio's `Messages.json`, the page for people, JSON and switches for tests."""

import base64
import json
import threading
from dataclasses import asdict, dataclass, field
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import sleep
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.simulators.sms import pages
from tests.simulators.sms.store import Store, Text
from tests.simulators.sms.webhooks import Webhooks

_CSS = "".join(
    file.read_text()
    for file in (
        Path(__file__).parents[1] / "mail" / "static" / "inbox.css",
        Path(__file__).parent / "static" / "texts.css",
    )
)
_POLICY = "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'"


@dataclass(slots=True)
class Faults:
    """How the next texts fare.

    :param status: an HTTP status to answer instead of taking the text (429, 500, 401)
    :param drop: take the text, then break the connection before saying so: the sender can't know
    :param delay: seconds to wait before anything
    :param times: how many texts it concerns; None means all until the next order
    :param every: it concerns only every so many-th of them
    :param bad: numbers that are none (21211); :param dead: numbers that take texts but never get them (30005)
    """

    status: int | None = None
    drop: bool = False
    delay: float = 0.0
    times: int | None = None
    every: int = 1
    seen: int = 0
    bad: list[str] = field(default_factory=list)
    dead: list[str] = field(default_factory=list)

    def take(self) -> "Faults":
        """What holds for the text that just came."""
        self.seen += 1
        if self.seen % self.every:
            return Faults(bad=self.bad, dead=self.dead)
        if self.times is None:
            return self
        if self.times < 1:
            return Faults(bad=self.bad, dead=self.dead)
        self.times -= 1
        return self


@dataclass(slots=True)
class Account:
    """One simulated account: its texts, its password, its webhooks, and the faults that were ordered."""

    sid: str
    token: str
    store: Store
    webhooks: Webhooks
    reports: bool = True  # tell at once that a text arrived
    faults: Faults = field(default_factory=Faults)


class Handler(BaseHTTPRequestHandler):
    """POST and GET /2010-04-01/Accounts/{sid}/Messages.json as Twilio; /, /messages.json, /_control, /_receive."""

    protocol_version = "HTTP/1.1"
    account: Account

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        match address.path.strip("/").split("/"):
            case [""]:
                number = query.get("number", "").strip()
                texts = self.account.store.texts(number=number)
                ours = next((one.sender for one in texts if one.direction != "inbound"), "+15005550006")
                self._answer(200, pages.outbox(texts, number=number, ours=ours), "text/html; charset=utf-8")
            case ["messages.json"]:
                self._json([asdict(one) for one in self.account.store.texts(number=query.get("number", ""))])
            case ["inbox.css"]:
                self._answer(200, _CSS, "text/css")
            case ["healthz"]:
                self._answer(200, "ok", "text/plain")
            case ["2010-04-01", "Accounts", _, "Messages.json"] if self._signed_in():
                found = self.account.store.texts(number=query.get("To", ""))[: int(query.get("PageSize", "50"))]
                self._json({"messages": [_as_twilio(one) for one in found]})
            case _:
                self._answer(404, pages.nothing_here(), "text/html; charset=utf-8")

    def do_DELETE(self) -> None:
        self.account.store.clear()
        self._json({})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        match urlsplit(self.path).path.strip("/").split("/"):
            case ["2010-04-01", "Accounts", _, "Messages.json"] if self._signed_in():
                self._take({name: values[0] for name, values in parse_qs(body).items()})
            case ["_control"]:
                self.account.faults = Faults(**json.loads(body))
                self._json(asdict(self.account.faults))
            case ["_receive"]:
                status, replies = self.account.webhooks.receive(**json.loads(body))
                self._json({"status": status, "replies": replies})
            case [""]:
                fields = {name: values[0] for name, values in parse_qs(body).items()}
                self.account.webhooks.receive(sender=fields["from"], recipient=fields["to"], body=fields["body"])
                self.send_response(303)
                self.send_header("Location", f"/?number={fields['from'].replace('+', '%2B')}")
                self.send_header("Content-Length", "0")
                self.end_headers()
            case _:
                self._answer(404, pages.nothing_here(), "text/html; charset=utf-8")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing: the page is asked for again and again by tests."""

    def _take(self, fields: dict[str, str]) -> None:
        account, faults = self.account, self.account.faults.take()
        sleep(faults.delay)
        if faults.status is not None:
            self._json({"code": 20000 + faults.status, "status": faults.status}, status=faults.status)
            return
        problem = self._problem(fields, faults)
        if problem:
            self._json({"code": problem, "message": "See the docs", "status": 400}, status=400)
            return
        one = account.store.keep(
            direction="outbound-api",
            sender=fields.get("From") or fields["MessagingServiceSid"],
            recipient=fields["To"],
            body=fields["Body"],
            callback=fields.get("StatusCallback", ""),
        )
        if account.reports or one.recipient in faults.dead:
            end: tuple[str, int | None] = (
                ("undelivered", 30005) if one.recipient in faults.dead else ("delivered", None)
            )
            threading.Thread(target=account.webhooks.report, args=(one, *end), daemon=True).start()
        if faults.drop:
            self.connection.close()
            self.close_connection = True
            return
        self._json(_as_twilio(one), status=201)

    def _problem(self, fields: dict[str, str], faults: Faults) -> int | None:
        """Twilio's number for what is wrong with a request, if anything is."""
        number = fields.get("To", "")
        if not fields.get("Body") or len(fields["Body"]) > 1600:
            return 21602 if not fields.get("Body") else 21617
        if not number.startswith("+") or number in faults.bad:
            return 21211
        return 21610 if self.account.store.has_stopped(number) else None

    def _signed_in(self) -> bool:
        given = f"{self.account.sid}:{self.account.token}".encode()
        if self.headers.get("Authorization") == f"Basic {base64.b64encode(given).decode()}":
            return True
        self._json({"code": 20003, "message": "Authenticate", "status": 401}, status=401)
        return False

    def _json(self, value: object, *, status: int = 200) -> None:
        self._answer(status, json.dumps(value), "application/json")

    def _answer(self, status: int, body: str, kind: str) -> None:
        content = body.encode()
        self.send_response(status)
        for name, value in {
            "Content-Type": kind,
            "Content-Length": str(len(content)),
            "Content-Security-Policy": _POLICY,
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever hung up, perhaps because they were killed, is not our trouble."""


def serve(account: Account, *, port: int) -> Server:
    """Listen on 127.0.0.1; `serve_forever` runs it."""
    return Server(("127.0.0.1", port), type("Phones", (Handler,), {"account": account}))


def _as_twilio(one: Text) -> dict[str, object]:
    return {
        "sid": one.sid,
        "direction": one.direction,
        "from": one.sender,
        "to": one.recipient,
        "body": one.body,
        "status": one.status,
        "error_code": one.error,
        "date_created": format_datetime(one.created_at),
    }

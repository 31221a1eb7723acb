"""The simulator as a server: `StripeSimulator().start()` in a test, `python -m tests.simulators.stripe` otherwise."""

from __future__ import annotations

import contextlib
import json
import logging
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.simulators.stripe.api import Api
from tests.simulators.stripe.clock import Clock
from tests.simulators.stripe.contract import Problem
from tests.simulators.stripe.control import Control, violations
from tests.simulators.stripe.errors import api_error
from tests.simulators.stripe.pages import Pages
from tests.simulators.stripe.store import Body, Store
from tests.simulators.stripe.web import Answer, DropError, Request, json_answer
from tests.simulators.stripe.webhooks import Deliverer
from tests.simulators.stripe.world import World

log = logging.getLogger("stripe_simulator")
_LARGEST_BODY = 1_000_000


class StripeSimulator:
    """A simulated Stripe account behind a real HTTP server.

    `state` is the SQLite file that keeps everything (None: forgotten at the end). With `strict`, every request and
    every answer is held against Stripe's description; breaches are in `violations`.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        state: Path | str | None = None,
        webhook_url: str | None = None,
        webhook_secret: str = "whsec_simulator",
        clock_file: Path | str | None = None,
        public_url: str | None = None,
        strict: bool = True,
    ) -> None:
        self.host, self.port, self.strict = host, port, strict
        self.clock = Clock(Path(clock_file) if clock_file else None)
        self.store = Store(Path(state) if state else None)
        self.clock.own_offset = self.store.setting("own_offset", 0.0)
        self.world = World(self.store, self.clock, webhook_url=webhook_url, webhook_secret=webhook_secret)
        self.deliverer = Deliverer(self.world)
        self.api = Api(self.world, strict=strict)
        self.pages = Pages(self.world)
        self.control = Control(self.world, self.api, self.deliverer, self.refuse)
        self._public_url = public_url
        self._server: _Server | None = None
        self._stopped = False

    @property
    def base_url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def violations(self) -> list[Body]:
        """Every breach of Stripe's description so far; a test ends with `assert simulator.violations == []`."""
        return violations(self.world)

    def start(self) -> StripeSimulator:
        self.listen()
        self.world.public_url = self._public_url or self.base_url
        self.deliverer.start()
        return self

    def stop(self) -> None:
        """Hang up and close the state file; what was not delivered stays in it."""
        self._stopped = True
        self.hang_up()
        self.deliverer.stop()
        self.store.close()

    def listen(self) -> None:
        """Take connections (again, on the same port)."""
        self._server = _Server((self.host, self.port), self)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), name="stripe-http", daemon=True).start()

    def hang_up(self) -> None:
        """Refuse connections and end those that are open; the webhooks go on."""
        server, self._server = self._server, None
        if server:
            server.shutdown()
            server.server_close()
            server.end_connections()

    def refuse(self, seconds: float) -> None:
        """Refuse connections for a while, beginning in a moment so that the asker still gets an answer."""

        def back() -> None:
            if not self._stopped:
                self.listen()

        def away() -> None:
            self.hang_up()
            again = threading.Timer(seconds, back)
            again.daemon = True
            again.start()

        threading.Timer(0.05, away).start()

    def post_control(self, name: str, body: Any = None) -> Any:
        """Use the control interface without HTTP: `post_control("faults", {"action": "drop_after"})`."""
        text = json.dumps({} if body is None else body)
        answer = self.control.answer(Request("POST", f"/_control/{name}", "", text, {}))
        if answer.status != 200:
            raise ValueError(answer.body.decode())
        return json.loads(answer.body)

    def answer(self, request: Request) -> Answer:
        if request.path.startswith("/_control/"):
            return self.control.answer(request)
        if request.path.startswith("/v1/"):
            return self._api(request)
        return self.pages.answer(request)

    def _api(self, request: Request) -> Answer:
        try:
            return self.api.answer(request)
        except DropError:
            raise
        except Exception as error:
            log.exception("the simulator failed on %s %s", request.method, request.path)
            told = Problem("crash", "", f"{type(error).__name__}: {error}")
            self.store.violate("response", f"{request.method} {request.path}", [told])
            return json_answer(500, api_error().body)

    def __enter__(self) -> StripeSimulator:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], simulator: StripeSimulator) -> None:
        self.simulator = simulator
        self._open: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def end_connections(self) -> None:
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server
    timeout = 120
    # Header and body in one packet: two small ones would wait 40 ms for each other.
    wbufsize = 65536
    disable_nagle_algorithm = True

    def _serve(self) -> None:
        path, _, query = self.path.partition("?")
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > _LARGEST_BODY:
            self.close_connection = True
            return self._send(json_answer(413, {"error": {"message": "Too large.", "type": "invalid_request_error"}}))
        raw = self.rfile.read(int(length))
        if len(raw) < int(length):  # who asked died in the middle of it
            self.close_connection = True
            return None
        body = raw.decode("utf-8", "replace")
        try:
            answer = self.server.simulator.answer(Request(self.command, path, query, body, self.headers))
        except DropError:
            self.close_connection = True
            return None
        return self._send(answer)

    do_GET = do_POST = do_DELETE = do_PUT = do_PATCH = do_HEAD = _serve  # noqa: N815  the names http.server calls

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if answer.cut:
            self.close_connection = True
        if self.command != "HEAD":
            self.wfile.write(answer.body[: len(answer.body) // 2] if answer.cut else answer.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the name of the method it overrides
        log.info(format, *args)

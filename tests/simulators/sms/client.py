"""What tests hold in their hands: a simulator of their own in a thread, or one that runs as a process."""

import json
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote
from urllib.request import Request, urlopen

from tests.simulators.sms.server import Account, Faults, serve
from tests.simulators.sms.store import Store, Text
from tests.simulators.sms.webhooks import Webhooks

ACCOUNT, TOKEN, NUMBER = "ACsimulator", "simulated password", "+15005550006"


class SmsSimulator:
    """A simulated account behind a real HTTP server, in this process: `with SmsSimulator() as phones: ...`."""

    def __init__(self, *, webhook_url: str = "", clock_file: Path | None = None, reports: bool = False) -> None:
        store = Store(None, clock_file)
        webhooks = Webhooks(store, url=webhook_url, token=TOKEN, account=ACCOUNT)
        self.account = Account(ACCOUNT, TOKEN, store, webhooks, reports=reports)
        self._server = serve(self.account, port=0)
        self.base_url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "SmsSimulator":
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def texts(self, number: str = "") -> list[Text]:
        """What we sent and got, newest first."""
        return self.account.store.texts(number=number)

    def fail(self, **order: Any) -> None:
        """Order faults (see `Faults`); without arguments it works again."""
        self.account.faults = Faults(**order)


class Phones:
    """A simulator that runs as a process."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def texts(self, number: str = "") -> list[dict[str, Any]]:
        """What was sent and received, newest first: sid, direction, sender, recipient, body, created, status, error."""
        found: list[dict[str, Any]] = self._ask("GET", f"/messages.json?number={quote(number)}")
        return found

    def wait_for(self, number: str, *, containing: str = "", within: float = 30.0) -> dict[str, Any]:
        """The newest text of ours to a number with these words in it, as soon as it is there."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            for one in self.texts(number):
                if one["recipient"] == number and containing in one["body"]:
                    return one
            time.sleep(0.2)
        raise AssertionError(f"No text to {number} with {containing!r}; only {[o['body'] for o in self.texts(number)]}")

    def receive(self, *, sender: str, body: str) -> dict[str, Any]:
        """Somebody texts us: {"status": of our answer, "replies": what it said}."""
        answer: dict[str, Any] = self._ask("POST", "/_receive", {"sender": sender, "recipient": NUMBER, "body": body})
        return answer

    def fail(self, **order: Any) -> None:
        """Order faults (see `Faults`); without arguments it works again."""
        self._ask("POST", "/_control", order)

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        with urlopen(Request(self.url + path, data=data, method=method), timeout=15) as answer:
            return json.loads(answer.read())

"""A real mail server in a thread, and the settings that lead to it."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from tests.simulators.mail import web
from tests.simulators.mail.smtp import Mailbox, serve
from tests.simulators.mail.store import Store


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def mailbox(tmp_path: Path, settings: Settings, free_port: int) -> Iterator[Mailbox]:
    """Where everything arrives: `mailbox.store.messages()`, newest first; `mailbox.faults` orders trouble."""
    mailbox = Mailbox(Store(tmp_path / "mail"))
    server = serve(mailbox, port=free_port)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port
    settings.SITE_URL = "https://clinic.example"
    settings.DEFAULT_FROM_EMAIL = "Riverside <clinic@riverside.example>"
    yield mailbox
    server.stop()


@pytest.fixture
def keyed_mailbox(mailbox: Mailbox, settings: Settings, http_port: int) -> Iterator[Mailbox]:
    """The same mail server, spoken to as Resend is."""
    run = web.serve(mailbox, port=http_port)
    threading.Thread(target=run, daemon=True).start()
    settings.EMAIL_BACKEND = "booking.reminders.channels.keyed_mail.EmailBackend"
    settings.ANYMAIL = {
        "RESEND_API_KEY": "k", "RESEND_API_URL": f"http://127.0.0.1:{http_port}/", "REQUESTS_TIMEOUT": (3, 10),
    }  # fmt: skip
    yield mailbox
    run.__self__.shutdown()  # type: ignore[attr-defined]


@pytest.fixture
def http_port(free_port: int) -> int:
    return free_port + 1

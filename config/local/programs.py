"""The programs that make up Drypoint on one machine, besides its database and broker."""

import contextlib
import http
import http.client
import socket
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from config.local.environment import ROOT
from config.local.processes import Program


def web(environment: Mapping[str, str], *, port: int, workers: int = 2) -> Program:
    """The web application behind gunicorn, loaded once for all its workers."""
    argv = ["gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{port}", "--workers", str(workers), "--threads", "4",
            "--preload", "--graceful-timeout", "10", "--no-control-socket", "--access-logfile", "-",
            "--logger-class", "config.logs.KeylessLogger"]  # fmt: skip
    return _module("web", argv, environment, ready=_answers_http(port))


def worker(environment: Mapping[str, str], *, name: str = "worker", processes: int = 2) -> Program:
    """A Celery worker."""
    argv = ["celery", "--app", "config.celery", "worker", "--concurrency", str(processes), "--loglevel", "INFO",
            "--hostname", f"{name}@%h", "--without-gossip", "--without-mingle"]  # fmt: skip
    return _module(name, argv, environment)


def beat(environment: Mapping[str, str], *, memory: Path, name: str = "beat") -> Program:
    """Celery's clock, which asks for the sweeps; `memory` is the file of what it asked for last."""
    argv = ["celery", "--app", "config.celery", "beat", "--loglevel", "INFO", "--schedule", str(memory), "--pidfile="]
    return _module(name, argv, environment)


def watch(environment: Mapping[str, str], *, every: float = 30) -> Program:
    """Looks every so many seconds whether beat and worker do their work, and mails the owner if they don't."""
    return _module("watch", ["django", "watch", "--every", str(every)], environment)


def stripe_simulator(environment: Mapping[str, str], *, port: int, state: Path) -> Program:
    """A Stripe that moves no money. It sends its webhooks to SITE_URL."""
    argv = ["tests.simulators.stripe", "--port", str(port), "--state", str(state),
            "--webhook-url", f"{environment['SITE_URL']}/webhooks/stripe/",
            "--webhook-secret", environment["STRIPE_WEBHOOK_SECRETS"].split(",")[0]]  # fmt: skip
    return _module("stripe", argv, environment, ready=_answers_http(port))


def mail_catcher(environment: Mapping[str, str], *, smtp_port: int, http_port: int, store: Path) -> Program:
    """A mail server that keeps every message for an inbox page and sends none on."""
    where = ["--smtp-port", str(smtp_port), "--http-port", str(http_port), "--store", str(store)]
    return _module("mail", ["tests.simulators.mail", *where], environment, ready=_listens(smtp_port, http_port))


def sms_simulator(environment: Mapping[str, str], *, port: int, state: Path) -> Program:
    """A Twilio that sends no text on, shows all of them on a page, and tells SITE_URL what became of them."""
    argv = ["tests.simulators.sms", "--port", str(port), "--state", str(state),
            "--account", environment["TWILIO_ACCOUNT_SID"], "--token", environment["TWILIO_AUTH_TOKEN"],
            "--webhook-url", f"{environment['SITE_URL']}/webhooks/sms/"]  # fmt: skip
    return _module("sms", argv, environment, ready=_answers_http(port))


def _module(
    name: str, argv: list[str], environment: Mapping[str, str], ready: Callable[[], bool] | None = None
) -> Program:
    settings = {"PYTHONUNBUFFERED": "1", "DJANGO_SETTINGS_MODULE": "config.settings"}
    command = [sys.executable, "-m", *argv]
    return Program(name=name, argv=command, environment={**environment, **settings}, folder=ROOT, ready=ready)


def _answers_http(port: int) -> Callable[[], bool]:
    def answers() -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(connection):
            connection.request("GET", "/healthz")
            return connection.getresponse().status < http.HTTPStatus.INTERNAL_SERVER_ERROR
        return False

    return answers


def _listens(*ports: int) -> Callable[[], bool]:
    def listens() -> bool:
        with contextlib.suppress(OSError):
            for port in ports:
                socket.create_connection(("127.0.0.1", port), timeout=2).close()
            return True
        return False

    return listens

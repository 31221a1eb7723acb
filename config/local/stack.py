"""Drypoint on one machine: which programs run, where, and with which environment."""

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

import psycopg
from amqp.exceptions import AMQPError
from kombu import Connection
from kombu.exceptions import KombuError

from config.local import ports, programs, secrets
from config.local.environment import DATABASE, addresses_file, embedded, postgres_in, valkey_in
from config.local.errors import LocalError
from config.local.processes import Processes

SIMULATOR_KEY = "sk_test_simulator"
SIMULATOR_ACCOUNT, SIMULATOR_NUMBER = "ACsimulator", "+15005550006"  # Twilio's own number for tests


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the parts listen, all on 127.0.0.1."""

    web: int
    inbox: int
    smtp: int
    stripe: int
    sms: int

    @classmethod
    def beside(cls, web: int) -> "Ports":
        """The web's port as asked for, and free ones a fixed step above it for the rest.

        :raises LocalError: the web's port is taken
        """
        ports.require_free(web)
        inbox = ports.free_near((web + 25 - 1) % 65000 + 1, taken={web})
        smtp = ports.free_near(inbox + 1, taken={web, inbox})
        stripe = ports.free_near(smtp + 1, taken={web, inbox, smtp})
        return cls(web, inbox, smtp, stripe, ports.free_near(stripe + 1, taken={web, inbox, smtp, stripe}))


class Stack:
    """The whole of Drypoint from one data folder; what the given environment names replaces the embedded part."""

    def __init__(self, *, var: Path, given: Mapping[str, str], say: Callable[[str], None] = print) -> None:
        self.var = var
        self.given = given
        self.processes = Processes(folder=var, say=say)
        self.environment: dict[str, str] = {}
        self.ports: Ports | None = None
        self._password_of_phones = token_hex(16)  # it signs what the simulator tells, and lives as long as it

    def start_services(self) -> None:
        """Start the database and the broker, or see that the ones named in the environment answer.

        :raises LocalError: one of them does not
        """
        if "DATABASE_URL" in self.given:
            _see_database(self.given["DATABASE_URL"])
        else:
            postgres = postgres_in(self.var)
            postgres.prepare()
            self.processes.start(postgres.program(), within=60)
            postgres.make_database(DATABASE)
        if "REDIS_URL" in self.given:
            _see_broker(self.given["REDIS_URL"])
        else:
            self.processes.start(valkey_in(self.var).program())

    def start_programs(self, places: Ports) -> None:
        """Start the simulators that are wanted, then worker, beat and web."""
        self.ports = places
        self.environment = self._whole_environment(places)
        secrets.write(addresses_file(self.var), self._addresses(places))
        if self.has_inbox:
            store = self.var / "mail"
            mail = programs.mail_catcher(self.environment, smtp_port=places.smtp, http_port=places.inbox, store=store)
            self.processes.start(mail)
        if self.has_simulator:
            state = self.var / "stripe.sqlite"
            self.processes.start(programs.stripe_simulator(self.environment, port=places.stripe, state=state))
        if self.has_phones:
            state = self.var / "texts.jsonl"
            self.processes.start(programs.sms_simulator(self.environment, port=places.sms, state=state))
        self.processes.start(programs.web(self.environment, port=places.web), within=60)
        self.processes.start(programs.worker(self.environment))
        self.processes.start(programs.beat(self.environment, memory=self.var / "run" / "beat"))

    def stop(self) -> None:
        """Stop everything, the last started first."""
        self.processes.stop_all()
        addresses_file(self.var).unlink(missing_ok=True)

    @property
    def has_simulator(self) -> bool:
        """Whether payments go to the simulator rather than to a Stripe account."""
        return "STRIPE_SECRET_KEY" not in self.given

    @property
    def has_inbox(self) -> bool:
        """Whether mail is caught rather than sent."""
        return "EMAIL_URL" not in self.given

    @property
    def has_phones(self) -> bool:
        """Whether text messages are caught rather than sent."""
        return "TWILIO_ACCOUNT_SID" not in self.given

    def _whole_environment(self, places: Ports) -> dict[str, str]:
        kept = secrets.read_or_make(self.var / "secrets.env")
        if not self.has_simulator:
            kept.pop("STRIPE_WEBHOOK_SECRETS")
        return embedded(self.var) | kept | self._addresses(places) | dict(self.given)

    def _addresses(self, places: Ports) -> dict[str, str]:
        addresses = {"SITE_URL": f"http://127.0.0.1:{places.web}"}
        if self.has_inbox:
            addresses |= {"EMAIL_URL": f"smtp://127.0.0.1:{places.smtp}"}
        if self.has_simulator:
            stripe = f"http://127.0.0.1:{places.stripe}"
            addresses |= {"STRIPE_API_BASE": stripe, "STRIPE_CHECKOUT_ORIGIN": stripe}
            addresses |= {"STRIPE_SECRET_KEY": SIMULATOR_KEY}
        if self.has_phones:
            addresses |= {"TWILIO_API_BASE": f"http://127.0.0.1:{places.sms}", "SMS_FROM": SIMULATOR_NUMBER}
            addresses |= {"TWILIO_ACCOUNT_SID": SIMULATOR_ACCOUNT, "TWILIO_AUTH_TOKEN": self._password_of_phones}
        return addresses


@contextlib.contextmanager
def only_one(var: Path) -> Iterator[None]:
    """Hold the data folder for this process.

    :raises LocalError: another one holds it, or it can't be written to
    """
    place = var / "run" / "lock"
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        file = place.open("a+")
    except OSError as error:
        raise LocalError(f"{var} can't be written to: {error.strerror}.") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            raise LocalError(f"Drypoint runs from this folder already (process {file.read() or '?'}).") from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def _see_database(address: str) -> None:
    try:
        psycopg.connect(address, connect_timeout=5).close()
    except psycopg.Error as error:
        why = " ".join(str(error).split())
        raise LocalError(f"The database of DATABASE_URL does not answer: {why}") from None


def _see_broker(address: str) -> None:
    try:
        with Connection(address, connect_timeout=5) as connection:
            connection.ensure_connection(max_retries=1, timeout=5)
    except (OSError, KombuError, AMQPError, ValueError, KeyError) as error:
        raise LocalError(f"The broker of REDIS_URL does not answer: {error}") from None

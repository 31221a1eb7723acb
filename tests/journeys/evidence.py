"""What stands behind the pages: in the database, at Stripe, in the mails, and on the clock of a stack."""

import base64
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import psycopg
from celery import Celery
from psycopg.rows import dict_row

from config.celery import app
from config.local.stack import SIMULATOR_KEY
from tests.live import LiveStack

_SOON = 60  # seconds between two sweeps, at most, that a test would wait for
CLINICAL = re.compile(  # the clinic's name, Needle & Motion, may be said
    r"low.?back|needl(?:es|ing)|pregnan|diabet|bleed|surgery|infect|symptom|screening|contraindicat|questionnaire",
    re.IGNORECASE,
)


def visit_of(stack: LiveStack, email: str) -> dict[str, Any]:
    """The newest visit of a patient, as the database has it."""
    (row, *_) = rows(
        stack,
        """SELECT a.*, u.name AS therapist, s.slug AS service FROM booking_appointment a
           JOIN intake_patient p ON p.id = a.patient_id JOIN booking_practitioner u ON u.id = a.practitioner_id
           JOIN booking_healthcareservice s ON s.id = a.service_id
           WHERE p.email = %s ORDER BY a.created_at DESC""",
        email,
    )
    return row


def coming_visits(stack: LiveStack, *, after: timedelta = timedelta()) -> list[dict[str, Any]]:
    """What is booked from now on, or from a while ahead, in order, with the day and everybody's names."""
    return rows(
        stack,
        """SELECT a.*, left(a.wall_start, 10) AS day, u.name AS therapist, r.name AS room, p.email,
             p.given_name || ' ' || p.family_name AS patient
           FROM booking_appointment a JOIN booking_practitioner u ON u.id = a.practitioner_id
           JOIN intake_patient p ON p.id = a.patient_id LEFT JOIN booking_room r ON r.id = a.room_id
           WHERE a.status = 'booked' AND a.start > %s ORDER BY a.start, u.name""",
        time_now(stack) + after,
    )


def rows(stack: LiveStack, query: str, *values: Any) -> list[dict[str, Any]]:
    with psycopg.connect(stack.database_url, row_factory=dict_row) as connection:
        return connection.execute(query, values).fetchall()


def time_now(stack: LiveStack) -> datetime:
    """What the clock of the stack says."""
    ahead = float(open(stack.environment["DRYPOINT_CLOCK_FILE"]).read())  # noqa: SIM115, PTH123
    return datetime.now(UTC) + timedelta(seconds=ahead)


def let_it_become(stack: LiveStack, moment: datetime) -> None:
    """Move the clock of all processes to a moment ahead.

    The sweeps that would have run meanwhile are asked for at once: the next beat of the slow ones is a minute away.
    """
    ahead = (moment - time_now(stack)).total_seconds()
    assert ahead > 0, "time never goes back"
    stack.move_clock(seconds=ahead)
    with Celery(broker=stack.environment["REDIS_URL"]) as meanwhile:
        for sweep in app.conf.beat_schedule.values():
            if sweep["schedule"] <= _SOON:
                meanwhile.send_task(sweep["task"])


@dataclass(frozen=True, slots=True)
class AtStripe:
    """One payment as Stripe has it, in minor units."""

    status: str
    taken: int
    given_back: int


def money_at_stripe(stack: LiveStack, email: str) -> list[AtStripe]:
    """Every card payment of a patient, oldest first."""
    ours = rows(
        stack,
        """SELECT y.intent_id FROM payments_payment y JOIN intake_patient p ON p.id = y.payer_id
           WHERE p.email = %s AND y.gateway = 'stripe' AND y.intent_id <> '' ORDER BY y.created_at""",
        email,
    )
    return [_at_stripe(stack, row["intent_id"]) for row in ours]


def _at_stripe(stack: LiveStack, intent: str) -> AtStripe:
    found = ask_stripe(stack, f"payment_intents/{intent}")
    refunds = ask_stripe(stack, "refunds", payment_intent=intent)["data"]
    given_back = sum(one["amount"] for one in refunds if one["status"] == "succeeded")
    return AtStripe(found["status"], found["amount_received"], given_back)


def ask_stripe(stack: LiveStack, path: str, **params: Any) -> Any:
    """What Stripe says to a GET."""
    key = base64.b64encode(f"{SIMULATOR_KEY}:".encode()).decode()
    address = f"{stack.stripe_url}/v1/{path}" + (f"?{urlencode(params)}" if params else "")
    with urlopen(Request(address, headers={"Authorization": f"Basic {key}"}), timeout=10) as answer:
        return json.loads(answer.read())


def link_in(mail: dict[str, Any], site: str, *, to: str = "visit") -> str:
    """The link to the visit, or to what else a mail is about."""
    found = re.search(rf"{re.escape(site)}/{to}/[\w:-]+/", mail["text"])
    assert found, mail["text"]
    return found[0]


def is_neutral(mail: dict[str, Any]) -> None:
    """A mail says nothing clinical, in its subject, text, HTML or calendar file."""
    whole = " ".join([mail["subject"], mail["text"], mail["html"], json.dumps(mail["attachments"])])
    assert CLINICAL.findall(whole) == []


def comes_true(what: Callable[[], bool], *, within: float = 40) -> None:
    """Wait until something that happens by itself has happened."""
    deadline = time.monotonic() + within
    while not what() and time.monotonic() < deadline:
        time.sleep(0.5)
    assert what()


def free_starts(stack: LiveStack, *, service: str, practitioner: str, day: str) -> list[str]:
    """The starts that the interface offers to everybody on one day, in UTC."""
    asked = urlencode({"service": service, "practitioner": practitioner, "from": day, "to": day})
    with urlopen(f"{stack.url}/api/v1/slots/?{asked}", timeout=20) as answer:
        found = json.loads(answer.read())["slots"]
    return [datetime.fromisoformat(one["start"]).astimezone(UTC).isoformat() for one in found]


def answers_with(site: str, path: str) -> int:
    """The status of a page."""
    with urlopen(site + path, timeout=20) as answer:
        return int(answer.status)


_BROKEN = """
import json
import time
from config.invariants import broken_promises
from intake.clock import now
deadline = time.monotonic() + {within}
while (broken := broken_promises(now=now())) and time.monotonic() < deadline:
    time.sleep(3)
print(json.dumps([[one.name, one.rows[:5]] for one in broken]))
"""


def all_is_well(stack: LiveStack, *, within: float = 60) -> None:
    """Every promise that the database can show is kept; after time was moved, once the sweeps have caught up."""
    said = stack.manage("shell", "-v", "0", "-c", _BROKEN.format(within=within))
    assert json.loads(said.splitlines()[-1]) == []

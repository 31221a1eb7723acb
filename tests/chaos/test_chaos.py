"""What breaks while people book: nothing acknowledged is lost, and what waits goes out by itself."""

import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import pytest

from config.local.postgres import Postgres
from config.local.processes import Processes
from tests import live
from tests.chaos import callers
from tests.journeys import evidence
from tests.live import LiveStack

pytestmark = pytest.mark.xdist_group("live")

SHORT_AND_LONG = [pytest.param(4, id="short"), pytest.param(40, id="long", marks=pytest.mark.chaos)]
QUEUE = """
from intake.clock import now
from booking.reminders.services import queue_sign_in_mail
for number in range({count}):
    queue_sign_in_mail(recipient=f"{who}{{number}}@example.test", language="en", template="account-news",
                       context={{"news": "password"}}, now=now())
"""


def mails_to(stack: LiveStack, who: str) -> Counter[tuple[str, str]]:
    """How often each mail (its address and Message-ID) came."""
    return Counter((mail["to"][0], mail["message_id"]) for mail in stack.mail.messages(to=who))


def wait_for_each(stack: LiveStack, who: str, expected: int, *, within: float) -> None:
    evidence.comes_true(lambda: len(mails_to(stack, who)) >= expected, within=within)


@pytest.mark.parametrize("number", SHORT_AND_LONG)
def test_the_broker_is_killed_and_booking_goes_on(live_stack: LiveStack, number: int) -> None:
    who = f"broker{number}x"
    wished = callers.wishes(callers.free_calls(live_stack.url, after=evidence.time_now(live_stack))[:number], who=who)
    live_stack.kill("valkey")
    try:
        assert [callers.book(live_stack.url, wish)[0] for wish in wished] == [201] * number
        assert evidence.answers_with(live_stack.url, "/check/") == 200
        assert mails_to(live_stack, who) == {}
    finally:
        live_stack.start("valkey")
    wait_for_each(live_stack, who, number, within=60)
    assert Counter(address for address, _ in mails_to(live_stack, who)) == dict.fromkeys((w.email for w in wished), 1)
    assert set(mails_to(live_stack, who).values()) == {1}
    evidence.all_is_well(live_stack)


@pytest.mark.parametrize(
    ("number", "kills"),
    [pytest.param(20, 1, id="short"), pytest.param(200, 8, id="long", marks=pytest.mark.chaos)],
)
def test_worker_and_beat_are_killed_while_messages_are_due(live_stack: LiveStack, number: int, kills: int) -> None:
    who, chance = f"killed{number}x", random.Random(number)
    live_stack.mail.fail(delay=0.1)
    live_stack.manage("shell", "-c", QUEUE.format(count=number, who=who))
    for _ in range(kills):
        time.sleep(chance.uniform(0.5, 4))
        victim = chance.choice(["worker", "worker", "beat"])
        live_stack.kill(victim)
        live_stack.move_clock(minutes=2)  # its claims end
        live_stack.start(victim)
    wait_for_each(live_stack, who, number, within=150)
    mails = mails_to(live_stack, who)
    assert Counter(address for address, _ in mails) == {f"{who}{one}@example.test": 1 for one in range(number)}
    assert sum(mails.values()) - number <= 2 * kills  # what was in its hands may come again, as the same mail
    live_stack.mail.fail()
    unfinished = "SELECT id FROM reminders_communication WHERE recipient LIKE %s AND status <> 'completed'"
    evidence.comes_true(lambda: evidence.rows(live_stack, unfinished, f"{who}%") == [], within=90)
    evidence.all_is_well(live_stack)


@pytest.fixture
def stack_with_a_database_of_its_own() -> Iterator[tuple[LiveStack, Processes, str]]:
    """A stack whose PostgreSQL may be killed; durable, as a clinic's."""
    room = Path(tempfile.mkdtemp(prefix="dp-chaos-"))
    postgres = Postgres(data=room / "postgres", socket_folder=room / "s")
    postgres.prepare()
    processes = Processes(folder=room)
    program = postgres.program()
    try:
        processes.start(program, within=60)
        postgres.make_database("drypoint")
        (room / "stack").mkdir()
        with live.live_stack(
            folder=room / "stack", room=room, server=postgres.address("drypoint"), name="chaos"
        ) as stack:
            yield stack, processes, program.name
    finally:
        processes.stop_all()
        shutil.rmtree(room, ignore_errors=True)


@pytest.mark.chaos
def test_the_database_is_killed_and_nothing_acknowledged_is_lost(
    stack_with_a_database_of_its_own: tuple[LiveStack, Processes, str],
) -> None:
    stack, processes, database = stack_with_a_database_of_its_own
    wished = callers.wishes(callers.free_calls(stack.url, after=evidence.time_now(stack))[:60], who="lost")
    with ThreadPoolExecutor(4) as crowd:
        coming = [crowd.submit(callers.book, stack.url, wish, patience=90) for wish in wished]
        while wait(coming, timeout=4).not_done:  # in this thread: what a thread starts, the kernel ends with it
            processes.kill(database)
            processes.start(processes.stop(database), within=60)
    answers = [one.result() for one in coming]
    acknowledged = {body["id"] for status, body in answers if status == 201}
    assert len(acknowledged) >= len(wished) // 2, answers
    kept = evidence.rows(stack, "SELECT id FROM booking_appointment WHERE status = 'booked'")
    assert acknowledged <= {str(row["id"]) for row in kept}
    wait_for_each(stack, "lost", len(acknowledged), within=120)
    evidence.all_is_well(stack)

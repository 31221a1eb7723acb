"""Ten thousand mails and texts by three real workers, while workers, beat, broker and database are killed two hundred
times: what arrived is counted at the providers. Once by a mail provider that knows keys, once by plain SMTP.
"""

import random
import shutil
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from booking.reminders.delivery import HAD_COME, NEVER_CAME, NEVER_CLEAR, SENT_AGAIN
from config.local import programs
from config.local.postgres import Postgres
from config.local.processes import Processes
from tests import live
from tests.booking.reminders.storm import BATCH, EMAIL, SMS, Ends, told
from tests.journeys import evidence
from tests.live import LiveStack
from tests.simulators.mail import web
from tests.simulators.mail.smtp import Faults, Mailbox
from tests.simulators.mail.store import Store

pytestmark = [pytest.mark.chaos, pytest.mark.xdist_group("live")]

# Messages, half of them texts, and kills.
REHEARSAL_AND_ALL = [pytest.param(600, 24, id="rehearsal"), pytest.param(10_000, 200, id="all")]
WORKERS = ("worker", "worker2", "worker3")
VICTIMS = (*WORKERS * 4, "beat", "valkey", "database")
KEYED_PORT = 18_931
QUEUE = """
from tests.booking.reminders.storm import queue
queue({number}, {channel!r})
"""


@dataclass
class Town:
    """A stack with a database of its own, that may be killed like all else."""

    stack: LiveStack
    processes: Processes
    database: str

    def kill(self, victim: str) -> None:
        if victim == "database":
            self.processes.kill(self.database)
            self.processes.start(self.processes.stop(self.database), within=60)
            return
        self.stack.kill(victim)
        self.stack.start(victim)

    def ends(self, channel: str) -> Ends:
        query = "SELECT dedupe_key, status, status_reason FROM reminders_communication WHERE dedupe_key LIKE 'storm/%%'"
        found = evidence.rows(self.stack, f"{query} AND channel = %s", channel)
        return {row["dedupe_key"].partition(":")[0]: (row["status"], row["status_reason"]) for row in found}

    def open(self) -> int:
        query = "SELECT count(*) FROM reminders_communication WHERE dedupe_key LIKE 'storm/%%'"
        (row,) = evidence.rows(self.stack, f"{query} AND status IN ('preparation', 'in-progress')")
        return int(row["count"])


@contextmanager
def town(**more: str) -> Iterator[Town]:
    room = Path(tempfile.mkdtemp(prefix="dp-post-"))
    postgres = Postgres(data=room / "postgres", socket_folder=room / "s")
    postgres.prepare()
    processes = Processes(folder=room)
    program = postgres.program()
    try:
        processes.start(program, within=60)
        postgres.make_database("drypoint")
        (room / "stack").mkdir()
        address = postgres.address("drypoint")
        with live.live_stack(folder=room / "stack", room=room, server=address, name="post", more=more) as stack:
            for name in WORKERS[1:]:
                stack.add(programs.worker(stack.environment, name=name))
            yield Town(stack, processes, program.name)
    finally:
        processes.stop_all()
        shutil.rmtree(room, ignore_errors=True)


def storm(town: Town, chance: random.Random, *, number: int, kills: int) -> Counter[str]:
    """Queue everything, kill so often, and wait for the end; answers how often each was killed."""
    fates: Counter[str] = Counter()
    town.stack.phones.fail(delay=0.1, bad=["+15005550001"])
    for channel in (EMAIL, SMS):
        town.stack.manage("shell", "-c", QUEUE.format(number=number, channel=str(channel)))
    for _ in range(kills):
        time.sleep(chance.uniform(0.2, 2))
        victim = chance.choice(VICTIMS)
        town.kill(victim)
        fates[victim] += 1
    evidence.comes_true(lambda: town.open() == 0, within=1200)
    return fates


def texts(town: Town) -> Counter[str]:
    return Counter(one["recipient"] for one in town.stack.phones.texts() if one["direction"] == "outbound-api")


def each_text_came_once(town: Town, number: int) -> None:
    found = told(texts(town), town.ends(SMS), number=number, channel=SMS)
    assert set(found.pop("reasons").values()) <= {HAD_COME, NEVER_CAME}
    assert found == {"rows": number, "lost": [], "doubled": [], "bad": Counter({"not-done": number // BATCH})}


@pytest.mark.parametrize(("number", "kills"), REHEARSAL_AND_ALL)
def test_by_a_provider_that_knows_keys_nothing_is_lost_and_nothing_comes_twice(
    tmp_path: Path, number: int, kills: int
) -> None:
    half = number // 2
    mailbox = Mailbox(Store(tmp_path / "mail"))
    mailbox.faults = Faults(delay=0.1)
    run = web.serve(mailbox, port=KEYED_PORT)
    threading.Thread(target=run, daemon=True).start()
    provider = {
        "MAIL_PROVIDER": "resend",
        "MAIL_PROVIDER_KEY": "k",
        "MAIL_WEBHOOK_SECRET": "user:password",
        "MAIL_PROVIDER_API": f"http://127.0.0.1:{KEYED_PORT}/",
    }
    try:
        with town(**provider) as here:
            fates = storm(here, random.Random(1), number=half, kills=kills)
            arrived = Counter(mail.recipients[0] for mail in mailbox.store.messages())
            found = told(arrived, here.ends(EMAIL), number=half, channel=EMAIL)
            bad = Counter({"not-done": half // BATCH})
            assert found == {"rows": half, "lost": [], "doubled": [], "bad": bad, "reasons": {}}, fates
            each_text_came_once(here, half)
            evidence.all_is_well(here.stack)
    finally:
        run.__self__.shutdown()  # type: ignore[attr-defined]


@pytest.mark.parametrize(("number", "kills"), REHEARSAL_AND_ALL)
def test_by_plain_smtp_nothing_is_lost_and_what_may_have_come_twice_says_so(number: int, kills: int) -> None:
    half = number // 2
    with town() as here:
        here.stack.mail.fail(delay=0.1)
        fates = storm(here, random.Random(2), number=half, kills=kills)
        mails = here.stack.mail.messages(to="@example.test")
        arrived = Counter(mail["to"][0] for mail in mails)
        found = told(arrived, here.ends(EMAIL), number=half, channel=EMAIL)
        explained = found.pop("reasons")
        assert set(explained.values()) <= {SENT_AGAIN, NEVER_CLEAR}, fates
        assert set(found.pop("doubled")) <= set(explained)
        assert found == {"rows": half, "lost": [], "bad": Counter({"not-done": half // BATCH})}
        assert max(arrived.values()) <= 2
        assert len({mail["message_id"] for mail in mails}) == half - half // BATCH
        each_text_came_once(here, half)
        evidence.all_is_well(here.stack)

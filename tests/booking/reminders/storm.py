"""Messages for thousands, sent by workers that are killed at random moments; then an onlooker who counts at the
providers what really arrived.
"""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from random import Random
from typing import Any

from django.db import connections
from django.db.models import Q, QuerySet

from booking.reminders.channels.base import Channel
from booking.reminders.delivery import LONGEST_PAUSE, deliver_due
from booking.reminders.models import Communication
from booking.reminders.rows import message_row
from booking.reminders.ways import Way
from booking.rules.reminders import Planned
from intake import clock
from tests.clock import move_ahead
from tests.races.crowd import forget_inherited

Status = Communication.Status
EMAIL, SMS = Communication.Channel.EMAIL, Communication.Channel.SMS
BATCH = 20  # of each so many messages one has an address that is none
BAD = {EMAIL: "nobody@@example.test", SMS: "+15005550001"}
A_BIT_MORE = timedelta(seconds=2)
MOST_ROUNDS = 20
_fork = get_context("fork")


def address(number: int, channel: str) -> str:
    """Whom a message goes to: everybody another one, and in each batch one that nobody has."""
    if number % BATCH == 0:
        return BAD[Communication.Channel(channel)]
    return f"p{number}@example.test" if channel == EMAIL else f"+1403{5550000 + number}"


def queue(number: int, channel: str) -> None:
    """Write so many messages that are due now and worth sending for a day, each with words of its own."""
    now = clock.now()
    Communication.objects.bulk_create(
        [
            message_row(
                subject=f"storm/{one}",
                planned=Planned(now, "waitlist-joined", now + timedelta(days=1)),
                way=Way(channel, address(one, channel)),
                language="en",
                content={"path": f"/wait/storm{one}/"},
                now=now,
            )
            for one in range(number)
        ],
        batch_size=1000,
    )


class Crew:
    """Workers side by side, on the clock of the test."""

    def __init__(self, clock_file: Path, *, by: str, channel: Callable[[], Channel] | None, workers: int) -> None:
        self._clock, self._by, self._channel = clock_file, by, channel
        self._crew = [self._hire() for _ in range(workers)]

    def kill_one(self, chance: Random) -> None:
        """End a worker as a power cut would, and hire another one."""
        number = chance.randrange(len(self._crew))
        self._end(self._crew[number])
        self._crew[number] = self._hire()

    def kill_all_and_let_time_pass(self) -> None:
        """End all of them; what they held, or was to be tried again later, comes to the next ones. The clock moves
        while nobody lives: to whoever does, a lease is longer than any sending takes.
        """
        self.close()
        move_ahead(self._clock, (LONGEST_PAUSE + A_BIT_MORE).total_seconds())
        self._crew = [self._hire() for _ in self._crew]

    def close(self) -> None:
        for one in self._crew:
            self._end(one)

    def _hire(self) -> BaseProcess:
        connections.close_all()
        worker = _fork.Process(target=_work, args=(self._by, self._channel), daemon=True)
        worker.start()
        return worker

    def _end(self, worker: BaseProcess) -> None:
        if worker.pid is not None:
            os.kill(worker.pid, signal.SIGKILL)
        worker.join()


@contextmanager
def crew(
    clock_file: Path, *, by: str, channel: Callable[[], Channel] | None = None, workers: int = 3
) -> Iterator[Crew]:
    """Workers that go on until the end."""
    hired = Crew(clock_file, by=by, channel=channel, workers=workers)
    try:
        yield hired
    finally:
        hired.close()


def weather(crew: Crew, chance: Random, *, kills: int, gap: tuple[float, float]) -> None:
    """Kill so many workers, then let the others come to an end."""
    for _ in range(kills):
        time.sleep(chance.uniform(*gap))
        crew.kill_one(chance)
    for _ in range(MOST_ROUNDS):
        crew.kill_all_and_let_time_pass()  # now nobody dead holds anything
        while _open().filter(Q(leased_until__isnull=False) | Q(due_at__lte=clock.now())).exists():
            time.sleep(0.05)
        if not _open().exists():
            return
    raise AssertionError("Something never came to an end.")


def _open() -> QuerySet[Communication]:
    """What still waits, or is in somebody's hands."""
    return Communication.objects.filter(status__in=[Status.PREPARATION, Status.IN_PROGRESS])


Ends = Mapping[str, tuple[str, str]]


def ends(channel: str) -> Ends:
    """How each message ended, and what its row says about it, by the beginning of its key."""
    rows = Communication.objects.filter(channel=channel).values_list("dedupe_key", "status", "status_reason")
    return {key.partition(":")[0]: (status, reason) for key, status, reason in rows}


def told(arrived: Counter[str], rows: Ends, *, number: int, channel: str) -> dict[str, Any]:
    """What an onlooker finds: which messages are lost or doubled, what became of the bad addresses, and whatever else
    the rows say about the others.
    """
    good = [one for one in range(number) if one % BATCH]
    return {
        "rows": len(rows),
        "lost": [one for one in good if arrived[address(one, channel)] == 0],
        "doubled": [one for one in good if arrived[address(one, channel)] > 1],
        "bad": Counter(rows[f"storm/{one}"][0] for one in range(0, number, BATCH)),
        "reasons": {one: rows[f"storm/{one}"][1] for one in good if rows[f"storm/{one}"] != ("completed", "")},
    }


def _work(by: str, channel: Callable[[], Channel] | None) -> None:
    forget_inherited()
    while True:
        if deliver_due(now=clock.now(), by=by, limit=BATCH, channel=channel) == 0:
            time.sleep(0.02)

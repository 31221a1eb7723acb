"""How fast bookings are: through the services, beside bare rows with the same columns, constraints and indexes.

The server is as a clinic would have it (fsync, full page writes and commits that wait for the disk are on), on its own
data folder. A booking is both calls, a hold and the patient's details; a bare row is one statement in a transaction of
its own. Both go through one driver, in processes that begin together, in turns. That one wins and nothing fails is
asserted; the ratios are goals, and a miss is explained in words.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import psycopg
import pytest

from config.local.postgres import Postgres
from config.local.processes import Processes
from tests.benchmarks.datasets import ROOT, environment, manage
from tests.benchmarks.figures import Figure, measured, write

pytestmark = pytest.mark.bench
OF_BARE_ROWS, TO_BARE_CONFLICTS = 0.15, 4.0
WAITED = "canceling statement due to lock timeout"  # a busy machine: the service tries again
FAILURES = ("ERROR:", "FATAL:", "PANIC:", "deadlock")
PROGRAM = "import django; django.setup(); from tests.benchmarks.clients import main; main()"
WHY_SLOWER = """\
Bookings reach {share:.1%} of the bare rows, not {goal:.0%}: a booking is not one row. It takes {queries} statements in
two transactions: turns and limits against hoarding, locks on therapist and room, hours and absences looked at once
more, the answers worked out anew three times, a patient's record, the visit written twice, a care relation, messages,
and four lines of the audit trail. Most of its time is Python that makes statements."""
WHY_LATE = """\
200 on one time take {ratio:.0f} times as long as 200 bare rows, not {goal:.0f}: who loses is not merely refused. Their
answers are looked at first, they wait for their turn on the therapist's time, and they are told the three free times
nearest to it, for which two weeks of hours, absences, rooms and visits are worked out."""


@pytest.fixture
def durable() -> Iterator[tuple[str, Path]]:
    """The address of an empty migrated database on a server that keeps what it commits, and the server's log."""
    with tempfile.TemporaryDirectory(prefix="drypoint-bench-") as name:
        folder = Path(name)
        server, processes = (
            Postgres(data=folder / "data", socket_folder=folder, connections=300),
            Processes(folder=folder),
        )
        server.prepare()
        processes.start(server.program())
        try:
            server.make_database("bookings")
            manage(server.address("bookings"), "migrate", "--no-input", "--verbosity", "0")
            yield server.address("bookings"), processes.log_of("postgres")
        finally:
            processes.stop_all()


def test_bookings_beside_bare_rows(durable: tuple[str, Path]) -> None:
    address, log = durable
    with psycopg.connect(address) as connection:
        names = ("fsync", "synchronous_commit", "full_page_writes")
        settings = [connection.execute(f"SHOW {name}").fetchone() for name in names]
    assert settings == [("on",), ("on",), ("on",)]
    before = log.stat().st_size
    found = _measured(address)
    rows = [row for clients, kinds in found["distinct"].items() for row in _on_distinct_times(clients, kinds)]
    rows += _on_one_time(found["one"])
    title = "Bookings through the services beside bare rows (fsync on)"
    write("2-bookings", title, rows, words=_why_slower(found))
    for row in rows:
        print(f"{row.what}: {row.median:.1f} ms (least {row.least:.1f}, p95 {row.p95:.1f}) {row.target}")
    said = log.read_text()[before:]
    print(f"{said.count(WAITED)} waited longer than the lock timeout and tried again")
    failed = [line for line in said.splitlines() if any(one in line for one in FAILURES) and WAITED not in line]
    assert not failed, failed[:5]
    for rounds in found["one"].values():
        assert [one["outcomes"] for one in rounds] == [{"done": 1, "slot-taken": 199}] * len(rounds)
    came_of_it = [one["outcomes"] for kinds in found["distinct"].values() for part in kinds.values() for one in part]
    assert {outcome for outcomes in came_of_it for outcome in outcomes} == {"done"}, came_of_it


def _measured(address: str) -> dict[str, Any]:
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(
        command, env=environment(address), cwd=ROOT, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def _why_slower(found: dict[str, Any]) -> str:
    """What the missed goals come from, in words."""
    said = []
    share = min(_share(kinds) for kinds in found["distinct"].values())
    if share < OF_BARE_ROWS:
        said.append(WHY_SLOWER.format(share=share, goal=OF_BARE_ROWS, queries=found["queries"]))
    ratio = median(_lengths(found["one"]["service"])) / median(_lengths(found["one"]["bare"]))
    if ratio > TO_BARE_CONFLICTS:
        said.append(WHY_LATE.format(ratio=ratio, goal=TO_BARE_CONFLICTS))
    return "\n\n".join(said)


def _on_distinct_times(clients: str, kinds: dict[str, Any]) -> list[Figure]:
    bare, booked = _rate(kinds["bare"]), _rate(kinds["service"])
    who = "1 client" if clients == "1" else f"{clients} clients"
    floor = measured(f"a bare row, {who}: {bare:,.0f} a second", _each(kinds["bare"]))
    target = f"≥ {OF_BARE_ROWS:.0%} of the bare rows a second: {_share(kinds):.1%}"
    label = f"a booking, {who}: {booked:,.0f} a second"
    return [floor, measured(label, _each(kinds["service"]), floor=floor.median, target=target)]


def _on_one_time(kinds: dict[str, Any]) -> list[Figure]:
    floor = measured("200 bare `INSERT ... ON CONFLICT DO NOTHING` of one time", _lengths(kinds["bare"]))
    target = f"≤ {TO_BARE_CONFLICTS:.0f} × bare rows, one winner"
    whole = measured("200 clients hold one time", _lengths(kinds["service"]), floor=floor.median, target=target)
    return [floor, whole]


def _share(kinds: dict[str, Any]) -> float:
    return _rate(kinds["service"]) / _rate(kinds["bare"])


def _rate(rounds: list[dict[str, Any]]) -> float:
    """Deeds a second in the middle round."""
    return median(len(one["each"]) / one["seconds"] for one in rounds)


def _each(rounds: list[dict[str, Any]]) -> list[float]:
    return [seconds for one in rounds for seconds in one["each"]]


def _lengths(rounds: list[dict[str, Any]]) -> list[float]:
    return [one["seconds"] for one in rounds]

"""How fast free times are: floors, selector, HTTP and django-appointment side by side, on clinics of three sizes.

The work is always the same: a first visit, 28 days, rooms and buffers on, 10 therapists or one of them. The floor is
one SQL that answers the same free ranges, from a Django view behind the middleware that every request passes; the bare
floor is that SQL from psycopg in a WSGI function. All run under the same gunicorn and are asked in turns, so that a
busy moment hits each of them.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any, LiteralString
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import psycopg
import pytest

from booking.selectors.holidays import public_holidays
from tests.benchmarks.datasets import (
    ROOT,
    Web,
    bare,
    drypoint,
    environment,
    make_database,
    seeded,
    seeded_together,
    web,
)
from tests.benchmarks.figures import Figure, measured, times_of, write

pytestmark = pytest.mark.bench
SIZES = [int(one) for one in os.environ.get("BENCH_SIZES", "3000,30000,300000").split(",")]
CALLS = int(os.environ.get("BENCH_CALLS", "200"))
ZONE, PROVINCE = ZoneInfo("America/Edmonton"), "AB"  # of the seeded clinic
STEP = timedelta(minutes=15)
PEER = "django-appointment==3.12.0"
PEER_ROUNDS = 5
AS_ITS_PAGES_ASK = {"x-requested-with": "XMLHttpRequest"}
MOST_QUERIES, MOST_MEMORY = 5, 150  # MB
TO_THE_FLOOR, FLAT, FASTER_THAN_PEER, AT_LEAST_FASTER = 2.0, 1.2, 400, 200
WHY_NOT_FASTER = """\
Less than {goal} times: the therapists of the seeded clinic work three to five days a week, and on other days the peer
has next to nothing to do. Even the bare floor is no more than {bare:,.0f} times faster."""


@pytest.fixture(scope="module", autouse=True)
def _clinics(database_url: str) -> None:
    """All of them at once, the largest first: two processes for two cores."""
    sizes = [(size, 10) for size in SIZES]
    seeded_together(database_url, sorted([*sizes, (SIZES[0] * 10, 100)], reverse=True))


def test_free_times_beside_the_floors_at_three_sizes(database_url: str) -> None:
    addresses = {size: seeded(database_url, appointments=size) for size in SIZES}
    with ExitStack() as stack:
        sides = {size: Sides(stack, address) for size, address in addresses.items()}
        in_turns(sides.values())
        memory = max(one.ours.megabytes() for one in sides.values())
    rows: dict[int, Figure] = {}
    written: list[Figure] = []
    for size, one in sides.items():
        inside = in_process(addresses[size], one.slots)
        assert inside["queries"] <= MOST_QUERIES
        *floors, rows[size] = one.figures(f", {size:,} appointments")
        rows[size] = replace(rows[size], what=f"{rows[size].what}, {inside['queries']} queries")
        selector = measured(f"selector in process, {size:,} appointments", inside["times"], floor=one.floor_ms)
        written += [*floors, selector, rows[size]]
    small, large = rows[SIZES[0]], rows[SIZES[-1]]
    flat = large.median / small.median
    written[-1] = replace(large, target=f"{large.target}; ≤ {FLAT} × of {SIZES[0]:,}: {flat:.2f}")
    used = Figure("memory of the web worker", memory, memory, memory, None, f"≤ {MOST_MEMORY} MB", "MB")
    words = (
        f"A month of everybody's free times takes {large.median:.0f} ms at a clinic with {SIZES[-1]:,} visits,"
        f" {flat:.2f} times as long as at one with {SIZES[0]:,}."
    )
    write("1a-slots", "Free times of 10 therapists in 28 days", [*written, used], words=words)
    assert memory < MOST_MEMORY
    assert max(row.ratio or 0 for row in rows.values()) <= TO_THE_FLOOR, rows
    assert flat <= FLAT, rows


def test_one_therapist_costs_the_same_among_ten_and_among_a_hundred(database_url: str) -> None:
    with ExitStack() as stack:
        sides = {}
        for practitioners in (10, 100):
            appointments = SIZES[0] * practitioners // 10
            address = seeded(database_url, appointments=appointments, practitioners=practitioners)
            sides[practitioners] = Sides(stack, address, practitioner=first_practitioner(address))
        in_turns(sides.values())
    few, many = [one.figures(f" of one therapist of {number}") for number, one in sides.items()]
    flat = many[-1].median / few[-1].median
    many[-1] = replace(many[-1], target=f"≤ {FLAT} × of 10: {flat:.2f}")
    words = f"Among a hundred therapists one of them takes {flat:.2f} times as long as among ten."
    write("1b-slots-of-one", "Free times of one therapist in 28 days", [*few, *many], words=words)
    assert flat <= FLAT, (few, many)


def test_free_times_beside_django_appointment(database_url: str, tmp_path: Path) -> None:
    """The peer gets the same visits, hours, breaks, days off and buffers, and is spared the rooms, which it has not."""
    address = seeded(database_url, appointments=SIZES[0])
    site, python, filled = peer_site(address, database_url, tmp_path)
    theirs: list[float] = []
    with ExitStack() as stack:
        sides = Sides(stack, address)
        peer = stack.enter_context(web("peer_site", site, python=python, folder=Path(__file__).parent))
        for _ in range(PEER_ROUNDS):
            theirs += times_of(
                lambda: [peer.get(one, AS_ITS_PAGES_ASK) for one in filled["addresses"]], number=1, warm=0
            )
            sides.ask(CALLS // PEER_ROUNDS)
    *_, ours = sides.figures("")
    ratio = median(theirs) * 1000 / ours.median
    what = f"{PEER}, {len(filled['addresses'])} calls, {filled['queries']:,} queries"
    target = f"≥ {FASTER_THAN_PEER} × `GET slots/`: {ratio:,.0f}"
    slowest = measured(what, theirs, floor=sides.floor_ms, target=target)
    title = f"The same work by another package, {SIZES[0]:,} appointments"
    words = f"{PEER} gets the same clinic without its rooms. Its pages ask for one therapist and one day at a time."
    if ratio < FASTER_THAN_PEER:
        words += f" {WHY_NOT_FASTER.format(goal=FASTER_THAN_PEER, bare=median(theirs) / median(sides.times['bare']))}"
    write("1c-peer", title, [replace(ours, what="`GET slots/`, 1 call"), slowest], words=words)
    assert ratio >= AT_LEAST_FASTER, (ours, slowest)


class Sides:
    """Drypoint and the floors on one database, what they are asked, and how long each answer took."""

    def __init__(self, stack: ExitStack, address: str, **more: str) -> None:
        today = datetime.now(ZONE).date()
        last = today + timedelta(days=27)
        asked = {"service": "first-visit", "from": today, "to": last, **more}
        closed = " ".join(map(str, public_holidays(PROVINCE, from_date=today, to_date=last)))
        self.slots = f"/api/v1/slots/?{urlencode(asked)}"
        self.ranges = f"/floor/?{urlencode(asked | {'closed': closed})}"
        self.ours, self.bare = stack.enter_context(drypoint(address)), stack.enter_context(bare(address))
        self.times: dict[str, list[float]] = {"bare": [], "floor": [], "slots": []}
        self.must_agree(address)

    def ask(self, number: int) -> None:
        """Each of them so many times."""
        ways: dict[str, tuple[Web, str]] = {
            "bare": (self.bare, self.ranges),
            "floor": (self.ours, self.ranges),
            "slots": (self.ours, self.slots),
        }
        for name, (server, path) in ways.items():
            self.times[name] += times_of(lambda server=server, path=path: server.get(path), number=number)

    @property
    def floor_ms(self) -> float:
        return median(self.times["floor"]) * 1000

    def figures(self, label: str) -> list[Figure]:
        """Bare floor, floor and slots; ratios are to the floor, and the last says its ratio to the bare one as well."""
        slots = median(self.times["slots"]) / median(self.times["bare"])
        target = f"≤ {TO_THE_FLOOR:.0f} × floor; {slots:.2f} × bare floor"
        return [
            measured(f"bare floor{label}", self.times["bare"], floor=self.floor_ms),
            measured(f"floor{label}", self.times["floor"], floor=self.floor_ms),
            measured(f"`GET slots/`{label}", self.times["slots"], floor=self.floor_ms, target=target),
        ]

    def must_agree(self, address: str) -> None:
        """The floors' ranges hold exactly the times that are offered (of those that notice doesn't forbid)."""
        with psycopg.connect(address) as connection:
            [(minutes, notice)] = connection.execute(
                "SELECT minutes, minimum_notice_minutes FROM booking_healthcareservice s, booking_location"
                " WHERE s.slug = 'first-visit'"
            )
        earliest = datetime.now(ZONE) + timedelta(minutes=notice) + STEP
        offered = json.loads(self.ours.get(self.slots))["slots"]
        ours = {(one["practitioner"], datetime.fromisoformat(one["start"])) for one in offered}
        for server in (self.bare, self.ours):
            ranges = json.loads(server.get(self.ranges))
            floor = {one for row in ranges for one in starts_in(row, timedelta(minutes=minutes))}
            assert {one for one in floor if one[1] >= earliest} == {one for one in ours if one[1] >= earliest}
        assert ours


def starts_in(row: dict[str, str], length: timedelta) -> Iterator[tuple[str, datetime]]:
    """Every quarter of an hour (the hours of the seeded clinic begin on one) at which a visit lies in the range."""
    step, last = STEP.seconds, datetime.fromisoformat(row["end"]) - length
    start = -(-datetime.fromisoformat(row["start"]).timestamp() // step) * step
    while start <= last.timestamp():
        yield row["practitioner"], datetime.fromtimestamp(start, ZONE)
        start += step


def in_turns(sides: Iterable[Sides]) -> None:
    """All of them, a few calls each, again and again."""
    for _ in range(CALLS // 20):
        for one in sides:
            one.ask(20)


def in_process(address: str, path: str) -> dict[str, Any]:
    """Seconds of the selector alone, and the queries of a whole request."""
    command = [sys.executable, "-m", "tests.benchmarks.selector", str(CALLS), path]
    done = subprocess.run(command, env=environment(address), cwd=ROOT, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def first_practitioner(address: str) -> str:
    with psycopg.connect(address) as connection:
        [(found,)] = connection.execute("SELECT id FROM booking_practitioner ORDER BY name LIMIT 1")
    return str(found)


def peer_site(address: str, server: str, folder: Path) -> tuple[dict[str, str], str, dict[str, Any]]:
    """The peer in an environment of its own, filled with the clinic of this address: its environment, its Python, and
    what `peer.py` printed."""
    python, uv = str(folder / "peer" / "bin" / "python"), str(ROOT / ".tools" / "bin" / "uv")
    wanted = [PEER, "psycopg[binary]", "gunicorn"]
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(folder / "peer")], check=True)
    subprocess.run([uv, "pip", "install", "--quiet", "--python", python, *wanted], check=True)
    site = {"PATH": os.environ["PATH"], "DATABASE_URL": make_database(server, "bench_peer")}
    (folder / "clinic.json").write_text(json.dumps(clinic_for_peer(address)))
    command = [python, str(ROOT / "tests" / "benchmarks" / "peer.py"), str(folder / "clinic.json")]
    done = subprocess.run(command, env=site, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return site, python, json.loads(done.stdout.splitlines()[-1])


def clinic_for_peer(address: str) -> dict[str, Any]:
    """All of it in wall time: hours (0 is Sunday there, one stretch a day), breaks as dates, days off, all visits."""
    days = [datetime.now(ZONE).date() + timedelta(days=number) for number in range(28)]
    with psycopg.connect(address) as connection:

        def ask(order: LiteralString) -> list[Any]:
            return connection.execute(order).fetchall()

        people = [one for (one,) in ask("SELECT id FROM booking_practitioner ORDER BY name")]
        lines = ask("SELECT practitioner_id, weekday, start_time::text, end_time::text, is_break FROM booking_schedule")
        off = ask("SELECT practitioner_id, start FROM booking_timeoff")
        visits = ask(
            'SELECT practitioner_id, start, "end" FROM booking_appointment'
            " WHERE status NOT IN ('cancelled', 'entered-in-error')"
        )
        [(minutes, buffer)] = ask(
            "SELECT minutes, buffer_after FROM booking_healthcareservice WHERE slug = 'first-visit'"
        )

    def of(one: Any) -> dict[str, Any]:
        mine = [line[1:] for line in lines if line[0] == one]
        return {
            "hours": [((day + 1) % 7, start, end) for day, start, end, is_break in mine if not is_break],
            "breaks": [(str(on), *line[1:3]) for on in days for line in mine if line[3] and line[0] == on.weekday()],
            "off": [str(wall(start).date()) for who, start in off if who == one],
            "visits": [in_wall_time(start, end) for who, start, end in visits if who == one],
        }

    dates = [str(day) for day in days]
    return {"days": dates, "minutes": minutes, "buffer": buffer, "therapists": [of(one) for one in people]}


def wall(moment: datetime) -> datetime:
    return moment.astimezone(ZONE)


def in_wall_time(start: datetime, end: datetime) -> tuple[str, str, str]:
    first, last = wall(start), wall(end)
    return first.date().isoformat(), first.time().isoformat(), last.time().isoformat()

"""How fast free times are: floor, selector, HTTP and django-appointment side by side, on clinics of three sizes.

The work is always the same: a first visit, 10 therapists, 28 days, rooms and buffers. The floor is one SQL that answers
the same free ranges as JSON through the same web server.
"""

import json
import os
import random
import subprocess
import sys
from datetime import date, datetime, timedelta
from pathlib import Path
from statistics import median
from zoneinfo import ZoneInfo

import psycopg
import pytest

from config.local.ports import free_near
from tests.benchmarks.datasets import ROOT, Web, environment, make_database, seeded, web
from tests.benchmarks.figures import Figure, measured, times_of, write

pytestmark = pytest.mark.bench
SIZES = [int(one) for one in os.environ.get("BENCH_SIZES", "3000,30000,300000").split(",")]
CALLS = int(os.environ.get("BENCH_CALLS", "200"))
ZONE = ZoneInfo("America/Edmonton")  # of the seeded clinic
PEER = "django-appointment==3.12.0"
MOST_QUERIES, MOST_MEMORY = 5, 150  # MB
TO_THE_FLOOR, FLAT, FASTER_THAN_PEER = 2.0, 1.2, 400
IN_PROCESS = """
import json, sys, time
import django
django.setup()
from datetime import timedelta
from django.db import connection
from django.test.utils import CaptureQueriesContext
from booking.models import HealthcareService
from booking.selectors.slots import free_slots
from intake.clock import clinic_date, now
service, today = HealthcareService.objects.get(slug="first-visit"), clinic_date(now())
def ask():
    return free_slots(service=service, from_date=today, to_date=today + timedelta(days=27), now=now())
for _ in range(5):
    ask()
times = []
for _ in range(int(sys.argv[1])):
    began = time.perf_counter()
    ask()
    times.append(time.perf_counter() - began)
with CaptureQueriesContext(connection) as queries:
    found = len(ask())
print(json.dumps({"times": times, "queries": len(queries) + 1, "slots": found}))  # and one more for the service
"""


def test_slots_beside_the_floor_and_the_peer(database_url: str, tmp_path: Path) -> None:
    port = free_near(random.randrange(20_000, 30_000), taken=set())
    rows: list[Figure] = []
    http: dict[int, Figure] = {}
    memory = 0.0
    for size in SIZES:
        address = seeded(database_url, appointments=size)
        with web(address, port=port) as server:
            floor, whole = _side_by_side(server, "")
            memory = max(memory, server.megabytes())
        inside = _in_process(address)
        label = f"{size:,} appointments"
        base = median(floor) * 1000
        http[size] = measured(f"`GET slots/`, {label}", whole, floor=base, target=f"≤ {TO_THE_FLOOR:.0f} × floor")
        rows += [
            measured(f"floor: one SQL, {label}", floor, floor=base),
            measured(f"selector in process, {label}", inside["times"], floor=base),
            http[size],
        ]
        assert inside["queries"] <= MOST_QUERIES
    small, large = http[SIZES[0]], http[SIZES[-1]]
    rows += _one_of_many(database_url, port)
    peer = _peer(seeded(database_url, appointments=SIZES[0]), database_url, tmp_path)
    slowest = measured(
        f"{PEER}, {peer['calls']} calls, {peer['queries']:,} queries",
        peer["times"],
        floor=small.median / (small.ratio or 1),
        target=f"≥ {FASTER_THAN_PEER} × `GET slots/`: {median(peer['times']) * 1000 / small.median:,.0f} ×",
    )
    used = Figure("memory of the web worker", memory, memory, memory, None, f"≤ {MOST_MEMORY} MB", "MB")
    flat = f"≤ {FLAT} × of {SIZES[0]:,}: {large.median / small.median:.2f} ×"
    rows[rows.index(large)] = Figure(**{**_fields(large), "target": f"{large.target}; {flat}"})
    write("1-slots", "Free times of 10 therapists in 28 days", [*rows, slowest, used])
    assert memory < MOST_MEMORY
    wrong = [one.what for one in http.values() if (one.ratio or 0) > TO_THE_FLOOR]
    assert not wrong, rows
    assert large.median <= FLAT * small.median
    assert median(peer["times"]) * 1000 >= FASTER_THAN_PEER * small.median


def _one_of_many(database_url: str, port: int) -> list[Figure]:
    """One therapist asked for, at a clinic of 10 and at one of 100."""
    rows: list[Figure] = []
    for practitioners in (10, 100):
        address = seeded(database_url, appointments=SIZES[0] * practitioners // 10, practitioners=practitioners)
        with psycopg.connect(address) as connection:
            row = connection.execute("SELECT id FROM booking_practitioner ORDER BY name LIMIT 1").fetchone()
        assert row
        with web(address, port=port) as server:
            floor, whole = _side_by_side(server, f"&practitioner={row[0]}")
        rows.append(measured(f"`GET slots/` of one therapist of {practitioners}", whole, floor=median(floor) * 1000))
    few, many = rows
    ratio = many.median / few.median
    rows[1] = Figure(**{**_fields(many), "target": f"≤ {FLAT} × of 10: {ratio:.2f} ×"})
    return rows


def _fields(row: Figure) -> dict[str, object]:
    return {name: getattr(row, name) for name in Figure.__slots__}


def _side_by_side(server: Web, more: str) -> tuple[list[float], list[float]]:
    """Seconds of floor and of slots, in turns, so that a busy moment hits both."""
    today = _today()
    days = f"service=first-visit&from={today}&to={today + timedelta(days=27)}{more}"
    floor: list[float] = []
    whole: list[float] = []
    for _ in range(CALLS // 20):
        floor += times_of(lambda: server.get(f"/floor/?{days}"), number=20)
        whole += times_of(lambda: server.get(f"/api/v1/slots/?{days}"), number=20)
    return floor, whole


def _in_process(address: str) -> dict[str, object]:
    command = [sys.executable, "-c", IN_PROCESS, str(CALLS)]
    done = subprocess.run(command, env=environment(address), cwd=ROOT, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def _peer(address: str, server: str, folder: Path) -> dict[str, object]:
    """The peer in an environment of its own, on the same server and the same visits."""
    python = folder / "peer" / "bin" / "python"
    uv = str(ROOT / ".tools" / "bin" / "uv")
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(folder / "peer")], check=True)
    subprocess.run([uv, "pip", "install", "--quiet", "--python", str(python), PEER, "psycopg[binary]"], check=True)
    where = make_database(server, "bench_peer")
    clinic = folder / "clinic.json"
    clinic.write_text(json.dumps(_clinic_for_peer(address)))
    command = [str(python), str(ROOT / "tests" / "benchmarks" / "peer.py")]
    done = subprocess.run(
        [*command, where, str(clinic), "3"],
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def _clinic_for_peer(address: str) -> dict[str, object]:
    """Hours (0 is Sunday there, one stretch a day), days off, and visits of the coming days, in wall time."""
    today = _today()
    with psycopg.connect(address) as connection:
        ids = [row[0] for row in connection.execute("SELECT id FROM booking_practitioner ORDER BY name").fetchall()]
        hours = connection.execute(
            "SELECT practitioner_id, (weekday + 1) % 7, min(start_time)::text, max(end_time)::text"
            " FROM booking_schedule GROUP BY 1, 2"
        ).fetchall()
        off = connection.execute("SELECT practitioner_id, start FROM booking_timeoff").fetchall()
        visits = connection.execute(
            'SELECT practitioner_id, start, "end" FROM booking_appointment WHERE start >= %s AND status <> %s',
            [f"{today} 06:00+00", "cancelled"],
        ).fetchall()
        row = connection.execute("SELECT minutes FROM booking_healthcareservice WHERE slug = 'first-visit'").fetchone()
    assert row

    def wall(start, end):
        first, last = start.astimezone(ZONE), end.astimezone(ZONE)
        return first.date().isoformat(), first.time().isoformat(), last.time().isoformat()

    return {
        "first": today.isoformat(),
        "minutes": row[0],
        "therapists": [
            {
                "hours": [line[1:] for line in hours if line[0] == one],
                "off": [line[1].astimezone(ZONE).date().isoformat() for line in off if line[0] == one],
                "visits": [wall(*line[1:]) for line in visits if line[0] == one],
            }
            for one in ids
        ],
    }


def _today() -> date:
    return datetime.now(ZONE).date()

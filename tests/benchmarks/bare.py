"""The barest floor: one SQL, psycopg and nothing else, through the same web server as Drypoint.

    gunicorn tests.benchmarks.bare    (DATABASE_URL says where)

For each therapist: hours less time off less what is taken with its buffers; for each of them and each room that suits,
what of that is free in both. A visit can begin wherever it lies in one of these ranges. It knows what a seeded clinic
has, and nothing of imported calendars, dated hours, closed rooms, notice, gaps or limits.
"""

import os
import threading
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl

import psycopg

FREE = """
WITH asked AS (
  SELECT s.*, l.time_zone, l.id AS place FROM booking_healthcareservice s, booking_location l WHERE s.slug = %(service)s
), days AS (
  SELECT d::date AS day FROM generate_series(%(from)s::date, %(to)s::date, interval '1 day') d
  WHERE d::date <> ALL(%(closed)s::date[])
), people AS (
  SELECT p.id FROM booking_practitioner p JOIN booking_healthcareservice_practitioners o ON o.practitioner_id = p.id
  JOIN asked ON asked.id = o.healthcareservice_id
  WHERE p.active AND (%(practitioner)s::uuid IS NULL OR p.id = %(practitioner)s::uuid)
), hours AS (
  SELECT id, range_agg(stretch) FILTER (WHERE NOT is_break)
    - coalesce(range_agg(stretch) FILTER (WHERE is_break), '{}') AS open
  FROM (
    SELECT h.practitioner_id AS id, h.is_break, tstzrange(
      (days.day + h.start_time) AT TIME ZONE asked.time_zone,
      (days.day + h.end_time) AT TIME ZONE asked.time_zone) AS stretch
    FROM asked, days JOIN booking_schedule h ON h.weekday = extract(isodow FROM days.day) - 1
    WHERE (h.first_date IS NULL OR h.first_date <= days.day) AND (h.last_date IS NULL OR days.day <= h.last_date)
      AND (h.every_weeks = 1 OR
           (date_trunc('week', days.day)::date - date_trunc('week', h.first_date)::date) / 7 %% h.every_weeks = 0)
  ) lines GROUP BY id
), span AS (
  SELECT tstzrange(%(from)s::date - 1, %(to)s::date + 2) AS whole
), free_people AS MATERIALIZED (
  SELECT people.id, hours.open
    - coalesce((SELECT range_agg(tstzrange(t.start, t."end")) FROM booking_timeoff t
                WHERE t.practitioner_id = people.id OR t.practitioner_id IS NULL), '{}')
    - coalesce(busy.taken, '{}') AS free
  FROM asked, span, people JOIN hours ON hours.id = people.id, LATERAL (
    SELECT range_agg(tstzrange(lower(a.occupied) - asked.buffer_after * interval '1 minute',
                               upper(a.occupied) + asked.buffer_before * interval '1 minute')) AS taken
    FROM booking_appointment a
    WHERE a.practitioner_id = people.id AND a.occupied && span.whole
      AND NOT (a.status IN ('cancelled', 'entered-in-error'))
  ) busy
), free_rooms AS MATERIALIZED (
  SELECT r.id, tstzmultirange(span.whole) - coalesce(busy.taken, '{}') AS free
  FROM asked, span, booking_room r, LATERAL (
    SELECT range_agg(tstzrange(lower(a.occupied) - asked.buffer_after * interval '1 minute',
                               upper(a.occupied) + asked.buffer_before * interval '1 minute')) AS taken
    FROM booking_appointment a
    WHERE a.room_id = r.id AND a.occupied && span.whole
      AND NOT (a.status IN ('cancelled', 'entered-in-error'))
  ) busy
  WHERE r.active AND r.kinds @> ARRAY[asked.room_kind]
), ranges AS (
  SELECT DISTINCT pair.* FROM asked, LATERAL (
    SELECT p.id AS practitioner, unnest(p.free * r.free) AS free FROM free_people p, free_rooms r
  ) pair WHERE upper(pair.free) - lower(pair.free) >= asked.minutes * interval '1 minute'
)
SELECT coalesce(json_agg(json_build_object('practitioner', practitioner, 'start', lower(free), 'end', upper(free))
                         ORDER BY lower(free)), '[]')::text
FROM ranges
"""
_mine = threading.local()


def asked_for(query: str) -> dict[str, Any]:
    """What stands behind the question mark, as the SQL wants it."""
    given = dict(parse_qsl(query, keep_blank_values=True))
    return {"practitioner": None, **given, "closed": given["closed"].split()}


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """The ranges, from this thread's own connection."""
    if not hasattr(_mine, "connection"):
        _mine.connection = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True, options="-c timezone=UTC")
    if environ["PATH_INFO"] != "/floor/":
        start_response("404 Not Found", [])
        return []
    with psycopg.ClientCursor(_mine.connection) as cursor:
        [ranges] = cursor.execute(FREE, asked_for(environ["QUERY_STRING"])).fetchone() or [""]
    body = ranges.encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]

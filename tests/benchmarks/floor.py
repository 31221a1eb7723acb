"""The floor: free ranges of every therapist and room by one SQL, as JSON through the same web server.

Bench only: the addresses of the web application under `tests.benchmarks.settings`. `/floor/` is the least that the
same gunicorn, Django and database connection can do; everything else is Drypoint itself.
"""

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

# For each therapist, hours less time off less what is taken with its buffers; for each of them and each room that
# suits, what of that is free in both. A visit can begin wherever it lies in one of these ranges.
FREE = """
WITH asked AS (
  SELECT s.*, l.time_zone, l.id AS place FROM booking_healthcareservice s, booking_location l WHERE s.slug = %(service)s
), days AS (
  SELECT d::date AS day FROM generate_series(%(from)s::date, %(to)s::date, interval '1 day') d
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


def floor(request: HttpRequest) -> HttpResponse:
    """The ranges, in as little as Django can do."""
    asked = {"practitioner": None, **request.GET.dict()}
    with connection.cursor() as cursor:
        cursor.execute(FREE, asked)
        return HttpResponse(cursor.fetchone()[0], content_type="application/json")


urlpatterns = [path("floor/", floor), path("", include("config.urls"))]

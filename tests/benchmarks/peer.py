"""django-appointment doing the same work: run by its own environment's Python, never by ours.

    python peer.py DATABASE_URL CLINIC.json

The clinic is what test_slots_speed.py wrote: therapists with their hours, visits of the next 28
days. Every therapist is asked for every day through the view that its own pages call. It knows no rooms and no buffers,
and one stretch of hours a weekday, so it has less to do. Prints JSON: seconds of each run, calls, queries, slots found.
"""

import json
import sys
import time
from datetime import date, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

import django
from django.conf import settings
from django.core.management import call_command


def configure(address: str) -> None:
    where = urlsplit(address)
    settings.configure(
        SECRET_KEY="only for a benchmark",
        DEBUG=False,
        ALLOWED_HOSTS=["*"],
        USE_TZ=True,
        TIME_ZONE="America/Edmonton",
        ROOT_URLCONF="peer",
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "appointment"],
        DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "NAME": where.path[1:],
                               "USER": where.username, "HOST": unquote(where.hostname or ""), "CONN_MAX_AGE": None}},
    )  # fmt: skip
    django.setup()


def fill(clinic: dict) -> tuple[list[int], int]:
    from appointment.models import Appointment, AppointmentRequest, DayOff, Service, StaffMember, WorkingHours
    from django.contrib.auth import get_user_model

    service = Service.objects.create(name="First visit", duration=timedelta(minutes=clinic["minutes"]), price=0)
    client = get_user_model().objects.create(username="client")
    staff = []
    for number, one in enumerate(clinic["therapists"]):
        user = get_user_model().objects.create(username=f"t{number}", first_name=f"T{number}")
        member = StaffMember.objects.create(user=user, slot_duration=15, appointment_buffer_time=0)
        member.services_offered.add(service)
        for weekday, start, end in one["hours"]:
            WorkingHours.objects.create(staff_member=member, day_of_week=weekday, start_time=start, end_time=end)
        for day in one["off"]:
            DayOff.objects.create(staff_member=member, start_date=day, end_date=day)
        requests = AppointmentRequest.objects.bulk_create(
            AppointmentRequest(date=day, start_time=start, end_time=end, service=service, staff_member=member,
                               id_request=f"{number}-{place}")
            for place, (day, start, end) in enumerate(one["visits"])
        )  # fmt: skip
        Appointment.objects.bulk_create(
            Appointment(client=client, appointment_request=request, phone="", address="", id_request=request.id_request)
            for request in requests
        )
        staff.append(member.pk)
    return staff, service.pk


def ask(client, staff: list[int], service: int, days: list[date]) -> int:
    found = 0
    for member in staff:
        for day in days:
            answer = client.get(
                "/ajax/available_slots/",
                {"selected_date": day.isoformat(), "staff_member": member, "service_id": service},
                headers={"x-requested-with": "XMLHttpRequest"},
            )
            found += len(json.loads(answer.content).get("available_slots", []))
    return found


def main() -> None:
    configure(sys.argv[1])
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    call_command("migrate", verbosity=0)
    call_command("migrate", run_syncdb=True, verbosity=0)  # it ships no migrations
    clinic = json.loads(Path(sys.argv[2]).read_text())
    staff, service = fill(clinic)
    days = [datetime.fromisoformat(clinic["first"]).date() + timedelta(days=number) for number in range(28)]
    client, times = Client(), []
    with CaptureQueriesContext(connection) as queries:
        found = ask(client, staff, service, days)
        asked = len(queries)
    for _ in range(int(sys.argv[3])):
        began = time.perf_counter()
        ask(client, staff, service, days)
        times.append(time.perf_counter() - began)
    print(json.dumps({"times": times, "calls": len(staff) * 28, "queries": asked, "slots": found}))


if __name__ == "__main__":
    main()
else:  # it is its own ROOT_URLCONF
    from django.urls import include, path

    urlpatterns = [path("", include("appointment.urls"))]

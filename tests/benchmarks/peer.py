"""Fills the peer's site with a clinic, and counts what a list of times costs there; by its own environment's Python.

    DATABASE_URL=... python peer.py CLINIC.json

The clinic is what test_slots_speed.py wrote: therapists with their hours, breaks, days off and all their visits. The
peer has no rooms; its pause between visits is the buffer. Its pages ask for one therapist and one day at a time. Prints
JSON: the addresses to ask, how many queries all of them take together, and how many times they find.
"""

import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import peer_site  # noqa: F401 - it sets Django up
from appointment.models import (
    Appointment,
    AppointmentRequest,
    Config,
    DayOff,
    Service,
    StaffMember,
    Unavailability,
    WorkingHours,
)
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

AS_ITS_PAGES_ASK = {"x-requested-with": "XMLHttpRequest"}


def fill(clinic: dict[str, Any]) -> list[str]:
    """Write the clinic; the addresses that its pages ask, one for each therapist and day."""
    Config.objects.create(slot_duration=15)
    service = Service.objects.create(name="First visit", duration=timedelta(minutes=clinic["minutes"]), price=0)
    client = get_user_model().objects.create(username="client")
    staff = [add_therapist(number, one, clinic, service, client) for number, one in enumerate(clinic["therapists"])]
    asked = [
        {"selected_date": day, "staff_member": one, "service_id": service.pk} for one in staff for day in clinic["days"]
    ]
    return [f"/ajax/available_slots/?{urlencode(one)}" for one in asked]


def add_therapist(number: int, one: dict[str, Any], clinic: dict[str, Any], service: Service, client: Any) -> int:
    """One of them with hours, breaks, days off and visits."""
    user = get_user_model().objects.create(username=f"t{number}", first_name=f"T{number}")
    member = StaffMember.objects.create(
        user=user, slot_duration=15, appointment_buffer_time=0, slot_gap_time=clinic["buffer"]
    )
    member.services_offered.add(service)
    for weekday, start, end in one["hours"]:
        WorkingHours.objects.create(staff_member=member, day_of_week=weekday, start_time=start, end_time=end)
    for day in one["off"]:
        DayOff.objects.create(staff_member=member, start_date=day, end_date=day)
    Unavailability.objects.bulk_create(
        Unavailability(staff_member=member, date=day, start_time=start, end_time=end)
        for day, start, end in one["breaks"]
    )
    requests = AppointmentRequest.objects.bulk_create(
        AppointmentRequest(
            date=day,
            start_time=start,
            end_time=end,
            service=service,
            staff_member=member,
            id_request=f"{number}-{place}",
        )
        for place, (day, start, end) in enumerate(one["visits"])
    )
    Appointment.objects.bulk_create(
        Appointment(client=client, appointment_request=request, phone="", address="", id_request=request.id_request)
        for request in requests
    )
    return member.pk


def main() -> None:
    call_command("migrate", verbosity=0)
    call_command("migrate", run_syncdb=True, verbosity=0)  # it ships no migrations
    addresses = fill(json.loads(Path(sys.argv[1]).read_text()))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    client = Client()
    with CaptureQueriesContext(connection) as queries:
        answers = [client.get(address, headers=AS_ITS_PAGES_ASK).json() for address in addresses]
    found = sum(len(one["available_slots"]) for one in answers)
    print(json.dumps({"addresses": addresses, "queries": len(queries), "slots": found}))


if __name__ == "__main__":
    main()

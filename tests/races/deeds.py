"""What processes do in the races: small steps through the services, by ids because they cross into other processes."""

import time
from contextlib import ExitStack, nullcontext
from datetime import datetime
from typing import Any
from unittest import mock
from uuid import UUID, uuid4

from booking.models import Appointment, HealthcareService, Practitioner
from booking.services.appointments import book_for_caller, confirm_details, reschedule_appointment
from booking.services.holds import expire_holds, hold_time
from booking.services.places import Place, find_place
from booking.services.schedules import add_time_off
from intake.models import User
from intake.services.patients import PatientDetails
from tests.factories.booking import NOW


def hold(
    service: UUID,
    practitioner: UUID | None,
    start: datetime,
    key: UUID | None = None,
    holder: str = "",
    now: datetime = NOW,
) -> UUID:
    """Somebody on the patient pages holds a time."""
    held = hold_time(
        screening=None,
        service=HealthcareService.objects.get(pk=service),
        practitioner=Practitioner.objects.get(pk=practitioner) if practitioner else None,
        start=start,
        request_key=key or uuid4(),
        held_by=holder or str(uuid4()),
        source="patient",
        now=now,
    )
    return held.appointment.pk


def hold_and_confirm(service: UUID, practitioner: UUID | None, start: datetime) -> None:
    """... and says who they are."""
    confirm(hold(service, practitioner, start))


def confirm(appointment: UUID, now: datetime = NOW) -> None:
    """Somebody says who they are."""
    confirm_details(
        appointment=Appointment.objects.get(pk=appointment),
        patient=PatientDetails("Ada", "Berg", None, "ada@example.com", "+17805550123", "en"),
        payment="none",
        policies_accepted=True,
        now=now,
    )


def book_by_phone(service: UUID, practitioner: UUID, start: datetime, staff: UUID) -> None:
    """Reception books for a caller."""
    book_for_caller(
        service=HealthcareService.objects.get(pk=service),
        practitioner=Practitioner.objects.get(pk=practitioner),
        start=start,
        patient=PatientDetails("Bo", "Ek", None, "", "", "en"),
        payment="none",
        request_key=uuid4(),
        by=User.objects.get(pk=staff),
        now=NOW,
    )


def move(appointment: UUID, practitioner: UUID, start: datetime, staff: UUID) -> None:
    """Reception moves a visit."""
    reschedule_appointment(
        appointment=Appointment.objects.select_related("service", "practitioner").get(pk=appointment),
        practitioner=Practitioner.objects.get(pk=practitioner),
        start=start,
        by=User.objects.get(pk=staff),
        now=NOW,
    )


def go_away(practitioner: UUID, start: datetime, end: datetime, staff: UUID) -> None:
    """A therapist takes time off."""
    one = Practitioner.objects.get(pk=practitioner)
    location = one.schedules.all()[0].location
    add_time_off(location=location, practitioner=one, start=start, end=end, by=User.objects.get(pk=staff), now=NOW)


def sweep(now: datetime) -> None:
    """The sweeper comes by."""
    expire_holds(now=now)


def hold_unlocked(service: UUID, practitioner: UUID, start: datetime) -> None:
    """The negative control: the same door with the locks taken off."""
    with _without_locks():
        hold(service, practitioner, start)


def hold_slowly(service: UUID, practitioner: UUID, start: datetime, locked: bool) -> None:
    """A hold that takes its time between looking and writing."""

    def find_place_and_dream(**wish: Any) -> Place:
        place = find_place(**wish)
        time.sleep(0.5)
        return place

    dreaming = mock.patch("booking.services.holds.find_place", find_place_and_dream)
    with nullcontext() if locked else _without_locks(), dreaming:
        hold(service, practitioner, start)


def go_away_in_between(practitioner: UUID, start: datetime, end: datetime, staff: UUID, locked: bool) -> None:
    """Time off that is entered while the hold dreams."""
    time.sleep(0.2)
    with nullcontext() if locked else _without_locks():
        go_away(practitioner, start, end, staff)


def _without_locks() -> ExitStack:
    stack = ExitStack()
    for room in ("holds", "room_picking", "schedules"):
        stack.enter_context(mock.patch(f"booking.services.{room}.lock_resources"))
    return stack

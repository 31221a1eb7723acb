"""Other patients of the clinic, made by its services inside the stack: `stack.manage("shell", ...)` runs this."""

from datetime import date, datetime, timedelta
from uuid import uuid4

from booking.models import Appointment, HealthcareService, Practitioner
from booking.rules.availability import Slot
from booking.rules.walltime import wall_date
from booking.selectors.closures import closure_of
from booking.selectors.slots import free_times
from booking.services.confirming import confirm_details
from booking.services.displacements import Choice, send_choices
from booking.services.holds import hold_time
from booking.services.schedules import add_time_off
from intake.clock import now
from intake.models import Role, User
from intake.services.patients import PatientDetails

BORN = date(1984, 3, 7)


def may_book_courses() -> None:
    """The clinic books up to four first visits in one go."""
    HealthcareService.objects.filter(slug="first-visit").update(course_sessions_max=4)


def calls(name: str) -> None:
    """Somebody has a call with a therapist, a few days from now."""
    _book(name, _free(days=3)[0])


def cant_have_their_calls(*names: str) -> None:
    """These people's calls are on one day with one therapist, who is away then: two other times are kept for each."""
    by = User.objects.filter(role=Role.MANAGER)[0]
    moment, free = now(), _free(days=6)
    first = free[0]
    day = [one for one in free if (one.practitioner, _day(one)) == (first.practitioner, _day(first))]
    visits = [_book(name, slot) for name, slot in zip(names, day[::4], strict=False)]
    off = add_time_off(
        location=visits[0].location,
        practitioner=visits[0].practitioner,
        start=day[0].start,
        end=day[-1].end,
        by=by,
        now=moment,
    )
    instead = iter([one for one in free if _day(one) > _day(first)])
    for visit in visits:
        kept = (next(instead), next(instead))
        choices = [Choice(one.start, Practitioner.objects.get(pk=one.practitioner)) for one in kept]
        send_choices(appointment=visit, choices=choices, closure=closure_of(off), by=by, now=moment)


def _free(*, days: int) -> list[Slot]:
    moment = now()
    today = moment.date() + timedelta(days=days)
    service = HealthcareService.objects.get(slug="phone-call")
    return free_times(service=service, from_date=today, to_date=today + timedelta(days=20), now=moment).slots


def _day(slot: Slot) -> date:
    return wall_date(slot.start, "America/Edmonton")


def _book(name: str, slot: Slot) -> Appointment:
    given, _, family = name.partition(" ")
    details = PatientDetails(given, family, BORN, f"{given.lower()}@example.test", "780 555 0199")
    moment: datetime = now()
    held = hold_time(
        screening=None,
        service=HealthcareService.objects.get(slug="phone-call"),
        practitioner=Practitioner.objects.get(pk=slot.practitioner),
        start=slot.start,
        request_key=uuid4(),
        held_by=f"journey:{given}",
        source=Appointment.Source.PATIENT,
        address="198.51.100.7",
        now=moment,
    )
    return confirm_details(
        appointment=held.appointment, patient=details, payment="none", policies_accepted=True, now=moment
    ).appointment

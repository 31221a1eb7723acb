"""A clinic to book in: plain functions, every value can be given."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from booking.models import (
    Appointment,
    Course,
    HealthcareService,
    Location,
    PaymentTerms,
    Practitioner,
    Registration,
    Room,
    Schedule,
)
from booking.rules.walltime import wall_text
from intake.models import Patient, Role, User

# Monday, 08:00 on the clinic's clock. Edmonton is six hours behind UTC all the year from 2026 on.
NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
_numbers = count(1)
_THERAPIST = {"title": "Physiotherapist", "needling_authorisation": "Dry needling"}


@dataclass(frozen=True)
class Clinic:
    """One place, two rooms, two therapists who work 9 to 17 from Monday to Friday, and four services."""

    location: Location
    rooms: list[Room]
    anna: Practitioner
    ben: Practitioner
    needling: HealthcareService
    follow_up: HealthcareService
    assessment: HealthcareService
    call: HealthcareService


def at(hour: int, minute: int = 0, *, days: int = 1) -> datetime:
    """A time on the clinic's clock, so many days after the Monday of `NOW`, in UTC."""
    return NOW.replace(hour=0, minute=0) + timedelta(days=days, hours=hour + 6, minutes=minute)


def make_location(**over: Any) -> Location:
    number = next(_numbers)
    fields = {
        "name": f"Clinic {number}",
        "slug": f"clinic-{number}",
        "address": "1 Main Street",
        "phone": "+17805550100",
        "email": "clinic@example.org",
        "time_zone": "America/Edmonton",
        "opening_hours": "Monday to Friday, 9 to 17",
        "privacy_officer": "The privacy officer",
    }
    return Location.objects.create(**{**fields, **over})


def make_staff(role: str = Role.RECEPTION, **over: Any) -> User:
    email = f"{role}-{next(_numbers)}@example.org"
    return User.objects.create(**{"email": email, "name": role.title(), "role": role, **over})


def make_practitioner(name: str = "Anna", **over: Any) -> Practitioner:
    over.setdefault("user", make_staff(Role.THERAPIST, name=name) if "user" not in over else None)
    made = Practitioner.objects.create(**{"name": name, **_THERAPIST, **over})
    _registration_of(made).save()
    return made


def _registration_of(practitioner: Practitioner) -> Registration:
    return Registration(
        practitioner=practitioner, title=practitioner.title, number="PT-123", college="College of Physiotherapists"
    )


def make_hours(practitioner: Practitioner, location: Location, **over: Any) -> list[Schedule]:
    """From Monday to Friday (`weekdays`), 9 to 17 (`start`, `end`)."""
    return Schedule.objects.bulk_create(_hours_of(practitioner, location, **over))


def _hours_of(
    practitioner: Practitioner,
    location: Location,
    *,
    weekdays: Iterable[int] = range(5),
    start: time = time(9),
    end: time = time(17),
    **over: Any,
) -> list[Schedule]:
    return [
        Schedule(practitioner=practitioner, location=location, weekday=day, start_time=start, end_time=end, **over)
        for day in weekdays
    ]


def make_terms(service: HealthcareService, **over: Any) -> PaymentTerms:
    """A deposit of 30.00 that late cancelling and not coming cost too, for every visit; or what is said instead."""
    amounts = {"deposit_amount": 3000, "late_fee_amount": 3000, "no_show_fee_amount": 3000}
    variant = over.pop("variant", "any")
    said, _ = PaymentTerms.objects.update_or_create(
        service=service, variant=variant, defaults={"way": "deposit", **amounts, **over}
    )
    return said


def make_service(practitioners: Iterable[Practitioner] = (), **over: Any) -> HealthcareService:
    """With a deposit (`deposit_amount`), the service has terms: late cancelling and not coming cost as much."""
    [made] = _make_services(practitioners, over)
    return made


def _make_services(practitioners: Iterable[Practitioner], *wanted: dict[str, Any]) -> list[HealthcareService]:
    deposits = [one.get("deposit_amount", 3000) for one in wanted]
    made = HealthcareService.objects.bulk_create(
        _service(**{name: value for name, value in one.items() if name != "deposit_amount"}) for one in wanted
    )
    offers = HealthcareService.practitioners.through
    offers.objects.bulk_create(
        offers(healthcareservice=service, practitioner=one) for service in made for one in practitioners
    )
    PaymentTerms.objects.bulk_create(
        PaymentTerms(
            service=service, variant="any", way="deposit", deposit_amount=cents, late_fee_amount=cents,
            no_show_fee_amount=cents,
        )
        for service, cents in zip(made, deposits, strict=True) if cents
    )  # fmt: skip
    return made


def _service(**over: Any) -> HealthcareService:
    number = next(_numbers)
    fields = {
        "slug": f"service-{number}",
        "name": f"Service {number}",
        "minutes": 60,
        "price_amount": 12000,
        "modality": "manual",
        "screening": "full",
        "room_kind": "treatment",
    }
    return HealthcareService(**{**fields, **over})


_SERVICES: tuple[dict[str, Any], ...] = (
    {"name": "First visit with dry needling", "position": 1},
    {
        "name": "Follow-up",
        "minutes": 30,
        "buffer_after": 15,
        "price_amount": 7000,
        "deposit_amount": 2000,
        "position": 2,
    },
    {
        "name": "Assessment without needles",
        "minutes": 45,
        "price_amount": 9000,
        "deposit_amount": 2000,
        "modality": "none",
        "screening": "red-flags",
        "room_kind": "assessment",
        "position": 3,
    },
    {
        "name": "Phone call",
        "minutes": 15,
        "price_amount": 0,
        "deposit_amount": 0,
        "modality": "none",
        "screening": "none",
        "room_kind": "",
        "position": 4,
    },
)


def make_clinic(**over: Any) -> Clinic:
    """Rows alike are written together: most tests begin with all of them."""
    location = make_location(**over)
    rooms = Room.objects.bulk_create(
        [
            Room(location=location, name="Room 1", kinds=["treatment"]),
            Room(location=location, name="Room 2", kinds=["treatment", "assessment"]),
        ]
    )
    anna, ben = both = _make_therapists("Anna", "Ben")
    Schedule.objects.bulk_create(hours for one in both for hours in _hours_of(one, location))
    return Clinic(location, rooms, anna, ben, *_make_services(both, *_SERVICES))


def _make_therapists(*names: str) -> list[Practitioner]:
    users = User.objects.bulk_create(
        User(email=f"{Role.THERAPIST}-{next(_numbers)}@example.org", name=name, role=Role.THERAPIST) for name in names
    )
    made = Practitioner.objects.bulk_create(Practitioner(user=one, name=one.name, **_THERAPIST) for one in users)
    Registration.objects.bulk_create(map(_registration_of, made))
    return made


def make_course(clinic: Clinic, **over: Any) -> Course:
    """Four sessions, five to ten days apart, looked at after the third; its sessions are made by themselves."""
    fields = {
        "service": clinic.needling,
        "practitioner": clinic.anna,
        "sessions": 4,
        "min_days": 5,
        "max_days": 10,
        "review_after": 3,
        "request_key": uuid4(),
        "created_at": NOW,
    }
    return Course.objects.create(**{**fields, **over})


def make_appointment(
    clinic: Clinic,
    *,
    start: datetime,
    patient: Patient | None = None,
    service: HealthcareService | None = None,
    practitioner: Practitioner | None = None,
    room: Room | None = None,
    **over: Any,
) -> Appointment:
    """A visit as a row, past every rule: for states that take long to reach."""
    service = service or clinic.needling
    end = start + timedelta(minutes=service.minutes)
    before, after = timedelta(minutes=service.buffer_before), timedelta(minutes=service.buffer_after)
    terms = service.payment_terms.first() or PaymentTerms()
    fields = {
        "status": "booked",
        "service": service,
        "practitioner": practitioner or clinic.anna,
        "location": clinic.location,
        "room": room or (clinic.rooms[0] if service.room_kind else None),
        "patient": patient,
        "start": start,
        "end": end,
        "occupied": DateTimeTZRange(start - before, end + after),
        "wall_start": wall_text(start, clinic.location.time_zone),
        "time_zone": clinic.location.time_zone,
        "source": "desk",
        "created_at": NOW,
        "confirmed_at": NOW,
        "request_key": uuid4(),
        "price_amount": service.price_amount,
        "deposit_amount": terms.deposit_amount or 0,
        "currency": service.currency,
        "free_cancel_until": start - timedelta(hours=24),
        "late_fee_amount": terms.late_fee_amount or 0,
        "no_show_fee_amount": terms.no_show_fee_amount or 0,
    }
    return Appointment.objects.create(**{**fields, **over})

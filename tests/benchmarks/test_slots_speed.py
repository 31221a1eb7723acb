"""How long free times take to work out for a full clinic."""

import time
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from booking.models import Appointment, Room
from booking.selectors.slots import free_slots
from tests.factories.booking import NOW, at, make_clinic, make_hours, make_practitioner
from tests.factories.intake import make_patient

TARGET = 0.3  # seconds of work for 62 days of ten therapists, on two cores


@pytest.mark.bench
@pytest.mark.django_db
def test_two_months_of_ten_therapists_with_three_thousand_visits() -> None:
    clinic = make_clinic()
    others = [make_practitioner(f"Therapist {number}") for number in range(8)]
    for one in others:
        make_hours(one, clinic.location)
        clinic.needling.practitioners.add(one)
    therapists = [clinic.anna, clinic.ben, *others]
    rooms = [Room.objects.create(location=clinic.location, name=f"R{number}", kinds=["x"]) for number in range(10)]
    patient = make_patient()
    Appointment.objects.bulk_create(
        Appointment(
            status="fulfilled" if day < 0 else "booked",
            service=clinic.needling,
            practitioner=therapist,
            location=clinic.location,
            room=rooms[number],
            start=start,
            end=start + timedelta(hours=1),
            occupied=DateTimeTZRange(start, start + timedelta(hours=1)),
            wall_start="",
            time_zone="America/Edmonton",
            source="desk",
            created_at=NOW,
            request_key=uuid4(),
            price_amount=0,
            deposit_amount=0,
            currency="CAD",
            patient=patient if therapist == clinic.anna else make_patient(email=f"{uuid4()}@example.org"),
        )
        for day in range(-30, 30)
        for number, therapist in enumerate(therapists)
        for start in (at(hour, days=day) for hour in (9, 10, 12, 14, 15))
    )
    began = time.process_time()  # ours alone: the database answers five small questions
    slots = free_slots(service=clinic.needling, from_date=NOW.date(), to_date=NOW.date() + timedelta(days=61), now=NOW)
    took = time.process_time() - began
    print(f"{len(slots)} free times in {took * 1000:.0f} ms")
    assert took < TARGET

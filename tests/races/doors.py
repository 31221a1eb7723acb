"""Every door that leads to a time: each a deed of one process, wanting the same therapist at the same moment."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing.synchronize import Barrier
from unittest import mock
from uuid import UUID, uuid4

from django.db import transaction
from django.test import Client

from booking.errors import NotPossibleNow, SlotNotOffered, SlotTaken
from booking.models import Appointment, HealthcareService, Offer, Practitioner
from booking.rules.walltime import wall_text
from booking.services import realignment
from booking.services.appointments import (
    book_for_caller,
    book_walk_in,
    cancel_appointment,
    confirm_details,
    reschedule_appointment,
    undo_cancellation,
)
from booking.services.courses import hold_course
from booking.services.holds import hold_time
from booking.services.offers import Terms, accept_offer, make_offer
from intake.models import User
from intake.services.patients import PatientDetails
from tests.factories.booking import Clinic, at, make_appointment
from tests.factories.intake import make_patient

SOON = timedelta(minutes=2)  # so that somebody who walks in begins at that very time
Door = Callable[["Wanted"], None]


@dataclass(frozen=True)
class Wanted:
    """A time of a therapist, and what the doors need that begin from something: by ids, for they cross processes."""

    service: UUID
    practitioner: UUID
    start: datetime
    staff: UUID
    moves: tuple[UUID, UUID]
    cancelled: UUID
    offer: UUID
    astray: UUID

    @property
    def now(self) -> datetime:
        return self.start - SOON

    @property
    def until(self) -> datetime:
        return self.start + timedelta(minutes=15)

    @property
    def on(self) -> dict[str, object]:
        return {
            "service": HealthcareService.objects.get(pk=self.service),
            "practitioner": Practitioner.objects.get(pk=self.practitioner),
            "now": self.now,
        }

    @property
    def by(self) -> User:
        return User.objects.get(pk=self.staff)


def prepare(clinic: Clinic, start: datetime, number: int, staff: User, doors: tuple[Door, ...]) -> Wanted:
    """What the two doors begin from: visits elsewhere, one just cancelled at that time, an offer of it, one
    whose clock time is meant to be that one.
    """
    people = iter(make_patient(email=f"{number}-{one}@example.org") for one in range(5))
    elsewhere = [
        make_appointment(
            clinic,
            start=at(9, 15 * number % 60, days=14 + which) + timedelta(hours=number // 4 % 8, days=7 * (number // 32)),
            patient=next(people),
            service=clinic.call,
            practitioner=clinic.ben,
        )
        for which in range(2)
    ]
    cancelled = offer = astray = elsewhere[0].pk
    if undone in doors:
        visit = make_appointment(clinic, start=start, patient=next(people), service=clinic.call)
        reason = Appointment.CancelReason.PATIENT
        cancelled = cancel_appointment(appointment=visit, by=None, reason=reason, now=start - SOON).appointment.pk
    if offered in doors:
        terms = Terms(
            service=clinic.call,
            practitioner=clinic.anna,
            start=start,
            expires_at=start,
            instead_of=elsewhere[1],
        )
        with transaction.atomic():
            offer = make_offer(terms=terms, by=staff, now=start - SOON).offer.pk
    if realigned in doors:
        wall, later = wall_text(start, clinic.location.time_zone), start + timedelta(days=70)
        patient = next(people)
        astray = make_appointment(clinic, start=later, patient=patient, service=clinic.call, wall_start=wall).pk
    return Wanted(
        service=clinic.call.pk,
        practitioner=clinic.anna.pk,
        start=start,
        staff=staff.pk,
        moves=(elsewhere[0].pk, elsewhere[1].pk),
        cancelled=cancelled,
        offer=offer,
        astray=astray,
    )


def together(barrier: Barrier, door: Door, wanted: Wanted) -> None:
    """Both at this door at the same moment."""
    barrier.wait(timeout=60)
    door(wanted)


def patient_page(wanted: Wanted) -> None:
    held = hold_time(
        **wanted.on, screening=None, start=wanted.start, request_key=uuid4(), held_by=str(uuid4()), source="patient"
    )
    confirm_details(
        appointment=held.appointment,
        patient=PatientDetails("Ada", "Berg", None, f"{uuid4()}@example.com", "+17805550123"),
        payment="none",
        policies_accepted=True,
        now=wanted.now,
    )


def api(wanted: Wanted) -> None:
    service = HealthcareService.objects.get(pk=wanted.service).slug
    wish = {"service": service, "practitioner": str(wanted.practitioner), "start": wanted.start.isoformat()}
    number = uuid4().int
    address = f"10.{number % 251}.{number // 251 % 251}.1"
    with mock.patch("booking.api.views.now", return_value=wanted.now):
        answer = Client(REMOTE_ADDR=address).post(
            "/api/v1/holds/", json.dumps(wish), content_type="application/json", HTTP_IDEMPOTENCY_KEY=str(uuid4())
        )
    for refusal in (SlotTaken, SlotNotOffered):
        if answer.status_code == refusal.status and answer.json()["code"] == refusal.code:
            raise refusal
    assert answer.status_code == 201, answer.content


def desk(wanted: Wanted) -> None:
    _for_caller(book_for_caller, wanted, start=wanted.start)


def walk_in(wanted: Wanted) -> None:
    _for_caller(book_walk_in, wanted)


def _for_caller(book: Callable[..., object], wanted: Wanted, **more: object) -> None:
    bo = PatientDetails("Bo", "Ek", None, "", "")
    book(**wanted.on, **more, patient=bo, payment="none", request_key=uuid4(), by=wanted.by)


def staff_moves(wanted: Wanted) -> None:
    _move(wanted, wanted.moves[0], wanted.by)


def patient_moves(wanted: Wanted) -> None:
    _move(wanted, wanted.moves[1], None)


def _move(wanted: Wanted, visit: UUID, by: User | None) -> None:
    reschedule_appointment(
        appointment=Appointment.objects.select_related("service", "practitioner").get(pk=visit),
        practitioner=Practitioner.objects.get(pk=wanted.practitioner),
        start=wanted.start,
        by=by,
        now=wanted.now,
    )


def course(wanted: Wanted) -> None:
    hold_course(
        **wanted.on,
        starts=[wanted.start, wanted.start + timedelta(days=28, hours=wanted.start.minute // 30)],
        screening=None,
        request_key=uuid4(),
        held_by=str(uuid4()),
        source="patient",
    )


def undone(wanted: Wanted) -> None:
    undo_cancellation(appointment=Appointment.objects.get(pk=wanted.cancelled), by=None, now=wanted.now)


def offered(wanted: Wanted) -> None:
    accept_offer(offer=Offer.objects.get(pk=wanted.offer), now=wanted.now)


def realigned(wanted: Wanted) -> None:
    """The clocks' law has changed, and this visit is put back to its clock time."""
    [shift] = realignment._realign_batch([Appointment.objects.get(pk=wanted.astray)], wanted.now, durable=True)
    if shift.problem:
        raise SlotTaken


TAKERS: tuple[Door, ...] = (
    patient_page,
    api,
    desk,
    walk_in,
    staff_moves,
    patient_moves,
    course,
    undone,
    offered,
    realigned,
)
# Why whoever was slower is refused: the time, or what they wanted to put there, is gone.
REFUSALS = {SlotTaken.code, NotPossibleNow.code, "too-late"}

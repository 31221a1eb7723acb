"""The one order in which everything is locked: practitioners, rooms, patient, appointments, packages, payments, each by
primary key.

Whoever starts from an appointment reads its resources unlocked, locks in this order, and looks again.
"""

from collections.abc import Iterable, Sequence
from typing import TypeVar
from uuid import UUID

from django.db import connection
from django.db.models import Case, IntegerField, Model, QuerySet, When

from booking.errors import NotPossibleNow
from booking.models import Appointment, Package, Practitioner, Room
from booking.payments.models import Payment
from intake.models import Patient

Row = TypeVar("Row", bound=Model)


class ChangedMeanwhile(NotPossibleNow):
    """Between looking and locking it got other resources, or its patient: whoever was first is through by now."""


def lock_resources(*, practitioners: Iterable[UUID | None], rooms: Iterable[UUID | None] = ()) -> None:
    """Lock therapists, then rooms. Rows that others point at meanwhile are not held up (no key update)."""
    _lock(Practitioner.objects.filter(pk__in=_known(practitioners)))
    _lock(Room.objects.filter(pk__in=_known(rooms)))


def lock_a_room(rooms: Sequence[UUID]) -> UUID | None:
    """Lock the first of these rooms that nobody else has locked, without waiting; None if all are."""
    order = Case(*(When(pk=room, then=place) for place, room in enumerate(rooms)), output_field=IntegerField())
    unlocked = Room.objects.filter(pk__in=rooms).select_for_update(no_key=True, skip_locked=True)
    return unlocked.order_by(order).values_list("pk", flat=True).first()


def lock_appointment(
    appointment: Appointment,
    *,
    practitioners: Iterable[UUID] = (),
    rooms: Iterable[UUID] = (),
    patient: Patient | None = None,
    stays: bool = False,
) -> Appointment:
    """Lock an appointment after its resources (and those named besides), then its payments; the row as it is now.

    `stays`: time and room remain as they are, so the room is not locked and visits at other times need not wait for it.

    :raises ChangedMeanwhile: it was moved to other resources in the meantime
    """
    return lock_appointments([appointment], practitioners=practitioners, rooms=rooms, patient=patient, stays=stays)[0]


def lock_appointments(
    appointments: Iterable[Appointment],
    *,
    practitioners: Iterable[UUID] = (),
    rooms: Iterable[UUID] = (),
    patient: Patient | None = None,
    stays: bool = False,
) -> list[Appointment]:
    """The same for several at once; the rows as they are now, in the order in which they were given.

    :raises ChangedMeanwhile: one was moved to other resources in the meantime
    """
    ids = [one.pk for one in appointments]
    wanted = Appointment.objects.filter(pk__in=ids)
    seen = {one["pk"]: one for one in wanted.values("pk", "practitioner_id", "room_id", "patient_id")}
    lock_resources(
        practitioners=[*practitioners, *(one["practitioner_id"] for one in seen.values())],
        rooms=[*rooms, *(one["room_id"] for one in seen.values() if not stays)],
    )
    patients = [*(one["patient_id"] for one in seen.values()), patient.pk if patient else None]
    _lock(Patient.objects.filter(pk__in=_known(patients)))
    rows = _with_relations(wanted.select_for_update(no_key=True, of=("self",))).order_by("pk")
    locked = {one.pk: one for one in rows}
    if any(getattr(locked[pk], name) != value for pk, was in seen.items() for name, value in was.items()):
        raise ChangedMeanwhile
    _lock(Payment.objects.filter(appointment__in=ids))
    return [locked[pk] for pk in ids]


def lock_patient(patient: Patient) -> None:
    """Lock a record alone: for who starts from it."""
    _lock(Patient.objects.filter(pk=patient.pk))


def lock_package(package: Package) -> Package:
    """Lock a package after its patient, then its payments; the row as it is now.

    The patient's lock is what bookings hold, too: so its last session is used once.
    """
    _lock(Patient.objects.filter(pk=package.patient_id))
    rows = Package.objects.select_for_update(no_key=True, of=("self",)).select_related("location", "patient", "offer")
    locked = rows.get(pk=package.pk)
    _lock(Payment.objects.filter(package=locked))
    return locked


def take_turns(*keys: str) -> None:
    """Let one transaction at a time pass for each of these keys, until it ends. Comes before every row lock (but for
    the turn of the books, which comes after all: who writes money takes it last, too).
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(turn) FROM (SELECT DISTINCT hashtextextended(key, 0) AS turn"
            " FROM unnest(%s::text[]) AS key ORDER BY 1) AS turns",
            [sorted(keys)],
        )


def _with_relations(rows: QuerySet[Appointment]) -> QuerySet[Appointment]:
    return rows.select_related("service", "practitioner__user", "location", "room", "patient", "screening")


def _lock(rows: QuerySet[Row]) -> None:
    list(rows.order_by("pk").select_for_update(no_key=True, of=("self",)).values_list("pk"))


def _known(ids: Iterable[UUID | None]) -> set[UUID]:
    return {one for one in ids if one is not None}

"""The one order in which everything is locked: practitioners, rooms, patient, appointments, payments, each by primary
key.

Whoever starts from an appointment reads its resources unlocked, locks in this order, and looks again.
"""

from collections.abc import Iterable
from typing import TypeVar
from uuid import UUID

from django.db import connection
from django.db.models import Model, QuerySet

from booking.errors import NotPossibleNow
from booking.models import Appointment, Practitioner, Room
from booking.payments.models import Payment
from intake.models import Patient

Row = TypeVar("Row", bound=Model)


class ChangedMeanwhile(NotPossibleNow):
    """Between looking and locking it got other resources, or its patient: whoever was first is through by now."""


def lock_resources(*, practitioners: Iterable[UUID | None], rooms: Iterable[UUID | None] = ()) -> None:
    """Lock therapists, then rooms. Rows that others point at meanwhile are not held up (no key update)."""
    _lock(Practitioner.objects.filter(pk__in=_known(practitioners)))
    _lock(Room.objects.filter(pk__in=_known(rooms)))


def lock_appointment(
    appointment: Appointment,
    *,
    practitioners: Iterable[UUID] = (),
    rooms: Iterable[UUID] = (),
    patient: Patient | None = None,
) -> Appointment:
    """Lock an appointment after its resources (and those named besides), then its payments; the row as it is now.

    :raises ChangedMeanwhile: it was moved to other resources in the meantime
    """
    return lock_appointments([appointment], practitioners=practitioners, rooms=rooms, patient=patient)[0]


def lock_appointments(
    appointments: Iterable[Appointment],
    *,
    practitioners: Iterable[UUID] = (),
    rooms: Iterable[UUID] = (),
    patient: Patient | None = None,
) -> list[Appointment]:
    """The same for several at once; the rows as they are now, in the order in which they were given.

    :raises ChangedMeanwhile: one was moved to other resources in the meantime
    """
    ids = [one.pk for one in appointments]
    wanted = Appointment.objects.filter(pk__in=ids)
    seen = {one["pk"]: one for one in wanted.values("pk", "practitioner_id", "room_id", "patient_id")}
    lock_resources(
        practitioners=[*practitioners, *(one["practitioner_id"] for one in seen.values())],
        rooms=[*rooms, *(one["room_id"] for one in seen.values())],
    )
    patients = [*(one["patient_id"] for one in seen.values()), patient.pk if patient else None]
    _lock(Patient.objects.filter(pk__in=_known(patients)))
    rows = _with_relations(wanted.select_for_update(no_key=True, of=("self",))).order_by("pk")
    locked = {one.pk: one for one in rows}
    if any(getattr(locked[pk], name) != value for pk, was in seen.items() for name, value in was.items()):
        raise ChangedMeanwhile
    _lock(Payment.objects.filter(appointment__in=ids))
    return [locked[pk] for pk in ids]


def take_turns(*keys: str) -> None:
    """Let one transaction at a time pass for each of these keys, until it ends. Comes before every row lock."""
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

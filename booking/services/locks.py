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
    seen = Appointment.objects.values("practitioner_id", "room_id", "patient_id").get(pk=appointment.pk)
    lock_resources(practitioners=[*practitioners, seen["practitioner_id"]], rooms=[*rooms, seen["room_id"]])
    _lock(Patient.objects.filter(pk__in=_known([seen["patient_id"], patient.pk if patient else None])))
    locked = _with_relations(Appointment.objects.select_for_update(no_key=True, of=("self",))).get(pk=appointment.pk)
    if any(getattr(locked, name) != value for name, value in seen.items()):
        raise ChangedMeanwhile
    _lock(Payment.objects.filter(appointment=locked))
    return locked


def take_turns(key: str) -> None:
    """Let one transaction at a time pass for this key, until it ends. Comes before every row lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])


def _with_relations(rows: QuerySet[Appointment]) -> QuerySet[Appointment]:
    return rows.select_related("service", "practitioner__user", "location", "room", "patient", "screening")


def _lock(rows: QuerySet[Row]) -> None:
    list(rows.order_by("pk").select_for_update(no_key=True, of=("self",)).values_list("pk"))


def _known(ids: Iterable[UUID | None]) -> set[UUID]:
    return {one for one in ids if one is not None}

"""Appointments, always narrowed to who asks."""

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet
from django.utils.crypto import constant_time_compare

from booking.models import Appointment
from booking.rules.lifecycle import COMING
from intake.access import is_therapist, live_relations, works_at_desk
from intake.models import Patient, User
from intake.tokens import hash_token

Status = Appointment.Status
_RELATED = ("service", "practitioner__user", "location", "room", "patient", "screening", "course")


def with_relations() -> QuerySet[Appointment]:
    """Appointments with everything that a row on a page shows, in one query."""
    return Appointment.objects.select_related(*_RELATED)


def appointments_of(patient: Patient) -> QuerySet[Appointment]:
    """A patient's visits, the latest first; holds are nobody's yet."""
    return with_relations().filter(patient=patient).order_by("-start")


def visits_ahead(patient: Patient, *, now: datetime) -> QuerySet[Appointment]:
    """A patient's visits to come in their order, requests among them; what is being paid at this moment is none yet."""
    coming = with_relations().filter(patient=patient, status__in=COMING, start__gt=now)
    return coming.exclude(awaiting=Appointment.Awaiting.PAYMENT).order_by("start")


def appointments_of_user(user: User) -> QuerySet[Appointment]:
    """The visits of everybody whom this account may act for and see, the latest first."""
    mine = with_relations().filter(patient__user=user)
    return mine.exclude(patient__guardian_sees=Patient.GuardianSees.NOTHING).order_by("-start")


def appointments_visible_to(user: User, *, now: datetime) -> QuerySet[Appointment]:
    """What a signed-in person may reach: reception and managers every visit, a therapist their own and those of
    patients whom they care for, a patient their own, the owner and strangers none. Each once, without a DISTINCT: over
    all these columns that costs the planner of PostgreSQL a tenth of a second on every page.
    """
    if works_at_desk(user):
        return with_relations()
    if is_therapist(user):
        cared_for = live_relations(now).filter(practitioner=user).values("patient")
        return with_relations().filter(practitioner__user=user) | with_relations().filter(patient__in=cared_for)
    return appointments_of_user(user)


def appointment_by_manage_token(token: str) -> Appointment | None:
    """The booking that this token opens, or None."""
    return with_relations().filter(manage_token_hash=hash_token(token)).first() if token else None


def hold_with_token(hold_id: UUID | str, token: str) -> Appointment | None:
    """The hold (or the booking it became) with this id, if the token is its own; None otherwise."""
    found = with_relations().filter(pk=hold_id).first()
    if found is None or not found.hold_token_hash or not token:
        return None
    return found if constant_time_compare(found.hold_token_hash, hash_token(token)) else None


def has_been_needled(patient: Patient) -> bool:
    """Whether our records show a finished visit with needles."""
    return finished_needlings().filter(patient=patient).exists()


def finished_needlings() -> QuerySet[Appointment]:
    """Finished visits with needles."""
    return Appointment.objects.filter(status=Status.FULFILLED).exclude(service__modality="none")

"""Who may do what, as predicates. A signed-out or deactivated user may nothing."""

from datetime import datetime

import rules
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from intake.models import CareRelation, Patient, Role, User

Somebody = User | AnonymousUser | None


def role_of(user: Somebody) -> str:
    """The role that counts now: empty for nobody."""
    return str(user.role) if isinstance(user, User) and user.is_active else ""


@rules.predicate
def is_patient(user: Somebody) -> bool:
    return role_of(user) == Role.PATIENT


@rules.predicate
def is_therapist(user: Somebody) -> bool:
    return role_of(user) == Role.THERAPIST


@rules.predicate
def works_at_desk(user: Somebody) -> bool:
    """Reception and managers: contact data, money, the day; never answers."""
    return role_of(user) in (Role.RECEPTION, Role.MANAGER)


@rules.predicate
def manages(user: Somebody) -> bool:
    return role_of(user) == Role.MANAGER


@rules.predicate
def owns(user: Somebody) -> bool:
    """Settings and accounts only."""
    return role_of(user) == Role.OWNER


@rules.predicate
def works_here(user: Somebody) -> bool:
    return isinstance(user, User) and user.is_active and user.works_here


def cares_for(user: Somebody, patient: Patient, now: datetime) -> bool:
    """Whether this is a therapist with a live care relation to the patient."""
    return (
        isinstance(user, User)
        and is_therapist(user)
        and live_relations(now).filter(practitioner=user, patient=patient).exists()
    )


def shows_answers(patient: Patient | None) -> bool:
    """Whether pages on the patient's side may show what was answered: not where a therapist, or the clinic's rule for
    young people, lets a parent see visits only, because a link or an account may be the parent's.
    """
    return patient is not None and patient.guardian_sees == Patient.GuardianSees.ALL


def can_see_answers(user: Somebody, patient: Patient | None, now: datetime) -> bool:
    """The account that acts for the patient, unless only visits are shown to it, or a therapist who cares for them.

    A manager needs `can_break_glass` and a reason.
    """
    if patient is None or not isinstance(user, User) or not user.is_active:
        return False
    if user.role == Role.PATIENT:
        return patient.user_id == user.pk and shows_answers(patient)
    return cares_for(user, patient, now)


def can_break_glass(user: Somebody, reason: str) -> bool:
    """A manager who says why may see answers; it is written down and the patient's therapist is told."""
    return bool(manages(user)) and bool(reason.strip())


def can_see_trail(user: Somebody, patient: Patient, now: datetime) -> bool:
    """Who may read who looked at a patient's answers: a therapist who cares for them, and managers."""
    return bool(manages(user)) or cares_for(user, patient, now)


def live_relations(now: datetime) -> QuerySet[CareRelation]:
    """The care relations that hold at this moment."""
    return CareRelation.objects.filter(valid_from__lte=now, valid_until__gt=now)


rules.add_perm("intake.work_at_desk", works_at_desk)
rules.add_perm("intake.manage", manages)
rules.add_perm("intake.own", owns)

"""Who answers when a patient needs help after a visit."""

from datetime import datetime
from uuid import UUID

from booking.models import Location, OnCallTurn
from booking.rules.on_call import Turn, on_duty
from intake.models import Role, User

# Who may see answers: therapists those of whom they look after, managers with a reason.
MAY_ANSWER = (Role.THERAPIST, Role.MANAGER)
_ANSWER_FOR_THE_CLINIC = (Role.MANAGER, Role.OWNER)


def who_may_answer() -> list[User]:
    """Whom the settings offer."""
    return list(User.objects.filter(role__in=MAY_ANSWER, is_active=True).order_by("name", "email"))


def turns_of(location: Location) -> list[OnCallTurn]:
    """All turns, whoever is told first before the others."""
    return list(OnCallTurn.objects.filter(location=location).select_related("user"))


def on_duty_at(location: Location, *, now: datetime) -> tuple[UUID, ...]:
    """Who answers now, in the order in which they are told; nobody who left or may not any more."""
    turns = [
        Turn(one.user_id, frozenset(one.weekdays), one.start_time, one.end_time, one.rank)
        for one in turns_of(location)
        if one.user.is_active and one.user.role in MAY_ANSWER
    ]
    return on_duty(turns, moment=now, zone=location.time_zone)


def who_answers_for_the_clinic() -> list[UUID]:
    """Managers and owners: told when nobody on duty took it."""
    found = User.objects.filter(role__in=_ANSWER_FOR_THE_CLINIC, is_active=True)
    return list(found.order_by("pk").values_list("pk", flat=True))

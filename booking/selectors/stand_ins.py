"""Who answers requests: the therapist, a colleague they named, and whoever is on duty."""

from datetime import datetime

from django.db.models import Q, QuerySet

from booking.models import Practitioner, StandIn, TimeOff
from booking.selectors.practitioners import authorised_to_needle
from intake.clock import clinic_date
from intake.models import Role, User


def stand_ins_at(now: datetime) -> QuerySet[StandIn]:
    """Who stands in for whom at this moment."""
    return StandIn.objects.filter(start__lte=now, end__gt=now).select_related("practitioner__user", "colleague__user")


def coming_stand_ins(*, now: datetime) -> QuerySet[StandIn]:
    """Who stands in for whom now or later, the earliest first."""
    rows = StandIn.objects.filter(end__gt=now).select_related("practitioner", "colleague", "named_by")
    return rows.order_by("start", "practitioner__name")


def stands_in_for(user: User, *, now: datetime) -> QuerySet[Practitioner]:
    """For whom this therapist answers requests at this moment, because somebody named them."""
    named = stand_ins_at(now).filter(colleague__user=user, colleague__in=authorised_to_needle(clinic_date(now)))
    return Practitioner.objects.filter(pk__in=named.values("practitioner"))


def who_answers_for(practitioner: Practitioner, *, now: datetime) -> list[User]:
    """The therapist, and who stands in for them at this moment."""
    named = stand_ins_at(now).filter(practitioner=practitioner, colleague__active=True)
    return [practitioner.user, *(one.colleague.user for one in named)]


def practitioners_on_duty(now: datetime) -> QuerySet[Practitioner]:
    """Therapists authorised to needle who have hours today and are not away at this moment: they may answer a request
    of anybody's.
    """
    today = clinic_date(now)
    away = TimeOff.objects.filter(start__lte=now, end__gt=now)
    whole_clinics = away.filter(practitioner=None).values("location")
    return (
        authorised_to_needle(today)
        .filter(
            Q(schedules__first_date=None) | Q(schedules__first_date__lte=today),
            Q(schedules__last_date=None) | Q(schedules__last_date__gte=today),
            ~Q(schedules__location__in=whole_clinics),
            schedules__weekday=today.weekday(),
        )
        .exclude(pk__in=away.exclude(practitioner=None).values("practitioner"))
        .distinct()
    )


def managers() -> QuerySet[User]:
    """Everybody who manages the clinic."""
    return User.objects.filter(role=Role.MANAGER, is_active=True).order_by("pk")

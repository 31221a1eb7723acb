"""Therapists who can be booked, and for what."""

from datetime import date, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet

from booking.models import DaySchedule, HealthcareService, Location, Practitioner, Schedule

ENDS_SOON: Final = timedelta(days=60)  # time enough to renew it


def needles(service: HealthcareService) -> bool:
    """Whether the service uses needles."""
    return service.modality != HealthcareService.Modality.NONE


def may_needle(practitioner: Practitioner, day: date) -> bool:
    """Whether the therapist's authorisation to needle holds on that day (without an end it holds until withdrawn)."""
    until = practitioner.needling_authorised_until
    return bool(practitioner.needling_authorisation) and (until is None or day <= until)


def practitioners_for(service: HealthcareService) -> QuerySet[Practitioner]:
    """Active therapists who offer the service; for needling only those with an authorisation (its end is a matter of
    dates).
    """
    offered = Practitioner.objects.filter(active=True, services=service)
    return offered.exclude(needling_authorisation="") if needles(service) else offered


def authorised_to_needle(day: date) -> QuerySet[Practitioner]:
    """Active therapists whose authorisation to needle holds on that day."""
    return (
        Practitioner.objects.filter(active=True)
        .exclude(needling_authorisation="")
        .filter(Q(needling_authorised_until__isnull=True) | Q(needling_authorised_until__gte=day))
    )


def works_at(practitioner: UUID, location: Location) -> bool:
    """Whether the therapist has hours at this clinic, weekly ones or of single days."""
    theirs = {"practitioner": practitioner, "location": location}
    return Schedule.objects.filter(**theirs).exists() or DaySchedule.objects.filter(**theirs).exists()


def authorisations_ending(today: date) -> QuerySet[Practitioner]:
    """Active therapists whose authorisation to needle has ended or ends soon, the first to end first."""
    return (
        Practitioner.objects.filter(active=True, needling_authorised_until__lte=today + ENDS_SOON)
        .exclude(needling_authorisation="")
        .order_by("needling_authorised_until", "name")
    )

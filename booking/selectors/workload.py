"""How busy therapists are, so that "any therapist" is fair."""

from datetime import datetime, timedelta

from django.db.models import Count, Q

from booking.models import HealthcareService, Practitioner
from booking.selectors.practitioners import practitioners_for

_HALF_A_DAY = timedelta(hours=12)


def least_busy_first(*, service: HealthcareService, start: datetime) -> list[Practitioner]:
    """Therapists who offer the service, those with the fewest visits around that time first, then by name."""
    visits = Q(appointments__start__gte=start - _HALF_A_DAY, appointments__start__lt=start + _HALF_A_DAY)
    over = Q(appointments__status__in=["cancelled", "entered-in-error"])
    ranked = practitioners_for(service).annotate(visits=Count("appointments", filter=visits & ~over, distinct=True))
    return list(ranked.order_by("visits", "name", "pk"))

"""How busy therapists are, so that "any therapist" is fair."""

from datetime import datetime, timedelta

from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce

from booking.models import Appointment, HealthcareService, Practitioner
from booking.models.appointment import OCCUPYING
from booking.selectors.practitioners import practitioners_for

_HALF_A_DAY = timedelta(hours=12)


def least_busy_first(*, service: HealthcareService, start: datetime) -> list[Practitioner]:
    """Therapists who offer the service, those with the fewest visits around that time first, then by name.

    Counts that day's visits only, however long the history is.
    """
    that_day = Appointment.objects.filter(
        OCCUPYING,
        practitioner=OuterRef("pk"),
        start__gte=start - _HALF_A_DAY,
        start__lt=start + _HALF_A_DAY,
    )
    number = that_day.order_by().values("practitioner").annotate(number=Count("pk")).values("number")
    ranked = practitioners_for(service).annotate(visits=Coalesce(Subquery(number), 0))
    return list(ranked.order_by("visits", "name", "pk"))

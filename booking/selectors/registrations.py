"""Under which number a therapist is registered on a day."""

from datetime import date

from django.db.models import Prefetch, Q, QuerySet

from booking.models import Practitioner, Registration


def registrations_on(day: date) -> QuerySet[Registration]:
    """All registrations that hold on that day; a therapist has one at most."""
    begun = Q(valid_from__isnull=True) | Q(valid_from__lte=day)
    return Registration.objects.filter(begun, Q(valid_until__isnull=True) | Q(valid_until__gte=day))


def practitioners_as_registered(*, on: date) -> QuerySet[Practitioner]:
    """Everybody who works here, each with `registered`: the registration of that day, or none."""
    today = Prefetch("registrations", queryset=registrations_on(on), to_attr="registered")
    return Practitioner.objects.filter(active=True).prefetch_related(today)

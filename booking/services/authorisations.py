"""What a therapist may do: services, and needling with its authorisation."""

from collections.abc import Iterable
from datetime import date, datetime

from django.db import transaction

from booking.models import HealthcareService, Practitioner
from booking.services.constraints import named_constraints
from booking.services.locks import lock_resources
from booking.services.schedules import require_settler
from intake.models import User
from intake.services.audit import record_event


def set_authorisation(
    *,
    practitioner: Practitioner,
    services: Iterable[HealthcareService],
    needling_authorisation: str,
    authorised_until: date | None,
    by: User,
    now: datetime,
) -> None:
    """Say which services a therapist gives, and until when needling is authorised (the day counts; None: without end).

    Visits that are booked stay; those with needles after the end are found by `visits_beyond_authorisation`.

    :raises NotAllowed: `by` is neither a manager nor the owner
    """
    require_settler(by)
    with named_constraints(), transaction.atomic(durable=True):
        lock_resources(practitioners=[practitioner.pk])
        row = Practitioner.objects.get(pk=practitioner.pk)
        row.needling_authorisation = needling_authorisation
        row.needling_authorised_until = authorised_until
        row.save(update_fields=["needling_authorisation", "needling_authorised_until"])
        row.services.set(services)
        until = authorised_until.isoformat() if authorised_until else ""
        record_event(action="authorisation-set", entity=row, by=by, details={"until": until}, now=now)

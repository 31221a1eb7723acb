"""Erasing what the clinic's retention rule no longer allows to keep."""

from collections.abc import Iterator
from datetime import date, datetime

from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.utils.translation import gettext as _

from booking.models import (
    AfterCareAnswer,
    Appointment,
    Cover,
    Document,
    Encounter,
    IncidentEntry,
    KeptCard,
    Location,
    PatientTerms,
    Task,
)
from booking.reminders.addresses import forget_reach
from booking.reminders.models import Communication
from booking.services.waitlist import end_entries_of
from intake.clock import clinic_date
from intake.models import Patient, User
from intake.services.retention import erase_patient, keep_until, lock_to_erase

Status = Appointment.Status


def patients_past_retention(*, location: Location, now: datetime) -> Iterator[Patient]:
    """Records whose last service and majority are longer ago than the clinic keeps them, without those kept on hold."""
    today = clinic_date(now)
    for patient in _candidates(location, today):
        last: datetime = patient.last_service or patient.created_at  # type: ignore[attr-defined]
        keep = keep_until(
            last_service=clinic_date(last),
            birth_date=patient.birth_date,
            retention_years=location.retention_years,
            majority_age=location.majority_age,
        )
        if keep < today:
            yield patient


@transaction.atomic
def erase_record(*, patient: Patient, by: User | None, now: datetime) -> Patient:
    """Erase who somebody was, their answers, the notes of their visits and the words sent to them. Money stays.

    :raises OnHold: the record is kept because of a complaint or claim
    """
    end_entries_of(patient=patient, by=by, now=now)
    lock_to_erase(patient=patient)
    Encounter.objects.filter(appointment__patient=patient).delete()  # what was done, and whose yes it rested on
    AfterCareAnswer.objects.filter(appointment__patient=patient).delete()
    IncidentEntry.objects.filter(incident__appointment__patient=patient).delete()  # that it happened stays counted
    forget_reach(patient=patient)
    erased = erase_patient(patient=patient, by=by, now=now)
    Appointment.objects.filter(patient=patient).update(note=None, manage_token_hash="")
    Task.objects.filter(patient=patient).update(contact=None)
    Document.objects.filter(patient=patient).update(claimant="")  # numbers and sums stay: money has its own law
    KeptCard.objects.filter(patient=patient).update(brand="", last4="")  # the sweep has Stripe forget it
    PatientTerms.objects.filter(patient=patient).delete()  # why something else was agreed may say who they were
    Cover.objects.filter(patient=patient).update(claim_number="", adjuster="", for_online=False)
    messages = Communication.objects.filter(patient=patient)
    open_ones = messages.filter(status__in=[Communication.Status.PREPARATION, Communication.Status.IN_PROGRESS])
    open_ones.update(status=Communication.Status.STOPPED, status_reason=_("The record was erased."))
    messages.update(recipient="", content=None)
    return erased


def _candidates(location: Location, today: date) -> QuerySet[Patient]:
    """Whoever could be due: the exact rule looks at each of them."""
    newest = today.replace(year=today.year - location.retention_years, day=min(today.day, 28))
    found = Patient.objects.filter(erased_at=None, kept_on_hold=False, created_at__date__lte=newest)
    upcoming = Q(appointments__end__date__gt=newest)
    return found.exclude(upcoming).annotate(last_service=Max("appointments__end")).order_by("pk")

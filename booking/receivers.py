"""What intake tells, written down as rows in its transaction and nothing else."""

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from booking.services.broken_glass import tell_the_therapists
from booking.services.new_answers import look_again_at_coming_visits
from intake.models import Patient, Screening, ScreeningDecision, User
from intake.signals import answers_opened, screening_decided


@receiver(screening_decided, sender=Screening)
def new_answers(*, screening: Screening, decision: ScreeningDecision | None, now: datetime, **_more: Any) -> None:
    """New answers of a patient bear on every coming visit; decisions come in through `decide_request`."""
    if decision is None and screening.patient is not None:
        look_again_at_coming_visits(screening=screening, patient=screening.patient, now=now)


@receiver(answers_opened, sender=Screening)
def broken_glass(*, screening: Screening, patient: Patient, by: User, now: datetime, **_more: Any) -> None:
    """A manager opened answers: whoever treats the patient hears of it."""
    tell_the_therapists(screening=screening, patient=patient, by=by, now=now)

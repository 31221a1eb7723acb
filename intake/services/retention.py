"""What is deleted, and when: abandoned forms after a day, records when the clinic's rule says so."""

from collections import Counter
from datetime import date, datetime, timedelta
from typing import Final

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q

from intake.clock import clinic_date
from intake.errors import OnHold
from intake.models import (
    CareRelation,
    Consent,
    Observation,
    Patient,
    QuestionnaireResponse,
    RecordHold,
    Screening,
    StoredAnswer,
    User,
)
from intake.services.audit import record_event

BATCH: Final = 500
ANSWERS_REPLAYED_FOR: Final = timedelta(hours=24)
UNFINISHED: Final = "unfinished"


def delete_abandoned_forms(*, now: datetime) -> int:
    """Delete forms that nobody booked with within 24 hours and return how many; a count per outcome remains.

    A form that makes a later, kept one count as REVIEW is kept with it: a therapist sees both side by side.
    """
    deleted = 0
    while batch := _delete_batch(now):
        deleted += batch
    return deleted


def forget_stored_answers(*, now: datetime) -> int:
    """Delete the answers kept for repeated requests after 24 hours; returns how many."""
    return StoredAnswer.objects.filter(created_at__lte=now - ANSWERS_REPLAYED_FOR).delete()[0]


def keep_until(*, last_service: date, birth_date: date | None, retention_years: int, majority_age: int) -> date:
    """The day from which a record may be erased: the later of both rules, in years after the last service or majority.

    Source: Alberta's College standard (10 years; minors 10 years past 18); each clinic sets its own numbers.
    """
    by_service = _years_later(last_service, retention_years)
    if birth_date is None:
        return by_service
    return max(by_service, _years_later(birth_date, majority_age + retention_years))


def lock_to_erase(*, patient: Patient) -> Patient:
    """The patient, locked: from here on nobody can put the record on hold. Joins the caller's transaction.

    :raises OnHold: the record is kept because of a complaint or claim
    """
    locked = Patient.objects.select_for_update().get(pk=patient.pk)
    if locked.kept_on_hold:
        raise OnHold
    return locked


@transaction.atomic
def erase_patient(*, patient: Patient, by: User | None, now: datetime) -> Patient:
    """Blank who somebody was and delete their answers; the row stays for the ledger and the trail.

    :raises OnHold: the record is kept because of a complaint or claim
    """
    locked = lock_to_erase(patient=patient)
    stricter = Screening.objects.filter(patient=locked).exclude(earlier_stricter=None).values("earlier_stricter")
    beside = list(Screening.objects.filter(pk__in=stricter, patient=None).values_list("response", flat=True))
    QuestionnaireResponse.objects.filter(Q(patient=locked) | Q(pk__in=beside)).delete()
    Observation.objects.filter(patient=locked).delete()
    RecordHold.objects.filter(patient=locked).delete()  # lifted ones: why it was kept may say what happened
    CareRelation.objects.filter(patient=locked).delete()
    Consent.objects.filter(patient=locked).delete()
    locked.given_name = locked.family_name = locked.email = ""
    locked.phone, locked.birth_date, locked.user, locked.contact_verified_at = "", None, None, None
    locked.guardian_sees_why = None
    locked.erased_at = now
    locked.save()
    record_event(action="erased", entity=locked, patient=locked, by=by, now=now)
    return locked


def _years_later(day: date, years: int) -> date:
    """The same day that many years later; the first of March where there is no 29 February."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


@transaction.atomic
def _delete_batch(now: datetime) -> int:
    holds_another_up = Screening.objects.filter(earlier_stricter__response=OuterRef("pk"), response__delete_after=None)
    due = QuestionnaireResponse.objects.filter(~Exists(holds_another_up), delete_after__lte=now, patient=None)
    ids = list(due.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True)[:BATCH])
    rows = QuestionnaireResponse.objects.filter(pk__in=ids).prefetch_related("screenings")
    for (day, outcome), number in Counter(map(_ending, rows)).items():
        _count(day, outcome, number)
    QuestionnaireResponse.objects.filter(pk__in=ids).delete()
    return len(ids)


def _ending(response: QuestionnaireResponse) -> tuple[date, str]:
    latest = max(response.screenings.all(), key=lambda one: one.evaluated_at, default=None)
    moment = latest.evaluated_at if latest else response.started_at
    return clinic_date(moment), latest.outcome if latest else UNFINISHED


def _count(day: date, outcome: str, number: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO intake_screeningcount (date, outcome, count) VALUES (%s, %s, %s) "
            "ON CONFLICT (date, outcome) DO UPDATE SET count = intake_screeningcount.count + EXCLUDED.count",
            [day, outcome, number],
        )

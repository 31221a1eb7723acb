"""What the retention rule no longer allows is erased; everything else stays."""

from datetime import date, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command

from booking.models import Appointment
from booking.services.retention import erase_record, patients_past_retention
from intake.clock import now
from intake.errors import NotAllowed
from intake.models import Patient, QuestionnaireResponse
from tests.factories.booking import Clinic, make_appointment, make_clinic
from tests.factories.intake import make_patient, make_questionnaire, make_response

pytestmark = pytest.mark.django_db


def years_ago(years: float) -> datetime:
    return now() - timedelta(days=365.25 * years)


@pytest.fixture
def clinic() -> Clinic:
    return make_clinic()


def visit(clinic: Clinic, patient: Patient, start: datetime) -> Appointment:
    start = start.replace(minute=0, second=0, microsecond=0)
    return make_appointment(clinic=clinic, patient=patient, start=start, status="fulfilled")


def test_only_records_past_both_rules_are_due(clinic: Clinic) -> None:
    long_gone = make_patient(birth_date=date(1970, 1, 1), created_at=years_ago(13))
    recent = make_patient(birth_date=date(1970, 1, 1), created_at=years_ago(13))
    child_then = make_patient(birth_date=years_ago(25).date(), created_at=years_ago(13))
    on_hold = make_patient(birth_date=date(1970, 1, 1), created_at=years_ago(13), kept_on_hold=True)
    for days, patient in enumerate((long_gone, child_then, on_hold)):
        visit(clinic, patient, years_ago(12) + timedelta(days=days))
    visit(clinic, recent, years_ago(9))
    due = list(patients_past_retention(location=clinic.location, now=now()))
    assert due == [long_gone]


def test_purge_says_what_is_due_and_erases_only_when_told(clinic: Clinic) -> None:
    patient = make_patient(given_name="Canary", birth_date=date(1970, 1, 1), created_at=years_ago(13))
    appointment = visit(clinic, patient, years_ago(12))
    out = StringIO()
    call_command("purge", stdout=out)
    assert "1 due" in out.getvalue()
    patient.refresh_from_db()
    assert patient.given_name == "Canary"
    call_command("purge", "--erase", stdout=StringIO())
    patient.refresh_from_db()
    assert (patient.given_name, patient.birth_date, patient.email) == ("", None, "")
    assert patient.erased_at is not None
    assert Appointment.objects.filter(pk=appointment.pk).exists()


def test_forms_without_a_visit_go_after_a_day_and_leave_a_count(clinic: Clinic) -> None:
    make_questionnaire()
    old, fresh = make_response(now=now() - timedelta(hours=25)), make_response(now=now())
    call_command("purge", stdout=StringIO())
    assert list(QuestionnaireResponse.objects.all()) == [fresh]
    assert old != fresh


def test_a_record_on_hold_is_never_erased(clinic: Clinic) -> None:
    patient = make_patient(kept_on_hold=True)
    with pytest.raises(NotAllowed):
        erase_record(patient=patient, by=None, now=now())

"""What is deleted, and when."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from django.db import connections

from intake.errors import IncompleteAnswers, NotAllowed
from intake.models import (
    AttemptCount,
    AuditEvent,
    Patient,
    QuestionnaireResponse,
    Screening,
    ScreeningCount,
    ScreeningDecision,
    StoredAnswer,
)
from intake.services.limits import count_attempt
from intake.services.retention import delete_abandoned_forms, erase_patient, forget_stored_answers, keep_until
from intake.services.screenings import attach_screening
from intake.tasks import delete_abandoned_forms as sweep
from tests.factories.intake import (
    NOW,
    clear_line,
    make_care_relation,
    make_patient,
    make_response,
    make_screening,
    make_user,
    review_line,
    stop_line,
)

pytestmark = pytest.mark.django_db
DAY = timedelta(hours=24)


def test_a_form_that_nobody_booked_with_goes_after_a_day_and_a_count_remains():
    make_screening(clear_line())
    make_screening(clear_line())
    make_screening(stop_line())
    make_response()
    assert delete_abandoned_forms(now=NOW + DAY - timedelta(seconds=1)) == 0
    assert delete_abandoned_forms(now=NOW + DAY) == 4
    assert delete_abandoned_forms(now=NOW + DAY) == 0
    assert (QuestionnaireResponse.objects.count(), Screening.objects.count()) == (0, 0)
    assert set(ScreeningCount.objects.values_list("date", "outcome", "count")) == {
        (NOW.date(), "CLEAR", 2),
        (NOW.date(), "STOP", 1),
        (NOW.date(), "unfinished", 1),
    }


def test_counts_of_several_sweeps_add_up():
    for minutes in (0, 5):
        make_screening(clear_line(), now=NOW + timedelta(minutes=minutes))
        delete_abandoned_forms(now=NOW + DAY + timedelta(minutes=minutes))
    assert list(ScreeningCount.objects.values_list("outcome", "count")) == [("CLEAR", 2)]


def test_a_form_that_a_visit_rests_on_stays():
    attach_screening(screening=make_screening().screening, patient=make_patient(), now=NOW)
    assert delete_abandoned_forms(now=NOW + 100 * DAY) == 0


def test_a_stop_that_makes_a_kept_form_count_as_review_stays_with_it():
    stop = make_screening(stop_line(), session_hash="s").screening
    mild = attach_screening(
        screening=make_screening(clear_line(), session_hash="s").screening, patient=make_patient(), now=NOW
    )
    assert delete_abandoned_forms(now=NOW + DAY) == 0
    mild.refresh_from_db()
    assert (mild.earlier_stricter, mild.effective_outcome) == (stop, "REVIEW")


def test_nobody_books_with_a_form_that_is_gone():
    screening, patient = make_screening().screening, make_patient()
    delete_abandoned_forms(now=NOW + DAY)
    with pytest.raises(IncompleteAnswers):
        attach_screening(screening=screening, patient=patient, now=NOW + DAY)


@pytest.mark.django_db(transaction=True)
def test_a_booking_at_the_moment_of_the_sweep_either_keeps_the_form_or_is_refused():
    patient = make_patient()
    screenings = [make_screening().screening for _ in range(12)]

    def book(screening):
        try:
            attach_screening(screening=screening, patient=patient, now=NOW + DAY)
        except IncompleteAnswers:
            return None
        finally:
            connections.close_all()
        return screening.pk

    def sweep_all(_):
        try:
            return delete_abandoned_forms(now=NOW + DAY)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        booked, swept = pool.map(book, screenings), pool.map(sweep_all, range(4))
        kept, deleted = {pk for pk in booked if pk}, sum(swept)
    assert set(Screening.objects.values_list("pk", flat=True)) == kept
    assert len(kept) + deleted == 12


def test_the_sweep_also_forgets_kept_answers_and_old_counters():
    StoredAnswer.objects.create(request_hash="a", body_hash="b", created_at=NOW - DAY, content={"body": "x"})
    StoredAnswer.objects.create(request_hash="b", body_hash="b", created_at=NOW)
    count_attempt(key="k", limit=5, window=timedelta(minutes=1), now=NOW - timedelta(days=900))
    assert forget_stored_answers(now=NOW) == 1
    sweep.apply().get()
    assert AttemptCount.objects.count() == 0


@pytest.mark.parametrize(
    ("last_service", "birth_date", "until"),
    [
        (date(2026, 11, 22), date(1986, 4, 3), date(2036, 11, 22)),
        (date(2026, 11, 22), None, date(2036, 11, 22)),
        (date(2026, 11, 22), date(2016, 5, 1), date(2044, 5, 1)),
        (date(2028, 2, 29), date(1986, 4, 3), date(2038, 3, 1)),
    ],
)
def test_a_record_is_kept_for_the_longer_of_both_rules(last_service, birth_date, until):
    assert keep_until(last_service=last_service, birth_date=birth_date, retention_years=10, majority_age=18) == until


def test_erasing_leaves_the_trail_but_not_the_person():
    patient, owner = make_patient(given_name="CANARY", user=make_user("patient")), make_user("owner")
    make_care_relation(make_user(), patient)
    stop = make_screening(stop_line(), session_hash="s")
    mild = attach_screening(
        screening=make_screening(review_line(), session_hash="s").screening, patient=patient, now=NOW
    )
    ScreeningDecision.objects.create(
        screening=mild, decision="declined", decided_by=make_user(), decided_at=NOW,
        content={"reason": "r", "regions": [], "conditions": ""},
    )  # fmt: skip
    erased = erase_patient(patient=patient, by=owner, now=NOW)
    row = Patient.objects.filter(pk=patient.pk).values().get()
    assert row == {
        "id": patient.pk, "user_id": None, "given_name": "", "family_name": "", "birth_date": None, "email": "",
        "phone": "", "language": "en", "contact_verified_at": None, "created_at": NOW, "erased_at": NOW,
        "guardian_sees": "all", "guardian_sees_why": None, "kept_on_hold": False,
    }  # fmt: skip
    assert (erased.pk, Screening.objects.count(), patient.care_relations.count()) == (patient.pk, 0, 0)
    assert stop.screening.pk not in Screening.objects.values_list("pk", flat=True)
    assert AuditEvent.objects.filter(patient_id=patient.pk, action="erased", agent=owner).count() == 1
    assert AuditEvent.objects.filter(patient_id=patient.pk, action="registered").count() == 1


def test_a_record_on_hold_is_not_erased():
    patient = make_patient(kept_on_hold=True)
    with pytest.raises(NotAllowed):
        erase_patient(patient=patient, by=None, now=NOW)
    patient.refresh_from_db()
    assert (patient.given_name, patient.erased_at) == ("Ada", None)

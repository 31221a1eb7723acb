"""Signed with the booking or later, and taken back: what it does to visits, tasks and fees."""

from datetime import date
from uuid import uuid4

import pytest

from booking.errors import NotPossibleNow
from booking.models import Task
from booking.payments.ledger import balance_of
from booking.selectors.appointments import appointments_of_user
from booking.selectors.day_board import blockers_of
from booking.selectors.fees import fee_if_cancelled
from booking.services.appointments import book_for_caller, cancel_appointment, make_needle_free
from booking.services.consents import sign_for_visit, withdraw_for_visit
from booking.services.letters_by_hand import send_signature_link
from booking.services.retention import erase_record
from booking.services.treatments import Treated, record_treatment
from booking.services.visits import finish_visit, mark_noshow
from config.invariants import broken_promises
from intake.access import shows_answers
from intake.errors import InformationChanged, NotAllowed, SignatureNotAccepted
from intake.models import Consent, Patient, Role
from tests.booking.services.booking_steps import book, details
from tests.booking.services.test_treatments import in_the_room, plan, record, yes
from tests.factories.booking import NOW, Clinic, at, make_staff
from tests.factories.intake import make_signature, make_user

pytestmark = pytest.mark.django_db


def codes(visit: object, now: object = NOW) -> list[str]:
    return [one.code for one in blockers_of(visit, by=make_staff(), now=now)]  # type: ignore[arg-type]


def test_signed_with_the_booking(clinic: Clinic) -> None:
    visit = book(clinic).appointment
    consent = Consent.objects.get()
    assert (consent.patient, consent.status, consent.signed_at, codes(visit)) == (visit.patient, "proposed", NOW, [])


def test_a_booking_without_a_signature_stands_and_the_board_says_what_is_left(clinic: Clinic) -> None:
    visit = book(clinic, signature=None).appointment
    assert (visit.status, codes(visit)) == ("booked", ["consent-missing"])
    sign_for_visit(appointment=visit, signature=make_signature(), now=NOW)
    assert codes(visit) == []


@pytest.mark.parametrize(
    ("signature", "refusal"),
    [(make_signature(name=" "), SignatureNotAccepted), (make_signature(hash="0" * 64), InformationChanged)],
)
def test_what_is_signed_badly_books_nothing(clinic: Clinic, signature: object, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        book(clinic, signature=signature)
    assert (Patient.objects.count(), Consent.objects.count()) == (0, 0)


def test_taken_back_every_coming_needling_says_so_and_staff_have_a_task(clinic: Clinic) -> None:
    first = book(clinic).appointment
    second = book(clinic, start=at(10, days=2), patient=first.patient, by=make_staff()).appointment
    withdraw_for_visit(appointment=first, now=NOW)
    assert [codes(one) for one in (first, second)] == [["consent-withdrawn"], ["consent-withdrawn"]]
    assert {(task.kind, task.appointment_id) for task in Task.objects.all()} == {
        ("withdrawn-consent", first.pk),
        ("withdrawn-consent", second.pk),
    }
    assert make_needle_free(appointment=first, by=None, now=NOW).service == clinic.assessment
    assert codes(first) == []


def test_nothing_is_charged_for_it(clinic: Clinic) -> None:
    visit, other = book(clinic).appointment, book(clinic, start=at(14)).appointment
    late = at(9)
    assert fee_if_cancelled(visit, reason="patient", now=late) == 3000
    for one in (visit, other):
        withdraw_for_visit(appointment=one, now=late)
    assert fee_if_cancelled(visit, reason="patient", now=late) == 0
    assert cancel_appointment(appointment=visit, by=None, reason="patient", now=late).fee == 0
    assert balance_of(mark_noshow(appointment=other, by=make_staff(), now=at(15))).due == 0


def test_strangers_sign_and_take_back_nothing(clinic: Clinic) -> None:
    visit = book(clinic, signature=None).appointment
    for stranger in (make_user(Role.PATIENT), make_user(Role.OWNER)):
        with pytest.raises(NotAllowed):
            sign_for_visit(appointment=visit, signature=make_signature(), by=stranger, now=NOW)
        with pytest.raises(NotAllowed):
            withdraw_for_visit(appointment=visit, by=stranger, now=NOW)


def test_the_link_to_sign_is_sent_once_at_a_time(clinic: Clinic) -> None:
    visit = book(clinic, signature=None).appointment
    send_signature_link(appointment=visit, by=make_staff(), now=NOW)
    assert visit.communications.filter(kind="to-sign", status="preparation").count() == 1
    with pytest.raises(NotPossibleNow):
        send_signature_link(appointment=visit, by=make_staff(), now=NOW)


def test_the_record_that_is_missing_is_asked_of_the_therapist(clinic: Clinic) -> None:
    visit = in_the_room(clinic)
    plan(clinic, visit, "knee")
    yes(clinic, visit, "knee")
    record_treatment(appointment=visit, treated=Treated(needling="none"), finish=True, by=clinic.anna.user, now=at(11))
    assert "record-missing" not in codes(visit, at(12))
    other = in_the_room(clinic, start=at(14))
    finish_visit(appointment=other, by=make_staff(), now=at(15))
    assert "record-missing" in codes(other, at(16))


def test_every_promise_about_needling_is_kept_and_a_broken_one_is_found(clinic: Clinic) -> None:
    visit = in_the_room(clinic)
    plan(clinic, visit, "knee")
    yes(clinic, visit, "knee")
    made = record(clinic, visit, "knee")
    about = ("agreed", "needled-as-agreed", "sealed", "guards")
    assert [one for one in broken_promises(now=at(11)) if one.name in about] == []
    Consent.objects.filter(pk=made.consent_id).update(status="inactive", ended_at=at(9), withdrawn_at=at(9))
    assert [one.name for one in broken_promises(now=at(11)) if one.name in about] == ["needled-as-agreed"]


def test_erasing_a_record_takes_what_was_done_with_it(clinic: Clinic) -> None:
    visit = in_the_room(clinic)
    plan(clinic, visit, "knee")
    yes(clinic, visit, "knee")
    record(clinic, visit, "knee", finish=True)
    erase_record(patient=visit.patient, by=None, now=at(12))
    visit.refresh_from_db()
    assert (Consent.objects.count(), hasattr(visit, "encounter")) == (0, False)


def test_by_the_clinics_rule_a_young_persons_parent_sees_less_until_the_therapist_says_else(clinic: Clinic) -> None:
    clinic.location.guardian_sees = "nothing"
    clinic.location.save()
    young = book_for_caller(
        service=clinic.needling, practitioner=clinic.anna, start=at(14), wait_for_form=True, payment="desk",
        patient=details(birth_date=date(2010, 1, 1)), request_key=uuid4(), by=make_staff(), now=NOW,
    ).appointment.patient  # fmt: skip
    grown = book(clinic).appointment.patient
    assert (young.guardian_sees, grown.guardian_sees) == ("nothing", "all")
    assert (shows_answers(young), shows_answers(grown)) == (False, True)
    parent = make_user(Role.PATIENT)
    Patient.objects.filter(pk=grown.pk).update(user=parent)
    assert appointments_of_user(parent).count() == 1
    Patient.objects.filter(pk=grown.pk).update(guardian_sees="nothing")
    assert appointments_of_user(parent).count() == 0

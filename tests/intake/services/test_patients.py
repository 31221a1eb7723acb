"""A contact is not an identity."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from intake.errors import ScreeningOfAnother
from intake.models import Patient
from intake.selectors.patients import likely_matches, patients_of, search_patients
from intake.services.patients import PatientDetails, register_patient, update_contact, verify_contact
from intake.services.screenings import attach_screening
from tests.factories.intake import NOW, make_care_relation, make_patient, make_screening, make_user

pytestmark = pytest.mark.django_db
ADA = PatientDetails("Ada", "Berg", date(1986, 4, 3), "ada@example.com", "+14035550123", "en")


def test_an_anonymous_booking_never_reads_joins_or_changes_another_record():
    known = make_patient(contact_verified_at=NOW, user=make_user("patient", email="ada@example.com"))
    before = Patient.objects.filter(pk=known.pk).values().get()
    with CaptureQueriesContext(connection) as queries:
        made = register_patient(details=ADA, now=NOW)
    touched = [one["sql"] for one in queries if "intake_patient" in one["sql"] and not one["sql"].startswith("INSERT")]
    assert touched == []
    assert (made.pk != known.pk, made.user, made.contact_verified_at) == (True, None, None)
    assert Patient.objects.filter(pk=known.pk).values().get() == before


def test_the_same_details_twice_are_two_records_that_staff_may_look_at():
    first, second = make_patient(), make_patient()
    child = make_patient(given_name="Bo", birth_date=date(2015, 1, 1))
    stranger = make_patient(given_name="Cleo", family_name="Cruz", birth_date=date(1970, 1, 1), email="c@example.com",
                            phone="+14035550199")  # fmt: skip
    assert list(likely_matches(first)) == [second]
    assert list(likely_matches(child)) == []
    assert list(likely_matches(stranger)) == []


def test_a_new_address_is_unproven():
    patient = make_patient(contact_verified_at=NOW)
    same = update_contact(patient=patient, email="ADA@example.com", phone="+14035550999", by=None, now=NOW)
    new = update_contact(patient=patient, email="eve@example.com", by=None, now=NOW)
    assert (same.contact_verified_at, str(same.phone)) == (NOW, "+14035550999")
    assert (new.contact_verified_at, new.email) == (None, "eve@example.com")


def test_an_account_acts_for_the_records_that_were_proven_for_it_only():
    user = make_user("patient", email="ada@example.com")
    mine, same_mailbox = make_patient(), make_patient(given_name="Bo")
    verify_contact(patient=mine, user=user, now=NOW)
    assert list(patients_of(user)) == [mine]
    assert same_mailbox not in patients_of(user)


@pytest.mark.parametrize(
    "text", ["berg", "BERG ada", "renee", "Rénee Berg", "Bergg", "403555", "(403)", "ada@example", "1986-04-03"]
)
def test_reception_finds_people_though_the_typing_is_not_exact(text):
    renee = make_patient(given_name="Ada Renée")
    make_patient(given_name="Xu", family_name="Zhang", email="z@example.com", phone="+16045550111",
                 birth_date=date(1950, 1, 1))  # fmt: skip
    found = list(search_patients(text, by=make_user("reception"), now=NOW))
    assert (renee in found) == (text != "(403)")
    assert len(found) <= 1


def test_each_role_finds_only_its_own_people():
    patient, user = make_patient(), make_user()
    roles = ("reception", "manager", "therapist", "owner", "patient")
    found = {role: len(search_patients("berg", by=make_user(role), now=NOW)) for role in roles}
    make_care_relation(user, patient)
    assert found == {"reception": 1, "manager": 1, "therapist": 0, "owner": 0, "patient": 0}
    assert list(search_patients("berg", by=user, now=NOW)) == [patient]
    assert list(search_patients("berg", by=user, now=NOW + timedelta(days=731))) == []


def test_odd_searches_find_nothing_and_break_nothing():
    make_patient()
    for text in ("", "   ", "%", "\0", "'; DROP", "1986-13-45", "x" * 5000, "+"):
        assert list(search_patients(text, by=make_user("reception"), now=NOW)) == []


def test_the_same_person_may_book_twice_on_one_form_as_two_records():
    screening = make_screening().screening
    first, second = make_patient(), make_patient()
    one = attach_screening(screening=screening, patient=first, now=NOW)
    two = attach_screening(screening=screening, patient=second, now=NOW)
    assert (one.patient, two.patient, one.pk != two.pk) == (first, second, True)
    assert (two.result, two.response.content) == (one.result, one.response.content)
    assert attach_screening(screening=one, patient=first, now=NOW) == one


def test_nobody_books_on_the_answers_of_somebody_else():
    screening = make_screening().screening
    attach_screening(screening=screening, patient=make_patient(), now=NOW)
    with pytest.raises(ScreeningOfAnother):
        attach_screening(screening=screening, patient=make_patient(birth_date=date(2015, 1, 1)), now=NOW)

"""The page after a visit: open to everybody, silent about everybody, and clear about what to do at once."""

import re
from typing import Any

import pytest
from django.test import Client

from booking.models import AfterCareAnswer, Appointment, Task
from booking.selectors.after_care import after_path
from intake.models import Observation
from tests.factories.booking import NOW, Clinic, at, make_appointment, make_clinic
from tests.factories.intake import make_patient

pytestmark = pytest.mark.django_db
NOT_WATCHED = "This page is not watched live."


def words_of(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


@pytest.fixture
def clinic(db: None) -> Clinic:
    return make_clinic()


@pytest.fixture
def visit(clinic: Clinic) -> Appointment:
    patient = make_patient(given_name="Ada", family_name="Canary")
    return make_appointment(clinic, start=at(10, days=-1), patient=patient, status="fulfilled", finished_at=NOW)


@pytest.fixture
def phone() -> Client:
    return Client()


def test_it_opens_as_often_as_wanted_and_says_nothing_of_anybody(visit: Appointment, phone: Client) -> None:
    pages = [phone.get(after_path(visit)) for _ in range(40)]
    assert {page.status_code for page in pages} == {200}
    said = words_of(pages[-1])
    assert "Get help at once for any of these" in said
    assert NOT_WATCHED in said
    assert [word for word in ("Ada", "Canary", "Anna", "knee", "24", "lung") if word in said] == []
    assert "no-store" in pages[-1]["Cache-Control"]
    # Other sites learn nothing of the address. With "no-referrer" browsers would send the form with "Origin: null", and
    # the protection against forged forms would refuse it.
    assert pages[-1]["Referrer-Policy"] == "same-origin"
    assert len(pages[-1].content) < 60_000


@pytest.mark.parametrize("token", ["x", "x" * 500, "f" * 32 + ":AAAA", "%E2%80%AE"])
def test_a_link_that_is_cut_off_still_says_what_to_do(clinic: Clinic, phone: Client, token: str) -> None:
    page = phone.get(f"/after/{token}/")
    assert page.status_code == 200
    assert "Get help at once for any of these" in words_of(page)
    answered = phone.post(f"/after/{token}/", {"feeling": "worse", "signs": ["breath"]})
    assert (answered.status_code, AfterCareAnswer.objects.count()) == (200, 0)


def test_opening_it_changes_nothing(visit: Appointment, phone: Client) -> None:
    phone.get(f"{after_path(visit)}?feeling=worse&signs=breath&notes=1")
    phone.head(after_path(visit))
    assert (AfterCareAnswer.objects.count(), Task.objects.count()) == (0, 0)


def test_the_notes_come_by_button_and_speak_of_the_lungs_where_nobody_wrote_down_where(
    visit: Appointment, phone: Client
) -> None:
    said = words_of(phone.post(after_path(visit), {"notes": "1"}))
    assert "very small risk for a lung" in said
    assert "mostly goes within 1 to 2 days" in said
    assert NOT_WATCHED in said


@pytest.mark.parametrize("sign", ["breath", "nerves", "bleeding", "allergy", "faint"])
def test_a_red_flag_says_at_once_to_call_and_who(visit: Appointment, phone: Client, sign: str) -> None:
    page = phone.post(after_path(visit), {"feeling": "better", "signs": [sign]})
    said = words_of(page)
    assert "Please get help now" in said
    assert 'href="tel:911"' in page.content.decode()
    assert NOT_WATCHED in said
    assert Task.objects.get().kind == "after-visit-urgent"


def test_signs_alone_are_an_answer(visit: Appointment, phone: Client) -> None:
    said = words_of(phone.post(after_path(visit), {"signs": ["infection"]}))
    assert "Please see a doctor today" in said
    assert "Call the nurse line 811" in said


@pytest.mark.parametrize(
    ("feeling", "words"),
    [("better", "We have noted it"), ("same", "We have noted it"), ("worse", "A therapist looks at this"),
     ("worried", "A therapist looks at this")],
)  # fmt: skip
def test_other_answers_are_thanked_for_and_never_diagnose(
    visit: Appointment, phone: Client, feeling: str, words: str
) -> None:
    said = words_of(phone.post(after_path(visit), {"feeling": feeling}))
    assert words in said
    assert NOT_WATCHED in said


@pytest.mark.parametrize(
    "wrong",
    [{}, {"feeling": "fine"}, {"feeling": "same", "signs": ["headache"]}, {"feeling": "same", "words": "x" * 1001},
     {"feeling": "same", "words": "\0"}],
    ids=str,
)  # fmt: skip
def test_what_is_no_answer_is_refused_in_words_below_the_advice(
    visit: Appointment, phone: Client, wrong: dict[str, Any]
) -> None:
    page = phone.post(after_path(visit), wrong)
    assert page.status_code == 422
    assert "Get help at once for any of these" in words_of(page)
    assert "Please look at this again" in words_of(page)
    assert AfterCareAnswer.objects.count() == 0


def test_an_answer_too_many_is_still_told_what_to_do(visit: Appointment, phone: Client) -> None:
    for _ in range(20):
        phone.post(after_path(visit), {"feeling": "same"})
    page = phone.post(after_path(visit), {"feeling": "same", "signs": ["breath"]})
    assert page.status_code == 429
    assert "Please get help now" in words_of(page)
    assert "We could not keep your answer" in words_of(page)


def test_before_there_is_a_clinic_it_still_speaks(db: None, phone: Client) -> None:
    assert "Get help at once for any of these" in words_of(phone.get("/after/x/"))


# Numbers


@pytest.fixture
def proven(visit: Appointment, phone: Client) -> Client:
    session = phone.session
    session["visit"] = {"id": str(visit.pk), "proven": True}
    session.save()
    return phone


def test_numbers_are_asked_once_with_names_and_then_in_the_same_words(proven: Client) -> None:
    assert "Give the numbers" in words_of(proven.get("/visit/"))
    assert "selected" not in proven.get("/visit/progress/").content.decode().replace('value="" selected', "")
    said = {"pain_now": "6", "pain_best": "4", "pain_worst": "8", "name_0": "Climb stairs", "score_0": "3"}
    assert proven.post("/visit/progress/", said)["Location"] == "/visit/"
    again = proven.get("/visit/progress/")
    assert "Climb stairs" in words_of(again)
    assert 'name="name_0"' not in again.content.decode()
    proven.post("/visit/progress/", {"pain_now": "2", "score_0": "9", "since_first": "better"})
    first, second = Observation.objects.order_by("pk").order_by("effective_at", "id")
    kept = [one.content["activities"] for one in (first, second)]
    assert sorted(kept, key=str) == [[{"name": "Climb stairs", "score": 3}], [{"name": "Climb stairs", "score": 9}]]


@pytest.mark.parametrize(
    "wrong",
    [{}, {"pain_now": "11"}, {"pain_now": "NaN"}, {"pain_now": "1e9"}, {"pain_now": "5", "score_0": "3"},
     {"pain_now": "5", "name_0": "Run"}, {"pain_now": "5", "name_0": "x" * 81, "score_0": "1"},
     {"pain_now": "5", "name_0": "Run", "score_0": "1", "name_1": "run", "score_1": "2"}],
    ids=str,
)  # fmt: skip
def test_numbers_that_are_none_are_refused(proven: Client, wrong: dict[str, str]) -> None:
    assert proven.post("/visit/progress/", wrong).status_code == 422
    assert Observation.objects.count() == 0


def test_a_parent_who_sees_visits_only_is_not_asked(visit: Appointment, proven: Client) -> None:
    assert visit.patient is not None
    visit.patient.guardian_sees = "appointments"
    visit.patient.save()
    assert proven.get("/visit/progress/")["Location"] == "/visit/"
    assert "Give the numbers" not in words_of(proven.get("/visit/"))

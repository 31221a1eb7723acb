"""Reading and signing before needling, with the booking or after it, and taking it back."""

import pytest

from booking.models import Appointment, Task
from intake.information import current_information
from intake.models import Consent
from tests.factories.booking import NOW, at
from tests.frontend.patient.person import DETAILS, Person, text_of

SHOWN = current_information("en")
SIGNED = {"sign-version": SHOWN.version, "sign-hash": SHOWN.hash, "sign-signer": "self", "sign-name": "Ada Berg"}


@pytest.fixture
def agreeing(person: Person) -> Person:
    """Somebody healthy on the page where they agree."""
    person.check()
    person.pick(at(9, days=2))
    person.post("/book/details/", **DETAILS)
    return person


def test_the_page_shows_the_whole_text_and_its_numbers(agreeing: Person) -> None:
    page = text_of(agreeing.get("/book/agree/"))
    for words in (*(one.text for one in SHOWN.sections), *(one.figure for one in SHOWN.figures), SHOWN.rare):
        assert words in page
    assert len(page.encode()) < 60_000


def test_signed_with_the_booking_it_is_kept_with_what_was_shown(agreeing: Person) -> None:
    agreeing.get("/book/agree/")
    assert agreeing.post("/book/agree/", payment="desk", agree="on", **SIGNED)["Location"] == "/visit/"
    consent = Consent.objects.get()
    kept = (consent.information_version, consent.information_hash, consent.signed_at, consent.shown_at, consent.signer)
    assert kept == (SHOWN.version, SHOWN.hash, NOW, NOW, "self")
    assert (consent.status, consent.content["name"], consent.patient) == (
        "proposed",
        "Ada Berg",
        agreeing.visit.patient,
    )
    assert "Read and sign" not in text_of(agreeing.get("/visit/"))


def test_without_a_signature_it_is_booked_and_the_visit_asks_for_it(agreeing: Person) -> None:
    assert agreeing.post("/book/agree/", payment="desk", agree="on")["Location"] == "/visit/"
    assert Consent.objects.count() == 0
    assert "Read and sign" in text_of(agreeing.get("/visit/"))
    blank = agreeing.post("/visit/information/", **{**SIGNED, "sign-name": "   "})
    assert (blank.status_code, Consent.objects.count()) == (422, 0)
    assert agreeing.post("/visit/information/", **SIGNED)["Location"] == "/visit/"
    assert Consent.objects.get().patient == agreeing.visit.patient
    assert "You have signed" in text_of(agreeing.get("/visit/information/"))


@pytest.mark.parametrize(
    "bad", [{"sign-name": "7"}, {"sign-hash": "0" * 64}, {"sign-version": "1999"}, {"sign-name": "x" * 300}]
)
def test_a_bad_signature_books_nothing_and_says_so(agreeing: Person, bad: dict[str, str]) -> None:
    answer = agreeing.post("/book/agree/", payment="desk", agree="on", **{**SIGNED, **bad})
    assert answer.status_code in (409, 422)
    assert Consent.objects.count() == 0
    assert agreeing.post("/book/agree/", payment="desk", agree="on")["Location"] == "/visit/"


def test_who_books_for_another_says_as_what_they_sign(person: Person) -> None:
    person.check({"filling_for_other--relation": "parent"}, for_whom="other")
    person.pick(at(9, days=2))
    person.post("/book/details/", **DETAILS)
    page = text_of(person.get("/book/agree/"))
    assert "I am a parent or guardian" in page
    said = {**SIGNED, "sign-signer": "guardian"}
    assert person.post("/book/agree/", payment="desk", agree="on", **said).status_code == 422
    said["sign-relation"] = "Mother"
    assert person.post("/book/agree/", payment="desk", agree="on", **said)["Location"] == "/visit/"
    assert Consent.objects.get().content["relation"] == "Mother"


def test_taken_back_it_says_so_and_costs_nothing(agreeing: Person) -> None:
    agreeing.post("/book/agree/", payment="desk", agree="on", **SIGNED)
    assert "don't have to say why" in text_of(agreeing.get("/visit/take-back/"))
    assert agreeing.post("/visit/take-back/", reason="")["Location"] == "/visit/"
    assert [one.status for one in Consent.objects.all()] == ["inactive"]
    assert Task.objects.get().kind == "withdrawn-consent"
    assert "You have taken back your agreement" in text_of(agreeing.get("/visit/"))

    # and the time can be kept without needles, in one tap
    assert agreeing.post("/visit/go-without/")["Location"] == "/visit/"
    page = text_of(agreeing.get("/visit/"))
    assert "It is a visit without needles now." in page
    assert "You have taken back your agreement" not in page
    assert Appointment.objects.get().service == agreeing.clinic.assessment


def test_a_visit_without_needles_has_nothing_to_sign(person: Person) -> None:
    person.check(kind="none")
    slug = person.clinic.assessment.slug
    person.pick(at(9, days=2), service=slug)
    person.post("/book/details/", **DETAILS)
    assert "About dry needling" not in text_of(person.get("/book/agree/"))

"""Two tabs of one browser: what an older one still shows is never done to what was opened since."""

import re
from uuid import uuid4

import pytest

from booking.models import Appointment, Offer
from tests.factories.booking import Clinic, at
from tests.frontend.patient.person import DETAILS, Person, text_of
from tests.frontend.patient.test_visit import link_of
from tests.frontend.patient.test_waiting import free, link, wait

KEPT = re.compile(r'<input type="hidden" name="(visit|hold|offer|fee)" value="([^"]+)"')


def shown(person: Person, path: str) -> dict[str, str]:
    """What the form of a page that stays open in a tab sends of itself."""
    return dict(KEPT.findall(text_of(person.get(path))))


@pytest.fixture
def parent(person: Person) -> tuple[Person, Appointment, Appointment]:
    """Somebody who has booked for themselves, then for Mia."""
    visits = []
    for day, name in [(2, "Ada"), (3, "Mia")]:
        person.check()
        person.book(start=at(9, days=day), given_name=name)
        visits.append(person.visit)
    return person, visits[0], visits[1]


@pytest.mark.parametrize(
    "path", ["/visit/cancel/", "/visit/move/", "/visit/take-back/", "/visit/information/", "/wait/earlier/"]
)
def test_what_was_meant_for_one_visit_is_not_done_to_the_other(
    parent: tuple[Person, Appointment, Appointment], path: str
) -> None:
    person, hers, mias = parent
    older = shown(person, path)
    assert older["visit"] == str(mias.pk)
    person.get(link_of(hers))
    person.post("/visit/who/", birth_date_day="3", birth_date_month="4", birth_date_year="1986")
    before = list(Appointment.objects.order_by("pk").values())
    said = {"time": at(14, days=4).isoformat(), "request_key": str(uuid4()), "signature": "Ada Berg"}
    answer = person.post(path, **said, **older)
    assert (answer.status_code, answer["Location"]) == (302, "/visit/")
    assert "Nothing was changed: you have opened another visit since" in text_of(person.get("/visit/"))
    assert list(Appointment.objects.order_by("pk").values()) == before


def test_a_yes_in_an_older_tab_does_not_book_the_time_chosen_since(person: Person) -> None:
    person.check()
    person.pick(at(9))
    person.post("/book/details/", **DETAILS)
    older = shown(person, "/book/agree/")
    person.pick(at(11))
    answer = person.post("/book/agree/", payment="desk", agree="on", **older)
    assert (answer.status_code, answer["Location"]) == (302, "/book/agree/")
    assert "You have chosen another time since." in text_of(person.get("/book/agree/"))
    person.post("/book/agree/", payment="desk", agree="on", **shown(person, "/book/agree/"))
    assert [(one.status, one.start) for one in Appointment.objects.exclude(status="cancelled")] == [("booked", at(11))]


def test_a_yes_to_one_offer_is_no_yes_to_the_next(person: Person, clinic: Clinic) -> None:
    person.check()
    wait(person)
    free(clinic)
    person.get(link())
    assert shown(person, "/wait/offer/") == {"offer": str(Offer.objects.get().pk)}
    assert person.post("/wait/offer/", agree="on", payment="desk", offer=str(uuid4()))["Location"] == "/wait/offer/"
    assert "You have opened another offer since." in text_of(person.get("/wait/offer/"))
    assert Offer.objects.get().status == "open"


def test_a_second_yes_is_told_that_the_first_one_counts(person: Person, clinic: Clinic) -> None:
    person.check()
    wait(person)
    free(clinic)
    person.get(link())
    for words in ("Your visit is booked", "You have said yes to this time already. This is your visit."):
        assert person.post("/wait/offer/", agree="on", payment="desk")["Location"] == "/visit/"
        assert words in text_of(person.get("/visit/"))
    assert Appointment.objects.filter(status="booked").count() == 1

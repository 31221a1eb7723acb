"""A call that was asked for: promised with its hour, never twice, and said when it is late."""

from datetime import timedelta

import pytest

from booking.models import Task
from booking.services.errands import CALL_BACKS_A_DAY, complete_task
from tests.factories.booking import NOW, make_staff
from tests.frontend.patient.conftest import set_now
from tests.frontend.patient.person import Person, text_of

ADA = {"name": "Ada Berg", "phone": "780-555-0123", "best_time": "in the morning"}


def test_who_may_not_book_needling_asks_for_a_call_and_hears_by_when(person: Person) -> None:
    page = text_of(person.check({"needle_choice--level": "no"}))
    assert "Leave a name and a number and we call you by Monday 23 November, 12:00." in page
    assert person.post("/check/call-back/", **ADA)["Location"] == "/check/call-back/"
    promise = "We call you by Monday 23 November, 12:00."
    for path in ("/check/call-back/", "/check/result/"):
        page = text_of(person.get(path))
        assert promise in page
        assert "We ask for Ada Berg on (780) 555-0123." in page
        assert "This is not for emergencies." in page
    task = Task.objects.get()
    assert (task.kind, task.status, task.patient, task.appointment) == ("call-back", "requested", None, None)
    assert task.contact == {"name": "Ada Berg", "phone": "+17805550123", "best_time": "in the morning"}


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({**ADA, "phone": "12"}, "Give a phone number with its area code"),
        ({**ADA, "phone": ""}, "Give the phone number that we should call."),
        ({**ADA, "name": ""}, "Give a name that we can ask for."),
        ({**ADA, "name": "x" * 101}, "at most 100 characters"),
        ({**ADA, "phone": "\x00"}, "Null characters are not allowed."),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(person: Person, typed: dict[str, str], words: str) -> None:
    answer = person.post("/check/call-back/", **typed)
    page = text_of(answer)
    assert answer.status_code == 422
    assert words in page
    assert 'value="in the morning"' in page
    assert Task.objects.count() == 0


def test_a_second_tap_asks_once_and_a_wrong_number_can_be_corrected(person: Person) -> None:
    for number in ("780-555-0123", "780-555-0123", "780-555-0199"):
        person.post("/check/call-back/", **{**ADA, "phone": number})
    assert [task.contact["phone"] for task in Task.objects.all()] == ["+17805550199"]


def test_too_many_are_refused_with_our_number(person: Person) -> None:
    codes = [person.post("/check/call-back/", **ADA).status_code for _ in range(CALL_BACKS_A_DAY + 1)]
    assert codes == [302] * CALL_BACKS_A_DAY + [429]
    page = text_of(person.post("/check/call-back/", **ADA))
    assert "(780) 555-0100" in page


def test_an_hour_that_has_passed_is_not_promised_any_more(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    person.post("/check/call-back/", **ADA)
    set_now(monkeypatch, NOW + timedelta(hours=4))
    page = text_of(person.get("/check/call-back/"))
    assert "We haven't called you in time. We are sorry." in page
    assert "We call you by Monday" not in page


def test_after_the_call_another_can_be_asked_for(person: Person) -> None:
    person.post("/check/call-back/", **ADA)
    complete_task(task=Task.objects.get(), by=make_staff(), now=NOW)
    assert "Would you like a call from us?" in text_of(person.get("/check/call-back/"))

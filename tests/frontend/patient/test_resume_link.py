"""Going on with the form elsewhere by a link: who may, for how long, and what stays counted."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from booking.reminders.letters import letter_of
from booking.reminders.models import Communication
from booking.services.resume_links import MAILS_OF_A_BROWSER, MAILS_TO_AN_ADDRESS, forget_resume_mails
from intake.models import QuestionnaireResponse, Screening
from intake.services.retention import delete_abandoned_forms
from intake.tokens import hash_token
from tests.factories.booking import NOW
from tests.frontend.patient.conftest import set_now
from tests.frontend.patient.person import Person, text_of

Somebody = Callable[[], Person]
BORN = {"birth_date_day": "3", "birth_date_month": "4", "birth_date_year": "1986"}
WRONG = {**BORN, "birth_date_year": "1987"}
NO_NEEDLES = {"needle_choice--level": "no"}


def link_of(person: Person) -> str:
    """The path of the link that the page shows."""
    person.post("/check/save/", show="1")
    found = re.search(r'value="http[^"]+?(/check/go-on/[^"]+)"', text_of(person.get("/check/save/")))
    assert found
    return found[1]


def form() -> QuestionnaireResponse:
    return QuestionnaireResponse.objects.get()


def go_on(person: Person, link: str, **said: str) -> str:
    """Open the link and press the button; the address where that leads, or the words of the page."""
    assert person.get(link)["Location"] == "/check/go-on/"
    answer = person.post("/check/go-on/", **said)
    return answer["Location"] if answer.status_code == 302 else text_of(answer)


def test_a_link_takes_the_form_to_another_device(person: Person, someone: Somebody) -> None:
    person.begin()
    person.post("/check/questions/1/", rest="1")
    link, other = link_of(person), someone()
    assert go_on(other, link, **BORN) == "/check/questions/"
    assert other.get("/check/questions/")["Location"] == "/check/questions/2/"
    assert other.answer() == "/check/answers/"
    assert "born 3 April 1986" in text_of(other.get("/check/answers/"))
    assert person.get("/check/questions/2/")["Location"] == "/check/"


def test_nothing_but_the_hash_of_the_link_is_stored_and_the_page_shows_the_same_link_again(person: Person) -> None:
    person.begin()
    assert "/check/go-on/" not in text_of(person.get("/check/save/"))
    assert form().resume_token_hash == ""
    link = link_of(person)
    token = link.split("/")[-2]
    assert (len(token), form().resume_token_hash) == (43, hash_token(token))
    assert link_of(person) == link


def test_opening_the_link_alone_changes_nothing(person: Person, someone: Somebody) -> None:
    person.begin()
    link, scanner = link_of(person), someone()
    before = form().session_hash
    answer = scanner.get(link)
    assert (answer.status_code, answer["Location"], answer["Referrer-Policy"]) == (302, "/check/go-on/", "same-origin")
    page = text_of(scanner.get("/check/go-on/"))
    assert "Birth date" in page
    assert "Knee" not in page
    assert form().session_hash == before
    assert person.get("/check/questions/1/").status_code == 200


def test_a_wrong_birth_date_shows_nothing_and_six_an_hour_are_enough(person: Person, someone: Somebody) -> None:
    person.begin()
    link, stranger = link_of(person), someone()
    assert "That is not what we have" in go_on(stranger, link, **WRONG)
    assert "1987" in text_of(stranger.post("/check/go-on/", **WRONG))
    codes = [someone().get(link).status_code]
    codes += [stranger.post("/check/go-on/", **WRONG).status_code for _guess in range(5)]
    assert codes == [302, 422, 422, 422, 422, 429]
    assert stranger.post("/check/go-on/", **BORN).status_code == 429
    assert stranger.get("/check/questions/1/")["Location"] == "/check/"


def test_a_birth_date_that_was_changed_later_is_the_one_that_is_asked(person: Person, someone: Somebody) -> None:
    person.begin()
    link = link_of(person)
    person.post("/check/who/", for_whom="me", visit="first", **WRONG)
    assert "That is not what we have" in go_on(someone(), link, **BORN)
    assert go_on(someone(), link, **WRONG) == "/check/questions/"


def test_before_a_birth_date_is_given_the_button_alone_is_enough(person: Person, someone: Somebody) -> None:
    person.post("/check/", kind="manual")
    other = someone()
    assert go_on(other, link_of(person)) == "/check/questions/"
    assert other.get("/check/questions/")["Location"] == "/check/who/"


def test_the_link_ends_with_the_form_and_says_so(
    person: Person, someone: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    person.begin()
    link, opened, other = link_of(person), someone(), someone()
    opened.get(link)
    set_now(monkeypatch, NOW + timedelta(hours=24))
    pages = [other.get(link), opened.get("/check/go-on/"), opened.post("/check/go-on/", **BORN), other.get(link[:-3])]
    assert [page.status_code for page in pages[:3]] == [404, 404, 404]
    for page in pages[:3]:
        assert "This link doesn't work any more" in text_of(page)
        assert "(780) 555-0100" in text_of(page)
    assert person.get("/check/save/")["Location"] == "/check/"


def test_a_wrong_link_is_one_clear_page(person: Person) -> None:
    answer = person.get("/check/go-on/" + "x" * 43 + "/")
    assert (answer.status_code, "This link doesn't work any more" in text_of(answer)) == (404, True)
    assert person.get("/check/go-on/")["Location"] == "/check/"


def test_a_form_that_a_visit_rests_on_is_opened_by_no_link(person: Person, someone: Somebody) -> None:
    person.check()
    link = link_of(person)
    assert person.book()["Location"] == "/visit/"
    assert someone().get(link).status_code == 404
    kept = form()
    assert (kept.resume_token_hash, kept.resume_person) == ("", None)


def test_starting_over_in_another_browser_does_not_shop_for_answers(person: Person, someone: Somebody) -> None:
    """STOP here; a second form is begun here, taken elsewhere by its link, and answered mildly there."""
    person.check(NO_NEEDLES)
    person.begin()
    other = someone()
    assert go_on(other, link_of(person), **BORN) == "/check/questions/"
    assert other.answer() == "/check/answers/"
    other.post("/check/answers/")
    latest = Screening.objects.exclude(outcome="STOP").get()
    strict = Screening.objects.get(outcome="STOP")
    assert (latest.outcome, latest.effective_outcome, latest.earlier_stricter) == ("CLEAR", "REVIEW", strict)


def test_what_was_answered_in_the_new_browser_before_counts_too(person: Person, someone: Somebody) -> None:
    other = someone()
    other.check(NO_NEEDLES)
    person.begin()
    assert go_on(other, link_of(person), **BORN) == "/check/questions/"
    other.answer()
    other.post("/check/answers/")
    assert Screening.objects.exclude(outcome="STOP").get().effective_outcome == "REVIEW"


def test_a_form_begun_afterwards_in_either_browser_counts_with_both(person: Person, someone: Somebody) -> None:
    person.check(NO_NEEDLES)
    person.begin()
    other = someone()
    go_on(other, link_of(person), **BORN)
    other.check()
    assert Screening.objects.exclude(outcome="STOP").get().effective_outcome == "REVIEW"
    someone().check()
    assert sorted(one.effective_outcome for one in Screening.objects.all()) == ["CLEAR", "REVIEW", "STOP"]


def test_the_link_goes_by_mail_in_neutral_words_and_the_address_is_kept_nowhere_else(person: Person) -> None:
    person.begin()
    answer = person.post("/check/save/", email="ada@example.com")
    assert answer["Location"] == "/check/save/"
    assert "on its way to ada@example.com" in text_of(person.get("/check/save/"))
    row = Communication.objects.get()
    assert (row.kind, row.recipient, row.patient, row.appointment) == ("resume-link", "ada@example.com", None, None)
    assert (row.status, row.due_at, row.not_after) == ("preparation", NOW, NOW + timedelta(hours=24))
    letter = letter_of(row, now=NOW)
    assert letter.subject == "Go on where you were"
    assert link_of(person) in letter.text
    for word in ("needl", "health", "screen", "answer", "knee", "question", "check and"):
        assert word not in re.sub(r"http\S+", "", letter.text.lower())


def test_the_mail_is_deleted_with_the_form(person: Person) -> None:
    person.begin()
    person.post("/check/save/", email="ada@example.com")
    a_day_later = NOW + timedelta(hours=24)
    assert forget_resume_mails(now=a_day_later - timedelta(seconds=1)) == 0
    assert (forget_resume_mails(now=a_day_later), delete_abandoned_forms(now=a_day_later)) == (1, 1)
    assert (Communication.objects.count(), QuestionnaireResponse.objects.count()) == (0, 0)


def test_a_bad_address_is_an_error_line_that_keeps_what_was_typed(person: Person) -> None:
    person.begin()
    answer = person.post("/check/save/", email="ada@example")
    assert answer.status_code == 422
    assert 'value="ada@example"' in text_of(answer)
    assert Communication.objects.count() == 0


def test_mails_are_limited_for_a_browser_and_for_a_mailbox(person: Person, someone: Somebody) -> None:
    person.begin()
    codes = [person.post("/check/save/", email=f"a{n}@example.com").status_code for n in range(MAILS_OF_A_BROWSER + 1)]
    assert codes == [302] * MAILS_OF_A_BROWSER + [429]
    codes = []
    for _other in range(MAILS_TO_AN_ADDRESS + 1):
        other = someone()
        other.begin()
        codes.append(other.post("/check/save/", email="Victim@example.com").status_code)
    assert codes == [302] * MAILS_TO_AN_ADDRESS + [429]

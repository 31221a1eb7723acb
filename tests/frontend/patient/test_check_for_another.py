"""Who fills in for somebody else: their name in the words, and a page that a young person answers alone."""

import re

import pytest

from intake.models import QuestionnaireResponse, Screening
from tests.frontend.patient.person import Person, text_of
from tests.frontend.patient.test_check import draft

YOUNG = {"for_whom": "other", "birth_date_year": "2009"}  # 17
PARENT = {"filling_for_other--relation": "parent"}
AGREES = {"minor--guardian": "yes", "minor--young_person_agrees": "yes"}
PRIVATE = ("pregnancy", "mental_health", "private_disclosure")


def private_page(person: Person) -> str:
    """The address of the page that is answered alone, with all others answered."""
    person.get("/check/questions/")
    for number in range(1, 15):
        page = text_of(person.get(f"/check/questions/{number}/"))
        if "answer alone" in page:
            return f"/check/questions/{number}/"
        answer = person.post(
            f"/check/questions/{number}/", rest="1", **{"needle_choice--level": "fine"}, **PARENT, **AGREES
        )
        assert answer.status_code == 302, text_of(answer)
    raise AssertionError("there is no such page")


def test_the_name_is_asked_only_of_somebody_else(person: Person) -> None:
    person.post("/check/", kind="manual")
    answer = person.post("/check/who/", for_whom="other", visit="first", birth_date_day="3", birth_date_month="4",
                         birth_date_year="1986")  # fmt: skip
    assert answer.status_code == 422
    assert "Give the first name of the person who comes." in text_of(answer)
    assert 'value="1986"' in text_of(answer)


def test_every_page_says_whom_it_is_about(person: Person) -> None:
    person.begin(for_whom="other")
    assert "Where does it hurt Mia?" in text_of(person.get("/check/where/"))
    assert "Answer for Mia. “You” means Mia." in text_of(person.get("/check/questions/1/"))
    assert person.answer(PARENT) == "/check/answers/"
    page = text_of(person.get("/check/answers/"))
    assert "These are the answers for Mia." in page
    assert "What you told us about Mia" in page


def test_nobody_is_named_in_a_form_of_ones_own(person: Person) -> None:
    person.begin(given_name="Mia")
    assert "Mia" not in text_of(person.get("/check/questions/1/"))
    assert person.client.session["check.person"]["given_name"] == ""


def test_the_name_is_in_the_browser_and_on_the_page_of_details_and_nowhere_else(person: Person) -> None:
    person.check(for_whom="other", marked=PARENT)
    assert "Mia" not in str(QuestionnaireResponse.objects.get().content)
    person.pick()
    assert 'value="Mia"' in text_of(person.get("/book/details/"))


def test_a_young_person_answers_private_questions_alone_and_last(person: Person) -> None:
    person.begin(**YOUNG)
    path = private_page(person)
    page = text_of(person.get(path))
    assert "Now let Mia answer alone" in page
    assert "won't see what you answer here" in page
    assert set(re.findall(r'class="question-row card" id="(\w+)"', page)) == set(PRIVATE)
    assert not set(PRIVATE) & set(draft().content["answers"])
    assert person.post(path, rest="1")["Location"] == "/check/answers/"


def test_what_was_answered_alone_is_shown_to_nobody_who_goes_back(person: Person) -> None:
    person.begin(**YOUNG)
    path = private_page(person)
    person.post(path, rest="1", mental_health="yes", **{"mental_health--what": "anxiety"})
    assert draft().content["follow_ups"]["mental_health"] == {"what": ["anxiety"]}
    page = text_of(person.get("/check/answers/"))
    assert "Answered in private" in page
    assert "mental health" not in page.lower()
    assert "pregnant" not in page
    assert "checked" not in text_of(person.get(path))


def test_the_result_says_what_it_comes_to_and_not_what_was_told(person: Person) -> None:
    person.begin(**YOUNG)
    told = {
        "mental_health": "yes", "mental_health--what": "anxiety", "private_disclosure": "yes", "pregnancy": "yes",
        "pregnancy--weeks": "t2", "pregnancy--problem": "no",
    }  # fmt: skip
    person.post(private_page(person), rest="1", **told)
    person.post("/check/answers/")
    page = text_of(person.get("/check/result/"))
    assert Screening.objects.get().outcome == "REVIEW"
    assert "A therapist looks at this" in page
    for told in ("pregnan", "You set the pace", "crisis", "will make time for this"):
        assert told not in page


@pytest.mark.parametrize(
    ("who", "alone"),
    [
        ({"for_whom": "other", "birth_date_year": "2009"}, True),
        ({"for_whom": "me", "birth_date_year": "2009"}, False),
        ({"for_whom": "other", "birth_date_year": "1986"}, False),
    ],
)
def test_only_a_young_person_for_whom_somebody_else_fills_in_answers_alone(person: Person, who, alone: bool) -> None:
    person.begin(**who)
    assert bool(_has_private_page(person)) == alone


def test_from_which_age_is_the_clinics_setting(person: Person) -> None:
    person.clinic.location.private_answers_from_age = 18
    person.clinic.location.save()
    person.begin(**YOUNG)
    assert not _has_private_page(person)


def _has_private_page(person: Person) -> bool:
    try:
        return bool(private_page(person))
    except (AssertionError, KeyError):
        return False

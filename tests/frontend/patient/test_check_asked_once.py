"""Nobody is asked the same thing twice; "none of these" speaks for the rows shown and no others; haste is noted."""

from datetime import timedelta

import pytest

from intake.models import QuestionnaireResponse, Screening
from intake.questionnaires.shipped import shipped_manner, shipped_questionnaire
from intake.rules.reading import seconds_to_read
from intake.selectors.reviews import answered_form
from tests.factories.booking import NOW
from tests.frontend.patient.conftest import set_now
from tests.frontend.patient.person import Person, text_of
from tests.frontend.patient.test_check import draft

NIGHT_PAIN = {"rf_cancer_signs": "yes", "rf_cancer_signs--which": "night_pain", "rf_cancer_signs--cancer_ever": "no"}


def rows_shown(person: Person) -> list[str]:
    """Every question of every page, by its row."""
    shown, number = [], 1
    while found := person.shown_rows(f"/check/questions/{number}/"):
        shown += found.split()
        number += 1
    return shown


def test_an_answer_feeds_the_other_question_which_is_not_shown(person: Person) -> None:
    person.begin()
    assert person.answer(NIGHT_PAIN) == "/check/answers/"
    assert draft().content["answers"]["cancer"] == "no"
    assert "cancer" not in rows_shown(person)
    page = text_of(person.get("/check/answers/"))
    assert "Have you ever had cancer?" in page
    assert "Do you have cancer now, or have you ever had it?" not in page


def test_changing_the_first_answer_asks_the_other_question_again(person: Person) -> None:
    person.begin()
    person.answer(NIGHT_PAIN)
    person.post("/check/questions/1/", rest="1", rf_cancer_signs="no")
    assert "cancer" not in draft().content["answers"]
    assert "cancer" in rows_shown(person)


def test_what_is_known_is_not_asked_and_what_it_asks_further_is(person: Person) -> None:
    person.begin()
    person.post("/check/questions/1/", rest="1")
    person.post("/check/questions/2/", rest="1", **{"needle_choice--level": "fine"})
    faint = {"previous_reaction": "yes", "previous_reaction--what": "faint"}
    assert person.post("/check/questions/3/", rest="1", **faint)["Location"] == "/check/questions/3/"
    assert draft().content["answers"]["fainting"] == "yes"
    page = text_of(person.get("/check/questions/3/"))
    assert 'name="fainting"' not in page
    assert 'name="fainting--other_faints"' in page
    assert "You have told us already: <strong>Yes</strong>" in page
    assert "One more question on this page" in page
    told = {**faint, "fainting--other_faints": "no"}
    assert person.post("/check/questions/3/", rest="1", **told)["Location"] == "/check/questions/4/"


def test_three_denials_answer_the_question_about_a_gentle_current(person: Person) -> None:
    person.clinic.needling.modality = "electrical"
    person.clinic.needling.save()
    person.begin(kind="electrical")
    assert person.answer() == "/check/answers/"
    assert draft().content["answers"]["electrical_modality"] == "no"
    assert "electrical_modality" not in rows_shown(person)


def test_who_does_not_deny_all_three_is_asked_on_a_page_after_them(person: Person) -> None:
    person.clinic.needling.modality = "electrical"
    person.clinic.needling.save()
    person.begin(kind="electrical")
    assert person.answer({"pregnancy": "na"}) == "/check/answers/"
    assert draft().content["answers"]["electrical_modality"] == "no"
    shown = rows_shown(person)
    assert shown.index("electrical_modality") > shown.index("electronic_device")


def test_no_is_recorded_for_the_rows_shown_and_for_no_other(person: Person) -> None:
    person.begin()
    person.post("/check/questions/1/", rest="1")
    before = draft().content["answers"]
    answer = person.post("/check/questions/3/", rest="1")
    assert answer["Location"] == "/check/questions/2/"
    assert draft().content["answers"] == before


def test_a_page_that_has_changed_since_it_was_shown_is_shown_again(person: Person) -> None:
    person.begin()
    seen = person.shown_rows("/check/questions/1/").replace("rf_dvt", "").strip()
    answer = person.post("/check/questions/1/", rest="1", shown=seen)
    assert answer.status_code == 422
    assert "The questions here have changed with another answer." in text_of(answer)
    assert "Choose an answer: Is one calf, leg or arm newly swollen" in text_of(answer)
    assert not {name for name in draft().content["answers"] if name.startswith("rf_")}


def test_none_of_these_without_a_word_of_what_was_shown_denies_nothing(person: Person) -> None:
    person.begin()
    assert person.post("/check/questions/1/", rest="1", shown="").status_code == 422
    assert person.client.post("/check/questions/1/", {"rest": "1"}).status_code == 422
    assert set(draft().content["answers"]) == {"filling_for_other"}


def test_after_an_error_everything_typed_still_stands(person: Person) -> None:
    person.begin()
    typed = {
        "rf_trauma_fracture": "yes", "rf_trauma_fracture--when_day": "31", "rf_trauma_fracture--when_month": "2",
        "rf_trauma_fracture--when_year": "2026", "rf_cancer_signs": "yes", "rf_cancer_signs--which": "night_pain",
        "rf_dvt": "unsure",
    }  # fmt: skip
    page = text_of(person.post("/check/questions/1/", **typed))
    assert "data-takes-focus" in page
    for name, value in (("rf_cancer_signs", "yes"), ("rf_cancer_signs--which", "night_pain"), ("rf_dvt", "unsure")):
        [box] = [one for one in page.split("<input ")[1:] if f'name="{name}"' in one and f'value="{value}"' in one]
        assert "checked" in box.partition(">")[0], name


def test_likely_regions_are_added_by_the_server(person: Person) -> None:
    person.begin(regions=("head_face", "knee"))
    assert draft().content["context"]["likely_regions"] == ["neck", "shoulder_girdle", "thigh"]
    assert "thoracic_region" in rows_shown(person) or "thoracic_region" in str(_all_rows(person))


def _all_rows(person: Person) -> list[str]:
    person.answer({"thoracic_region--travel": "no"})
    return rows_shown(person)


def test_why_an_intimate_question_is_asked_is_one_tap_away(person: Person) -> None:
    person.begin()
    assert shipped_manner().why["rf_cauda_equina"] in text_of(person.get("/check/questions/1/"))


@pytest.mark.parametrize(("after", "hasty"), [(2, True), (600, False)])
def test_a_page_answered_faster_than_it_can_be_read_is_a_note_for_the_therapist(
    person: Person, monkeypatch: pytest.MonkeyPatch, after: int, hasty: bool
) -> None:
    person.begin()
    shown = person.shown_rows("/check/questions/1/")
    set_now(monkeypatch, NOW + timedelta(seconds=after))
    person.post("/check/questions/1/", rest="1", shown=shown)
    assert QuestionnaireResponse.objects.get().haste == ({"A_red_flags-1": float(after)} if hasty else None)


def test_the_therapist_reads_on_how_many_pages_that_was_so(person: Person) -> None:
    person.check(reading=True)
    assert answered_form(Screening.objects.get()).hasty_pages == 9


def test_the_limit_lets_a_practised_reader_pass(person: Person) -> None:
    texts = [item.question for item in shipped_questionnaire().items if item.category == "red_flag"]
    assert 10 < seconds_to_read(texts) < 25


def test_changing_one_answer_of_a_page_already_answered_is_no_haste(person: Person) -> None:
    person.begin()
    person.client.post("/check/questions/1/", {"rest": "1", "shown": rows_of_the_first_page(person)})
    QuestionnaireResponse.objects.get()
    noted = draft().haste
    person.post("/check/questions/1/", rest="1", rf_cancer_signs="unsure")
    assert draft().haste == noted


def rows_of_the_first_page(person: Person) -> str:
    return person.shown_rows("/check/questions/1/")


def test_help_in_the_clinics_languages_stands_before_anything_else(person: Person) -> None:
    page = text_of(person.get("/check/"))
    assert page.index("J’ai besoin d’une autre langue") < page.index("What would you like to book?")
    assert '<li lang="ar" dir="rtl"><a href="tel:' in page
    person.clinic.location.help_languages = ["uk", "xx"]
    person.clinic.location.save()
    page = text_of(person.get("/check/"))
    assert 'lang="uk"' in page
    assert 'lang="pa"' not in page

"""The check: help first, nothing asked twice, no answer made up, help at once where it is needed."""

import re

import pytest
from django.test import Client

from intake.models import QuestionnaireResponse, Screening
from intake.notices import current_notice
from tests.frontend.patient.person import WHO, Person, text_of


def draft() -> QuestionnaireResponse:
    return QuestionnaireResponse.objects.get()


def test_help_and_the_privacy_notice_stand_before_the_first_question(person: Person) -> None:
    page = text_of(person.get("/check/"))
    assert page.index("I need another language or help") < page.index("Before we ask about your health")
    assert page.index("Before we ask about your health") < page.index("What would you like to book?")
    assert "tel:+17805550100" in page
    assert "Alberta's Health Information Act" in page


def test_the_notice_that_was_shown_is_kept_with_the_answers(person: Person) -> None:
    assert person.post("/check/", kind="manual")["Location"] == "/check/who/"
    place = person.clinic.location
    shown = current_notice("en", clinic_name=place.name, privacy_officer=place.privacy_officer, law=place.privacy_law)
    assert (draft().notice_version, draft().notice_hash) == (shown.version, shown.hash)


def test_choosing_nothing_is_said_and_starts_nothing(person: Person) -> None:
    answer = person.post("/check/", kind="surgery")
    assert answer.status_code == 422
    assert "Choose what you would like to book" in text_of(answer)
    assert not QuestionnaireResponse.objects.exists()


def test_an_empty_page_of_who_links_each_problem_to_its_field(person: Person) -> None:
    person.post("/check/", kind="manual")
    answer = person.post("/check/who/")
    page = text_of(answer)
    assert answer.status_code == 422
    for target in ("id_for_whom_0", "id_visit_0", "id_birth_date_group"):
        assert f'href="#{target}"' in page
        assert f'id="{target}"' in page


@pytest.mark.parametrize(
    "typed", [{"birth_date_day": "31", "birth_date_month": "2"}, {"birth_date_year": "1786"}, {"birth_date_year": "²"}]
)
def test_a_birth_date_that_is_none_is_refused_and_nothing_typed_is_lost(person: Person, typed: dict[str, str]) -> None:
    person.post("/check/", kind="manual")
    answer = person.post("/check/who/", **{**WHO, **typed})
    assert answer.status_code == 422
    marked = [tag for tag in re.findall(r"<input[^>]*>", text_of(answer)) if " checked" in tag]
    assert [re.findall(r'value="(.*?)"', tag)[0] for tag in marked] == ["me", "first"]


def test_a_child_is_told_at_once_what_is_possible(person: Person) -> None:
    person.post("/check/", kind="manual")
    answer = person.post("/check/who/", **{**WHO, "birth_date_year": "2014"})
    assert answer["Location"] == "/check/age/"
    page = text_of(person.get("/check/age/"))
    assert "Under 16" in page
    assert "Book a visit without needles" in page
    assert person.post("/check/age/")["Location"] == "/check/where/"
    assert draft().content["context"]["modality"] == "none"


def test_no_place_is_no_answer(person: Person) -> None:
    person.post("/check/", kind="manual")
    person.post("/check/who/", **WHO)
    assert person.post("/check/where/").status_code == 422
    assert person.post("/check/where/", regions=["tail"]).status_code == 422


def test_who_it_is_for_is_not_asked_again_among_the_questions(person: Person) -> None:
    person.begin()
    person.post("/check/questions/1/", rest="1")
    assert "filling_for_other" not in text_of(person.get("/check/questions/2/"))
    assert draft().content["answers"]["filling_for_other"] == "no"


def test_for_someone_else_only_the_link_to_them_is_asked(person: Person) -> None:
    person.begin(for_whom="other")
    person.post("/check/questions/1/", rest="1")
    page = text_of(person.get("/check/questions/2/"))
    assert 'name="filling_for_other--relation"' in page
    assert 'name="filling_for_other"' not in page


def test_an_unanswered_row_is_never_no_without_the_button_that_says_so(person: Person) -> None:
    person.begin()
    answer = person.post("/check/questions/1/")
    assert answer.status_code == 422
    assert "Choose an answer:" in text_of(answer)
    assert set(draft().content["answers"]) == {"filling_for_other"}


def test_none_of_these_records_a_no_for_each_row_shown(person: Person) -> None:
    person.begin()
    assert person.post("/check/questions/1/", rest="1")["Location"] == "/check/questions/2/"
    given = {name: value for name, value in draft().content["answers"].items() if name.startswith("rf_")}
    assert len(given) == 8
    assert set(given.values()) == {"no"}


def test_none_of_these_does_not_overrule_a_row_that_is_marked(person: Person) -> None:
    person.begin()
    person.post("/check/questions/1/", rest="1", rf_cancer_signs="unsure")
    assert draft().content["answers"]["rf_cancer_signs"] == "unsure"


def test_a_follow_up_that_shows_must_be_answered_and_one_that_does_not_is_not_read(person: Person) -> None:
    person.begin()
    person.post("/check/questions/1/", rest="1")
    person.post("/check/questions/2/", rest="1", **{"needle_choice--level": "fine"})
    person.post("/check/questions/3/", rest="1")
    missing = person.post("/check/questions/4/", rest="1", anticoagulant="yes")
    assert missing.status_code == 422
    assert "This still needs an answer" in text_of(missing)
    inr = {"anticoagulant--drug": "warfarin", "anticoagulant--inr": "24", "anticoagulant--inr_date--unknown": "on"}
    answer = person.post("/check/questions/4/", rest="1", anticoagulant="yes", **inr)
    assert "from 0.5 to 20" in text_of(answer)
    other = {"anticoagulant--drug": "doac", "anticoagulant--inr": "24"}
    first = text_of(person.get("/check/questions/4/"))
    drug = next(value for value in ("doac", "noac", "other") if f'value="{value}"' in first)
    answer = person.post("/check/questions/4/", rest="1", anticoagulant="yes", **{**other, "anticoagulant--drug": drug})
    assert answer.status_code == 302
    assert draft().content["follow_ups"]["anticoagulant"] == {"drug": [drug]}


def test_an_inr_with_a_comma_or_not_known_is_understood(person: Person) -> None:
    person.begin()
    person.post("/check/questions/1/", rest="1")
    person.post("/check/questions/2/", rest="1", **{"needle_choice--level": "fine"})
    person.post("/check/questions/3/", rest="1")
    said = {"anticoagulant--drug": "warfarin", "anticoagulant--inr": "2,5", "anticoagulant--inr_date--unknown": "on"}
    assert person.post("/check/questions/4/", rest="1", anticoagulant="yes", **said).status_code == 302
    assert draft().content["follow_ups"]["anticoagulant"] == {"drug": ["warfarin"], "inr": 2.5, "inr_date": "unknown"}


def test_changing_yes_to_no_takes_its_follow_ups_away(person: Person) -> None:
    person.begin()
    person.post("/check/questions/1/", rest="1", rf_cancer_signs="yes", **{
        "rf_cancer_signs--which": "night_pain", "rf_cancer_signs--cancer_ever": "no"
    })  # fmt: skip
    assert "rf_cancer_signs" in draft().content["follow_ups"]
    person.post("/check/questions/1/", rest="1", rf_cancer_signs="no")
    assert "rf_cancer_signs" not in draft().content["follow_ups"]


def test_a_page_further_on_leads_to_the_first_one_with_something_open(person: Person) -> None:
    person.begin()
    assert person.get("/check/questions/5/")["Location"] == "/check/questions/1/"
    assert person.get("/check/questions/99/")["Location"] == "/check/questions/1/"
    assert person.get("/check/answers/")["Location"] == "/check/questions/1/"
    assert person.get("/check/result/")["Location"] == "/check/questions/"


def test_an_emergency_is_shown_at_once_without_any_booking(person: Person) -> None:
    person.begin()
    answer = person.post(
        "/check/questions/1/",
        rest="1",
        rf_chest_breath="yes",
        **{"rf_chest_breath--after_needling": "no", "rf_chest_breath--checked": "no"},
    )
    assert answer["Location"] == "/check/result/"
    page = text_of(person.get("/check/result/"))
    assert "Please get help now" in page
    assert 'href="tel:911"' in page
    assert "/book/" not in page


def test_beside_urgent_help_nothing_else_stands(person: Person) -> None:
    person.begin()
    told = {"rf_chest_breath": "yes", "rf_chest_breath--after_needling": "no", "rf_chest_breath--checked": "no"}
    milder = {
        "rf_cancer_signs": "yes", "rf_cancer_signs--which": "night_pain", "rf_cancer_signs--cancer_ever": "no",
        "rf_cancer_signs--seen_doctor": "no",
    }  # fmt: skip
    assert person.post("/check/questions/1/", rest="1", **told, **milder)["Location"] == "/check/result/"
    page = text_of(person.get("/check/result/"))
    assert "go to an emergency department now" in page
    assert "Please book with your doctor soon" not in page
    assert "A therapist looks at this" not in page


def test_a_mistaken_emergency_can_be_corrected_and_then_a_therapist_looks(person: Person) -> None:
    person.begin()
    chest = {"rf_chest_breath--after_needling": "no", "rf_chest_breath--checked": "no"}
    person.post("/check/questions/1/", rest="1", rf_chest_breath="yes", **chest)
    assert "I marked something by mistake" in text_of(person.get("/check/result/"))
    person.post("/check/questions/1/", rest="1", rf_chest_breath="no")
    assert person.answer() == "/check/answers/"
    person.post("/check/answers/")
    assert "You can ask for a time" in text_of(person.get("/check/result/"))


def test_a_stop_among_the_red_flags_ends_the_questions_with_what_is_possible(person: Person) -> None:
    person.begin()
    fracture = {
        "rf_trauma_fracture--xray": "fracture", "rf_trauma_fracture--when_day": "1",
        "rf_trauma_fracture--when_month": "11", "rf_trauma_fracture--when_year": "2026",
    }  # fmt: skip
    answer = person.post("/check/questions/1/", rest="1", rf_trauma_fracture="yes", **fracture)
    assert answer["Location"] == "/check/result/"
    page = text_of(person.get("/check/result/"))
    assert "Not needling for now" in page
    assert f"service={person.clinic.assessment.slug}" in page
    assert f"service={person.clinic.call.slug}" in page
    assert f"service={person.clinic.needling.slug}" not in page
    assert 'href="/check/questions/1/"' in page


def test_a_healthy_person_can_book_after_few_taps(person: Person) -> None:
    page = text_of(person.check())
    assert "You can book" in page
    assert f"service={person.clinic.needling.slug}" in page
    assert "Never stop a prescribed medicine for this visit." in page
    assert Screening.objects.get().outcome == "CLEAR"


def test_a_review_says_that_a_therapist_looks_and_nothing_is_charged(person: Person) -> None:
    page = text_of(person.check({"needle_choice--level": "not_sure"}))
    assert "You can ask for a time" in page
    assert "Nothing is charged until they say yes." in page
    assert "a therapist looks first" in page


def test_a_visit_without_needles_asks_the_red_flags_only(person: Person) -> None:
    person.begin(kind="none")
    assert person.post("/check/questions/1/", rest="1")["Location"] == "/check/answers/"
    person.post("/check/answers/")
    page = text_of(person.get("/check/result/"))
    assert "You can book a visit without needles" in page
    assert f"service={person.clinic.assessment.slug}" in page
    assert f"service={person.clinic.needling.slug}" not in page


def test_after_a_visit_without_needles_the_whole_check_is_not_held_against_anybody(person: Person) -> None:
    person.check(kind="none")
    assert "You can book" in text_of(person.check())


def test_answers_are_shown_in_words_with_a_way_to_change_each(person: Person) -> None:
    person.begin()
    assert person.answer({"needle_choice--level": "nervous"}) == "/check/answers/"
    page = text_of(person.get("/check/answers/"))
    assert "A bit nervous, but I want to try" in page
    assert "How do you feel about having thin needles as part of your care?" in page
    assert "born 3 April 1986" in page
    assert "Knee" in page
    assert 'href="/check/questions/2/"' in page
    assert person.post("/check/questions/2/", rest="1", **{"needle_choice--level": "fine"})["Location"] == (
        "/check/answers/"
    )


def test_changing_an_answer_takes_the_result_away(person: Person) -> None:
    person.check()
    person.post("/check/questions/1/", rest="1")
    assert person.get("/check/result/")["Location"] == "/check/questions/"


def test_the_form_is_found_again_on_coming_back_and_nobody_elses(person: Person) -> None:
    person.begin()
    assert "Go on where I was" in text_of(person.get("/check/"))
    assert person.get("/check/questions/")["Location"] == "/check/questions/1/"
    stranger = Client()
    assert stranger.get("/check/questions/1/")["Location"] == "/check/"


def test_no_address_and_no_title_says_anything_about_health(person: Person) -> None:
    person.begin()
    page = text_of(person.get("/check/questions/1/"))
    assert "<title>Your questions" in page


@pytest.mark.parametrize("path", ["/check/", "/check/who/", "/book/", "/visit/", "/visits/"])
def test_no_page_is_kept_by_a_browser_or_proxy(person: Person, path: str) -> None:
    assert "no-store" in person.get(path)["Cache-Control"]

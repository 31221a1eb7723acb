"""The pages about the health questions: seen by the owner, changed by managers, signed before patients see anything."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from intake.models import AuditEvent, Questionnaire, QuestionnaireDraft
from intake.selectors.questionnaire_drafts import current_draft, seen_of
from intake.selectors.questionnaires import current_questionnaire, definition_of
from intake.services.responses import screen_line
from tests.factories import intake as people
from tests.frontend.staff.conftest import NOW, Desk
from tests.security.pages import inline_code_of

SIGNATURE = {"name": "Kim Roy", "registration": "PT-1234", "body": "College", "statement": "on"}
ITEM = {
    "label": "Sea water", "group": "F_conditions", "question": "Have you been in the sea?", "help": "",
    "triage_on": "yes",
    "triage": "REVIEW", "triage_if_unsure": "CAUTION", "urgent": "", "scope": "booking", "follow_up_mode": "raise",
    "reask": "each_booking", "regions": ["knee"], "patient_message": "", "therapist_alert": "Salt.", "rationale": "",
}  # fmt: skip


@pytest.fixture
def manager(desk: Desk) -> Client:
    return desk.browsers["manager"]


def address(name: str, *args: str) -> str:
    return reverse(f"staff:questions-{name}" if name else "staff:questions", args=args)


def text(browser: Client, name: str, *args: str) -> str:
    answer = browser.get(address(name, *args))
    assert answer.status_code == 200
    words = answer.content.decode()
    assert inline_code_of(words) == []
    return words


def send(browser: Client, page: str, /, *args: str, **fields: object):
    return browser.post(address(page, *args), {"seen": seen_of(current_draft()), **fields})


def publish(browser: Client, **more: object):
    return send(browser, "publish", instead_of=str(current_questionnaire().pk), **SIGNATURE, **more)


def test_until_somebody_signs_staff_see_that_it_is_a_draft(desk: Desk, manager: Client) -> None:
    page = reverse("staff:review", args=[desk.visit.pk])
    assert "These questions are a draft" in text(manager, "")
    assert "are a draft" in desk.browsers["therapist"].get(page).content.decode()
    send(manager, "begin")
    assert publish(manager).status_code == 303
    assert "These questions are a draft" not in text(manager, "")
    assert "Kim Roy, PT-1234, College" in text(manager, "")
    desk.screening.refresh_from_db()  # the old form keeps its unsigned version, and says so
    assert "are a draft" in desk.browsers["therapist"].get(page).content.decode()


def test_every_question_stands_there_with_what_it_does_and_how_often_it_fires(desk: Desk, manager: Client) -> None:
    for _form in range(30):
        people.make_screening(people.caution_line(), now=NOW)
    words = text(manager, "")
    definition = definition_of(current_questionnaire())
    assert all(f'id="{item.id}"' in words for item in definition.items)
    assert "fires in 97 % (30 of 31)" in words
    assert words.count("almost always fires") == 1
    assert "97 %" in words
    assert "31 finished forms." in words


def test_the_owner_looks_and_changes_nothing(desk: Desk) -> None:
    owner = desk.browsers["owner"]
    words = text(owner, "")
    assert "Switch off" not in words
    assert "Begin one" not in words
    assert send(owner, "switch", "lung", asked="no").status_code == 403
    assert not QuestionnaireDraft.objects.exists()
    assert 'href="/settings/questionnaire/"' in words


def test_switching_off_shows_which_combinations_lose_their_meaning(manager: Client, desk: Desk) -> None:
    answer = send(manager, "switch", "lung", asked="no")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/settings/questionnaire/#lung")
    words = text(manager, "")
    assert 'id="lung" class="is-off"' in words
    assert "its questions are switched off" in words
    assert "Lung risk region with lung disease: <strong>can&#x27;t hold any more" in text(manager, "publish").replace(
        "can't", "can&#x27;t"
    )
    assert 'id="id_lung"' not in text(manager, "patient")
    assert send(manager, "switch", "lung", asked="yes").status_code == 303
    assert 'id="id_lung' in text(manager, "patient")


def test_a_red_flag_has_no_switch(manager: Client, desk: Desk) -> None:
    assert reverse("staff:questions-switch", args=["rf_dvt"]) not in text(manager, "")
    answer = send(manager, "switch", "rf_dvt", asked="no")
    assert (answer.status_code, "can&#x27;t be switched off" in answer.content.decode()) == (422, True)


def test_words_are_changed_previewed_and_signed_before_a_patient_reads_them(manager: Client, desk: Desk) -> None:
    fields = _fields(manager, "lung")
    answer = send(manager, "item", "lung", **fields | {"en-0": "Trouble with your lungs?", "fr-0": "Des soucis ?"})
    assert answer.status_code == 303
    assert "Trouble with your lungs?" in text(manager, "patient")
    words = text(manager, "publish")
    assert "<ins>Trouble with your lungs?</ins>" in words
    assert "<ins>Des soucis ?</ins>" in words
    assert definition_of(current_questionnaire()).by_id["lung"].question != "Trouble with your lungs?"
    assert publish(manager).status_code == 303
    assert definition_of(current_questionnaire()).by_id["lung"].question == "Trouble with your lungs?"


def test_words_that_lose_a_number_are_refused_beside_their_field(manager: Client, desk: Desk) -> None:
    fields = _fields(manager, "rf_cauda_equina")
    number = re.search(r'name="fr-(\d+)"[^<]*</textarea>', text(manager, "item", "rf_cauda_equina"))
    assert number is not None
    place = next(key for key in fields if key.startswith("fr-") and key in _fields_with_numbers(manager))
    answer = send(manager, "item", "rf_cauda_equina", **fields | {place: "Allez au lit."})
    words = answer.content.decode()
    assert answer.status_code == 422
    assert "Keep the number in double braces" in words
    assert "Allez au lit." in words
    assert not QuestionnaireDraft.objects.exists()


def test_numbers_are_checked_with_a_sentence_beside_each(manager: Client, desk: Desk) -> None:
    given = {name: str(value) for name, value in definition_of(current_questionnaire()).config.items()}
    for change, sentence in (
        ({"inr_stop": "2,9"}, "this must not be lower than the limit above it"),
        ({"inr_stop": "30"}, "less than or equal to 4.5"),
        ({"screening_valid_days": "soon"}, "Enter a number"),
        ({"nurse_line": "call"}, "type a number that people can call"),
    ):
        answer = send(manager, "numbers", **given | change)
        assert (answer.status_code, sentence in answer.content.decode()) == (422, True), change
    assert send(manager, "numbers", **given | {"inr_stop": "3,2"}).status_code == 303
    draft = current_draft()
    assert draft is not None
    assert draft.config["inr_stop"] == 3.2


def test_looser_limits_are_signed_for_by_themselves(manager: Client, desk: Desk) -> None:
    given = {name: str(value) for name, value in definition_of(current_questionnaire()).config.items()}
    send(manager, "numbers", **given | {"screening_valid_days": "180"})
    assert "Looser than shipped" in text(manager, "publish")
    assert publish(manager).status_code == 422
    assert publish(manager, looser="on").status_code == 303
    assert "Some limits are looser" in current_questionnaire().signed_statement


def test_a_question_of_the_clinics_own_from_first_word_to_signature(manager: Client, desk: Desk) -> None:
    made = send(manager, "new", **ITEM)
    assert made.status_code == 303
    item = made.headers["Location"].split("/")[-2]
    more = {"question": "How long?", "help": "", "type": "choice", "label-0": "Short", "triage-0": ""}
    assert send(manager, "more", item, **more).status_code == 422
    assert send(manager, "more", item, **more | {"label-1": "Long", "triage-1": "STOP"}).status_code == 303
    draft = current_draft()
    assert draft is not None
    follow_up = next(one for one in draft.items if one["id"] == item)["follow_ups"][0]
    assert follow_up["options"] == [
        {"value": "o1", "label": "Short"}, {"value": "o2", "label": "Long", "triage": "STOP"},
    ]  # fmt: skip
    changed = more | {"label-1": "Very long", "triage-1": "STOP", "label-2": "All day", "triage-2": "STOP"}
    assert send(manager, "more-one", item, follow_up["id"], **changed).status_code == 303
    assert send(manager, "edit", item, **ITEM | {"triage": "CAUTION"}).status_code == 303
    assert "Have you been in the sea?" in manager.get(address("patient") + "?region=knee").content.decode()
    assert "Have you been in the sea?" not in text(manager, "patient")  # asked for the knee only
    words = text(manager, "publish")
    assert "New question" in words
    assert "can&#x27;t be judged whole" in words.replace("can't", "can&#x27;t")
    assert publish(manager).status_code == 303
    own = definition_of(current_questionnaire()).by_id[item]
    assert (own.triage, own.triage_if_unsure, [one.value for one in own.follow_ups[0].options]) == (
        "CAUTION", "CAUTION", ["o1", "o2", "o3"],
    )  # fmt: skip
    assert send(manager, "more-remove", item, follow_up["id"]).status_code == 303
    assert send(manager, "remove", item).status_code == 303
    assert "Question taken out" in text(manager, "publish")


def test_only_questions_of_their_own_are_edited(manager: Client, desk: Desk) -> None:
    for name in ("edit", "more"):
        assert manager.get(address(name, "lung")).status_code == 404
    assert send(manager, "remove", "lung").status_code == 404
    assert manager.get(address("item", "nothing")).status_code == 404


def test_who_was_slower_keeps_what_they_typed_and_sees_who_was_faster(manager: Client, desk: Desk) -> None:
    fields = _fields(manager, "lung")
    stale = seen_of(current_draft())
    send(manager, "switch", "cancer", asked="no")
    answer = manager.post(address("item", "lung"), fields | {"seen": stale, "en-0": "My own words"})
    words = answer.content.decode()
    assert answer.status_code == 409
    assert "Dana has changed the working copy meanwhile" in words
    assert "My own words" in words
    draft = current_draft()
    assert draft is not None
    assert draft.wording.get("en", {}) == {}
    assert f'value="{seen_of(draft)}"' in words  # so that saving again, knowingly, works
    assert manager.post(address("discard"), {"seen": stale}).status_code == 409
    assert manager.post(address("publish"), SIGNATURE | {"seen": stale, "instead_of": "x"}).status_code == 409
    assert Questionnaire.objects.count() == 1


def test_nothing_is_published_without_a_whole_signature(manager: Client, desk: Desk) -> None:
    send(manager, "begin")
    for missing in SIGNATURE:
        given = {key: value for key, value in SIGNATURE.items() if key != missing}
        answer = send(manager, "publish", instead_of=str(current_questionnaire().pk), **given)
        assert answer.status_code == 422
    assert Questionnaire.objects.count() == 1


def test_an_unsafe_question_has_no_signature_line(manager: Client, desk: Desk) -> None:
    people.make_working_copy(desk.users["manager"], NOW)
    QuestionnaireDraft.objects.update(items=[*_items(triage_if_unsure="CLEAR")])
    words = text(manager, "publish")
    assert "&quot;Sea water&quot;: &quot;not sure&quot; would count as nothing found." in words
    assert 'name="registration"' not in words
    answer = publish(manager)
    assert (answer.status_code, Questionnaire.objects.count()) == (422, 1)
    assert "can&#x27;t be published yet" in text(manager, "").replace("can't", "can&#x27;t")


def test_the_preview_shows_counts_and_no_names(manager: Client, desk: Desk) -> None:
    send(manager, "switch", "needle_choice", asked="no")
    people.make_screening(people.caution_line(), now=NOW)
    words = manager.get(address("publish") + "?days=30").content.decode()
    assert "<strong>1 of 2</strong> kept forms would come out differently" in words
    assert str(desk.patient) not in words
    assert "/visits/" not in words
    assert AuditEvent.objects.filter(action="previewed", agent=desk.users["manager"]).count() == 1


def test_without_a_working_copy_there_is_nothing_to_publish(manager: Client, desk: Desk) -> None:
    answer = manager.get(address("publish"))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/settings/questionnaire/")


def test_the_preview_for_a_patient_takes_nonsense_calmly(manager: Client, desk: Desk) -> None:
    for query in ("?age=-1", "?age=1e9", "?region=tail", "?stage=x", "?modality=none", "?visit="):
        assert manager.get(address("patient") + query).status_code == 200


def _items(**change: str) -> list[dict[str, object]]:
    draft = current_draft()
    assert draft is not None
    return [one | change if one["id"] == "clinic_sea" else one for one in draft.items]


def _fields(browser: Client, item: str) -> dict[str, str]:
    names = re.findall(r'<(?:textarea|input[^>]*) name="((?:en|fr)-\d+)"', text(browser, "item", item))
    assert names
    return dict.fromkeys(names, "")


def _fields_with_numbers(browser: Client) -> set[str]:
    """The fields under a text with a number to fill in."""
    words = text(browser, "item", "rf_cauda_equina")
    blocks = words.split("<fieldset>")[1:]
    return {name for block in blocks if "{{" in block for name in re.findall(r'<textarea name="(fr-\d+)"', block)}


def test_with_everything_off_that_may_go_the_red_flags_are_left_and_patients_are_still_asked(
    manager: Client, desk: Desk
) -> None:
    free = re.findall(r"/items/(\w+)/switch/", text(manager, ""))
    assert len(free) > 40
    for item in free:
        assert send(manager, "switch", item, asked="no").status_code == 303
    words = text(manager, "patient")
    assert ("Do you have chest pain" in words, "blood thinner" in words) == (True, False)
    assert publish(manager).status_code == 303
    definition = definition_of(current_questionnaire())
    assert {item.category for item in definition.items} == {"red_flag", "administrative"}
    answers = {item.id: "no" for item in definition.items if item.id != "rf_after_needling"}
    context = {"regions": ["knee"], "age": 40, "modality": "manual", "stage": "booking", "visit": "first"}
    later = NOW + timedelta(hours=1)
    issued = screen_line(line={"context": context, "answers": answers}, session_hash="", language="en", now=later)
    assert (issued.screening.outcome, issued.screening.complete) == ("CLEAR", True)

"""The clinic changes its questions in a working copy, and puts them in force with a signature."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.utils import translation

from config.invariants import broken_promises
from frontend.patient.words import said
from intake.errors import DraftChanged, InvalidChange, MustBeAsked, NotAllowed, NotPublishable, SignedVersionInForce
from intake.models import AuditEvent, Questionnaire, QuestionnaireDraft, Role
from intake.questionnaires import shipped
from intake.rules.changes import Change
from intake.selectors.questionnaire_drafts import as_published, changes_of, current_draft, objections_to, seen_of
from intake.selectors.questionnaires import current_questionnaire, definition_of, newer_shipped_version
from intake.selectors.screenings import messages_of
from intake.services import questionnaire_drafts as drafts
from intake.services.questionnaires import Signature, publish_questionnaire
from intake.services.responses import screen_line
from tests.factories.intake import NOW, OWN_ITEM, emergency_line, make_questionnaire, make_user

pytestmark = pytest.mark.django_db
SIGNED = Signature("Kim Roy", "PT-1234", "College of Physiotherapists", "I have read it and answer for it.")
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def manager():
    make_questionnaire()
    return make_user(Role.MANAGER, name="Dana")


def seen():
    return seen_of(current_draft())


def publish(manager, now=LATER, **changes):
    return drafts.publish_draft(
        seen=seen(), instead_of=str(current_questionnaire().pk), signature=SIGNED, by=manager, now=now, **changes
    )


def trail():
    events = AuditEvent.objects.filter(entity_type__in=["intake.questionnairedraft"]).order_by("id")
    return [(one.action, one.details) for one in events]


def test_the_first_change_begins_the_working_copy_and_the_trail_says_who(manager):
    in_force = current_questionnaire()
    drafts.switch_item(seen=seen(), item_id="lung", asked=False, by=manager, now=LATER)
    draft = current_draft()
    assert (draft.based_on, draft.switched_off, draft.revision, draft.changed_by, draft.changed_at) == (
        in_force, ["lung"], 2, manager, LATER,
    )  # fmt: skip
    assert trail() == [("begun", {}), ("edited", {"change": "switched", "revision": 2})]
    assert current_questionnaire() == in_force  # nothing is in force yet
    assert "lung" in definition_of(in_force).by_id
    assert "lung" not in definition_of(as_published(draft)).by_id


def test_an_item_can_be_asked_again(manager):
    for asked in (False, True):
        drafts.switch_item(seen=seen(), item_id="lung", asked=asked, by=manager, now=LATER)
    assert (current_draft().switched_off, changes_of(as_published(current_draft()))) == ([], ())


@pytest.mark.parametrize("item", [
    "rf_cauda_equina", "rf_chest_breath", "rf_stroke_head_neck", "rf_progressive_weakness", "rf_infection_spine",
    "rf_cancer_signs", "rf_trauma_fracture", "rf_dvt", "rf_after_needling", "filling_for_other",
])  # fmt: skip
def test_red_flags_and_what_the_pages_need_are_always_asked(manager, item):
    with pytest.raises(MustBeAsked):
        drafts.switch_item(seen=seen(), item_id=item, asked=False, by=manager, now=LATER)
    assert not QuestionnaireDraft.objects.exists()


def test_who_has_not_seen_the_last_change_changes_nothing(manager):
    before = seen()
    drafts.switch_item(seen=before, item_id="lung", asked=False, by=manager, now=LATER)
    for stale in (before, f"{current_draft().pk}.1", "nonsense", ""):
        with pytest.raises(DraftChanged) as refused:
            drafts.change_settings(seen=stale, config={"inr_stop": 3.2}, by=manager, now=LATER)
        assert refused.value.details == {"by": "Dana", "at": LATER}
        with pytest.raises(DraftChanged):
            drafts.discard_draft(seen=stale, by=manager, now=LATER)
    assert (current_draft().revision, current_draft().config.get("inr_stop")) == (2, None)


def test_a_discarded_working_copy_is_gone_for_whoever_still_has_it_open(manager):
    drafts.begin_draft(by=manager, now=LATER)
    stale = seen()
    drafts.discard_draft(seen=stale, by=manager, now=LATER)
    with pytest.raises(DraftChanged):
        drafts.switch_item(seen=stale, item_id="lung", asked=False, by=manager, now=LATER)
    assert not QuestionnaireDraft.objects.exists()


def test_the_clinics_words_reach_the_pages_in_each_language(manager):
    words = {
        "en": {"lung/question": "Anything wrong with your lungs?", "lung/help": ""},
        "fr": {"lung/question": "Un souci aux poumons ?", "lung/follow_ups/which/options/asthma": "Asthme"},
    }
    drafts.change_wording(seen=seen(), item_id="lung", words=words, by=manager, now=LATER)
    made = publish(manager)
    item = definition_of(made).by_id["lung"]
    texts = (item.question, item.follow_up_of["which"].option_of["asthma"].label)
    with translation.override("en"):
        assert said(texts[0]) == "Anything wrong with your lungs?"
    with translation.override("fr"):
        assert [said(text) for text in texts] == ["Un souci aux poumons ?", "Asthme"]
        assert said("") == ""
    first = Questionnaire.objects.exclude(pk=made.pk).get()
    with translation.override("fr"):  # an older version keeps its own words
        assert said(definition_of(first).by_id["lung"].question) == str(definition_of(first).by_id["lung"].question)


def test_a_message_in_the_clinics_words_keeps_its_number_in_each_language(manager):
    line = emergency_line()
    words = {"fr": {"rf_chest_breath/patient_message": "Appelez le {{emergency_number}} maintenant."}}
    drafts.change_wording(seen=seen(), item_id="rf_chest_breath", words=words, by=manager, now=LATER)
    publish(manager, now=NOW - timedelta(hours=1))
    screening = screen_line(line=line, session_hash="", language="fr", now=LATER).screening
    message = messages_of(screening)[0]
    assert message.text.startswith("Call 911 or go")
    with translation.override("fr"):
        assert said(message.text) == "Appelez le 911 maintenant."


@pytest.mark.parametrize(("text", "problem"), [
    ("Go to a hospital.", "lost-number"),
    ("Call {{emergency_number}} or {{pizza_line}}.", "unknown-number"),
    ("x" * 1001, "too-long"),
])  # fmt: skip
def test_words_that_lose_what_matters_are_refused(manager, text, problem):
    address = "rf_cauda_equina/patient_message"
    with pytest.raises(InvalidChange) as refused:
        drafts.change_wording(
            seen=seen(), item_id="rf_cauda_equina", words={"fr": {address: text}}, by=manager, now=LATER
        )
    assert refused.value.details == {"problems": {("fr", address): problem}}


def test_words_for_another_item_are_refused(manager):
    with pytest.raises(InvalidChange):
        drafts.change_wording(
            seen=seen(), item_id="lung", words={"en": {"cancer/question": "?"}}, by=manager, now=LATER
        )


def test_numbers_of_the_clinic_go_with_the_version(manager):
    drafts.change_settings(
        seen=seen(), config={"inr_stop": 3.2, "inr_max_age_days": 30, "nurse_line": "111"}, by=manager, now=LATER
    )
    assert current_draft().config == {
        "emergency_number": "911", "crisis_line": "988", "nurse_line": "111", "inr_stop": 3.2,
    }  # fmt: skip
    assert definition_of(publish(manager)).config["inr_stop"] == 3.2


@pytest.mark.parametrize(("config", "problems"), [
    ({"inr_stop": 2.9}, {"inr_stop": "out-of-order"}),
    ({"inr_same_day": 3.4}, {"inr_same_day": "out-of-order"}),
    ({"inr_stop": 30}, {"inr_stop": "out-of-range"}),
    ({"inr_stop": float("nan")}, {"inr_stop": "no-number"}),
    ({"inr_stop": "3"}, {"inr_stop": "no-number"}),
    ({"screening_valid_days": 30.5}, {"screening_valid_days": "not-whole"}),
    ({"emergency_number": "call us"}, {"emergency_number": "empty"}),
    ({"min_age_online_dry_needling": True}, {"min_age_online_dry_needling": "no-number"}),
    ({"pizza": 1}, {"pizza": "unknown"}),
])  # fmt: skip
def test_numbers_that_make_no_sense_are_refused(manager, config, problems):
    with pytest.raises(InvalidChange) as refused:
        drafts.change_settings(seen=seen(), config=config, by=manager, now=LATER)
    assert refused.value.details == {"problems": problems}


def test_an_item_of_the_clinics_own_is_asked_evaluated_changed_and_removed(manager):
    drafts.put_item(seen=seen(), item=OWN_ITEM, by=manager, now=LATER)
    ids = [item["id"] for item in current_draft().items]
    assert ids[ids.index("clinic_sea") - 1] == "lie_still"  # behind the others of its group
    drafts.put_item(seen=seen(), item={**OWN_ITEM, "triage": "STOP"}, by=manager, now=LATER)
    assert definition_of(as_published(current_draft())).by_id["clinic_sea"].triage == "STOP"
    drafts.remove_item(seen=seen(), item_id="clinic_sea", by=manager, now=LATER)
    assert changes_of(as_published(current_draft())) == ()


def test_shipped_items_are_neither_replaced_nor_removed(manager):
    with pytest.raises(NotAllowed):
        drafts.put_item(seen=seen(), item={**OWN_ITEM, "id": "lung"}, by=manager, now=LATER)
    with pytest.raises(NotAllowed):
        drafts.remove_item(seen=seen(), item_id="lung", by=manager, now=LATER)


def test_a_malformed_item_is_refused_whole(manager):
    with pytest.raises(InvalidChange) as refused:
        drafts.put_item(seen=seen(), item={**OWN_ITEM, "triage": "MAYBE"}, by=manager, now=LATER)
    assert "item clinic_sea: triage must be one of" in refused.value.details["detail"]
    assert not QuestionnaireDraft.objects.exists()


@pytest.mark.parametrize("change", [
    {"triage_if_unsure": "CLEAR"}, {"triage": "CLEAR"}, {"answer_type": "yes_no"},
])  # fmt: skip
def test_an_item_that_lets_doubt_pass_is_never_published(manager, change):
    drafts.put_item(seen=seen(), item=OWN_ITEM | change, by=manager, now=LATER)
    with pytest.raises(NotPublishable) as refused:
        publish(manager)
    assert [one.item for one in refused.value.details["problems"].safety] == ["clinic_sea"]
    assert (Questionnaire.objects.count(), current_draft() is not None) == (1, True)


def test_publishing_keeps_who_signed_and_ends_the_working_copy(manager):
    drafts.switch_item(seen=seen(), item_id="lung", asked=False, by=manager, now=LATER)
    changes = changes_of(as_published(current_draft()))
    made = publish(manager)
    assert changes == (Change("switched-off", "Lung disease, or past collapsed lung"),)
    assert current_questionnaire() == made
    assert (made.version, made.rules_version, made.shipped_version) == (
        "0.2.0-clinic.2", "0.2.0-clinic.2", "0.2.0-draft",
    )  # fmt: skip
    assert (made.signed_name, made.signed_registration, made.signed_body, made.signed_statement) == SIGNED
    assert (made.signed_at, made.published_by, made.is_signed, made.switched_off) == (LATER, manager, True, ["lung"])
    assert not QuestionnaireDraft.objects.exists()
    event = AuditEvent.objects.get(entity_id=made.pk)
    assert (event.action, event.agent, event.details) == (
        "published", manager, {"version": "0.2.0-clinic.2", "signed": True},
    )  # fmt: skip
    assert make_screening_version() == "0.2.0-clinic.2"


def make_screening_version():
    from_now_on = LATER + timedelta(minutes=1)
    line = {"regions": ["knee"], "age": 40, "modality": "manual", "stage": "booking", "visit": "first"}
    definition = definition_of(current_questionnaire())
    gates = {item.id: "no" for item in definition.items if item.gate_answers}
    kept = {"context": line, "answers": gates, "follow_ups": {"needle_choice": {"level": "fine"}}}
    issued = screen_line(line=kept, session_hash="", language="en", now=from_now_on)
    assert issued.screening.questionnaire == current_questionnaire()
    return issued.screening.result["rules_version"]


def test_a_working_copy_that_was_compared_with_an_older_version_is_not_published(manager):
    drafts.begin_draft(by=manager, now=LATER)
    with pytest.raises(DraftChanged):
        drafts.publish_draft(seen=seen(), instead_of=str(current_draft().pk), signature=SIGNED, by=manager, now=LATER)
    assert Questionnaire.objects.count() == 1


def test_a_restart_never_replaces_what_the_clinic_has_signed(manager, capsys, monkeypatch):
    drafts.switch_item(seen=seen(), item_id="lung", asked=False, by=manager, now=LATER)
    signed = publish(manager)
    call_command("load_questionnaire")
    assert (current_questionnaire(), Questionnaire.objects.count()) == (signed, 2)
    with pytest.raises(CommandError):
        call_command("load_questionnaire", "--set", "inr_stop=3.2")
    items, rules = shipped.shipped_data()
    newer = {**rules, "rules_version": "0.3.0-draft"}
    with pytest.raises(SignedVersionInForce):
        publish_questionnaire(items=items, rules=newer, config={}, by=None, now=LATER + timedelta(days=1))
    assert current_questionnaire() == signed


def test_an_unsigned_version_after_a_signed_one_breaks_a_promise(manager):
    drafts.begin_draft(by=manager, now=LATER)
    signed = publish(manager)
    assert "signed-stays" not in [one.name for one in broken_promises(now=LATER)]
    rogue = Questionnaire.objects.get(pk=signed.pk)
    rogue.pk, rogue.version, rogue.published_at, rogue.signed_at = uuid4(), "rogue", LATER + timedelta(days=1), None
    rogue.save(force_insert=True)
    found = {one.name: one.rows for one in broken_promises(now=LATER)}
    assert found["signed-stays"] == [str(rogue.pk)]


def test_a_version_signed_by_a_clock_that_is_behind_is_in_force_all_the_same(manager):
    drafts.begin_draft(by=manager, now=NOW)
    made = publish(manager, now=NOW - timedelta(days=400))
    assert current_questionnaire() == made


def test_half_a_signature_is_none(manager):
    questionnaire = Questionnaire.objects.get()
    questionnaire.pk, questionnaire.version, questionnaire.signed_at = uuid4(), "half", LATER
    with pytest.raises(IntegrityError), transaction.atomic():
        questionnaire.save(force_insert=True)


def test_a_newer_shipped_version_is_a_proposal_to_start_from(manager, monkeypatch):
    old = Questionnaire.objects.get()
    items, rules = shipped.shipped_data()
    older = {**rules, "rules_version": "0.1.0-draft", "combination_rules": rules["combination_rules"][1:]}
    publish_questionnaire(items=items[:-1], rules=older, config=old.config, by=None, now=NOW)
    drafts.put_item(seen=seen(), item=OWN_ITEM, by=manager, now=LATER)
    drafts.switch_item(seen=seen(), item_id="lung", asked=False, by=manager, now=LATER)
    drafts.change_settings(seen=seen(), config={"inr_stop": 3.2}, by=manager, now=LATER)
    signed = publish(manager)
    assert (signed.version, newer_shipped_version(signed)) == ("0.1.0-clinic.3", shipped.SHIPPED_VERSION)
    call_command("load_questionnaire")
    assert current_questionnaire() == signed
    drafts.start_from_shipped(seen=seen(), by=manager, now=LATER)
    draft = current_draft()
    assert {item["id"] for item in draft.items} == {item["id"] for item in items} | {"clinic_sea"}
    assert (draft.switched_off, draft.config["inr_stop"], draft.shipped_version) == (
        ["lung"], 3.2, shipped.SHIPPED_VERSION,
    )  # fmt: skip
    assert [(one.kind, one.subject) for one in changes_of(as_published(draft))] == [
        ("added", items[-1]["label"]), ("combination", rules["combination_rules"][0]["id"]),
    ]  # fmt: skip
    assert not objections_to(as_published(draft))
    made = publish(manager, now=LATER + timedelta(hours=1))
    assert (made.version, newer_shipped_version(made)) == ("0.2.0-clinic.4", "")

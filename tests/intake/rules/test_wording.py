"""The clinic's own words travel with the text, in every language, and leave the shipped data as it is."""

import copy

from intake.questionnaires.shipped import shipped_data
from intake.rules.changes import Change, Content, changes_between
from intake.rules.definitions import parse_questionnaire
from intake.rules.wording import Text, known_words, said_in, texts_of, with_wording, wording_problems

ITEMS, RULES = shipped_data()
WORDS = {
    "en": {"lung/question": "Any trouble with your lungs?", "lung/help": "Like asthma."},
    "fr": {"lung/question": "Des soucis ?", "lung/patient_message": "Dites-le."},
}


def content(**changes):
    return Content(**{"items": ITEMS, "rules": RULES, "config": {}, "switched_off": [], "wording": {}} | changes)


def test_the_words_take_the_place_of_the_text_and_know_the_other_languages():
    before = copy.deepcopy(ITEMS)
    lung = parse_questionnaire(with_wording(ITEMS, WORDS), RULES).by_id["lung"]
    assert (lung.question, lung.help) == ("Any trouble with your lungs?", "Like asthma.")
    assert [said_in(lung.question, language) for language in ("en", "fr", "fr-ca", "de")] == [
        None, "Des soucis ?", "Des soucis ?", None,
    ]  # fmt: skip
    assert said_in(lung.patient_message, "fr") == "Dites-le."
    assert said_in("a plain text", "fr") is None
    assert before == ITEMS


def test_without_words_of_its_own_everything_is_as_shipped():
    assert with_wording(ITEMS, {}) == ITEMS
    assert with_wording(ITEMS, {"fr": {"nothing/question": "?"}}) == ITEMS


def test_a_copy_and_a_filled_in_number_keep_the_languages():
    text = Text("Call {{n}}.", {"fr": "Appelez le {{n}}."})
    filled = copy.deepcopy(text).replace("{{n}}", "911")
    assert (filled, said_in(filled, "fr")) == ("Call 911.", "Appelez le 911.")


def test_every_text_has_one_address():
    addresses = [address for item in ITEMS for address, _text in texts_of(item)]
    assert len(set(addresses)) == len(addresses)
    everything = {"fr": {address: f"{{{address}}}" for address in addresses}}
    reworded = dict(pair for item in with_wording(ITEMS, everything) for pair in texts_of(item))
    assert len(reworded) == len(addresses)


def test_what_is_wrong_is_said_at_its_place():
    words = {
        "en": {"rf_cauda_equina/patient_message": "Go now.", "lung/question": "x" * 1001},
        "fr": {"gone/question": "?", "lung/help": "{{emergency_number}}", "lung/question": "Bien {{"},
    }
    assert wording_problems(ITEMS, words) == {
        ("en", "rf_cauda_equina/patient_message"): "lost-number",
        ("en", "lung/question"): "too-long",
        ("fr", "gone/question"): "unknown-address",
        ("fr", "lung/help"): "unknown-number",
        ("fr", "lung/question"): "unknown-number",
    }
    assert wording_problems(ITEMS, WORDS) == {}
    assert known_words(ITEMS, {"fr": {"gone/question": "?", "lung/help": "", "lung/question": "Oui"}}) == {
        "fr": {"lung/question": "Oui"}
    }


def test_changes_are_told_in_pieces_that_can_be_read():
    items = copy.deepcopy(ITEMS)
    lung = next(item for item in items if item["id"] == "lung")
    lung["triage"], lung["rationale"] = "STOP", "Other reasons."
    rules = copy.deepcopy(RULES)
    rules["combination_rules"][0]["raise_to"] = "STOP"
    after = content(items=items, rules=rules, config={"inr_stop": 3.2}, switched_off=["cancer"], wording=WORDS)
    label = lung["label"]
    was = dict(texts_of(lung))
    cancer = next(item["label"] for item in ITEMS if item["id"] == "cancer")
    rule = RULES["combination_rules"][0]
    assert changes_between(content(), after) == (
        Change("switched-off", cancer),
        Change("rule-of-item", label, "triage", "CAUTION", "STOP"),
        Change("wording", label, "en:lung/question", was["lung/question"], "Any trouble with your lungs?"),
        Change("wording", label, "en:lung/help", was["lung/help"], "Like asthma."),
        Change("wording", label, "fr:lung/question", "", "Des soucis ?"),
        Change("wording", label, "fr:lung/patient_message", "", "Dites-le."),
        Change("combination", rule["id"], "", rule["alert"], rule["alert"]),
        Change("setting", "inr_stop", "", "3.5", "3.2"),
    )
    assert changes_between(content(), content()) == ()

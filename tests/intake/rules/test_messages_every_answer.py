"""Each item x result: no emergency or "before we confirm" text on a milder result, none missing on a stricter one."""

from functools import cache

import pytest

from intake.questionnaires.shipped import shipped_questionnaire
from intake.rules.messages import messages_for
from intake.rules.validity import OUTCOMES, URGENCIES
from tests.intake.rules.lines import ITEM, ITEMS, RULES, screen
from tests.intake.rules.test_screening_every_answer import lines_of

NUMBERS = {"emergency_number": "911", "nurse_line": "811", "crisis_line": "988"}
BY_OUTCOME = RULES["messages"]["by_outcome"]
ADVICE = {rule["message"] for item in ITEMS for one in item["follow_ups"] for rule in one.get("rules", [])
          if rule.get("message")}  # fmt: skip


def filled(text):
    for name, number in NUMBERS.items():
        text = text.replace(f"{{{{{name}}}}}", number)
    return text


# Which results each text was written for; several items may share one.
WRITTEN_FOR: dict[str, set[tuple[str, str | None]]] = {}
for one in ITEMS:
    WRITTEN_FOR.setdefault(filled(one.get("patient_message", "")), set()).add((one["triage"], one["urgent"]))
for kind in URGENCIES:
    WRITTEN_FOR.setdefault(filled(BY_OUTCOME[kind]), set()).update((outcome, kind) for outcome in OUTCOMES)
for kind in OUTCOMES:
    WRITTEN_FOR.setdefault(filled(BY_OUTCOME[kind]), set()).add((kind, None))
ANYTIME = {filled(text) for text in RULES["must_show_on_every_outcome"]}
ANYTIME |= {filled(one["always_message"]) for one in ITEMS if one.get("always_message")}


@cache
def results_of(name):
    """Each different result that the item's answers can lead to, once."""
    item, seen = ITEM[name], {}
    for line in lines_of(item):
        result = screen(line, **NUMBERS)
        finding = result.findings.get(item["id"])
        key = (finding and (finding.outcome, finding.urgent, finding.is_default), result.outcome, result.urgent)
        seen.setdefault((*key, result.rules), result)
    return list(seen.values())


def told(result):
    return [message for message in messages_for(shipped_questionnaire(**NUMBERS), result) if message.kind != "notice"]


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item["id"])
def test_no_text_stands_on_a_result_it_was_not_written_for(item):
    for result in results_of(item["id"]):
        reached = {(one.outcome, one.urgent) for one in result.findings.values() if not one.is_default}
        reached.add((result.outcome_of_answers, result.urgent))
        for message in told(result):
            if message.text not in ANYTIME | ADVICE:
                assert WRITTEN_FOR[message.text] & reached, (message, reached)


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item["id"])
def test_every_finding_and_the_whole_have_the_text_of_exactly_their_result(item):
    for result in results_of(item["id"]):
        texts = {message.text for message in told(result)}
        for name, finding in result.findings.items():
            if finding.is_default:
                continue
            own = ITEM[name].get("patient_message")
            is_own = own and (finding.outcome, finding.urgent) == (ITEM[name]["triage"], ITEM[name]["urgent"])
            text = own if is_own else BY_OUTCOME[finding.urgent or finding.outcome]
            assert not text or filled(text) in texts, (name, finding)
            always = ITEM[name].get("always_message")
            assert not always or finding.outcome == "CLEAR" or filled(always) in texts
        overall = result.urgent or result.outcome_of_answers
        has_words = [one for one in result.findings.values() if (one.urgent or one.outcome) == overall]
        assert has_words or filled(BY_OUTCOME[overall]) in texts or overall == "CLEAR"


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item["id"])
def test_the_words_of_an_emergency_and_of_a_request_stand_on_those_alone(item):
    for result in results_of(item["id"]):
        texts = {message.text for message in told(result)} - ANYTIME
        if result.urgent != "EMERGENCY":
            assert filled(BY_OUTCOME["EMERGENCY"]) not in texts
            assert [text for text in texts if "911 now" in text or "emergency department now, or" in text] == []
        if "REVIEW" not in {result.outcome_of_answers, *(one.outcome for one in result.findings.values())}:
            assert [text for text in texts if "before we confirm" in text] == []


def test_an_item_is_seen_in_every_result_that_its_answers_allow():
    seen = {item["id"]: {result.items[item["id"]] for result in results_of(item["id"])} for item in ITEMS}
    assert [name for name, outcomes in seen.items() if ITEM[name]["triage"] not in outcomes] == []

"""Whatever was answered: stored, read back, sealed again under a new key, it comes to the same result."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings

from intake.models import QuestionnaireResponse, Screening
from intake.rules.answers import read_line
from intake.rules.screening import evaluate
from intake.selectors.questionnaires import current_questionnaire, definition_of
from intake.selectors.replay import differences, screenings_to_replay
from intake.services.keys import reseal_everything
from intake.services.questionnaires import publish_questionnaire
from intake.services.responses import screen_line
from tests.factories.intake import NOW, caution_line, make_questionnaire, make_screening, review_line, stop_line
from tests.intake.rules.lines import ITEMS, RULES, TODAY, healthy
from tests.intake.rules.random_lines import lines

pytestmark = pytest.mark.django_db
OLD = ("test", b"a key of thirty-two bytes, tests")
NEW = ("next", b"another key of thirty-two bytes!")


def silent(*_said):
    """Nobody needs to hear how far it is."""


def stored(line):
    issued = screen_line(line=line, session_hash="", language="en", now=NOW)
    return Screening.objects.get(pk=issued.screening.pk)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(line=lines(is_complete=True))
def test_any_complete_answers_replay_the_same_after_storage_and_under_a_new_key(settings, line):
    make_questionnaire()
    line["context"]["on"] = NOW.date().isoformat()
    definition = definition_of(current_questionnaire())
    result = evaluate(definition, *read_line(definition, line, today=TODAY))
    settings.FIELD_KEYS = [OLD]
    first = stored(line)
    before = first.result
    settings.FIELD_KEYS = [NEW, OLD]
    reseal_everything(progress=silent)
    settings.FIELD_KEYS = [NEW]
    again = Screening.objects.get(pk=first.pk)
    assert {key: again.result[key] for key in result.as_line()} == result.as_line()
    assert again.result["line"]["answers"] == line["answers"]
    assert (again.result, differences(again)) == (before, [])
    assert again.response.content == {"answers": {}, "follow_ups": {}} | line
    QuestionnaireResponse.objects.all().delete()


def test_a_new_version_of_the_questions_changes_no_stored_result():
    make_questionnaire()
    kept = stored(healthy(answers={"metal_allergy": "yes"}, follow_ups={"metal_allergy": {"reaction": "rash"}}))
    stricter = [item | {"triage": "STOP"} if item["id"] == "metal_allergy" else item for item in ITEMS]
    rules = RULES | {"rules_version": "9.9.9"}
    publish_questionnaire(items=stricter, rules=rules, config={}, by=None, now=NOW)
    line = healthy(answers={"metal_allergy": "yes"}, follow_ups={"metal_allergy": {"reaction": "rash"}})
    assert (stored(line).outcome, kept.outcome) == ("STOP", "CAUTION")
    assert differences(Screening.objects.get(pk=kept.pk)) == []


@pytest.mark.parametrize(
    ("spoil", "parts"),
    [
        (lambda one: one.result["items"].update(metal_allergy="STOP"), ["result.items"]),
        (lambda one: one.result["line"]["answers"].update(metal_allergy="unsure"), ["result.items"]),
        (lambda one: setattr(one, "outcome", "CLEAR"), ["outcome"]),
        (lambda one: setattr(one, "complete", False), ["complete"]),
    ],
    ids=["a result", "an answer", "the outcome in clear", "whether it is complete"],
)
def test_what_was_changed_afterwards_is_found(spoil, parts):
    screening = make_screening(caution_line()).screening
    screening.result = dict(screening.result)
    spoil(screening)
    screening.save()
    found = differences(Screening.objects.get(pk=screening.pk))
    assert set(parts) <= set(found)


def test_the_command_replays_them_all():
    for make_line in (caution_line, review_line, stop_line):
        make_screening(make_line())
    said = StringIO()
    call_command("replay", stdout=said)
    assert said.getvalue() == "Replayed 3 screenings; each came to the same result.\n"


def test_the_command_names_those_that_differ_and_no_answer():
    make_screening(caution_line())
    broken = make_screening(stop_line()).screening
    Screening.objects.filter(pk=broken.pk).update(outcome="CLEAR")
    unreadable = make_screening(caution_line(), now=NOW - timedelta(days=3)).screening
    unreadable.result = unreadable.result | {"line": {}}
    unreadable.save()
    said = StringIO()
    with pytest.raises(CommandError, match="2 of 3 screenings come out differently"):
        call_command("replay", stdout=said)
    assert said.getvalue().splitlines() == [
        f"{broken.pk}: outcome",
        f"{unreadable.pk}: the answers don't fit their questions",
    ]


def test_only_the_last_days_are_looked_at_if_asked_for():
    old = make_screening(caution_line(), now=NOW - timedelta(days=3)).screening
    new = make_screening(caution_line()).screening
    assert list(screenings_to_replay(days=1, now=NOW)) == [new]
    assert list(screenings_to_replay(days=None, now=NOW)) == [new, old]

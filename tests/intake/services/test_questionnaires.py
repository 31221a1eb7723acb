"""Publishing the questions."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.utils import DatabaseError

from intake.errors import QuestionnaireMissing
from intake.models import Questionnaire
from intake.questionnaires.shipped import shipped_data
from intake.rules.definitions import QuestionnaireError
from intake.selectors.questionnaires import current_questionnaire, definition_of
from intake.services.questionnaires import publish_questionnaire
from tests.factories.intake import NOW

pytestmark = pytest.mark.django_db


def publish(now=NOW, **config):
    items, rules = shipped_data()
    return publish_questionnaire(items=items, rules=rules, config=config, by=None, now=now)


def test_without_any_there_is_a_clear_error():
    with pytest.raises(QuestionnaireMissing):
        current_questionnaire()


def test_loading_twice_publishes_once(capsys):
    call_command("load_questionnaire")
    call_command("load_questionnaire")
    assert Questionnaire.objects.count() == 1
    assert current_questionnaire().config == {"emergency_number": "911", "crisis_line": "988", "nurse_line": "811"}


def test_a_changed_setting_is_a_new_version_and_the_others_stay():
    call_command("load_questionnaire")
    call_command("load_questionnaire", "--set", "inr_stop=3.2", "--set", "nurse_line=111")
    questionnaire = current_questionnaire()
    assert questionnaire.version.endswith("+2")
    assert questionnaire.config == {
        "emergency_number": "911", "crisis_line": "988", "nurse_line": "111", "inr_stop": 3.2,
    }  # fmt: skip
    assert definition_of(questionnaire).config["inr_stop"] == 3.2


@pytest.mark.parametrize("setting", ["inr_stop", "no_such=1", "inr_stop=high"])
def test_a_setting_that_does_not_fit_is_refused(setting):
    with pytest.raises(CommandError):
        call_command("load_questionnaire", "--set", setting)
    assert Questionnaire.objects.count() == 0


def test_going_back_to_earlier_settings_is_a_version_too():
    publish(nurse_line="811")
    publish(now=NOW + timedelta(days=1), nurse_line="111")
    last = publish(now=NOW + timedelta(days=2), nurse_line="811")
    assert (Questionnaire.objects.count(), current_questionnaire()) == (3, last)


def test_malformed_data_is_never_published():
    items, rules = shipped_data()
    with pytest.raises(QuestionnaireError):
        publish_questionnaire(items=[*items, items[0]], rules=rules, config={}, by=None, now=NOW)


def test_what_was_published_can_not_be_changed_or_deleted():
    questionnaire = publish()
    for change in (lambda: Questionnaire.objects.update(version="x"), questionnaire.delete):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()

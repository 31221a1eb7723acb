"""The questionnaire in force, its parsed form, and the clinic's own words in it."""

from collections.abc import Mapping
from functools import lru_cache

from django.db.models import QuerySet

from intake.errors import QuestionnaireMissing
from intake.models import Questionnaire
from intake.questionnaires.shipped import SHIPPED_VERSION
from intake.rules import definitions
from intake.rules.messages import filled
from intake.rules.versions import without
from intake.rules.wording import Text, with_wording

SLUG = "dry-needling"


def current_questionnaire(slug: str = SLUG) -> Questionnaire:
    """The version published last.

    :raises QuestionnaireMissing: none was published yet (`manage.py load_questionnaire`)
    """
    found = versions_of(slug).first()  # large parts are left out; they are parsed once per process below
    if found is None:
        raise QuestionnaireMissing
    return found


def versions_of(slug: str = SLUG) -> QuerySet[Questionnaire]:
    """Every published version, the newest first, without its questions and rules."""
    return Questionnaire.objects.filter(slug=slug).order_by("-published_at", "-version").defer("items", "rules")


@lru_cache(maxsize=16)
def definition_of(questionnaire: Questionnaire) -> definitions.Questionnaire:
    """The parsed questionnaire as it is asked; rows are immutable, so each is parsed once per process."""
    items, rules = without(questionnaire.items, questionnaire.rules, questionnaire.switched_off)
    return definitions.parse_questionnaire(
        with_wording(items, questionnaire.wording), rules, config_overrides=questionnaire.config
    )


def in_clinic_words(questionnaire: Questionnaire, text: str) -> str:
    """A stored message as a text that knows the clinic's words for it in other languages."""
    return _messages_in_languages(questionnaire).get(text, text)


def shipped_version_of(questionnaire: Questionnaire) -> str:
    """The version of the shipped data that it was made from."""
    return questionnaire.shipped_version or questionnaire.rules_version


def newer_shipped_version(questionnaire: Questionnaire) -> str:
    """The version that this program ships, if it is another than the one that the questionnaire was made from."""
    return "" if shipped_version_of(questionnaire) == SHIPPED_VERSION else SHIPPED_VERSION


@lru_cache(maxsize=16)
def _messages_in_languages(questionnaire: Questionnaire) -> Mapping[str, Text]:
    definition = definition_of(questionnaire)
    texts = (text for item in definition.items for text in (item.patient_message, item.always_message))
    return {str(text): text for text in (filled(definition, one) for one in texts) if isinstance(text, Text)}

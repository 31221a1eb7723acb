"""The questionnaire in force, and its parsed form."""

from functools import lru_cache

from intake.errors import QuestionnaireMissing
from intake.models import Questionnaire
from intake.rules import definitions

SLUG = "dry-needling"


def current_questionnaire(slug: str = SLUG) -> Questionnaire:
    """The version published last.

    :raises QuestionnaireMissing: none was published yet (`manage.py load_questionnaire`)
    """
    newest_first = Questionnaire.objects.filter(slug=slug).order_by("-published_at", "-version")
    found = newest_first.defer("items", "rules").first()  # large, and parsed once per process below
    if found is None:
        raise QuestionnaireMissing
    return found


@lru_cache(maxsize=16)
def definition_of(questionnaire: Questionnaire) -> definitions.Questionnaire:
    """The parsed questionnaire; rows are immutable, so each is parsed once per process."""
    return definitions.parse_questionnaire(
        questionnaire.items, questionnaire.rules, config_overrides=questionnaire.config
    )

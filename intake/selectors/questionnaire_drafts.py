"""The working copy of the next version: what it says, and what stands against publishing it."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from intake.models import Questionnaire, QuestionnaireDraft
from intake.questionnaires.shipped import SHIPPED_VERSION, shipped_questionnaire
from intake.rules import definitions
from intake.rules.changes import Change, Content, changes_between
from intake.rules.clinic_settings import Looser, looser_than_shipped, settings_problems
from intake.rules.safety import Problem, safety_problems
from intake.rules.versions import RuleChange, rule_changes
from intake.rules.wording import wording_problems
from intake.selectors.questionnaires import SLUG, current_questionnaire, definition_of, shipped_version_of

CONTENT: Final = ("items", "rules", "config", "switched_off", "wording")


@dataclass(frozen=True, slots=True)
class Objections:
    """What stands against publishing: `settings` by name, `wording` by language and address."""

    safety: tuple[Problem, ...]
    settings: dict[str, str]
    wording: dict[tuple[str, str], str]

    def __bool__(self) -> bool:
        return bool(self.safety or self.settings or self.wording)


def current_draft(slug: str = SLUG) -> QuestionnaireDraft | None:
    """The working copy, if somebody has begun one."""
    return QuestionnaireDraft.objects.select_related("changed_by", "based_on").filter(slug=slug).first()


def seen_of(draft: QuestionnaireDraft | None) -> str:
    """A mark of what somebody looks at; whoever saves sends it back, so that no change gets lost."""
    return f"{draft.pk}.{draft.revision}" if draft else f"{current_questionnaire().pk}.0"


def as_published(draft: QuestionnaireDraft) -> Questionnaire:
    """The working copy as the version that it would become. It is not stored."""
    content = {name: getattr(draft, name) for name in CONTENT}
    return Questionnaire(
        id=uuid5(NAMESPACE_URL, content_hash(content)),
        slug=draft.slug,
        version=draft.rules["rules_version"],
        rules_version=draft.rules["rules_version"],
        shipped_version=draft.shipped_version,
        content_hash=content_hash(content),
        published_at=draft.changed_at,
        **content,
    )


def what_would_be_asked() -> Questionnaire:
    """The working copy as a version, or the version in force where there is none.

    :raises QuestionnaireMissing: there is neither
    """
    draft = current_draft()
    return as_published(draft) if draft else current_questionnaire()


def content_hash(content: dict[str, Any]) -> str:
    """What two versions with the same content have in common."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def objections_to(questionnaire: Questionnaire) -> Objections:
    """Everything that stands against publishing it; false if it may be published."""
    definition = definition_of(questionnaire)
    return Objections(
        safety=safety_problems(definition, measured_by=_measure_of(questionnaire)),
        settings=settings_problems(definition.config),
        wording=wording_problems(questionnaire.items, questionnaire.wording),
    )


def changes_of(questionnaire: Questionnaire) -> tuple[Change, ...]:
    """What it would change of the version in force."""
    return changes_between(_content(current_questionnaire()), _content(questionnaire))


def looser_settings(questionnaire: Questionnaire) -> tuple[Looser, ...]:
    """The settings that let more people through than those that were shipped."""
    return looser_than_shipped(definition_of(questionnaire).config, questionnaire.rules["clinic_config"])


def changed_rules(questionnaire: Questionnaire) -> tuple[RuleChange, ...]:
    """The combination rules that lose some or all of their meaning by what is switched off."""
    return rule_changes(questionnaire.rules, questionnaire.switched_off)


def _content(questionnaire: Questionnaire) -> Content:
    return Content(**{name: getattr(questionnaire, name) for name in CONTENT})


def _measure_of(questionnaire: Questionnaire) -> definitions.Questionnaire:
    """Whose red flags and gates must still be there: those of the data that it was made from."""
    if shipped_version_of(questionnaire) == SHIPPED_VERSION:
        return shipped_questionnaire()
    return definition_of(current_questionnaire())

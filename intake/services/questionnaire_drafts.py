"""Changing the working copy of the next version, and publishing it. Whoever saves says what they have seen."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from intake.errors import DraftChanged, InvalidChange, MustBeAsked, NotAllowed, NotPublishable
from intake.models import Questionnaire, QuestionnaireDraft, User
from intake.questionnaires.shipped import SHIPPED_VERSION, shipped_data
from intake.rules.clinic_settings import settings_problems
from intake.rules.definitions import QuestionnaireError
from intake.rules.safety import may_be_switched_off
from intake.rules.wording import LANGUAGE_OF_DATA, Words, known_words, texts_of, wording_problems
from intake.selectors.questionnaire_drafts import CONTENT, as_published, objections_to, seen_of
from intake.selectors.questionnaires import SLUG, current_questionnaire, definition_of, shipped_version_of
from intake.services.audit import record_event
from intake.services.questionnaires import Signature, publish_signed

ADDED = "added_by_clinic"


def begin_draft(*, by: User, now: datetime) -> QuestionnaireDraft:
    """The working copy: the one that exists, or a new one of the version in force."""
    return _begun(current_questionnaire(), by, now)


@transaction.atomic
def start_from_shipped(*, seen: str, by: User, now: datetime) -> QuestionnaireDraft:
    """Put the questions and rules that this program ships under the clinic's own changes, as far as those still fit."""
    draft = _locked(seen, by, now)
    items, rules = shipped_data()
    ids = {item["id"] for item in items}
    items += [item for item in draft.items if item.get(ADDED) and item["id"] not in ids]
    draft.items, draft.rules, draft.shipped_version = items, rules, SHIPPED_VERSION
    draft.config = {name: value for name, value in draft.config.items() if name in rules["clinic_config"]}
    draft.switched_off = _may_be_off(draft.switched_off, items)
    return _saved(draft, "rebased", by, now)


@transaction.atomic
def discard_draft(*, seen: str, by: User, now: datetime) -> None:
    """Throw the working copy away; the version in force stays as it is."""
    draft = _locked(seen, by, now)
    record_event(action="discarded", entity=draft, by=by, details={"revision": draft.revision}, now=now)
    draft.delete()


@transaction.atomic
def switch_item(*, seen: str, item_id: str, asked: bool, by: User, now: datetime) -> QuestionnaireDraft:
    """Ask an item, or ask it no longer.

    :raises MustBeAsked: it is a red flag, or one that the pages need
    """
    draft = _locked(seen, by, now)
    if not asked and not may_be_switched_off(_item(draft, item_id)):
        raise MustBeAsked
    others = [one for one in draft.switched_off if one != item_id]
    draft.switched_off = others if asked else [*others, item_id]
    return _saved(draft, "switched", by, now)


@transaction.atomic
def change_wording(*, seen: str, item_id: str, words: Words, by: User, now: datetime) -> QuestionnaireDraft:
    """Say the texts of an item in the clinic's own words; an empty text is said as it was shipped.

    :raises InvalidChange: a text is too long, or lost the place of an emergency number
    """
    draft = _locked(seen, by, now)
    item = _item(draft, item_id)
    texts = dict(texts_of(item))
    if stray := [address for said in words.values() for address in said if address not in texts]:
        raise InvalidChange(problems=dict.fromkeys(stray, "unknown-address"))
    changed = {
        language: {
            address: text.strip()
            for address, text in said.items()
            if text.strip() and not (language == LANGUAGE_OF_DATA and text.strip() == texts[address])
        }
        for language, said in words.items()
    }
    problems = wording_problems([item], changed)
    if problems:
        raise InvalidChange(problems=problems)
    for language, said in changed.items():
        others = {key: text for key, text in draft.wording.get(language, {}).items() if key not in words[language]}
        draft.wording = {**draft.wording, language: others | said}
    return _saved(draft, "wording", by, now)


@transaction.atomic
def change_settings(*, seen: str, config: Mapping[str, Any], by: User, now: datetime) -> QuestionnaireDraft:
    """Set the clinic's own numbers; those that are not named stay, those equal to the shipped ones are not kept.

    :raises InvalidChange: a number is out of its range, or the INR limits are not in order
    """
    draft = _locked(seen, by, now)
    shipped = draft.rules["clinic_config"]
    chosen = {**draft.config, **config}
    problems = settings_problems({**shipped, **chosen})
    problems |= {name: "unknown" for name in config if name not in shipped}
    if problems:
        raise InvalidChange(problems=problems)
    draft.config = {name: value for name, value in chosen.items() if value != shipped[name]}
    return _saved(draft, "settings", by, now)


@transaction.atomic
def put_item(*, seen: str, item: Mapping[str, Any], by: User, now: datetime) -> QuestionnaireDraft:
    """Add an item of the clinic's own, behind the others of its group, or change one that was added.

    :raises NotAllowed: the id is that of a shipped item
    :raises InvalidChange: the item is malformed; details hold the `detail`
    """
    draft = _locked(seen, by, now)
    added = {**item, ADDED: True}
    places = {one["id"]: number for number, one in enumerate(draft.items)}
    if item["id"] not in places:
        draft.items.insert(_place_for(added, draft.items), added)
        return _saved(draft, "item-added", by, now)
    if not draft.items[places[item["id"]]].get(ADDED):
        raise NotAllowed
    draft.items[places[item["id"]]] = added
    return _saved(draft, "item-changed", by, now)


@transaction.atomic
def remove_item(*, seen: str, item_id: str, by: User, now: datetime) -> QuestionnaireDraft:
    """Take an item of the clinic's own out of the working copy.

    :raises NotAllowed: it was shipped; those are switched off
    """
    draft = _locked(seen, by, now)
    if not _item(draft, item_id).get(ADDED):
        raise NotAllowed
    draft.items = [one for one in draft.items if one["id"] != item_id]
    draft.switched_off = [one for one in draft.switched_off if one != item_id]
    return _saved(draft, "item-removed", by, now)


@transaction.atomic
def publish_draft(*, seen: str, instead_of: str, signature: Signature, by: User, now: datetime) -> Questionnaire:
    """Put the working copy in force under a clinician's signature; it is gone afterwards.

    `instead_of` is the id of the version that it was compared with.

    :raises DraftChanged: the working copy, or the version in force, is another one by now
    :raises NotPublishable: something stands against it; details hold the `problems` (`Objections`)
    """
    draft = _locked(seen, by, now)
    copy = as_published(draft)
    objections = objections_to(copy)
    if objections:
        raise NotPublishable(problems=objections)
    made = publish_signed(copy=copy, signature=signature, instead_of=instead_of, by=by, now=now)
    draft.delete()
    return made


def _begun(source: Questionnaire, by: User, now: datetime) -> QuestionnaireDraft:
    content = {name: getattr(source, name) for name in CONTENT}
    draft, is_new = QuestionnaireDraft.objects.get_or_create(
        slug=SLUG,
        defaults={
            **content,
            "based_on": source,
            "shipped_version": shipped_version_of(source),
            "changed_by": by,
            "changed_at": now,
        },
    )
    if is_new:
        record_event(action="begun", entity=draft, by=by, now=now)
    return draft


def _locked(seen: str, by: User, now: datetime) -> QuestionnaireDraft:
    """The working copy as it was seen, for us alone; begun now if the version in force was looked at."""
    rows = QuestionnaireDraft.objects.select_for_update(of=("self",)).select_related("changed_by")
    draft = rows.filter(slug=SLUG).first()
    if draft is None and seen == seen_of(None):
        _begun(current_questionnaire(), by, now)
        return rows.get(slug=SLUG, revision=1)
    if draft is None:
        raise DraftChanged
    if seen != seen_of(draft):
        raise DraftChanged(by=str(draft.changed_by), at=draft.changed_at)
    return draft


def _saved(draft: QuestionnaireDraft, change: str, by: User, now: datetime) -> QuestionnaireDraft:
    draft.wording = known_words(draft.items, draft.wording)
    try:
        definition_of(as_published(draft))
    except QuestionnaireError as error:
        raise InvalidChange(problems={}, detail=str(error)) from error
    draft.revision += 1
    draft.changed_by, draft.changed_at = by, now
    draft.save()
    record_event(action="edited", entity=draft, by=by, details={"change": change, "revision": draft.revision}, now=now)
    return draft


def _item(draft: QuestionnaireDraft, item_id: str) -> dict[str, Any]:
    found = next((item for item in draft.items if item["id"] == item_id), None)
    if found is None:
        raise InvalidChange(problems={item_id: "unknown"})
    return dict(found)


def _place_for(item: Mapping[str, Any], items: list[dict[str, Any]]) -> int:
    same = [number for number, one in enumerate(items, start=1) if one["group"] == item["group"]]
    return same[-1] if same else len(items)


def _may_be_off(switched_off: Collection[str], items: list[dict[str, Any]]) -> list[str]:
    free = {item["id"] for item in items if may_be_switched_off(item)}
    return [one for one in switched_off if one in free]

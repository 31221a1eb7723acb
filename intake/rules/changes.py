"""What differs between two versions of a questionnaire, in pieces that a person can read and sign."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from intake.rules.wording import LANGUAGE_OF_DATA, Words, texts_of, with_wording

Kind = Literal["added", "removed", "switched-off", "switched-on", "wording", "rule-of-item", "setting", "combination"]
_TEXTS: Final = ("question", "help", "patient_message", "therapist_alert", "label")
_WITHOUT_MEANING: Final = (*_TEXTS, "rationale", "confidence", "general_knowledge_only", "sources", "added_by_clinic")


@dataclass(frozen=True, slots=True)
class Content:
    """A version as it is stored: see `intake.models.Questionnaire`."""

    items: Sequence[Mapping[str, Any]]
    rules: Mapping[str, Any]
    config: Mapping[str, Any]
    switched_off: Sequence[str]
    wording: Words


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `subject` is the item's short name, the setting or the combination rule; `place` what of it
    (a language and address, or a key of the data).
    """

    kind: Kind
    subject: str
    place: str = ""
    before: str = ""
    after: str = ""


def changes_between(before: Content, after: Content) -> tuple[Change, ...]:
    """Every difference that somebody could notice, items in their order, then rules and settings."""
    old = {item["id"]: item for item in before.items}
    new = {item["id"]: item for item in after.items}
    found: list[Change] = []
    for name in dict.fromkeys((*new, *old)):
        label = (new.get(name) or old[name]).get("label") or name
        if name not in old:
            found.append(Change("added", label, after=new[name]["question"]))
        elif name not in new:
            found.append(Change("removed", label, before=old[name]["question"]))
        else:
            found += _of_item(label, old[name], new[name])
        if (name in after.switched_off) != (name in before.switched_off):
            found.append(Change("switched-off" if name in after.switched_off else "switched-on", label))
        found += _of_words(label, _said(old.get(name), before.wording), _said(new.get(name), after.wording))
    found += _of_rules(before.rules, after.rules)
    found += _of_settings({**before.rules["clinic_config"], **before.config}, after)
    return tuple(found)


def _of_item(label: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for key in dict.fromkeys((*old, *new)):
        if key in _WITHOUT_MEANING:
            continue
        before, after = _meaning(old.get(key)), _meaning(new.get(key))
        if before != after:
            shown = ("", "") if key == "follow_ups" else (str(before or ""), str(after or ""))
            yield Change("rule-of-item", label, key, *shown)


def _meaning(value: Any) -> Any:
    """The value without its words, which are compared by themselves."""
    if isinstance(value, list):
        return [_meaning(one) for one in value]
    if isinstance(value, dict):
        return {key: _meaning(one) for key, one in value.items() if key not in _TEXTS}
    return value


def _said(item: Mapping[str, Any] | None, wording: Words) -> dict[tuple[str, str], str]:
    """What is said at each address, by language; in the language of the data always, in others where the clinic did."""
    if item is None:
        return {}
    said = {(LANGUAGE_OF_DATA, address): text for address, text in texts_of(with_wording([item], wording)[0])}
    for language, words in wording.items():
        if language != LANGUAGE_OF_DATA:
            mine = {address: text for address, text in words.items() if address.partition("/")[0] == item["id"]}
            said |= {(language, address): text for address, text in mine.items()}
    return said


def _of_words(
    label: str, before: Mapping[tuple[str, str], str], after: Mapping[tuple[str, str], str]
) -> Iterator[Change]:
    """Words of items that both versions have; those of added and removed ones come and go with them."""
    if not before or not after:
        return
    for language, address in dict.fromkeys((*after, *before)):
        old, new = before.get((language, address), ""), after.get((language, address), "")
        if old != new:
            yield Change("wording", label, f"{language}:{address}", str(old), str(new))


def _of_rules(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    old = {rule["id"]: rule for rule in before.get("combination_rules", ())}
    new = {rule["id"]: rule for rule in after.get("combination_rules", ())}
    for name in dict.fromkeys((*new, *old)):
        if old.get(name) != new.get(name):
            alerts = [one.get(name, {}).get("alert", name) if name in one else "" for one in (old, new)]
            yield Change("combination", name, "", *alerts)


def _of_settings(before: Mapping[str, Any], after: Content) -> Iterator[Change]:
    now = {**after.rules["clinic_config"], **after.config}
    for name in dict.fromkeys((*now, *before)):
        if before.get(name) != now.get(name):
            yield Change("setting", name, "", str(before.get(name, "")), str(now.get(name, "")))

"""A clinic's own words for the texts of its questionnaire, by language.

A text has an address: "anticoagulant/question", "anticoagulant/follow_ups/drug/options/warfarin". The words for the
language of the data take the place of the text; those of other languages travel with it (`Text`), so that whoever shows
it needs to know no version.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

LANGUAGE_OF_DATA: Final = "en"
LANGUAGES: Final = ("en", "fr")
MAX_WORDS: Final = 1000
ITEM_TEXTS: Final = ("question", "help", "patient_message", "therapist_alert")
FOLLOW_UP_TEXTS: Final = ("question", "help")
_BLANK: Final = re.compile(r"\{\{\s*(\w+)\s*\}\}")

Words = Mapping[str, Mapping[str, str]]
"""{"fr": {"address": "words"}}"""


class Text(str):
    """A text of the questionnaire that knows the clinic's words for it in other languages."""

    in_languages: Mapping[str, str]

    def __new__(cls, text: str, in_languages: Mapping[str, str]) -> "Text":
        made = super().__new__(cls, text)
        made.in_languages = in_languages
        return made

    def __getnewargs__(self) -> tuple[str, Mapping[str, str]]:  # type: ignore[override]  # how copies are made
        return str(self), self.in_languages

    def replace(self, old: str, new: str, *rest: Any, **options: Any) -> "Text":
        """The same replacement in every language: this is how the clinic's numbers are filled in."""
        others = {language: text.replace(old, new, *rest, **options) for language, text in self.in_languages.items()}
        return Text(super().replace(old, new, *rest, **options), others)


def said_in(text: str, language: str) -> str | None:
    """The clinic's own words for the text in this language ("fr-ca" counts as "fr"); None where it has none."""
    if not isinstance(text, Text):
        return None
    return text.in_languages.get(language.partition("-")[0])


def texts_of(item: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every text of an item that a clinic may say in its own words, with its address; empty ones too."""
    for holder, key, address in _places(item):
        yield address, str(holder.get(key, ""))


def with_wording(items: Sequence[Mapping[str, Any]], wording: Words) -> list[dict[str, Any]]:
    """The items in the clinic's words; the items given stay as they are. Words for unknown addresses say nothing."""
    return [_reworded(item, wording) for item in items]


def wording_problems(items: Sequence[Mapping[str, Any]], wording: Words) -> dict[tuple[str, str], str]:
    """What is wrong with the words, by language and address.

    "unknown-address", "too-long", "lost-number" (such as {{emergency_number}}) or "unknown-number".
    """
    originals = {address: text for item in items for address, text in texts_of(item)}
    found = {
        (language, address): _problem(text, originals.get(address))
        for language, words in wording.items()
        for address, text in words.items()
    }
    return {place: problem for place, problem in found.items() if problem}


def known_words(items: Sequence[Mapping[str, Any]], wording: Words) -> dict[str, dict[str, str]]:
    """The words whose addresses still exist, without empty ones."""
    known = {address for item in items for address, _text in texts_of(item)}
    return {
        language: {address: text for address, text in words.items() if address in known and text}
        for language, words in wording.items()
    }


def _problem(text: str, original: str | None) -> str:
    if original is None:
        return "unknown-address"
    if len(text) > MAX_WORDS:
        return "too-long"
    wanted, given = set(_BLANK.findall(original)), set(_BLANK.findall(text))
    if wanted - given:
        return "lost-number"
    return "unknown-number" if given - wanted or "{{" in _BLANK.sub("", text) else ""


def _reworded(item: Mapping[str, Any], wording: Words) -> dict[str, Any]:
    copy = dict(item)
    copy["follow_ups"] = [
        {**one, "options": [dict(option) for option in one["options"]]} if "options" in one else dict(one)
        for one in item.get("follow_ups", ())
    ]
    for holder, key, address in _places(copy):
        others = {name: words[address] for name, words in wording.items() if words.get(address)}
        text = others.pop(LANGUAGE_OF_DATA, holder.get(key, ""))
        if others:
            holder[key] = Text(text, others)
        elif key in holder or text:
            holder[key] = text
    return copy


def _places(item: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], str, str]]:
    """(the object that holds the text, its key there, its address)"""
    name = item["id"]
    for key in ITEM_TEXTS:
        yield item, key, f"{name}/{key}"  # type: ignore[misc]  # written to only in the copy that `_reworded` makes
    for follow_up in item.get("follow_ups", ()):
        here = f"{name}/follow_ups/{follow_up['id']}"
        for key in FOLLOW_UP_TEXTS:
            yield follow_up, key, f"{here}/{key}"
        for option in follow_up.get("options", ()):
            yield option, "label", f"{here}/options/{option['value']}"

"""How some questions are asked: those that a young person answers alone, and those that say why they are asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from intake.rules.definitions import Questionnaire
from intake.rules.entries import Entry


@dataclass(frozen=True, slots=True)
class Manner:
    """`private` are the items that a young person answers alone; `why` is a sentence for intimate ones."""

    private: frozenset[str]
    why: Mapping[str, str]


def parse_manner(raw: object, questionnaire: Questionnaire) -> Manner:
    """The manner of asking that the data describes.

    :raises QuestionnaireError: it names an item that does not exist, or gives no sentence
    """
    root = Entry(raw, "asking")
    why = root.child("why")
    for item in why.raw:
        if item not in questionnaire.by_id or not why.text(item):
            why.fail(f"{item!r} is no item, or has no sentence")
    return Manner(
        private=frozenset(root.words("private", questionnaire.by_id)),
        why=MappingProxyType({item: why.text(item) for item in why.raw}),
    )

"""What is different from last time, question by question, for the therapist who decides."""

from dataclasses import dataclass

from intake.selectors.reviews import AnsweredForm
from intake.selectors.wording import ItemInWords


@dataclass(frozen=True, slots=True)
class Change:
    """One question with the old answer (empty: it was not asked) and the new one, in words."""

    label: str
    question: str
    before: str
    after: str
    fired: bool


def changes_between(before: AnsweredForm | None, after: AnsweredForm) -> tuple[Change, ...]:
    """Answers that differ, those that need a look first; of questions that are new only those that need one.

    Callers have asked whether both may be shown, and have written the read down.
    """
    known = {item.id: _words(item) for item in before.items} if before else {}
    found = [
        Change(item.label, item.question, known.get(item.id, ""), _words(item), item.fired)
        for item in after.items
        if (item.id in known and known[item.id] != _words(item)) or (item.id not in known and item.fired)
    ]
    return tuple(sorted(found, key=lambda change: not change.fired))


def _words(item: ItemInWords) -> str:
    follow_ups = (f"{one.question} {one.answer}".strip() for one in item.follow_ups if one.answer != "Not answered")
    return "; ".join((*([item.answer] if item.answer else []), *follow_ups))

"""A form as it stands: which pages it has, what was answered, and which page comes next."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from booking.selectors.asking import FOR_SOMEONE_ELSE, items_answered_alone
from intake.clock import clinic_date
from intake.models import QuestionnaireResponse
from intake.rules.answers import Answers, Context, read_line
from intake.rules.definitions import Questionnaire
from intake.rules.items import FollowUp, Item
from intake.rules.questions import PRIVATE, deciding_follow_ups, fires, pages, visible_follow_ups
from intake.rules.screening import evaluate
from intake.rules.sharing import Implied, Target, implied, is_told
from intake.selectors.questionnaires import definition_of
from intake.selectors.sharing import sharing_of
from intake.services.drafts import CONTEXT_KEYS


@dataclass(frozen=True, slots=True)
class Row:
    """One question of a page: its gate, unless that was asked before or another answer gave it, and the follow-ups
    that decide.
    """

    item: Item
    asks_gate: bool
    follow_ups: tuple[FollowUp, ...]

    @property
    def safe_answer(self) -> str:
        return "yes" if self.item.triage_on == "no" else "no"


@dataclass(frozen=True, slots=True)
class QuestionPage:
    """Some rows under one heading; `number` counts from 1."""

    number: int
    group: str
    is_red_flags: bool
    rows: tuple[Row, ...]

    @property
    def is_private(self) -> bool:
        """Whether a young person answers it alone."""
        return self.group == PRIVATE

    @property
    def key(self) -> str:
        return f"{self.group}-{self.number}"


@dataclass(frozen=True)
class Draft:
    """The draft of a response whose context is complete (see `ready`)."""

    definition: Questionnaire
    context: Context
    answers: Answers
    content: Mapping[str, Any] = field(repr=False)

    @cached_property
    def pages(self) -> tuple[QuestionPage, ...]:
        """The pages asked of this person; for a visit without needles the red flags only."""
        laid_out: list[QuestionPage] = []
        last = sharing_of(self.definition).asked_last
        for page in pages(self.definition, self.context, last=last, alone=self.private):
            if self.context.modality == "none" and not page.is_red_flags:
                continue
            rows = tuple(row for row in map(self._row, page.items) if row.asks_gate or row.follow_ups)
            if rows:
                laid_out.append(QuestionPage(len(laid_out) + 1, page.group, page.is_red_flags, rows))
        return tuple(laid_out)

    def page(self, number: int) -> QuestionPage | None:
        return self.pages[number - 1] if 1 <= number <= len(self.pages) else None

    @property
    def first_open(self) -> QuestionPage | None:
        """The first page with something left to answer."""
        return next((page for page in self.pages if not self.is_answered(page)), None)

    @property
    def stops_now(self) -> bool:
        """Whether what was answered so far is urgent."""
        return evaluate(self.definition, self.context, self.answers).urgent is not None

    def gate(self, item: Item) -> str | None:
        return self.answers.gates.get(item.id)

    def given(self, item: Item) -> Mapping[str, Any]:
        return self.answers.follow_ups.get(item.id, {})

    @cached_property
    def private(self) -> frozenset[str]:
        """The items that this person answers alone."""
        return items_answered_alone(self.context, self.answers)

    @cached_property
    def _implied(self) -> Implied:
        return implied(sharing_of(self.definition), self.definition, self.context, self.answers)

    def is_told(self, item: Item, follow_up: FollowUp | None = None) -> bool:
        """Whether another answer says it already."""
        return is_told(self._implied, self.answers, Target(item.id, follow_up.id if follow_up else ""))

    def _row(self, item: Item) -> Row:
        deciding = tuple(one for one in deciding_follow_ups(item) if not self.is_told(item, one))
        asked_before = item.id == FOR_SOMEONE_ELSE and self.gate(item) is not None
        if asked_before or self.is_told(item):
            return Row(item, False, deciding if fires(item, self.gate(item)) else ())
        return Row(item, bool(item.gate_answers), deciding)

    def is_answered(self, page: QuestionPage) -> bool:
        return all(self._row_is_answered(row) for row in page.rows)

    def _row_is_answered(self, row: Row) -> bool:
        if row.asks_gate and self.gate(row.item) is None:
            return False
        given = self.given(row.item)
        visible = visible_follow_ups(row.item, self.gate(row.item), given)
        return all(one.id in given for one in visible if one in row.follow_ups)


def ready(response: QuestionnaireResponse) -> bool:
    """Whether it is known for whom, where and for what the form is."""
    return all(key in response.content["context"] for key in CONTEXT_KEYS)


def draft_of(response: QuestionnaireResponse, *, now: datetime) -> Draft:
    """The response read against its questionnaire; it must be `ready`."""
    definition = definition_of(response.questionnaire)
    context, answers = read_line(definition, response.content, today=clinic_date(now))
    return Draft(definition, context, answers, response.content)

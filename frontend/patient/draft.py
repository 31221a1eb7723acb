"""A form as it stands: which pages it has, what was answered, and which page comes next."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from intake.clock import clinic_date
from intake.models import QuestionnaireResponse
from intake.rules.answers import Answers, Context, read_line
from intake.rules.definitions import Questionnaire
from intake.rules.items import FollowUp, Item
from intake.rules.questions import deciding_follow_ups, fires, pages, visible_follow_ups
from intake.rules.screening import evaluate
from intake.selectors.questionnaires import definition_of
from intake.services.drafts import CONTEXT_KEYS

FOR_SOMEONE_ELSE: Final = "filling_for_other"  # asked as "who is it for?" before the questions, never twice


@dataclass(frozen=True, slots=True)
class Row:
    """One question of a page: its gate, unless that was asked before, and the follow-ups that decide."""

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
        for page in pages(self.definition, self.context):
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
        return next((page for page in self.pages if not self._is_answered(page)), None)

    @property
    def stops_now(self) -> bool:
        """Whether what was answered so far is urgent."""
        return evaluate(self.definition, self.context, self.answers).urgent is not None

    def gate(self, item: Item) -> str | None:
        return self.answers.gates.get(item.id)

    def given(self, item: Item) -> Mapping[str, Any]:
        return self.answers.follow_ups.get(item.id, {})

    def _row(self, item: Item) -> Row:
        deciding = deciding_follow_ups(item)
        if item.id == FOR_SOMEONE_ELSE and self.gate(item) is not None:
            return Row(item, False, deciding if fires(item, self.gate(item)) else ())
        return Row(item, bool(item.gate_answers), deciding)

    def _is_answered(self, page: QuestionPage) -> bool:
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

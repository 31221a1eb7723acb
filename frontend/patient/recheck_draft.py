"""The questions before a visit as a draft: the pages and rows of the check, fewer of them, beside the last answers."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.utils.translation import gettext

from booking.selectors.asking import items_answered_alone
from frontend.patient.draft import Draft, QuestionPage, Row
from frontend.patient.question_forms import QuestionsForm, RowFields
from frontend.patient.words import ANSWERS, said
from intake.models import QuestionnaireResponse
from intake.rules.answers import Answers
from intake.rules.items import UNKNOWN, FollowUp, Item
from intake.rules.questions import PRIVATE, visible_follow_ups
from intake.rules.rechecks import Extent
from intake.selectors.rechecks import Recheck, recheck_of

SAME = "same"  # the name of the button that says "nothing has changed"


@dataclass(frozen=True, slots=True)
class RecheckQuestions(QuestionPage):
    """A page of which all rows were answered before, or none."""

    known: bool


@dataclass(frozen=True)
class RecheckDraft(Draft):
    """A draft that asks what the recheck asks."""

    recheck: Recheck

    @cached_property
    def pages(self) -> tuple[QuestionPage, ...]:
        laid_out: list[QuestionPage] = []
        alone: list[Row] = []
        for page in self.recheck.pages:
            rows = [row for row in map(self._row, page.items) if row.asks_gate or row.follow_ups]
            alone += [row for row in rows if row.item.id in self.private]
            rows = [row for row in rows if row.item.id not in self.private]
            if rows:
                number = len(laid_out) + 1
                laid_out.append(RecheckQuestions(number, page.group, page.is_red_flags, tuple(rows), page.known))
        if alone:
            laid_out.append(RecheckQuestions(len(laid_out) + 1, PRIVATE, False, tuple(alone), known=False))
        return tuple(laid_out)

    @cached_property
    def private(self) -> frozenset[str]:
        """What a young person answers alone; who fills in for whom was said before."""
        return items_answered_alone(self.context, self.recheck.merged)

    @property
    def on_one_page(self) -> RecheckQuestions:
        """Every row together, as somebody asks them who reads them out."""
        rows = tuple(row for page in self.pages for row in page.rows)
        return RecheckQuestions(1, "H_day_of_visit", False, rows, known=False)


def recheck_draft(
    response: QuestionnaireResponse, *, due: Extent, stage: str, hides_known: bool = False, now: datetime
) -> RecheckDraft:
    """The form under way, and what was said before."""
    recheck = recheck_of(response, due=due, stage=stage, hides_known=hides_known, now=now)
    return RecheckDraft(recheck.definition, recheck.context, recheck.given, response.content, recheck)


@dataclass(frozen=True, slots=True)
class KnownRow:
    """A row with what was said last, in words; empty where nothing was."""

    row: RowFields
    last: str


class AgainForm(QuestionsForm):
    """A page of questions that were answered before. With the button "nothing has changed" a row that nobody marked is
    answered as last time; a row that was never answered needs an answer of its own.
    """

    names_rows = False

    def __init__(self, *args: Any, page: QuestionPage, draft: Draft, last: Answers, **options: Any) -> None:
        self.last = last
        super().__init__(*args, page=page, draft=draft, **options)
        for row in page.rows:
            for follow_up in row.follow_ups:
                self._prefill(row.item, follow_up)

    @property
    def knows_some(self) -> bool:
        """Whether some question of the page was answered before."""
        return any(last_in_words(row.item, self.last) for row in self.page.rows)

    @property
    def known_rows(self) -> list[KnownRow]:
        items = {row.item.id: row.item for row in self.page.rows}
        return [KnownRow(row, last_in_words(items[row.id], self.last)) for row in self.rows]

    def clean(self) -> dict[str, Any]:
        super().clean()
        if SAME in self.data:
            for row in self.page.rows:
                is_asked = row.asks_gate or not row.item.gate_answers  # else another answer of today says it
                if is_asked and self._was_shown(row) and not self._is_marked(row.item):
                    self._as_last_time(row.item)
        return self.cleaned_data

    def _is_marked(self, item: Item) -> bool:
        names = [name for name in self.data if name == item.id or name.startswith(f"{item.id}--")]
        own = item.gate_answers and item.id in self.data
        return bool(own) or (not item.gate_answers and any(self.data.get(name) for name in names))

    def _as_last_time(self, item: Item) -> None:
        gate, given = self.last.gates.get(item.id), self.last.follow_ups.get(item.id, {})
        if (item.gate_answers and gate is None) or (not item.gate_answers and not given):
            return
        for name in [name for name in self.errors if name == item.id or name.startswith(f"{item.id}--")]:
            del self.errors[name]
        if gate is not None:
            self.page_answers[item.id] = gate
        visible = {one.id for one in visible_follow_ups(item, gate, given)}
        kept = {name: _plain(value) for name, value in given.items() if name in visible}
        self.page_follow_ups[item.id] = kept or None

    def _prefill(self, item: Item, follow_up: FollowUp) -> None:
        name, value = f"{item.id}--{follow_up.id}", self.last.follow_ups.get(item.id, {}).get(follow_up.id)
        field = self.fields.get(name)
        if field is None or value is None or value == UNKNOWN or field.initial:
            return
        field.initial = list(value) if isinstance(value, tuple) else value


def last_in_words(item: Item, last: Answers) -> str:
    """What was answered to it last time, with its follow-ups; empty if nothing was."""
    gate, given = last.gates.get(item.id), last.follow_ups.get(item.id, {})
    parts = [str(ANSWERS[gate])] if gate else []
    visible = visible_follow_ups(item, gate, given) if gate or not item.gate_answers else ()
    parts += [_in_words(one, given[one.id]) for one in visible if one.id in given]
    return "; ".join(parts)


def _in_words(follow_up: FollowUp, answer: Any) -> str:
    if answer == UNKNOWN:
        return str(ANSWERS[UNKNOWN])
    if isinstance(answer, tuple):
        return ", ".join(_in_words(follow_up, one) for one in answer) or gettext("None of these")
    option = follow_up.option_of.get(str(answer))
    return said(option.label) if option is not None else str(ANSWERS.get(str(answer), answer))


def _plain(value: Any) -> Any:
    """As `save_answers` takes it."""
    if isinstance(value, tuple):
        return list(value)
    return value.isoformat() if hasattr(value, "isoformat") else value

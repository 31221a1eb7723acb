"""The questions after booking: each may be left open, and none of them changes a result."""

from typing import Any

from frontend.patient.draft import Draft, QuestionPage, Row
from frontend.patient.question_forms import QuestionsForm
from intake.rules.items import FollowUp, Item


class MoreDetailsForm(QuestionsForm):
    """The follow-ups that inform, of the answers in the draft. `page_follow_ups` holds what to store."""

    def __init__(
        self, *args: Any, asked: tuple[tuple[Item, tuple[FollowUp, ...]], ...], draft: Draft, **options: Any
    ) -> None:
        rows = tuple(Row(item, False, follow_ups) for item, follow_ups in asked)
        page = QuestionPage(number=1, group="", is_red_flags=False, rows=rows)
        super().__init__(*args, page=page, draft=draft, **options)

    def _clean_follow_ups(self, row: Row, gate: str | None) -> None:
        self.page_follow_ups[row.item.id] = {one.id: self._clean_follow_up(row, one) for one in row.follow_ups}

    def _value(self, follow_up: FollowUp, typed: Any, *, unknown: bool) -> Any:
        return super()._value(follow_up, typed, unknown=unknown) if typed or unknown else None

"""A page of questions as a form: which words were chosen or typed, as `save_answers` takes them.

An unanswered question is never taken for "no" unless the button that says so was pressed; what stands in a follow-up
that is not shown is not read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Final

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BoundField
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from frontend.patient.dates import DatePartsField
from frontend.patient.draft import Draft, QuestionPage, Row
from frontend.patient.words import ANSWERS, said
from intake.questionnaires.shipped import shipped_manner
from intake.rules.answers import FIRST_DAY, AnswerError, read_follow_up
from intake.rules.items import UNKNOWN, FollowUp, answer_values
from intake.rules.questions import fires, visible_follow_ups

REST_IS_NO: Final = "rest"  # the name of the button that answers what is left
SHOWN: Final = "shown"  # the name of the hidden field that tells which rows stood on the page that was sent
NONE: Final = "-none-"


@dataclass(frozen=True, slots=True)
class FollowUpField:
    """A follow-up with its inputs; `shown_if`: the inputs on which it depends and the values that show it."""

    field: BoundField
    unknown: BoundField | None
    shown: bool
    shown_if: Mapping[str, list[str]]


@dataclass(frozen=True, slots=True)
class RowFields:
    """A row as a template shows it. `told` is the answer to its question that another answer gave already."""

    id: str
    question: str
    help: str
    why: str
    told: str
    gate: BoundField | None
    fires_on: str
    follow_ups: list[FollowUpField]


class QuestionsForm(forms.Form):
    """`page_answers` and `page_follow_ups` hold what to save once the form is valid.

    On a private page nothing is filled in: who opens it may not be who answered it.
    """

    names_rows: ClassVar[bool] = True  # whether "none of these" counts only for rows that the page said it showed

    def __init__(self, *args: Any, page: QuestionPage, draft: Draft, **options: Any) -> None:
        super().__init__(*args, **options)
        self.page, self.draft = page, draft
        self.page_answers: dict[str, str] = {}
        self.page_follow_ups: dict[str, dict[str, Any] | None] = {}
        for row in page.rows:
            if row.asks_gate:
                self._add_gate(row)
            for follow_up in row.follow_ups:
                self._add_follow_up(row, follow_up)

    @property
    def shown_rows(self) -> str:
        """The questions that this page shows, for its hidden field."""
        return " ".join(row.item.id for row in self.page.rows)

    @property
    def texts(self) -> list[str]:
        """What there is to read before the page can be answered."""
        return [text for row in self.page.rows for text in (said(row.item.question), said(row.item.help))]

    @property
    def rows(self) -> list[RowFields]:
        return [self._shown(row) for row in self.page.rows]

    @property
    def has_gates(self) -> bool:
        return any(row.asks_gate for row in self.page.rows)

    @property
    def only_gates(self) -> bool:
        return all(row.asks_gate for row in self.page.rows)

    @property
    def is_marked(self) -> bool:
        """Whether some question has an answer already."""
        return any(self[row.item.id].value() for row in self.page.rows if row.asks_gate)

    @property
    def safe_is_yes(self) -> bool:
        return any(row.asks_gate and row.safe_answer == "yes" for row in self.page.rows)

    def clean(self) -> dict[str, Any]:
        if SHOWN in self.data and self.data[SHOWN].split() != self.shown_rows.split():
            self.add_error(None, gettext("The questions here have changed with another answer. Please look again."))
        for row in self.page.rows:
            gate = self._clean_gate(row) if row.asks_gate else self.draft.gate(row.item)
            if row.asks_gate and gate is None:
                continue
            self._clean_follow_ups(row, gate)
        return self.cleaned_data

    def _add_gate(self, row: Row) -> None:
        item = row.item
        self.fields[item.id] = forms.ChoiceField(
            label=said(item.question),
            help_text=said(item.help),
            choices=[(value, ANSWERS[value]) for value in item.gate_answers],
            widget=forms.RadioSelect,
            required=False,
            initial=None if self.page.is_private else self.draft.gate(item),
        )

    def _add_follow_up(self, row: Row, follow_up: FollowUp) -> None:
        name = _name(row, follow_up)
        given = None if self.page.is_private else self.draft.given(row.item).get(follow_up.id)
        field = self._field(follow_up)
        field.required = False
        field.label, field.help_text = said(follow_up.question) or said(row.item.question), said(follow_up.help)
        if follow_up.type == "multi" and given == ():
            field.initial = [NONE]
        elif given != UNKNOWN or answer_values(follow_up):
            field.initial = list(given) if isinstance(given, tuple) else given
        self.fields[name] = field
        if follow_up.unknown_allowed and not answer_values(follow_up):
            self.fields[_unknown(name)] = forms.BooleanField(
                label=ANSWERS[UNKNOWN], required=False, initial=given == UNKNOWN
            )

    def _field(self, follow_up: FollowUp) -> forms.Field:
        if follow_up.type == "multi":
            words = [(option.value, said(option.label)) for option in follow_up.options]
            return forms.MultipleChoiceField(
                choices=[*words, (NONE, _("None of these"))], widget=forms.CheckboxSelectMultiple
            )
        if values := answer_values(follow_up):
            options = follow_up.option_of
            labels = [said(options[one].label) if one in options else str(ANSWERS[one]) for one in values]
            return forms.ChoiceField(choices=list(zip(values, labels, strict=True)), widget=forms.RadioSelect)
        if follow_up.type == "date":
            return DatePartsField(first=FIRST_DAY, last=self.draft.context.on)
        if follow_up.type == "number":
            typed = forms.TextInput({"inputmode": "decimal", "autocomplete": "off"})
            return forms.CharField(max_length=20, widget=typed)
        return forms.CharField(max_length=2000, widget=forms.Textarea({"rows": 3}))

    def _clean_gate(self, row: Row) -> str | None:
        item = row.item
        gate = self.cleaned_data.get(item.id)
        if not gate and item.id not in self.errors and REST_IS_NO in self.data and self._was_shown(row):
            gate = row.safe_answer
        if gate:
            self.page_answers[item.id] = gate
            return str(gate)
        if item.id not in self.errors:
            self.add_error(item.id, gettext("Choose an answer: %(question)s") % {"question": said(item.question)})
        return None

    def _was_shown(self, row: Row) -> bool:
        """Whether the row stood on the page that was sent; another answer may have changed what this page asks."""
        if SHOWN not in self.data:
            return not self.names_rows
        return row.item.id in self.data[SHOWN].split()

    def _clean_follow_ups(self, row: Row, gate: str | None) -> None:
        if not row.follow_ups or not fires(row.item, gate):
            self.page_follow_ups[row.item.id] = None
            return
        given: dict[str, Any] = {}
        for follow_up in row.item.follow_ups:
            if follow_up not in row.follow_ups:
                continue
            visible = visible_follow_ups(row.item, gate, _comparable(given))
            given[follow_up.id] = self._clean_follow_up(row, follow_up) if follow_up in visible else None
        self.page_follow_ups[row.item.id] = given

    def _clean_follow_up(self, row: Row, follow_up: FollowUp) -> Any:
        name = _name(row, follow_up)
        if name in self.errors:
            return None
        typed = self.cleaned_data.get(name)
        unknown = bool(self.cleaned_data.get(_unknown(name)))
        if unknown and not typed:
            return UNKNOWN
        try:
            return self._value(follow_up, typed, unknown=unknown)
        except ValidationError as problem:
            self.add_error(name, problem)
            return None

    def _value(self, follow_up: FollowUp, typed: Any, *, unknown: bool) -> Any:
        if unknown:
            raise ValidationError(_('Give an answer or choose "I don\'t know", not both.'))
        if not typed:
            question = said(follow_up.question)
            raise ValidationError(gettext("This still needs an answer: %(question)s") % {"question": question})
        if follow_up.type == "multi":
            if NONE in typed and len(typed) > 1:
                raise ValidationError(_('Choose what fits, or "None of these", not both.'))
            return [value for value in typed if value != NONE]
        value = typed.isoformat() if isinstance(typed, date) else typed
        if follow_up.type == "number":
            value = _number(typed, follow_up)
        try:
            read_follow_up(follow_up, value, on=self.draft.context.on)
        except AnswerError as error:
            raise ValidationError(_number_problem(follow_up) if follow_up.type == "number" else str(error)) from error
        return value

    def _shown(self, row: Row) -> RowFields:
        item = row.item
        gate = self[item.id] if row.asks_gate else None
        said_gate = gate.value() if gate else self.draft.gate(item)
        values = {one.id: self[_name(row, one)].value() for one in row.follow_ups}
        visible = visible_follow_ups(item, item.triage_on if gate else said_gate, _comparable(values))
        return RowFields(
            id=item.id,
            question=said(item.question),
            help=said(item.help),
            why=said(shipped_manner().why.get(item.id, "")),
            told=_told(row, said_gate),
            gate=gate,
            fires_on=item.triage_on,
            follow_ups=[
                FollowUpField(
                    field=self[_name(row, one)],
                    unknown=self[_unknown(_name(row, one))] if _unknown(_name(row, one)) in self.fields else None,
                    shown=one in visible,
                    shown_if={f"{item.id}--{parent}": list(map(str, wanted)) for parent, wanted in one.show_if},
                )
                for one in row.follow_ups
            ],
        )


def _told(row: Row, gate: str | None) -> str:
    """What was said before to a question that is not asked here: another answer, who fills in, or the birth date."""
    if row.asks_gate:
        return ""
    if row.item.triage_on == "applies":
        return str(ANSWERS["yes"])
    return str(ANSWERS[gate]) if gate else ""


def _name(row: Row, follow_up: FollowUp) -> str:
    return f"{row.item.id}--{follow_up.id}"


def _unknown(name: str) -> str:
    return f"{name}--unknown"


def _comparable(values: Mapping[str, Any]) -> dict[str, Any]:
    """Several choices as a tuple, as conditions compare them."""
    return {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}


def _number(typed: str, follow_up: FollowUp) -> float:
    try:
        return float(typed.strip().replace(",", "."))
    except ValueError as error:
        raise ValidationError(_number_problem(follow_up)) from error


def _number_problem(follow_up: FollowUp) -> str:
    if follow_up.low is None:
        return gettext("Please type a number, like 2.5.")
    words = {"low": f"{follow_up.low:g}", "high": f"{follow_up.high:g}"}
    if follow_up.unknown_allowed:
        return gettext('Please type a number from %(low)s to %(high)s, or choose "I don\'t know".') % words
    return gettext("Please type a number from %(low)s to %(high)s.") % words

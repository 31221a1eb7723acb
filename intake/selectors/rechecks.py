"""A form that is asked again: what was said before, what is asked now, and what both come to together."""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from intake.clock import clinic_date
from intake.models import Patient, QuestionnaireResponse, Screening
from intake.rules.answers import Answers, Context, read_line
from intake.rules.definitions import Questionnaire
from intake.rules.items import Item
from intake.rules.rechecks import (
    Extent,
    RecheckPage,
    asked_again,
    carried_over,
    merged_answers,
    recheck_pages,
    says_something_changed,
)
from intake.selectors.questionnaires import definition_of
from intake.selectors.screenings import CONTENT, evaluated_line

NOTHING = Answers(gates={}, follow_ups={})


@dataclass(frozen=True)
class Recheck:
    """A form under way. `known`: the earlier answers that still fit its questions; `given`: those of today.

    With `hides_known` the pages ask as if nothing were known: for a screen that others can see.
    """

    definition: Questionnaire
    context: Context
    known: Answers
    given: Answers
    due: Extent
    hides_known: bool = False

    @property
    def shown(self) -> Answers:
        """The earlier answers that a page may show."""
        return NOTHING if self.hides_known else self.known

    @property
    def extent(self) -> Extent:
        """How much is asked: everything, as soon as something has changed."""
        return "full" if says_something_changed(self.definition, self.given) else self.due

    @cached_property
    def asked(self) -> tuple[Item, ...]:
        return asked_again(self.definition, self.context, self.known, self.extent)

    @property
    def pages(self) -> list[RecheckPage]:
        """First what is asked in any case; if something has changed, the rest on pages after them."""
        first = asked_again(self.definition, self.context, self.known, self.due)
        rest = [item for item in self.asked if item not in first]
        laid_out = recheck_pages(first, self.context, self.shown, by_group=self.due == "full")
        return laid_out + recheck_pages(rest, self.context, self.shown, by_group=True)

    @property
    def merged(self) -> Answers:
        """The answers of today, and the earlier ones of everything that was not asked."""
        return merged_answers(self.definition, self.known, self.given, {item.id for item in self.asked})


def last_answers_of(patient: Patient) -> Screening | None:
    """The patient's latest complete form."""
    found = Screening.objects.filter(patient=patient, complete=True).order_by("-evaluated_at")
    return found.select_related("questionnaire", "response").defer(*CONTENT).first()


def known_answers(last: Screening, definition: Questionnaire) -> Answers:
    """What was answered before, as far as the questionnaire asks it in the same words. Opens the answers: the caller
    writes the read down where a person sees them.
    """
    _context, answers = evaluated_line(last)
    return carried_over(definition_of(last.questionnaire), definition, answers)


def last_screening_of(response: QuestionnaireResponse) -> Screening | None:
    """The result that a form follows."""
    if response.based_on_id is None:
        return None
    found = Screening.objects.filter(response=response.based_on_id).order_by("-evaluated_at")
    return found.select_related("questionnaire").defer(*CONTENT).first()


def recheck_of(
    response: QuestionnaireResponse, *, due: Extent, stage: str, hides_known: bool = False, now: datetime
) -> Recheck:
    """The form as it stands, at this stage; without the earlier form (it was erased) everything is asked."""
    definition = definition_of(response.questionnaire)
    context, given = read_line(definition, response.content, today=clinic_date(now))
    last = last_screening_of(response)
    known = known_answers(last, definition) if last else NOTHING
    asked = replace(context, stage=stage, on=max(context.on, clinic_date(now)))
    return Recheck(definition, asked, known, given, due if last else "full", hides_known)

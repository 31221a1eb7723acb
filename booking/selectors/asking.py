"""Which questions somebody answers alone."""

from typing import Final

from booking.selectors.locations import the_clinic
from intake.models import Screening
from intake.questionnaires.shipped import shipped_manner
from intake.rules.answers import Answers, Context
from intake.selectors.screenings import evaluated_line

FOR_SOMEONE_ELSE: Final = "filling_for_other"


def items_answered_alone(context: Context, answers: Answers) -> frozenset[str]:
    """The private items, if somebody else fills in for a person who is young but, by the clinic's rule, old enough."""
    if answers.gates.get(FOR_SOMEONE_ELSE) != "yes" or (clinic := the_clinic()) is None:
        return frozenset()
    is_young = clinic.private_answers_from_age <= context.age < clinic.majority_age
    return shipped_manner().private if is_young else frozenset()


def items_told_in_private(screening: Screening) -> frozenset[str]:
    """The items of this form that whoever filled in the rest doesn't see."""
    return items_answered_alone(*evaluated_line(screening))

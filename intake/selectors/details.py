"""What was told after booking: answers that decide nothing, and help the therapist to prepare."""

from datetime import date

from intake.models import Screening
from intake.questionnaires.shipped import shipped_manner
from intake.rules.answers import Answers, read_line
from intake.rules.items import FollowUp, Item
from intake.rules.questions import informing_follow_ups
from intake.selectors.questionnaires import definition_of
from intake.selectors.screenings import evaluated_line


def details_asked(screening: Screening, *, majority_age: int) -> tuple[tuple[Item, tuple[FollowUp, ...]], ...]:
    """The questions to ask after booking, answered or not; of a young person none that they answer alone."""
    context, _answers = evaluated_line(screening)
    found = informing_follow_ups(definition_of(screening.questionnaire), context, answers_with_details(screening))
    hidden = shipped_manner().private if context.age < majority_age else frozenset()
    return tuple((item, asked) for item, asked in found if item.id not in hidden)


def answers_with_details(screening: Screening) -> Answers:
    """The answers that were screened, and what was told later about them; what decides is as it was screened."""
    definition = definition_of(screening.questionnaire)
    _context, answers = evaluated_line(screening)
    later = read_line(definition, screening.response.content, today=date.max)[1]  # told on any day since
    follow_ups = {name: dict(given) for name, given in answers.follow_ups.items()}
    for name, given in later.follow_ups.items():
        informing = {key: value for key, value in given.items() if key not in definition.by_id[name].deciding}
        if informing:
            follow_ups[name] = {**follow_ups.get(name, {}), **informing}
    return Answers(gates=answers.gates, follow_ups=follow_ups)

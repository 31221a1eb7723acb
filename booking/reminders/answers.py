"""What we answer at once to a text, in the languages of our messages."""

from typing import Final

from django.utils.translation import override

from booking.models import Appointment, Location
from booking.reminders.letters import name_where_shared
from booking.reminders.models import Communication
from booking.reminders.settings import message_language
from booking.reminders.wording import rendered
from booking.rules.short_texts import as_short_text

# Stands in what is kept of an answer in place of a link, which opens the visit for whoever has it.
LINK: Final = "[link]"


def words_of_answer(
    name: str, *, place: Location | None, visit: Appointment | None = None, link: bool = False, language: str
) -> str:
    """The words for "stop", "start", "help", "not-watched", "confirmed", "cannot" or "which"; with a `link`, `LINK`
    stands where it goes.
    """
    patient, language = visit.patient if visit else None, message_language(language)
    context = {
        "clinic": place,
        "visit": visit,
        "given_name": name_where_shared(patient, Communication.Channel.SMS) if patient else "",
        "link": LINK if link else "",
    }
    with override(language):
        return as_short_text(rendered(f"answers/{name}", language, context))

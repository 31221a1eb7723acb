"""What we answer at once to a text, in the languages of our messages."""

from booking.models import Location
from booking.reminders.settings import message_language
from booking.reminders.wording import rendered


def words_of_answer(name: str, *, place: Location | None, language: str) -> str:
    """The words for "stop", "start", "help" or "not-watched"."""
    return rendered(f"answers/{name}", message_language(language), {"clinic": place}).strip()

"""The table of signs and notes after visits, in the reader's language."""

from typing import Final

from django import template
from django.utils.translation import gettext, gettext_lazy

from booking.models import Schedule
from booking.rules.after_care import SIGNS, Note
from intake.rules.outcome_scores import Change

register = template.Library()

SIGN_WORDS: Final = {sign.code: gettext_lazy(sign.words) for sign in SIGNS}


@register.filter
def in_words(text: str) -> str:
    """A sentence of the table, translated."""
    return gettext(text) if text else ""


@register.filter
def note_in_words(note: Note) -> str:
    """A note to take home, with the clinic's hours in it."""
    words = gettext(note.words)
    return words % {"hours": note.hours} if note.hours else words


FEELINGS: Final = {
    "better": gettext_lazy("Better"),
    "same": gettext_lazy("About the same"),
    "worse": gettext_lazy("Worse"),
    "worried": gettext_lazy("Worried"),
}
SINCE_FIRST: Final = {
    "much-better": gettext_lazy("Much better"),
    "better": gettext_lazy("Better"),
    "same": gettext_lazy("About the same"),
    "worse": gettext_lazy("Worse"),
    "much-worse": gettext_lazy("Much worse"),
}
_DAYS: Final = dict(Schedule._meta.get_field("weekday").flatchoices)


@register.filter
def feeling_name(code: str) -> str:
    """How somebody feels."""
    return str(FEELINGS[code])


@register.filter
def since_first_name(code: str) -> str:
    """How it is in all since the first visit."""
    return str(SINCE_FIRST[code])


@register.filter
def weekday_name(day: int) -> str:
    """A day of the week; 0 is Monday."""
    return str(_DAYS[day])


@register.filter
def change_in_words(change: Change) -> str:
    """By how much a number changed, and the two facts about it: beyond error, and whether it matters."""
    facts = [gettext("beyond error") if change.beyond_error else gettext("within error")]
    facts.append(gettext("a change that matters") if change.matters else gettext("too small to matter"))
    direction = {True: gettext("better"), False: gettext("worse"), None: gettext("no clear change")}[change.better]
    by = f"{change.by:+g}" if change.by else "0"
    return f"{by} ({direction}; {', '.join(facts)})"

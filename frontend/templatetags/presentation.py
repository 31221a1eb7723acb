"""How money, days, hours and form problems are written on a page. Looks only; no rule lives here."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django import template
from django.contrib.messages.storage.base import Message
from django.forms import BaseForm, BoundField, Field
from django.utils.translation import gettext, ngettext

from booking.feeds.amounts import money
from booking.feeds.moments import clock, day, in_french, moment, short_day, zone_name

register = template.Library()


@dataclass(frozen=True, slots=True)
class Problem:
    """One line of an error summary; `target` is the id of the input it speaks of, or empty."""

    text: str
    target: str


register.filter(money)
register.filter(zone_name)
for written in (day, short_day, clock, moment):
    register.filter(written.__name__, written, expects_localtime=True)


@register.filter
def said_once(messages: Iterable[Message]) -> list[Message]:
    """Each message once: what was done twice, by a double tap or by a page that looks again, is not told twice."""
    return list({(one.tags, str(one)): one for one in messages}.values())


@register.simple_tag
def time_span(start: datetime, end: datetime, zone: str) -> str:
    """From when until when, no day named twice: "Monday 30 November, 9:00 to 12:00", and whole days by their names."""
    first, last = (one.astimezone(ZoneInfo(str(zone))) for one in (start, end))
    if first.time() == last.time() == time():
        first_day, last_day = short_day(first.date()), short_day(last.date() - timedelta(days=1))
        if first_day == last_day:
            return gettext("%(day)s, the whole day") % {"day": first_day}
        return gettext("%(first)s to %(last)s, whole days") % {"first": first_day, "last": last_day}
    until = clock(end, zone) if first.date() == last.date() else moment(end, zone)
    return gettext("%(start)s to %(end)s") % {"start": moment(start, zone), "end": until}


@register.simple_tag
def words_of_holding(times: int) -> dict[str, str]:
    """What stands beside so many held times: for `many` minutes, for the last `one`, and when it is `over`."""
    if times > 1:
        return {
            "many": gettext("These times are yours for %(minutes)s more minutes."),
            "one": gettext("These times are yours for 1 more minute."),
            "over": gettext("These times are no longer kept for you. Please choose again."),
        }
    return {
        "many": gettext("This time is yours for %(minutes)s more minutes."),
        "one": gettext("This time is yours for 1 more minute."),
        "over": gettext("This time is no longer kept for you. Please choose again."),
    }


@register.filter
def minutes_left(seconds: int, times: int = 1) -> str:
    """The words beside held times, for whole seconds that are left, rounded up to minutes."""
    words, minutes = words_of_holding(times), -(-int(seconds) // 60)
    if minutes <= 0:
        return words["over"]
    return words["one"] if minutes == 1 else words["many"] % {"minutes": minutes}


@register.filter
def duration(minutes: int) -> str:
    """A length of time: "30 min", "1 h", "1 h 15 min"."""
    hours, rest = divmod(int(minutes), 60)
    parts = [gettext("%(hours)s h") % {"hours": hours}] if hours else []
    if rest or not hours:
        parts.append(ngettext("%(n)s min", "%(n)s min", rest) % {"n": rest})
    return " ".join(parts).replace(" ", "\xa0")


@register.filter
def in_language(thing: object, name: str) -> str:
    """A text that is kept in two languages (`name`, `name_fr`), in the reader's; English where the other is empty."""
    french = getattr(thing, f"{name}_fr", "") if in_french() else ""
    return french or getattr(thing, name)


@register.filter
def phone(number: object) -> str:
    """A telephone number as people here write it: "(780) 555-0134"."""
    return str(getattr(number, "as_national", number) or "")


@register.filter
def tel(number: object) -> str:
    """A telephone number as a tel: link wants it: "+17805550134"."""
    return "".join(c for c in str(getattr(number, "as_e164", number) or "") if c in "+0123456789")


@register.filter
def dialled(number: object) -> str:
    """The same, but empty for words: "988 in Canada, 116 123 in Britain" is no number that a phone can dial."""
    return "" if any(c.isalpha() for c in str(number)) else tel(number)


@register.simple_tag
def form_problems(form: BaseForm | None = None, forms: Iterable[BaseForm] | None = None) -> list[Problem]:
    """What is wrong with one form, or with several, in the order of their fields."""
    given = [one for one in [form, *(forms or [])] if one]
    return [problem for one in given for problem in _problems_of(one)]


def _problems_of(form: BaseForm) -> list[Problem]:
    whole = [Problem(str(text), "") for text in form.non_field_errors()]
    return whole + [Problem(_worded(field, str(text)), _input_id(field)) for field in form for text in field.errors]


def _worded(field: BoundField, text: str) -> str:
    """Away from its field, "This field is required." says nothing; then the label goes before it."""
    if text not in {str(stock) for stock in Field.default_error_messages.values()}:
        return text
    label = str(field.label)
    joined = "%(label)s %(problem)s" if label.endswith(("?", ".", "!", ":")) else gettext("%(label)s: %(problem)s")
    return joined % {"label": label, "problem": text}


def _input_id(field: BoundField) -> str:
    """The id that a link to this field should lead to: its first input, or its group."""
    if not field.use_fieldset:
        return field.id_for_label or ""
    first = next(iter(field.subwidgets), None)
    known = first.id_for_label if first is not None else None
    return known if known and known != field.auto_id else f"{field.auto_id}_group"

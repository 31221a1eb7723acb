"""How money, days, hours and form problems are written on a page. Looks only; no rule lives here."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django import template
from django.forms import BaseForm, BoundField, Field
from django.utils.formats import date_format
from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation import gettext_lazy as _

from booking.feeds.amounts import money

register = template.Library()

ZONE_NAMES = {
    "America/St_Johns": _("Newfoundland time"),
    "America/Halifax": _("Atlantic time"),
    "America/Moncton": _("Atlantic time"),
    "America/Toronto": _("Eastern time"),
    "America/Winnipeg": _("Central time"),
    "America/Regina": _("Central time"),
    "America/Edmonton": _("Mountain time"),
    "America/Calgary": _("Mountain time"),
    "America/Vancouver": _("Pacific time"),
    "America/Whitehorse": _("Yukon time"),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One line of an error summary; `target` is the id of the input it speaks of, or empty."""

    text: str
    target: str


def _in_french() -> bool:
    return (get_language() or "").startswith("fr")


register.filter(money)


@register.filter(expects_localtime=True)
def day(value: date | datetime | None, zone: str | None = None) -> str:
    """A date in full: "Tuesday 1 December 2026", "mardi 1 décembre 2026"; in `zone` if one is given."""
    return "" if value is None else date_format(_placed(value, zone), "l j F Y")


@register.filter(expects_localtime=True)
def short_day(value: date | datetime | None, zone: str | None = None) -> str:
    """A date without its year: "Tuesday 1 December"."""
    return "" if value is None else date_format(_placed(value, zone), "l j F")


@register.filter(expects_localtime=True)
def clock(value: datetime | None, zone: str | None = None) -> str:
    """An hour on the 24-hour clock: "15:45", in French "15 h 45"; in `zone` if one is given."""
    if value is None:
        return ""
    return date_format(_placed(value, zone), "G\xa0\\h\xa0i" if _in_french() else "G:i")


@register.filter(expects_localtime=True)
def moment(value: datetime | None, zone: str | None = None) -> str:
    """Day and hour together: "Monday 30 November, 9:00"."""
    if value is None:
        return ""
    return gettext("%(day)s, %(hour)s") % {"day": short_day(value, zone), "hour": clock(value, zone)}


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


@register.filter
def zone_name(zone: object) -> str:
    """What people call a time zone: "Mountain time"; an unknown one by its city."""
    key = str(zone)
    city = key.rpartition("/")[2].replace("_", " ")
    return str(ZONE_NAMES.get(key) or gettext("%(city)s time") % {"city": city})


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
    french = getattr(thing, f"{name}_fr", "") if _in_french() else ""
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


def _placed(value: date | datetime, zone: str | None) -> date | datetime:
    if isinstance(value, datetime) and zone and value.tzinfo is not None:
        return value.astimezone(ZoneInfo(str(zone)))
    return value

"""How days and hours are written, on pages and in what is agreed to."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

ZONE_NAMES: dict[str, str | Promise] = {
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


def in_french() -> bool:
    """Whether the reader's language is French."""
    return (get_language() or "").startswith("fr")


def day(value: date | datetime | None, zone: str | None = None) -> str:
    """A date in full: "Tuesday 1 December 2026", "mardi 1 décembre 2026"; in `zone` if one is given."""
    return "" if value is None else date_format(_placed(value, zone), "l j F Y")


def short_day(value: date | datetime | None, zone: str | None = None) -> str:
    """A date without its year: "Tuesday 1 December"."""
    return "" if value is None else date_format(_placed(value, zone), "l j F")


def clock(value: datetime | None, zone: str | None = None) -> str:
    """An hour on the 24-hour clock: "15:45", in French "15 h 45"; in `zone` if one is given."""
    if value is None:
        return ""
    return date_format(_placed(value, zone), "G\xa0\\h\xa0i" if in_french() else "G:i")


def moment(value: datetime | None, zone: str | None = None) -> str:
    """Day and hour together: "Monday 30 November, 9:00"."""
    if value is None:
        return ""
    return gettext("%(day)s, %(hour)s") % {"day": short_day(value, zone), "hour": clock(value, zone)}


def zone_name(zone: object) -> str:
    """What people call a time zone: "Mountain time"; an unknown one by its city."""
    key = str(zone)
    city = key.rpartition("/")[2].replace("_", " ")
    return str(ZONE_NAMES.get(key) or gettext("%(city)s time") % {"city": city})


def _placed(value: date | datetime, zone: str | None) -> date | datetime:
    if isinstance(value, datetime) and zone and value.tzinfo is not None:
        return value.astimezone(ZoneInfo(str(zone)))
    return value

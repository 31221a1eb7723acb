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
_ZONE_NAMES_IN_FRENCH = {
    "America/St_Johns": "heure de Terre-Neuve",
    "America/Halifax": "heure de l’Atlantique",
    "America/Moncton": "heure de l’Atlantique",
    "America/Toronto": "heure de l’Est",
    "America/Winnipeg": "heure du Centre",
    "America/Regina": "heure du Centre",
    "America/Edmonton": "heure des Rocheuses",
    "America/Calgary": "heure des Rocheuses",
    "America/Vancouver": "heure du Pacifique",
    "America/Whitehorse": "heure du Yukon",
}


def in_french() -> bool:
    """Whether the reader's language is French."""
    return (get_language() or "").startswith("fr")


def day(value: date | datetime | None, zone: str | None = None) -> str:
    """A date in full: "Tuesday 1 December 2026", "mardi 1er décembre 2026"; in `zone` if one is given."""
    return "" if value is None else _dated(value, zone, "F Y")


def short_day(value: date | datetime | None, zone: str | None = None) -> str:
    """A date without its year: "Tuesday 1 December"."""
    return "" if value is None else _dated(value, zone, "F")


def clock(value: datetime | None, zone: str | None = None) -> str:
    """An hour on the 24-hour clock: "15:45", in French "15 h 45"; in `zone` if one is given."""
    if value is None:
        return ""
    return date_format(_placed(value, zone), "G\xa0\\h\xa0i" if in_french() else "G:i")


def moment(value: datetime | None, zone: str | None = None) -> str:
    """Day and hour together: "Monday 30 November, 9:00", "lundi 30 novembre à 9 h 00"."""
    if value is None:
        return ""
    joined = "%(day)s à %(hour)s" if in_french() else gettext("%(day)s, %(hour)s")
    return joined % {"day": short_day(value, zone), "hour": clock(value, zone)}


def zone_name(zone: object) -> str:
    """What people call a time zone: "Mountain time", "heure des Rocheuses"; an unknown one by its city."""
    key = str(zone)
    city = key.rpartition("/")[2].replace("_", " ")
    if in_french():
        return _ZONE_NAMES_IN_FRENCH.get(key, f"heure de {city}")
    return str(ZONE_NAMES.get(key) or gettext("%(city)s time") % {"city": city})


def _dated(value: date | datetime, zone: str | None, rest: str) -> str:
    """The day of the week and of the month, then the `rest`; in French the first of a month is "1er"."""
    placed = _placed(value, zone)
    return date_format(placed, f"l j\\e\\r {rest}" if in_french() and placed.day == 1 else f"l j {rest}")


def _placed(value: date | datetime, zone: str | None) -> date | datetime:
    if isinstance(value, datetime) and zone and value.tzinfo is not None:
        return value.astimezone(ZoneInfo(str(zone)))
    return value

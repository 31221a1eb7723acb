"""Which times would suit somebody: asked with a few ticks, and said back in words."""

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.dates import WEEKDAYS
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from booking.models import HealthcareService, Practitioner, WaitlistEntry
from booking.rules.opening_hours import DAYS
from booking.selectors.practitioners import practitioners_for
from booking.services.waitlist import Times

_FIRST, _NOON, _EVENING, _LAST = "00:00", "12:00", "17:00", "23:59"
_PARTS: Final = {
    "morning": (_FIRST, _NOON, _("Mornings, until 12:00")),
    "afternoon": (_NOON, _EVENING, _("Afternoons, 12:00 to 17:00")),
    "evening": (_EVENING, _LAST, _("Evenings, from 17:00")),
}


class DayInput(forms.DateInput):
    """The browser's own date field."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class WantedTimesForm(forms.Form):
    """Days, parts of the day, dates and therapists; what is left empty is all the same to them."""

    days = forms.MultipleChoiceField(
        label=_("Which days suit?"),
        choices=[(day, WEEKDAYS[number]) for number, day in enumerate(DAYS)],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("Tick nothing if any day will do."),
    )
    parts = forms.MultipleChoiceField(
        label=_("What time of day?"),
        choices=[(name, words) for name, (_from, _to, words) in _PARTS.items()],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("Tick nothing if any time will do."),
    )
    practitioners = forms.ModelMultipleChoiceField(
        label=_("With whom?"),
        queryset=Practitioner.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("Tick nothing if any therapist will do."),
    )
    from_date = forms.DateField(label=_("Not before"), required=False, widget=DayInput())
    until_date = forms.DateField(label=_("Not after"), required=False, widget=DayInput())

    def __init__(self, *args: Any, service: HealthcareService | None, today: date, **options: Any) -> None:
        """Without a `service` yet, any active therapist can be ticked."""
        super().__init__(*args, **options)
        self.today = today
        therapists = practitioners_for(service) if service else Practitioner.objects.filter(active=True)
        who = self.fields["practitioners"]
        assert isinstance(who, forms.ModelMultipleChoiceField)
        who.queryset = therapists
        if len(therapists) < 2:
            del self.fields["practitioners"]

    def clean_until_date(self) -> date | None:
        until: date | None = self.cleaned_data["until_date"]
        first = self.cleaned_data.get("from_date") or self.today
        if until is not None and until < max(first, self.today):
            raise ValidationError(_("Give a day that is still to come and not before the first one."))
        return until

    @property
    def times(self) -> Times:
        """The checked answers, as the services take them."""
        said = self.cleaned_data
        stretches = _stretches(said["parts"])
        days = said["days"] or (DAYS if said["parts"] else ())
        return Times(
            practitioners=tuple(said.get("practitioners", ())),
            weekly_hours={day: stretches for day in DAYS if day in days},
            from_date=said["from_date"],
            until_date=said["until_date"],
        )


def in_words(entry: WaitlistEntry) -> list[str]:
    """What an entry asked for, in short lines; it must have its `practitioners`."""
    who = ", ".join(one.name for one in entry.practitioners.all())
    lines = _week_in_words(entry.weekly_hours) or [gettext("Any day, any time")]
    if entry.from_date:
        lines.append(gettext("From %(day)s") % {"day": date_format(entry.from_date, "j F Y")})
    if entry.until_date:
        lines.append(gettext("Until %(day)s") % {"day": date_format(entry.until_date, "j F Y")})
    lines.append(gettext("With %(who)s") % {"who": who} if who else gettext("With any therapist"))
    return lines


def _stretches(parts: Sequence[str]) -> list[list[str]]:
    """The chosen parts of a day, those that touch joined into one."""
    joined: list[list[str]] = []
    for begins, ends, _words in (_PARTS[name] for name in _PARTS if name in parts or not parts):
        if joined and joined[-1][1] == begins:
            joined[-1][1] = ends
        else:
            joined.append([begins, ends])
    return joined


def _week_in_words(weekly: Mapping[str, Sequence[Sequence[str]]]) -> list[str]:
    wanted = [(number, weekly[day]) for number, day in enumerate(DAYS) if weekly.get(day)]
    lines = []
    for stretches, same in groupby(sorted(wanted, key=lambda one: (one[1], one[0])), key=lambda one: one[1]):
        days = [number for number, _same in same]
        names = gettext("Any day") if len(days) == len(DAYS) else ", ".join(str(WEEKDAYS[number]) for number in days)
        lines.append(f"{names}: {' · '.join(_stretch_in_words(*stretch) for stretch in stretches)}")
    return lines


def _stretch_in_words(begins: str, ends: str) -> str:
    if (begins, ends) == (_FIRST, _LAST):
        return gettext("any time")
    if begins == _FIRST:
        return gettext("until %(hour)s") % {"hour": _clock(ends)}
    if ends == _LAST:
        return gettext("from %(hour)s") % {"hour": _clock(begins)}
    return gettext("%(start)s to %(end)s") % {"start": _clock(begins), "end": _clock(ends)}


def _clock(text: str) -> str:
    return text.removeprefix("0")

"""What is typed about hours, holidays, authorisations and busy calendars, read and checked for its form only."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Final

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from booking.models import HealthcareService, Schedule
from booking.models.location import PROVINCES
from booking.rules.hours import DayHours, Hours
from frontend.staff.forms import DateInput

_DAYS: Final = list(Schedule._meta.get_field("weekday").flatchoices)
_TURNS: Final = (
    (1, _("every week")),
    (2, _("every other week")),
    (3, _("every third week")),
    (4, _("every fourth week")),
)
MAX_LINES: Final = 40
MAX_UPLOAD: Final = 1_000_000  # bytes


def _clock(label: Any, *, required: bool = True) -> forms.TimeField:
    widget = forms.TimeInput(format="%H:%M", attrs={"type": "time"})
    return forms.TimeField(label=label, widget=widget, required=required)


def _date(label: Any, *, required: bool = True, help_text: Any = "") -> forms.DateField:
    sane = [MinValueValidator(date(2000, 1, 1)), MaxValueValidator(date(2100, 1, 1))]
    return forms.DateField(label=label, widget=DateInput(), required=required, help_text=help_text, validators=sane)


class LineForm(forms.Form):
    """One line of the week: hours or a break."""

    weekday = forms.TypedChoiceField(label=_("Day"), choices=_DAYS, coerce=int, initial=0)
    start = _clock(_("From"))
    end = _clock(_("To"))
    is_break = forms.TypedChoiceField(
        label=_("What"), choices=[("", _("works")), ("1", _("break"))], coerce=bool, required=False
    )
    every_weeks = forms.TypedChoiceField(label=_("How often"), choices=_TURNS, coerce=int, initial=1)
    first_date = _date(_("First day"), required=False)
    last_date = _date(_("Last day"), required=False)

    def as_hours(self) -> Hours:
        said = self.cleaned_data
        return Hours(
            weekday=said["weekday"],
            start=said["start"],
            end=said["end"],
            first_date=said["first_date"],
            last_date=said["last_date"],
            every_weeks=said["every_weeks"],
            is_break=bool(said["is_break"]),
        )


class _Lines(forms.BaseFormSet):
    """The week, line by line. A line that was left as it came is no line."""

    def hours(self) -> tuple[list[LineForm], list[Hours]]:
        """The lines that are kept, as forms and as the rules know them."""
        kept = [form for form in self.forms if form.has_changed() and form not in self.deleted_forms]
        return kept, [form.as_hours() for form in kept]


WeekForm = forms.formset_factory(
    LineForm, formset=_Lines, extra=2, can_delete=True, max_num=MAX_LINES, validate_max=True, absolute_max=MAX_LINES
)


def lines_of(schedules: Iterable[Schedule]) -> list[dict[str, Any]]:
    """Stored lines as the form shows them."""
    return [
        {
            "weekday": one.weekday,
            "start": one.start_time,
            "end": one.end_time,
            "is_break": "1" if one.is_break else "",
            "every_weeks": one.every_weeks,
            "first_date": one.first_date,
            "last_date": one.last_date,
        }
        for one in schedules
    ]


class DayForm(forms.Form):
    """Other hours on one date."""

    date = _date(_("Date"))
    how = forms.ChoiceField(
        label=_("What is different"),
        choices=(
            ("off", _("Not working that day")),
            ("replaces", _("Other hours instead of the usual ones")),
            ("extra", _("Extra hours besides the usual ones")),
        ),
        widget=forms.RadioSelect,
        initial="off",
    )
    start = _clock(_("From"), required=False)
    end = _clock(_("To"), required=False)
    more_start = _clock(_("And from"), required=False)
    more_end = _clock(_("To"), required=False)

    def clean(self) -> dict[str, Any]:
        said = self.cleaned_data
        works = said.get("how") in ("replaces", "extra")
        if said.get("how") == "off" and (said.get("start") or said.get("more_start")):
            self.add_error("how", _("You gave hours. Please choose what they are."))
        for first, last, needed in (("start", "end", works), ("more_start", "more_end", False)):
            if needed and not said.get(first):
                self.add_error(first, _("Please give the hours."))
            if bool(said.get(first)) != bool(said.get(last)) and not self.errors.keys() & {first, last}:
                self.add_error(last, _("Please give both times."))
        return said

    def day_hours(self) -> list[DayHours]:
        said = self.cleaned_data
        if said["how"] == "off":
            return [DayHours(said["date"])]
        replaces = said["how"] == "replaces"
        stretches = [(said["start"], said["end"]), (said["more_start"], said["more_end"])]
        return [DayHours(said["date"], start, end, replaces) for start, end in stretches if start is not None]


class AuthorisationForm(forms.Form):
    """What a therapist may do."""

    services = forms.ModelMultipleChoiceField(
        HealthcareService.objects.order_by("position", "name"), label=_("Services"), required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    needling_authorisation = forms.CharField(
        label=_("Authorisation to needle"), required=False, max_length=120,
        help_text=_("As the register names it. Empty: no needling."),
    )  # fmt: skip
    authorised_until = _date(
        _("Valid until and including"), required=False, help_text=_("Empty: until it is withdrawn.")
    )


class ProvinceForm(forms.Form):
    """Whose public holidays the clinic keeps."""

    province = forms.ChoiceField(
        label=_("Province or territory"), choices=[("", _("None")), *PROVINCES], required=False,
        help_text=_("Its public holidays are days off."),
    )  # fmt: skip


class ClosedDayForm(forms.Form):
    """A date on which the clinic is closed."""

    date = _date(_("Date"))
    name = forms.CharField(label=_("Name"), max_length=80, help_text=_("Staff see it, for instance “Stocktaking”."))


class BusyForm(forms.Form):
    """A calendar file of a therapist's own."""

    name = forms.CharField(
        label=_("Name of the calendar"), max_length=60, help_text=_("A later file of the same name replaces this one.")
    )
    file = forms.FileField(
        label=_("Calendar file (.ics)"), help_text=_("1 MB at most."),
        widget=forms.FileInput(attrs={"accept": ".ics,text/calendar"}),
    )  # fmt: skip

    def __init__(self, *args: Any, names: Sequence[str], **more: Any) -> None:
        """`names` of the calendars that are there already."""
        super().__init__(*args, **more)
        self.fields["name"].initial = names[0] if names else _("My calendar")

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MAX_UPLOAD:
            raise forms.ValidationError(_("This file is larger than 1 MB. Export fewer months."))
        return file

"""What is typed about complaints, incidents and holds, and about who answers after visits."""

from datetime import date, datetime
from typing import Any, Final
from uuid import uuid4

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from booking.models import AfterCareSettings, Appointment, Incident, Schedule
from booking.rules.walltime import to_wall
from booking.selectors.on_call import who_may_answer
from booking.services.incidents import MAX_WORDS, Logged
from booking.services.on_call import MOST_FLYING_HOURS, TurnDetails
from booking.services.schedules import moment_at
from frontend.staff.forms import DateInput, text_area
from intake.models import User
from intake.services.record_holds import MAX_WHY

_DAYS: Final = list(Schedule._meta.get_field("weekday").flatchoices)
_RANKS: Final = [(1, _("first")), (2, _("second")), (3, _("third"))]


def _clock(label: Any) -> forms.TimeField:
    return forms.TimeField(label=label, widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}))


def _date(label: Any, **more: Any) -> forms.DateField:
    sane = [MinValueValidator(date(2000, 1, 1)), MaxValueValidator(date(2100, 1, 1))]
    return forms.DateField(label=label, widget=DateInput(), validators=sane, **more)


def _severity() -> forms.ChoiceField:
    return forms.ChoiceField(label=_("How serious"), choices=Incident.Severity.choices, widget=forms.RadioSelect)


def _reply_due() -> forms.DateField:
    return _date(_("Answer owed by"), required=False, help_text=_("Empty: nobody waits for an answer."))


def _words(label: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=MAX_WORDS, widget=text_area(4))


class IncidentForm(forms.Form):
    """A complaint, or what went wrong, at a visit."""

    kind = forms.ChoiceField(label=_("What is it"), choices=Incident.Kind.choices, widget=forms.RadioSelect)
    severity = _severity()
    date = _date(_("When did it happen"))
    time = _clock(_("At"))
    words = _words(_("What happened, and what was done"))
    reply_due_date = _reply_due()
    request_key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None, *, visit: Appointment) -> None:
        wall = to_wall(visit.start, visit.time_zone)
        super().__init__(data, initial={"date": wall.date(), "time": wall.time(), "request_key": uuid4()})
        self._visit = visit

    @property
    def said(self) -> Logged:
        """What was typed.

        :raises WallTimeInvalid: a time that the clocks jump over or show twice
        """
        told = self.cleaned_data
        wall = datetime.combine(told["date"], told["time"])  # a wall time, made a moment here
        return Logged(
            kind=told["kind"],
            severity=told["severity"],
            happened_at=moment_at(location=self._visit.location, wall=wall),
            words=told["words"],
            reply_due_date=told["reply_due_date"],
        )


class NoteForm(forms.Form):
    """One more step of the history."""

    words = _words(_("What is new"))


class ChangeForm(forms.Form):
    """How serious it is, and by when somebody is owed an answer."""

    severity = _severity()
    reply_due_date = _reply_due()
    words = _words(_("Why"))


class PeriodForm(forms.Form):
    """From which day until which."""

    from_date = _date(_("From"))
    to_date = _date(_("Until and including"))

    def clean(self) -> dict[str, Any]:
        said = self.cleaned_data
        if "from_date" in said and "to_date" in said and said["from_date"] > said["to_date"]:
            self.add_error("to_date", _("The last day can't come before the first."))
        return said


class HoldForm(forms.Form):
    """Why a record is kept, or no longer."""

    why = forms.CharField(label=_("Why"), max_length=MAX_WHY, widget=text_area(3))


class TurnForm(forms.Form):
    """Who answers when."""

    user = forms.ModelChoiceField(User.objects.none(), label=_("Who"), empty_label=_("Please choose"))
    weekdays = forms.TypedMultipleChoiceField(
        label=_("Days"), choices=_DAYS, coerce=int, widget=forms.CheckboxSelectMultiple
    )
    start_time = _clock(_("From"))
    end_time = _clock(_("Until"))
    rank = forms.TypedChoiceField(
        label=_("Told"),
        choices=_RANKS,
        coerce=int,
        initial=1,
        help_text=_("The next is told if nobody has it in time."),
    )

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        field = self.fields["user"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = User.objects.filter(pk__in=[one.pk for one in who_may_answer()]).order_by("name")

    @property
    def details(self) -> TurnDetails:
        return TurnDetails(**self.cleaned_data)


class AfterCareForm(forms.Form):
    """What the notes say where sources differ, and how fast somebody must answer."""

    heat = forms.ChoiceField(label=_("Heat on a sore place"), choices=AfterCareSettings.Warmth.choices, required=False)
    ice = forms.ChoiceField(label=_("Ice on a sore place"), choices=AfterCareSettings.Warmth.choices, required=False)
    no_flying_hours = forms.IntegerField(
        label=_("No flying, diving or high mountains, hours"),
        required=False,
        min_value=1,
        max_value=MOST_FLYING_HOURS,
        help_text=_("After needles near the lungs. Empty: patients are told to ask you first."),
    )
    answer_minutes = forms.IntegerField(
        label=_("Minutes until the next person is told"), min_value=5, max_value=240, initial=15
    )

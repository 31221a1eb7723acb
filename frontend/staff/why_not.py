"""Why a time is not offered: asked by reception, answered in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from booking.models import Appointment, HealthcareService, Practitioner
from booking.rules.walltime import wall_date
from booking.selectors.why_not import Reason, why_not
from booking.services.schedules import moment_at
from frontend.staff.desk import read_date
from frontend.staff.forms import DateInput
from frontend.staff.frame import CLINIC, clinic_or_refuse, for_roles, page
from intake import clock
from intake.errors import DrypointError


class WhyNotForm(forms.Form):
    """A visit somebody would like to have, by the clinic's clock."""

    service = forms.ModelChoiceField(label=_("Visit"), queryset=HealthcareService.objects.all(), empty_label=None)
    practitioner = forms.ModelChoiceField(
        label=_("With"),
        queryset=Practitioner.objects.filter(active=True),
        required=False,
        empty_label=_("Any therapist"),
    )
    date = forms.DateField(label=_("Date"), widget=DateInput())
    time = forms.TimeField(label=_("At"), widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}))


@dataclass(frozen=True, slots=True)
class Answer:
    """What keeps one therapist from taking the visit then."""

    practitioner: Practitioner
    reasons: list[Reason]

    @property
    def only_online(self) -> bool:
        """Whether reception may book it all the same."""
        return bool(self.reasons) and not any(one.binds_staff for one in self.reasons)


@for_roles(*CLINIC)
def ask_why_not(request: HttpRequest) -> HttpResponse:
    """The form and, once it is filled in, an answer for each therapist."""
    asked = WhyNotForm(request.GET) if "date" in request.GET else WhyNotForm(initial=_first_guess(request))
    context: dict[str, Any] = {"form": asked, "zone": clinic_or_refuse().time_zone}
    if not asked.is_bound or not asked.is_valid():
        return page(request, "staff/why_not.html", context, status=422 if asked.is_bound else 200)
    said = asked.cleaned_data
    try:
        start = moment_at(location=clinic_or_refuse(), wall=datetime.combine(said["date"], said["time"]))
    except (DrypointError, OverflowError) as refusal:
        asked.add_error("time", str(getattr(refusal, "message", _("There is no such time."))))
        return page(request, "staff/why_not.html", context, status=422)
    whom = [said["practitioner"]] if said["practitioner"] else said["service"].practitioners.filter(active=True)
    context |= {"start": start, "service": said["service"], "answers": answers_for(said["service"], whom, start)}
    return page(request, "staff/why_not.html", context)


def _first_guess(request: HttpRequest) -> dict[str, object]:
    """Whose time it is about, and a day: today unless somebody looked at another one."""
    today = wall_date(clock.now(), clinic_or_refuse().time_zone)
    return {**request.GET.dict(), "date": read_date(request.GET.get("day", "")) or today}


def answers_for(
    service: HealthcareService,
    practitioners: Iterable[Practitioner],
    start: datetime,
    *,
    holder: Appointment | None = None,
) -> list[Answer]:
    """One answer for each of these therapists; also shown where a time has just been refused."""
    now = clock.now()
    return [
        Answer(one, why_not(service=service, practitioner=one, start=start, holder=holder, now=now))
        for one in practitioners
    ]

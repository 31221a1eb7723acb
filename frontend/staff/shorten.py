"""Making a visit shorter when somebody is late."""

from datetime import datetime, time
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from booking.models import Appointment
from booking.rules.walltime import to_wall
from booking.services.appointments import shorten_visit
from booking.services.schedules import moment_at
from frontend.staff.frame import CLINIC, SeeOther, for_roles, me, page, sent
from frontend.staff.telling import tells_patient
from frontend.staff.visits import visible_visit
from intake import clock
from intake.errors import DrypointError


class ShortenForm(forms.Form):
    """When it begins and ends, on the clinic's clock."""

    begins = forms.TimeField(
        label=gettext_lazy("Begins"), widget=forms.TimeInput(format="%H:%M", attrs={"type": "time", "step": 300})
    )
    ends = forms.TimeField(
        label=gettext_lazy("Ends"), widget=forms.TimeInput(format="%H:%M", attrs={"type": "time", "step": 300})
    )


@for_roles(*CLINIC, methods=("GET", "HEAD", "POST"))
def shorten(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """A later beginning or an earlier end; what is cut off can be booked at once."""
    visit = visible_visit(request, appointment_id)
    begins, ends = (to_wall(one, visit.time_zone) for one in (visit.start, visit.end))
    form = ShortenForm(sent(request), initial={"begins": begins.time(), "ends": ends.time()})
    status, problem = 200, None
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                _shorten(request, visit, form)
            except DrypointError as error:
                status, problem = error.status, error
            else:
                messages.success(request, _("Shorter now. The rest of the time can be booked."))
                return SeeOther(reverse("staff:visit", args=[visit.pk]))
    context = {
        "visit": visit,
        "form": form,
        "problem": problem,
        "asks_tell": visit.status == Appointment.Status.BOOKED,
        "unticked": not tells_patient(request),
    }
    return page(request, "staff/shorten.html", context, status=status)


def _shorten(request: HttpRequest, visit: Appointment, form: ShortenForm) -> None:
    start, end = (
        _moment(visit, was, form.cleaned_data[name]) for name, was in (("begins", visit.start), ("ends", visit.end))
    )
    shorten_visit(appointment=visit, start=start, end=end, tell=tells_patient(request), by=me(request), now=clock.now())


def _moment(visit: Appointment, was: datetime, said: time) -> datetime:
    """The moment of that clock time on the day of the old one; the old one itself if it says the same."""
    wall = to_wall(was, visit.time_zone)
    if (wall.hour, wall.minute) == (said.hour, said.minute):
        return was
    return moment_at(location=visit.location, wall=datetime.combine(wall.date(), said))

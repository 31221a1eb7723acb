"""A therapist's other calendars: a file is read for when it says busy."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from booking.models import Appointment, Location, Practitioner
from booking.selectors.appointments import appointments_visible_to
from booking.selectors.outside_hours import visits_in_busy_times
from booking.services.busy_calendars import BusyCalendar, remove_busy_times, upload_busy_times
from frontend.staff.frame import SeeOther, clinic_or_refuse, for_roles, me, page, sent
from frontend.staff.hours import OWN_TOO, busy_calendars, therapist_or_404
from frontend.staff.hours_forms import BusyForm
from intake import clock
from intake.errors import DrypointError

_LEFT_OUT: Final = {
    "free": gettext_lazy("marked as free"),
    "cancelled": gettext_lazy("cancelled"),
    "past": gettext_lazy("over already"),
    "later": gettext_lazy("more than 18 months ahead"),
    "no-length": gettext_lazy("without a length"),
    "broken": gettext_lazy("can't be read: please check these yourself"),
}


@dataclass(frozen=True, slots=True)
class Done:
    """What was read, as the page shows it."""

    count: int
    first: datetime | None
    last: datetime | None
    left_out: Sequence[tuple[str | Promise, int]]
    visits: Sequence[Appointment]


@for_roles(*OWN_TOO, methods=("GET", "HEAD", "POST"))
def upload(request: HttpRequest, practitioner_id: UUID) -> HttpResponse:
    """Read a calendar file; the answer says what was read. Sent again, it reads the same file again."""
    whose, clinic, now = therapist_or_404(request, practitioner_id), clinic_or_refuse(), clock.now()
    names = [one["name"] for one in busy_calendars(whose, now)]
    form = BusyForm(sent(request), request.FILES if request.method == "POST" else None, names=names)
    done, refusal = None, None
    if request.method == "POST" and form.is_valid():
        try:
            done = _read(request, whose, clinic, form.cleaned_data, now)
        except DrypointError as error:
            refusal = error
    context: dict[str, Any] = {"whose": whose, "place": clinic, "form": form, "done": done, "refusal": refusal}
    status = refusal.status if refusal else 422 if form.errors else 200
    return page(request, "staff/hours_busy.html", context, status=status)


@for_roles(*OWN_TOO, methods=("POST",))
def remove(request: HttpRequest, practitioner_id: UUID) -> HttpResponse:
    """Forget a calendar; a second tap finds nothing more to do."""
    whose = therapist_or_404(request, practitioner_id)
    remove_busy_times(practitioner=whose, name=request.POST.get("name", ""), by=me(request), now=clock.now())
    messages.success(request, _("Removed. These times can be booked again."))
    return SeeOther(reverse("staff:hours-of", args=[whose.pk]))


def _read(request: HttpRequest, whose: Practitioner, clinic: Location, said: dict[str, Any], now: datetime) -> Done:
    made: BusyCalendar = upload_busy_times(
        practitioner=whose, location=clinic, name=said["name"], data=said["file"].read(), by=me(request), now=now
    )
    visible = appointments_visible_to(me(request), now=now)
    under = visits_in_busy_times(whose, now=now).values("pk")
    return Done(
        count=len(made.times),
        first=min((one.start for one in made.times), default=None),
        last=max((one.end for one in made.times), default=None),
        left_out=[(words, made.read.left_out[why]) for why, words in _LEFT_OUT.items() if why in made.read.left_out],
        visits=list(visible.filter(pk__in=under).order_by("start", "pk")),
    )

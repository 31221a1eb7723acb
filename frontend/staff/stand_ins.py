"""Who answers requests for whom, and for how long."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from booking.models import Location, Practitioner, StandIn
from booking.rules.walltime import start_of_day, wall_date
from booking.selectors.practitioners import authorised_to_needle
from booking.selectors.stand_ins import coming_stand_ins
from booking.services.stand_ins import end_stand_in, name_stand_in
from frontend.staff.forms import StandInForm
from frontend.staff.frame import SeeOther, clinic_or_refuse, for_roles, me, page, sent
from intake import clock
from intake.errors import DrypointError
from intake.models import Role

FAR = date(9000, 1, 1)


@for_roles(Role.THERAPIST, Role.MANAGER, methods=("GET", "HEAD", "POST"))
def stand_ins(request: HttpRequest) -> HttpResponse:
    """Who stands in now and later; a therapist names somebody for themselves, a manager for anybody."""
    clinic, now, refusal = clinic_or_refuse(), clock.now(), None
    today = wall_date(now, clinic.time_zone)
    own = _own(request)
    first_guess: dict[str, Any] = {"from_date": today, "until_date": today}
    form = StandInForm(sent(request), own=own, colleagues=authorised_to_needle(today), initial=first_guess)
    if request.method == "POST" and form.is_valid():
        try:
            _name(request, clinic, own, form)
        except DrypointError as error:
            refusal = error
        else:
            messages.success(request, _("Named. They can answer these requests in that time."))
            return SeeOther(reverse("staff:stand-ins"))
    context = {"form": form, "refusal": refusal, "rows": coming_stand_ins(now=now), "own": own, "clinic_place": clinic}
    status = refusal.status if refusal else 422 if form.errors else 200
    return page(request, "staff/stand_ins.html", context, status=status)


@for_roles(Role.THERAPIST, Role.MANAGER, methods=("POST",))
def end(request: HttpRequest, stand_in_id: UUID) -> HttpResponse:
    """Take it back; a second tap finds nothing more to do."""
    now, own = clock.now(), _own(request)
    mine = StandIn.objects.filter(practitioner=own) if own else StandIn.objects.all()
    row = get_object_or_404(mine.select_related("practitioner"), pk=stand_in_id)
    if row.end > now:
        end_stand_in(stand_in=row, by=me(request), now=now)
    messages.success(request, _("Taken back."))
    return SeeOther(reverse("staff:stand-ins"))


def _own(request: HttpRequest) -> Practitioner | None:
    """The therapist who asks; None for a manager, who acts for anybody."""
    if me(request).role == Role.MANAGER:
        return None
    return get_object_or_404(Practitioner, user=me(request))


def _name(request: HttpRequest, clinic: Location, own: Practitioner | None, form: StandInForm) -> None:
    said, zone = form.cleaned_data, clinic.time_zone
    name_stand_in(
        practitioner=own or said["practitioner"],
        colleague=said["colleague"],
        start=start_of_day(min(said["from_date"], FAR), zone),
        end=start_of_day(min(said["until_date"], FAR) + timedelta(days=1), zone),
        by=me(request),
        now=clock.now(),
    )

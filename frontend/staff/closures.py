"""Who or what is away: a therapist, a room or the whole clinic; and the visits that lie in it, to be mended."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from booking.errors import NotPossibleNow
from booking.models import Location, Practitioner, Room, RoomClosure, TimeOff
from booking.rules.walltime import to_wall, wall_date
from booking.selectors.calendar import span_of_day
from booking.selectors.closures import Closure, closure_hitting, closure_with_id
from booking.selectors.displacements import closures_ahead, overview_of
from booking.selectors.rooms import other_rooms
from booking.services.displacements import take_choice
from booking.services.mending import Mended, mend_all
from booking.services.rooms import close_room, give_room, open_room, swap_rooms
from booking.services.schedules import add_time_off, moment_at, remove_time_off
from frontend.staff.desk import read_date
from frontend.staff.forms import TimeOffForm
from frontend.staff.frame import CLINIC, SeeOther, clinic_or_refuse, for_roles, me, page, sent
from frontend.staff.visits import visible_visit
from frontend.staff.ways import rows_of, wishes_in
from intake import clock
from intake.errors import DrypointError

FORM = ("GET", "HEAD", "POST")


@for_roles(*CLINIC, methods=FORM)
def time_off(request: HttpRequest) -> HttpResponse:
    """Enter who or what is away; what lies in it stays and is shown next, to be mended."""
    clinic, refusal = clinic_or_refuse(), None
    form = TimeOffForm(sent(request), initial=_first_guess(request))
    if request.method == "POST" and form.is_valid():
        try:
            made = _close(request, clinic, form.cleaned_data)
        except DrypointError as error:
            refusal = error
        else:
            messages.success(request, _("Noted as away."))
            return SeeOther(reverse("staff:displaced", args=[made.pk]))
    status = refusal.status if refusal else 422 if form.errors else 200
    ahead = closures_ahead(clinic, now=clock.now())
    context = {"form": form, "refusal": refusal, "ahead": ahead, "zone": clinic.time_zone}
    return page(request, "staff/time_off.html", context, status=status)


@for_roles(*CLINIC, methods=FORM)
def displaced(request: HttpRequest, time_off_id: UUID) -> HttpResponse:
    """The visits that lie in it: each with its ways out, all carried out with one button, and what came of it."""
    closure = closure_with_id(time_off_id)
    if closure is None:
        raise Http404
    if request.method != "POST":
        return _displaced_page(request, closure)
    if "take" in request.POST:
        return _take(request, closure)
    overview = overview_of(closure, by=me(request), now=clock.now())
    done = mend_all(mends=wishes_in(request.POST, overview), closure=closure, by=me(request), now=clock.now())
    if any(one.problem for one in done):
        return _displaced_page(request, closure, done=done, status=409)
    if not done:
        messages.warning(request, _("Please choose what to do first."))
    elif any(one.gone for one in done):
        messages.warning(request, _("Done. Some of the times were taken in the meantime and were left out."))
    else:
        count = len(done)
        messages.success(request, ngettext("Done for one visit.", "Done for %(n)s visits.", count) % {"n": count})
    return SeeOther(reverse("staff:displaced", args=[closure.id]))


@for_roles(*CLINIC)
def ways(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Where the ways out of one visit are shown; the visit itself, if it was mended in the meantime."""
    visit = visible_visit(request, appointment_id)
    closure = closure_hitting(visit)
    if closure is None:
        return SeeOther(reverse("staff:visit", args=[visit.pk]))
    return SeeOther(f"{reverse('staff:displaced', args=[closure.id])}#visit-{visit.pk}")


@for_roles(*CLINIC, methods=("POST",))
def back_again(request: HttpRequest, time_off_id: UUID) -> HttpResponse:
    """Take it out again; a second tap finds nothing more to do."""
    away = TimeOff.objects.select_related("location", "practitioner").filter(pk=time_off_id).first()
    shut = RoomClosure.objects.select_related("room").filter(pk=time_off_id).first()
    if away is not None:
        remove_time_off(time_off=away, by=me(request), now=clock.now())
    if shut is not None:
        open_room(closure=shut, by=me(request), now=clock.now())
    messages.success(request, _("Taken out. These times can be booked again."))
    return SeeOther(reverse("staff:calendar"))


@for_roles(*CLINIC, methods=FORM)
def room(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Another room for a visit: one that is free, or the one of a visit that changes with it."""
    visit, now = visible_visit(request, appointment_id), clock.now()
    problem = None
    if request.method == "POST":
        try:
            _change_room(request, visit.pk, now)
        except DrypointError as error:
            problem = error
        else:
            messages.success(request, _("The room is changed."))
            return SeeOther(reverse("staff:visit", args=[visit.pk]))
    visit = visible_visit(request, appointment_id)
    context = {"visit": visit, "rooms": other_rooms(visit, now=now), "problem": problem}
    return page(request, "staff/room.html", context, status=problem.status if problem else 200)


def _change_room(request: HttpRequest, visit_id: UUID, now: datetime) -> None:
    visit = visible_visit(request, visit_id)
    other = _uuid(request.POST.get("swap", ""))
    if other is not None:
        swap_rooms(first=visit, second=visible_visit(request, other), by=me(request), now=now)
        return
    if not request.POST.get("room"):
        raise NotPossibleNow(_("Please choose a room."))
    chosen = get_object_or_404(Room, pk=_uuid(request.POST["room"]), location=visit.location_id)
    give_room(appointment=visit, room=chosen, by=me(request), now=now)


def _take(request: HttpRequest, closure: Closure) -> HttpResponse:
    """The patient has said on the phone which of the times it shall be."""
    overview = overview_of(closure, by=me(request), now=clock.now())
    kept = {str(offer.pk): (row.asked, offer) for row in overview.rows for offer in row.offers if row.asked}
    asked, offer = kept.get(request.POST["take"], (None, None))
    if asked is None or offer is None:
        raise Http404
    try:
        take_choice(displacement=asked, offer=offer, by=me(request), now=clock.now())
    except DrypointError as problem:
        return _displaced_page(request, closure, problem=problem, status=problem.status)
    messages.success(request, _("Moved. The patient gets a mail with the new time."))
    return SeeOther(reverse("staff:displaced", args=[closure.id]))


def _displaced_page(
    request: HttpRequest,
    closure: Closure,
    *,
    done: list[Mended] | None = None,
    problem: DrypointError | None = None,
    status: int = 200,
) -> HttpResponse:
    overview = overview_of(closure, by=me(request), now=clock.now())
    problems = {one.visit.pk: one.problem for one in done or () if one.problem}
    rows = rows_of(overview, problems)
    context = {
        "closure": closure,
        "rows": rows,
        "settled": overview.settled,
        "problem": problem,
        "failed": len(problems),
        "sends": any(way.key == "ask" and way.checked for row in rows for way in row.ways),
        "to_mend": sum(not row.asked for row in rows),
        "zone": closure.location.time_zone,
        "can_take_out": closure.may_be_taken_out,
    }
    return page(request, "staff/displaced.html", context, status=status)


def _close(request: HttpRequest, clinic: Location, said: dict[str, Any]) -> TimeOff | RoomClosure:
    start = moment_at(location=clinic, wall=datetime.combine(said["from_date"], said["from_time"]))
    end = moment_at(location=clinic, wall=datetime.combine(said["until_date"], said["until_time"]))
    if end <= start:
        raise DrypointError(_("The end must come after the beginning."))
    when = {"start": start, "end": end, "reason": said["reason"], "by": me(request), "now": clock.now()}
    if isinstance(said["away"], Room):
        return close_room(room=said["away"], **when)
    return add_time_off(location=clinic, practitioner=said["away"], **when)


def _first_guess(request: HttpRequest) -> dict[str, object]:
    clinic, now = clinic_or_refuse(), clock.now()
    day = read_date(request.GET.get("date", "")) or wall_date(now, clinic.time_zone)
    span = span_of_day(clinic, day, now=now)
    begins, ends = (to_wall(one, clinic.time_zone) for one in (span.start, span.end)) if span else (None, None)
    whose = _uuid(request.GET.get("practitioner", ""))
    away = Practitioner.objects.filter(pk=whose, active=True).first() if whose else None
    return {  # a whole day unless they say otherwise: whoever is ill is away to the last visit of the evening
        "away": str(away.pk) if away else "",
        "from_date": day,
        "from_time": f"{begins:%H:%M}" if begins else "08:00",
        "until_date": ends.date() if ends else day,
        "until_time": f"{ends:%H:%M}" if ends else "18:00",
    }


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None

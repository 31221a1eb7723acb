"""What is done to a visit: one button each, or a page that says first what follows."""

from datetime import date, datetime, timedelta
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from booking.errors import ReasonNeeded, SlotNotOffered, SlotTaken, WallTimeInvalid
from booking.feeds.amounts import money
from booking.models import Appointment, Practitioner
from booking.rules.availability import Slot
from booking.rules.walltime import wall_date
from booking.selectors.fees import fee_if_cancelled, forgiven_now
from booking.selectors.practitioners import practitioners_for
from booking.selectors.slots import free_times
from booking.services.appointments import cancel_appointment, reschedule_appointment
from booking.services.moves import may_patient_move
from booking.services.schedules import moment_at
from frontend.staff.desk import read_date, read_practitioner, refused_at_desk
from frontend.staff.forms import BeyondForm, CancelForm
from frontend.staff.frame import CLINIC, SeeOther, for_roles, me, page, sent
from frontend.staff.steps import STEPS
from frontend.staff.telling import tells_patient
from frontend.staff.times import DayOfTimes, day_after_today, names_of, read_value, times_of
from frontend.staff.visits import render_visit, step_or_404, visible_visit
from frontend.staff.why_not import Answer, answers_for
from frontend.templatetags.presentation import moment
from intake import clock
from intake.errors import DrypointError

Reason = Appointment.CancelReason
DAYS_SHOWN = 7
REASONS_TO_CANCEL = {
    "patient": (Reason.PATIENT, False),
    "unwell": (Reason.UNWELL, False),
    "clinic": (Reason.CLINIC, False),
}


@for_roles(*CLINIC, methods=("POST",))
def take_step(request: HttpRequest, appointment_id: UUID, slug: str) -> HttpResponse:
    """One button: carried out, or refused in words at the place where it stood."""
    visit = visible_visit(request, appointment_id)
    step = STEPS[step_or_404(slug)]
    try:
        step.take(appointment=visit, tell=tells_patient(request), by=me(request), now=clock.now())
    except DrypointError as error:
        return refused(request, visit, error)
    return back(request, visit, str(step.done))


def refused(request: HttpRequest, visit: Appointment, error: DrypointError) -> HttpResponse:
    """The page where the button stood, with the words of the refusal."""
    place, _colon, said = request.POST.get("stood", "").partition(":")
    if place == "desk":
        return refused_at_desk(request, visit.pk, error, said)
    visit.refresh_from_db()
    return render_visit(request, visit, refusal=error, status=error.status)


def back(request: HttpRequest, visit: Appointment, words: str) -> HttpResponse:
    """Where the button stood: the row on its board, or the visit's page with a word of what was done."""
    place, _colon, said = request.POST.get("stood", "").partition(":")
    if place == "desk":
        date, _comma, whose = said.partition(",")
        shown = read_date(date), read_practitioner(whose)
        query = f"date={shown[0]}" if shown[0] else ""
        query += f"&therapist={shown[1].pk}" if shown[1] else ""
        return SeeOther(f"{reverse('staff:desk')}?{query}#visit-{visit.pk}")
    if place == "messages":
        messages.success(request, words)
        return SeeOther(f"{reverse('staff:messages')}?{QueryDict(said).urlencode()}")
    if place == "room":
        return SeeOther(reverse("staff:treatment", args=[visit.pk]))
    messages.success(request, words)
    return SeeOther(reverse("staff:visit", args=[visit.pk]))


@for_roles(*CLINIC, methods=("GET", "HEAD", "POST"))
def cancel(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Cancel a visit; the page says the fee first."""
    visit = visible_visit(request, appointment_id)
    form = CancelForm(sent(request))
    if request.method == "POST" and form.is_valid():
        reason, waived = REASONS_TO_CANCEL[form.cleaned_data["reason"]]
        waived = waived or form.cleaned_data["waive_fee"]
        try:
            done = cancel_appointment(
                appointment=visit,
                by=me(request),
                reason=reason,
                waive_fee=waived,
                waive_reason=form.cleaned_data["waive_reason"],
                tell=tells_patient(request),
                now=clock.now(),
            )
        except DrypointError as error:
            visit.refresh_from_db()
            return render_visit(request, visit, refusal=error, status=error.status)
        messages.success(request, _cancelled_words(done.appointment, done.fee))
        return SeeOther(reverse("staff:visit", args=[visit.pk]))
    fee = fee_if_cancelled(visit, reason=Reason.PATIENT, now=clock.now())
    context = {
        "visit": visit,
        "form": form,
        "fee": fee,
        "forgiven": forgiven_now(visit, now=clock.now()),
        "shows_waiver": fee > 0,
        "unticked": not tells_patient(request),
    }
    return page(request, "staff/cancel.html", context, status=422 if form.errors else 200)


@for_roles(*CLINIC, methods=("GET", "HEAD", "POST"))
def move(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Move a visit to another free time, of the same therapist or of another."""
    visit = visible_visit(request, appointment_id)
    if request.method != "POST":
        return _move_page(request, visit)
    beyond = BeyondForm(request.POST)
    if not beyond.is_valid():
        return _move_page(request, visit, beyond=beyond, status=422)
    try:
        chosen = _chosen(request, visit, beyond)
    except WallTimeInvalid as error:
        return _move_page(request, visit, problem=str(error.message), beyond=beyond, status=error.status)
    whose = practitioners_for(visit.service).filter(pk=chosen[1]).first() if chosen and chosen[1] else None
    if chosen is None or whose is None:
        return _move_page(request, visit, problem=_("Please choose a time."), status=422)
    try:
        moved = reschedule_appointment(
            appointment=visit,
            practitioner=whose,
            start=chosen[0],
            set_aside=beyond.cleaned_data["set_aside"],
            tell=tells_patient(request),
            by=me(request),
            now=clock.now(),
        )
    except DrypointError as error:
        near = error.details.get("alternatives", [])
        visit.refresh_from_db()
        refused = isinstance(error, SlotNotOffered | SlotTaken)
        why = answers_for(visit.service, [whose], chosen[0], holder=visit) if refused else []
        asks_why = isinstance(error, ReasonNeeded)
        return _move_page(
            request, visit, problem=str(error.message), near=near, why=why, asks_why=asks_why, status=error.status
        )
    when = moment(moved.appointment.start, visit.time_zone)
    messages.success(request, _("Moved to %(when)s.") % {"when": when})
    return SeeOther(reverse("staff:visit", args=[visit.pk]))


def _move_page(
    request: HttpRequest,
    visit: Appointment,
    *,
    problem: str = "",
    near: list[Slot] | None = None,
    why: list[Answer] | None = None,
    beyond: BeyondForm | None = None,
    asks_why: bool = False,
    status: int = 200,
) -> HttpResponse:
    now = clock.now()
    today = wall_date(now, visit.time_zone)
    values = request.POST if request.method == "POST" else request.GET
    first = day_after_today(read_date(values.get("from", "")) or wall_date(visit.start, visit.time_zone), today)
    offered = list(practitioners_for(visit.service))
    whose = read_practitioner(values.get("therapist", "")) or visit.practitioner
    context = {
        "visit": visit,
        "problem": problem,
        "answers": why,
        "unticked": not tells_patient(request),
        "asks_why": asks_why,
        "form": beyond or BeyondForm(request.POST if request.method == "POST" else None),
        "needs_reason": not may_patient_move(visit, now=now),
        "first": first,
        "later": first + timedelta(days=DAYS_SHOWN),
        "earlier": day_after_today(first - timedelta(days=DAYS_SHOWN), today),
        "whose": whose,
        "practitioners": offered,
        "days": _free_times(visit, whose, first, request),
        "near": times_of(near or [], zone=visit.time_zone, names=names_of(offered)),
    }
    return page(request, "staff/move.html", context, status=status)


def _chosen(request: HttpRequest, visit: Appointment, beyond: BeyondForm) -> tuple[datetime, UUID | None] | None:
    """The time that was typed, or else the one of the list; None without any.

    :raises WallTimeInvalid: the clocks change then
    """
    said = beyond.cleaned_data
    if said["at"] is None:
        return read_value(request.POST.get("time", ""))
    whose = read_practitioner(request.POST.get("therapist", "")) or visit.practitioner
    return moment_at(location=visit.location, wall=datetime.combine(said["date"], said["at"])), whose.pk


def _free_times(visit: Appointment, whose: Practitioner, first: date, request: HttpRequest) -> list[DayOfTimes]:
    slots = free_times(
        service=visit.service,
        from_date=first,
        to_date=first + timedelta(days=DAYS_SHOWN - 1),
        practitioner=whose,
        location=visit.location,
        holder=visit,
        by_staff=True,
        now=clock.now(),
    ).slots
    free = [slot for slot in slots if (slot.start, slot.practitioner) != (visit.start, visit.practitioner_id)]
    return times_of(free, zone=visit.time_zone, names={}, chosen=request.POST.get("time", ""))


def _cancelled_words(visit: Appointment, fee: int) -> str:
    if not fee:
        return _("Cancelled. There is no fee. You can undo it for three minutes.")
    return _("Cancelled. The fee is %(fee)s. You can undo it for three minutes.") % {"fee": money(fee, visit.currency)}

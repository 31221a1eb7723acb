"""A booking by the link in its mail: look at it, move it, cancel it, fill in its form."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from booking.errors import BookingError, SlotTaken
from booking.feeds.ics import visit_calendar
from booking.models import Appointment
from booking.payments.ledger import balance_of, fees_of_moves
from booking.rules.kinds import kind_of
from booking.rules.packages import session_after
from booking.selectors.after_care import after_path
from booking.selectors.appointments import appointment_by_manage_token, appointments_of_user
from booking.selectors.cards import kept_card_of
from booking.selectors.courses import allowed_dates, cancelled_with, coming_sessions, sessions_of
from booking.selectors.displacements import choices_for
from booking.selectors.fees import forgiven_now, is_forgiven
from booking.selectors.money_panel import money_panel
from booking.selectors.more_details import details_asked_of
from booking.selectors.offers import needle_free_service_for
from booking.selectors.packages import session_of
from booking.selectors.practitioners import needles
from booking.selectors.rechecks import was_asked_again
from booking.selectors.terms import agreement_of as terms_agreed_to
from booking.selectors.waitlist import entry_for, may_wait_for_earlier
from booking.services.appointments import cancel_appointment, reschedule_appointment
from booking.services.coming import accept_visit, may_accept
from booking.services.rechecks import extent_for
from booking.services.undoing import can_be_undone
from frontend.patient.asking import asking_of
from frontend.patient.calendar_links import calendar_links
from frontend.patient.diary import Diary, diary_of
from frontend.patient.money_words import next_sentences
from frontend.patient.pages import private
from frontend.patient.terms import fee_now, terms_of_visit, why_no_move
from frontend.patient.time_forms import ChosenTime, LookForm
from frontend.patient.visit_forms import ProofForm
from frontend.patient.way import Way
from intake.access import shows_answers
from intake.clock import clinic_date, now
from intake.errors import DrypointError, TooManyAttempts
from intake.models import User
from intake.origin import address_of
from intake.selectors.consents import consent_state
from intake.services.accounts import unclaimed_records
from intake.services.limits import count_attempt

Status = Appointment.Status
WINDOW: Final = timedelta(hours=1)
LINKS_AN_HOUR: Final = 30
GUESSES_AN_HOUR: Final = 6
# Whether somebody comes is asked from when the earliest reminder could ask it.
ASKS_BEFORE: Final = timedelta(hours=kind_of("reminder").between[1])
_CHANGEABLE: Final = (Status.PENDING, Status.BOOKED)


@private
@require_GET
def open_link(request: HttpRequest, token: str) -> HttpResponse:
    """Exchange the link for a cookie, so that the token stands in no later address."""
    way, moment = Way(request), now()
    try:
        count_attempt(key=f"visit-link:{address_of(request)}", limit=LINKS_AN_HOUR, window=WINDOW, now=moment)
    except TooManyAttempts as problem:
        return render(request, "patient/no_visit.html", {"problem": problem}, status=problem.status)
    visit = appointment_by_manage_token(token)
    if visit is None or visit.patient is None:
        return render(request, "patient/no_visit.html", {"bad_link": True}, status=404)
    known_here = way.is_proven and way.visit == visit
    request.session.cycle_key()
    way.open_visit(visit, proven=known_here or visit.patient.contact_verified_at is not None)
    return redirect("patient:choices" if choices_for(visit) else "patient:visit")


def is_of_another(request: HttpRequest, visit: Appointment) -> bool:
    """Whether the form that was sent stood in an older tab, of another visit than the one that is open here by now."""
    if request.POST.get("visit", "") in ("", str(visit.pk)):
        return False
    changed = gettext("Nothing was changed: you have opened another visit since, and this is it.")
    messages.warning(request, f"{changed} {gettext('For the other one please use the link in its email.')}")
    return True


VisitView = Callable[[HttpRequest, Way, Appointment], HttpResponse]


def of_proven_visit(view: VisitView) -> Callable[[HttpRequest], HttpResponse]:
    """The visit of this browser's link; who only has the link says the birth date first."""

    @private
    @wraps(view)
    def answer(request: HttpRequest) -> HttpResponse:
        way = Way(request)
        visit = way.visit
        if visit is None:
            return render(request, "patient/no_visit.html", status=404)
        if not way.is_proven:
            return redirect("patient:prove")
        if is_of_another(request, visit):
            return redirect("patient:visit")
        return view(request, way, visit)

    return answer


@private
@require_http_methods(["GET", "HEAD", "POST"])
def prove(request: HttpRequest) -> HttpResponse:
    """The birth date, before anything of the visit is shown."""
    way, moment = Way(request), now()
    visit = way.visit
    if visit is None or visit.patient is None:
        return render(request, "patient/no_visit.html", status=404)
    if way.is_proven:
        return redirect("patient:visit")
    form = ProofForm(
        request.POST if request.method == "POST" else None, patient=visit.patient, today=clinic_date(moment)
    )
    if request.method == "POST":
        try:
            count_attempt(key=f"visit-proof:{visit.pk}", limit=GUESSES_AN_HOUR, window=WINDOW, now=moment)
        except TooManyAttempts as problem:
            return render(request, "patient/no_visit.html", {"problem": problem}, status=problem.status)
        if form.is_valid():
            way.prove_visit()
            return redirect("patient:choices" if choices_for(visit) else "patient:visit")
    return render(request, "patient/prove.html", {"form": form}, status=422 if form.is_bound else 200)


@of_proven_visit
@require_GET
def visit(request: HttpRequest, way: Way, visit: Appointment) -> HttpResponse:
    """When, where, with whom, what is paid and due, and what can be done; said as it is now."""
    moment = now()
    panel = money_panel(visit, now=moment)
    balance = panel.balance
    refused = why_no_move(visit, now=moment)
    is_coming, agreement = visit.status in _CHANGEABLE and visit.start > moment, agreement_of(visit, now=moment)
    context = {
        "visit": visit,
        "state": _state(visit),
        "balance": balance,
        "money_next": next_sentences(panel.next, visit),
        "session_ends": _session_ends(visit, fee=balance.owed) if visit.cancel_settles_at else "",
        "give_back": max(0, -balance.due),
        "card": kept_card_of(visit.patient),
        "terms": terms_of_visit(visit, now=moment),
        "is_coming": is_coming,
        "asks_coming": may_accept(visit, now=moment) and visit.start - moment <= ASKS_BEFORE,
        **_course_of(visit, moment),
        "cancelled_with": cancelled_with(visit),
        "choices": choices_for(visit),
        "may_move": is_coming and visit.awaiting != Appointment.Awaiting.PAYMENT and not refused,
        "why_no_move": refused,
        "may_undo": can_be_undone(visit, now=moment),
        "place": entry_for(visit, now=moment) if is_coming else None,
        "may_wait": is_coming and may_wait_for_earlier(visit),
        "forgiven": is_coming and is_forgiven(visit),
        "forgiven_now": forgiven_now(visit, now=moment) if is_coming else 0,
        "agreed_terms": terms_agreed_to(visit) if is_coming else None,
        "is_late": visit.free_cancel_until is not None and visit.free_cancel_until < moment,
        "free_now": is_coming and fee_now(visit, now=moment) == 0,
        "asking": asking_of(visit, now=moment),
        "agreement": agreement,
        "without_needles": is_coming and agreement == "withdrawn" and needle_free_service_for(visit, now=moment),
        "again": visit.status == Status.CANCELLED,
        "asks_again": extent_for(visit, now=moment) != "nothing",
        "more_details": bool(details_asked_of(visit)),
        "asked_again": is_coming and was_asked_again(visit),
        **_after(visit),
        "calendars": calendar_links(visit),
    }
    return render(request, "patient/visit.html", context)


def _after(visit: Appointment) -> dict[str, object]:
    """Where to say how it is in numbers, and after a visit with needles what to look out for."""
    with_needles = needles(visit.service) and visit.status in (Status.BOOKED, Status.CHECKED_IN, Status.FULFILLED)
    over = with_needles and visit.status == Status.FULFILLED
    return {
        "may_measure": with_needles and shows_answers(visit.patient),
        "after_url": after_path(visit) if over else "",
    }


@of_proven_visit
@require_POST
def coming(request: HttpRequest, way: Way, visit: Appointment) -> HttpResponse:
    """They say that they are coming: by this button only, for scanners of mail open links too."""
    try:
        accept_visit(appointment=visit, how=Appointment.Accepted.LINK, by=None, now=now())
    except DrypointError as problem:
        messages.warning(request, str(problem.message))
    else:
        messages.success(request, gettext("Thank you. We expect you."))
    return redirect("patient:visit")


@of_proven_visit
@require_GET
def calendar_file(request: HttpRequest, way: Way, visit: Appointment) -> HttpResponse:
    """The visit for a calendar: when and where, never why."""
    besides = list(sessions_of(visit.course).filter(status=Status.BOOKED)) if visit.course else []
    content = visit_calendar(appointment=visit, besides=besides, title=gettext("Your appointment"), now=now())
    return HttpResponse(
        content,
        content_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="appointment.ics"'},
    )


@of_proven_visit
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest, way: Way, visit: Appointment) -> HttpResponse:
    """What it costs, or that it is free, before anything happens; a fee that was not shown is never taken."""
    moment = now()
    fee = fee_now(visit, now=moment)
    balance = balance_of(visit)
    kept = fee + fees_of_moves(visit)
    paid = balance.paid + balance.authorised - balance.refunded
    context = {
        "visit": visit,
        "fee": fee,
        "forgiven_now": forgiven_now(visit, now=moment),
        "terms": terms_of_visit(visit, now=moment),
        "give_back": max(0, paid - kept),
        "counts": min(paid, kept),
        "left": max(0, kept - paid),
        "session_ends": _session_ends(visit, fee=kept),
    }
    if request.method != "POST":
        if visit.status not in _CHANGEABLE:
            return redirect("patient:visit")
        return render(request, "patient/cancel.html", context)
    reason = Appointment.CancelReason.UNWELL if request.POST.get("unwell") else Appointment.CancelReason.PATIENT
    if request.POST.get("fee") != str(fee) and visit.status in _CHANGEABLE:
        return render(request, "patient/cancel.html", context | {"changed": True}, status=409)
    try:
        cancel_appointment(appointment=visit, by=None, reason=reason, now=moment)
    except DrypointError as problem:
        messages.warning(request, str(problem.message))
    return redirect("patient:visit")


@of_proven_visit
@require_http_methods(["GET", "HEAD", "POST"])
def move(request: HttpRequest, way: Way, visit: Appointment) -> HttpResponse:
    """Other times, with what moving costs said first."""
    moment = now()
    if visit.status not in _CHANGEABLE or visit.awaiting == Appointment.Awaiting.PAYMENT:
        return redirect("patient:visit")
    if refused := why_no_move(visit, now=moment):
        messages.warning(request, refused)
        return redirect("patient:visit")
    look = LookForm(request.POST if request.method == "POST" else request.GET, service=visit.service)
    diary = diary_of(
        service=visit.service,
        look=look,
        screening=visit.screening,
        mine=visit,
        between=allowed_dates(visit),
        now=moment,
    )
    fee = fee_now(visit, now=moment)
    if request.method != "POST":
        return _move_page(request, visit, diary, fee)
    chosen = ChosenTime(request.POST, service=visit.service)
    if not chosen.is_valid():
        return _move_page(request, visit, diary, fee, form=chosen, status=422)
    if request.POST.get("fee") != str(fee):
        return _move_page(request, visit, diary, fee, changed=True, status=409)
    start = chosen.cleaned_data["time"]
    try:
        reschedule_appointment(
            appointment=visit,
            practitioner=chosen.cleaned_data["practitioner"] or diary.somebody_at(start, visit.practitioner),
            start=start,
            by=None,
            now=moment,
        )
    except SlotTaken as taken:
        others = diary.with_alternatives(taken.details.get("alternatives", []))
        return _move_page(request, visit, others, fee, problem=taken, status=409)
    except DrypointError as problem:
        return _move_page(request, visit, diary, fee, problem=problem, status=problem.status)
    messages.success(request, gettext("Your visit is at its new time now."))
    return redirect("patient:visit")


@of_proven_visit
@require_POST
def fill_in_form(request: HttpRequest, way: Way, visit: Appointment) -> HttpResponse:
    """Begin the check for this visit; its answers are given to it at the end."""
    way.fill_in_form_for(visit)
    if visit.patient is not None and visit.patient.birth_date is not None:
        way.keep_person(birth_date=visit.patient.birth_date.isoformat())
    return redirect("patient:check")


@private
@login_required
@require_GET
def visits(request: HttpRequest) -> HttpResponse:
    """All visits of a signed-in patient, of everybody for whom the account acts."""
    mine = list(_own(request))
    moment = now()
    coming = [one for one in mine if one.start > moment and one.status in _CHANGEABLE]
    context = {
        "coming": coming[::-1],
        "past": [one for one in mine if one not in coming],
        "more_to_find": isinstance(request.user, User) and unclaimed_records(request.user).exists(),
    }
    return render(request, "patient/visits.html", context)


@private
@login_required
@require_POST
def open_visit(request: HttpRequest, appointment_id: UUID) -> HttpResponse:
    """Open one of one's own visits."""
    found = get_object_or_404(_own(request), pk=appointment_id)
    Way(request).open_visit(found, proven=True)
    return redirect("patient:visit")


def _own(request: HttpRequest) -> QuerySet[Appointment]:
    assert isinstance(request.user, User)
    return appointments_of_user(request.user).exclude(confirmed_at=None)


def agreement_of(visit: Appointment, *, now: datetime) -> str:
    """How the signing before needling stands; empty where there is nothing to sign or take back."""
    is_open = visit.status in (*_CHANGEABLE, Status.ARRIVED, Status.CHECKED_IN) and visit.end > now
    return consent_state(visit.patient) if is_open and needles(visit.service) else ""


def _course_of(visit: Appointment, moment: datetime) -> dict[str, object]:
    """The other sessions of its course, and whether more than this one can still be changed."""
    if visit.course is None:
        return {}
    coming = coming_sessions(visit.course, now=moment).count()
    return {"sessions": list(sessions_of(visit.course)), "may_change_all": coming > 1}


def _session_ends(visit: Appointment, *, fee: int) -> str:
    """What becomes of the session of a package that pays a visit which ends with this fee; empty where none does."""
    session = session_of(visit)
    return session_after(fee=fee, worth=session.worth_amount) if session else ""


def _state(visit: Appointment) -> str:
    """Which words describe it: waiting ones by what they wait for."""
    return f"{visit.status}-{visit.awaiting}" if visit.awaiting else visit.status


def _move_page(
    request: HttpRequest,
    visit: Appointment,
    diary: Diary,
    fee: int,
    *,
    form: ChosenTime | None = None,
    problem: DrypointError | BookingError | None = None,
    changed: bool = False,
    status: int = 200,
) -> HttpResponse:
    moment = now()
    context = {
        "visit": visit,
        "diary": diary,
        "fee": fee,
        "forgiven_now": forgiven_now(visit, now=moment),
        "form": form,
        "problem": problem,
        "changed": changed,
        "terms": terms_of_visit(visit, now=moment),
    }
    return render(request, "patient/move.html", context, status=status)

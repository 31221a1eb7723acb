"""Saying who comes, agreeing, and the booking itself."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_http_methods, require_POST

from booking.errors import (
    BookingError,
    HoldExpired,
    NotCleared,
    PatientBusy,
    PhoneNeeded,
    PoliciesNotAccepted,
    SlotTaken,
    TermsChanged,
    TryAgain,
)
from booking.models import Appointment
from booking.selectors.covers import online_cover
from booking.selectors.offers import needle_free_service_for
from booking.selectors.practitioners import needles
from booking.services.admission import clearance_for
from booking.services.appointments import Confirmed, confirm_details
from booking.services.confirming import ways_to_pay
from booking.services.contact_choices import agree_to_texts, may_be_asked_for_texts
from booking.services.courses import confirm_course, ways_to_pay_course
from booking.services.holds import extend_hold, release_hold
from frontend.patient.book_forms import SOMEONE_NEW, AgreeForm, DetailsForm, WhichPatientForm, details_from
from frontend.patient.course import may_be_course, sessions_held
from frontend.patient.pages import book_steps, private, signed_in_patient
from frontend.patient.paying import go_and_pay
from frontend.patient.refusals import not_cleared_page
from frontend.patient.sign_forms import SignForm, note_shown, when_shown
from frontend.patient.terms import answer_due, terms_of_hold, words_with_package
from frontend.patient.times import times_of
from frontend.patient.way import Way
from intake.clock import clinic_date, now
from intake.errors import DrypointError, IncompleteAnswers, InformationChanged, ScreeningOfAnother, SignatureNotAccepted
from intake.information import current_information
from intake.models import Patient
from intake.selectors.consents import consent_state
from intake.selectors.patients import patients_of
from intake.services.patients import PatientDetails

Status = Appointment.Status
_STAYS_HERE = (
    InformationChanged,
    PatientBusy,
    PhoneNeeded,
    PoliciesNotAccepted,
    SignatureNotAccepted,
    TermsChanged,
    TryAgain,
)


@private
@require_http_methods(["GET", "HEAD", "POST"])
def details(request: HttpRequest) -> HttpResponse:
    """Who comes. "More time" keeps what was typed."""
    way, moment = Way(request), now()
    hold = way.live_hold(moment)
    typed = request.POST if request.method == "POST" else None
    if hold is None:
        _keep_late_details(way, DetailsForm(typed, today=clinic_date(moment)))
        return _no_hold(request, way)
    account = signed_in_patient(request)
    which = WhichPatientForm(typed, user=account) if account else None
    if which is not None and not which.people:
        which = None
    for_other = way.person.get("for_whom") == "other"
    kind: dict[str, Any] = {
        "today": clinic_date(moment),
        "for_other": for_other,
        "by_phone": not hold.service.in_person,
    }
    form = DetailsForm(typed, initial=_initial(request, way), **kind)
    if request.method != "POST":
        return _details_page(request, form, which, hold, moment)
    try:
        hold = extend_hold(appointment=hold, now=moment)
    except HoldExpired:
        return _no_hold(request, way)
    if "more_time" in request.POST:
        form = DetailsForm(initial=_typed(form), **kind)
        return _details_page(request, form, which, hold, moment)
    if which is not None:
        if not which.is_valid():
            return _details_page(request, form, which, hold, moment, status=422, of_which=True)
        if which.chosen is not None:
            way.keep_details({"patient": str(which.chosen.pk)})
            return redirect("patient:agree")
    if not form.is_valid():
        return _details_page(request, form, which, hold, moment, status=422)
    way.keep_details(form.remembered())
    return redirect("patient:agree")


@private
@require_http_methods(["GET", "HEAD", "POST"])
def agree(request: HttpRequest) -> HttpResponse:
    """What is paid now and later, until when cancelling is free, and yes or no to that."""
    way, moment = Way(request), now()
    hold = way.live_hold(moment)
    if hold is None:
        return _no_hold(request, way)
    if changed := _has_changed(request, way, hold, moment):
        return changed
    who = _who(request, way)
    if who is None:
        return redirect("patient:details")
    is_request = clearance_for(hold, who=who, now=moment).decision == "request"
    can_go_without = is_request and needle_free_service_for(hold, now=moment) is not None
    sessions = sessions_held(hold)
    cover = None if sessions else online_cover(who, hold)
    ways = ways_to_pay_course(hold, who=who) if sessions else ways_to_pay(hold, who=who, cover=cover)
    terms = terms_of_hold(hold, who=who, cover=cover, now=moment)
    form = AgreeForm(
        request.POST if request.method == "POST" else None,
        ways=_to_choose(ways),
        labels={way: terms.label_of(way) for way in ways},
        can_go_without=can_go_without,
        can_text=may_be_asked_for_texts(who),
    )
    sign = _sign_form(request, way, hold, who, moment)
    status = 200
    if request.method == "POST":
        status = 422
        if all(one.is_valid() for one in (form, sign) if one is not None):
            try:
                confirmed = _confirm(request, hold, who, form, sign, moment)
            except _STAYS_HERE as problem:
                form.add_error(None, str(problem.message))
                status = problem.status
            except DrypointError as problem:
                return _not_booked(request, way, hold, problem, who)
            else:
                way.finish_booking(confirmed.appointment)
                if confirmed.appointment.awaiting == Appointment.Awaiting.PAYMENT:
                    return go_and_pay(request, confirmed.appointment, moment)
                return redirect("patient:visit")
    context = {
        "form": form,
        "sign": sign,
        "forms": [one for one in (form, sign) if one],
        "hold": hold,
        "sessions": sessions,
        "who": who,
        "terms": terms,
        "paid_so": terms.words_of(form.ways[0]) if len(form.ways) == 1 else "",
        "with_package": words_with_package(hold, terms.agreed, who=who) if "package" in ways else (),
        "is_request": is_request,
        "answer_due": answer_due(hold, now=moment),
        "seconds_left": _seconds_left(hold, moment),
        "steps": book_steps("agree"),
    }
    return render(request, "patient/agree.html", context, status=status)


@private
@require_POST
def more_time(request: HttpRequest) -> HttpResponse:
    """Keep the time a little longer."""
    way, moment = Way(request), now()
    hold = way.live_hold(moment)
    if hold is None:
        return _no_hold(request, way)
    extend_hold(appointment=hold, now=moment)
    return redirect("patient:agree" if way.details else "patient:details")


def _to_choose(ways: Sequence[str]) -> list[str]:
    """Where nothing is due before the visit there is nothing to choose, but for a package."""
    return [way for way in ways if way in ("package", "none") or "none" not in ways]


def _confirm(
    request: HttpRequest,
    hold: Appointment,
    who: Patient | PatientDetails,
    form: AgreeForm,
    sign: SignForm | None,
    moment: datetime,
) -> Confirmed:
    said: dict[str, Any] = {
        "patient": who,
        "payment": form.payment_choice,
        "policies_accepted": form.cleaned_data["agree"],
        "terms_shown": request.POST.get("terms", ""),
        "accepts_assessment": bool(form.cleaned_data.get("accepts_assessment")),
        "signature": sign.signature(shown_at=when_shown(request, sign.shown, now=moment)) if sign else None,
        "by": signed_in_patient(request) if isinstance(who, Patient) else None,
        "now": moment,
    }
    if hold.course is None:
        confirmed = confirm_details(appointment=hold, **said)
    else:
        confirmed = confirm_course(course=hold.course, **said)[0]
    if form.cleaned_data.get("texts") and confirmed.appointment.patient:
        agree_to_texts(patient=confirmed.appointment.patient, how="booking", now=moment)
    return confirmed


def _sign_form(
    request: HttpRequest, way: Way, hold: Appointment, who: Patient | PatientDetails, moment: datetime
) -> SignForm | None:
    """What may be read and signed here already, and later all the same; None where there is nothing to sign."""
    if not needles(hold.service) or (isinstance(who, Patient) and consent_state(who) == "signed"):
        return None
    shown = current_information(get_language() or "en")
    note_shown(request, shown, now=moment)
    for_other = way.person.get("for_whom") == "other"
    return SignForm(request.POST if request.method == "POST" else None, shown=shown, optional=True, for_other=for_other)


def _not_booked(
    request: HttpRequest, way: Way, hold: Appointment, problem: DrypointError, who: Patient | PatientDetails
) -> HttpResponse:
    """Say what happened and lead to where it goes on."""
    if isinstance(problem, NotCleared | ScreeningOfAnother):
        way.forget_hold()
        return not_cleared_page(request, way, problem, birth_date=who.birth_date, now=now())
    messages.warning(request, str(problem.message))
    if isinstance(problem, IncompleteAnswers):
        return redirect("patient:resume")
    if isinstance(problem, SlotTaken) and hold.course is not None:
        return redirect("patient:course")  # nothing has changed: the page proposes other days
    if isinstance(problem, HoldExpired | SlotTaken) or not isinstance(problem, BookingError):
        way.forget_hold()
    return times_of(hold)


def _has_changed(request: HttpRequest, way: Way, hold: Appointment, moment: datetime) -> HttpResponse | None:
    """To what is so now, if the answers or, in another tab, the time are no longer those of the page that was shown."""
    if _is_outdated(way, hold):
        return _choose_anew(request, way, hold, moment)
    if request.POST.get("hold", "") in ("", str(hold.pk)):
        return None
    messages.warning(request, gettext("You have chosen another time since. Please look at it before you agree."))
    return redirect("patient:agree")


def _is_outdated(way: Way, hold: Appointment) -> bool:
    """Whether the answers have changed since this time was chosen with them."""
    screening = way.screening
    return hold.service.needs_screening and (screening is None or screening.pk != hold.screening_id)


def _choose_anew(request: HttpRequest, way: Way, hold: Appointment, moment: datetime) -> HttpResponse:
    """Let go of a time that was chosen with other answers; on to the result of the present ones."""
    way.forget_hold()
    release_hold(appointment=hold, now=moment)
    messages.warning(request, gettext("Your answers have changed since you chose that time. Please choose again."))
    return redirect("patient:result")


def _keep_late_details(way: Way, form: DetailsForm) -> None:
    """Whoever typed longer than the time was held types it once all the same."""
    if form.is_valid():
        way.keep_details(form.remembered())


def _no_hold(request: HttpRequest, way: Way) -> HttpResponse:
    """The time ran out, was let go, or is a booking by now: to where that goes on."""
    hold = way.hold
    if hold is None:
        return redirect("patient:book")
    if hold.awaiting == Appointment.Awaiting.PAYMENT:
        return redirect("patient:pay")
    if hold.confirmed_at is not None and way.visit is not None:
        return redirect("patient:visit")
    way.forget_hold()
    words = gettext("We could not keep that time any longer. Please choose a time again.")
    kept = gettext("What you typed is still here.") if way.details else ""
    messages.warning(request, f"{words} {kept}".strip())
    return times_of(hold)


def _who(request: HttpRequest, way: Way) -> Patient | PatientDetails | None:
    kept = way.details
    if "patient" in kept:
        account = signed_in_patient(request)
        return patients_of(account).filter(pk=kept["patient"]).first() if account else None
    return details_from(kept) if kept else None


def _initial(request: HttpRequest, way: Way) -> dict[str, object]:
    kept = way.details
    if "birth_date" in kept:
        return {**kept, "birth_date": details_from(kept).birth_date}
    first = {"patient": kept["patient"]} if "patient" in kept else {}
    known = {"birth_date": way.birth_date, "given_name": way.name}
    return {"language": (get_language() or "en")[:2], **known, **first}


def _typed(form: DetailsForm) -> dict[str, object]:
    """What stands in the fields, right or wrong."""
    return {name: form[name].value() for name in form.fields}


def _details_page(
    request: HttpRequest,
    form: DetailsForm,
    which: WhichPatientForm | None,
    hold: Appointment,
    moment: datetime,
    status: int = 200,
    of_which: bool = False,
) -> HttpResponse:
    context = {
        "form": form,
        "which": which,
        "forms": [which] if of_which else [form],
        "someone_new": SOMEONE_NEW,
        "hold": hold,
        "sessions": sessions_held(hold),
        "longest": hold.service.course_sessions_max if may_be_course(hold) else None,
        "terms": terms_of_hold(hold, now=moment),
        "seconds_left": _seconds_left(hold, moment),
        "steps": book_steps("details"),
    }
    return render(request, "patient/details.html", context, status=status)


def _seconds_left(hold: Appointment, moment: datetime) -> int:
    assert hold.hold_expires_at is not None
    return max(0, int((hold.hold_expires_at - moment).total_seconds()))

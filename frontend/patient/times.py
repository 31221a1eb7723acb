"""Choosing what to book and when: nearest first, held at a tap, and let go again."""

from datetime import datetime
from uuid import UUID, uuid4, uuid5

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from booking.errors import BookingError, HoldExpired, SlotTaken, TooManyHolds
from booking.models import Appointment, HealthcareService, Practitioner
from booking.selectors.locations import the_clinic
from booking.services.holds import Held, hold_time, release_hold
from frontend.patient.diary import Diary, diary_of
from frontend.patient.offers import offers_for
from frontend.patient.pages import book_steps, private
from frontend.patient.time_forms import ChosenTime, LookForm
from frontend.patient.way import Way
from intake.clock import now
from intake.models import Screening
from intake.origin import address_of


@private
@require_GET
def book(request: HttpRequest) -> HttpResponse:
    """The visits that fit the result, with time and price."""
    way, moment = Way(request), now()
    screening = way.screening
    offers = offers_for(screening, birth_date=way.birth_date, now=moment)
    context = {
        "offers": offers,
        "checked": screening is not None and screening.valid_until > moment,
        "hold": way.live_hold(moment),
        "steps": book_steps("visit"),
    }
    return render(request, "patient/book.html", context)


@private
@require_http_methods(["GET", "HEAD", "POST"])
def times(request: HttpRequest) -> HttpResponse:
    """Free times of one kind of visit; choosing one holds it."""
    way, moment = Way(request), now()
    asked = request.POST if request.method == "POST" else request.GET
    hold = way.live_hold(moment)
    service = _service(asked.get("service", ""), hold)
    if service is None:
        return redirect("patient:book")
    screening = way.screening if service.needs_screening else None
    if service.needs_screening and (screening is None or screening.valid_until <= moment):
        return redirect("patient:resume")
    look = LookForm(asked, service=service)
    diary = diary_of(service=service, look=look, screening=screening, mine=hold, now=moment)
    if request.method != "POST":
        return _page(request, diary)
    chosen = ChosenTime(request.POST, service=service)
    if not chosen.is_valid():
        return _page(request, diary, form=chosen, status=422)
    if hold is not None and _is_the_same(hold, chosen, service, screening):
        return redirect("patient:details")
    try:
        held = _hold(way, service, chosen, screening, hold, address_of(request), moment)
    except SlotTaken as taken:
        again = diary_of(service=service, look=look, screening=screening, mine=way.live_hold(moment), now=moment)
        return _page(request, again.with_alternatives(taken.details.get("alternatives", [])), problem=taken, status=409)
    except BookingError as problem:
        again = diary_of(service=service, look=look, screening=screening, mine=way.live_hold(moment), now=moment)
        return _page(request, again, problem=problem, status=problem.status)
    way.keep_hold(held)
    return redirect("patient:details")


@private
@require_POST
def release(request: HttpRequest) -> HttpResponse:
    """Let the held time go."""
    way, moment = Way(request), now()
    hold = way.hold
    way.forget_hold()
    if hold is None:
        return redirect("patient:book")
    try:
        release_hold(appointment=hold, now=moment)
    except BookingError as problem:
        messages.warning(request, str(problem.message))
        return redirect("patient:visit")
    messages.info(request, gettext("That time is free again. Choose another one when you like."))
    return times_of(hold)


def times_of(appointment: Appointment) -> HttpResponseRedirect:
    """To the times of the same kind of visit."""
    return HttpResponseRedirect(f"{reverse('patient:times')}?{urlencode({'service': appointment.service.slug})}")


def _service(slug: str, hold: Appointment | None) -> HealthcareService | None:
    if not slug:
        return hold.service if hold else None
    return get_object_or_404(HealthcareService, slug=slug.replace("\0", "?"), online=True)


def _hold(
    way: Way,
    service: HealthcareService,
    chosen: ChosenTime,
    screening: Screening | None,
    before: Appointment | None,
    address: str,
    moment: datetime,
) -> Held:
    """Hold the chosen time and let an earlier one go: after it, or before it where the earlier one stands in the way.

    :raises BookingError: the new time can't be held
    """
    start, practitioner = chosen.cleaned_data["time"], chosen.cleaned_data["practitioner"]
    form_key: UUID = chosen.cleaned_data["request_key"]
    key = uuid5(form_key, f"{service.pk} {practitioner.pk if practitioner else ''} {start.isoformat()}")

    def hold(with_key: UUID) -> Held:
        return hold_time(
            screening=screening,
            service=service,
            practitioner=practitioner,
            start=start,
            request_key=with_key,
            held_by=way.mark,
            source=Appointment.Source.PATIENT,
            address=address,
            now=moment,
        )

    try:
        held = hold(key)
    except HoldExpired:
        held = hold(uuid4())
    except (SlotTaken, TooManyHolds):  # perhaps for the time that is let go
        if before is None:
            raise
        release_hold(appointment=before, now=moment)
        way.forget_hold()
        return hold(uuid4())
    if before is not None and before.pk != held.appointment.pk:
        release_hold(appointment=before, now=moment)
    return held


def _is_the_same(
    hold: Appointment, chosen: ChosenTime, service: HealthcareService, screening: Screening | None
) -> bool:
    """Whether it is held already, and for the answers of now."""
    if hold.screening_id != (screening.pk if screening else None):
        return False
    practitioner: Practitioner | None = chosen.cleaned_data["practitioner"]
    with_them = practitioner is None or hold.practitioner_id == practitioner.pk
    return hold.service_id == service.pk and hold.start == chosen.cleaned_data["time"] and with_them


def _page(
    request: HttpRequest,
    diary: Diary,
    *,
    form: ChosenTime | None = None,
    problem: BookingError | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "diary": diary,
        "form": form,
        "problem": problem,
        "request_key": uuid4(),
        "clinic_place": the_clinic(),
        "steps": book_steps("time"),
    }
    return render(request, "patient/times.html", context, status=status)

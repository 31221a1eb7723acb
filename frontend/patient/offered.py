"""A time that became free, kept for one person who waits: looked at by the link in the mail, taken or declined."""

from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods

from booking.errors import NotCleared
from booking.models import Appointment, Cover, Offer, WaitlistEntry
from booking.selectors.covers import online_cover
from booking.selectors.waitlist import entry_by_token, offer_by_token
from booking.services.confirming import ways_to_pay
from booking.services.holds import is_live
from booking.services.offers import accept_offer, awaits_form, decline_offer
from frontend.patient.book_forms import AgreeForm
from frontend.patient.line import Line
from frontend.patient.pages import private
from frontend.patient.paying import go_and_pay
from frontend.patient.refusals import not_cleared_page
from frontend.patient.terms import Terms, terms_of_hold
from frontend.patient.visit import GUESSES_AN_HOUR, LINKS_AN_HOUR, WINDOW
from frontend.patient.visit_forms import ProofForm
from frontend.patient.way import Way
from intake.clock import clinic_date, now
from intake.errors import DrypointError, TooManyAttempts
from intake.models import Patient
from intake.origin import address_of
from intake.services.limits import count_attempt


@private
@require_GET
def open_entry(request: HttpRequest, token: str) -> HttpResponse:
    """Exchange the link of a place in line for a cookie, so that the token stands in no later address."""
    return _open(request, entry=entry_by_token(token))


@private
@require_GET
def open_offer(request: HttpRequest, token: str) -> HttpResponse:
    """The same for the link of an offer."""
    offer = offer_by_token(token)
    return _open(request, entry=offer.entry if offer else None, offer=offer)


@private
@require_http_methods(["GET", "HEAD", "POST"])
def prove(request: HttpRequest) -> HttpResponse:
    """The birth date, before anything is shown to somebody who only has the link."""
    line, moment = Line(request), now()
    patient = line.patient
    if patient is None:
        return _nothing_here(request)
    if line.is_proven:
        return _on(line)
    sent = request.POST if request.method == "POST" else None
    form = ProofForm(sent, patient=patient, today=clinic_date(moment))
    if sent is not None:
        try:
            count_attempt(key=f"wait-proof:{patient.pk}", limit=GUESSES_AN_HOUR, window=WINDOW, now=moment)
        except TooManyAttempts as problem:
            return _nothing_here(request, problem)
        if form.is_valid():
            line.prove()
            return _on(line)
    context = {"form": form, "of_the_line": True}
    return render(request, "patient/prove.html", context, status=422 if form.is_bound else 200)


@private
@require_http_methods(["GET", "HEAD", "POST"])
def offer(request: HttpRequest) -> HttpResponse:
    """The time, until when it is kept, and yes or no."""
    line, moment = Line(request), now()
    found = line.offer
    if found is None:
        return _nothing_here(request)
    if not line.is_proven:
        return redirect("patient:wait-prove")
    if request.POST.get("offer", "") not in ("", str(found.pk)):
        messages.warning(request, gettext("You have opened another offer since. This is it; please answer again."))
        return redirect("patient:offer")
    if found.status == Offer.Status.ACCEPTED:
        if request.method == "POST":  # a second tap, or another tab
            messages.info(request, gettext("You have said yes to this time already. This is your visit."))
        Way(request).open_visit(found.instead_of or found.hold, proven=True)
        return redirect("patient:visit")
    form = _agree_form(request, found)
    if request.method == "POST":
        if "decline" in request.POST:
            return _decline(request, found, moment)
        if form is None or form.is_valid():
            return _accept(request, found, form, moment)
        return _page(request, found, form, moment, status=422)
    return _page(request, found, form, moment)


def _accept(request: HttpRequest, found: Offer, form: AgreeForm | None, moment: datetime) -> HttpResponse:
    try:
        visit = accept_offer(
            offer=found,
            payment=form.payment_choice if form else "none",
            policies_accepted=form.cleaned_data["agree"] if form else False,
            terms_shown=request.POST.get("terms", ""),
            now=moment,
        )
    except NotCleared as problem:
        born = found.entry.patient.birth_date if found.entry else None
        return not_cleared_page(request, Way(request), problem, birth_date=born, now=moment)
    except DrypointError as problem:
        found.refresh_from_db()
        return _page(request, found, form, moment, problem=problem, status=problem.status)
    return _to_visit(request, found, visit, moment)


def _decline(request: HttpRequest, found: Offer, moment: datetime) -> HttpResponse:
    try:
        decline_offer(offer=found, now=moment)
    except DrypointError as problem:
        messages.warning(request, str(problem.message))
        return redirect("patient:offer")
    messages.info(request, gettext("Thank you for telling us. You stay on the list."))
    return redirect("patient:wait")


def _agree_form(request: HttpRequest, found: Offer) -> AgreeForm | None:
    """The terms and the payment of a new visit; a visit that moves keeps its own."""
    if found.instead_of_id is not None:
        return None
    waits = awaits_form(found)
    ways = ways_to_pay(found.hold, who=_who(found), by_staff=waits, cover=_cover(found))
    if waits:  # paid once the answers allow the visit
        ways = ["desk"]
    elif "none" in ways:
        ways = ["none"]
    terms = _terms(found, now())
    return AgreeForm(
        request.POST if request.method == "POST" else None,
        ways=ways,
        labels={way: terms.label_of(way) for way in ways},
        can_go_without=False,
        can_text=False,
    )


def _who(found: Offer) -> Patient | None:
    return found.entry.patient if found.entry else None


def _terms(found: Offer, moment: datetime) -> Terms:
    return terms_of_hold(found.hold, who=_who(found), cover=_cover(found), now=moment)


def _cover(found: Offer) -> Cover | None:
    """Who pays a new visit of whoever it is offered to."""
    if found.entry is None or found.instead_of_id is not None:
        return None
    return online_cover(found.entry.patient, found.hold)


def _page(
    request: HttpRequest,
    found: Offer,
    form: AgreeForm | None,
    moment: datetime,
    *,
    problem: DrypointError | None = None,
    status: int = 200,
) -> HttpResponse:
    is_open = found.status == Offer.Status.OPEN and is_live(found.hold, moment)
    terms = _terms(found, moment)
    context = {
        "offer": found,
        "hold": found.hold,
        "form": form if form is not None and form.is_bound else None,
        "agree": form,
        "is_open": is_open,
        "waits": found.entry is not None and found.entry.status == WaitlistEntry.Status.WAITING,
        "seconds_left": max(0, int((found.expires_at - moment).total_seconds())),
        "terms": terms,
        "paid_so": terms.words_of(form.ways[0]) if form is not None and len(form.ways) == 1 else "",
        "awaits_form": awaits_form(found),
        "problem": problem if is_open else None,
    }
    return render(request, "patient/offer.html", context, status=status)


def _to_visit(request: HttpRequest, found: Offer, visit: Appointment, moment: datetime) -> HttpResponse:
    Way(request).open_visit(visit, proven=True)
    if visit.awaiting == Appointment.Awaiting.PAYMENT:
        return go_and_pay(request, visit, moment)
    if found.instead_of_id is not None:
        messages.success(request, gettext("Your visit is at its new time now."))
    return redirect("patient:visit")


def _open(request: HttpRequest, *, entry: WaitlistEntry | None, offer: Offer | None = None) -> HttpResponse:
    line = Line(request)
    try:
        count_attempt(key=f"wait-link:{address_of(request)}", limit=LINKS_AN_HOUR, window=WINDOW, now=now())
    except TooManyAttempts as problem:
        return _nothing_here(request, problem)
    if entry is None:
        return _nothing_here(request)
    request.session.cycle_key()
    line.open(entry, offer=offer, proven=entry.patient.contact_verified_at is not None)
    return _on(line)


def _on(line: Line) -> HttpResponse:
    """To where the link leads."""
    return redirect("patient:offer" if line.offer else "patient:wait")


def _nothing_here(request: HttpRequest, problem: TooManyAttempts | None = None) -> HttpResponse:
    context = {"problem": problem} if problem else {"bad_link": True}
    return render(request, "patient/no_visit.html", context, status=problem.status if problem else 404)

"""Going on with the form later or elsewhere: a link to copy or to get by mail, and what it opens."""

from datetime import date, datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods

from booking.selectors.locations import the_clinic
from booking.services.resume_links import mail_resume_link
from frontend.patient.pages import private
from frontend.patient.resume_forms import BirthDateForm, MailLinkForm
from frontend.patient.way import Way
from intake.clock import clinic_date, now
from intake.errors import DrypointError, TooManyAttempts
from intake.models import QuestionnaireResponse
from intake.origin import address_of
from intake.selectors.resuming import form_by_resume_token, form_with_link
from intake.services.limits import count_attempt
from intake.services.resuming import make_resume_link, resume_elsewhere, resume_token

HOUR: Final = timedelta(hours=1)
LINKS_AN_HOUR: Final = 30
GUESSES_AN_HOUR: Final = 6


@private
@require_http_methods(["GET", "HEAD", "POST"])
def save(request: HttpRequest) -> HttpResponse:
    """The link to copy, once asked for, and the mail with it."""
    way, moment = Way(request), now()
    response = way.response(now=moment)
    if response is None:
        return redirect("patient:check")
    if request.method != "POST":
        return _save_page(request, response, MailLinkForm())
    if "show" in request.POST:
        make_resume_link(response=response, person=way.carried_along, now=moment)
        return redirect("patient:save")
    form = MailLinkForm(request.POST)
    if not form.is_valid():
        return _save_page(request, response, form, status=422)
    try:
        mail = mail_resume_link(
            response=response,
            person=way.carried_along,
            recipient=form.cleaned_data["email"],
            address=address_of(request),
            now=moment,
        )
    except DrypointError as problem:
        form.add_error(None, str(problem.message))
        return _save_page(request, response, form, status=problem.status)
    messages.success(request, gettext("The link is on its way to %(address)s.") % {"address": mail.recipient})
    return redirect("patient:save")


@private
@require_GET
def open_link(request: HttpRequest, token: str) -> HttpResponse:
    """Exchange the link for a cookie, so that the token stands in no later address. The form stays where it is."""
    way, moment = Way(request), now()
    try:
        count_attempt(key=f"form-link:{address_of(request)}", limit=LINKS_AN_HOUR, window=HOUR, now=moment)
    except TooManyAttempts as problem:
        return _no_form(request, problem)
    response = form_by_resume_token(token, now=moment)
    if response is None:
        return _no_form(request)
    request.session.cycle_key()
    way.open_form_link(response)
    return redirect("patient:go-on")


@private
@require_http_methods(["GET", "HEAD", "POST"])
def go_on(request: HttpRequest) -> HttpResponse:
    """The button that takes the form to this browser; first the birth date, where it was given."""
    way, moment = Way(request), now()
    kept = way.linked_form()
    if kept is None:
        return redirect("patient:check")
    response = form_with_link(kept, now=moment)
    if response is None:
        return _no_form(request)
    form = _proof(request, way, response, moment)
    if request.method == "POST":
        try:
            if form is not None:
                count_attempt(key=f"form-proof:{response.pk}", limit=GUESSES_AN_HOUR, window=HOUR, now=moment)
            if form is None or form.is_valid():
                way.take_along(resume_elsewhere(response=response, session_hash=way.mark, now=moment))
                return redirect("patient:resume")
        except DrypointError as problem:
            return _no_form(request, problem)
    mine = way.response(now=moment)
    context = {"form": form, "replaces": mine is not None and mine.pk != response.pk}
    return render(request, "patient/go_on.html", context, status=422 if form and form.is_bound else 200)


def _proof(request: HttpRequest, way: Way, response: QuestionnaireResponse, moment: datetime) -> BirthDateForm | None:
    """What has to be said before the form is opened here: nothing in the browser it was begun in."""
    said = (response.resume_person or {}).get("birth_date")
    if not said or response.session_hash == way.mark:
        return None
    typed = request.POST if request.method == "POST" else None
    return BirthDateForm(typed, birth_date=date.fromisoformat(said), today=clinic_date(moment))


def _save_page(
    request: HttpRequest, response: QuestionnaireResponse, form: MailLinkForm, *, status: int = 200
) -> HttpResponse:
    clinic = the_clinic()
    path = reverse("patient:open-form-link", args=[resume_token(response)])
    context: dict[str, Any] = {
        "form": form,
        "link": f"{settings.SITE_URL}{path}" if response.resume_token_hash else "",
        "until": response.delete_after,
        "zone": clinic.time_zone if clinic else None,
    }
    return render(request, "patient/save.html", context, status=status)


def _no_form(request: HttpRequest, problem: DrypointError | None = None) -> HttpResponse:
    too_many = isinstance(problem, TooManyAttempts)
    context = {"problem": problem if too_many else None}
    return render(request, "patient/no_form.html", context, status=TooManyAttempts.status if too_many else 404)

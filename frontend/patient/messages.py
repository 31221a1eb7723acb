"""How we reach somebody: by mail, by text, in which language, and when not."""

from collections.abc import Iterable

from django.contrib import messages as notices
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from booking.errors import BookingError
from booking.models import Appointment
from booking.reminders.models import StoryConsent, Topic
from booking.reminders.settings import message_language
from booking.selectors.contact import contact_facts
from booking.selectors.stories import StoriesFor, stories_for
from booking.services.contact_choices import choose_contact
from booking.services.subscriptions import YES_TO_STORIES, StoryChoice, ask_for_stories
from frontend.account_records import knows_whose
from frontend.patient.message_forms import ContactForm
from frontend.patient.pages import private
from frontend.patient.visit import of_proven_visit
from frontend.patient.way import Way
from intake.clock import now
from intake.errors import DrypointError
from intake.models import Patient, User
from intake.origin import address_of
from intake.selectors.patients import patients_of


@of_proven_visit
@require_http_methods(["GET", "HEAD", "POST"])
def of_visit(request: HttpRequest, way: Way, visit: Appointment) -> HttpResponse:
    """The choices of whoever this visit is for."""
    assert visit.patient is not None
    return _page(request, [visit.patient], here="patient:visit-messages", back="patient:visit")


@private
@login_required
@knows_whose
@require_http_methods(["GET", "HEAD", "POST"])
def messages(request: HttpRequest) -> HttpResponse:
    """The choices of everybody whom this account acts for."""
    assert isinstance(request.user, User)
    return _page(
        request,
        patients_of(request.user),
        here="patient:messages",
        back="patient:visits",
        stories=stories_for(request.user.email),
    )


@private
@login_required
@require_POST
def stories(request: HttpRequest) -> HttpResponse:
    """Ask for stories to the account's own mailbox; they come once its owner says yes by the link there."""
    user = request.user
    assert isinstance(user, User)
    if "stories" not in request.POST:
        notices.error(request, gettext("Tick the box if you want stories."))
        return redirect("patient:messages")
    choice = StoryChoice(message_language(user.language), Topic.values)
    try:
        ask_for_stories(
            address=user.email, choice=choice, how=StoryConsent.How.ACCOUNT, origin=address_of(request), now=now()
        )
    except DrypointError as problem:
        notices.error(request, str(problem.message))
        return redirect("patient:messages")
    return redirect("public:stories-asked")


def _page(
    request: HttpRequest, people: Iterable[Patient], *, here: str, back: str, stories: StoriesFor | None = None
) -> HttpResponse:
    forms = [_form(request, patient) for patient in people]
    for form in forms:
        if form.is_bound and form.is_valid():
            by = request.user if isinstance(request.user, User) else None
            try:
                choose_contact(patient=form.patient, wishes=form.wishes, by=by, now=now())
            except BookingError as problem:
                form.add_error(None, str(problem.message))
            else:
                notices.success(request, gettext("Saved. Messages that wait already go this way too."))
                return redirect(here)
    wrong = [form for form in forms if form.errors]
    context = {"contacts": forms, "forms": wrong, "back": reverse(back), "stories": stories}
    context["yes_to_stories"] = gettext(YES_TO_STORIES)
    return render(request, "patient/messages.html", context, status=422 if wrong else 200)


def _form(request: HttpRequest, patient: Patient) -> ContactForm:
    """Only the one that was sent is filled in."""
    mine = request.method == "POST" and request.POST.get("patient") == str(patient.pk)
    return ContactForm(request.POST if mine else None, patient=patient, facts=contact_facts(patient))

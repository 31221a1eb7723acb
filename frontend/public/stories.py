"""Stories by mail: asking for them, saying yes by a button, choosing anew and leaving. Opening a link changes nothing:
mail scanners open links.
"""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from booking.errors_of_messages import UnknownStoryLink
from booking.reminders.models import StoryConsent, Subscriber, Topic
from booking.selectors.stories import consent_by_token, reader_by_token, story_history
from booking.services.subscriptions import (
    YES_TO_STORIES,
    ask_for_stories,
    choose_stories,
    confirm_stories,
    leave_stories,
)
from frontend.patient.pages import private
from frontend.public.story_forms import ChoiceForm, SignUpForm, form_of
from intake.clock import now
from intake.errors import DrypointError
from intake.origin import address_of

ONE_CLICK = "One-Click"  # RFC 8058: what mail programs send in place of their reader
How, State = StoryConsent.How, Subscriber.State


@require_http_methods(["GET", "HEAD", "POST"])
def sign_up(request: HttpRequest) -> HttpResponse:
    """Ask for stories. What follows looks the same for every mailbox, known or not."""
    form = SignUpForm(request.POST if request.method == "POST" else None)
    status = 200
    if form.is_bound and form.is_valid():
        try:
            ask_for_stories(
                address=form.cleaned_data["email"],
                choice=form.choice,
                how=How.PAGE,
                origin=address_of(request),
                now=now(),
            )
        except DrypointError as problem:
            form.add_error(None, str(problem.message))
            status = problem.status
        else:
            return redirect("public:stories-asked")
    elif form.is_bound:
        status = 422
    return render(request, "public/stories.html", {"form": form, "wording": _(YES_TO_STORIES)}, status=status)


@require_safe
def asked(request: HttpRequest) -> HttpResponse:
    """Where to look now."""
    return render(request, "public/stories_asked.html")


@private
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """The button that says yes."""
    moment = now()
    consent = consent_by_token(token, now=moment)
    try:
        if consent is None:
            raise UnknownStoryLink
        if request.method != "POST":
            return render(request, "public/stories_yes.html", {"topics": _named(consent.topics), "consent": consent})
        reader = confirm_stories(token=token, now=moment)
    except UnknownStoryLink as problem:
        return render(request, "public/stories_no_link.html", {"problem": problem}, status=problem.status)
    messages.success(request, _("Thank you. You get our stories from now on."))
    return redirect("public:my-stories", token=reader.token)


@private
@require_http_methods(["GET", "HEAD", "POST"])
def mine(request: HttpRequest, token: str) -> HttpResponse:
    """What a reader gets, to choose anew or to leave."""
    reader = reader_by_token(token)
    if reader is None or reader.state == State.ASKED:
        return render(request, "public/stories_no_link.html", status=UnknownStoryLink.status)
    form = ChoiceForm(request.POST if request.method == "POST" else None, initial=form_of(reader))
    if form.is_bound and form.is_valid():
        try:
            choose_stories(reader=reader, choice=form.choice, now=now())
        except DrypointError as problem:
            form.add_error(None, str(problem.message))
        else:
            messages.success(request, _("Saved."))
            return redirect("public:my-stories", token=token)
    context = {
        "form": form,
        "reader": reader,
        "token": token,
        "gets_stories": reader.state == State.ACTIVE,
        "history": story_history(reader),
    }
    return render(request, "public/my_stories.html", context, status=422 if form.errors else 200)


@private
@csrf_exempt  # mail programs send this without a cookie: the token is the proof
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest, token: str) -> HttpResponse:
    """One click and no story comes any more. What is said is true for every link, so none is refused."""
    if request.method != "POST":
        return render(request, "public/stories_leave.html", {"token": token})
    reader = reader_by_token(token)
    if reader is not None:
        how = How.PROGRAM if request.POST.get("List-Unsubscribe") == ONE_CLICK else How.MAIL
        leave_stories(reader=reader, how=how, now=now())
    return render(request, "public/stories_left.html")


def _named(topics: list[str]) -> list[str]:
    return [str(Topic(one).label) for one in topics]

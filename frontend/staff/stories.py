"""Stories: what the clinic writes to whoever asked for it, how it is sent, and what became of it."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from booking.errors_of_messages import StoriesNotPossible, StoryRefused
from booking.reminders.letters import blocks_of
from booking.reminders.models import Story
from booking.rules.stories import PLACEHOLDERS
from booking.selectors.stories import readers_by_language, readers_left_out, reasons_not_sent, stories, told
from booking.services.stories import (
    drop_story,
    send_story,
    send_story_sample,
    stop_story,
    story_letter,
    write_story,
)
from booking.services.subscriptions import take_off_list
from frontend.staff.frame import SeeOther, clinic_or_refuse, for_roles, me, page, sent
from frontend.staff.hours import SETTLES
from frontend.staff.story_forms import SendForm, StoryForm, TakeOffForm
from intake import clock

_BOTH_WAYS = ("GET", "HEAD", "POST")


@for_roles(*SETTLES)
def all_stories(request: HttpRequest) -> HttpResponse:
    """What was written and what became of it, and how many read."""
    return _list_page(request, TakeOffForm())


@for_roles(*SETTLES, methods=("POST",))
def take_off(request: HttpRequest) -> HttpResponse:
    """Somebody told us that they want no stories."""
    form = TakeOffForm(request.POST)
    if form.is_valid():
        try:
            take_off_list(address=form.cleaned_data["email"], by=me(request), now=clock.now())
        except StoriesNotPossible as problem:
            form.add_error("email", str(problem.message))
        else:
            messages.success(request, _("No stories go to that mailbox from now on."))
            return SeeOther(reverse("staff:stories"))
    return _list_page(request, form, status=422)


@for_roles(*SETTLES, methods=_BOTH_WAYS)
def new(request: HttpRequest) -> HttpResponse:
    """A story that is not written yet."""
    return _edit(request, None)


@for_roles(*SETTLES, methods=_BOTH_WAYS)
def story(request: HttpRequest, story_id: UUID) -> HttpResponse:
    """A story: to be changed while nobody has got it, then what became of it."""
    return _edit(request, get_object_or_404(Story, pk=story_id))


@for_roles(*SETTLES, methods=("POST",))
def sample(request: HttpRequest, story_id: UUID) -> HttpResponse:
    """Mail the story, as it is kept, to whoever is signed in."""
    found, user = get_object_or_404(Story, pk=story_id), me(request)
    send_story_sample(story=found, language=request.POST.get("language", ""), by=user, now=clock.now())
    messages.success(request, _("A sample is on its way to %(email)s.") % {"email": user.email})
    return SeeOther(_url(found))


@for_roles(*SETTLES, methods=("POST",))
def send(request: HttpRequest, story_id: UUID) -> HttpResponse:
    """Send it to its readers, now or later."""
    found = get_object_or_404(Story, pk=story_id)
    form = SendForm(request.POST, zone=clinic_or_refuse().time_zone, now=clock.now())
    if not form.is_valid():
        return _story_page(request, found, StoryForm(None, story=found), form, status=422)
    send_story(story=found, at=form.cleaned_data["at"], by=me(request), now=clock.now())
    messages.success(request, _("It goes out bit by bit, and never before messages about visits."))
    return SeeOther(_url(found))


@for_roles(*SETTLES, methods=("POST",))
def stop(request: HttpRequest, story_id: UUID) -> HttpResponse:
    """Keep back what has not gone out."""
    found = stop_story(story=get_object_or_404(Story, pk=story_id), by=me(request), now=clock.now())
    messages.success(request, _("Stopped. Who had it already keeps it; nobody else gets it."))
    return SeeOther(_url(found))


@for_roles(*SETTLES, methods=("POST",))
def drop(request: HttpRequest, story_id: UUID) -> HttpResponse:
    """Throw away what nobody has got."""
    drop_story(story=get_object_or_404(Story, pk=story_id), by=me(request), now=clock.now())
    messages.success(request, _("Removed."))
    return SeeOther(reverse("staff:stories"))


def _edit(request: HttpRequest, found: Story | None) -> HttpResponse:
    form = StoryForm(sent(request), story=found)
    if request.method == "POST" and form.is_valid():
        topic, words = form.cleaned_data["topic"], form.words
        try:
            kept = write_story(story=found, topic=topic, words=words, by=me(request), now=clock.now())
        except StoryRefused as refusal:
            form.add_faults(refusal.details["faults"])
        else:
            messages.success(request, _("Saved. Nobody has got it yet."))
            return SeeOther(_url(kept))
    return _story_page(request, found, form, None, status=422 if form.errors else 200)


def _story_page(
    request: HttpRequest, found: Story | None, form: StoryForm, send_form: SendForm | None, *, status: int = 200
) -> HttpResponse:
    zone = clinic_or_refuse().time_zone
    context: dict[str, Any] = {"form": form, "zone": zone, "story": found}
    context["placeholders"] = ", ".join(f"{{{name}}}" for name in sorted(PLACEHOLDERS))
    context["forms"] = [one for one in (form, send_form) if one and one.errors]
    if found is not None:
        named = dict(settings.MESSAGE_LANGUAGES)
        readers = readers_by_language(found)
        context |= {
            "told": told(found),
            "send_form": send_form or SendForm(None, zone=zone, now=clock.now()),
            "readers": [(named[code], count) for code, count in readers.items()],
            "all_readers": sum(readers.values()),
            "left_out": readers_left_out(found),
            "reasons": reasons_not_sent(found),
            "previews": [
                (one.language, named[one.language], *_looks(found, one.language)) for one in found.texts.all()
            ],
        }
    return page(request, "staff/story.html", context, status=status)


def _looks(found: Story, language: str) -> tuple[str, Any]:
    """Subject and paragraphs of a story as a letter."""
    letter = story_letter(story=found, language=language, now=clock.now())
    return letter.subject, blocks_of(letter.text)


def _list_page(request: HttpRequest, form: TakeOffForm, *, status: int = 200) -> HttpResponse:
    named, readers = dict(settings.MESSAGE_LANGUAGES), readers_by_language()
    context = {
        "form": form,
        "stories": stories(),
        "readers": [(named[code], count) for code, count in readers.items()],
        "all_readers": sum(readers.values()),
        "clinic_place": clinic_or_refuse(),
        "zone": clinic_or_refuse().time_zone,
    }
    return page(request, "staff/stories.html", context, status=status)


def _url(found: Story) -> str:
    return reverse("staff:story", args=[found.pk])

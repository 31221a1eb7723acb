"""The inbox: what people texted that no word alone settles, each beside whoever probably wrote it and their visit."""

from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from booking.models import Appointment
from booking.reminders.models import IncomingMessage
from booking.reminders.ways import WhyNot, way_to_number
from booking.selectors.incoming_texts import (
    conversations_to_answer,
    people_behind,
    texts_dealt_with,
    texts_visible_to,
    visits_it_may_be_about,
)
from booking.services.text_replies import MAX_WORDS, answer_text, attach_text, deal_with_text, read_texts
from frontend.staff.forms import text_area
from frontend.staff.frame import CLINIC, SeeOther, clinic_or_refuse, for_roles, me, page, sent
from frontend.templatetags.presentation import moment
from intake import clock
from intake.models import Patient
from intake.selectors.patients import patients_visible_to, search_patients

SHOWN = 50
FOUND = 5


class AnswerForm(forms.Form):
    """What is texted back."""

    words = forms.CharField(
        label=gettext_lazy("Your answer"),
        max_length=MAX_WORDS,
        widget=text_area(3),
        help_text=gettext_lazy(
            "No words about health: texts are not private. For those please call. The clinic's name stands before it."
        ),
    )
    request_key = forms.UUIDField(widget=forms.HiddenInput(), initial=uuid4)


class WhoseForm(forms.Form):
    """Who wrote, and about which visit: "patient" or "patient:visit"."""

    whose = forms.ChoiceField(label=gettext_lazy("Who wrote, and about which visit?"), widget=forms.RadioSelect)

    def __init__(self, data: Any, *, people: list[Patient], visits: list[Appointment], text: IncomingMessage) -> None:
        now_beside = f"{text.patient_id}:{text.appointment_id}" if text.appointment_id else str(text.patient_id or "")
        super().__init__(data, initial={"whose": now_beside})
        self._people, self._visits = {one.pk: one for one in people}, {one.pk: one for one in visits}
        choices: list[tuple[str, str]] = []
        for person in people:
            theirs = [one for one in visits if one.patient_id == person.pk]
            choices += [(f"{person.pk}:{one.pk}", _visit_words(person, one)) for one in theirs]
            choices.append((str(person.pk), _("%(person)s, about no visit") % {"person": person}))
        self.fields["whose"].choices = choices  # type: ignore[attr-defined]

    @property
    def chosen(self) -> tuple[Patient, Appointment | None]:
        """The person, and the visit if it is about one."""
        patient, _colon, visit = self.cleaned_data["whose"].partition(":")
        return self._people[UUID(patient)], self._visits[UUID(visit)] if visit else None


def _visit_words(person: Patient, visit: Appointment) -> str:
    return _("%(person)s: visit of %(when)s") % {"person": person, "when": moment(visit.start, visit.time_zone)}


@for_roles(*CLINIC)
def inbox(request: HttpRequest) -> HttpResponse:
    """What waits, the longest first; or with ?done what somebody has seen to. No words of a text stand here."""
    now, user = clock.now(), me(request)
    done = "done" in request.GET
    dealt_with = texts_dealt_with(by=user, now=now)
    context = {
        "done": done,
        "waiting": [] if done else conversations_to_answer(by=user, now=now),
        "shown": Paginator(dealt_with, SHOWN).get_page(request.GET.get("page")) if done else None,
        "zone": clinic_or_refuse().time_zone,
    }
    return page(request, "staff/inbox.html", context)


@for_roles(*CLINIC)
def text(request: HttpRequest, text_id: UUID) -> HttpResponse:
    """One conversation, which is written down as read, and what can be done."""
    return _text_page(request, _visible(request, text_id))


@for_roles(*CLINIC, methods=("POST",))
def answer(request: HttpRequest, text_id: UUID) -> HttpResponse:
    """Text back."""
    found, form = _visible(request, text_id), AnswerForm(request.POST)
    if not form.is_valid():
        return _text_page(request, found, form=form, status=422)
    said = form.cleaned_data
    answer_text(text=found, words=said["words"], request_key=said["request_key"], by=me(request), now=clock.now())
    messages.success(request, _("Your answer is on its way."))
    return SeeOther(reverse("staff:inbox-text", args=[found.pk]))


@for_roles(*CLINIC, methods=("POST",))
def done(request: HttpRequest, text_id: UUID) -> HttpResponse:
    """Nothing is left to do about it."""
    deal_with_text(text=_visible(request, text_id), by=me(request), now=clock.now())
    messages.success(request, _("Noted: dealt with."))
    return SeeOther(reverse("staff:inbox"))


@for_roles(*CLINIC, methods=("GET", "HEAD", "POST"))
def whose(request: HttpRequest, text_id: UUID) -> HttpResponse:
    """Put a text beside somebody else, or another visit."""
    found, user, now = _visible(request, text_id), me(request), clock.now()
    q = request.GET.get("q", "").replace("\0", "").strip()[:100]
    near = patients_visible_to(user, now=now).filter(pk__in=[one.pk for one in people_behind(found)])
    people = list(dict.fromkeys([*near, *search_patients(q, by=user, now=now)[:FOUND]]))
    visits = list(visits_it_may_be_about(people, text=found, by=user, now=now))
    form = WhoseForm(sent(request), people=people, visits=visits, text=found)
    if form.is_bound and form.is_valid():
        patient, visit = form.chosen
        attach_text(text=found, patient=patient, appointment=visit, by=user, now=now)
        messages.success(request, _("It stands beside %(person)s now.") % {"person": patient})
        return SeeOther(reverse("staff:inbox-text", args=[found.pk]))
    context = {"text": found, "form": form, "q": q, "nobody": not people}
    return page(request, "staff/inbox_whose.html", context, status=422 if form.errors else 200)


def _visible(request: HttpRequest, text_id: UUID) -> IncomingMessage:
    return get_object_or_404(texts_visible_to(me(request), now=clock.now()), pk=text_id)


def _text_page(
    request: HttpRequest, found: IncomingMessage, *, form: AnswerForm | None = None, status: int = 200
) -> HttpResponse:
    now, user = clock.now(), me(request)
    way = way_to_number(found.sender)
    context = {
        "text": found,
        "lines": read_texts(text=found, by=user, now=now),
        "people": patients_visible_to(user, now=now).filter(pk__in=[one.pk for one in people_behind(found)]),
        "why_not": way.words if isinstance(way, WhyNot) else "",
        "form": form or AnswerForm(),
        "zone": clinic_or_refuse().time_zone,
    }
    return page(request, "staff/inbox_text.html", context, status=status)

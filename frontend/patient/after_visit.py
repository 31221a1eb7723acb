"""After a visit, by the link in its mails: what to do in an emergency, notes to take home, and how one is.

The page opens as often as wanted, without a sign-in, and never ends in an error. By itself it says nothing of anybody:
neither whose link it is nor what was done. It answers by button only, because mail scanners open links.
"""

from typing import Final

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from booking.models import Appointment
from booking.rules.after_care import SIGNS, Guidance, Urgency
from booking.selectors.after_care import notes_of, visit_after
from booking.services.after_care import MAX_WORDS, HowItIs, answer_after_visit, guide
from frontend.patient.pages import private
from frontend.templatetags.after_care_words import SIGN_WORDS
from intake.clock import now
from intake.errors import DrypointError, InvalidAnswers

FEELINGS: Final = (
    ("better", _("Better")),
    ("same", _("About the same")),
    ("worse", _("Worse")),
    ("worried", _("I am worried")),
)
_BY_URGENCY: Final = {
    urgency: tuple(sign for sign in SIGNS if sign.urgency == urgency)
    for urgency in (Urgency.EMERGENCY, Urgency.SAME_DAY, Urgency.CLINIC)
}


class HowForm(forms.Form):
    """How one is, with the signs that need help."""

    feeling = forms.ChoiceField(
        label=_("How are you now, compared with before the visit?"),
        choices=FEELINGS,
        widget=forms.RadioSelect,
        required=False,
    )
    signs = forms.MultipleChoiceField(
        label=_("Do you have any of these? Choose all that fit."),
        choices=[(sign.code, SIGN_WORDS[sign.code]) for sign in SIGNS],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    words = forms.CharField(
        label=_("Anything you want to tell your therapist"),
        max_length=MAX_WORDS,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    @property
    def said(self) -> HowItIs:
        return HowItIs(**self.cleaned_data)

    def clean(self) -> dict[str, object]:
        try:
            if not self.errors:
                guide(self.said)
        except InvalidAnswers as problem:
            self.add_error("feeling", str(problem.message))
        return self.cleaned_data


@private
@require_http_methods(["GET", "HEAD", "POST"])
def after_visit(request: HttpRequest, token: str) -> HttpResponse:
    """General emergency advice, always; below it what somebody asked for or answered with a button."""
    visit = visit_after(token)
    if visit is None or request.method != "POST":
        return _page(request, visit)
    if "notes" in request.POST:
        return _page(request, visit, notes=notes_of(visit))
    form = HowForm(request.POST)
    if not form.is_valid():
        return _page(request, visit, form=form, status=422)
    return _answered(request, visit, form.said)


def _answered(request: HttpRequest, visit: Appointment, said: HowItIs) -> HttpResponse:
    """What to do now is said whatever becomes of the answer."""
    guidance, problem = guide(said), None
    try:
        answer_after_visit(appointment=visit, said=said, now=now())
    except DrypointError as error:
        problem = error
    return _done(request, visit, guidance, problem)


def _done(request: HttpRequest, visit: Appointment, guidance: Guidance, problem: DrypointError | None) -> HttpResponse:
    context = {
        "clinic": visit.location,
        "guidance": guidance,
        "is_emergency": guidance.urgency == Urgency.EMERGENCY,
        "is_same_day": guidance.urgency == Urgency.SAME_DAY,
        "problem": problem,
    }
    status = problem.status if problem else 200
    return render(request, "patient/after_done.html", context, status=status)


def _page(
    request: HttpRequest,
    visit: Appointment | None,
    *,
    form: HowForm | None = None,
    notes: object = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        **({"clinic": visit.location} if visit else {}),
        "is_known": visit is not None,
        "form": form or HowForm(),
        "emergencies": _BY_URGENCY[Urgency.EMERGENCY],
        "same_day": _BY_URGENCY[Urgency.SAME_DAY],
        "later": _BY_URGENCY[Urgency.CLINIC],
        "notes": notes,
    }
    return render(request, "patient/after_visit.html", context, status=status)

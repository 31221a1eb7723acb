"""How pain and daily life are, in numbers: a short page that is asked before the first visit, after a week, and at the
end of a course. The patient's own activities are asked again in their own words, so it stands behind the birth date.
"""

from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from booking.models import Appointment
from booking.selectors.practitioners import needles
from frontend.patient.visit import of_proven_visit
from frontend.patient.way import Way
from frontend.templatetags.after_care_words import SINCE_FIRST
from intake.access import shows_answers
from intake.clock import now
from intake.errors import DrypointError
from intake.rules.outcome_scores import MOST_ACTIVITIES
from intake.selectors.outcomes import activities_named, observations_of
from intake.services.outcomes import MAX_NAME, Scores, record_outcome

_NUMBERS: Final = [(number, str(number)) for number in range(11)]


def _number(label: Any, *, required: bool = False, help_text: Any = "") -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=label,
        choices=[("", _("Please choose") if required else _("no answer")), *_NUMBERS],  # a number unasked is no measure
        coerce=int,
        empty_value=None,
        required=required,
        help_text=help_text,
        error_messages={"required": _("Please choose a number.")},
        widget=forms.Select,
    )


class ProgressForm(forms.Form):
    """Pain from 0 to 10, and up to three activities that are hard."""

    pain_now = _number(_("Your pain now"), required=True)
    pain_best = _number(_("At its best in the last 24 hours"))
    pain_worst = _number(_("At its worst in the last 24 hours"))
    since_first = forms.ChoiceField(
        label=_("In all, since your first visit"), required=False, choices=[("", _("no answer")), *SINCE_FIRST.items()]
    )

    def __init__(self, *args: Any, named: tuple[str, ...], asks_since: bool) -> None:
        """`named`: the activities of the first time; none yet: they are asked for."""
        super().__init__(*args)
        if not asks_since:
            del self.fields["since_first"]
        self._named = named
        for number in range(len(named) or MOST_ACTIVITIES):
            if not named:
                self.fields[f"name_{number}"] = forms.CharField(
                    label=_("Something that is hard for you now"), max_length=MAX_NAME, required=False
                )
            self.fields[f"score_{number}"] = _number(named[number] if named else _("How well can you do it?"))

    def clean(self) -> dict[str, Any]:
        said, seen = self.cleaned_data, set[str]()
        for number in () if self._named else range(MOST_ACTIVITIES):
            name, score = said.get(f"name_{number}", ""), said.get(f"score_{number}")
            if name and score is None:
                self.add_error(f"score_{number}", _("Please choose a number for it."))
            if score is not None and not name:
                self.add_error(f"name_{number}", _("Please say what is hard."))
            if name and name.casefold() in seen:
                self.add_error(f"name_{number}", _("This stands here twice."))
            seen.add(name.casefold())
        return said

    @property
    def activities(self) -> list[tuple[Any, Any]]:
        """The fields of each activity: its name (None where it is known already), and its number."""
        names: list[Any] = [None] * len(self._named) or [self[f"name_{number}"] for number in range(MOST_ACTIVITIES)]
        return [(name, self[f"score_{number}"]) for number, name in enumerate(names)]

    @property
    def scores(self) -> Scores:
        said = self.cleaned_data
        count = len(self._named) or MOST_ACTIVITIES
        pairs = [(self._named[i] if self._named else said[f"name_{i}"], said[f"score_{i}"]) for i in range(count)]
        return Scores(
            pain_now=said["pain_now"],
            pain_best=said["pain_best"],
            pain_worst=said["pain_worst"],
            activities={name: score for name, score in pairs if score is not None},
            since_first=said.get("since_first", ""),
        )


@of_proven_visit
def progress(request: HttpRequest, way: Way, visit: Appointment) -> HttpResponse:
    """Asked, and kept in the record."""
    patient = visit.patient
    if patient is None or not needles(visit.service) or not shows_answers(patient):
        return redirect("patient:visit")
    earlier, problem = observations_of(patient).exists(), None
    data = request.POST if request.method == "POST" else None
    form = ProgressForm(data, named=activities_named(patient), asks_since=earlier)
    if request.method == "POST" and form.is_valid():
        try:
            record_outcome(patient=patient, scores=form.scores, focus_id=visit.pk, now=now())
        except DrypointError as error:
            problem = error
        else:
            messages.success(request, gettext("Thank you. Your therapist sees it before your next visit."))
            return redirect("patient:visit")
    status = problem.status if problem else 422 if form.errors else 200
    return render(request, "patient/progress.html", {"form": form, "problem": problem, "visit": visit}, status=status)

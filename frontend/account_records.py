"""After a patient's sign-in: the mailbox is proven, and the birth date says whose records it may open."""

from datetime import timedelta
from typing import Any, Final

from django import forms
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from frontend.patient.check_forms import birth_date_field
from frontend.patient.pages import private
from intake.clock import clinic_date, now
from intake.errors import TooManyAttempts
from intake.models import User
from intake.services.accounts import claim_records, unclaimed_records
from intake.services.limits import count_attempt

GUESSES_AN_HOUR: Final = 6


class RecordsForm(forms.Form):
    """The birth date of somebody whose visits were booked with this mailbox."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["birth_date"] = birth_date_field(
            clinic_date(now()), help_text=_("Of the person whose visits they are, so that nobody else sees them.")
        )


@private
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def records(request: HttpRequest) -> HttpResponse:
    """Ask for the birth date and open the records that carry it; again while other people's records wait."""
    user, moment = request.user, now()
    assert isinstance(user, User)
    if user.works_here or not unclaimed_records(user).exists():
        return redirect("staff:welcome" if user.works_here else "patient:visits")
    form = RecordsForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        try:
            count_attempt(key=f"records:{user.pk}", limit=GUESSES_AN_HOUR, window=timedelta(hours=1), now=moment)
        except TooManyAttempts as problem:
            form.full_clean()
            form.add_error(None, ValidationError(problem.message))
            return render(request, "account/records.html", {"form": form}, status=problem.status)
        if form.is_valid():
            if claim_records(user=user, birth_date=form.cleaned_data["birth_date"], now=moment):
                return redirect("patient:visits")
            form.add_error(None, ValidationError(_("That is not what we have. Please try again or call us.")))
    return render(request, "account/records.html", {"form": form}, status=422 if form.is_bound else 200)

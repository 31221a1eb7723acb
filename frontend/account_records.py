"""After a patient's sign-in: the mailbox is proven, and the birth date says whose records it may open."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec

from django import forms
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from frontend.patient.check_forms import birth_date_field
from frontend.patient.pages import private
from intake.clock import clinic_date, now
from intake.errors import TooManyAttempts
from intake.models import User
from intake.selectors.patients import patients_of
from intake.services.accounts import claim_records, unclaimed_records
from intake.services.limits import count_attempt

GUESSES_AN_HOUR: Final = 6
Rest = ParamSpec("Rest")
View = Callable[Concatenate[HttpRequest, Rest], HttpResponse]


class RecordsForm(forms.Form):
    """The birth date of somebody whose visits were booked with this mailbox."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["birth_date"] = birth_date_field(
            clinic_date(now()), help_text=_("Of the person whose visits they are, so that nobody else sees them.")
        )


def knows_whose(view: View[Rest]) -> View[Rest]:
    """Of a signed-in page: who has nobody yet, and could, is first asked whose visits their address booked."""

    @wraps(view)
    def asked_first(request: HttpRequest, *args: Rest.args, **kwargs: Rest.kwargs) -> HttpResponse:
        user = request.user
        if isinstance(user, User) and not patients_of(user).exists() and unclaimed_records(user).exists():
            return redirect(f"{reverse('account_records')}?{urlencode({'next': request.path})}")
        return view(request, *args, **kwargs)

    return asked_first


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
                return redirect(_where_to(request))
            form.add_error(None, ValidationError(_("That is not what we have. Please try again or call us.")))
    return render(request, "account/records.html", {"form": form}, status=422 if form.is_bound else 200)


def _where_to(request: HttpRequest) -> str:
    """The page of ours that asked, or the visits."""
    asked = request.GET.get("next", "")
    return asked if url_has_allowed_host_and_scheme(asked, allowed_hosts=None) else reverse("patient:visits")

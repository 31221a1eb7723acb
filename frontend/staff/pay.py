"""Settings: what share of their visits each therapist gets."""

from datetime import date
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from booking.models import PaySplit, Practitioner
from booking.selectors.accounts import first_open_day
from booking.selectors.pay_splits import splits_of_therapists
from booking.services.pay_splits import agree_split, drop_split
from frontend.staff.forms import DateInput
from frontend.staff.frame import SeeOther, clinic_or_refuse, for_roles, me, page, sent
from frontend.staff.hours import SETTLES
from intake import clock
from intake.errors import DrypointError


class SplitForm(forms.Form):
    """A therapist's share from a day on."""

    practitioner = forms.ModelChoiceField(
        Practitioner.objects.filter(active=True), label=gettext_lazy("Therapist"),
        empty_label=gettext_lazy("Please choose"),
    )  # fmt: skip
    percent = forms.DecimalField(
        label=gettext_lazy("Share, per cent"), min_value=0, max_value=100, max_digits=5, decimal_places=2,
        help_text=gettext_lazy("Of the sums without taxes: 60, or 62.5."),
    )  # fmt: skip
    basis = forms.ChoiceField(
        label=gettext_lazy("The share is"), choices=PaySplit.Basis.choices, widget=forms.RadioSelect,
        initial=PaySplit.Basis.BILLED,
    )  # fmt: skip
    on_fees = forms.BooleanField(label=gettext_lazy("Also of fees for late changes and missed visits"), required=False)
    valid_from = forms.DateField(
        label=gettext_lazy("For visits from"), widget=DateInput(),
        validators=[MinValueValidator(date(2000, 1, 1)), MaxValueValidator(date(2200, 1, 1))],
    )  # fmt: skip


@for_roles(*SETTLES, methods=("GET", "HEAD", "POST"))
def pay(request: HttpRequest) -> HttpResponse:
    """What is agreed with each therapist; a POST agrees something new."""
    place, now = clinic_or_refuse(), clock.now()
    form = SplitForm(sent(request), initial={"valid_from": clock.clinic_date(now).replace(day=1)})
    if request.method == "POST" and form.is_valid():
        try:
            agree_split(location=place, **form.cleaned_data, by=me(request), now=now)
        except DrypointError as error:
            form.add_error("valid_from", str(error.message))
        else:
            messages.success(request, _("Saved."))
            return SeeOther(reverse("staff:pay"))
    open_from = first_open_day(place)
    context = {
        "form": form,
        "therapists": splits_of_therapists(place),
        "open_from": open_from if open_from > date.min else None,
    }
    return page(request, "staff/pay.html", context, status=422 if form.errors else 200)


@for_roles(*SETTLES, methods=("POST",))
def drop(request: HttpRequest, split_id: UUID) -> HttpResponse:
    """Take a share back that no closed month has used; a second tap finds nothing more to do."""
    split = get_object_or_404(PaySplit, pk=split_id)
    drop_split(split=split, location=clinic_or_refuse(), by=me(request), now=clock.now())
    messages.success(request, _("Taken back."))
    return SeeOther(reverse("staff:pay"))

"""What staff type about packages: what is sold, how it was paid, what is given back."""

import datetime
from typing import Any
from uuid import uuid4

from django import forms
from django.core.validators import MaxValueValidator
from django.utils.translation import gettext_lazy as _

from booking.models import HealthcareService, PackageOffer
from booking.services.package_offers import MOST_MONTHS, MOST_SESSIONS, OfferDetails
from frontend.staff.forms import DateInput
from frontend.staff.money_forms import METHODS, MinorUnitsField
from frontend.staff.payer_forms import typed


class OfferForm(forms.Form):
    """A package as the clinic sells it."""

    name = forms.CharField(label=_("Name"), max_length=120)
    name_fr = forms.CharField(label=_("Name in French"), required=False, max_length=120)
    services = forms.ModelMultipleChoiceField(
        HealthcareService.objects.filter(price_amount__gt=0),
        label=_("For these visits"),
        widget=forms.CheckboxSelectMultiple,
    )
    sessions = forms.IntegerField(label=_("Visits"), min_value=2, max_value=MOST_SESSIONS)
    valid_months = forms.IntegerField(
        label=_("Can be used for, months"), min_value=1, max_value=MOST_MONTHS, initial=12,
        help_text=_("From the day it is paid."),
    )  # fmt: skip
    online = forms.BooleanField(label=_("Sold online, too"), required=False, initial=True)
    active = forms.BooleanField(label=_("Is sold"), required=False, initial=True)

    def __init__(self, *args: Any, offer: PackageOffer | None = None, currency: str, **more: Any) -> None:
        """`offer`: as it is sold now."""
        self.currency = offer.currency if offer else currency
        if offer is not None:
            more["initial"] = _on_sale(offer)
        super().__init__(*args, **more)
        self.fields["price"] = MinorUnitsField(
            label=_("Price of all visits together"), currency=self.currency,
            help_text=_("With tax. Each visit counts as its share of it."),
        )  # fmt: skip

    @property
    def details(self) -> OfferDetails:
        said = dict(self.cleaned_data)
        price = said.pop("price")
        return OfferDetails(**said | {"services": list(said["services"])}, price_amount=price, currency=self.currency)


class SellForm(forms.Form):
    """A package that is paid on the spot. `price`: as it was shown."""

    request_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)
    price = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    method = forms.ChoiceField(label=_("How it was paid"), choices=METHODS, widget=forms.RadioSelect)


class UnusedForm(forms.Form):
    """What is unused is given back. `amount`: as it was shown; `method`: only for what was paid at the desk."""

    amount = forms.IntegerField(widget=forms.HiddenInput, min_value=1)

    def __init__(self, *args: Any, at_desk: bool, **more: Any) -> None:
        super().__init__(*args, **more)
        if at_desk:
            self.fields["method"] = forms.ChoiceField(
                label=_("How it is given back"), choices=METHODS, widget=forms.RadioSelect
            )


class ExtendForm(forms.Form):
    """A later last day."""

    until = forms.DateField(
        label=_("Until and including"), widget=DateInput(), validators=[MaxValueValidator(datetime.date(2200, 1, 1))]
    )


def _on_sale(offer: PackageOffer) -> dict[str, Any]:
    names = ("name", "name_fr", "sessions", "valid_months", "online", "active")
    on_sale: dict[str, Any] = {name: getattr(offer, name) for name in names}
    return on_sale | {"services": list(offer.services.all()), "price": typed(offer.price_amount, offer.currency)}

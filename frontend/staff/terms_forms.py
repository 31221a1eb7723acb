"""What a clinic types about its terms: for a service, and with one patient."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from booking.feeds.amounts import WHOLE_UNIT_CURRENCIES
from booking.models import HealthcareService, PaymentTerms, Way
from booking.rules.sums import NotASum
from booking.rules.terms import BEFORE, NO_PART, Part, read_part
from booking.services.terms import MOST_HOURS, TermsDetails
from frontend.staff.forms import NOT_A_SUM, text_area
from frontend.staff.payer_forms import typed

PARTS = ("deposit", "late_fee", "no_show_fee")
_PART = _("An amount like 40.00, or a part of the price like 50%. Empty: none.")
_NOT_A_PERCENT = _("Give 1% to 100%.")


class PartField(forms.CharField):
    """A part of a price: "40.00" or "50%"."""

    widget = forms.TextInput(attrs={"inputmode": "text", "autocomplete": "off"})

    def __init__(self, *, currency: str, **more: Any) -> None:
        super().__init__(max_length=40, required=False, **more)
        self.currency = currency

    def clean(self, value: Any) -> Any:
        said = super().clean(value)
        places = 0 if self.currency in WHOLE_UNIT_CURRENCIES else 2
        try:
            return read_part(said, places=places) if said else NO_PART
        except NotASum as problem:
            words = NOT_A_SUM.get(problem.code, _NOT_A_PERCENT)
            raise forms.ValidationError(words, code=problem.code) from None

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, Part):
            return value
        return f"{value.percent}%" if value.percent is not None else typed(value.amount, self.currency)


class TermsForm(forms.Form):
    """When a service is paid, and what cancelling late or not coming costs."""

    way = forms.ChoiceField(label=_("When it is paid"), widget=forms.RadioSelect)
    or_at_desk = forms.BooleanField(
        label=_("Who would rather pay at the clinic may"),
        required=False,
        help_text=_("Without it, nobody books online without paying first or leaving a card."),
    )
    free_cancel_hours = forms.IntegerField(
        label=_("Free to cancel or move until, hours before"), required=False, min_value=0, max_value=MOST_HOURS
    )
    forgives_first_miss = forms.BooleanField(label=_("The first miss costs nothing"), required=False)
    prepay_after_misses = forms.IntegerField(
        label=_("Pay in full when booking after so many misses"),
        required=False,
        min_value=1,
        max_value=99,
        help_text=_("Missed, or cancelled too late. Empty: never."),
    )

    def __init__(self, *args: Any, service: HealthcareService, hours: int, may_prepay: bool, **more: Any) -> None:
        super().__init__(*args, **more)
        labels = {"deposit": _("Deposit"), "late_fee": _("Fee for cancelling or moving late"),
                  "no_show_fee": _("Fee for not coming")}  # fmt: skip
        for name in PARTS:
            self.fields[name] = PartField(label=labels[name], currency=service.currency, help_text=_PART)
        ways = [(way, words) for way, words in Way.choices if may_prepay or way not in BEFORE]
        way, free = self.fields["way"], self.fields["free_cancel_hours"]
        assert isinstance(way, forms.ChoiceField)
        way.choices = ways
        free.help_text = _("Empty: as everywhere in the clinic, %(hours)s.") % {"hours": hours}

    def clean(self) -> dict[str, Any]:
        said = self.cleaned_data
        if said.get("way") == Way.DEPOSIT and said.get("deposit", NO_PART) == NO_PART and not self.errors:
            self.add_error("deposit", _("Say how much the deposit is."))
        return said

    @property
    def details(self) -> TermsDetails:
        said = dict(self.cleaned_data)
        parts = {name: said.pop(name) for name in PARTS}
        amounts = {f"{name}_amount": part.amount for name, part in parts.items()}
        return TermsDetails(**said, **amounts, **{f"{name}_percent": part.percent for name, part in parts.items()})

    @staticmethod
    def initial_of(row: PaymentTerms | None) -> dict[str, Any]:
        """What stands in the fields at first."""
        if row is None:
            return {"way": Way.DESK, "or_at_desk": True, "prepay_after_misses": 3}
        names = ("way", "or_at_desk", "free_cancel_hours", "forgives_first_miss", "prepay_after_misses")
        parts = {name: Part(getattr(row, f"{name}_amount"), getattr(row, f"{name}_percent")) for name in PARTS}
        return {name: getattr(row, name) for name in names} | parts


class PatientTermsForm(forms.Form):
    """What is agreed with one patient instead."""

    way = forms.ChoiceField(label=_("When their visits are paid"), required=False, widget=forms.RadioSelect)
    no_fees = forms.BooleanField(label=_("No fees for cancelling late or not coming"), required=False)
    reason = forms.CharField(
        label=_("Why"), max_length=200, widget=text_area(), help_text=_("The patient may ask to see this.")
    )

    def __init__(self, *args: Any, may_prepay: bool, **more: Any) -> None:
        super().__init__(*args, **more)
        ways = [(way, words) for way, words in Way.choices if may_prepay or way not in BEFORE]
        field = self.fields["way"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("As everybody")), *ways]

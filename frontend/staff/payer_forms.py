"""What staff type about payers: who they are, what they have agreed to, what they have paid."""

import datetime
from collections.abc import Iterable, Mapping
from typing import Any, Final
from uuid import uuid4

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from booking.feeds.amounts import WHOLE_UNIT_CURRENCIES, money
from booking.models import Claim, Cover, Payer
from booking.services.covers import CoverDetails
from booking.services.payers import PayerDetails
from frontend.staff.forms import DateInput, text_area
from frontend.staff.money_forms import MinorUnitsField
from frontend.templatetags.presentation import short_day

MOST_OF_A_PAYER: Final = 999_999_999  # minor units, in one payment


def typed(amount: int | None, currency: str) -> str:
    """Minor units as they are typed; nothing for None."""
    if amount is None:
        return ""
    return str(amount) if currency in WHOLE_UNIT_CURRENCIES else f"{amount // 100}.{amount % 100:02}"


class PayerForm(forms.Form):
    """An insurer, workers' compensation or a motor insurer."""

    name = forms.CharField(label=_("Name"), max_length=120)
    kind = forms.ChoiceField(label=_("What it is"), choices=Payer.Kind.choices, widget=forms.RadioSelect)
    address = forms.CharField(label=_("Address"), required=False, max_length=500, widget=text_area())
    email = forms.EmailField(label=_("E-mail"), required=False)
    terms_days = forms.IntegerField(
        label=_("Pays within, days"), min_value=0, max_value=365, initial=30,
        help_text=_("Later than that, a bill is marked as late."),
    )  # fmt: skip
    needs_claim_number = forms.BooleanField(label=_("Needs a claim number"), required=False, initial=True)
    active = forms.BooleanField(label=_("Can be chosen for patients"), required=False, initial=True)

    @property
    def details(self) -> PayerDetails:
        return PayerDetails(**self.cleaned_data)


class CoverForm(forms.Form):
    """What a payer has agreed to for a patient."""

    payer = forms.ModelChoiceField(Payer.objects.filter(active=True), label=_("Payer"), empty_label=_("Please choose"))
    claim_number = forms.CharField(label=_("Claim number"), required=False, max_length=60)
    adjuster = forms.CharField(
        label=_("Adjuster"), required=False, max_length=200,
        help_text=_("Who looks after the claim there, and how to reach them. No health details."),
    )  # fmt: skip
    percent = forms.IntegerField(
        label=_("Part of the price, per cent"), required=False, min_value=1, max_value=100,
        help_text=_("100 is all of it."),
    )  # fmt: skip
    approved_visits = forms.IntegerField(
        label=_("Approved visits"), required=False, min_value=1, max_value=999, help_text=_("Empty: any number.")
    )
    valid_until = forms.DateField(
        label=_("Valid until and including"), required=False, widget=DateInput(),
        validators=[MinValueValidator(datetime.date(2000, 1, 1)), MaxValueValidator(datetime.date(2200, 1, 1))],
    )  # fmt: skip
    for_online = forms.BooleanField(
        label=_("For bookings online"), required=False,
        help_text=_("Taken for what the patient books with their account, while it holds."),
    )  # fmt: skip

    def __init__(self, *args: Any, cover: Cover | None = None, currency: str, **more: Any) -> None:
        """`cover` is what is on file: it stays with its payer."""
        self.currency = cover.currency if cover else currency
        if cover is not None:
            more["initial"] = _on_file(cover)
        super().__init__(*args, **more)
        self.fields["amount_per_visit"] = MinorUnitsField(
            label=_("At most, a visit"), currency=self.currency, required=False,
            help_text=_("Alone: this much a visit, never more than the price."),
        )  # fmt: skip
        self.order_fields(["payer", "claim_number", "adjuster", "percent", "amount_per_visit"])
        if cover is not None:
            field = self.fields["payer"]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = Payer.objects.filter(pk=cover.payer_id)
            field.empty_label = None

    def clean(self) -> dict[str, Any]:
        said = self.cleaned_data
        nothing = said.get("percent") is None and said.get("amount_per_visit") is None
        if nothing and not {"percent", "amount_per_visit"} & set(self.errors):
            self.add_error("percent", _("Enter a part in per cent, an amount a visit, or both."))
        return said

    @property
    def details(self) -> CoverDetails:
        return CoverDetails(**self.cleaned_data, currency=self.currency)


def _on_file(cover: Cover) -> dict[str, Any]:
    names = ("claim_number", "adjuster", "percent", "approved_visits", "valid_until", "for_online")
    on_file = {name: getattr(cover, name) for name in names}
    return on_file | {"payer": cover.payer_id, "amount_per_visit": typed(cover.amount_per_visit, cover.currency)}


class PayersPaymentForm(forms.Form):
    """A payment over several claims: one field for what is paid for each, empty for nothing."""

    reference = forms.CharField(
        label=_("The payer's reference"), required=False, max_length=60, help_text=_("As on its statement.")
    )
    request_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)

    def __init__(self, *args: Any, claims: Iterable[Claim], **more: Any) -> None:
        super().__init__(*args, **more)
        self.claims = list(claims)
        self.fields["total"] = MinorUnitsField(
            label=_("Sum that came"), currency=self.currency, most=MOST_OF_A_PAYER
        )  # fmt: skip
        self.order_fields(["total"])
        for claim in self.claims:
            visit = claim.appointment
            self.fields[self.name_of(claim)] = MinorUnitsField(
                label=f"{visit.patient}, {short_day(visit.start, visit.time_zone)}",
                currency=claim.currency,
                required=False,
                initial=typed(claim.rest, claim.currency),
                help_text=f"{claim.cover.claim_number} · {money(claim.rest, claim.currency)}".removeprefix(" · "),
            )

    @staticmethod
    def name_of(claim: Claim) -> str:
        return f"paid-{claim.pk}"

    @property
    def currency(self) -> str:
        return self.claims[0].currency

    @property
    def parts(self) -> Mapping[Claim, int]:
        """What was paid for which claim, minor units; claims without a sum are left as they are."""
        said = {claim: self.cleaned_data[self.name_of(claim)] for claim in self.claims}
        return {claim: amount for claim, amount in said.items() if amount is not None}


class DenialForm(forms.Form):
    """Why a payer pays no more. A choice, because words could say what somebody has."""

    reason = forms.ChoiceField(
        label=_("What the payer says"),
        choices=[(code, words) for code, words in Claim.Denial.choices if code != Claim.Denial.TAKEN_BACK],
        widget=forms.RadioSelect,
    )


class TakenBackForm(forms.Form):
    """What a payer has taken back of what it had paid for a visit."""

    request_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)

    def __init__(self, *args: Any, claim: Claim) -> None:
        super().__init__(*args)
        self.initial = {"amount": typed(claim.paid_amount, claim.currency)}
        self.fields["amount"] = MinorUnitsField(label=_("Sum that it takes back"), currency=claim.currency)

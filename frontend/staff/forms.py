"""What staff type, read and checked for its form only; rules are the services'."""

import datetime
from collections.abc import Collection
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from phonenumber_field.formfields import PhoneNumberField

from booking.models import Appointment, FeeCase, HealthcareService, Practitioner, Room
from intake.rules.decisions import ALLOWING, MAX_DAYS, MAX_VISITS

REASONS = (
    ("patient", _("The patient can't come")),
    ("unwell", _("The patient is unwell: no fee")),
    ("clinic", _("The clinic can't do it: no fee")),
)

WHOLE_CLINIC = "clinic"
OFFERED = (
    ("without-needles", _("A visit without needles; at the same time if the patient chose to keep it")),
    ("call", _("A call from us")),
    ("other-care", _("Other care: their doctor or another clinic")),
)


def text_area(rows: int = 3) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class DateInput(forms.DateInput):
    """The browser's own date field."""

    input_type = "date"

    def __init__(self, **more: Any) -> None:
        super().__init__(format="%Y-%m-%d", **more)


NOT_A_SUM = {
    "comma": _("Please type a point before the cents and no comma, like 1234.50."),
    "negative": _("Please type a sum above zero."),
    "zero": _("Please type a sum above zero."),
    "currency": _("Please type digits only, without a currency: sums are in the currency of the visit."),
    "decimals": _("Please give at most two digits after the point."),
    "too-large": _("That sum is too large."),
    "unreadable": _("Please type the sum in digits, like 80 or 80.00."),
}


class NumberField(forms.DecimalField):
    """A number as people type it: "38.5" or "38,5"."""

    def to_python(self, value: Any) -> Any:
        return super().to_python(value.replace(",", ".") if isinstance(value, str) else value)


class CancelForm(forms.Form):
    """Why a visit does not take place."""

    reason = forms.ChoiceField(label=_("Why"), choices=REASONS, widget=forms.RadioSelect)
    waive_fee = forms.BooleanField(label=_("Waive the fee"), required=False)
    waive_reason = forms.ChoiceField(
        label=_("Why no fee is asked for"), choices=[("", _("Choose…")), *FeeCase.Reason.choices], required=False
    )

    def clean(self) -> dict[str, Any]:
        said = self.cleaned_data
        if said.get("waive_fee") and not said.get("waive_reason") and "waive_reason" not in self.errors:
            self.add_error("waive_reason", _("Please say why the fee is waived."))
        return said


class BeyondForm(forms.Form):
    """Why staff go beyond the rules for moving, and to which time that is not in the list, if to one."""

    set_aside = forms.ChoiceField(
        label=_("Why"),
        choices=[
            ("", _("Choose…")),
            *((one.value, one.label) for one in Appointment.SetAside if one != Appointment.SetAside.WALK_IN),
        ],
        required=False,
    )
    date = forms.DateField(
        label=_("Date"), required=False, widget=DateInput(), validators=[MaxValueValidator(datetime.date(2200, 1, 1))]
    )
    at = forms.TimeField(label=_("At"), required=False, widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}))

    def clean(self) -> dict[str, Any]:
        said = self.cleaned_data
        if bool(said.get("date")) != bool(said.get("at")) and not self.errors:
            self.add_error("at" if said.get("date") else "date", _("Please give the date and the time."))
        if said.get("at") and not said.get("set_aside"):
            self.add_error("set_aside", _("Please say why."))
        return said


class TimeOffForm(forms.Form):
    """Who or what is away by the clinic's clock. `away`: a therapist, a room, or None for the whole clinic."""

    from_date = forms.DateField(label=_("From"), widget=DateInput())
    from_time = forms.TimeField(label=_("At"), widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}))
    until_date = forms.DateField(label=_("Until"), widget=DateInput())
    until_time = forms.TimeField(label=_("At"), widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}))
    reason = forms.CharField(label=_("What for"), required=False, max_length=120, help_text=_("No health details."))

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        therapists, rooms = Practitioner.objects.filter(active=True), Room.objects.filter(active=True)
        known: dict[str, Practitioner | Room | None] = {WHOLE_CLINIC: None}
        known |= {str(one.pk): one for one in therapists} | {str(one.pk): one for one in rooms}
        self.fields["away"] = forms.TypedChoiceField(
            label=_("Who or what"),
            choices=[
                ("", _("Please choose")),
                (WHOLE_CLINIC, _("The whole clinic")),
                (_("Therapists"), [(str(one.pk), one.name) for one in therapists]),
                (_("Rooms"), [(str(one.pk), one.name) for one in rooms]),
            ],
            coerce=known.__getitem__,
        )


class DecisionForm(forms.Form):
    """A therapist's answer to a request. Regions are those that may be needled; the rest is left out."""

    decision = forms.ChoiceField(
        label=_("Your decision"),
        choices=(
            ("approved", _("Approve: the visit is booked")),
            ("lowered", _("Approve with care: the visit is booked, and these answers count as “with care”")),
            ("declined", _("Decline: the visit is cancelled, free of charge")),
            ("raised", _("Rule out: no needling on these answers; the visit is cancelled, free of charge")),
        ),
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label=_("Your reason"),
        widget=text_area(),
        max_length=2000,
        help_text=_("For the record. The patient's mails never show it."),
    )
    regions = forms.MultipleChoiceField(
        label=_("Regions that may be needled"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("What you leave out must not be needled."),
    )
    conditions = forms.CharField(
        label=_("What to keep to"), required=False, widget=text_area(2), max_length=2000,
        help_text=_("For whoever treats: fewer needles, no current, lying down…"),
    )  # fmt: skip
    visits = forms.IntegerField(
        label=_("For how many visits"), required=False, min_value=1, max_value=MAX_VISITS,
        help_text=_("This one counts. Empty: any number."),
    )  # fmt: skip
    days = forms.IntegerField(
        label=_("For how many days"), required=False, min_value=1, max_value=MAX_DAYS,
        help_text=_("From today. Empty: as long as the answers hold."),
    )  # fmt: skip
    offered = forms.MultipleChoiceField(
        label=_("What you offer instead"), required=False, choices=OFFERED, widget=forms.CheckboxSelectMultiple,
        help_text=_("The patient's page says it."),
    )  # fmt: skip

    def __init__(self, *args: Any, regions: list[tuple[str, str]], ruled_out: Collection[str], **more: Any) -> None:
        """`regions` that the patient named; `ruled_out` are those that the answers exclude."""
        super().__init__(*args, **more)
        self.named = [region for region, _name in regions]
        self.ruled_out = set(ruled_out)
        field = self.fields["regions"]
        assert isinstance(field, forms.MultipleChoiceField)
        excluded = _("%(region)s (excluded by the answers)")
        field.choices = [
            (region, excluded % {"region": name} if region in self.ruled_out else name) for region, name in regions
        ]
        field.initial = [region for region in self.named if region not in self.ruled_out]

    def clean(self) -> dict[str, Any]:
        said = self.cleaned_data
        if said.get("decision") in ALLOWING and not said.get("regions"):
            self.add_error("regions", _("Choose at least one region, or decline."))
        return said

    @property
    def as_decision(self) -> dict[str, Any]:
        """What was decided, as the service takes it."""
        said = self.cleaned_data
        chosen = set(said["regions"])
        allows = said["decision"] in ALLOWING
        return {
            **{name: said[name] for name in ("decision", "reason", "conditions", "visits", "days", "offered")},
            "regions": [region for region in self.named if allows and region in chosen & self.ruled_out],
            "excluded": [region for region in self.named if allows and region not in chosen | self.ruled_out],
        }


class QuestionForm(forms.Form):
    """What a therapist asks a patient before deciding."""

    question = forms.CharField(
        label=_("Your question"), widget=text_area(), max_length=2000,
        help_text=_("The patient gets a mail without it, and reads and answers it on their page."),
    )  # fmt: skip


class StandInForm(forms.Form):
    """Who answers whose requests, on which days (both included)."""

    practitioner = forms.ModelChoiceField(Practitioner.objects.filter(active=True), label=_("For"))
    colleague = forms.ModelChoiceField(Practitioner.objects.none(), label=_("Who stands in"))
    from_date = forms.DateField(label=_("From"), widget=DateInput())
    until_date = forms.DateField(label=_("Until and including"), widget=DateInput())

    def __init__(self, *args: Any, own: Practitioner | None, colleagues: QuerySet[Practitioner], **more: Any) -> None:
        """`own`: a therapist names somebody for themselves only; a manager chooses for whom."""
        super().__init__(*args, **more)
        field = self.fields["colleague"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = colleagues.exclude(pk=own.pk) if own else colleagues
        if own is not None:
            del self.fields["practitioner"]


class ReasonForm(forms.Form):
    """Why a manager opens answers."""

    reason = forms.CharField(label=_("Why you need to see them"), max_length=200, widget=text_area(2))


class AddressForm(forms.Form):
    """Where a patient is reached, corrected at their word."""

    email = forms.EmailField(label=_("E-mail"), required=False, max_length=254)
    phone = PhoneNumberField(label=_("Phone"), required=False)


class CallerForm(forms.Form):
    """Who is on the phone and what they want. Patient and time are radio buttons of their own on the page."""

    service = forms.ModelChoiceField(HealthcareService.objects.all(), label=_("What"), empty_label=None)
    practitioner = forms.ModelChoiceField(
        Practitioner.objects.filter(active=True), label=_("With"), required=False, empty_label=_("Whoever is free")
    )
    given_name = forms.CharField(label=_("Given name"), max_length=100)
    family_name = forms.CharField(label=_("Family name"), max_length=100)
    phone = PhoneNumberField(label=_("Phone"))
    email = forms.EmailField(label=_("E-mail"), required=False, help_text=_("For the form's link and reminders."))
    birth_date = forms.DateField(label=_("Birth date"), required=False, widget=DateInput())
    health_form = forms.ChoiceField(label=_("Health form"), widget=forms.RadioSelect)
    payment = forms.ChoiceField(label=_("Payment"), widget=forms.RadioSelect)
    cover = forms.ChoiceField(label=_("Who pays"), required=False)
    note = forms.CharField(label=_("Note"), required=False, max_length=500, help_text=_("Nothing about health."))
    request_key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(
        self,
        *args: Any,
        health: list[tuple[str, str]],
        covers: list[tuple[str, str]],
        payments: list[tuple[str, str]],
        is_new: bool,
        born: bool,
        **more: Any,
    ) -> None:
        """`health`: ways to deal with the form, none if it needs none; `covers`: who may pay; `payments`: how;
        `born`: the birth date must be known.
        """
        super().__init__(*args, **more)
        payers = self.fields["cover"]
        assert isinstance(payers, forms.ChoiceField)
        payers.choices = covers
        payers.required = bool(covers)
        payment = self.fields["payment"]
        assert isinstance(payment, forms.ChoiceField)
        payment.choices = payments
        health_form = self.fields["health_form"]
        assert isinstance(health_form, forms.ChoiceField)
        health_form.choices = health
        health_form.required = bool(health)
        for name in ("given_name", "family_name", "phone"):
            self.fields[name].required = is_new
        self.fields["birth_date"].required = is_new and born

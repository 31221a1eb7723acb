"""Who comes, and what is agreed to."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from phonenumber_field.formfields import PhoneNumberField

from booking.services.contact_choices import YES_TO_TEXTS
from frontend.patient.check_forms import birth_date_field
from intake.models import Patient, User
from intake.selectors.patients import patients_of
from intake.services.patients import PatientDetails

SOMEONE_NEW: Final = "new"


class DetailsForm(forms.Form):
    """What is needed of a person, and no more."""

    given_name = forms.CharField(
        label=_("First name"),
        max_length=100,
        widget=forms.TextInput({"autocomplete": "given-name"}),
        error_messages={"required": _("Give the first name.")},
    )
    family_name = forms.CharField(
        label=_("Last name"),
        max_length=100,
        widget=forms.TextInput({"autocomplete": "family-name"}),
        error_messages={"required": _("Give the last name.")},
    )
    email = forms.EmailField(
        label=_("Email"),
        max_length=254,
        help_text=_("We send the confirmation here. It never says why you come."),
        widget=forms.EmailInput({"autocomplete": "email"}),
        error_messages={
            "required": _("Give an email address."),
            "invalid": _("Give an email address like name@example.com."),
        },
    )
    phone = PhoneNumberField(
        label=_("Phone"),
        required=False,
        help_text=_("Only if we can't reach you by email, or for texts if you ask for them."),
        widget=forms.TextInput({"autocomplete": "tel", "inputmode": "tel"}),
        error_messages={
            "required": _("Give the phone number that we should call."),
            "invalid": _("Give a phone number with its area code, like 780-555-0134."),
        },
    )
    language = forms.ChoiceField(
        label=_("Language of our messages"),
        choices=settings.LANGUAGES,
        widget=forms.RadioSelect if len(settings.LANGUAGES) > 1 else forms.HiddenInput,
    )

    def __init__(
        self, *args: Any, today: date, for_other: bool = False, by_phone: bool = False, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.fields["birth_date"] = birth_date_field(today)
        self.order_fields(["given_name", "family_name", "birth_date", "email", "phone", "language"])
        if by_phone:
            self.fields["phone"].required = True
            self.fields["phone"].help_text = _("We call you on this number.")
        if for_other:
            self.fields["given_name"].label = _("First name of the person who comes")
            self.fields["family_name"].label = _("Last name of the person who comes")
            self.fields["email"].label = _("Your email")
            for name in ("given_name", "family_name"):
                self.fields[name].widget.attrs["autocomplete"] = "off"

    def remembered(self) -> dict[str, Any]:
        """The checked details, ready for the session."""
        said = self.cleaned_data
        return {**said, "birth_date": said["birth_date"].isoformat(), "phone": str(said["phone"] or "")}


def details_from(kept: dict[str, Any]) -> PatientDetails:
    """What the details page kept, as the services take it."""
    return PatientDetails(
        given_name=kept["given_name"],
        family_name=kept["family_name"],
        birth_date=date.fromisoformat(kept["birth_date"]),
        email=kept["email"],
        phone=kept["phone"],
        language=kept["language"],
    )


class WhichPatientForm(forms.Form):
    """For somebody signed in: one of their people, or someone new."""

    patient = forms.ChoiceField(
        label=_("Who comes?"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose who comes.")},
    )

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.people: dict[str, Patient] = {str(one.pk): one for one in patients_of(user)}
        field = self.fields["patient"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [*((key, str(one)) for key, one in self.people.items()), (SOMEONE_NEW, _("Someone else"))]

    @property
    def chosen(self) -> Patient | None:
        return self.people.get(self.cleaned_data["patient"])


class AgreeForm(forms.Form):
    """The terms, how it is paid, and what happens if no therapist answers in time."""

    payment = forms.ChoiceField(
        label=_("How would you like to pay?"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose how you would like to pay.")},
    )
    accepts_assessment = forms.BooleanField(
        label=_("If no therapist can answer in time, keep this time as an assessment"),
        help_text=_("Whether to use needles is decided there. You can change this later on your page."),
        required=False,
    )
    texts = forms.BooleanField(label=_("Text me too"), help_text=_(YES_TO_TEXTS), required=False)
    agree = forms.BooleanField(
        label=_("I agree to these terms"),
        error_messages={"required": _("Please agree to the terms first. They stand above the box.")},
    )

    def __init__(
        self,
        *args: Any,
        ways: Sequence[str],
        labels: Mapping[str, str],
        can_go_without: bool,
        can_text: bool,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        if not can_text:
            del self.fields["texts"]
        self.ways = ways
        if len(ways) > 1:
            field = self.fields["payment"]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [(way, labels[way]) for way in ways]
        else:
            del self.fields["payment"]
        if not can_go_without:
            del self.fields["accepts_assessment"]

    def clean(self) -> dict[str, Any]:
        if not self.ways:
            raise ValidationError(_("This visit can't be paid here. Please call us."))
        return self.cleaned_data

    @property
    def payment_choice(self) -> Any:
        return self.cleaned_data.get("payment") or self.ways[0]

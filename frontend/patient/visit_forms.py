"""Proving who one is before a visit is shown to somebody with a link."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from frontend.patient.check_forms import birth_date_field
from intake.models import Patient


class ProofForm(forms.Form):
    """The birth date of the person who comes; the last name where the clinic has no birth date yet."""

    def __init__(self, *args: Any, patient: Patient, today: date, **options: Any) -> None:
        super().__init__(*args, **options)
        self.patient = patient
        if patient.birth_date is not None:
            self.fields["birth_date"] = birth_date_field(
                today, help_text=_("Of the person whose visit it is, so that nobody else sees it.")
            )
        else:
            self.fields["family_name"] = forms.CharField(
                label=_("Last name"),
                max_length=100,
                help_text=_("Of the person whose visit it is, so that nobody else sees it."),
            )

    def clean(self) -> dict[str, Any]:
        said = self.cleaned_data
        if "birth_date" in said and said["birth_date"] != self.patient.birth_date:
            raise ValidationError(_("That is not what we have. Please try again or call us."))
        if "family_name" in said and said["family_name"].strip().casefold() != self.patient.family_name.casefold():
            raise ValidationError(_("That is not what we have. Please try again or call us."))
        return said

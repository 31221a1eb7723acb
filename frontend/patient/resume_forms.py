"""Taking a form along to another device."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from frontend.patient.check_forms import birth_date_field


class MailLinkForm(forms.Form):
    """Where to mail the link; the address is used once."""

    email = forms.EmailField(
        label=_("Email"),
        max_length=254,
        help_text=_("We use it for this one mail and delete it with your answers. The mail says nothing about you."),
        widget=forms.EmailInput({"autocomplete": "email"}),
        error_messages={
            "required": _("Give an email address."),
            "invalid": _("Give an email address like name@example.com."),
        },
    )


class BirthDateForm(forms.Form):
    """The birth date that was given on the form, before anything of it is shown elsewhere."""

    def __init__(self, *args: Any, birth_date: date, today: date, **options: Any) -> None:
        super().__init__(*args, **options)
        self.birth_date = birth_date
        self.fields["birth_date"] = birth_date_field(
            today, help_text=_("As you gave it when you began, so that nobody else sees your answers.")
        )

    def clean_birth_date(self) -> date:
        said: date = self.cleaned_data["birth_date"]
        if said != self.birth_date:
            raise ValidationError(_("That is not what we have. Please try again or call us."))
        return said

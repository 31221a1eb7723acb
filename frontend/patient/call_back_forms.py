"""Asking to be called."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from phonenumber_field.formfields import PhoneNumberField


class CallBackForm(forms.Form):
    """Whom to call, and where. Nothing is asked about why."""

    name = forms.CharField(
        label=_("Your name"),
        max_length=100,
        widget=forms.TextInput({"autocomplete": "name"}),
        error_messages={"required": _("Give a name that we can ask for.")},
    )
    phone = PhoneNumberField(
        label=_("Phone"),
        widget=forms.TextInput({"autocomplete": "tel", "inputmode": "tel"}),
        error_messages={
            "required": _("Give the phone number that we should call."),
            "invalid": _("Give a phone number with its area code, like 780-555-0134."),
        },
    )
    best_time = forms.CharField(
        label=_("When is it easy to reach you?"),
        required=False,
        max_length=100,
        help_text=_("Like: in the morning. You don't have to say why you want a call."),
        widget=forms.TextInput({"autocomplete": "off"}),
    )

    def contact(self) -> dict[str, Any]:
        """The checked contact, as the task keeps it."""
        said = self.cleaned_data
        return {"name": said["name"], "phone": str(said["phone"]), "best_time": said["best_time"]}

"""What reception types when somebody asks on the phone to be put on the waitlist."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from phonenumber_field.formfields import PhoneNumberField

from booking.models import HealthcareService, WaitlistEntry
from frontend.staff.forms import DateInput


class WaitingForm(forms.Form):
    """For what and how urgently; who, unless it is a record on file."""

    service = forms.ModelChoiceField(HealthcareService.objects.filter(online=True), label=_("What"), empty_label=None)
    urgency = forms.TypedChoiceField(
        label=_("How urgent"),
        choices=(
            (WaitlistEntry.Urgency.ORDINARY.value, _("Ordinary: in the order of asking")),
            (WaitlistEntry.Urgency.SOON.value, _("Soon: before the others")),
        ),
        coerce=lambda text: WaitlistEntry.Urgency(int(text)),
        initial=WaitlistEntry.Urgency.ORDINARY.value,
        widget=forms.RadioSelect,
    )
    given_name = forms.CharField(label=_("Given name"), max_length=100)
    family_name = forms.CharField(label=_("Family name"), max_length=100)
    phone = PhoneNumberField(label=_("Phone"))
    email = forms.EmailField(label=_("E-mail"), help_text=_("Times that become free are offered by mail."))
    birth_date = forms.DateField(label=_("Birth date"), required=False, widget=DateInput())

    def __init__(self, *args: Any, is_new: bool, **more: Any) -> None:
        super().__init__(*args, **more)
        if not is_new:
            for name in ("given_name", "family_name", "phone", "email", "birth_date"):
                del self.fields[name]

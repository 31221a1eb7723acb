"""How somebody wishes to be reached."""

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from booking.feeds.moments import zone_name
from booking.selectors.contact import ContactFacts
from booking.services.contact_choices import YES_TO_TEXTS, ContactWishes
from intake.models import Patient

# Canada's, from east to west; whoever lives elsewhere keeps the clinic's.
ZONES: Final = (
    "America/St_Johns",
    "America/Halifax",
    "America/Toronto",
    "America/Winnipeg",
    "America/Regina",
    "America/Edmonton",
    "America/Vancouver",
    "America/Whitehorse",
)
_NAMES: Final = {"en": "English", "fr": "Français"}


class ContactForm(forms.Form):
    """Channels, language and quiet hours of one patient."""

    by_email = forms.BooleanField(label=_("E-mail"), required=False)
    by_text = forms.BooleanField(label=_("Text messages"), help_text=_(YES_TO_TEXTS), required=False)
    by_call = forms.BooleanField(
        label=_("A call before each visit"),
        help_text=_("The clinic calls on its last day before the visit. Leave out the other ways to get calls alone."),
        required=False,
    )
    on_paper = forms.BooleanField(
        label=_("A printed card"),
        help_text=_("With the days and times of the next visits, at the desk."),
        required=False,
    )
    language = forms.ChoiceField(
        label=_("Language"),
        choices=[(code, _NAMES[code]) for code in Patient.LANGUAGES],
        widget=forms.RadioSelect,
        help_text=_("Messages come in this language as far as the clinic has them."),
    )
    quiet_from = forms.TimeField(
        label=_("No messages from"), required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    quiet_until = forms.TimeField(
        label=_("Until"), required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    time_zone = forms.ChoiceField(label=_("Time zone"), required=False)

    def __init__(self, data: Mapping[str, Any] | None, *, patient: Patient, facts: ContactFacts) -> None:
        kept = facts.preference
        initial = {
            "by_email": facts.mail.wanted,
            "by_text": facts.texts.wanted,
            "by_call": kept.by_call if kept else False,
            "on_paper": kept.on_paper if kept else False,
            "language": patient.language,
            "quiet_from": kept.quiet_from if kept else None,
            "quiet_until": kept.quiet_until if kept else None,
            "time_zone": kept.time_zone if kept else "",
        }
        super().__init__(data, prefix=str(patient.pk), initial=initial)
        self.patient, self.facts = patient, facts
        zone = self.fields["time_zone"]
        assert isinstance(zone, forms.ChoiceField)
        zone.choices = [("", _("The clinic's")), *((name, zone_name(name)) for name in ZONES)]
        if not patient.phone or not facts.texts_set_up:
            del self.fields["by_text"]
        if not patient.phone:
            del self.fields["by_call"]
        if not patient.email:
            del self.fields["by_email"]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if (said.get("quiet_from") is None) != (said.get("quiet_until") is None):
            self.add_error("quiet_until", ValidationError(_("Fill in both hours, or neither.")))
        return said

    @property
    def wishes(self) -> ContactWishes:
        """What was chosen; what was not asked stays as it is."""
        said = self.cleaned_data
        return ContactWishes(
            by_email=said.get("by_email", self.facts.mail.wanted),
            by_text=said.get("by_text", self.facts.texts.wanted),
            by_call=said.get("by_call", False),
            on_paper=said["on_paper"],
            language=said["language"],
            quiet_from=said["quiet_from"],
            quiet_until=said["quiet_until"],
            time_zone=said["time_zone"],
        )

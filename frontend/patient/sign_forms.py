"""Signing to have read the information on needling: who signs, as what, and exactly what they were shown."""

from datetime import datetime
from typing import Any, Final

from django import forms
from django.http import HttpRequest
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from intake.information import Information
from intake.models import Consent
from intake.services.consents import MAX_NAME, Signature

SIGNERS = (
    (Consent.Signer.SELF, _("I come myself")),
    (Consent.Signer.GUARDIAN, _("I am a parent or guardian")),
    (Consent.Signer.SUBSTITUTE, _("I decide for the patient by law")),
)
_SHOWN: Final = "information.shown"


class SignForm(forms.Form):
    """`optional`: nothing needs to be signed now. `for_other`: somebody books for another person and says as what."""

    signer = forms.ChoiceField(label=_("Who signs?"), choices=SIGNERS, widget=forms.RadioSelect, initial="self")
    relation = forms.CharField(
        label=_("How are you related to the patient?"),
        max_length=MAX_NAME,
        required=False,
        help_text=_("Only if you sign for someone else: mother, guardian, attorney for care…"),
    )
    name = forms.CharField(
        label=_("Your full name, as your signature"),
        max_length=MAX_NAME,
        help_text=_("It says that you have read this page. Your therapist asks for your yes at the visit."),
        widget=forms.TextInput({"autocomplete": "name"}),
        error_messages={"required": _("Please type the full name of the person who signs.")},
    )
    version = forms.CharField(widget=forms.HiddenInput, max_length=40)
    hash = forms.CharField(widget=forms.HiddenInput, max_length=64)

    def __init__(
        self, *args: Any, shown: Information, optional: bool = False, for_other: bool = True, **options: Any
    ) -> None:
        options["initial"] = {"version": shown.version, "hash": shown.hash, **options.get("initial", {})}
        options["prefix"] = "sign"
        super().__init__(*args, **options)
        self.shown = shown
        if not for_other:
            self.fields["signer"].widget = self.fields["relation"].widget = forms.HiddenInput()
        if optional:
            for field in self.fields.values():
                field.required = False

    def clean(self) -> dict[str, Any]:
        said = self.cleaned_data
        if said.get("name") and said.get("signer") != Consent.Signer.SELF and not said.get("relation"):
            self.add_error("relation", _("Please say how you are related to the patient."))
        return said

    def signature(self, *, shown_at: datetime) -> Signature | None:
        """What was signed, or None where the name was left empty."""
        said = self.cleaned_data
        if not said["name"].strip():
            return None
        return Signature(
            name=said["name"],
            signer=said["signer"] or Consent.Signer.SELF,
            relation=said["relation"],
            version=said["version"],
            hash=said["hash"],
            language=self.shown.language,
            shown_at=shown_at,
        )


def note_shown(request: HttpRequest, shown: Information, *, now: datetime) -> None:
    """Remember when this text was first shown in this browser."""
    kept = request.session.get(_SHOWN, {})
    if kept.get("hash") != shown.hash:
        request.session[_SHOWN] = {"hash": shown.hash, "at": now.isoformat()}


def when_shown(request: HttpRequest, shown: Information, *, now: datetime) -> datetime:
    """When this text was first shown in this browser."""
    kept = request.session.get(_SHOWN, {})
    at = parse_datetime(kept["at"]) if kept.get("hash") == shown.hash else None
    return at or now

"""The talk before needling, when something came up: the reasons that a therapist gives with one tap."""

from typing import Final

from django import forms
from django.utils.translation import gettext_lazy as _

REASONS: Final = {
    "talked": _("We talked it through: safe to needle today."),
    "away": _("I stay away from the place that matters."),
    "gentler": _("I needle less and lighter, lying down."),
    "known": _("I know of it, and nothing about it is new."),
    "asked-doctor": _("It is agreed with the doctor."),
}
CHIPS: Final = tuple(REASONS.items())


class ReasonChip(forms.Form):
    """Why needling is right today, in one tap."""

    chip = forms.ChoiceField(label=_("Why"), choices=CHIPS, widget=forms.RadioSelect)

"""The forms before the questions: which visit, for whom, where."""

from datetime import date, timedelta
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from frontend.patient.dates import DatePartsField
from frontend.patient.words import region

OLDEST: Final = 120


def birth_date_field(today: date, **options: Any) -> DatePartsField:
    """A birth date of somebody alive today, up to 120 years ago."""
    first = today - timedelta(days=OLDEST * 365)
    missing = {"required": _("Give the birth date of the person who comes.")}
    return DatePartsField(
        first=first, last=today, birthday=True, label=_("Birth date"), error_messages=missing, **options
    )


class WhoForm(forms.Form):
    """Who comes, whether they have been here, and how old they are."""

    for_whom = forms.ChoiceField(
        label=_("Who is the visit for?"),
        choices=[("me", _("For me")), ("other", _("For someone else, like my child"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("Tell us who the visit is for.")},
    )
    given_name = forms.CharField(
        label=_("First name of the person who comes"),
        help_text=_("So that our questions can name them."),
        max_length=100,
        required=False,
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    visit = forms.ChoiceField(
        label=_("Has this person been treated here before?"),
        choices=[("first", _("No, this is the first visit")), ("return", _("Yes, been here before"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("Tell us if this is the first visit here.")},
    )

    def __init__(self, *args: Any, today: date, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["birth_date"] = birth_date_field(
            today,
            help_text=_("Of the person who comes. Some questions depend on age."),
        )

    def clean(self) -> dict[str, Any]:
        said = self.cleaned_data
        if said.get("for_whom") == "other" and not said.get("given_name") and "given_name" not in self.errors:
            self.add_error("given_name", _("Give the first name of the person who comes."))
        return said


class WhereForm(forms.Form):
    """Where it hurts: the list that the body picture follows."""

    regions = forms.MultipleChoiceField(
        label=_("Where does it hurt?"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one place.")},
    )

    def __init__(self, *args: Any, regions: tuple[str, ...], **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["regions"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(name, region(name)) for name in regions]

    def clean_regions(self) -> list[str]:
        chosen: list[str] = self.cleaned_data["regions"]
        if not chosen:
            raise ValidationError(self.fields["regions"].error_messages["required"])
        return list(dict.fromkeys(chosen))

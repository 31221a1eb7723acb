"""What is asked of the list of times: with whom, from when, and which one."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _

from booking.models import HealthcareService, Practitioner
from booking.selectors.practitioners import practitioners_for


class StartField(forms.Field):
    """A moment in ISO form with its offset, as the page wrote it."""

    def to_python(self, value: Any) -> Any:
        if value in self.empty_values:
            return None
        try:
            moment = datetime.fromisoformat(str(value))
            if moment.tzinfo is None:
                raise ValueError
            return moment.astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise ValidationError(_("That is no time from the list. Please choose one.")) from error


class LookForm(forms.Form):
    """With whom, and from which day on; what can't be read counts as not said."""

    practitioner = forms.ModelChoiceField(
        label=_("With"), queryset=Practitioner.objects.none(), required=False, empty_label=_("Any therapist")
    )

    def __init__(self, data: MultiValueDict[str, str] | None, *, service: HealthcareService) -> None:
        super().__init__(data)
        who = self.fields["practitioner"]
        assert isinstance(who, forms.ModelChoiceField)
        who.queryset = practitioners_for(service)

    @property
    def chosen(self) -> Practitioner | None:
        return self.cleaned_data.get("practitioner") if self.is_valid() else None

    @property
    def from_date(self) -> date | None:
        try:
            return date.fromisoformat(self.data.get("from", ""))
        except ValueError:
            return None


class ChosenTime(forms.Form):
    """One time of the list, and the key that makes a double tap one hold."""

    time = StartField(label=_("Time"), error_messages={"required": _("Choose a time first.")}, widget=forms.RadioSelect)
    practitioner = forms.ModelChoiceField(queryset=Practitioner.objects.none(), required=False)
    request_key = forms.UUIDField(required=False)

    def __init__(self, data: MultiValueDict[str, str], *, service: HealthcareService) -> None:
        super().__init__(data)
        who = self.fields["practitioner"]
        assert isinstance(who, forms.ModelChoiceField)
        who.queryset = practitioners_for(service)

    def clean_request_key(self) -> UUID:
        key: UUID | None = self.cleaned_data["request_key"]
        if key is None:
            raise ValidationError(_("Please choose the time again."))
        return key

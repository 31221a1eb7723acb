"""A date typed as day, month and year: nothing to open, nothing that a screen reader can't read."""

from datetime import date
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.dates import MONTHS
from django.utils.translation import gettext_lazy as _


class DatePartsWidget(forms.MultiWidget):
    """Day, month by name, year."""

    template_name = "patient/_date_parts.html"
    use_fieldset = True

    def __init__(self, birthday: bool = False) -> None:
        number = {"inputmode": "numeric", "maxlength": "2", "size": "3"}
        fill = {"autocomplete": "bday-day"}, {"autocomplete": "bday-month"}, {"autocomplete": "bday-year"}
        day, month, year = fill if birthday else ({}, {}, {})
        super().__init__(
            {
                "day": forms.TextInput(number | day),
                "month": forms.Select(month, choices=[("", "—"), *MONTHS.items()]),
                "year": forms.TextInput(number | {"maxlength": "4", "size": "5"} | year),
            }
        )

    def decompress(self, value: date | None) -> list[Any]:
        return [value.day, value.month, value.year] if value else [None, None, None]

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        for part, label in zip(context["widget"]["subwidgets"], (_("Day"), _("Month"), _("Year")), strict=True):
            part["label"] = label
        return context


class DatePartsField(forms.MultiValueField):
    """A date between `first` and `last` inclusive, or None if it is not required and nothing was typed."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid": _("This is no day of the calendar. Type the day and year in numbers, like 7 and 1984."),
        "incomplete": _("Please give the day, the month and the year."),
        "range": _("Please look at the year again."),
    }

    def __init__(self, *, first: date, last: date, birthday: bool = False, **options: Any) -> None:
        self.first, self.last = first, last
        part = forms.CharField(max_length=12)
        super().__init__((part, part, part), widget=DatePartsWidget(birthday), require_all_fields=True, **options)

    def compress(self, data_list: list[str]) -> date | None:
        if not data_list:
            return None
        try:
            day, month, year = (int(part) for part in data_list if part.isascii() and part.isdigit())
            found = date(year, month, day)
        except ValueError as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from error
        if not self.first <= found <= self.last:
            raise ValidationError(self.error_messages["range"], code="range")
        return found

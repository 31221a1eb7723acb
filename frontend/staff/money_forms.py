"""What is typed about money of one visit: what was taken, in up to four ways at once, and what is given back."""

from typing import Any, Final
from uuid import uuid4

from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from booking.feeds.amounts import WHOLE_UNIT_CURRENCIES
from booking.payments.desk_gateway import Part
from booking.rules.refunds import TYPED_WRONG
from booking.rules.sums import LARGEST, NotASum, read_sum
from frontend.staff.forms import NOT_A_SUM, text_area

METHODS: Final = (
    ("terminal", _("Card terminal")),
    ("cash", _("Cash")),
    ("e-transfer", _("E-transfer")),
    ("gift-card", _("Gift card")),
)
MORE_WAYS: Final = (2, 3, 4)


class MinorUnitsField(forms.CharField):
    """A sum as it is typed at the desk, in minor units of the form's currency."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})

    def __init__(self, *, currency: str, least: int = 1, most: int = LARGEST, **more: Any) -> None:
        super().__init__(max_length=200, **more)
        self.places = 0 if currency in WHOLE_UNIT_CURRENCIES else 2
        self.least, self.most = least, most

    def clean(self, value: Any) -> Any:
        said = super().clean(value)
        try:
            return read_sum(said, places=self.places, least=self.least, most=self.most) if said else None
        except NotASum as problem:
            raise forms.ValidationError(NOT_A_SUM[problem.code], code=problem.code) from None


class TakeForm(forms.Form):
    """Money that was taken at the desk: one sum, or up to four that came in different ways."""

    request_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)
    method = forms.ChoiceField(label=_("How"), choices=METHODS, widget=forms.RadioSelect)

    def __init__(self, *args: Any, currency: str, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["amount"] = MinorUnitsField(label=_("Sum"), currency=currency)
        for number in MORE_WAYS:
            self.fields[f"amount_{number}"] = MinorUnitsField(label=_("Another sum"), currency=currency, required=False)
            self.fields[f"way_{number}"] = forms.ChoiceField(
                label=_("How"), choices=[("", _("Please choose")), *METHODS], required=False
            )

    def clean(self) -> dict[str, Any]:
        said = self.cleaned_data
        for number in MORE_WAYS:
            amount, method = f"amount_{number}", f"way_{number}"
            if said.get(amount) and not said.get(method) and method not in self.errors:
                self.add_error(method, _("Please say how this sum was paid."))
            if said.get(method) and not said.get(amount) and amount not in self.errors:
                self.add_error(amount, _("Please type the sum that was paid this way."))
        return said

    @property
    def more_ways(self) -> list[tuple[Any, Any]]:
        """The further rows, each a sum and how it was paid."""
        return [(self[f"amount_{number}"], self[f"way_{number}"]) for number in MORE_WAYS]

    @property
    def is_mixed(self) -> bool:
        """Whether something stands in the further rows, so that they are shown."""
        return any(field.errors or field.data for row in self.more_ways for field in row)

    @cached_property
    def parts(self) -> list[Part]:
        """What was paid in which way; rows without a sum are left out."""
        said = self.cleaned_data
        rows = [(said["amount"], said["method"])]
        rows += [(said[f"amount_{number}"], said[f"way_{number}"]) for number in MORE_WAYS]
        return [Part(amount, method) for amount, method in rows if amount]


REASONS_TO_GIVE: Final = (
    ("", _("Choose…")),
    (TYPED_WRONG, _("It was typed in by mistake: the price stays")),
    ("price-wrong", _("The price was wrong")),
    ("not-as-meant", _("The visit was not as it should be")),
    ("goodwill", _("Goodwill")),
)


class GiveBackForm(forms.Form):
    """Money that is given back. `had`: what the clinic had of it when somebody looked."""

    had = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    reason = forms.ChoiceField(label=_("Why"), choices=REASONS_TO_GIVE, required=False)

    def __init__(self, *args: Any, currency: str, ways: list[tuple[str, Any]], **more: Any) -> None:
        """`ways`: how it can go back."""
        super().__init__(*args, **more)
        self.fields["amount"] = MinorUnitsField(label=_("Sum"), currency=currency)
        self.fields["method"] = forms.ChoiceField(label=_("How"), choices=ways, widget=forms.RadioSelect)


class TillForm(forms.Form):
    """What somebody counted in the drawer at the end of the day, and signs. `lines`: how many movements they saw."""

    lines = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def __init__(self, *args: Any, currency: str, is_first: bool, **more: Any) -> None:
        """`is_first`: nobody has counted before, so nobody knows what the day began with."""
        super().__init__(*args, **more)
        if is_first:
            self.fields["opening"] = MinorUnitsField(
                label=_("Cash in the drawer this morning"), currency=currency, least=0
            )
        self.fields["counted"] = MinorUnitsField(label=_("Cash in the drawer now"), currency=currency, least=0)
        self.fields["banked"] = MinorUnitsField(
            label=_("Taken out for the bank"), currency=currency, least=0, required=False,
            help_text=_("The rest stays for tomorrow."),
        )  # fmt: skip
        self.fields["note"] = forms.CharField(
            label=_("Why it differs"), required=False, max_length=500, widget=text_area(2),
            help_text=_("Needed if the drawer holds more or less than it should. No health details."),
        )  # fmt: skip

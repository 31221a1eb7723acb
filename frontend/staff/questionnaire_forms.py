"""What a manager types on the pages about the health questions, read and checked for its form."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext_lazy as _

from frontend.patient.words import REGIONS
from frontend.staff.forms import NumberField, text_area
from frontend.staff.questionnaire_words import (
    LANGUAGE_NAMES,
    SETTING_PROBLEMS,
    UNITS,
    WORDING_PROBLEMS,
    setting_name,
    text_name,
)
from intake.rules.clinic_settings import LINES, MAX_LINE, NUMBERS
from intake.rules.wording import LANGUAGE_OF_DATA, LANGUAGES, MAX_WORDS, Words, texts_of

STATEMENT: Final = _(
    "I am registered with the body named above. I have read every change on this page and what it does to past forms. "
    "I answer for these questions, limits and rules as they stand here."
)


class SettingsForm(forms.Form):
    """The clinic's own numbers; a field for each setting that the data has."""

    def __init__(self, *args: Any, config: Mapping[str, Any], shipped: Mapping[str, Any], **more: Any) -> None:
        super().__init__(*args, **more)
        for name in LINES:
            if name in config:
                self.fields[name] = forms.CharField(label=setting_name(name), max_length=MAX_LINE, initial=config[name])
        for one in NUMBERS:
            if one.name in config:
                self.fields[one.name] = NumberField(
                    label=setting_name(one.name),
                    initial=config[one.name],
                    min_value=one.low,
                    max_value=one.high,
                    decimal_places=0 if one.whole else 2,
                    help_text=_("%(low)s to %(high)s %(unit)s; shipped: %(shipped)s")
                    % {"low": f"{one.low:g}", "high": f"{one.high:g}", "unit": UNITS[one.unit],
                       "shipped": f"{shipped[one.name]:g}"},
                    widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
                )  # fmt: skip

    @property
    def lines(self) -> list[BoundField]:
        return [self[name] for name in LINES if name in self.fields]

    @property
    def numbers(self) -> list[BoundField]:
        return [self[one.name] for one in NUMBERS if one.name in self.fields]

    def chosen(self) -> dict[str, Any]:
        """The settings as the rules know them: whole numbers as such."""
        whole = {one.name for one in NUMBERS if one.whole}
        said = self.cleaned_data
        return {
            name: said[name] if name in LINES else int(said[name]) if name in whole else float(said[name])
            for name in self.fields
        }

    def refuse(self, problems: Mapping[str, str]) -> None:
        """Put what the rules say against a number beside it."""
        ranges = {one.name: {"low": f"{one.low:g}", "high": f"{one.high:g}"} for one in NUMBERS}
        for name, problem in problems.items():
            words = str(SETTING_PROBLEMS[problem]) % {"name": setting_name(name), **ranges.get(name, {})}
            self.add_error(name if name in self.fields else None, words)


class TextPlace(NamedTuple):
    """A text of an item with a field for each language."""

    name: str
    shipped: str
    fields: list[BoundField]


class WordingForm(forms.Form):
    """The texts of one item in the clinic's own words; empty fields are said as shipped.

    An item of the clinic's own has its English words on its own page.
    """

    def __init__(self, *args: Any, item: Mapping[str, Any], wording: Words, is_own: bool, **more: Any) -> None:
        super().__init__(*args, **more)
        self.texts = [(address, text) for address, text in texts_of(item) if text or "/help" not in address]
        self.languages = [one for one in LANGUAGES if not (is_own and one == LANGUAGE_OF_DATA)]
        for number, (address, _text) in enumerate(self.texts):
            for language in self.languages:
                self.fields[f"{language}-{number}"] = forms.CharField(
                    label=str(LANGUAGE_NAMES[language]),
                    initial=wording.get(language, {}).get(address, ""),
                    required=False,
                    max_length=MAX_WORDS,
                    widget=forms.TextInput() if "/options/" in address else text_area(),
                )

    @property
    def places(self) -> Iterator[TextPlace]:
        for number, (address, text) in enumerate(self.texts):
            yield TextPlace(text_name(address), text, [self[f"{language}-{number}"] for language in self.languages])

    def words(self) -> dict[str, dict[str, str]]:
        """What was typed, by language and address."""
        return {
            language: {
                address: self.cleaned_data[f"{language}-{number}"] for number, (address, _text) in enumerate(self.texts)
            }
            for language in self.languages
        }

    def refuse(self, problems: Mapping[tuple[str, str], str]) -> None:
        """Put what the rules say against some words beside them."""
        numbers = {address: number for number, (address, _text) in enumerate(self.texts)}
        for (language, address), problem in problems.items():
            self.add_error(f"{language}-{numbers[address]}", str(WORDING_PROBLEMS[problem]))


class SignatureForm(forms.Form):
    """Who answers for the version, and that they say so."""

    name = forms.CharField(label=_("Full name of the clinician"), max_length=120)
    registration = forms.CharField(label=_("Registration number"), max_length=60)
    body = forms.CharField(label=_("Registered with (college or board)"), max_length=120)
    statement = forms.BooleanField(label=STATEMENT, error_messages={"required": _("Tick this to sign.")})
    looser = forms.BooleanField(
        label=_("Some limits are looser than those shipped. I have chosen them."),
        error_messages={"required": _("Tick this to sign the looser limits.")},
    )

    def __init__(self, *args: Any, has_looser_limits: bool, **more: Any) -> None:
        super().__init__(*args, **more)
        if not has_looser_limits:
            del self.fields["looser"]


class PatientForm(forms.Form):
    """For whom the questions are shown as a patient sees them."""

    region = forms.ChoiceField(label=_("Where it hurts"), choices=list(REGIONS.items()), initial="low_back")
    age = forms.IntegerField(label=_("Age"), min_value=0, max_value=120, initial=40)
    visit = forms.ChoiceField(
        label=_("Visit"), choices=(("first", _("first")), ("return", _("been here before"))), initial="first"
    )
    stage = forms.ChoiceField(
        label=_("When"),
        choices=(("booking", _("when booking")), ("within_24h", _("the day before")), ("check_in", _("at check-in"))),
        initial="booking",
    )
    modality = forms.ChoiceField(
        label=_("Kind"),
        choices=(("manual", _("needles")), ("electrical", _("with a current"))),
        initial="manual",
    )

"""What a clinic types about one kind of message, and the words for what is wrong with a text."""

from typing import Any, Final

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from booking.reminders.models import Communication
from booking.reminders.wording import Words
from booking.rules.kinds import MOST_REMINDERS, SMS, Kind, hours_are_fine
from booking.rules.wording import LONGEST_SUBJECT, Fault, placeholders_of
from booking.selectors.message_settings import KindSet
from frontend.staff.forms import text_area

_BEFORE: Final = ("reminder", "package-expiring")
FAULTS: Final[dict[str, str | Promise]] = {
    "no-text": gettext_lazy("Please write a text, or go back to ours."),
    "no-subject": gettext_lazy("A mail needs a subject."),
    "two-lines": gettext_lazy("The subject has to stand in one line."),
    "too-long": gettext_lazy("This is too long: a subject has up to 120 signs, a text up to 4,000."),
    "brace": gettext_lazy("A curly bracket stands alone. Placeholders look like {date}."),
    "unknown": gettext_lazy("We don't know these placeholders: %(names)s."),
    "missing": gettext_lazy("Please put these in, so that the reader can do without calling: %(names)s."),
    "clinical": gettext_lazy("This could tell others why somebody comes: %(names)s. Please write “your appointment”."),
    "address": gettext_lazy("Other addresses can't be sent. {link} leads to the reader's page."),
    "too-many-parts": gettext_lazy("A text message may have two parts, and this has %(names)s. Please shorten it."),
}
PLACEHOLDERS: Final[dict[str, str | Promise]] = {
    "visit": gettext_lazy("when, with whom and where, as a paragraph; in a text message day and time"),
    "manage": gettext_lazy("until when it is free to move or cancel, and the link"),
    "link": gettext_lazy("the address of the reader's page"),
    "date": gettext_lazy("the day: Friday 27 November 2026"),
    "time": gettext_lazy("the time: 10:00"),
    "zone": gettext_lazy("the time zone: Mountain time"),
    "place": gettext_lazy("name and address of the place, in one line"),
    "therapist": gettext_lazy("the therapist's name"),
    "given_name": gettext_lazy("the reader's given name"),
    "until": gettext_lazy("until when it is good"),
    "times": gettext_lazy("the other times, one in a line"),
    "clinic": gettext_lazy("the clinic's name"),
    "phone": gettext_lazy("the clinic's telephone number"),
    "emergency": gettext_lazy("the emergency number"),
    "nurse": gettext_lazy("the nurse line"),
}


class KindForm(forms.Form):
    """Whether a kind is sent, by what, and when."""

    on = forms.BooleanField(required=False, label=gettext_lazy("We send this message"))
    channels = forms.MultipleChoiceField(
        choices=Communication.Channel.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        label=gettext_lazy("To those who can be reached by both, it goes by"),
        help_text=gettext_lazy("Who can be reached by one way only gets it that way, if there is a form for it."),
    )

    def __init__(self, data: Any, *, known: KindSet) -> None:
        kind = known.kind
        super().__init__(data, initial={"on": known.on, "channels": known.channels or kind.channels})
        self._kind = kind
        if not kind.switchable:
            del self.fields["on"]
        if not kind.sms or kind.of in ("staff", "text"):
            del self.fields["channels"]
        for number in range(_times(kind)):
            self.fields[f"hours-{number}"] = forms.IntegerField(
                label=_label(kind, number),
                required=False,
                min_value=kind.between[0],
                max_value=kind.between[1],
                initial=dict(enumerate(known.hours)).get(number),
            )

    @property
    def hour_fields(self) -> list[forms.BoundField]:
        """The fields of its times."""
        return [field for field in self if field.name.startswith("hours-")]

    def clean_channels(self) -> list[str]:
        """At least one, or it would reach nobody."""
        chosen: list[str] = self.cleaned_data["channels"]
        if not chosen:
            raise forms.ValidationError(_("Please choose at least one way."))
        return chosen

    def clean(self) -> dict[str, Any]:
        """Each time once; of the two after a visit both or none."""
        data = super().clean() or {}
        if not self.errors and not hours_are_fine(self._kind.code, self._hours(data)):
            raise forms.ValidationError(_("Please give every time, and each only once."))
        return data

    def _hours(self, data: dict[str, Any]) -> list[int]:
        hours = [data[field.name] for field in self.hour_fields if data.get(field.name)]
        return sorted(hours, reverse=True) if self._kind.code == "reminder" else hours

    @property
    def said(self) -> dict[str, Any]:
        """What was set, as the service wants it; what is as we ship it is left empty."""
        data = self.cleaned_data
        hours, channels = self._hours(data), data.get("channels", [])
        return {
            "on": data.get("on", True),
            "channels": [] if set(channels) == set(self._kind.channels) else channels,
            "hours": [] if tuple(hours) == self._kind.hours else hours,
        }


class WordingForm(forms.Form):
    """A message in the clinic's own words."""

    subject = forms.CharField(max_length=LONGEST_SUBJECT, required=False, label=gettext_lazy("Subject"))
    text = forms.CharField(label=gettext_lazy("Text"), required=False, strip=False, widget=text_area(14))

    def __init__(self, data: Any, *, channel: str, words: Words) -> None:
        super().__init__(data, initial={"subject": words.subject, "text": words.text})
        if channel == SMS:
            del self.fields["subject"]

    @property
    def words(self) -> Words:
        """What was written, with one kind of line end."""
        said = self.cleaned_data
        return Words(said.get("subject", ""), "\n".join(said["text"].splitlines()))

    def add_faults(self, faults: list[Fault]) -> None:
        """Say beside the text what is wrong with it."""
        for fault in faults:
            field = "subject" if fault.code in ("no-subject", "two-lines") else "text"
            self.add_error(field, str(FAULTS[fault.code]) % {"names": ", ".join(_named(fault))})


def placeholder_rows(code: str) -> list[tuple[str, str | Promise]]:
    """What a text of this kind may hold, each with what stands there then."""
    return [(f"{{{name}}}", words) for name, words in PLACEHOLDERS.items() if name in placeholders_of(code)]


def _named(fault: Fault) -> tuple[str, ...]:
    return tuple(f"{{{name}}}" for name in fault.names) if fault.code == "unknown" else fault.names


def _times(kind: Kind) -> int:
    return MOST_REMINDERS if kind.code == "reminder" else len(kind.hours)


def _label(kind: Kind, number: int) -> str:
    what = {"n": number + 1}
    if kind.code == "package-expiring":
        return _("Hours before the package ends")
    if kind.code in _BEFORE:
        return _("Reminder %(n)s: hours before the visit") % what
    return _("Message %(n)s: hours after the visit") % what if _times(kind) > 1 else _("Hours after the visit")

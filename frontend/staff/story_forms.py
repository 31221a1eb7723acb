"""A story as it is written, and when it goes out."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from booking.reminders.models import Story, Topic
from booking.rules.stories import LONGEST_TEXT, LONGEST_TITLE
from booking.rules.walltime import NoSuchWallTime, TwoSuchWallTimes, to_utc
from booking.rules.wording import Fault
from booking.services.stories import StoryWords
from frontend.staff.forms import text_area

FAULTS: Final[dict[str, str | Promise]] = {
    "no-title": gettext_lazy("A story needs a title."),
    "no-text": gettext_lazy("Please write a text, or leave the title out too."),
    "too-long": gettext_lazy("This is too long: a title has up to 120 signs, a text up to 10,000."),
    "two-lines": gettext_lazy("The title has to stand in one line."),
    "hidden": gettext_lazy("There are signs in it that nobody sees. Please type it anew in place of pasting it."),
    "brace": gettext_lazy("A curly bracket stands alone. Placeholders look like {clinic}."),
    "unknown": gettext_lazy("We don't know these placeholders: %(names)s."),
    "clinical": gettext_lazy("A title is seen on locked screens, so it says nothing of health: %(names)s."),
    "link": gettext_lazy("Links have to begin with https: these don't: %(names)s."),
}
_OF_TITLE: Final = ("no-title", "two-lines", "clinical")


class StoryForm(forms.Form):
    """What a story is about, and its words in one language or more."""

    topic = forms.ChoiceField(
        label=gettext_lazy("What it is about"),
        choices=Topic.choices,
        widget=forms.RadioSelect,
        help_text=gettext_lazy("It goes to those who chose such stories."),
    )

    def __init__(self, data: Any, *, story: Story | None) -> None:
        texts = {one.language: one for one in story.texts.all()} if story else {}
        super().__init__(data, initial={"topic": story.topic if story else Topic.NEWS})
        for language, name in settings.MESSAGE_LANGUAGES:
            text = texts.get(language)
            named = {"language": name}
            self.fields[f"title-{language}"] = forms.CharField(
                label=_("Title in %(language)s") % named,
                required=False,
                max_length=LONGEST_TITLE,
                initial=text.title if text else "",
                widget=forms.TextInput({"lang": language}),
            )
            self.fields[f"text-{language}"] = forms.CharField(
                label=_("Text in %(language)s") % named,
                required=False,
                max_length=LONGEST_TEXT + 1000,  # line ends count twice until they are read
                strip=False,
                initial=text.text if text else "",
                widget=text_area(10),
            )

    @property
    def in_languages(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """Title and text of each language."""
        return [(self[f"title-{code}"], self[f"text-{code}"]) for code, _name in settings.MESSAGE_LANGUAGES]

    @property
    def words(self) -> Mapping[str, StoryWords]:
        """What was written, with one kind of line end."""
        said = self.cleaned_data
        return {
            code: StoryWords(said[f"title-{code}"], "\n".join(said[f"text-{code}"].splitlines()))
            for code, _name in settings.MESSAGE_LANGUAGES
        }

    def add_faults(self, faults: list[tuple[str, Fault]]) -> None:
        """Say beside each title or text what is wrong with it."""
        if not faults:
            self.add_error(None, _("Please write a title and a text in at least one language."))
        for language, fault in faults:
            field = "title" if fault.code in _OF_TITLE else "text"
            form = {"unknown": "{%s}", "clinical": "%s…"}.get(fault.code, "%s")
            names = ", ".join(form % name for name in fault.names)
            self.add_error(f"{field}-{language}", str(FAULTS[fault.code]) % {"names": names})


class SendForm(forms.Form):
    """When it goes out; empty: now."""

    at = forms.DateTimeField(
        label=gettext_lazy("Not before (empty: now)"),
        required=False,
        input_formats=["%Y-%m-%dT%H:%M"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )

    def __init__(self, data: Any, *, zone: str, now: datetime) -> None:
        super().__init__(data)
        self._zone, self._now = zone, now

    def clean_at(self) -> datetime | None:
        """The moment on the clinic's clock, within a year from now."""
        typed: datetime | None = self.cleaned_data["at"]
        if typed is None:
            return None
        if not abs(typed - self._now) < timedelta(days=400):
            raise ValidationError(_("Please choose a time within a year from now."))
        try:
            at = to_utc(typed.replace(tzinfo=None), self._zone)
        except (NoSuchWallTime, TwoSuchWallTimes) as error:
            raise ValidationError(_("The clocks change at that time. Please choose another.")) from error
        if not self._now <= at <= self._now + timedelta(days=365):
            raise ValidationError(_("Please choose a time within a year from now."))
        return at


class TakeOffForm(forms.Form):
    """A mailbox whose owner told the clinic that they want no stories."""

    email = forms.EmailField(label=gettext_lazy("E-mail address"), max_length=254)

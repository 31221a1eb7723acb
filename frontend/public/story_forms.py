"""Which stories somebody wants, and to which mailbox."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from booking.reminders.models import Topic
from booking.rules.stories import mailbox_of
from booking.services.subscriptions import StoryChoice


class ChoiceForm(forms.Form):
    """What a reader chooses: nothing is ticked before they do."""

    topics = forms.MultipleChoiceField(
        label=_("Which stories?"),
        choices=Topic.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one.")},
    )
    language = forms.ChoiceField(
        label=_("In which language?"),
        choices=[
            (code, {"en": "English", "fr-ca": "Français"}.get(code, name)) for code, name in settings.MESSAGE_LANGUAGES
        ],
        widget=forms.RadioSelect,
        initial=settings.LANGUAGE_CODE,
    )
    monthly = forms.BooleanField(label=_("One a month at most is enough"), required=False)

    @property
    def choice(self) -> StoryChoice:
        return StoryChoice(**{name: self.cleaned_data[name] for name in ("language", "topics", "monthly")})


class SignUpForm(ChoiceForm):
    """The same, with the mailbox first."""

    email = forms.EmailField(
        label=_("Email"),
        max_length=254,
        widget=forms.EmailInput({"autocomplete": "email"}),
        error_messages={
            "required": _("Give an email address."),
            "invalid": _("Give an email address like name@example.com."),
        },
    )
    field_order = ("email", "topics", "language", "monthly")

    def clean_email(self) -> str:
        typed: str = self.cleaned_data["email"]
        try:
            return mailbox_of(typed)
        except ValueError:
            raise ValidationError(_("Give an email address like name@example.com.")) from None


def form_of(choice: Any) -> dict[str, Any]:
    """What a form shows that was chosen before."""
    return {"language": choice.language, "topics": choice.topics, "monthly": choice.monthly}

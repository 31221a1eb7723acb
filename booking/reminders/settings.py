"""What a clinic has set for its messages: which kinds it sends, by what, and when. The rest is as we ship it."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext_noop

from booking.models import Location
from booking.reminders.models import MessageSetting
from booking.rules.kinds import KINDS, kind_of

SWITCHED_OFF = gettext_noop("The clinic has switched such messages off.")


@dataclass(frozen=True, slots=True)
class ClinicMessages:
    """A clinic's own settings by kind; what it left alone is as the kind says."""

    own: Mapping[str, MessageSetting]

    def channels(self, code: str) -> tuple[str, ...]:
        """By which channels a message goes to somebody who can be reached by all; none if its kind is switched off."""
        kind = kind_of(code)
        found = self.own.get(kind.code)
        if found is None:
            return kind.channels
        if kind.switchable and not found.on:
            return ()
        return tuple(found.channels) or kind.channels

    def hours(self, code: str) -> tuple[int, ...]:
        """When messages of a timed kind are due, in hours; what they count from is the kind's own."""
        kind = kind_of(code)
        found = self.own.get(kind.code)
        return tuple(found.hours if found else ()) or kind.hours

    def all_hours(self) -> dict[str, tuple[int, ...]]:
        """The same for all timed kinds."""
        return {code: self.hours(code) for code, kind in KINDS.items() if kind.hours}


def messages_of(location: Location | None) -> ClinicMessages:
    """What a clinic has set, in one query; without a clinic everything is as we ship it."""
    rows = MessageSetting.objects.filter(location=location) if location else ()
    return ClinicMessages({one.kind: one for one in rows})


def message_language(code: str) -> str:
    """The language of a message to somebody who reads `code`: ours, or ours of another country, or else English."""
    ours = [known for known, _name in settings.MESSAGE_LANGUAGES]
    alike = [known for known in ours if known[:2] == code[:2].lower()]
    return code if code in ours else next(iter(alike), settings.LANGUAGE_CODE)

"""What a clinic has set for its messages, kind by kind, and who wrote its words."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import QuerySet

from booking.models import Location
from booking.reminders.models import MessageSetting, MessageTemplate
from booking.reminders.settings import messages_of
from booking.reminders.wording import MessageForm
from booking.rules.kinds import KINDS, Kind


@dataclass(frozen=True, slots=True)
class KindSet:
    """One kind as the clinic sends it; `own` are the channels and languages that it has its own words for."""

    kind: Kind
    channels: tuple[str, ...]
    hours: tuple[int, ...]
    own: frozenset[tuple[str, str]]
    setting: MessageSetting | None

    @property
    def on(self) -> bool:
        """Whether it is sent at all."""
        return bool(self.channels)


def kinds_set(location: Location) -> list[KindSet]:
    """Every kind as the clinic sends it, in the order of the one table."""
    settings, own = messages_of(location), _own_forms(location)
    return [
        KindSet(kind, settings.channels(code), settings.hours(code), own[code], settings.own.get(code))
        for code, kind in KINDS.items()
    ]


def message_is_on(location: Location, code: str) -> bool:
    """Whether the clinic sends messages of this kind."""
    return bool(messages_of(location).channels(code))


def wordings_of(form: MessageForm) -> QuerySet[MessageTemplate]:
    """All that the clinic has written for a message, the newest first; without a text it went back to ours."""
    written = MessageTemplate.objects.filter(
        location=form.location, kind=form.kind, channel=form.channel, language=form.language
    )
    return written.select_related("written_by").order_by("-id")


def _own_forms(location: Location) -> Mapping[str, frozenset[tuple[str, str]]]:
    newest = MessageTemplate.objects.filter(location=location).order_by("kind", "channel", "language", "-id")
    found: defaultdict[str, frozenset[tuple[str, str]]] = defaultdict(frozenset)
    for one in newest.distinct("kind", "channel", "language"):
        if one.text:
            found[one.kind] |= {(one.channel, one.language)}
    return found

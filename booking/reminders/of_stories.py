"""Stories as rows of the outbox: one for each reader, at the clinic's pace, and whether one may still go out."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_noop

from booking.models import Location
from booking.reminders.models import AddressMark, Communication, Story, StoryText, Subscriber
from booking.reminders.quiet import quiet_hours
from booking.reminders.rows import message_row
from booking.reminders.subscribers import UNSUBSCRIBED
from booking.reminders.ways import COMPLAINED, MAILBOX_FAILS, marked_as
from booking.rules.kinds import kind_of
from booking.rules.reminders import Planned, QuietHours
from booking.rules.stories import ENOUGH, due_times
from booking.rules.wording import filled

KIND: Final = "story"
STORY_STOPPED: Final = gettext_noop("The story was stopped.")
TOPIC_LEFT: Final = gettext_noop("They no longer want stories like this one.")
FEW_WANTED: Final = gettext_noop("They want one story a month at most, and have had one.")
_EMAIL: Final = Communication.Channel.EMAIL
_UNSENT: Final = (Communication.Status.NOT_DONE, Communication.Status.STOPPED)
_MARKED: Final = {AddressMark.What.BOUNCED: MAILBOX_FAILS, AddressMark.What.COMPLAINED: COMPLAINED}


def readers_of(story: Story) -> QuerySet[Subscriber]:
    """Who gets this story: whoever wants such stories and reads a language that it is written in."""
    languages = story.texts.values("language")
    return Subscriber.objects.filter(
        state=Subscriber.State.ACTIVE, topics__contains=[story.topic], language__in=languages
    )


def write_rows(*, story: Story, place: Location | None, limit: int, now: datetime) -> int:
    """Put the next readers' messages into the outbox, each due a little later; answers how many. Safe twice."""
    mine = Communication.objects.filter(story=story, subscriber=OuterRef("pk"))
    readers = list(readers_of(story).filter(~Exists(mine)).order_by("pk")[:limit])
    sated = _had_enough(readers, story, now)
    times = due_times(
        first=_free_from(story, now),
        per_minute=place.stories_per_minute if place else 1,
        quiet=night_of_readers(place),
    )
    rows = [
        _unwanted(_row(story, one, now, now)) if one.pk in sated else _row(story, one, next(times), now)
        for one in readers
    ]
    Communication.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def night_of_readers(place: Location | None) -> QuietHours | None:
    """When no story goes out: the clinic's quiet hours, or as for texts, for nobody waits for a story by night."""
    return quiet_hours(patient=None, place=place, channel=Communication.Channel.SMS)


def pace_is_used(place: Location | None, now: datetime) -> bool:
    """Whether as many stories went out in the last minute as may: after a standstill they don't all go at once."""
    lately = Communication.objects.filter(kind=KIND, maybe_sent_at__gt=now - timedelta(minutes=1))
    return place is not None and lately.count() >= place.stories_per_minute


def why_not_told(communication: Communication) -> str:
    """Why a story does not go to its reader now, in words; empty if it does."""
    story, reader = communication.story, communication.subscriber
    if story is None or story.state != Story.State.SENDING:
        return STORY_STOPPED
    if reader is None or reader.state != Subscriber.State.ACTIVE:
        return UNSUBSCRIBED
    if story.topic not in reader.topics:
        return TOPIC_LEFT
    mark = marked_as(_EMAIL, reader.address)
    return _MARKED.get(AddressMark.What(mark.what), "") if mark else ""


def stop_rows(story: Story) -> int:
    """Keep back what waits; answers how many."""
    waiting = story.communications.filter(status=Communication.Status.PREPARATION, maybe_sent_at=None)
    return waiting.update(status=Communication.Status.STOPPED, status_reason=STORY_STOPPED)


def story_context(communication: Communication, clinic: Location | None) -> dict[str, Any]:
    """What the letter of a story is made of: its words, and where its reader chooses and leaves."""
    if communication.story is None or communication.subscriber is None:
        return {}
    words = _text_in(communication.story.texts.all(), communication.language)
    return _words(words.title, words.text, clinic) | {
        "path": f"/stories/mine/{communication.subscriber.token}/",
        "leave_url": f"{settings.SITE_URL}/stories/leave/{communication.subscriber.token}/",
    }


def story_words(text: StoryText, clinic: Location | None) -> dict[str, str]:
    """The words of a story in one language with their placeholders filled in."""
    return _words(text.title, text.text, clinic)


def _words(title: str, text: str, clinic: Location | None) -> dict[str, str]:
    values = {
        "clinic": clinic.name if clinic else "",
        "phone": clinic.phone.as_national if clinic else "",
        "link": f"{settings.SITE_URL}/book/",
    }
    return {"title": " ".join(filled(title, values).split()), "story": filled(text, values).strip()}


def _text_in(texts: Iterable[StoryText], language: str) -> StoryText:
    known = {one.language: one for one in texts}
    return known.get(language) or next(iter(known.values()))


def _free_from(story: Story, now: datetime) -> datetime:
    """When the next message may be due: after everything that other stories still send, so that the pace is kept."""
    waiting = Communication.objects.filter(kind=KIND, status=Communication.Status.PREPARATION).order_by("-due_at")
    last = waiting.values_list("due_at", flat=True).first()
    return max(moment for moment in (story.send_at, last, now) if moment)


def _had_enough(readers: list[Subscriber], story: Story, now: datetime) -> set[UUID]:
    """Which of these want few stories and have had one lately, or are about to get one."""
    few = [one.pk for one in readers if one.monthly]
    had = Communication.objects.filter(subscriber__in=few, kind=KIND, due_at__gt=now - ENOUGH)
    had = had.exclude(story=story).exclude(status__in=_UNSENT)
    return set(had.values_list("subscriber", flat=True))


def _unwanted(row: Communication) -> Communication:
    row.status, row.status_reason = Communication.Status.NOT_DONE, FEW_WANTED
    return row


def _row(story: Story, reader: Subscriber, due_at: datetime, now: datetime) -> Communication:
    row = message_row(
        subject=f"story/{story.pk}/{reader.pk}",
        planned=Planned(due_at, KIND, due_at + kind_of(KIND).keeps),
        recipient=reader.address,
        language=reader.language,
        now=now,
    )
    row.story, row.subscriber = story, reader
    return row

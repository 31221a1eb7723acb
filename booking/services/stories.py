"""Stories: written, looked at, sent at once or later, stopped. They go out beside everything else and after it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import override

from booking.errors import NotPossibleNow
from booking.errors_of_messages import StoryRefused
from booking.reminders.channels.base import Letter
from booking.reminders.letters import context_of, letter_in
from booking.reminders.models import Communication, Story, StoryText, Topic
from booking.reminders.of_stories import KIND, stop_rows, story_words, write_rows
from booking.reminders.rows import message_row
from booking.reminders.settings import message_language
from booking.reminders.wording import our_words
from booking.rules.kinds import EMAIL, kind_of
from booking.rules.reminders import Planned
from booking.rules.stories import faults_of_story
from booking.selectors.locations import the_clinic
from booking.selectors.stories import due_stories
from booking.services.schedules import require_settler
from intake.models import User
from intake.services.audit import record_event

BATCH: Final = 500
FARTHEST: Final = timedelta(days=366)
_SAMPLE: Final = "message-sample"
_NOWHERE: Final = "/stories/"  # where the link of a sample leads


@dataclass(frozen=True, slots=True)
class StoryWords:
    """What a story says in one language."""

    title: str
    text: str


def write_story(*, story: Story | None, topic: str, words: Mapping[str, StoryWords], by: User, now: datetime) -> Story:
    """Keep a story that nobody has got yet, new (None) or written before; a language without words is left out.

    :raises NotAllowed: `by` is neither a manager nor the owner
    :raises NotPossibleNow: it is on its way, or was stopped
    :raises StoryRefused: it says nothing, or what it says can't be sent
    """
    require_settler(by)
    said = {language: one for language, one in words.items() if one.title.strip() or one.text.strip()}
    _refuse_faults(topic, said)
    with transaction.atomic(durable=True):
        story = Story(created_at=now) if story is None else _locked_draft(story)
        story.topic, story.changed_at, story.changed_by = topic, now, by
        story.save()
        story.texts.all().delete()
        StoryText.objects.bulk_create(
            StoryText(story=story, language=language, title=one.title.strip(), text=one.text)
            for language, one in sorted(said.items())
        )
        record_event(action="story-written", entity=story, by=by, now=now)
    return story


def drop_story(*, story: Story, by: User, now: datetime) -> None:
    """Throw a story away that nobody has got.

    :raises NotAllowed, NotPossibleNow: as `write_story`
    """
    require_settler(by)
    with transaction.atomic(durable=True):
        locked = _locked_draft(story)
        record_event(action="story-dropped", entity=locked, by=by, now=now)
        locked.delete()


def send_story(*, story: Story, at: datetime | None, by: User, now: datetime) -> Story:
    """Send a story to its readers from now on, or from `at` on; its words stay as they are.

    :raises NotAllowed, NotPossibleNow: as `write_story`; or the time is over, or more than a year away
    """
    require_settler(by)
    if at is not None and not now <= at <= now + FARTHEST:
        raise NotPossibleNow
    with transaction.atomic(durable=True):
        locked = _locked_draft(story)
        locked.state, locked.send_at, locked.changed_at, locked.changed_by = Story.State.SENDING, at or now, now, by
        locked.save(update_fields=["state", "send_at", "changed_at", "changed_by"])
        record_event(action="story-sent", entity=locked, by=by, now=now)
    return locked


def stop_story(*, story: Story, by: User, now: datetime) -> Story:
    """Keep back what has not gone out. Safe twice.

    :raises NotAllowed: `by` is neither a manager nor the owner
    :raises NotPossibleNow: it was never sent
    """
    require_settler(by)
    with transaction.atomic(durable=True):
        locked = Story.objects.select_for_update(no_key=True).get(pk=story.pk)
        if locked.state == Story.State.DRAFT:
            raise NotPossibleNow
        if locked.state == Story.State.SENDING:
            locked.state, locked.changed_at, locked.changed_by = Story.State.STOPPED, now, by
            locked.save(update_fields=["state", "changed_at", "changed_by"])
            record_event(action="story-stopped", entity=locked, by=by, details={"waiting": stop_rows(locked)}, now=now)
    return locked


def send_story_sample(*, story: Story, language: str, by: User, now: datetime) -> Communication:
    """Mail a story as it would read to whoever asks for it.

    :raises NotAllowed: `by` is neither a manager nor the owner
    :raises NotPossibleNow: it is not written in this language
    """
    require_settler(by)
    letter = story_letter(story=story, language=language, now=now)
    row = message_row(
        subject=f"sample/{by.pk}/{now.timestamp()}",
        planned=Planned(now, _SAMPLE, now + kind_of(_SAMPLE).keeps),
        recipient=by.email,
        language=language,
        content={"subject": letter.subject, "text": letter.text},
        now=now,
    )
    row.save(force_insert=True)
    return row


def story_letter(*, story: Story, language: str, now: datetime) -> Letter:
    """A story as a letter to nobody.

    :raises NotPossibleNow: it is not written in this language
    """
    text = next((one for one in story.texts.all() if one.language == language), None)
    if text is None:
        raise NotPossibleNow
    clinic = the_clinic()
    sample = Communication(
        kind=KIND,
        channel=EMAIL,
        language=language,
        content=story_words(text, clinic) | {"path": _NOWHERE},
        created_at=now,
        due_at=now,
        not_after=now,
    )
    with override(message_language(language)):
        context = context_of(sample, now=now)
        words = our_words(KIND, channel=EMAIL, language=language, context=context)
        return letter_in(words, sample, context=context, now=now)


def write_due_stories(*, now: datetime) -> int:
    """Put the next readers of every due story into the outbox; answers how many messages were written. Safe twice,
    late, and beside itself.
    """
    return sum(_write_next(story.pk, now) for story in due_stories(now=now))


def _write_next(story_id: UUID, now: datetime) -> int:
    with transaction.atomic(durable=True):
        waiting = due_stories(now=now).filter(pk=story_id).select_for_update(skip_locked=True, no_key=True)
        story = waiting.first()
        if story is None:  # stopped, or somebody else writes it at this moment
            return 0
        written = write_rows(story=story, place=the_clinic(), limit=BATCH, now=now)
        if written < BATCH:
            story.written_at = now
            story.save(update_fields=["written_at"])
        return written


def _locked_draft(story: Story) -> Story:
    locked = Story.objects.select_for_update(no_key=True).filter(pk=story.pk, state=Story.State.DRAFT).first()
    if locked is None:
        raise NotPossibleNow
    return locked


def _refuse_faults(topic: str, said: Mapping[str, StoryWords]) -> None:
    faults = [
        (language, fault) for language, one in said.items() for fault in faults_of_story(title=one.title, text=one.text)
    ]
    unknown = [one for one in said if message_language(one) != one]
    if faults or not said or unknown or topic not in Topic.values:
        raise StoryRefused(faults=faults)

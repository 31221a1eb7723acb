"""Readers of stories, and stories."""

from collections.abc import Sequence
from datetime import datetime
from itertools import count

from booking.reminders.models import Story, Subscriber
from booking.services.stories import StoryWords, send_story, write_story
from intake.models import Role, User
from intake.tokens import hash_token, new_token
from tests.factories.booking import NOW
from tests.factories.intake import make_user

_numbers = count(1)
ENGLISH = {"en": StoryWords("New hours in spring", "We open at eight.\n\nCall {phone}.")}
BOTH = ENGLISH | {"fr-ca": StoryWords("Nouvel horaire", "Nous ouvrons à huit heures.")}


def make_reader(
    address: str = "",
    *,
    state: str = "active",
    language: str = "en",
    topics: Sequence[str] = ("news",),
    monthly: bool = False,
    token: str = "",
    now: datetime = NOW,
) -> Subscriber:
    """A mailbox that gets stories, in the state that is asked for."""
    token = token or new_token()
    return Subscriber.objects.create(
        address=address or f"reader{next(_numbers)}@example.test",
        state=state,
        state_since=now,
        language=language,
        topics=list(topics),
        monthly=monthly,
        token=token,
        token_hash=hash_token(token),
    )


def make_story(*, words: dict[str, StoryWords] | None = None, by: User | None = None, now: datetime = NOW) -> Story:
    """A story about news that nobody has got yet."""
    by = by or make_user(Role.MANAGER)
    return write_story(story=None, topic="news", words=words or ENGLISH, by=by, now=now)


def make_sent_story(*, words: dict[str, StoryWords] | None = None, now: datetime = NOW) -> Story:
    """A story whose readers get it from now on."""
    story = make_story(words=words, now=now)
    return send_story(story=story, at=None, by=story.changed_by, now=now)

"""Stories, their readers, and what became of each that was sent. Counts, never a list of mailboxes."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Q, QuerySet

from booking.reminders.models import Communication, DeliveryReport, Story, StoryConsent, Subscriber
from booking.reminders.of_stories import readers_of
from booking.rules.stories import LINK_LASTS, mailbox_of
from intake.tokens import hash_token

Status = Communication.Status
_OPEN = (Status.PREPARATION, Status.IN_PROGRESS)
_ENDED = (Status.NOT_DONE, Status.STOPPED)
_CAME_BACK = (DeliveryReport.What.BOUNCED, DeliveryReport.What.FAILED)


@dataclass(frozen=True, slots=True)
class Sending:
    """What became of a story: how many wait, were sent, came back, were not sent, and how many of its readers said no
    afterwards.
    """

    waiting: int = 0
    sent: int = 0
    came_back: int = 0
    not_sent: int = 0
    left: int = 0
    last_due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """A story and where it stands. `is_over`: it was stopped, or everybody had it; `is_planned`: its time has not come,
    or its readers' messages are about to be written.
    """

    story: Story
    sending: Sending

    @property
    def title(self) -> str:
        return " / ".join(one.title for one in self.story.texts.all())

    @property
    def is_over(self) -> bool:
        done = self.story.written_at is not None and self.sending.waiting == 0
        return self.story.state == Story.State.STOPPED or done

    @property
    def is_planned(self) -> bool:
        begun = self.sending.waiting + self.sending.sent + self.sending.not_sent
        return self.story.state == Story.State.SENDING and not self.is_over and not begun


@dataclass(frozen=True, slots=True)
class StoriesFor:
    """Whether stories go to a mailbox that is proven; if they do, `token` opens the page to choose."""

    mailbox: str
    gets_them: bool
    token: str = ""


def reader_by_token(token: str) -> Subscriber | None:
    """Whose link this is, for as long as we know the mailbox."""
    return Subscriber.objects.filter(token_hash=hash_token(token)).first()


def reader_at(mailbox: str) -> Subscriber | None:
    """Who is known at a mailbox, whether they get stories or not."""
    return Subscriber.objects.filter(address=mailbox).first()


def stories_for(address: str) -> StoriesFor:
    """How it stands with stories to the mailbox of whoever is signed in."""
    try:
        reader = reader_at(mailbox_of(address))
    except ValueError:
        reader = None
    gets_them = reader is not None and reader.state == Subscriber.State.ACTIVE
    return StoriesFor(address, gets_them, reader.token if reader and gets_them else "")


def consent_by_token(token: str, *, now: datetime) -> StoryConsent | None:
    """What is said yes to by this link, while it is good."""
    asked = StoryConsent.objects.filter(what=StoryConsent.What.ASKED, token_hash=hash_token(token))
    return asked.filter(recorded_at__gt=now - LINK_LASTS).first()


def stories(*, limit: int = 100) -> list[Told]:
    """The latest stories, the newest first."""
    return _told(list(Story.objects.prefetch_related("texts").order_by("-created_at", "pk")[:limit]))


def told(story: Story) -> Told:
    """A story and where it stands."""
    return _told([story])[0]


def reasons_not_sent(story: Story) -> list[tuple[str, int]]:
    """Why some readers did not get it, and how many; what a mail server added stays out, for it may name them."""
    rows = story.communications.filter(status__in=_ENDED).values_list("status_reason").annotate(many=Count("pk"))
    counted: Counter[str] = Counter()
    for reason, many in rows:
        counted[reason.partition(": ")[0]] += many
    return counted.most_common()


def readers_by_language(story: Story | None = None) -> Mapping[str, int]:
    """How many get stories, or this story, by language."""
    readers = readers_of(story) if story else _active()
    return dict(readers.values_list("language").annotate(Count("pk")).order_by("language"))


def readers_left_out(story: Story) -> int:
    """How many want such stories and read a language that this one is not written in."""
    languages = story.texts.values("language")
    return _active().filter(topics__contains=[story.topic]).exclude(language__in=languages).count()


def story_history(reader: Subscriber) -> QuerySet[StoryConsent]:
    """What a reader has said, the newest first."""
    return reader.consents.order_by("-id")


def due_stories(*, now: datetime) -> QuerySet[Story]:
    """Stories whose time has come, and whose readers don't all have their rows yet."""
    return Story.objects.filter(Q(state=Story.State.SENDING, written_at=None, send_at__lte=now)).order_by("send_at")


def _active() -> QuerySet[Subscriber]:
    return Subscriber.objects.filter(state=Subscriber.State.ACTIVE)


def _told(found: list[Story]) -> list[Told]:
    """In three queries, however many."""
    counted = _counted(found)
    back = DeliveryReport.objects.filter(communication__story__in=found, what__in=_CAME_BACK)
    came_back = dict(back.values_list("communication__story").annotate(many=Count("communication", distinct=True)))
    ended = StoryConsent.objects.filter(story__in=found, what=StoryConsent.What.ENDED)
    left = dict(ended.values_list("story").annotate(many=Count("pk")))
    return [
        Told(one, Sending(**counted.get(one.pk, {}), came_back=came_back.get(one.pk, 0), left=left.get(one.pk, 0)))
        for one in found
    ]


def _counted(found: list[Story]) -> dict[UUID, dict[str, Any]]:
    waits = Q(status__in=_OPEN)
    counted = Communication.objects.filter(story__in=found).order_by().values("story")
    figures = {
        "waiting": Count("pk", filter=waits),
        "sent": Count("pk", filter=Q(status=Status.COMPLETED)),
        "not_sent": Count("pk", filter=Q(status__in=_ENDED)),
        "last_due_at": Max("due_at", filter=waits),
    }
    rows = counted.annotate(**figures).values_list("story", *figures)
    return {story: dict(zip(figures, rest, strict=True)) for story, *rest in rows}

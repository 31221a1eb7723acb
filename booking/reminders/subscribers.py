"""The end of a subscription, whoever says it: its reader, their mail program or provider, the clinic, or a mailbox that
takes no mail. What waits for it stays here.
"""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_noop

from booking.reminders.models import AddressMark, Communication, Story, StoryConsent, Subscriber
from intake.models import User

UNSUBSCRIBED = gettext_noop("They want no stories any more.")

State = Subscriber.State
How = StoryConsent.How
_HOW_OF_MARK = {AddressMark.What.BOUNCED: How.BOUNCE, AddressMark.What.COMPLAINED: How.COMPLAINT}


@transaction.atomic
def end_subscription(
    *, subscriber: Subscriber, how: StoryConsent.How, by: User | None = None, now: datetime
) -> Subscriber:
    """From now on this mailbox gets no story. Safe twice: the first word counts."""
    locked = Subscriber.objects.select_for_update(no_key=True).get(pk=subscriber.pk)
    if locked.state == State.ENDED:
        return locked
    locked.state, locked.state_since = State.ENDED, now
    locked.save(update_fields=["state", "state_since"])
    StoryConsent.objects.create(
        subscriber=locked,
        what=StoryConsent.What.ENDED,
        how=how,
        language=locked.language,
        story=last_story_to(locked),
        by=by,
        recorded_at=now,
    )
    waiting = locked.communications.filter(status=Communication.Status.PREPARATION, maybe_sent_at=None)
    waiting.update(status=Communication.Status.STOPPED, status_reason=UNSUBSCRIBED, content=None)
    return locked


def end_subscription_at(mailbox: str, *, what: str, now: datetime) -> None:
    """A mailbox takes no mail, or called ours unwanted: no story goes there any more."""
    how = _HOW_OF_MARK.get(AddressMark.What(what))
    reader = Subscriber.objects.filter(address=mailbox).first() if how else None
    if how and reader:
        end_subscription(subscriber=reader, how=how, now=now)


def forget_subscriber(subscriber: Subscriber) -> None:
    """Take a mailbox out of everything that stories left behind; that so many were sent stays counted."""
    sent = Communication.objects.filter(subscriber=subscriber)
    waiting = sent.filter(status__in=[Communication.Status.PREPARATION, Communication.Status.IN_PROGRESS])
    waiting.update(status=Communication.Status.STOPPED, status_reason=UNSUBSCRIBED)
    sent.update(recipient="", content=None)
    subscriber.delete()


def last_story_to(subscriber: Subscriber) -> Story | None:
    """The story that reached this mailbox last: it is what somebody answers with their no."""
    sent = subscriber.communications.filter(story__isnull=False, sent_at__isnull=False).order_by("-sent_at")
    row = sent.select_related("story").first()
    return row.story if row else None

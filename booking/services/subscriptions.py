"""Who gets stories: asked for on a page, said yes to with a button behind a mailed link, chosen and ended by link."""

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _noop

from booking.errors_of_messages import StoriesNotPossible, UnknownStoryLink
from booking.reminders.addresses import mark_address
from booking.reminders.models import AddressMark, Communication, StoryConsent, Subscriber, Topic
from booking.reminders.rows import message_row
from booking.reminders.settings import message_language
from booking.reminders.subscribers import end_subscription, forget_subscriber
from booking.rules.kinds import kind_of
from booking.rules.reminders import Planned
from booking.rules.stories import mailbox_of
from booking.selectors.stories import consent_by_token, reader_at
from booking.services.schedules import require_settler
from intake.errors import TooManyAttempts
from intake.models import User
from intake.origin import network_of
from intake.services.limits import count_attempt
from intake.tokens import hash_token, new_token

# What is read beside the button. A change of the words needs another version beside it.
WORDING_VERSION: Final = "1"
YES_TO_STORIES: Final = _noop(
    "Send me the stories I chose by e-mail. They say nothing about my health or my visits. I can choose anew or stop "
    "at any time with the link in each mail, or by telling you."
)
DAY: Final = timedelta(days=1)
MONTH: Final = timedelta(days=30)
MAILS_A_DAY: Final = 3  # to one mailbox, so that nobody can be bombed with our mails
MAILS_A_MONTH: Final = 6
ASKS_OF_A_NETWORK: Final = 40
# A yes is kept as proof for three years after its end: so long somebody may complain under Canada's anti-spam law.
KEPT_AFTER_THE_END: Final = timedelta(days=3 * 365)
_CONFIRM: Final = "story-confirm"

State = Subscriber.State
What, How = StoryConsent.What, StoryConsent.How


@dataclass(frozen=True, slots=True)
class StoryChoice:
    """What a reader chose: in which language, about what, and whether one a month is enough."""

    language: str
    topics: Collection[str]
    monthly: bool = False


def ask_for_stories(*, address: str, choice: StoryChoice, how: str, origin: str, now: datetime) -> None:
    """Mail a link to this mailbox with which its owner says yes; nothing else comes before that. Whether the mailbox is
    known, gets stories already or was asked too often can't be told from outside.

    `origin` is the network address that asks.

    :raises StoriesNotPossible: no such mailbox, topic or language
    :raises TooManyAttempts: too many were asked for from this network
    """
    mailbox = _mailbox(address)
    _check(choice)
    count_attempt(key=f"stories-from:{network_of(origin)}", limit=ASKS_OF_A_NETWORK, window=DAY, now=now)
    with suppress(TooManyAttempts):
        _count_mails_to(mailbox, now)
        _ask(mailbox, choice, how, now)


def confirm_stories(*, token: str, now: datetime) -> Subscriber:
    """Somebody pressed the button behind the link in the mail, so the mailbox is theirs. Safe twice.

    :raises UnknownStoryLink: nobody has this link, it is too old, or its reader has ended it since
    """
    with transaction.atomic(durable=True):
        asked = consent_by_token(token, now=now)
        if asked is None:
            raise UnknownStoryLink
        reader = Subscriber.objects.select_for_update(no_key=True).get(pk=asked.subscriber_id)
        since = reader.consents.filter(pk__gt=asked.pk)
        if since.filter(what=What.ENDED).exists():
            raise UnknownStoryLink
        if not since.filter(what=What.CONFIRMED).exists():
            _say_yes(reader, asked, now)
        return reader


def choose_stories(*, reader: Subscriber, choice: StoryChoice, now: datetime) -> Subscriber:
    """Keep what a reader chose by their link.

    :raises StoriesNotPossible: they get no stories, or there is no such topic or language
    """
    _check(choice)
    with transaction.atomic(durable=True):
        locked = Subscriber.objects.select_for_update(no_key=True).get(pk=reader.pk)
        if locked.state != State.ACTIVE:
            raise StoriesNotPossible
        _keep(locked, choice)
        locked.save(update_fields=["language", "topics", "monthly"])
        _record(locked, What.CHANGED, How.MAIL, choice, now)
        return locked


def leave_stories(*, reader: Subscriber, how: str, now: datetime) -> Subscriber:
    """A reader wants no more, by the page or by the button of their mail program. At once, and safe twice."""
    return end_subscription(subscriber=reader, how=How(how), now=now)


def take_off_list(*, address: str, by: User, now: datetime) -> None:
    """Somebody told the clinic that this mailbox wants no stories; whether it ever had any is not said.

    :raises NotAllowed: `by` is neither a manager nor the owner
    :raises StoriesNotPossible: no such mailbox
    """
    require_settler(by)
    reader = reader_at(_mailbox(address))
    if reader:
        end_subscription(subscriber=reader, how=How.CLINIC, by=by, now=now)


def forget_readers(*, now: datetime) -> int:
    """Delete mailboxes that never said yes, and those whose no is long ago; returns how many."""
    never = Q(state=State.ASKED, state_since__lte=now - MONTH)
    long_ago = Q(state=State.ENDED, state_since__lte=now - KEPT_AFTER_THE_END)
    readers = list(Subscriber.objects.filter(never | long_ago)[:500])
    for reader in readers:
        with transaction.atomic():
            forget_subscriber(reader)
    return len(readers)


def _ask(mailbox: str, choice: StoryChoice, how: str, now: datetime) -> None:
    token, own = new_token(), new_token()
    with transaction.atomic(durable=True):
        new = {"language": choice.language, "state_since": now, "token": own, "token_hash": hash_token(own)}
        reader, _created = Subscriber.objects.get_or_create(address=mailbox, defaults=new)
        Subscriber.objects.filter(pk=reader.pk, state=State.ASKED).update(state_since=now)
        _record(reader, What.ASKED, How(how), choice, now, token_hash=hash_token(token))
        row = message_row(
            subject=f"reader/{reader.pk}/{hash_token(token)[:16]}",
            planned=Planned(now, _CONFIRM, now + kind_of(_CONFIRM).keeps),
            recipient=mailbox,
            language=choice.language,
            content={"path": f"/stories/yes/{token}/"},
            now=now,
        )
        row.subscriber = reader
        row.save(force_insert=True)


def _say_yes(reader: Subscriber, asked: StoryConsent, now: datetime) -> None:
    choice = StoryChoice(asked.language, asked.topics, asked.monthly)
    _keep(reader, choice)
    if reader.state != State.ACTIVE:
        reader.state, reader.state_since = State.ACTIVE, now
    reader.save()
    _record(reader, What.CONFIRMED, How.MAIL, choice, now)
    mark_address(
        Communication.Channel.EMAIL, reader.address, what=AddressMark.What.CLEARED, now=now
    )  # mail does arrive


def _keep(reader: Subscriber, choice: StoryChoice) -> None:
    reader.language, reader.topics, reader.monthly = choice.language, sorted(choice.topics), choice.monthly


def _record(
    reader: Subscriber,
    what: StoryConsent.What,
    how: StoryConsent.How,
    choice: StoryChoice,
    now: datetime,
    *,
    token_hash: str = "",
) -> None:
    StoryConsent.objects.create(
        subscriber=reader,
        what=what,
        how=how,
        wording=gettext(YES_TO_STORIES),
        wording_version=WORDING_VERSION,
        language=choice.language,
        topics=sorted(choice.topics),
        monthly=choice.monthly,
        token_hash=token_hash,
        recorded_at=now,
    )


def _count_mails_to(mailbox: str, now: datetime) -> None:
    key = f"stories-to:{hash_token(mailbox)}"
    count_attempt(key=f"{key}:day", limit=MAILS_A_DAY, window=DAY, now=now)
    count_attempt(key=f"{key}:month", limit=MAILS_A_MONTH, window=MONTH, now=now)


def _mailbox(address: str) -> str:
    try:
        return mailbox_of(address)
    except ValueError as error:
        raise StoriesNotPossible from error


def _check(choice: StoryChoice) -> None:
    known = message_language(choice.language) == choice.language
    if not known or not choice.topics or not set(choice.topics) <= set(Topic.values):
        raise StoriesNotPossible

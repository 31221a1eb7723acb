"""When work stands still the owner is told, once, and once more when it goes on.

The outbox can't tell of itself: it needs beat, broker and worker, which are what may be dead. So a program of its own
asks here (`manage.py watch`): it needs the database and a mail server and nothing else, and hands its mail over itself.
Where the mail server is what is dead, a text tells them instead, if this installation sends texts and knows a number.
"""

import logging
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.utils.translation import override

from booking.models import Pulse, Standstill
from booking.reminders.channels.base import Channel, Letter, NotNow, Refused, Unclear, Unreachable
from booking.reminders.channels.email import EmailChannel
from booking.reminders.channels.sms import SmsChannel
from booking.reminders.letters import blocks_of, tidied
from booking.reminders.settings import message_language
from booking.reminders.wording import rendered
from booking.selectors.health import problems_now, switch_held
from booking.selectors.locations import the_clinic
from intake.models import Role, User

logger = logging.getLogger(__name__)

_LEASE: Final = timedelta(minutes=1)
_BEGINNING: Final = "beginning_told_at"
_END: Final = "end_told_at"
_WORDS: Final = {_BEGINNING: "standstill", _END: "standstill-over"}  # in messages/<language>/


def note_pulse(*, part: Pulse.Part, queued: int | None = None, now: datetime) -> None:
    """A part shows that it works; a worker also how many sweeps wait in the broker."""
    Pulse.objects.update_or_create(part=part, defaults={"seen_at": now, "queued": queued})


def look_after_work(*, now: datetime) -> tuple[str, ...]:
    """See whether work stands still or goes on, and tell the owner what they have not been told; answers what is wrong.

    Safe twice, late, and beside itself: one standstill is open at a time, and who tells holds it for a minute.
    """
    problems = problems_now(now=now)
    if problems:
        _begin(problems, now)
    else:
        Standstill.objects.filter(over_at=None).update(over_at=now)
    if switch_held() is None:  # a restored copy writes to nobody
        for told in (_BEGINNING, _END):
            for one in _untold(told):
                _tell(one, told, now)
    return problems


def _begin(problems: tuple[str, ...], now: datetime) -> None:
    try:
        with transaction.atomic():
            Standstill.objects.create(began_at=now, problems=list(problems))
    except IntegrityError:
        logger.info("Work still stands still: %s", ", ".join(problems))
    else:
        logger.error("Work stands still: %s", ", ".join(problems))


def _untold(told: str) -> list[Standstill]:
    rows = Standstill.objects.filter(**{told: None})
    return list(rows.filter(over_at__isnull=False) if told == _END else rows)


def _tell(standstill: Standstill, told: str, now: datetime) -> None:
    """Tell every owner; if one can't be reached, nor by a text, all are tried again once the lease is over."""
    mine = Standstill.objects.filter(Q(leased_until=None) | Q(leased_until__lte=now), pk=standstill.pk, **{told: None})
    if not mine.update(leased_until=now + _LEASE):
        return  # somebody else is telling it
    owners = User.objects.filter(role=Role.OWNER, is_active=True).order_by("email")
    if not owners:
        logger.error("Work stands still and there is no owner to be told.")
        return
    letters = [_letter(standstill, told, owner) for owner in owners]
    if _sent(EmailChannel(), letters) or (settings.ALERT_PHONE and _sent(SmsChannel(), [_as_text(letters[0])])):
        Standstill.objects.filter(pk=standstill.pk).update(**{told: now}, leased_until=None)


def _sent(channel: Channel, letters: Iterable[Letter]) -> bool:
    try:
        for letter in letters:
            channel.open()
            channel.send(letter)
    except (Unreachable, Refused, NotNow, Unclear) as error:
        logger.error("The owner could not be told that work stands still: %s", error)
        return False
    finally:
        channel.close()
    return True


def _as_text(letter: Letter) -> Letter:
    words = f"{letter.subject}. {settings.SITE_URL}/settings/operations/"
    return replace(letter, recipient=settings.ALERT_PHONE, subject="", text=words, html="")


def _letter(standstill: Standstill, told: str, owner: User) -> Letter:
    clinic = the_clinic()
    context = {
        "clinic": clinic,
        "zone": clinic.time_zone if clinic else settings.CLINIC_TIME_ZONE,
        "standstill": standstill,
        "site_url": settings.SITE_URL,
    }
    language = message_language(owner.language)
    with override(language):
        subject, _, text = rendered(_WORDS[told], language, context).strip().partition("\n")
        text = tidied(text)
        html = render_to_string("messages/letter.html", {"subject": subject, "blocks": blocks_of(text)})
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "drypoint"
    return Letter(
        recipient=owner.email,
        subject=subject,
        text=text,
        html=html,
        message_id=f"<standstill-{standstill.pk}-{told.partition('_')[0]}-{owner.pk}@{domain}>",
    )

"""What a clinic sets for its messages: which it sends, by what and when, and in which words."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from django.db import transaction

from booking.errors_of_messages import MessageSettingRefused, WordingRefused
from booking.models import Location
from booking.reminders.models import Communication, MessageSetting, MessageTemplate
from booking.reminders.rows import message_row
from booking.reminders.samples import sample_letter
from booking.reminders.settings import message_language
from booking.reminders.wording import MessageForm, Words
from booking.rules.kinds import EMAIL, SMS, hours_are_fine, kind_of
from booking.rules.reminders import Planned
from booking.rules.short_texts import MOST_SEGMENTS, segments
from booking.rules.wording import Fault, faults_of, may_be_reworded
from booking.services.schedules import require_settler
from intake.models import User
from intake.services.audit import record_event

_SAMPLE: Final = "message-sample"


def set_message(
    *,
    location: Location,
    kind: str,
    on: bool,
    channels: Collection[str],
    hours: Collection[int],
    by: User,
    now: datetime,
) -> MessageSetting:
    """Set which channels messages of a kind go by, and when; empty: as we ship it. It holds for what is planned from
    now on; what is switched off is not sent any more, be it planned or not.

    :raises NotAllowed: `by` is neither a manager nor the owner
    :raises MessageSettingRefused: it must go out, has no such form, or can't be sent then
    """
    require_settler(by)
    known = kind_of(kind)
    forms = {EMAIL, SMS} if known.sms else {EMAIL}
    if (not on and not known.switchable) or not set(channels) <= forms or not hours_are_fine(kind, hours):
        raise MessageSettingRefused
    said = {"on": on, "channels": sorted(channels), "hours": list(hours)}
    with transaction.atomic(durable=True):
        setting, _new = MessageSetting.objects.update_or_create(
            location=location, kind=kind, defaults=said | {"changed_at": now, "changed_by": by}
        )
        record_event(action="message-set", entity=setting, by=by, details={"kind": kind} | said, now=now)
    return setting


def write_own_words(*, form: MessageForm, words: Words, by: User, now: datetime) -> MessageTemplate:
    """Say a message in the clinic's own words from now on. What was written before stays in its history.

    :raises NotAllowed: `by` is neither a manager nor the owner
    :raises WordingRefused: a placeholder is missing or unknown, it says why somebody comes, or it is too long
    """
    require_settler(by)
    faults = faults_in(words, form=form, now=now)
    if faults:
        raise WordingRefused(faults=faults)
    return _written(form, words, by, now)


def use_our_words(*, form: MessageForm, by: User, now: datetime) -> MessageTemplate:
    """Say a message as we ship it again; the clinic's words stay in its history.

    :raises NotAllowed: `by` is neither a manager nor the owner
    """
    require_settler(by)
    return _written(form, Words("", ""), by, now)


def send_sample(*, form: MessageForm, words: Words, by: User, now: datetime) -> Communication:
    """Mail a message about a sample visit, in these words, to whoever asks for it; a short text comes as a mail too.

    :raises NotAllowed: `by` is neither a manager nor the owner
    :raises WordingRefused: as when it is kept
    """
    require_settler(by)
    faults = faults_in(words, form=form, now=now)
    if faults:
        raise WordingRefused(faults=faults)
    letter = sample_letter(words, form=form, now=now)
    row = message_row(
        subject=f"sample/{by.pk}/{now.timestamp()}",
        planned=Planned(now, _SAMPLE, now + kind_of(_SAMPLE).keeps),
        recipient=by.email,
        language=form.language,
        content={"subject": letter.subject, "text": letter.text},
        now=now,
    )
    row.save(force_insert=True)
    return row


def faults_in(words: Words, *, form: MessageForm, now: datetime) -> list[Fault]:
    """What keeps these words from being sent; a short text is measured about a sample visit.

    :raises MessageSettingRefused: nobody may reword this kind, or there is no such form or language
    """
    channels = (EMAIL, SMS) if kind_of(form.kind).sms else (EMAIL,)
    known = form.channel in channels and message_language(form.language) == form.language
    if not may_be_reworded(form.kind) or not known:
        raise MessageSettingRefused
    faults = faults_of(form.kind, channel=form.channel, subject=words.subject, text=words.text)
    if form.channel == SMS and not faults:
        letter = sample_letter(words, form=form, now=now)
        parts = segments(letter.text)
        faults = [Fault("too-many-parts", (str(parts),))] if parts > MOST_SEGMENTS else []
    return faults


def _written(form: MessageForm, words: Words, by: User, now: datetime) -> MessageTemplate:
    with transaction.atomic(durable=True):
        template = MessageTemplate.objects.create(
            location=form.location,
            kind=form.kind,
            channel=form.channel,
            language=form.language,
            subject=words.subject if form.channel == EMAIL else "",
            text=words.text,
            written_by=by,
            written_at=now,
        )
        details = {"kind": form.kind, "channel": form.channel, "language": form.language, "own": bool(words.text)}
        record_event(action="message-worded", entity=template, by=by, details=details, now=now)
    return template

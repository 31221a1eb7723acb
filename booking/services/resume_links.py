"""The link with which somebody goes on with their form on another device, by mail if they like."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from booking.reminders.models import Communication
from booking.reminders.services import queue_resume_link
from intake.models import QuestionnaireResponse
from intake.origin import network_of
from intake.services.limits import count_attempt
from intake.services.resuming import make_resume_link
from intake.tokens import hash_token

WINDOW: Final = timedelta(hours=24)
MAILS_OF_A_BROWSER: Final = 5
MAILS_TO_AN_ADDRESS: Final = 5
MAILS_OF_A_NETWORK: Final = 40


def mail_resume_link(
    *, response: QuestionnaireResponse, person: Mapping[str, str], recipient: str, address: str, now: datetime
) -> Communication:
    """Mail the link to an address that is used for nothing else, and deleted with the form.

    `address` is the network address that asks.

    :raises TooManyAttempts: too many mails from this browser or network, or to this mailbox
    :raises NotAllowed: a visit rests on these answers already, or they are about to be deleted
    """
    mailbox = hash_token(recipient.casefold())
    count_attempt(key=f"resume-mail:{response.session_hash}", limit=MAILS_OF_A_BROWSER, window=WINDOW, now=now)
    count_attempt(key=f"resume-mail-to:{mailbox}", limit=MAILS_TO_AN_ADDRESS, window=WINDOW, now=now)
    count_attempt(key=f"resume-mail-from:{network_of(address)}", limit=MAILS_OF_A_NETWORK, window=WINDOW, now=now)
    with transaction.atomic(durable=True):
        token = make_resume_link(response=response, person=person, now=now)
        assert response.delete_after is not None
        return queue_resume_link(
            recipient=recipient, language=response.language, token=token, until=response.delete_after, now=now
        )


def forget_resume_mails(*, now: datetime) -> int:
    """Delete the mails whose link no longer opens anything, and with them the addresses; returns how many."""
    return Communication.objects.filter(kind="resume-link", not_after__lte=now).delete()[0]

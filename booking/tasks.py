"""Sweeps that beat asks for. Each is safe to run twice, late, or beside itself."""

from celery import current_app, shared_task

from booking.models import Pulse
from booking.services.appointments import lapse_forms
from booking.services.cancellations import settle_cancellations
from booking.services.displacements import settle_displacements
from booking.services.errands import forget_contacts
from booking.services.freed_offers import offer_freed_times
from booking.services.holds import expire_holds
from booking.services.mornings import write_of_a_morning
from booking.services.on_call import escalate_unanswered
from booking.services.resume_links import forget_resume_mails
from booking.services.reviews import lapse_requests
from booking.services.standstills import note_pulse
from booking.services.stories import write_due_stories
from booking.services.subscriptions import forget_readers
from booking.services.waitlist import end_outdated_entries
from intake.clock import now


@shared_task
def sweep_holds(**_later: object) -> int:
    """End the holds that have run out."""
    return expire_holds(now=now())


@shared_task
def sweep_cancellations(**_later: object) -> int:
    """Charge, release and announce what can't be undone any more."""
    return settle_cancellations(now=now())


@shared_task
def sweep_requests(**_later: object) -> int:
    """End the requests that no therapist answered in time."""
    return lapse_requests(now=now())


@shared_task
def sweep_forms(**_later: object) -> int:
    """Let the visits whose form did not come go on without needles."""
    return lapse_forms(now=now())


@shared_task
def sweep_freed_times(**_later: object) -> int:
    """Offer what became free to those who wait, and end the offers that nobody answered in time."""
    return offer_freed_times(now=now())


@shared_task
def write_of_mornings(**_later: object) -> int:
    """Tell therapists of their day, and buyers of packages that one ends soon, once each."""
    return write_of_a_morning(now=now())


@shared_task
def write_stories(**_later: object) -> int:
    """Put the next readers of stories whose time has come into the outbox."""
    return write_due_stories(now=now())


@shared_task
def sweep_waitlist(**_later: object) -> int:
    """End the places in line that nothing can come of any more."""
    return end_outdated_entries(now=now())


@shared_task
def escalate_calls(**_later: object) -> int:
    """Tell the next one where nobody has taken an urgent call after a visit."""
    return escalate_unanswered(now=now())


@shared_task
def sweep_displacements(**_later: object) -> int:
    """See who has answered which other time they want, and who must be called."""
    return settle_displacements(now=now())


@shared_task
def forget_old_contacts(**_later: object) -> int:
    """Blank the names and numbers of calls that were made long ago, delete the mails of forms that are gone, and the
    mailboxes that never said yes to stories, or said no long ago.
    """
    moment = now()
    return forget_contacts(now=moment) + forget_resume_mails(now=moment) + forget_readers(now=moment)


@shared_task
def note_worker_pulse(**_later: object) -> None:
    """A worker shows that it works, and how many sweeps wait for one."""
    with current_app.connection_for_read() as broker:
        name, channel = current_app.conf.task_default_queue, broker.default_channel
        queue = channel.queue_declare(queue=name, passive=True)  # type: ignore[attr-defined]  # each transport has it
    note_pulse(part=Pulse.Part.WORKER, queued=queue.message_count, now=now())

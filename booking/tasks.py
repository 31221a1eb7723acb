"""Sweeps that beat asks for. Each is safe to run twice, late, or beside itself."""

from celery import shared_task

from booking.services.appointments import lapse_forms
from booking.services.cancellations import settle_cancellations
from booking.services.displacements import settle_displacements
from booking.services.errands import forget_contacts
from booking.services.freed_offers import offer_freed_times
from booking.services.holds import expire_holds
from booking.services.resume_links import forget_resume_mails
from booking.services.reviews import lapse_requests
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
def sweep_waitlist(**_later: object) -> int:
    """End the places in line that nothing can come of any more."""
    return end_outdated_entries(now=now())


@shared_task
def sweep_displacements(**_later: object) -> int:
    """See who has answered which other time they want, and who must be called."""
    return settle_displacements(now=now())


@shared_task
def forget_old_contacts(**_later: object) -> int:
    """Blank the names and numbers of calls that were made long ago, and delete the mails of forms that are gone."""
    moment = now()
    return forget_contacts(now=moment) + forget_resume_mails(now=moment)

"""Yes, yes, no and the sweeps in the same moment: one answer counts, and the time belongs to one person."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from uuid import UUID

import pytest

from booking.models import Appointment, Offer, WaitlistEntry
from booking.models.appointment import OCCUPYING
from booking.services.freed_offers import offer_freed_times
from booking.services.freed_time import note_freed_time
from booking.services.offers import accept_offer, decline_offer
from booking.services.waitlist import Times, wait_for_earlier
from tests.factories.booking import NOW, Clinic, at, make_appointment, make_clinic
from tests.factories.intake import make_patient
from tests.races.crowd import at_once
from tests.races.unguarded import Meeting, dreaming, unlocked, without

pytestmark = pytest.mark.django_db(transaction=True)
LATER = NOW + timedelta(minutes=1)


@pytest.fixture
def clinic(transactional_db: None) -> Clinic:
    return make_clinic()


def accept(offer: UUID) -> None:
    accept_offer(offer=Offer.objects.get(pk=offer), now=LATER)


def decline(offer: UUID) -> None:
    decline_offer(offer=Offer.objects.get(pk=offer), now=LATER)


def sweep() -> None:
    offer_freed_times(now=LATER)


def accept_slowly(offer: UUID, meeting: Meeting) -> None:
    """A yes that takes its time between looking and writing."""
    with dreaming("booking.services.offers._still_open", meeting.nap), unlocked(not meeting.locked):
        accept(offer)


def decline_meanwhile(offer: UUID, meeting: Meeting) -> None:
    with meeting.in_between():
        decline(offer)


def sweep_together(barrier: Barrier) -> None:
    """Both have looked before one has written."""
    with dreaming("booking.services.offers._lock_free_entry", partial(barrier.wait, 30)), unlocked():
        sweep()


@pytest.fixture
def _unguarded(clinic: Clinic) -> Iterator[None]:
    with (
        without(Appointment, "appointment_no_practitioner_overlap"),
        without(Offer, "offer_one_open_for_an_entry"),
    ):
        yield
        Offer.objects.update(status="withdrawn", decided_at=NOW)
        Appointment.objects.filter(status="proposed").update(
            status="cancelled", cancel_reason="hold-released", cancelled_at=NOW, hold_expires_at=None
        )


def waits(clinic: Clinic, hour: int) -> Appointment:
    """A later visit whose patient would come earlier."""
    visit = make_appointment(clinic, start=at(hour, days=7), service=clinic.call, patient=make_patient(now=NOW))
    wait_for_earlier(appointment=visit, times=Times(), now=NOW + timedelta(seconds=hour))
    return visit


def free(clinic: Clinic) -> None:
    gone = make_appointment(
        clinic, start=at(10), service=clinic.call, status="cancelled", cancel_reason="patient", cancelled_at=NOW
    )
    note_freed_time(appointment=gone, due_at=NOW, now=NOW)


def test_sweeps_beside_each_other_ask_one_person(clinic: Clinic) -> None:
    first, _second = waits(clinic, 9), waits(clinic, 11)
    free(clinic)
    assert at_once(*[(sweep, ())] * 6) == Counter({"done": 6})
    assert [one.instead_of for one in Offer.objects.all()] == [first]


@pytest.mark.usefixtures("_unguarded")
def test_unguarded_two_sweeps_ask_twice(clinic: Clinic) -> None:
    """The negative control of the race above."""
    waits(clinic, 9)
    free(clinic)
    at_once(*[(sweep_together, (get_context("fork").Barrier(2),))] * 2)
    assert Offer.objects.filter(status="open").count() == 2


@pytest.mark.parametrize("locked", [True, False])
def test_a_no_while_the_yes_is_written_comes_too_late(clinic: Clinic, locked: bool) -> None:
    """Without the locks (the control) both are told that their answer counts."""
    waits(clinic, 9)
    free(clinic)
    offer_freed_times(now=NOW)
    offer, meeting = Offer.objects.get().pk, Meeting(locked=locked)
    heard = at_once((accept_slowly, (offer, meeting)), (decline_meanwhile, (offer, meeting)))
    assert heard == (Counter({"done": 1, "not-possible-now": 1}) if locked else Counter({"done": 2}))


def test_two_yeses_a_no_and_two_sweeps(clinic: Clinic) -> None:
    first, second = waits(clinic, 9), waits(clinic, 11)
    free(clinic)
    offer_freed_times(now=NOW)
    offer = Offer.objects.get()
    said = at_once(*[(accept, (offer.pk,))] * 2, (decline, (offer.pk,)), *[(sweep, ())] * 2)
    offer.refresh_from_db()
    first.refresh_from_db()
    assert set(said) <= {"done", "hold-expired", "not-possible-now"}
    assert (offer.status, first.start) in {("accepted", at(10)), ("declined", at(9, days=7))}
    assert Appointment.objects.filter(OCCUPYING, start=at(10)).count() <= 1
    assert {one.status for one in (first, second)} == {"booked"}
    served = WaitlistEntry.objects.filter(status="served").count()
    assert served == (offer.status == "accepted")

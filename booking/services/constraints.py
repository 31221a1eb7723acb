"""What the database refuses, in our words. Every "must never" of booking is a named constraint; the name is the key."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, OperationalError
from psycopg import errors as pg

from booking.errors import BookingError, PatientBusy, PayerExists, SheetSigned, SlotTaken, TryAgain, WaitsAlready
from booking.errors_of_messages import CalledMeanwhile


class RequestKeyUsed(BookingError):
    """The same request was stored a moment ago by another process: look it up."""


_MEANING: dict[str, type[BookingError]] = {
    "appointment_no_practitioner_overlap": SlotTaken,
    "appointment_no_room_overlap": SlotTaken,
    "appointment_no_patient_overlap": PatientBusy,
    "appointment_request_key_once": RequestKeyUsed,
    "course_request_key_once": RequestKeyUsed,
    "appointment_session_once": RequestKeyUsed,
    "payer_name_once": PayerExists,
    "waitlist_once_for_a_visit": WaitsAlready,
    "waitlist_once_for_a_service": WaitsAlready,
    "document_one_valid_of_a_kind": TryAgain,
    "till_count_once_a_day": SheetSigned,
    "pay_link_one_that_works": TryAgain,
    "call_number_once": CalledMeanwhile,
}


@contextmanager
def named_constraints() -> Iterator[None]:
    """Stand around a transaction and turn violated constraints and waits that were too long into our errors.

    :raises SlotTaken: the practitioner or the room has a visit then
    :raises PatientBusy: the patient has a visit then
    :raises WaitsAlready: the visit, or the patient for this service, is on the waitlist
    :raises TryAgain: a row could not be locked in time, or the same document was written a moment ago
    """
    try:
        yield
    except IntegrityError as error:
        cause = error.__cause__
        name = cause.diag.constraint_name if isinstance(cause, pg.IntegrityError) else None
        if name not in _MEANING:
            raise
        raise _MEANING[name] from error
    except OperationalError as error:
        if not isinstance(error.__cause__, pg.LockNotAvailable | pg.DeadlockDetected):
            raise
        raise TryAgain from error

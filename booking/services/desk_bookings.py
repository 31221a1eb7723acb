"""Reception books for a caller: hold and confirmation in one step, through the same rules."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from booking.errors import NotCleared
from booking.models import Appointment, HealthcareService, Practitioner
from booking.services.confirming import Confirmed, Details, confirm
from booking.services.holds import Wish, place_hold, with_whoever_is_free
from booking.services.states import require_clinic
from intake.models import Patient, Screening, User
from intake.services.patients import PatientDetails


def book_for_caller(
    *,
    service: HealthcareService,
    practitioner: Practitioner | None,
    start: datetime,
    patient: Patient | PatientDetails,
    screening: Screening | None = None,
    wait_for_form: bool = False,
    payment: Literal["desk", "none"] = "desk",
    note: str = "",
    request_key: UUID,
    by: User,
    now: datetime,
) -> Confirmed:
    """Book for somebody on the phone; no notice but that of a request is asked for, all other rules hold.

    `wait_for_form`: without answers, until the form comes or its deadline turns it into a visit without needles.

    :raises NotAllowed: `by` does not work with visits
    :raises NotCleared: the answers forbid it, or there are none; nothing changed
    :raises SlotTaken, SlotNotOffered, PatientBusy, IncompleteAnswers: nothing changed
    """
    require_clinic(by)
    awaits_form = wait_for_form and screening is None and service.needs_screening
    wish = Wish(
        service=service,
        start=start,
        screening=screening,
        request_key=request_key,
        held_by=f"staff:{by.pk}",
        source=Appointment.Source.DESK,
        by=by,
        wait_for_form=awaits_form,
    )
    details = Details(
        patient=patient, payment=payment, policies_accepted=False, note=note, by=by, wait_for_form=awaits_form
    )

    def book(one: Practitioner) -> Confirmed:
        held = place_hold(wish, one, now=now)
        confirmed = confirm(held.appointment, details, now=now)
        if confirmed is None:
            raise NotCleared  # and the hold is gone with the transaction
        return confirmed

    return with_whoever_is_free(wish, practitioner, book, now=now)

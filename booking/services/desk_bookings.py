"""Reception books for a caller: hold and confirmation in one step, through the same rules."""

from dataclasses import replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from booking.errors import NotCleared
from booking.models import Appointment, Cover, HealthcareService, Practitioner
from booking.rules.policy import walk_in_start
from booking.services.confirming import Confirmed, Details, confirm
from booking.services.holds import Wish, place_hold, with_whoever_is_free
from booking.services.links import manage_token
from booking.services.states import move_on, record_change, require_clinic
from intake.models import Patient, Screening, User
from intake.services.patients import PatientDetails

PaidAtDesk = Literal["desk", "none", "package"]  # a caller's money is never asked for online


def book_for_caller(
    *,
    service: HealthcareService,
    practitioner: Practitioner | None,
    start: datetime,
    patient: Patient | PatientDetails,
    screening: Screening | None = None,
    wait_for_form: bool = False,
    payment: PaidAtDesk = "desk",
    cover: Cover | None = None,
    note: str = "",
    request_key: UUID,
    by: User,
    now: datetime,
) -> Confirmed:
    """Book for somebody on the phone; no notice but that of a request is asked for, all other rules hold.

    `wait_for_form`: without answers, until the form comes or its deadline turns it into a visit without needles.

    :raises NotAllowed: `by` does not work with visits
    :raises NotCleared: the answers forbid it, or there are none; nothing changed
    :raises SlotTaken, SlotNotOffered, PatientBusy, IncompleteAnswers, CoverNotUsable: nothing changed
    """
    require_clinic(by)
    wish, details = _asked(
        service=service,
        start=start,
        patient=patient,
        screening=screening,
        wait_for_form=wait_for_form,
        payment=payment,
        cover=cover,
        note=note,
        request_key=request_key,
        by=by,
    )
    return with_whoever_is_free(wish, practitioner, lambda one: _book(wish, details, one, now), now=now)


def book_walk_in(
    *,
    service: HealthcareService,
    practitioner: Practitioner | None,
    patient: Patient | PatientDetails,
    screening: Screening | None = None,
    wait_for_form: bool = False,
    payment: PaidAtDesk = "desk",
    cover: Cover | None = None,
    note: str = "",
    set_aside: Appointment.SetAside = Appointment.SetAside.WALK_IN,
    request_key: UUID,
    by: User,
    now: datetime,
) -> Confirmed:
    """Book somebody who stands at the desk, from now on (the next five minutes of the clock), and mark them as arrived.

    Notice, steps and hours are waived, for `set_aside`; never time off, rooms, answers or an authorisation to needle.
    What a therapist must look at first is seen when the visit begins: nobody is checked in before.

    :raises NotAllowed: `by` does not work with visits
    :raises NotCleared: the answers forbid it, or there are none; nothing changed
    :raises SlotTaken, SlotNotOffered, PatientBusy, IncompleteAnswers, CoverNotUsable: nothing changed
    """
    require_clinic(by)
    made = Appointment.objects.filter(request_key=request_key, created_by=by).exclude(set_aside="").first()
    if made is not None:  # the button was pressed twice
        return Confirmed(made, manage_token(made))
    wish, details = _asked(
        service=service,
        start=walk_in_start(now),
        patient=patient,
        screening=screening,
        wait_for_form=wait_for_form,
        payment=payment,
        cover=cover,
        note=note,
        request_key=request_key,
        by=by,
    )
    wish = replace(wish, set_aside=set_aside)

    def book_and_welcome(one: Practitioner) -> Confirmed:
        confirmed = _book(wish, details, one, now)
        visit = confirmed.appointment
        move_on(visit, Appointment.Status.ARRIVED)
        visit.arrived_at = now
        visit.save()
        record_change(appointment=visit, action="arrived", by=by, now=now)
        return confirmed

    return with_whoever_is_free(wish, practitioner, book_and_welcome, now=now)


def _asked(
    *,
    service: HealthcareService,
    start: datetime,
    patient: Patient | PatientDetails,
    screening: Screening | None,
    wait_for_form: bool,
    payment: PaidAtDesk,
    cover: Cover | None,
    note: str,
    request_key: UUID,
    by: User,
) -> tuple[Wish, Details]:
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
        patient=patient, payment=payment, policies_accepted=False, note=note, by=by, wait_for_form=awaits_form,
        cover=cover,
    )  # fmt: skip
    return wish, details


def _book(wish: Wish, details: Details, practitioner: Practitioner, now: datetime) -> Confirmed:
    held = place_hold(wish, practitioner, now=now)
    confirmed = confirm(held.appointment, details, now=now)
    if confirmed is None:
        raise NotCleared  # and the hold is gone with the transaction
    return confirmed

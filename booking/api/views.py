"""Booking over HTTP, version 1. Each view is one call into a service; the services hold every rule."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from booking.api.callers import appointment_for, hold_of, record_of, signed_in
from booking.api.descriptions import described
from booking.api.reading import body_of, query_of, screening_with
from booking.api.serializers import (
    AppointmentIn,
    AppointmentOut,
    CancelIn,
    ChangedOut,
    CheckoutOut,
    ConfirmedOut,
    HoldIn,
    HoldOut,
    RescheduleIn,
    SlotOut,
)
from booking.api.slots import clinic_zone
from booking.api.terms import changed_terms_told, terms_told
from booking.errors import BookingError, SlotTaken
from booking.models import Appointment
from booking.services.appointments import (
    cancel_appointment,
    confirm_details,
    reschedule_appointment,
    undo_cancellation,
)
from booking.services.checkout import checkout_for
from booking.services.holds import held_by_address, hold_time, release_hold
from booking.services.states import acts_for_clinic
from intake.api.idempotency import Idempotent, request_key
from intake.api.permissions import Anyone
from intake.api.serializers import StrictSerializer
from intake.api.throttles import PerAddress
from intake.clock import clinic_date, now
from intake.origin import address_of
from intake.services.consents import Signature
from intake.services.patients import PatientDetails

Reason = Appointment.CancelReason
_PRIVATE = {"Cache-Control": "private, no-store"}
_THEIRS: list[dict[str, list[str]]] = [{"token": []}, {"cookieAuth": []}]
_TAKEN = "`slot-taken`, with up to three `alternatives` shaped like slots"


class BookingsPerAddress(PerAddress):
    scope = "bookings"
    limit = 1200


class Holds(Idempotent):
    """Keep a time for ten minutes."""

    permission_classes = (Anyone,)
    throttle_classes = (BookingsPerAddress,)

    @described(
        {201: HoldOut},
        *(400, 409, 422, 429),
        is_post=True,
        request=HoldIn,
        codes={
            409: f"{_TAKEN}; `not-cleared`; `hold-expired`: the hold of this Idempotency-Key has ended",
            422: "`slot-not-offered` or `idempotency-key-reused`",
            429: "`too-many-holds` or `too-many-attempts`",
        },
    )
    def post(self, request: Request) -> Response:
        asked = body_of(HoldIn, request)
        screening = screening_with(asked["screening"])
        with _alternatives_written(clinic_zone()):
            held = hold_time(
                screening=screening,
                service=asked["service"],
                practitioner=asked["practitioner"],
                start=asked["start"],
                request_key=request_key(request),
                held_by=f"screening:{screening.pk.hex}" if screening else held_by_address(address_of(request)),
                source=Appointment.Source.API,
                address=address_of(request),
                now=now(),
            )
        hold = held.appointment
        answer = {
            "id": hold.pk,
            "token": held.token,
            "expires_at": hold.hold_expires_at,
            "appointment": hold,
            "terms": terms_told(hold, now=now()),
        }
        return Response(HoldOut(answer, context={"time_zone": hold.time_zone}).data, status=201)


class Hold(APIView):
    """Let a held time go."""

    permission_classes = (Anyone,)

    @described({204: None}, 404, 409, codes={409: "`not-possible-now`: it is a booking by now"}, auth=_THEIRS[:1])
    def delete(self, request: Request, hold_id: UUID) -> Response:
        release_hold(appointment=hold_of(hold_id, request=request), now=now())
        return Response(status=204)


class Appointments(Idempotent):
    """Make a booking, or a request, of a hold."""

    permission_classes = (Anyone,)
    throttle_classes = (BookingsPerAddress,)

    @described(
        {201: ConfirmedOut},
        *(400, 404, 409, 422, 429),
        is_post=True,
        request=AppointmentIn,
        codes={
            409: "`hold-expired`, `not-cleared` (the time is let go), `information-changed`, `patient-busy`,"
            f" `too-late`, `terms-changed` (with the `terms` that hold), {_TAKEN}",
            422: "`incomplete`, `policies-not-accepted`, `payment-not-offered`, `prepayment-forbidden`,"
            " `signature-not-accepted` or `idempotency-key-reused`",
        },
    )
    def post(self, request: Request) -> Response:
        at = now()
        asked = body_of(AppointmentIn, request, today=clinic_date(at))
        hold = hold_of(asked["hold"], token=asked["token"])
        details = PatientDetails(**{**asked["patient"], "phone": str(asked["patient"]["phone"])})
        user = signed_in(request)
        patient = record_of(user, details)
        with _alternatives_written(hold.time_zone), changed_terms_told(hold, who=patient, now=at):
            confirmed = confirm_details(
                appointment=hold,
                patient=patient,
                payment=asked["payment"],
                policies_accepted=asked["policies_accepted"],
                accepts_assessment=asked["accepts_assessment"],
                signature=Signature(**asked["signature"]) if asked["signature"] else None,
                terms_shown=asked["terms"],
                by=None if patient is details else user,
                now=at,
            )
        answer = {
            **AppointmentOut(confirmed.appointment).data,
            "checkout_url": _checkout_url(confirmed.appointment),
            "manage_token": confirmed.manage_token,
        }
        return Response(answer, status=201)


class OneAppointment(APIView):
    """An appointment, for whoever holds its token, its patient's account, or staff."""

    permission_classes = (Anyone,)

    @described({200: AppointmentOut}, 400, 404, auth=_THEIRS)
    def get(self, request: Request, appointment_id: UUID) -> Response:
        query_of(StrictSerializer, request)
        return Response(AppointmentOut(appointment_for(request, appointment_id)).data, headers=_PRIVATE)


class Cancel(Idempotent):
    """Cancel; answers the appointment and what it costs."""

    permission_classes = (Anyone,)
    throttle_classes = (BookingsPerAddress,)

    @described(
        {200: ChangedOut},
        *(400, 403, 404, 409, 429),
        is_post=True,
        request=CancelIn,
        auth=_THEIRS,
        codes={403: "`not-allowed`: the clinic's reason", 409: "`too-late`: it has begun; `not-possible-now`"},
    )
    def post(self, request: Request, appointment_id: UUID) -> Response:
        appointment = appointment_for(request, appointment_id)
        said, by = body_of(CancelIn, request)["reason"], signed_in(request)
        is_code = said in (Reason.PATIENT, Reason.UNWELL, Reason.CLINIC)
        theirs = Reason.CLINIC if acts_for_clinic(by) else Reason.PATIENT
        done = cancel_appointment(
            appointment=appointment,
            by=by,
            reason=Reason(said) if is_code else theirs,
            note="" if is_code else said,
            now=now(),
        )
        return Response(_changed(done.appointment, done.fee))


class Undo(Idempotent):
    """Take a cancelled appointment's time again, within three minutes; answers the appointment as it was before."""

    permission_classes = (Anyone,)
    throttle_classes = (BookingsPerAddress,)

    @described(
        {200: AppointmentOut},
        *(400, 403, 404, 409, 422, 429),
        is_post=True,
        request=None,
        auth=_THEIRS,
        codes={
            403: "`not-allowed`: the clinic cancelled it",
            409: f"{_TAKEN}; `too-late`: three minutes have passed; `patient-busy`, `not-cleared`, `not-possible-now`",
            422: "`slot-not-offered`, `incomplete` or `idempotency-key-reused`",
        },
    )
    def post(self, request: Request, appointment_id: UUID) -> Response:
        appointment = appointment_for(request, appointment_id)
        body_of(StrictSerializer, request)
        with _alternatives_written(appointment.time_zone):
            taken_again = undo_cancellation(appointment=appointment, by=signed_in(request), now=now())
        return Response(AppointmentOut(taken_again).data)


class Reschedule(Idempotent):
    """Move to another time; answers the appointment and what it costs."""

    permission_classes = (Anyone,)
    throttle_classes = (BookingsPerAddress,)

    @described(
        {200: ChangedOut},
        *(400, 403, 404, 409, 422, 429),
        is_post=True,
        request=RescheduleIn,
        auth=_THEIRS,
        codes={
            403: "`not-allowed`: only staff give a reason",
            409: f"{_TAKEN}; `patient-busy`, `not-cleared`, `too-late`, `not-possible-now`",
            422: "`slot-not-offered`, `incomplete`, `spacing` (of a course), `reason-needed` (staff may do it with a"
            " `reason`) or `idempotency-key-reused`",
        },
    )
    def post(self, request: Request, appointment_id: UUID) -> Response:
        appointment = appointment_for(request, appointment_id)
        asked = body_of(RescheduleIn, request)
        with _alternatives_written(appointment.time_zone):
            moved = reschedule_appointment(
                appointment=appointment,
                practitioner=asked["practitioner"],
                start=asked["start"],
                set_aside=asked["reason"],
                by=signed_in(request),
                now=now(),
            )
        return Response(_changed(moved.appointment, moved.fee))


class Checkout(Idempotent):
    """The address where an appointment that waits for its payment is paid, when the first answer could not give one."""

    permission_classes = (Anyone,)
    throttle_classes = (BookingsPerAddress,)

    @described(
        {200: CheckoutOut},
        *(404, 409, 422, 429, 503),
        is_post=True,
        request=None,
        auth=_THEIRS,
        codes={
            409: "`not-possible-now`: nothing is to be paid; `hold-expired`",
            422: "`prepayment-forbidden`",
            503: "`payment-unavailable`",
        },
    )
    def post(self, request: Request, appointment_id: UUID) -> Response:
        return Response({"checkout_url": checkout_for(appointment=appointment_for(request, appointment_id), now=now())})


def _checkout_url(appointment: Appointment) -> str | None:
    """None where nothing is paid online. The booking stands: whatever keeps Stripe's page away, `checkout/` says it."""
    if appointment.awaiting != Appointment.Awaiting.PAYMENT:
        return None
    try:
        return checkout_for(appointment=appointment, now=now())
    except BookingError:
        return None


@contextmanager
def _alternatives_written(zone: str) -> Iterator[None]:
    """A lost race names other times as `slots/` does."""
    try:
        yield
    except SlotTaken as taken:
        others = SlotOut(taken.details.get("alternatives", ()), many=True, context={"time_zone": zone}).data
        raise SlotTaken(alternatives=others) from taken


def _changed(appointment: Appointment, fee: int) -> dict[str, Any]:
    return {**AppointmentOut(appointment).data, "fee": {"amount": fee, "currency": appointment.currency}}

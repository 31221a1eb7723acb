"""Booking over HTTP, version 1. Each view is one call into a service; the services hold every rule."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from booking.api.fields import local, money
from booking.api.serializers import (
    AppointmentIn,
    CancelIn,
    HoldIn,
    PractitionerSearch,
    RescheduleIn,
    SlotSearch,
    appointment_out,
    practitioner_out,
    service_out,
    slots_out,
)
from booking.errors import NotCleared, SlotTaken, StripeUnavailable
from booking.models import Appointment, HealthcareService, Practitioner
from booking.selectors.appointments import appointment_by_manage_token, appointments_visible_to, hold_with_token
from booking.selectors.locations import the_clinic
from booking.selectors.slots import free_slots
from booking.services.appointments import cancel_appointment, confirm_details, reschedule_appointment
from booking.services.checkout import checkout_for
from booking.services.holds import held_by_address, hold_time, release_hold
from intake.api.idempotency import Idempotent, request_key
from intake.api.permissions import Anyone
from intake.api.throttles import PerAddress
from intake.clock import clinic_date, now
from intake.models import Screening, User
from intake.origin import address_of
from intake.selectors.clearance import screening_by_token
from intake.services.patients import PatientDetails


class BookingsPerAddress(PerAddress):
    scope = "bookings"
    limit = 600


class Services(APIView):
    """What can be booked online."""

    permission_classes = (Anyone,)

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        return Response([service_out(service) for service in HealthcareService.objects.filter(online=True)])


class Practitioners(APIView):
    """Who can be booked, for one service or for any."""

    permission_classes = (Anyone,)

    @extend_schema(parameters=[OpenApiParameter("service", str)], responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        asked = _query(PractitionerSearch, request)
        people = Practitioner.objects.filter(active=True).prefetch_related("services")
        if "service" in asked:
            people = people.filter(services=asked["service"])
        return Response([practitioner_out(person) for person in people])


class Slots(APIView):
    """Free times, one for each therapist and start."""

    permission_classes = (Anyone,)

    @extend_schema(
        parameters=[
            OpenApiParameter("service", str, required=True),
            OpenApiParameter("from", OpenApiTypes.DATE, required=True),
            OpenApiParameter("to", OpenApiTypes.DATE, required=True),
            OpenApiParameter("practitioner", OpenApiTypes.UUID),
            OpenApiParameter("location", OpenApiTypes.UUID),
            OpenApiParameter("screening", str),
        ],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Request) -> Response:
        asked = _query(SlotSearch, request)
        zone = _clinic_zone()
        slots = free_slots(
            service=asked["service"],
            from_date=asked["from"],
            to_date=asked["to"],
            practitioner=asked.get("practitioner"),
            location=asked.get("location"),
            screening=_screening(asked.get("screening")),
            now=now(),
        )
        return Response({"time_zone": zone, "slots": slots_out(slots, zone)}, headers={"Cache-Control": "no-store"})


class Holds(Idempotent):
    """Keep a time for ten minutes."""

    permission_classes = (Anyone,)
    throttle_classes = (BookingsPerAddress,)

    @extend_schema(request=HoldIn, responses={201: OpenApiTypes.OBJECT})
    def post(self, request: Request) -> Response:
        asked = _body(HoldIn, request)
        screening = _screening(asked["screening"])
        try:
            held = hold_time(
                screening=screening,
                service=asked["service"],
                practitioner=asked["practitioner"],
                start=asked["start"],
                request_key=request_key(request),
                held_by=f"screening:{screening.pk.hex}" if screening else held_by_address(address_of(request)),
                source=Appointment.Source.API,
                now=now(),
            )
        except SlotTaken as taken:
            alternatives = slots_out(taken.details.get("alternatives", ()), _clinic_zone())
            raise SlotTaken(alternatives=alternatives) from taken
        hold = held.appointment
        answer = {
            "id": str(hold.pk),
            "token": held.token,
            "expires_at": local(hold.hold_expires_at, hold.time_zone),
            "appointment": appointment_out(hold),
        }
        return Response(answer, status=201)


class Hold(APIView):
    """Let a held time go."""

    permission_classes = (Anyone,)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, hold_id: UUID) -> Response:
        hold = hold_with_token(hold_id, _bearer(request))
        if hold is None:
            raise Http404
        release_hold(appointment=hold, now=now())
        return Response(status=204)


class Appointments(Idempotent):
    """Make a booking, or a request, of a hold."""

    permission_classes = (Anyone,)
    throttle_classes = (BookingsPerAddress,)

    @extend_schema(request=AppointmentIn, responses={201: OpenApiTypes.OBJECT})
    def post(self, request: Request) -> Response:
        at = now()
        asked = _body(AppointmentIn, request, today=clinic_date(at))
        hold = hold_with_token(asked["hold"], asked["token"])
        if hold is None:
            raise Http404
        who = asked["patient"]
        confirmed = confirm_details(
            appointment=hold,
            patient=PatientDetails(**{**who, "phone": str(who["phone"])}),
            payment=asked["payment"],
            policies_accepted=asked["policies_accepted"],
            accepts_assessment=asked["accepts_assessment"],
            now=at,
        )
        answer = {
            **appointment_out(confirmed.appointment),
            "checkout_url": _checkout_url(confirmed.appointment),
            "manage_token": confirmed.manage_token,
        }
        return Response(answer, status=201)


class OneAppointment(APIView):
    """An appointment, for whoever holds its token, its patient's account, or staff."""

    permission_classes = (Anyone,)

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, appointment_id: UUID) -> Response:
        return Response(
            appointment_out(_theirs(request, appointment_id)), headers={"Cache-Control": "private, no-store"}
        )


class Cancel(Idempotent):
    """Cancel; answers the appointment and what it costs."""

    permission_classes = (Anyone,)
    throttle_classes = (BookingsPerAddress,)

    @extend_schema(request=CancelIn, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request, appointment_id: UUID) -> Response:
        appointment = _theirs(request, appointment_id)
        asked = _body(CancelIn, request)
        reasons = Appointment.CancelReason
        known = asked["reason"] in (reasons.PATIENT, reasons.UNWELL, reasons.CLINIC)
        done = cancel_appointment(
            appointment=appointment,
            by=_user(request),
            reason=reasons(asked["reason"]) if known else reasons.PATIENT,
            note="" if known else asked["reason"],
            now=now(),
        )
        return Response(_with_fee(done.appointment, done.fee))


class Reschedule(Idempotent):
    """Move to another time; answers the appointment and what it costs."""

    permission_classes = (Anyone,)
    throttle_classes = (BookingsPerAddress,)

    @extend_schema(request=RescheduleIn, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request, appointment_id: UUID) -> Response:
        appointment = _theirs(request, appointment_id)
        asked = _body(RescheduleIn, request)
        try:
            moved = reschedule_appointment(
                appointment=appointment,
                practitioner=asked["practitioner"],
                start=asked["start"],
                by=_user(request),
                now=now(),
            )
        except SlotTaken as taken:
            alternatives = slots_out(taken.details.get("alternatives", ()), appointment.time_zone)
            raise SlotTaken(alternatives=alternatives) from taken
        return Response(_with_fee(moved.appointment, moved.fee))


class Checkout(Idempotent):
    """The address where an appointment that waits for its payment is paid, when the first answer could not give one."""

    permission_classes = (Anyone,)
    throttle_classes = (BookingsPerAddress,)

    @extend_schema(request=None, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request, appointment_id: UUID) -> Response:
        return Response({"checkout_url": checkout_for(appointment=_theirs(request, appointment_id), now=now())})


def _checkout_url(appointment: Appointment) -> str | None:
    """None where nothing is paid online, or Stripe can't be reached: the time is kept and `checkout/` asks again."""
    if appointment.awaiting != Appointment.Awaiting.PAYMENT:
        return None
    try:
        return checkout_for(appointment=appointment, now=now())
    except StripeUnavailable:
        return None


def _theirs(request: Request, appointment_id: UUID) -> Appointment:
    """:raises Http404: there is none, or it is somebody else's"""
    token = _bearer(request)
    if token:
        found = appointment_by_manage_token(token)
        if found is None or found.pk != appointment_id:
            raise Http404
        return found
    user = _user(request)
    visible = appointments_visible_to(user, now=now()) if user else Appointment.objects.none()
    appointment = visible.filter(pk=appointment_id).first()
    if appointment is None:
        raise Http404
    return appointment


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _user(request: Request) -> User | None:
    """Whoever is signed in, unless a token speaks for the request."""
    return request.user if isinstance(request.user, User) and not _bearer(request) else None


def _screening(token: str | None) -> Screening | None:
    """:raises NotCleared: the token is unknown, or its form was deleted"""
    if not token:
        return None
    screening = screening_by_token(token)
    if screening is None:
        raise NotCleared
    return screening


def _query(shape: type[Any], request: Request) -> dict[str, Any]:
    serializer = shape(data=request.query_params.dict())
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def _body(shape: type[Any], request: Request, **context: Any) -> dict[str, Any]:
    serializer = shape(data=request.data, context=context)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def _clinic_zone() -> str:
    clinic = the_clinic()
    return clinic.time_zone if clinic else settings.CLINIC_TIME_ZONE


def _with_fee(appointment: Appointment, fee: int) -> dict[str, Any]:
    return {**appointment_out(appointment), "fee": money(fee, appointment.currency)}

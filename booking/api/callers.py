"""Who asks, and what is theirs: a token speaks for a request, else the account that is signed in."""

from uuid import UUID

from django.http import Http404
from rest_framework.request import Request

from booking.models import Appointment
from booking.selectors.appointments import appointment_by_manage_token, appointments_visible_to, hold_with_token
from intake.clock import now
from intake.models import Patient, User
from intake.selectors.patients import patients_of
from intake.services.patients import PatientDetails


def signed_in(request: Request) -> User | None:
    """Whoever is signed in, unless a token speaks for the request."""
    return request.user if isinstance(request.user, User) and not _bearer(request) else None


def appointment_for(request: Request, appointment_id: UUID) -> Appointment:
    """The appointment, if the manage token is its own, or the account may see it.

    :raises Http404: there is none, or it is somebody else's
    """
    if token := _bearer(request):
        found = appointment_by_manage_token(token)
        if found is None or found.pk != appointment_id:
            raise Http404
        return found
    user = signed_in(request)
    visible = appointments_visible_to(user, now=now()) if user else Appointment.objects.none()
    appointment = visible.filter(pk=appointment_id).first()
    if appointment is None:
        raise Http404
    return appointment


def hold_of(hold_id: UUID, *, token: str | None = None, request: Request | None = None) -> Appointment:
    """The hold (or the booking it became) that this token, or the request's, belongs to.

    :raises Http404: there is none, or the token is not its own
    """
    hold = hold_with_token(hold_id, token or (_bearer(request) if request else ""))
    if hold is None:
        raise Http404
    return hold


def record_of(user: User | None, details: PatientDetails) -> Patient | PatientDetails:
    """The record on file of whom the account may act for, if these are their details; else the details themselves."""
    if user is None:
        return details
    mine = patients_of(user).filter(
        given_name__iexact=details.given_name,
        family_name__iexact=details.family_name,
        birth_date=details.birth_date,
    )
    return mine.first() or details


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""

"""What comes in, and what goes out, written down."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from phonenumber_field.serializerfields import PhoneNumberField
from rest_framework import serializers

from booking.api.fields import Known, Moment, local, money
from booking.models import Appointment, HealthcareService, Location, Practitioner
from booking.rules.availability import Slot
from intake.api.serializers import StrictSerializer

LONGEST_SEARCH = timedelta(days=62)
_NAME = {"max_length": 100}
_TOKEN = {"max_length": 200}


class PractitionerSearch(StrictSerializer):
    service = Known(HealthcareService.objects.filter(online=True), required=False)


class SlotSearch(StrictSerializer):
    service = Known(HealthcareService.objects.filter(online=True))
    practitioner = Known(Practitioner.objects.filter(active=True), required=False)
    location = Known(Location.objects.all(), required=False)
    screening = serializers.CharField(required=False, **_TOKEN)

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), "from": serializers.DateField(), "to": serializers.DateField()}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        first, last = attrs["from"], attrs["to"]
        if last < first:
            raise serializers.ValidationError({"to": _("The last day is before the first one.")})
        if last - first >= LONGEST_SEARCH:
            raise serializers.ValidationError({"to": _("At most 62 days at a time.")})
        return attrs


class HoldIn(StrictSerializer):
    service = Known(HealthcareService.objects.filter(online=True))
    practitioner = Known(Practitioner.objects.filter(active=True), required=False, allow_null=True, default=None)
    start = Moment()
    screening = serializers.CharField(required=False, allow_null=True, default=None, **_TOKEN)


class PatientIn(StrictSerializer):
    given_name = serializers.CharField(**_NAME)
    family_name = serializers.CharField(**_NAME)
    birth_date = serializers.DateField()
    email = serializers.EmailField(max_length=254)
    phone = PhoneNumberField(required=False, allow_blank=True, default="")
    language = serializers.ChoiceField([code for code, _name in settings.LANGUAGES], required=False, default="en")

    def validate_birth_date(self, value: date) -> date:
        if not 0 <= (self.context["today"] - value).days <= 120 * 366:
            raise serializers.ValidationError(_("This birth date can't be right."))
        return value


class AppointmentIn(StrictSerializer):
    hold = serializers.UUIDField()
    token = serializers.CharField(**_TOKEN)
    patient = PatientIn()
    policies_accepted = serializers.BooleanField()
    payment = serializers.ChoiceField(["online", "desk", "none"])
    accepts_assessment = serializers.BooleanField(required=False, default=False)


class CancelIn(StrictSerializer):
    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=500)


class RescheduleIn(StrictSerializer):
    start = Moment()
    practitioner = Known(Practitioner.objects.filter(active=True), required=False, allow_null=True, default=None)


def service_out(service: HealthcareService) -> dict[str, Any]:
    return {
        "id": str(service.pk),
        "slug": service.slug,
        "name": service.name,
        "minutes": service.minutes,
        "price": money(service.price_amount, service.currency),
        "deposit": money(service.deposit_amount, service.currency) if service.deposit_amount else None,
        "needs_screening": service.needs_screening,
        "online": service.online,
        "modality": service.modality,
    }


def practitioner_out(practitioner: Practitioner) -> dict[str, Any]:
    return {
        "id": str(practitioner.pk),
        "name": practitioner.name,
        "title": practitioner.title,
        "services": [str(service.pk) for service in practitioner.services.all() if service.online],
    }


def slots_out(slots: Iterable[Slot], zone: str) -> list[dict[str, Any]]:
    return [
        {
            "start": local(slot.start, zone),
            "end": local(slot.end, zone),
            "practitioner": str(slot.practitioner),
            "location": str(slot.location),
        }
        for slot in slots
    ]


def appointment_out(appointment: Appointment) -> dict[str, Any]:
    """Without buffers, and without a word about the patient: whoever asks knows who they are."""
    zone = appointment.time_zone
    return {
        "id": str(appointment.pk),
        "status": appointment.status,
        "awaiting": appointment.awaiting or None,
        "service": str(appointment.service_id),
        "practitioner": str(appointment.practitioner_id),
        "location": str(appointment.location_id),
        "start": local(appointment.start, zone),
        "end": local(appointment.end, zone),
        "time_zone": zone,
        "price": money(appointment.price_amount, appointment.currency),
        "deposit": money(appointment.deposit_amount, appointment.currency) if appointment.deposit_amount else None,
        "free_cancel_until": local(appointment.free_cancel_until, zone),
        "decide_by": local(appointment.decide_by, zone) if appointment.awaiting == "review" else None,
        "cancel_reason": appointment.cancel_reason or None,
    }

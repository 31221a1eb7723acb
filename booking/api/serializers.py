"""What comes in, and what goes out, written down."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from booking.api.fields import Day, Known, Moment, Money, MoneyOut, Phone, Start, Text, WallTime, YesNo
from booking.models import Appointment, HealthcareService, Location, Practitioner, Way
from booking.selectors.terms import deposit_of
from intake.api.serializers import StrictSerializer
from intake.models import Consent, Patient
from intake.services.consents import MAX_NAME

LONGEST_SEARCH = timedelta(days=62)
OLDEST = timedelta(days=366 * 120)
_ONE_LINE = RegexValidator(r"[\x00-\x1f\x7f]", _("Write the name on one line."), inverse_match=True)
_NAME: dict[str, Any] = {"max_length": 100, "validators": [_ONE_LINE]}
_TOKEN: dict[str, Any] = {"max_length": 200}


class PractitionerSearch(StrictSerializer):
    """Whose therapists are asked for."""

    service = Known(HealthcareService.objects.filter(online=True), required=False)


class FirstSearch(StrictSerializer):
    """Of which service, and with whom, the first free time is asked for."""

    service = Known(HealthcareService.objects.filter(online=True), help_text="Id or slug.")
    practitioner = serializers.UUIDField(required=False)
    location = Known(Location.objects.all(), required=False, help_text="Id or slug.")
    screening = Text(required=False, help_text="The token of a screening: hides what a request may not take.", **_TOKEN)

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), "from": Day(required=False, help_text="Not before that day.")}


class SlotSearch(FirstSearch):
    """Which free times are asked for."""

    def get_fields(self) -> dict[str, Any]:
        days = {"from": Day(), "to": Day(help_text="Inclusive; at most 62 days in all.")}
        return {**super().get_fields(), **days}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        first, last = attrs["from"], attrs["to"]
        if last < first:
            raise serializers.ValidationError({"to": _("The last day is before the first one.")})
        if last - first >= LONGEST_SEARCH:
            raise serializers.ValidationError({"to": _("At most 62 days at a time.")})
        return attrs


class WhyNotSearch(StrictSerializer):
    """Which time staff wonder about."""

    service = Known(HealthcareService.objects.all(), help_text="Id or slug.")
    practitioner = Known(Practitioner.objects.filter(active=True), required=False, help_text="Without: each of them.")
    start = Start()


class HoldIn(StrictSerializer):
    """The time that somebody would like to be kept."""

    service = Known(HealthcareService.objects.filter(online=True), help_text="Id or slug.")
    practitioner = Known(
        Practitioner.objects.filter(active=True),
        required=False,
        allow_null=True,
        default=None,
        help_text="Null: whoever is free.",
    )
    start = Start(help_text="As `slots/` writes it, with the offset of the clinic's clock on that day, or in UTC.")
    screening = Text(required=False, allow_null=True, default=None, help_text="The token of a screening.", **_TOKEN)


class PatientIn(StrictSerializer):
    """Who comes."""

    given_name = Text(**_NAME)
    family_name = Text(**_NAME)
    birth_date = Day()
    email = serializers.EmailField(max_length=254)
    phone = Phone(required=False, allow_blank=True, default="")
    language = serializers.ChoiceField(Patient.LANGUAGES, required=False, default="en")

    def validate_birth_date(self, value: date) -> date:
        if not timedelta() <= self.context["today"] - value <= OLDEST:
            raise serializers.ValidationError(_("This birth date can't be right."))
        return value


class SignatureIn(StrictSerializer):
    """Who has read the information on needling, and exactly what they were shown."""

    name = Text(max_length=MAX_NAME, validators=[_ONE_LINE], help_text="As typed by whoever signs.")
    signer = serializers.ChoiceField(Consent.Signer.values, required=False, default=Consent.Signer.SELF)
    relation = Text(
        required=False, allow_blank=True, default="", max_length=MAX_NAME, help_text="Of who signs for another person."
    )
    version = Text(max_length=40)
    hash = Text(max_length=64)
    language = serializers.ChoiceField(Patient.LANGUAGES, required=False, default="en")
    shown_at = Moment()


class InformationOut(serializers.Serializer[Any]):
    """What is read and signed before needling: show `text` whole, and send `version` and `hash` with the signature."""

    version = serializers.CharField()
    hash = serializers.CharField()
    language = serializers.CharField()
    title = serializers.CharField()
    text = serializers.CharField()


class AppointmentIn(StrictSerializer):
    """Whose hold becomes a booking, and how it is paid."""

    hold = serializers.UUIDField()
    token = Text(help_text="The hold's token.", **_TOKEN)
    patient = PatientIn()
    policies_accepted = YesNo()
    payment = serializers.ChoiceField(["online", "desk", "none"])
    terms = Text(
        required=False,
        allow_blank=True,
        default="",
        max_length=64,
        help_text="The `stamp` of the terms that were shown: then nothing else can be charged.",
    )
    accepts_assessment = YesNo(
        required=False, default=False, help_text="Keep the time without needles if no therapist answers a request."
    )
    signature = SignatureIn(
        required=False, allow_null=True, default=None, help_text="Read and signed (`GET information/`); or later."
    )


class CancelIn(StrictSerializer):
    """Why."""

    reason = Text(
        required=False,
        allow_blank=True,
        default="",
        max_length=500,
        help_text='"unwell" (costs nothing), "patient", "clinic" (staff only, their default), or words of your own.',
    )


class RescheduleIn(StrictSerializer):
    """The new time."""

    start = Start()
    practitioner = Known(
        Practitioner.objects.filter(active=True),
        required=False,
        allow_null=True,
        default=None,
        help_text="Null: the same as before.",
    )
    reason = serializers.ChoiceField(
        [one for one in Appointment.SetAside.choices if one[0] != Appointment.SetAside.WALK_IN],
        required=False,
        allow_blank=True,
        default="",
        help_text="Staff only: why this goes beyond the clinic's hours, steps, spacing or terms for moving.",
    )


class ServiceOut(serializers.Serializer[Any]):
    """Something that can be booked online."""

    id = serializers.UUIDField()
    slug = serializers.CharField()
    name = serializers.CharField()
    minutes = serializers.IntegerField()
    price = Money(source="price_amount")
    deposit = serializers.SerializerMethodField(help_text="What somebody new pays of it when booking; or null.")
    needs_screening = serializers.BooleanField()
    online = serializers.BooleanField()
    modality = serializers.ChoiceField(HealthcareService.Modality.values)

    @extend_schema_field(MoneyOut(allow_null=True))
    def get_deposit(self, service: HealthcareService) -> dict[str, Any] | None:
        """By the terms of the clinic in the context; `payment_terms` prefetched."""
        location = self.context["location"]
        amount = deposit_of(service, location=location) if location else 0
        return {"amount": amount, "currency": service.currency} if amount else None


class PractitionerOut(serializers.Serializer[Any]):
    """A therapist, and the services of theirs that are booked online."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    title = serializers.CharField()
    services = serializers.SerializerMethodField()

    def get_services(self, practitioner: Practitioner) -> list[UUID]:
        """What they do that is booked online; prefetched."""
        return [service.pk for service in practitioner.services.all() if service.online]


class SlotOut(serializers.Serializer[Any]):
    """A free time, without buffers."""

    start = WallTime()
    end = WallTime()
    practitioner = serializers.UUIDField()
    location = serializers.UUIDField()


class SlotsOut(serializers.Serializer[Any]):
    """Free times, and the clinic's time zone."""

    time_zone = serializers.CharField()
    slots = SlotOut(many=True)


class ReasonOut(serializers.Serializer[Any]):
    """One thing that keeps the visit from beginning then; staff may book against those that don't bind them."""

    code = serializers.CharField()
    words = serializers.CharField()
    binds_staff = serializers.BooleanField()


class WhyNotOfOne(serializers.Serializer[Any]):
    """One therapist's reasons; with none the time is offered."""

    practitioner = serializers.UUIDField()
    offered = serializers.BooleanField()
    reasons = ReasonOut(many=True)


class WhyNotOut(serializers.Serializer[Any]):
    """An answer for each therapist."""

    therapists = WhyNotOfOne(many=True)


class FirstSlotOut(serializers.Serializer[Any]):
    """The first free time, or null; and the clinic's time zone."""

    time_zone = serializers.CharField()
    slot = SlotOut(allow_null=True)


class AppointmentOut(serializers.Serializer[Any]):
    """Without buffers, and without a word about the patient: whoever asks knows who they are."""

    id = serializers.UUIDField()
    status = serializers.ChoiceField(Appointment.Status.values)
    awaiting = serializers.SerializerMethodField()
    service = serializers.UUIDField(source="service_id")
    practitioner = serializers.UUIDField(source="practitioner_id")
    location = serializers.UUIDField(source="location_id")
    start = WallTime()
    end = WallTime()
    time_zone = serializers.CharField()
    price = Money(source="price_amount")
    deposit = Money(source="deposit_amount", allow_null=True)
    free_cancel_until = WallTime(allow_null=True)
    decide_by = WallTime(allow_null=True, help_text="Until when a therapist answers a request.")
    cancel_reason = serializers.SerializerMethodField()

    def get_awaiting(self, appointment: Appointment) -> str | None:
        return appointment.awaiting or None

    def get_cancel_reason(self, appointment: Appointment) -> str | None:
        return appointment.cancel_reason or None


class TermsOut(serializers.Serializer[Any]):
    """What a visit costs and when: show `text` before anybody agrees, and send `stamp` as `terms` with the booking."""

    way = serializers.ChoiceField(Way.values)
    pay_now = MoneyOut(help_text="Asked for with `online`.")
    at_the_clinic = MoneyOut()
    or_at_desk = serializers.BooleanField(help_text="Whether all of it may be paid at the clinic instead.")
    late_fee = MoneyOut(help_text="For cancelling or moving after `free_cancel_until`.")
    no_show_fee = MoneyOut()
    free_cancel_until = WallTime()
    forgives_first_miss = serializers.BooleanField()
    keeps_card = serializers.BooleanField()
    text = serializers.CharField(help_text="A sentence a line, for whoever does it online.")
    stamp = serializers.CharField()


class HoldOut(serializers.Serializer[Any]):
    """A time that is kept for a while; the token is shown once."""

    id = serializers.UUIDField(help_text="The appointment's id.")
    token = serializers.CharField()
    expires_at = WallTime()
    appointment = AppointmentOut()
    terms = TermsOut(help_text="As for somebody new; a returning patient's may be milder, and the booking says so.")


class ConfirmedOut(AppointmentOut):
    """The booking or request; the token opens it later."""

    checkout_url = serializers.URLField(allow_null=True, help_text="Where the deposit is paid.")
    manage_token = serializers.CharField()


class ChangedOut(AppointmentOut):
    """The appointment as it is now, and what the change costs."""

    fee = MoneyOut()


class CheckoutOut(serializers.Serializer[Any]):
    """Where the deposit is paid."""

    checkout_url = serializers.URLField()


class ProblemOut(serializers.Serializer[Any]):
    """RFC 9457; `code` is stable. Some say more: `errors`, `keys`, `unanswered`, `alternatives`, `retry_after`."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()

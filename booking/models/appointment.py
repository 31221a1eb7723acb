import uuid

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from booking.models.terms import Way
from intake.crypto import EncryptedField
from intake.models.kept_on_hold import kept_on_hold


class TsTzRange(Func):
    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


OCCUPYING = ~Q(status__in=["cancelled", "entered-in-error"])
ACCEPTED = Q(accepted_version=F("schedule_version"))
UNACCEPTED = Q(accepted_version=None) | ~ACCEPTED


class Appointment(models.Model):
    """A stretch of a therapist's time: a hold, a request or a visit. Times in UTC, the clinic's wall time beside."""

    class Status(models.TextChoices):
        PROPOSED = "proposed", _("held")
        PENDING = "pending", _("waiting")
        BOOKED = "booked", _("booked")
        ARRIVED = "arrived", _("arrived")
        CHECKED_IN = "checked-in", _("checked in")
        FULFILLED = "fulfilled", _("done")
        NOSHOW = "noshow", _("did not come")
        CANCELLED = "cancelled", _("cancelled")
        ENTERED_IN_ERROR = "entered-in-error", _("entered by mistake")

    class Awaiting(models.TextChoices):
        PAYMENT = "payment", _("payment")
        REVIEW = "review", _("a therapist's answer")
        FORM = "form", _("the health form")

    class Source(models.TextChoices):
        PATIENT = "patient", _("patient pages")
        DESK = "desk", _("reception")
        API = "api", _("API")
        WAITLIST = "waitlist", _("waitlist")

    class CancelReason(models.TextChoices):
        HOLD_EXPIRED = "hold-expired", _("the time was not confirmed")
        HOLD_RELEASED = "hold-released", _("the time was let go")
        NOT_CLEARED = "not-cleared", _("the answers do not allow needling")
        PAYMENT_LAPSED = "payment-lapsed", _("the payment was not completed")
        PATIENT = "patient", _("cancelled by the patient")
        UNWELL = "unwell", _("the patient is unwell")
        CLINIC = "clinic", _("cancelled by the clinic")
        DECLINED = "screening-declined", _("a therapist advised against it")
        REVIEW_LAPSED = "review-lapsed", _("no therapist could answer in time")

    class SetAside(models.TextChoices):
        WALK_IN = "walk-in", _("came without an appointment")
        PATIENT_ASKED = "patient-asked", _("the patient asked for it")
        CLINIC_ASKED = "clinic-asked", _("we asked the patient")
        MISTAKE = "our-mistake", _("we had made a mistake")
        GOODWILL = "goodwill", _("as a courtesy")

    class Accepted(models.TextChoices):
        TEXT = "text", _("by text message")
        LINK = "link", _("on their page")
        CALL = "call", _("told us")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    status = models.CharField(max_length=20, choices=Status.choices)
    awaiting = models.CharField(max_length=20, choices=Awaiting.choices, blank=True)
    service = models.ForeignKey("booking.HealthcareService", on_delete=models.PROTECT, related_name="appointments")
    practitioner = models.ForeignKey("booking.Practitioner", on_delete=models.PROTECT, related_name="appointments")
    location = models.ForeignKey("booking.Location", on_delete=models.PROTECT, related_name="appointments")
    room = models.ForeignKey("booking.Room", null=True, on_delete=models.PROTECT, related_name="appointments")
    patient = models.ForeignKey("intake.Patient", null=True, on_delete=models.PROTECT, related_name="appointments")
    screening = models.ForeignKey("intake.Screening", null=True, on_delete=models.SET_NULL, related_name="appointments")
    course = models.ForeignKey("booking.Course", null=True, on_delete=models.PROTECT, related_name="appointments")
    session_number = models.PositiveSmallIntegerField(null=True)  # in its course, from 1

    start = models.DateTimeField()
    end = models.DateTimeField()
    occupied = DateTimeRangeField()  # [start - buffer before, end + buffer after)
    wall_start = models.CharField(max_length=16)  # "2026-12-01T09:00" in time_zone
    time_zone = models.CharField(max_length=64)
    schedule_version = models.PositiveIntegerField(default=1)  # one more for each move; messages belong to one version
    moves_made = models.PositiveSmallIntegerField(default=0)  # by the patient, who may be allowed only so many
    set_aside = models.CharField(max_length=20, choices=SetAside.choices, blank=True)  # why staff went beyond the rules

    source = models.CharField(max_length=10, choices=Source.choices)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    request_key = models.UUIDField()
    held_by = models.CharField(max_length=64, blank=True)  # hash of who holds it, for the limit of holds
    held_from = models.CharField(max_length=64, blank=True)  # hash of the address range it was held from, for the same
    hold_token_hash = models.CharField(max_length=64, blank=True)
    hold_expires_at = models.DateTimeField(null=True)
    manage_token_hash = models.CharField(max_length=64, blank=True)
    confirmed_at = models.DateTimeField(null=True)  # when somebody said who they are
    decide_by = models.DateTimeField(null=True)  # awaiting review
    review_since = models.DateTimeField(null=True)  # since when a therapist was asked the last time
    approval = models.ForeignKey(  # what a therapist said yes to, where these answers need that
        "intake.ScreeningDecision", null=True, on_delete=models.SET_NULL, related_name="appointments"
    )
    form_due_at = models.DateTimeField(null=True)  # awaiting form
    accepts_assessment = models.BooleanField(default=False)  # "keep this time without needles if nobody answers"

    price_amount = models.PositiveIntegerField()
    deposit_amount = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    payment_choice = models.CharField(max_length=10, blank=True)  # online, desk, none
    cover = models.ForeignKey(  # who pays besides the patient, and how much of the price as things stand
        "booking.Cover", null=True, on_delete=models.PROTECT, related_name="appointments"
    )
    payer_amount = models.PositiveIntegerField(default=0)
    policy_version = models.CharField(max_length=40, blank=True)
    policies_accepted_at = models.DateTimeField(null=True)
    free_cancel_until = models.DateTimeField(null=True)
    late_fee_amount = models.PositiveIntegerField(default=0)
    no_show_fee_amount = models.PositiveIntegerField(default=0)
    payment_way = models.CharField(max_length=10, choices=Way.choices, blank=True)  # as agreed; empty: a mere hold
    or_at_desk = models.BooleanField(default=True)  # what is asked for first may be paid at the clinic instead
    keeps_card = models.BooleanField(default=False)  # agreed that the card is kept for fees
    forgives_first_miss = models.BooleanField(default=False)
    late_moves = models.PositiveSmallIntegerField(default=0)  # by the patient, when it was free no more
    excused = models.BooleanField(default=False)  # its fee was waived: not counted as a miss

    alert_acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    alert_acknowledged_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)  # when the patient said that they are coming
    accepted_how = models.CharField(max_length=10, choices=Accepted.choices, blank=True)
    accepted_version = models.PositiveIntegerField(null=True)  # to which time: what was moved is asked about anew
    arrived_at = models.DateTimeField(null=True)
    checked_in_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    cancel_reason = models.CharField(max_length=20, choices=CancelReason.choices, blank=True)
    cancelled_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    # Until this moment a cancellation can be undone; its fee, money and messages follow then. Null: they are done.
    cancel_settles_at = models.DateTimeField(null=True)
    cancel_fee_amount = models.PositiveIntegerField(default=0)  # as it was said when it was cancelled
    status_before = models.CharField(max_length=20, blank=True)  # to which undoing goes back
    awaiting_before = models.CharField(max_length=20, blank=True)
    note = EncryptedField(null=True)  # what reception or the patient wrote

    class Meta:
        indexes = [
            models.Index(fields=["start"]),
            models.Index(fields=["patient", "-start"]),
            models.Index(fields=["hold_expires_at"], condition=Q(status="proposed"), name="appointment_live_holds"),
            models.Index(fields=["awaiting", "start"], condition=Q(status="pending"), name="appointment_pending"),
            models.Index(fields=["held_by"], condition=Q(status="proposed"), name="appointment_holds_of"),
            models.Index(fields=["held_from"], condition=Q(status="proposed"), name="appointment_holds_from"),
            models.Index(
                fields=["cancel_settles_at"],
                condition=Q(cancel_settles_at__isnull=False),
                name="appointment_to_settle",
            ),
            models.Index(fields=["manage_token_hash"]),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(end__gt=F("start")), name="appointment_ends_after_it_starts"),
            models.CheckConstraint(
                condition=Q(occupied__contains=TsTzRange(F("start"), F("end"), RangeBoundary())),
                name="appointment_occupies_its_time",
            ),
            models.CheckConstraint(
                condition=Q(status="proposed", hold_expires_at__isnull=False)
                | (~Q(status="proposed") & Q(hold_expires_at__isnull=True)),
                name="appointment_only_holds_expire",
            ),
            models.CheckConstraint(
                condition=(Q(status="pending") & ~Q(awaiting="")) | (~Q(status="pending") & Q(awaiting="")),
                name="appointment_pending_awaits_something",
            ),
            models.CheckConstraint(
                condition=Q(patient__isnull=False) | Q(status__in=["proposed", "cancelled", "entered-in-error"]),
                name="appointment_confirmed_has_a_patient",
            ),
            models.CheckConstraint(
                condition=(Q(status="cancelled") & ~Q(cancel_reason="") & Q(cancelled_at__isnull=False))
                | (~Q(status="cancelled") & Q(cancel_reason="")),
                name="appointment_cancelled_says_why",
            ),
            models.CheckConstraint(
                condition=Q(course__isnull=True, session_number__isnull=True)
                | Q(course__isnull=False, session_number__gte=1),
                name="appointment_session_has_a_number",
            ),
            models.UniqueConstraint(
                fields=["course", "session_number"], condition=OCCUPYING, name="appointment_session_once"
            ),
            models.CheckConstraint(
                condition=Q(cancel_settles_at__isnull=True) | (Q(status="cancelled") & ~Q(status_before="")),
                name="appointment_only_cancelled_settle",
            ),
            models.CheckConstraint(
                condition=Q(payer_amount=0) | Q(cover__isnull=False, payer_amount__lte=F("price_amount")),
                name="appointment_payer_bears_at_most_all",
            ),
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=True, accepted_how="", accepted_version__isnull=True)
                | (Q(accepted_at__isnull=False, accepted_version__isnull=False) & ~Q(accepted_how="")),
                name="appointment_accepted_says_how",
            ),
            models.UniqueConstraint(fields=["request_key"], name="appointment_request_key_once"),
            ExclusionConstraint(
                name="appointment_no_practitioner_overlap",
                expressions=[("practitioner", RangeOperators.EQUAL), ("occupied", RangeOperators.OVERLAPS)],
                condition=OCCUPYING,
            ),
            ExclusionConstraint(
                name="appointment_no_room_overlap",
                expressions=[("room", RangeOperators.EQUAL), ("occupied", RangeOperators.OVERLAPS)],
                condition=OCCUPYING,
            ),
            ExclusionConstraint(
                name="appointment_no_patient_overlap",
                expressions=[
                    ("patient", RangeOperators.EQUAL),
                    (TsTzRange(F("start"), F("end"), RangeBoundary()), RangeOperators.OVERLAPS),
                ],
                condition=OCCUPYING,
            ),
        ]
        triggers = [kept_on_hold("OLD.patient_id")]

    def __str__(self) -> str:
        return f"{self.wall_start} {self.status}"

    @property
    def is_accepted(self) -> bool:
        """Whether the patient has said that they are coming at the time it has now."""
        return self.accepted_version == self.schedule_version

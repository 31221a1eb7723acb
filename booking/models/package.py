import uuid

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class PackageOffer(models.Model):
    """Several sessions at one price, as a clinic sells them. Minor units. What was sold keeps its own terms."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    location = models.ForeignKey("booking.Location", on_delete=models.PROTECT, related_name="package_offers")
    name = models.CharField(max_length=120)
    name_fr = models.CharField(max_length=120, blank=True)
    services = models.ManyToManyField("booking.HealthcareService", related_name="package_offers")
    sessions = models.PositiveSmallIntegerField()
    price_amount = models.PositiveIntegerField()
    currency = models.CharField(max_length=3, default="CAD")
    valid_months = models.PositiveSmallIntegerField(default=12)
    online = models.BooleanField(default=True)
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name", "sessions", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(sessions__range=(2, 50)), name="package_offer_has_sessions"),
            models.CheckConstraint(condition=Q(price_amount__gte=F("sessions")), name="package_offer_has_a_price"),
            models.CheckConstraint(condition=Q(valid_months__range=(1, 60)), name="package_offer_lasts"),
        ]

    def __str__(self) -> str:
        return self.name


class Package(models.Model):
    """Sessions that a patient has bought in advance, with the terms of that day. Minor units.

    It can be used until `expires_on`, that day included, for visits at its clinic.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("not paid yet")
        ACTIVE = "active", _("bought")
        LAPSED = "lapsed", _("not completed")
        REFUNDED = "refunded", _("unused sessions given back")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    offer = models.ForeignKey(PackageOffer, on_delete=models.PROTECT, related_name="packages")
    location = models.ForeignKey("booking.Location", on_delete=models.PROTECT, related_name="packages")
    patient = models.ForeignKey("intake.Patient", on_delete=models.PROTECT, related_name="packages")
    name = models.CharField(max_length=120)
    services = models.ManyToManyField("booking.HealthcareService", related_name="packages")
    sessions = models.PositiveSmallIntegerField()
    price_amount = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    valid_months = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=20, choices=State.choices, default=State.WAITING)
    terms = models.TextField()  # as they were shown before paying
    created_at = models.DateTimeField()
    sold_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    request_key = models.UUIDField()
    bought_at = models.DateTimeField(null=True)
    expires_on = models.DateField(null=True)
    refunded_at = models.DateTimeField(null=True)
    refunded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    refund_amount = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["request_key"], name="package_request_key_once"),
            models.UniqueConstraint(
                fields=["patient", "offer"], condition=Q(state="waiting"), name="package_one_waiting_of_an_offer"
            ),
            models.CheckConstraint(
                condition=Q(sessions__gte=1, price_amount__gte=F("sessions")), name="package_has_sessions_and_a_price"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "lapsed"], bought_at__isnull=True, expires_on__isnull=True)
                | Q(state__in=["active", "refunded"], bought_at__isnull=False, expires_on__isnull=False),
                name="package_bought_when",
            ),
            models.CheckConstraint(
                condition=Q(state="refunded", refunded_at__isnull=False)
                | ~Q(state="refunded") & Q(refunded_at__isnull=True, refund_amount=0),
                name="package_refunded_when",
            ),
            models.CheckConstraint(
                condition=Q(refund_amount__lte=F("price_amount")), name="package_refunds_at_most_its_price"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PackageCredit(models.Model):
    """One session of a package, used for a visit. `number` counts from 1; a returned one's is free again."""

    class Why(models.TextChoices):
        NO_FEE = "no-fee", _("the visit ended without its fee")
        STAFF = "staff", _("taken back by reception")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    package = models.ForeignKey(Package, on_delete=models.PROTECT, related_name="credits")
    number = models.PositiveSmallIntegerField()
    appointment = models.ForeignKey("booking.Appointment", on_delete=models.PROTECT, related_name="credits")
    worth_amount = models.PositiveIntegerField()  # its share of what the package cost
    price_before = models.PositiveIntegerField()  # of the visit, without the package
    used_at = models.DateTimeField()
    used_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    returned_at = models.DateTimeField(null=True)
    returned_why = models.CharField(max_length=20, choices=Why.choices, blank=True)

    class Meta:
        ordering = ["number", "used_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["package", "number"], condition=Q(returned_at__isnull=True), name="package_credit_used_once"
            ),
            models.UniqueConstraint(
                fields=["appointment"], condition=Q(returned_at__isnull=True), name="package_credit_one_for_a_visit"
            ),
            models.CheckConstraint(
                condition=Q(number__gte=1, worth_amount__gte=1), name="package_credit_is_worth_something"
            ),
            models.CheckConstraint(
                condition=Q(returned_at__isnull=True, returned_why="")
                | Q(returned_at__isnull=False) & ~Q(returned_why=""),
                name="package_credit_returned_says_why",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="package_credit_within_its_sessions",
                operation=pgtrigger.Insert,
                when=pgtrigger.Before,
                func=(
                    "IF NEW.number > (SELECT sessions FROM booking_package WHERE id = NEW.package_id) THEN"
                    " RAISE EXCEPTION 'package % has no session %', NEW.package_id, NEW.number"
                    " USING ERRCODE = 'check_violation', CONSTRAINT = 'package_credit_within_its_sessions';"
                    " END IF; RETURN NEW;"
                ),
            ),
            pgtrigger.Protect(name="package_credit_is_kept", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return str(self.number)

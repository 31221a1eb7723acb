"""Payments, the append-only ledger that is the clinic's truth about money, commands to Stripe, and events from it."""

import uuid

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from booking.models.month import month_of_the_books

_PLACE = (  # the clinic of an entry's payment
    "SELECT coalesce(a.location_id, k.location_id) FROM payments_payment p"
    " LEFT JOIN booking_appointment a ON a.id = p.appointment_id LEFT JOIN booking_package k ON k.id = p.package_id"
    " WHERE p.id = NEW.payment_id"
)


class Payment(models.Model):
    """Money that somebody owes for an appointment or a package. Amounts in minor units. States only move forward."""

    class Purpose(models.TextChoices):
        DEPOSIT = "deposit", _("Deposit")
        BALANCE = "balance", _("Balance")
        FEE = "fee", _("Fee")
        PACKAGE = "package", _("Package")

    class Gateway(models.TextChoices):
        STRIPE = "stripe", _("online")
        DESK = "desk", _("at the desk")
        PAYER = "payer", _("by the payer")
        PACKAGE = "package", _("by a package")  # a session that was paid in advance

    class State(models.TextChoices):
        OPEN = "open", _("not paid yet")
        AUTHORISED = "authorised", _("authorised, not taken")
        CAPTURED = "captured", _("paid")
        VOIDED = "voided", _("released")
        LAPSED = "lapsed", _("not completed")

    FINAL = (State.CAPTURED, State.VOIDED, State.LAPSED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # What it is for: one of the two.
    appointment = models.ForeignKey("booking.Appointment", null=True, on_delete=models.PROTECT, related_name="payments")
    package = models.ForeignKey("booking.Package", null=True, on_delete=models.PROTECT, related_name="payments")
    payer = models.ForeignKey("intake.Patient", on_delete=models.PROTECT, related_name="payments")
    # A deposit beside which a card is kept, or what is taken from a kept card while its holder is away.
    card = models.ForeignKey("booking.KeptCard", null=True, on_delete=models.PROTECT, related_name="payments")
    fee_case = models.ForeignKey("booking.FeeCase", null=True, on_delete=models.PROTECT, related_name="payments")
    purpose = models.CharField(max_length=20, choices=Purpose.choices)
    gateway = models.CharField(max_length=10, choices=Gateway.choices)
    state = models.CharField(max_length=20, choices=State.choices, default=State.OPEN)
    amount = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    created_at = models.DateTimeField()
    session_id = models.CharField(max_length=255, blank=True)
    session_url = models.TextField(blank=True)
    session_created_at = models.DateTimeField(null=True)
    intent_id = models.CharField(max_length=255, blank=True)
    # How much of it we mean to keep: null while undecided, 0 to release or give back all. Only ever lowered; whatever
    # differs at Stripe is worked off command by command until both agree, and that moment is `settled_at`.
    keep_amount = models.PositiveIntegerField(null=True)
    checked_at = models.DateTimeField(null=True)  # when Stripe was last asked; null: ask at the next sweep
    settled_at = models.DateTimeField(null=True)
    revision = models.PositiveIntegerField(default=0)  # one more for each change; who looked before it looks again

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["appointment", "purpose"],
                condition=Q(gateway="stripe", state__in=["open", "authorised"]),
                name="payment_one_open_online",
            ),
            models.UniqueConstraint(
                fields=["package", "purpose"],
                condition=Q(gateway="stripe", state__in=["open", "authorised"]),
                name="payment_one_open_online_of_a_package",
            ),
            models.CheckConstraint(
                condition=Q(appointment__isnull=False, package__isnull=True)
                | Q(appointment__isnull=True, package__isnull=False),
                name="payment_has_one_subject",
            ),
            models.UniqueConstraint(  # a fee is never taken twice
                fields=["fee_case"],
                condition=Q(gateway="stripe", state__in=["open", "authorised", "captured"]),
                name="payment_one_charge_of_a_fee",
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_has_an_amount"),
            models.CheckConstraint(
                condition=Q(keep_amount__isnull=True) | Q(keep_amount__lte=models.F("amount")),
                name="payment_keeps_at_most_all",
            ),
            models.UniqueConstraint(fields=["session_id"], condition=~Q(session_id=""), name="payment_session_once"),
        ]
        indexes = [
            models.Index(fields=["checked_at"], condition=Q(settled_at__isnull=True), name="payment_not_settled"),
            models.Index(fields=["intent_id"], name="payment_of_intent"),
        ]
        triggers = [
            pgtrigger.Protect(name="payment_is_kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="payment_says_what_it_said",
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(
                    "amount", "currency", "gateway", "purpose", "payer", "appointment", "package", "created_at"
                ),
            ),
            pgtrigger.FSM(
                name="payment_only_moves_forward",
                field="state",
                transitions=[
                    ("open", "authorised"),
                    ("open", "captured"),
                    ("open", "voided"),
                    ("open", "lapsed"),
                    ("authorised", "captured"),
                    ("authorised", "voided"),
                ],
            ),
            pgtrigger.Protect(
                name="payment_keeps_less_and_less",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("coalesce(NEW.keep_amount, NEW.amount + 1) > OLD.keep_amount"),
            ),
        ]


class LedgerEntry(models.Model):
    """One movement of money, never edited or deleted. `amount` is positive; `kind` says which way it goes."""

    class Kind(models.TextChoices):
        CHARGE = "charge", _("owed")
        AUTHORISATION = "authorisation", _("authorised")
        CAPTURE = "capture", _("taken online")
        VOID = "void", _("released")
        REFUND = "refund", _("given back")
        REFUND_FAILED = "refund-failed", _("could not be given back")
        FEE = "fee", _("fee")
        WAIVER = "waiver", _("fee waived")
        DESK = "desk", _("paid at the desk")
        PAYER = "payer", _("paid by the payer")
        PACKAGE = "package", _("paid by a package")
        PACKAGE_RETURNED = "package-returned", _("session given back to its package")
        CREDIT = "credit", _("credit")
        DISPUTED = "disputed", _("taken back by the bank")
        DISPUTE_WON = "dispute-won", _("returned by the bank")
        DISPUTE_LOST = "dispute-lost", _("left with the cardholder")
        DISPUTE_FEE = "dispute-fee", _("the bank's fee")
        DISPUTE_FEE_BACK = "dispute-fee-back", _("the bank's fee, returned")

    id = models.BigAutoField(primary_key=True)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="entries")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    amount = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    recorded_at = models.DateTimeField()
    month = models.DateField(editable=False)  # of the books, by the database: a closed one is never written into
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    method = models.CharField(max_length=20, blank=True)  # card, cash, terminal...
    reference = models.CharField(max_length=255)  # Stripe's id or our own: the same movement is written once

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["payment", "kind", "reference"], name="ledger_movement_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="ledger_moves_something"),
            models.CheckConstraint(
                condition=~Q(kind="desk") | Q(recorded_by__isnull=False), name="ledger_desk_names_a_person"
            ),
        ]
        indexes = [models.Index(fields=["month"], name="ledger_month")]
        triggers = [
            pgtrigger.Protect(name="ledger_is_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            month_of_the_books(moment="recorded_at", place=_PLACE),
        ]


class GatewayCommand(models.Model):
    """Something we are about to ask Stripe, written before asking; its key makes asking twice harmless."""

    class Outcome(models.TextChoices):
        UNKNOWN = "unknown", _("no answer yet")
        DONE = "done", _("done")
        REFUSED = "refused", _("refused")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # About one of the two.
    payment = models.ForeignKey(Payment, null=True, on_delete=models.PROTECT, related_name="commands")
    card = models.ForeignKey("booking.KeptCard", null=True, on_delete=models.PROTECT, related_name="commands")
    # open_session, expire_session, charge, capture, void, refund-N; of a card open_session, expire_session, detach
    operation = models.CharField(max_length=30)
    attempt = models.PositiveSmallIntegerField(default=1)
    amount = models.PositiveIntegerField(null=True)
    parameters = models.JSONField(default=dict)  # what was sent, so that a repeat sends the same
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.UNKNOWN)
    problem = models.CharField(max_length=255, blank=True)
    result_id = models.CharField(max_length=255, blank=True)
    kept_failure = models.BooleanField(default=False)  # Stripe failed (500) and repeats that answer for this key
    first_asked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)

    busy = False  # another process is asking at this moment; known to who has just asked

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["payment", "operation", "attempt"], name="gateway_command_once"),
            models.UniqueConstraint(fields=["card", "operation", "attempt"], name="gateway_command_of_card_once"),
            models.CheckConstraint(
                condition=Q(payment__isnull=False, card__isnull=True) | Q(payment__isnull=True, card__isnull=False),
                name="gateway_command_has_one_subject",
            ),
        ]

    @property
    def idempotency_key(self) -> str:
        return f"v1:{self.payment_id or self.card_id}:{self.operation}:{self.attempt}"


class WebhookEvent(models.Model):
    """An event as Stripe sent it: a hint to look at an object. Ids only.

    `object_id` names the Checkout Session or PaymentIntent to look at, also for an event about its charge or refund.
    """

    id = models.CharField(primary_key=True, max_length=255)
    type = models.CharField(max_length=80)
    object_id = models.CharField(max_length=255)
    payment_ref = models.CharField(max_length=64, blank=True)  # our id from the metadata
    livemode = models.BooleanField()
    received_at = models.DateTimeField()
    handled_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=255, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["next_try_at"], condition=Q(handled_at__isnull=True), name="webhook_event_unhandled")
        ]


class Finding(models.Model):
    """Something about money that a person must look at: a difference to Stripe, a refused capture, a failed refund."""

    class Kind(models.TextChoices):
        UNKNOWN_AT_STRIPE = "unknown-at-stripe", _("Stripe has a payment that we don't know")
        MISSING_AT_STRIPE = "missing-at-stripe", _("Stripe does not know a payment of ours")
        AMOUNT = "amount", _("the sums differ")
        STATE = "state", _("the states differ")
        REFUSED = "refused", _("Stripe refused to do what we asked")
        REFUND_FAILED = "refund-failed", _("the bank could not give money back")
        AUTHORISATION_LAPSED = "authorisation-lapsed", _("an authorisation ended before it was taken")
        AUTHORISATION_AGEING = "authorisation-ageing", _("an authorisation waits for a decision for days")
        DISPUTE = "dispute", _("the cardholder disputes a payment")
        PAYOUT = "payout", _("what Stripe moved or paid out is not what our books say")
        PAYOUT_FAILED = "payout-failed", _("the bank sent a payout back")

    id = models.BigAutoField(primary_key=True)
    payment = models.ForeignKey(Payment, null=True, on_delete=models.PROTECT, related_name="findings")
    kind = models.CharField(max_length=30, choices=Kind.choices)
    object_id = models.CharField(max_length=255)  # Stripe's object, or our payment
    details = models.JSONField(default=dict)  # sums and states only
    found_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "object_id"], condition=Q(resolved_at__isnull=True), name="finding_open_once"
            )
        ]

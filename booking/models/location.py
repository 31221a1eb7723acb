import uuid
from datetime import time

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

from booking.rules.help_languages import HELP_SENTENCES
from booking.rules.limits import is_network
from booking.rules.opening_hours import hours_of_week
from intake.models import Patient

PROVINCES = [
    ("AB", _("Alberta")),
    ("BC", _("British Columbia")),
    ("MB", _("Manitoba")),
    ("NB", _("New Brunswick")),
    ("NL", _("Newfoundland and Labrador")),
    ("NS", _("Nova Scotia")),
    ("NT", _("Northwest Territories")),
    ("NU", _("Nunavut")),
    ("ON", _("Ontario")),
    ("PE", _("Prince Edward Island")),
    ("QC", _("Quebec")),
    ("SK", _("Saskatchewan")),
    ("YT", _("Yukon")),
]


def default_help_languages() -> list[str]:
    return list(HELP_SENTENCES)


def default_weekly_hours() -> dict[str, list[list[str]]]:
    return {day: [["08:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}


def validate_weekly_hours(weekly: object) -> None:
    """Refuse a week that can't be read, and one that is never open.

    :raises ValidationError: with what is wrong
    """
    try:
        hours = hours_of_week(weekly)
    except ValueError as wrong:
        raise ValidationError(_("These hours can't be read: %(wrong)s"), params={"wrong": str(wrong)}) from None
    if not hours:
        raise ValidationError(_("Please give the hours of at least one day."))


def validate_network(text: object) -> None:
    """Refuse what is no range of network addresses.

    :raises ValidationError: always then
    """
    if not is_network(text):
        raise ValidationError(_("Please give a network like 203.0.113.0/24 or 2001:db8::/48."))


class Location(models.Model):
    """A clinic: its address, its numbers for help, and its rules for booking."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=120)
    slug = models.SlugField(unique=True)
    address = models.TextField()
    phone = PhoneNumberField()
    email = models.EmailField()
    time_zone = models.CharField(max_length=64, default="America/Edmonton")
    province = models.CharField(
        max_length=2,
        choices=PROVINCES,
        blank=True,
        help_text=_("Its public holidays are days off. Empty: only the days you close yourself."),
    )
    opening_hours = models.TextField(help_text=_("In words, as shown on the pages."))
    weekly_hours = models.JSONField(
        default=default_weekly_hours,
        validators=[validate_weekly_hours],
        help_text=_(
            'The same as times, for deadlines: {"mon": [["08:00", "12:00"], ["13:00", "18:00"]], ...}; days are mon, '
            "tue, wed, thu, fri, sat, sun. A day that is left out is closed."
        ),
    )
    emergency_number = models.CharField(max_length=40, default="911")
    crisis_line = models.CharField(max_length=80, default="988")
    nurse_line = models.CharField(max_length=40, default="811")
    help_languages = ArrayField(
        models.CharField(max_length=10, choices=[(one.code, one.name) for one in HELP_SENTENCES.values()]),
        default=default_help_languages,
        blank=True,
        help_text=_("Those in which the check first says that help is there; the commonest of your patients first."),
    )
    arrival_notes = models.TextField(blank=True, help_text=_("How to find us and how to prepare."))

    privacy_officer = models.CharField(max_length=200)
    privacy_law = models.CharField(max_length=200, default="Alberta's Health Information Act")
    retention_years = models.PositiveSmallIntegerField(default=10)
    majority_age = models.PositiveSmallIntegerField(default=18)
    mature_minor_age = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        help_text=_("From this age a young person may agree alone. Empty: only if the therapist finds them able to."),
    )
    private_answers_from_age = models.PositiveSmallIntegerField(
        default=14,
        help_text=_("From this age a young person whose form somebody else fills in answers private questions alone."),
    )
    guardian_sees = models.CharField(
        max_length=20,
        choices=Patient.GuardianSees.choices,
        default=Patient.GuardianSees.ALL,
        help_text=_("What a parent's account sees of a young person, until their therapist sets something else."),
    )

    minimum_notice_minutes = models.PositiveIntegerField(default=120)
    request_notice_minutes = models.PositiveIntegerField(
        default=240, help_text=_("For times a therapist confirms first.")
    )
    days_ahead = models.PositiveSmallIntegerField(default=62)
    slot_step_minutes = models.PositiveSmallIntegerField(default=15)
    keeps_gaps_useful = models.BooleanField(
        default=False,
        help_text=_(
            "Online, offer no time that leaves a hole too short for any online service, where there are others."
        ),
    )
    free_cancel_hours = models.PositiveSmallIntegerField(
        default=24, help_text=_("Until how long before a visit cancelling is free, where its terms don't say.")
    )
    move_notice_hours = models.PositiveSmallIntegerField(
        default=0, help_text=_("How long before a visit patients may still move it themselves. 0: until it begins.")
    )
    moves_allowed = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text=_("How often a patient may move one visit. Empty: as often as they like.")
    )
    review_response_hours = models.PositiveSmallIntegerField(
        default=24, help_text=_("Opening hours, not by the clock.")
    )
    form_deadline_hours = models.PositiveSmallIntegerField(default=24, help_text=_("Before a phone booking's visit."))
    day_share_percent = models.PositiveSmallIntegerField(
        default=50,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text=_("How much of a therapist's day one visitor, or one network, may hold at a time."),
    )
    own_networks = ArrayField(
        models.CharField(max_length=43, validators=[validate_network]),
        default=list,
        blank=True,
        help_text=_("The clinic's own, as 203.0.113.0/24: times held from there are not limited."),
    )
    online_payment = models.BooleanField(default=True)
    forbids_prepayment = models.BooleanField(
        default=False,
        help_text=_("Nothing is asked for before a visit: no deposit, no kept card, no package. Quebec demands it."),
    )
    pay_at_desk = models.BooleanField(default=True)
    refund_limit_amount = models.PositiveIntegerField(
        default=10000, help_text=_("In cents: what reception may give back for one visit. Above it a manager does.")
    )
    policy_version = models.CharField(max_length=40, default="2026-11")
    quiet_from = models.TimeField(null=True, blank=True, help_text=_("No reminders from this hour of the evening..."))
    quiet_until = models.TimeField(null=True, blank=True, help_text=_("... until this hour of the morning."))
    offer_minutes = models.PositiveSmallIntegerField(
        default=30, help_text=_("How long a time that became free is held for each who waits.")
    )
    offers_from = models.TimeField(default=time(8), help_text=_("Nobody is offered a time before this hour..."))
    offers_until = models.TimeField(
        default=time(20), help_text=_("... and no offer ends after this hour of the same day.")
    )

    calls_unconfirmed = models.BooleanField(
        default=True,
        help_text=_("Who was reminded and has not said that they are coming is on the next day's call list."),
    )

    stories_per_minute = models.PositiveSmallIntegerField(
        default=30,
        validators=[MinValueValidator(1), MaxValueValidator(600)],
        help_text=_("How many stories go out in a minute. Messages about visits never wait for them."),
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(offer_minutes__gte=1, offers_until__gt=models.F("offers_from")),
                name="location_offers_can_be_answered",
                violation_error_message=_("Offers last a minute or more, and end later in the day than they begin."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class Room(models.Model):
    """A room of a clinic and the kinds of visit it can be used for."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="rooms")
    name = models.CharField(max_length=60)
    kinds = ArrayField(models.CharField(max_length=30))
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["location", "name"], name="room_name_once")]

    def __str__(self) -> str:
        return self.name

"""The clinic itself: address, rooms, services, therapists and their hours, people who sign in."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid5

from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import settings
from django.db.models import prefetch_related_objects

from booking.models import HealthcareService, Location, PaymentTerms, Practitioner, Registration, Room, Schedule
from config.seed.names import THERAPISTS, person
from intake.models import Role, User

# Weekday, from, until; a break is a line of its own. In turns: on Thursdays in one week, on Fridays in the next.
_HOURS: tuple[tuple[tuple[int, str, str], ...], ...] = (
    tuple((day, "08:30", "16:30") for day in range(4)),
    (*((day, "11:00", "19:00") for day in (1, 2, 3, 4)), (5, "09:00", "13:00")),
    tuple((day, "09:00", "17:15") for day in (0, 2, 3, 4)),
)
_BREAKS: tuple[tuple[tuple[int, str, str], ...], ...] = (
    tuple((day, "12:00", "13:00") for day in range(4)),
    tuple((day, "14:30", "15:00") for day in (1, 2, 3, 4)),
    tuple((day, "12:30", "13:15") for day in (0, 2, 3, 4)),
)
_SOME_MONDAY = date(2000, 1, 3)  # long before any visit, so that the turns are the same whatever today is
_IN_TURNS = {(2, 3): _SOME_MONDAY, (2, 4): _SOME_MONDAY + timedelta(weeks=1)}  # pattern and weekday: the first week
_SERVICES = (
    ("first-visit", "First visit with dry needling", "Première visite avec aiguilles sèches", 60, 10, 12000,
     "manual", "full", "treatment", False, "We talk, examine you, and needle if it suits you.",
     "On se parle, on vous examine, puis on utilise les aiguilles si cela vous convient."),
    ("follow-up", "Follow-up with dry needling", "Suivi avec aiguilles sèches", 30, 5, 7500, "manual", "full",
     "treatment", True, "For people who have been here before.", "Pour les personnes déjà venues chez nous."),
    ("assessment", "Assessment without needles", "Évaluation sans aiguilles", 45, 10, 9500, "none", "red-flags",
     "treatment", False, "We find out what is going on and treat you without needles.",
     "On cherche la cause et on vous traite sans aiguilles."),
    ("phone-call", "Phone call with a therapist", "Appel avec un thérapeute", 15, 0, 0, "none", "none", "", False,
     "We call you and answer your questions.", "On vous appelle et on répond à vos questions."),
)  # fmt: skip
# One service each way of paying; a deposit as an amount and in per cent, a first and a later visit.
_TERMS: dict[tuple[str, str], dict[str, Any]] = {
    ("first-visit", "any"): {
        "way": "deposit", "deposit_amount": 4000, "late_fee_amount": 4000, "no_show_fee_amount": 4000,
        "prepay_after_misses": 3,
    },
    ("follow-up", "any"): {
        "way": "keep-card", "late_fee_percent": 50, "no_show_fee_percent": 100, "forgives_first_miss": True,
        "prepay_after_misses": 3,
    },
    ("assessment", "any"): {"way": "desk", "late_fee_percent": 30, "no_show_fee_percent": 50},
    ("assessment", "first"): {
        "way": "deposit", "deposit_percent": 30, "late_fee_percent": 30, "no_show_fee_percent": 50,
        "free_cancel_hours": 48, "forgives_first_miss": True,
    },
    ("phone-call", "any"): {"way": "nothing"},
}  # fmt: skip
# What a therapist does under their number is called by their profession on receipts.
_ON_RECEIPTS = {
    "first-visit": "Physiotherapy: assessment and treatment",
    "follow-up": "Physiotherapy: treatment",
    "assessment": "Physiotherapy: assessment",
}
DEMONSTRATION_PASSWORD = "three calm needles"


@dataclass(frozen=True, slots=True)
class SignIn:
    """How somebody of the demonstration clinic signs in."""

    name: str
    role: str
    email: str
    password: str
    totp_secret: str


@dataclass(frozen=True, slots=True)
class Clinic:
    """What visits are made of."""

    location: Location
    rooms: list[Room]
    services: list[HealthcareService]
    practitioners: list[Practitioner]


def new_id(rng: Random) -> UUID:
    """The same id for the same seed."""
    return UUID(int=rng.getrandbits(128), version=4)


def make_clinic(*, rng: Random, practitioners: int, rooms: int, today: date) -> Clinic:
    """Write a clinic with nobody in it yet."""
    location = Location.objects.create(
        id=new_id(rng),
        name="Needle & Motion Clinic",
        slug="needle-and-motion",
        time_zone=settings.CLINIC_TIME_ZONE,
        province="AB",
        address="118 Whyte Avenue NW\nEdmonton, Alberta  T6E 1Y5",
        phone="+17805550134",
        email="hello@needle-and-motion.example",
        opening_hours="Monday to Friday 8:30 to 19:00, Saturday 9:00 to 13:00",
        weekly_hours={
            **{day: [["08:30", "19:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
            "sat": [["09:00", "13:00"]],
        },
        arrival_notes=(
            "Eat something in the two hours before. Wear loose clothes. Keep taking your medicines as prescribed. "
            "Parking is behind the house; the door has no step."
        ),
        privacy_officer="Ada Lind, privacy@needle-and-motion.example, 780-555-0134",
    )
    made_rooms = [
        Room.objects.create(id=new_id(rng), location=location, name=f"Room {number}", kinds=["treatment"])
        for number in range(1, rooms + 1)
    ]
    services = [
        HealthcareService.objects.create(
            id=new_id(rng), slug=slug, name=name, name_fr=french, minutes=minutes, buffer_after=buffer,
            price_amount=price, modality=modality, screening=screening,
            room_kind=kind, for_returning=returning, course_sessions_max=6 if returning else None,
            description=words, description_fr=mots, position=position, receipt_name=_ON_RECEIPTS.get(slug, ""),
        )
        for position, (slug, name, french, minutes, buffer, price, modality, screening, kind, returning, words,
                       mots) in enumerate(_SERVICES)
    ]  # fmt: skip
    by_slug = {service.slug: service for service in services}
    for (slug, variant), said in _TERMS.items():
        service = by_slug[slug]
        PaymentTerms.objects.create(id=uuid5(service.pk, variant), service=service, variant=variant, **said)
    prefetch_related_objects(services, "payment_terms")
    people = [_make_therapist(rng, number, location, services, today) for number in range(practitioners)]
    for name, role in (("Robin Sharma", Role.RECEPTION), ("Dana Fraser", Role.MANAGER), ("Olive Roy", Role.OWNER)):
        _make_user(rng, email=f"{role}@needle-and-motion.example", name=name, role=role)
    return Clinic(location, made_rooms, services, people)


def _make_therapist(
    rng: Random, number: int, location: Location, services: list[HealthcareService], today: date
) -> Practitioner:
    if number < len(THERAPISTS):
        name, mailbox = THERAPISTS[number]
    else:
        name, mailbox = " ".join(person(rng)), f"therapist{number + 1}"
    practitioner = Practitioner.objects.create(
        id=new_id(rng),
        user=_make_user(rng, email=f"{mailbox}@needle-and-motion.example", name=name, role=Role.THERAPIST),
        name=name,
        title="Physiotherapist",
        introduction="Works with muscles, joints and the people around them.",
        needling_authorisation="Needles in practice",
        needling_authorised_until=today + timedelta(days=3650),
    )
    Registration.objects.create(
        id=uuid5(practitioner.pk, "registration"), practitioner=practitioner, title="Physiotherapist",
        number=f"PT-{4100 + number}", college="College of Physiotherapists of Alberta",
    )  # fmt: skip
    practitioner.services.set(services)
    Schedule.objects.bulk_create(_week_of(rng, number % len(_HOURS), practitioner, location))
    return practitioner


def _week_of(rng: Random, which: int, practitioner: Practitioner, location: Location) -> Iterator[Schedule]:
    for lines, is_break in ((_HOURS[which], False), (_BREAKS[which], True)):
        for weekday, start, end in lines:
            first_week = _IN_TURNS.get((which, weekday))
            yield Schedule(
                id=new_id(rng), practitioner=practitioner, location=location, weekday=weekday, is_break=is_break,
                start_time=time.fromisoformat(start), end_time=time.fromisoformat(end),
                first_date=first_week, every_weeks=2 if first_week else 1,
            )  # fmt: skip


def _make_user(rng: Random, *, email: str, name: str, role: str) -> User:
    user = User.objects.create_user(
        email, DEMONSTRATION_PASSWORD, id=new_id(rng), name=name, role=role, is_superuser=role == Role.OWNER
    )
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    TOTP.activate(user, base64.b32encode(rng.randbytes(20)).decode())
    return user

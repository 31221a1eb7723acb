"""The clinic that the permission table is walked in: one patient with answers, and everybody who might knock."""

from dataclasses import dataclass, field
from datetime import time
from typing import Any
from uuid import uuid4

from django.test import Client

from booking.models import (
    AfterCareAnswer,
    Appointment,
    CalendarFeed,
    Claim,
    Cover,
    Document,
    FeeCase,
    Incident,
    IncidentEntry,
    Offer,
    OnCallTurn,
    Package,
    PayLink,
    Payout,
    PaySplit,
    StandIn,
    Task,
    TimeOff,
    WaitlistEntry,
)
from booking.payments.models import Finding
from booking.reminders.models import Communication, IncomingMessage
from booking.rules.receipts import Line, Paid, Said
from booking.selectors.after_care import after_path
from booking.selectors.pay_links import token_of
from booking.selectors.receipts import facts_of_visit
from booking.services.document_numbers import take_number
from booking.services.errands import open_task
from booking.services.links import manage_token
from intake.models import Patient, Role, Screening, User
from intake.services.resuming import make_resume_link
from intake.tokens import hash_token
from tests.factories import booking as made
from tests.factories import intake as people
from tests.factories.accounts import prove_again, sign_in
from tests.factories.packages import make_package
from tests.factories.payers import make_cover
from tests.factories.stories import make_reader, make_story

NOW = made.NOW
ANSWER = "canary-answer-XYZZY"  # free text in the health form
REASON = "canary-reason-XYZZY"  # what a therapist wrote when deciding
NOTE = "canary-note-XYZZY"  # what was said when booking
NAME = "Canaryname"  # the family name of the patient
MAIL = "canary@mailbox.example"
SECRETS = (ANSWER, REASON)  # of health: what the ways of an answer are for
# What only the answers of this patient bring onto a page: their words, and what we call what they have.
CLINICAL = (*SECRETS, "Joint replacement")
ROLES = (
    "anonymous",
    "link",  # whoever opened the link in the mail, and has not said the birth date
    "proven",  # the same, who has
    "patient",  # the account of the patient
    "stranger",  # the account of another patient
    "therapist",  # cares for the patient
    "colleague",  # a therapist who does not
    "reception",
    "manager",
    "owner",
    "no-factor",  # the therapist, in a session that never gave the second factor
)


@dataclass
class House:
    """The clinic, the patient and their visit, the request that waits, and the keys to all of it."""

    clinic: made.Clinic
    patient: Patient
    screening: Screening
    visit: Appointment
    request: Appointment
    hold: Appointment
    hold_token: str
    token: str
    message: Communication
    time_off: TimeOff
    finding: Finding
    users: dict[str, User]
    task: Task
    form_token: str  # of the link to a form that somebody began
    offer: Offer  # to the patient, who is on the waitlist
    offer_token: str
    cover: Cover  # who pays for the patient
    package: Package  # that the patient has bought
    after_token: str  # of the page after the visit
    pay_token: str  # of a link by which what is due for the visit is paid
    browsers: dict[str, Client] = field(default_factory=dict)

    def browser(self, role: str) -> Client:
        """A fresh browser of this role; nothing of an earlier request is in it."""
        client = Client()
        if role in ("link", "proven"):
            client.get(f"/visit/{self.token}/")
            client.get(f"/wait/offer/{self.offer_token}/")
            if role == "proven":
                client.post("/visit/who/", born(self.patient))
                client.post("/wait/who/", born(self.patient))
        elif role == "no-factor":
            client.force_login(self.users["therapist"], backend="allauth.account.auth_backends.AuthenticationBackend")
        elif role in self.users:
            sign_in(client, self.users[role])
            if self.users[role].works_here:
                prove_again(client)  # what asks for the password once more has had it
        return client


def born(patient: Patient) -> dict[str, int]:
    """The birth date as its form sends it."""
    date = patient.birth_date
    assert date is not None
    return {"birth_date_day": date.day, "birth_date_month": date.month, "birth_date_year": date.year}


def make_house() -> House:
    clinic = made.make_clinic()
    users = {
        "patient": people.make_user(Role.PATIENT),
        "stranger": people.make_user(Role.PATIENT),
        "therapist": clinic.anna.user,
        "colleague": clinic.ben.user,
        "reception": people.make_user(Role.RECEPTION),
        "manager": people.make_user(Role.MANAGER),
        "owner": people.make_user(Role.OWNER, is_superuser=True),
    }
    patient = people.make_patient(now=NOW, family_name=NAME, email=MAIL, user=users["patient"])
    people.make_patient(now=NOW, given_name="Stray", family_name="Stranger", user=users["stranger"])
    people.make_care_relation(clinic.anna.user, patient, now=NOW)
    screening = _answered(patient)
    course = made.make_course(clinic, patient=patient)
    visit = _with_token(_visit(clinic, 10, patient, screening, course=course, session_number=1))
    request = _visit(
        clinic, 14, patient, screening, status="pending", awaiting="review", decide_by=made.at(12), manage_token_hash=""
    )
    hold = made.make_appointment(
        clinic,
        start=made.at(15, days=2),
        status="proposed",
        hold_expires_at=NOW + made.timedelta(minutes=10),
        hold_token_hash=hash_token("hold"),
        confirmed_at=None,
    )
    message = Communication.objects.create(
        dedupe_key="canary",
        kind="confirmation",
        appointment=visit,
        patient=patient,
        recipient=MAIL,
        status="completed",
        sent_at=NOW,
        created_at=NOW,
        due_at=NOW,
        not_after=NOW,
    )
    away = TimeOff.objects.create(
        location=clinic.location, practitioner=clinic.anna, start=made.at(9, days=9), end=made.at(17, days=9)
    )
    finding = Finding.objects.create(kind="unknown-at-stripe", object_id="pi_1", found_at=NOW)
    people.make_working_copy(users["manager"], NOW)
    _receipt(visit, patient)
    StandIn.objects.create(
        practitioner=clinic.anna, colleague=clinic.ben, start=made.at(9, days=20), end=made.at(17, days=21),
        named_by=users["manager"], named_at=NOW,
    )  # fmt: skip
    offer = _offer(clinic, patient, screening)
    _after(visit, users)
    _fee(visit)
    _books(clinic)
    CalendarFeed.objects.create(
        location=clinic.location, practitioner=clinic.anna, shows="initials", token_hash=hash_token("feed"),
        made_by=users["therapist"], made_at=NOW,
    )  # fmt: skip
    reader, _story = make_reader(token="reader", now=NOW), make_story(by=users["manager"], now=NOW)
    reader.consents.create(what="asked", how="page", topics=["news"], token_hash=hash_token("yes"), recorded_at=NOW)
    return House(
        clinic, patient, screening, visit, request, hold, "hold", manage_token(visit), message, away, finding, users,
        task=_call_to_make(), form_token=_form_link(), offer=offer, offer_token="offer",
        cover=_cover(visit, patient, users["reception"]), pay_token=_pay_link(visit),
        after_token=after_path(visit).split("/")[2],
        package=make_package(clinic, patient, by=users["reception"]),
    )  # fmt: skip


def _after(visit: Appointment, users: dict[str, User]) -> None:
    """What the patient texted and said after the visit, an incident that was logged, and who answers."""
    IncomingMessage.objects.create(
        provider_id="canary", sender=visit.patient.phone, text=NOTE, patient=visit.patient, appointment=visit,
        received_at=NOW,
    )  # fmt: skip
    said = {"feeling": "worse", "signs": [], "words": ANSWER}
    AfterCareAnswer.objects.create(appointment=visit, answered_at=NOW, urgency=1, content=said)
    logged = Incident.objects.create(
        appointment=visit, kind="incident", severity="mild", happened_at=NOW, logged_at=NOW,
        logged_by=users["manager"], request_key=uuid4(),
    )  # fmt: skip
    IncidentEntry.objects.create(
        incident=logged,
        step="logged",
        made_at=NOW,
        made_by=users["manager"],
        severity="mild",
        content={"words": ANSWER},
    )
    OnCallTurn.objects.create(
        location=visit.location, user=users["therapist"], weekdays=[0], start_time=time(8), end_time=time(18)
    )


def _books(clinic: made.Clinic) -> None:
    """A payout of Stripe's, and a therapist's share."""
    Payout.objects.create(
        id="po_1", amount=2883, currency="CAD", state="paid", created_at=NOW, arrives_on=NOW.date(), complete=True
    )
    PaySplit.objects.create(
        practitioner=clinic.anna, percent=60, basis="billed", valid_from=made.at(0, days=30).date(), agreed_at=NOW
    )


def _fee(visit: Appointment) -> FeeCase:
    """A fee that waits for a manager."""
    return FeeCase.objects.create(
        appointment=visit, cause="late-move", reference="fee booked v1", amount=100, currency="CAD", created_at=NOW
    )


def _cover(visit: Appointment, patient: Patient, by: User) -> Cover:
    """Who pays for the patient, and has paid for the visit."""
    cover = make_cover(patient)
    Claim.objects.create(
        appointment=visit, cover=cover, amount=1000, paid_amount=1000, currency="CAD", state="paid", created_at=NOW,
        billed_at=NOW, billed_by=by, closed_at=NOW,
    )  # fmt: skip
    return cover


def _receipt(visit: Appointment, patient: Patient) -> None:
    """A receipt of the patient, drawn once."""
    said = Said((Line("Physiotherapy, 60 min", "2026-11-02", 12000),), (Paid("2026-11-02", "cash", 12000),))
    facts = facts_of_visit(visit=visit, kind="receipt", said=said)
    receipt = Document.objects.create(
        location=visit.location, kind="receipt", number=take_number(visit.location), patient=patient,
        appointment=visit, issued_at=NOW, claimant=str(patient), currency="CAD", facts=facts,
    )  # fmt: skip
    receipt.copies.create(number=1, taken_at=NOW, taken_by=patient.user)


def _call_to_make() -> Task:
    contact = {"name": "Cal Ler", "phone": "+17805550123", "best_time": ""}
    return open_task(kind=Task.Kind.CALL_BACK, due_at=made.at(12), contact=contact, asked_by="browser", now=NOW)


def _offer(clinic: made.Clinic, patient: Patient, screening: Screening) -> Offer:
    """A time that is kept for the patient, who waits for one."""
    entry = WaitlistEntry.objects.create(
        patient=patient, service=clinic.needling, location=clinic.location, screening=screening, created_at=NOW,
        token_hash=hash_token("place"),
    )  # fmt: skip
    until = NOW + made.timedelta(minutes=30)
    hold = made.make_appointment(
        clinic, start=made.at(11, days=3), status="proposed", hold_expires_at=until, confirmed_at=None
    )
    return Offer.objects.create(
        hold=hold, entry=entry, token_hash=hash_token("offer"), created_at=NOW, expires_at=until
    )


def _pay_link(visit: Appointment) -> str:
    until = NOW + made.timedelta(days=30)
    return token_of(PayLink.objects.create(appointment=visit, made_at=NOW, sent_at=NOW, expires_at=until))


def _form_link() -> str:
    return make_resume_link(response=people.make_response(now=NOW, session_hash="browser"), person={}, now=NOW)


def _answered(patient: Patient) -> Screening:
    """A form that a therapist must look at, with words of the patient in it, on the patient's record."""
    line = people.line_with(
        {"joint_replacement": "yes"},
        {"joint_replacement": {"same_area": "yes", "lt12m": "no", "where": ANSWER}},
    )
    screening = people.make_screening(line, now=NOW).screening
    screening.patient = patient
    screening.save(update_fields=["patient"])
    screening.decisions.create(
        decision="approved", decided_by=people.make_user(Role.THERAPIST), decided_at=NOW, valid_until=NOW,
        content={"reason": REASON, "regions": [], "conditions": ""},
    )  # fmt: skip
    return screening


def _visit(clinic: made.Clinic, hour: int, patient: Patient, screening: Screening, **over: Any) -> Appointment:
    fields: dict[str, Any] = {"patient": patient, "screening": screening, "note": NOTE, "start": made.at(hour)}
    return made.make_appointment(clinic, **fields | over)


def _with_token(visit: Appointment) -> Appointment:
    visit.manage_token_hash = hash_token(manage_token(visit))
    visit.save(update_fields=["manage_token_hash"])
    return visit

"""Turns a drawn diary into rows: patients with cleared screenings, appointments, money at the desk, reminders."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from uuid import uuid5

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import AutoField, Model
from django.utils.text import slugify
from psycopg import sql

from booking.feeds.terms_words import sums_of, terms_text
from booking.models import Agreement, Appointment, Claim, Cover, Encounter, Payer, TreatmentRecord
from booking.payments.models import LedgerEntry, Payment
from booking.rules.terms import agree, without_paying_first
from booking.rules.walltime import wall_date, wall_text
from booking.selectors.practitioners import needles
from booking.selectors.terms import agreed_of, policy_for
from booking.services.links import manage_token
from config.seed.answers import Answered, answer_like
from config.seed.books import COMPARED
from config.seed.clinic import Clinic, new_id
from config.seed.diary import Visit
from config.seed.names import person, story_phone
from config.seed.payers import Payers
from config.seed.room import Room
from intake.models import AuditEvent, CareRelation, Consent, Patient, QuestionnaireResponse, Role, Screening, User
from intake.selectors.questionnaires import current_questionnaire
from intake.tokens import hash_token

_Status = Appointment.Status
_CARE_LASTS = timedelta(days=730)
_OWING_SINCE = timedelta(days=12)
_ONE_IN = 25
_PAPER_LASTS = timedelta(days=366)  # of older visits only who came, when and to whom is left


@dataclass(slots=True)
class _Known:
    """A patient with what is already true of them."""

    patient: Patient
    screening: Screening
    asked_as_returning: bool
    days: set[date] = field(default_factory=set)
    visits: int = 0


@dataclass(slots=True)
class Written:
    """Rows to be inserted, in the order of their dependencies."""

    patients: list[Patient] = field(default_factory=list)
    responses: list[QuestionnaireResponse] = field(default_factory=list)
    screenings: list[Screening] = field(default_factory=list)
    appointments: list[Appointment] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    entries: list[LedgerEntry] = field(default_factory=list)
    agreements: list[Agreement] = field(default_factory=list)
    relations: dict[tuple[Any, Any], CareRelation] = field(default_factory=dict)
    events: list[AuditEvent] = field(default_factory=list)
    room_rows: list[tuple[type[Model], list[Any]]] = field(default_factory=list)

    def insert(self) -> None:
        for model, rows in (
            (Patient, self.patients),
            (QuestionnaireResponse, self.responses),
            (Screening, self.screenings),
            (Appointment, self.appointments),
            (Payment, self.payments),
            (LedgerEntry, self.entries),
            (AuditEvent, self.events),
            (Agreement, self.agreements),
        ):
            _insert(model, rows)
        for table, made in self.room_rows:
            _insert(table, made)
        _insert(CareRelation, list(self.relations.values()))


def _insert(model: type[Model], rows: list[Any]) -> None:
    """By COPY: years of visits take seconds instead of minutes. Numbers that the database gives are left to it."""
    fields = [field for field in model._meta.concrete_fields if not isinstance(field, AutoField)]
    columns = sql.SQL(", ").join([sql.Identifier(str(field.column)) for field in fields])
    order = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(model._meta.db_table), columns)
    database = connections[DEFAULT_DB_ALIAS]  # itself: whoever stands for it is slow, and asked for every value
    with database.cursor() as cursor, cursor.copy(order) as copy:
        for row in rows:
            values = [(field, field.pre_save(row, add=True)) for field in fields]
            copy.write_row([None if one is None else field.get_db_prep_save(one, database) for field, one in values])


class Writer:
    """Gives every drawn visit a patient and a past."""

    def __init__(self, *, clinic: Clinic, rng: Random, midnight: datetime, payers: Payers | None = None) -> None:
        """`payers`: who pays for some of the patients, if anybody does."""
        self._clinic = clinic
        self._payers = payers
        self._rng = rng
        self._midnight = midnight  # everything before it has happened
        self._known: list[_Known] = []
        self.written = Written()
        self._room = Room(rng)
        self._reception = User.objects.filter(role=Role.RECEPTION).first()
        self._questionnaire = current_questionnaire()
        self.written.room_rows = [
            (Consent, self._room.consents),
            (Encounter, self._room.encounters),
            (TreatmentRecord, self._room.records),
        ]
        if payers is not None:
            self.written.room_rows += [
                (Payer, payers.payers),
                (Cover, payers.covers),
                (Claim, payers.claims),
                (Payment, payers.payments),
                (LedgerEntry, payers.entries),
            ]

    def add(self, visit: Visit) -> Appointment:
        """One more visit; call in the order of time."""
        happened = visit.start < self._midnight
        known = self._patient_for(visit)
        known.days.add(self._day_of(visit))
        appointment = self._appointment(visit, known, happened)
        self.written.appointments.append(appointment)
        self._care(appointment)
        if appointment.status == _Status.FULFILLED:
            known.visits += 1
        if self._is_old(visit):
            return appointment
        if self._payers is not None:
            self._payers.share(appointment)
        self.written.events.append(_booked(appointment))
        if not happened:
            self.written.agreements.append(self._terms(appointment))
        self._agreement(appointment, known.patient)
        if appointment.status in (_Status.FULFILLED, _Status.BOOKED) and visit.service.price_amount:
            if self._payers is not None:
                self._deposit_online(appointment)
            self._money(appointment, paid=appointment.status == _Status.FULFILLED)
        return appointment

    def _agreement(self, appointment: Appointment, patient: Patient) -> None:
        """Almost everybody has signed with the booking; what was done is written down."""
        if not needles(appointment.service):
            return
        if appointment.status == _Status.FULFILLED:
            self._room.treat(appointment, patient)
        elif self._rng.random() < 0.95:
            self._room.sign(patient, appointment)

    def _patient_for(self, visit: Visit) -> _Known:
        if visit.service.for_returning or self._rng.random() < (0.95 if self._is_old(visit) else 0.2):
            for known in self._rng.sample(self._known, min(len(self._known), 8)):
                if self._day_of(visit) not in known.days and known.visits:
                    self._ask_again(known, visit)
                    return known
        known = self._new_patient(visit)
        self._known.append(known)
        if len(self._known) > 400:
            self._known.pop(0)
        return known

    def _is_old(self, visit: Visit) -> bool:
        return visit.start < self._midnight - _PAPER_LASTS

    def _day_of(self, visit: Visit) -> date:
        return wall_date(visit.start, self._clinic.location.time_zone)

    def _ask_again(self, known: _Known, visit: Visit) -> None:
        """A form that is too old for the visit, or that did not ask how the last visit went, is filled in anew."""
        if (visit.end < known.screening.valid_until and known.asked_as_returning) or self._is_old(visit):
            return
        at = visit.start - timedelta(days=2)
        self._keep(known, self._answers(known.patient, returning=True, at=min(at, self._midnight)))
        known.asked_as_returning = True

    def _answers(self, patient: Patient, *, returning: bool, at: datetime) -> Answered:
        return answer_like(
            rng=self._rng, patient=patient, returning=returning, at=at, questionnaire=self._questionnaire
        )

    def _keep(self, known: _Known, answered: Answered) -> None:
        known.screening = answered.screening
        self.written.responses.append(answered.response)
        self.written.screenings.append(answered.screening)

    def _new_patient(self, visit: Visit) -> _Known:
        rng = self._rng
        given, family = person(rng)
        born = date(rng.randint(1945, 2004), rng.randint(1, 12), rng.randint(1, 28))
        at = min(visit.start - timedelta(days=rng.randint(2, 20)), self._midnight - timedelta(hours=rng.randint(1, 40)))
        patient = Patient(
            id=new_id(rng), given_name=given, family_name=family, birth_date=born, phone=story_phone(rng),
            email=f"{slugify(given)}.{slugify(family)}.{len(self.written.patients)}@example.com",
            language="fr" if rng.random() < 0.15 else "en", contact_verified_at=at, created_at=at,
        )  # fmt: skip
        answered = self._answers(patient, returning=visit.service.for_returning, at=at)
        self.written.patients.append(patient)
        known = _Known(patient, answered.screening, visit.service.for_returning)
        self._keep(known, answered)
        return known

    def _appointment(self, visit: Visit, known: _Known, happened: bool) -> Appointment:
        rng, service, place = self._rng, visit.service, self._clinic.location
        last = self._midnight - timedelta(minutes=rng.randint(5, 600))
        booked_at = max(min(visit.start - timedelta(days=rng.randint(1, 18)), last), known.patient.created_at)
        agreed = agree(
            policy_for(service, variant="return" if service.for_returning else "first", location=place),
            price=service.price_amount, start=visit.start, may_prepay=True,
        )  # fmt: skip
        appointment = Appointment(
            id=new_id(rng), request_key=new_id(rng), service=service, practitioner=visit.practitioner, room=visit.room,
            location=place, patient=known.patient, screening=known.screening if service.needs_screening else None,
            start=visit.start, end=visit.end, occupied=(visit.occupied.start, visit.occupied.end),
            wall_start=wall_text(visit.start, place.time_zone), time_zone=place.time_zone,
            status=self._status(happened), source=Appointment.Source.DESK, created_at=booked_at, confirmed_at=booked_at,
            price_amount=service.price_amount, deposit_amount=agreed.pay_now, currency=service.currency,
            payment_choice="desk" if service.price_amount else "none", policy_version=place.policy_version,
            policies_accepted_at=booked_at,
            payment_way=without_paying_first(agreed).way, free_cancel_until=agreed.free_until,
            late_fee_amount=agreed.late_fee, no_show_fee_amount=agreed.no_show_fee,
            forgives_first_miss=agreed.forgives_first_miss,
        )  # fmt: skip
        appointment.manage_token_hash = hash_token(manage_token(appointment))
        self._past(appointment)
        return appointment

    def _terms(self, appointment: Appointment) -> Agreement:
        """What reception has read to the patient."""
        agreed, at = agreed_of(appointment), appointment.created_at
        said: dict[str, Any] = {"payment": appointment.payment_choice, "currency": appointment.currency}
        return Agreement(
            id=uuid5(appointment.pk, "terms"), appointment=appointment, language="en",
            text=terms_text(without_paying_first(agreed), zone=appointment.time_zone, now=at, **said),
            version=appointment.policy_version, sums=sums_of(without_paying_first(agreed)) | said, agreed_at=at,
            agreed_by=self._reception,
        )  # fmt: skip

    def _status(self, happened: bool) -> str:
        if not happened:
            return _Status.BOOKED
        return self._rng.choices([_Status.FULFILLED, _Status.CANCELLED, _Status.NOSHOW], [90, 7, 3])[0]

    def _past(self, appointment: Appointment) -> None:
        if appointment.status == _Status.FULFILLED:
            appointment.arrived_at = appointment.start - timedelta(minutes=6)
            appointment.checked_in_at = appointment.start - timedelta(minutes=3)
            appointment.finished_at = appointment.end
            appointment.alert_acknowledged_by = appointment.practitioner.user
            appointment.alert_acknowledged_at = appointment.checked_in_at
        elif appointment.status == _Status.CANCELLED:
            appointment.cancel_reason = Appointment.CancelReason.PATIENT
            appointment.cancelled_at = appointment.start - timedelta(hours=30)

    def _deposit_online(self, appointment: Appointment) -> None:
        """Half of the deposits came with the booking: `config.seed.books` writes them."""
        is_past = appointment.start < self._midnight - COMPARED and appointment.status == _Status.FULFILLED
        if is_past and appointment.deposit_amount and appointment.pk.int % 2:
            appointment.payment_choice, appointment.payment_way = "online", "deposit"

    def _left_without_paying(self, appointment: Appointment) -> bool:
        """A few of the last days."""
        is_late = appointment.start > self._midnight - _OWING_SINCE
        return self._payers is not None and is_late and appointment.pk.int % _ONE_IN == 0

    def _money(self, appointment: Appointment, *, paid: bool) -> None:
        online = appointment.deposit_amount if appointment.payment_choice == "online" else 0
        left = appointment.price_amount - appointment.payer_amount - online
        amount = left if paid else appointment.deposit_amount
        if not amount or (paid and self._left_without_paying(appointment)):
            return
        at = appointment.end if paid else appointment.created_at
        payment = Payment(
            id=new_id(self._rng), appointment=appointment, payer=appointment.patient, gateway=Payment.Gateway.DESK,
            purpose=Payment.Purpose.BALANCE if paid else Payment.Purpose.DEPOSIT, amount=amount,
            currency=appointment.currency, created_at=at, state=Payment.State.CAPTURED if paid else Payment.State.OPEN,
            settled_at=at if paid else None,
        )  # fmt: skip
        self.written.payments.append(payment)
        kinds = [LedgerEntry.Kind.CHARGE, *([LedgerEntry.Kind.DESK] if paid else [])]
        self.written.entries += [
            LedgerEntry(
                payment=payment, kind=kind, amount=amount, currency=payment.currency, recorded_at=at,
                reference="asked" if kind == LedgerEntry.Kind.CHARGE else "till",
                method="" if kind == LedgerEntry.Kind.CHARGE else self._rng.choice(["terminal", "cash"]),
                recorded_by=None if kind == LedgerEntry.Kind.CHARGE else self._reception,
            )
            for kind in kinds
        ]  # fmt: skip

    def _care(self, appointment: Appointment) -> None:
        assert appointment.patient_id
        key = (appointment.practitioner.user_id, appointment.patient_id)
        relation = self.written.relations.get(key) or CareRelation(
            id=new_id(self._rng), practitioner_id=key[0], patient_id=key[1], valid_from=appointment.created_at,
            reason="appointment",
        )  # fmt: skip
        relation.valid_until = appointment.end + _CARE_LASTS
        self.written.relations[key] = relation


def _booked(appointment: Appointment) -> AuditEvent:
    return AuditEvent(
        recorded_at=appointment.created_at, agent_role=Role.RECEPTION, action="booked",
        entity_type=appointment._meta.label_lower, entity_id=appointment.pk, patient_id=appointment.patient_id,
        details={"start": appointment.wall_start},
    )  # fmt: skip


def midnight_of(today: date, zone: Any) -> datetime:
    """The first moment of that day in the clinic, in UTC."""
    return datetime(today.year, today.month, today.day, tzinfo=zone).astimezone(UTC)

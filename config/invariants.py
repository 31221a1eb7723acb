"""Every promise that the database can show, as a query for rows that break it. An empty answer is a kept promise.

Timed promises ("within ten minutes") allow for the sweeps that keep them. Queries read no answer.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection

from booking.models import Appointment, BusyTime, RoomClosure, TimeOff
from booking.reminders.services import senders_released
from booking.rules.walltime import wall_text
from config.promises_of_care import OF_CARE
from config.promises_of_messages import OF_MESSAGES
from config.promises_of_money import OF_MONEY

_OCCUPYING = "{0}.status NOT IN ('cancelled', 'entered-in-error')"
_LIVE_VISIT = "a.status IN ('booked', 'arrived', 'checked-in', 'fulfilled', 'noshow')"
_GUARDS = (
    "till_count_once_a_day",
    "patient_on_hold_is_not_erased",
    "record_hold_one_in_force",
    "on_call_notice_once",
    "standstill_one_at_a_time",
    "calendar_feed_one_of_a_therapist",
    "calendar_feed_one_of_the_clinic",
    "communication_story_once_a_reader",
    "pay_link_one_that_works",
    "appointment_no_practitioner_overlap",
    "appointment_no_room_overlap",
    "appointment_no_patient_overlap",
    "appointment_request_key_once",
    "appointment_session_once",
    "offer_one_open_for_an_entry",
    "offer_one_accepted_of_a_group",
    "payment_one_open_online",
    "payment_one_open_online_of_a_package",
    "package_credit_used_once",
    "package_credit_one_for_a_visit",
    "document_one_valid_of_a_package",
    "ledger_movement_once",
    "ledger_desk_names_a_person",
    "claim_one_open_for_a_visit",
    "document_number_once",
    "document_one_valid_of_a_kind",
    "month_closed_once",
    "delivery_report_once",
)
_TRIGGERS = (
    "till_count_is_append_only",
    "till_line_is_append_only",
    "ledger_is_append_only",
    "payment_is_kept",
    "payment_says_what_it_said",
    "payment_only_moves_forward",
    "payment_keeps_less_and_less",
    "month_of_the_books",
    "month_close_is_append_only",
    "month_line_is_append_only",
    "stripe_movement_is_kept",
    "claim_only_moves_forward",
    "claim_billed_is_kept",
    "document_is_append_only",
    "document_is_kept",
    "package_credit_within_its_sessions",
    "package_credit_is_kept",
    "audit_event_is_append_only",
    "questionnaire_is_immutable",
    "treatment_record_is_append_only",
    "after_care_answer_is_append_only",
    "incident_entry_is_append_only",
    "observation_is_append_only",
    "consent_says_what_it_said",
    "contact_consent_is_append_only",
    "address_mark_is_append_only",
    "delivery_report_is_append_only",
    "message_template_is_append_only",
    "story_consent_is_append_only",
)


@dataclass(frozen=True, slots=True)
class Invariant:
    """A promise, and how to find what breaks it: ids, or names of what is missing."""

    name: str
    promise: str
    find: Callable[[datetime], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Break:
    """A promise that is broken, by which rows."""

    name: str
    promise: str
    rows: list[str]


def broken_promises(*, now: datetime) -> list[Break]:
    """What is wrong, if anything."""
    found = [Break(one.name, one.promise, sorted(one.find(now))) for one in INVARIANTS]
    return [one for one in found if one.rows]


def _sql(query: str, **times: timedelta) -> Callable[[datetime], list[str]]:
    """Rows of a query; `%(now)s` is now and each named time is so long ago."""

    def find(now: datetime) -> list[str]:
        values: dict[str, Any] = {"now": now} | {name: now - ago for name, ago in times.items()}
        with connection.cursor() as cursor:
            cursor.execute(query, values)
            return [str(row[0]) for row in cursor.fetchall()]

    return find


def _overlap(column: str, stretch: str) -> Callable[[datetime], list[str]]:
    return _sql(f"""
        SELECT a.id FROM booking_appointment a JOIN booking_appointment b
          ON a.{column} = b.{column} AND a.id < b.id AND {stretch.format("a")} && {stretch.format("b")}
        WHERE {_OCCUPYING.format("a")} AND {_OCCUPYING.format("b")}""")


def _missing_guards(now: datetime) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE convalidated UNION SELECT indexname FROM pg_indexes"
        )  # a unique constraint with a condition is an index
        guards = {row[0] for row in cursor.fetchall()}
        cursor.execute("SELECT tgname FROM pg_trigger WHERE tgenabled <> 'D'")
        triggers = {row[0] for row in cursor.fetchall()}
    absent = {name for name in _TRIGGERS if not any(name in trigger for trigger in triggers)}
    return set(_GUARDS) - guards | absent


def _wrong_wall_times(now: datetime) -> list[str]:
    coming = Appointment.objects.filter(end__gte=now).values_list("id", "start", "wall_start", "time_zone")
    return [str(pk) for pk, start, wall, zone in coming.iterator() if wall_text(start, zone) != wall]


def _wrong_absences(now: datetime) -> list[str]:
    return [
        str(pk)
        for model in (TimeOff, RoomClosure, BusyTime)
        for pk, start, wall, zone in model.objects.filter(end__gte=now)
        .exclude(wall_start="")
        .values_list("id", "start", "wall_start", "time_zone")
        if wall_text(start, zone) != wall[:16]
    ]


def _unsent(now: datetime) -> list[str]:
    if not senders_released():
        return []
    late = _sql(
        "SELECT id FROM reminders_communication WHERE status IN ('preparation', 'in-progress') AND due_at < %(late)s"
        " AND attempts < 2 AND not_after > %(now)s AND kind <> 'story'",
        late=timedelta(minutes=10),
    )
    return late(now)


def _in_clear(now: datetime) -> list[str]:
    """Sealed values begin with the id of a key that this installation has."""
    keys = [f"{key_id}:".encode() for key_id, _ in settings.FIELD_KEYS]
    columns = (
        ("intake_questionnaireresponse", "content"),
        ("intake_screening", "result"),
        ("intake_screeningdecision", "content"),
        ("intake_consent", "content"),
        ("intake_consent", "withdrawal"),
        ("intake_patient", "guardian_sees_why"),
        ("booking_encounter", "plan"),
        ("booking_treatmentrecord", "content"),
        ("booking_appointment", "note"),
        ("booking_task", "contact"),
        ("booking_aftercareanswer", "content"),
        ("booking_incidententry", "content"),
        ("intake_observation", "content"),
        ("intake_recordhold", "content"),
        ("intake_questionnaireresponse", "resume_person"),
        ("reminders_communication", "content"),
        ("reminders_incomingmessage", "text"),
        ("reminders_subscriber", "token"),
    )
    bad: list[str] = []
    with connection.cursor() as cursor:
        for table, column in columns:
            known = " OR ".join([f"position(%s IN {column}) = 1"] * len(keys))
            cursor.execute(f"SELECT id FROM {table} WHERE {column} IS NOT NULL AND NOT ({known})", keys)
            bad += [f"{table}:{row[0]}" for row in cursor.fetchall()]
    return bad


INVARIANTS = (
    Invariant("guards", "the constraints and triggers that the promises rest on are in force", _missing_guards),
    Invariant("therapist-once", "no therapist has two visits at one time", _overlap("practitioner_id", "{0}.occupied")),
    Invariant("room-once", "no room has two visits at one time", _overlap("room_id", "{0}.occupied")),
    Invariant(
        "patient-once",
        "no patient has two visits at one time",
        _overlap("patient_id", 'tstzrange({0}.start, {0}."end")'),
    ),
    Invariant("wall-time", "the agreed clock time and the stored moment are the same", _wrong_wall_times),
    Invariant("wall-time-of-absences", "so they are of time off, closed rooms and busy times", _wrong_absences),
    Invariant(
        "cleared",
        "no visit with needles is confirmed against a stop, on incomplete answers, or without a needed approval",
        _sql(f"""
        SELECT a.id FROM booking_appointment a JOIN booking_healthcareservice s ON s.id = a.service_id
          JOIN intake_patient p ON p.id = a.patient_id AND p.erased_at IS NULL
          LEFT JOIN intake_screening x ON x.id = a.screening_id
        WHERE {_LIVE_VISIT} AND s.modality <> 'none'
          AND NOT (a.status = 'arrived' AND coalesce(x.stage, '') <> 'booking' AND x.id IS NOT NULL) AND (
          x.id IS NULL OR x.outcome = 'STOP' OR x.raised_at IS NOT NULL OR x.urgent <> '' OR NOT x.complete
          OR ((x.outcome = 'REVIEW' OR x.earlier_stricter_id IS NOT NULL) AND coalesce(
            (SELECT d.decision FROM intake_screeningdecision d WHERE d.screening_id = x.id AND d.decision <> 'asked'
             ORDER BY d.decided_at DESC LIMIT 1),
            (SELECT d.decision FROM intake_screeningdecision d JOIN intake_screening y ON y.id = d.screening_id
             WHERE d.id = a.approval_id AND y.patient_id = a.patient_id), '') NOT IN ('approved', 'lowered')))"""),
    ),
    Invariant(
        "asked-again",
        "no visit with needles begins unless the questions before it were answered, on its day, for its time",
        _sql("""
        SELECT a.id FROM booking_appointment a JOIN booking_healthcareservice s ON s.id = a.service_id
          JOIN intake_patient p ON p.id = a.patient_id AND p.erased_at IS NULL
        WHERE a.status IN ('checked-in', 'fulfilled') AND s.modality <> 'none' AND a.checked_in_at >= (
            SELECT min(applied) FROM django_migrations WHERE app = 'intake' AND name LIKE '%%_forms_ask_again')
          AND NOT EXISTS (SELECT 1 FROM intake_screening x WHERE x.patient_id = a.patient_id AND x.complete
            AND x.stage = 'check_in' AND x.evaluated_at <= a.checked_in_at
            AND x.evaluated_at >= a.start - interval '24 hours')"""),
    ),
    Invariant(
        "holds-end",
        "no hold outlives its time",
        _sql(
            "SELECT id FROM booking_appointment WHERE status = 'proposed' AND hold_expires_at < %(late)s",
            late=timedelta(minutes=5),
        ),
    ),
    Invariant(
        "cancellations-settle",
        "what follows a cancellation is done within minutes after it can't be undone any more",
        _sql(
            "SELECT id FROM booking_appointment WHERE cancel_settles_at < %(late)s",
            late=timedelta(minutes=5),
        ),
    ),
    Invariant(
        "nothing-before-settled",
        "nobody was charged or told about a cancellation that can still be undone",
        _sql("""
        SELECT a.id FROM booking_appointment a WHERE a.cancel_settles_at IS NOT NULL AND (EXISTS (
            SELECT 1 FROM reminders_communication c WHERE c.appointment_id = a.id AND c.kind = 'cancellation'
            AND c.schedule_version = a.schedule_version)
          OR EXISTS (SELECT 1 FROM payments_ledgerentry e JOIN payments_payment p ON p.id = e.payment_id
            WHERE p.appointment_id = a.id AND e.kind = 'fee' AND e.method = 'cancelled'))"""),
    ),
    Invariant(
        "payments-end",
        "no visit waits for a payment longer than 20 minutes",
        _sql(
            "SELECT a.id FROM booking_appointment a WHERE a.status = 'pending' AND a.awaiting = 'payment'"
            " AND coalesce((SELECT max(coalesce(p.session_created_at, p.created_at)) FROM payments_payment p"
            " WHERE p.appointment_id = a.id), a.confirmed_at) < %(late)s",
            late=timedelta(minutes=35),
        ),
    ),
    Invariant(
        "requests-end",
        "no request is left without an answer past its hour",
        _sql(
            "SELECT id FROM booking_appointment"
            " WHERE status = 'pending' AND awaiting = 'review' AND decide_by < %(late)s",
            late=timedelta(minutes=10),
        ),
    ),
    Invariant(
        "forms-end",
        "no visit waits for its form past the deadline",
        _sql(
            "SELECT id FROM booking_appointment"
            " WHERE status = 'pending' AND awaiting = 'form' AND form_due_at < %(late)s",
            late=timedelta(minutes=10),
        ),
    ),
    *(Invariant(name, promise, _sql(query)) for name, promise, query in (*OF_MESSAGES, *OF_MONEY, *OF_CARE)),
    Invariant(
        "commands-answered",
        "no command to Stripe stays without an outcome for a day",
        _sql(
            "SELECT id FROM payments_gatewaycommand WHERE outcome = 'unknown' AND first_asked_at < %(late)s",
            late=timedelta(days=1),
        ),
    ),
    Invariant(
        "no-fee-for-honesty",
        "nothing is kept for a visit that the clinic, a therapist or the answers ended",
        _sql(
            """
        SELECT a.id FROM booking_appointment a JOIN payments_payment p ON p.appointment_id = a.id
        WHERE a.status = 'cancelled' AND a.cancelled_at < %(late)s
          AND a.cancel_reason IN ('screening-declined', 'not-cleared', 'clinic', 'unwell', 'review-lapsed')
          AND (EXISTS (SELECT 1 FROM payments_ledgerentry e WHERE e.payment_id = p.id AND e.kind = 'fee')
               OR (p.gateway = 'stripe' AND p.state IN ('authorised', 'captured')
                   AND p.keep_amount IS DISTINCT FROM 0))""",
            late=timedelta(hours=1),
        ),
    ),
    Invariant(
        "offered-once",
        "nobody who waits has taken two times, and no offer stays open without its hold",
        _sql(
            """
        SELECT (array_agg(o.id))[1] FROM booking_offer o WHERE o.status = 'accepted' AND o.entry_id IS NOT NULL
          GROUP BY o.entry_id HAVING count(*) > 1
        UNION SELECT o.id FROM booking_offer o JOIN booking_appointment a ON a.id = o.hold_id
          WHERE o.status = 'open' AND a.status <> 'proposed' AND o.expires_at < %(late)s""",
            late=timedelta(minutes=10),
        ),
    ),
    Invariant("sent-in-time", "no message that is due waits longer than ten minutes, stories aside", _unsent),
    Invariant(
        "care-relation",
        "every therapist with a confirmed visit may see that patient",
        _sql(f"""
        SELECT a.id FROM booking_appointment a JOIN booking_practitioner t ON t.id = a.practitioner_id
          JOIN intake_patient p ON p.id = a.patient_id AND p.erased_at IS NULL
        WHERE {_LIVE_VISIT} AND NOT EXISTS (SELECT 1 FROM intake_carerelation r WHERE r.practitioner_id = t.user_id
          AND r.patient_id = a.patient_id AND r.valid_until >= a."end")"""),
    ),
    Invariant(
        "forms-forgotten",
        "no form without a visit is kept longer than 24 hours",
        _sql(
            "SELECT id FROM intake_questionnaireresponse WHERE delete_after < %(late)s",
            late=timedelta(minutes=45),
        ),
    ),
    Invariant(
        "events-handled",
        "no event from Stripe waits longer than an hour",
        _sql(
            "SELECT id FROM payments_webhookevent WHERE handled_at IS NULL AND problem = '' AND received_at < %(late)s",
            late=timedelta(hours=1),
        ),
    ),
    Invariant(
        "agreed",
        "no consent is active without a therapist who heard it and a signature that it rests on",
        _sql("""
        SELECT c.id FROM intake_consent c WHERE c.status = 'active' AND (c.recorded_by_id IS NULL
          OR c.recorded_at IS NULL OR NOT EXISTS (SELECT 1 FROM intake_consent s WHERE s.patient_id = c.patient_id
            AND s.signed_at <= c.recorded_at))"""),
    ),
    Invariant(
        "needled-as-agreed",
        "no needling is written down without the patient's own yes, heard by a therapist and not taken back before",
        _sql("""
        SELECT t.id FROM booking_treatmentrecord t JOIN booking_encounter e ON e.id = t.encounter_id
          JOIN booking_appointment a ON a.id = e.appointment_id
          LEFT JOIN intake_consent c ON c.id = t.consent_id
        WHERE t.needling <> 'none' AND (c.id IS NULL OR c.patient_id <> a.patient_id OR c.recorded_at IS NULL
          OR c.recorded_at > t.recorded_at OR (t.needling = 'done' AND c.withdrawn_at < t.recorded_at
            AND NOT EXISTS (SELECT 1 FROM booking_treatmentrecord f WHERE f.encounter_id = t.encounter_id
              AND f.recorded_at < c.withdrawn_at)))"""),
    ),
    Invariant(
        "signed-stays",
        "questions that a clinician has signed are replaced by signed ones only",
        _sql("""
        SELECT q.id FROM intake_questionnaire q WHERE q.signed_at IS NULL AND EXISTS (SELECT 1
          FROM intake_questionnaire s WHERE s.slug = q.slug AND s.signed_at IS NOT NULL
            AND s.published_at < q.published_at)"""),
    ),
    Invariant(
        "asked-for-another-time",
        "who was asked for another time has answered or is to be called by then, and no time is kept after",
        _sql(
            """
        SELECT d.id FROM booking_displacement d WHERE d.state = 'asked' AND d.answer_by <= %(late)s
        UNION ALL SELECT o.id FROM booking_offer o LEFT JOIN booking_displacement d ON d.id = o."group"
        WHERE o.status = 'open' AND o.entry_id IS NULL AND o.expires_at <= %(late)s AND d.id IS NOT NULL""",
            late=timedelta(minutes=10),
        ),
    ),
    Invariant("sealed", "every answer, result and note is sealed with a key of this installation", _in_clear),
)

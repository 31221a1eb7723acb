"""Messages as rows, written in the transaction of the fact that causes them. Nothing is sent from here."""

import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q
from django.utils.translation import gettext_noop

from booking.models import Appointment, HealthcareService
from booking.reminders.again import resend
from booking.reminders.models import Communication
from booking.reminders.quiet import quiet_hours_of
from booking.reminders.rows import message_row, write_messages
from booking.reminders.settings import messages_of
from booking.reminders.subjects import subject_of
from booking.reminders.switch import senders_released
from booking.rules.kinds import kind_of, still_true
from booking.rules.reminders import Planned, at_once, payment_nudge, recheck, reminders
from intake.models import User

__all__ = [
    "announce_cancellation",
    "announce_change",
    "announce_decision",
    "announce_lost_slot",
    "announce_visit_stays",
    "ask_for_another_time",
    "ask_for_form",
    "ask_for_signature",
    "ask_to_answer",
    "ask_to_check",
    "plan_booking_messages",
    "plan_reminders",
    "queue_resume_link",
    "queue_sign_in_mail",
    "replan_after_move",
    "resend",
    "senders_released",
    "shift_messages",
    "stop_messages",
    "tell_staff",
]

# Why a row was not sent, as the visit's page says it, translated there.
MOVED = gettext_noop("The visit was moved.")
CANCELLED = gettext_noop("The visit was cancelled.")
ANSWERED = gettext_noop("It was answered in the meantime.")
CANT_TAKE_PLACE = gettext_noop("The visit can't take place as booked; the patient was asked for another time.")
_CANCELLED_KINDS = {
    Appointment.CancelReason.DECLINED: "declined",
    Appointment.CancelReason.NOT_CLEARED: "declined",
    Appointment.CancelReason.PAYMENT_LAPSED: "time-released",
    Appointment.CancelReason.REVIEW_LAPSED: "time-released",
    Appointment.CancelReason.HOLD_EXPIRED: "time-released",
}
_ASKS_THERAPISTS = ("request-waiting", "request-still-waiting", "request-answered")
_ASKS = ("payment-waiting", "request-received", *_ASKS_THERAPISTS, "question-waiting", "form-needed")


def plan_booking_messages(*, appointment: Appointment, manage_token: str | None = None, now: datetime) -> None:
    """Plan what the appointment's present state calls for. Safe to call again after each step (payment, review, form).

    Waiting for payment: one nudge before the time is let go. For review: "we have your request". For the form: the
    link to it, and reminders. Booked: confirmation and reminders. `manage_token` is kept, encrypted, for the links of
    later messages; without one the kept token is used.
    """
    state = (appointment.status, appointment.awaiting)
    if state == ("pending", "payment"):
        planned: tuple[Planned, ...] = (payment_nudge(now=now),)
    elif state == ("pending", "review"):
        planned = (at_once("request-received", start=appointment.start, deadline=appointment.decide_by, now=now),)
    elif state == ("pending", "form"):
        asked = at_once("form-needed", start=appointment.start, deadline=appointment.form_due_at, now=now)
        planned = (asked, *_reminders_of(appointment, now=now))
    else:
        planned = (at_once("confirmation", start=appointment.start, now=now), *_reminders_of(appointment, now=now))
    answered = [kind for kind in _ASKS if not still_true(kind, status=state[0], awaiting=state[1])]
    stop_messages(appointment=appointment, reason=ANSWERED, kinds=answered, now=now)
    write_messages(appointment=appointment, planned=planned, token=manage_token, now=now)


def plan_reminders(*, appointment: Appointment, manage_token: str, now: datetime) -> None:
    """Plan the reminders alone, for a visit that was agreed on elsewhere and needs no confirmation."""
    write_messages(appointment=appointment, planned=_reminders_of(appointment, now=now), token=manage_token, now=now)


def replan_after_move(*, appointment: Appointment, now: datetime) -> None:
    """Stop what spoke of the old time and plan for the new one; the caller has raised `schedule_version`."""
    stop_messages(appointment=appointment, reason=MOVED, now=now)
    planned: tuple[Planned, ...] = (at_once("moved", start=appointment.start, now=now),)
    if still_true("reminder-1", status=appointment.status, awaiting=appointment.awaiting):
        planned += _reminders_of(appointment, now=now)
    write_messages(appointment=appointment, planned=planned, now=now)


def shift_messages(*, appointment: Appointment, by: timedelta, now: datetime) -> int:
    """Let what waits for an hour before the visit follow it, when only its moment moved and not its clock time; answers
    how many. They stay the same messages, so nothing is sent twice.
    """
    timed = Q(kind__startswith="reminder-") | Q(kind="recheck")
    waiting = Communication.objects.filter(
        timed, appointment=appointment, status=Communication.Status.PREPARATION, due_at__gt=now
    )
    return waiting.update(due_at=F("due_at") + by, not_after=F("not_after") + by)


def stop_messages(*, appointment: Appointment, reason: str, kinds: Collection[str] | None = None, now: datetime) -> int:
    """Stop the waiting messages of an appointment (of some `kinds`), saying why; answers how many.

    A message that a worker holds at this moment, or that may have gone out already, is left to the workers: they look
    at the appointment again before they send, and say what is known of it.
    """
    waiting = Communication.objects.filter(
        appointment=appointment, status=Communication.Status.PREPARATION, maybe_sent_at=None
    )
    if kinds is not None:
        waiting = waiting.filter(kind__in=kinds)
    return waiting.update(status=Communication.Status.STOPPED, status_reason=reason)


def announce_cancellation(*, appointment: Appointment, alternatives: Iterable[Any] = (), now: datetime) -> None:
    """Stop what is waiting and tell the patient, in the words that fit `appointment.cancel_reason`, with other free
    times (what has `.start`).
    """
    kind = _CANCELLED_KINDS.get(Appointment.CancelReason(appointment.cancel_reason), "cancellation")
    stop_messages(appointment=appointment, reason=CANCELLED, now=now)
    planned = [at_once(kind, start=appointment.start, now=now)]
    write_messages(appointment=appointment, planned=planned, content=_as_content(alternatives), now=now)


def announce_decision(*, appointment: Appointment, decision: str, now: datetime) -> None:
    """Tell the patient that a therapist has answered: "approved" (with the reminders) or "declined" (neutral words)."""
    stop_messages(appointment=appointment, reason=ANSWERED, kinds=_ASKS if decision == "approved" else None, now=now)
    planned: tuple[Planned, ...] = (at_once(decision, start=appointment.start, now=now),)
    if decision == "approved":
        planned += _reminders_of(appointment, now=now)
    write_messages(appointment=appointment, planned=planned, now=now)


def announce_lost_slot(*, appointment: Appointment, alternatives: Iterable[Any], now: datetime) -> None:
    """Tell the patient that the money came too late for the time, with other free times (what has `.start`)."""
    stop_messages(appointment=appointment, reason=CANCELLED, now=now)
    planned = [at_once("paid-too-late", start=appointment.start, now=now)]
    write_messages(appointment=appointment, planned=planned, content=_as_content(alternatives), now=now)


def announce_change(*, appointment: Appointment, now: datetime) -> None:
    """Tell the patient that something about the visit changed (it stays, at its time): the page says what."""
    gone = _ASKS if _needles(appointment) else (*_ASKS, "recheck")
    stop_messages(appointment=appointment, reason=ANSWERED, kinds=gone, now=now)
    planned = [at_once("changed", start=appointment.start, now=now), *_reminders_of(appointment, now=now)]
    write_messages(appointment=appointment, planned=planned, now=now)


def ask_for_form(*, appointment: Appointment, manage_token: str | None, now: datetime) -> None:
    """Send the link to the health form, or send it once more."""
    kind, version = "form-needed", appointment.schedule_version
    sent = Communication.objects.filter(appointment=appointment, kind=kind, schedule_version=version)
    before = sent.select_related("appointment", "patient").order_by("-created_at").first()
    if before is not None:
        resend(communication=before, now=now)
        return
    asked = at_once(kind, start=appointment.start, deadline=appointment.form_due_at, now=now)
    write_messages(appointment=appointment, planned=[asked], token=manage_token, now=now)


def ask_to_check(*, appointment: Appointment, manage_token: str | None, now: datetime) -> None:
    """Send the link to the questions before the visit now, or once more; what was planned for later is let go."""
    kind, version = "recheck", appointment.schedule_version
    written = Communication.objects.filter(appointment=appointment, kind=kind, schedule_version=version)
    waiting = written.filter(status=Communication.Status.PREPARATION)
    if waiting.update(due_at=now):
        return
    before = written.select_related("appointment", "patient").order_by("-created_at").first()
    if before is not None:
        resend(communication=before, now=now)
        return
    write_messages(
        appointment=appointment, planned=[Planned(now, kind, appointment.start)], token=manage_token, now=now
    )


def ask_for_signature(*, appointment: Appointment, manage_token: str | None, now: datetime) -> None:
    """Send the link to what is read and signed before the visit, or send it once more."""
    kind, version = "to-sign", appointment.schedule_version
    sent = Communication.objects.filter(appointment=appointment, kind=kind, schedule_version=version)
    before = sent.select_related("appointment", "patient").order_by("-created_at").first()
    if before is not None:
        resend(communication=before, now=now)
        return
    write_messages(
        appointment=appointment,
        planned=[at_once(kind, start=appointment.start, now=now)],
        token=manage_token,
        now=now,
    )


def ask_for_another_time(
    *,
    appointment: Appointment,
    choices: Iterable[tuple[datetime, str]],
    answer_by: datetime,
    about: str,
    manage_token: str | None,
    now: datetime,
) -> None:
    """Tell the patient that their visit can't take place as booked, with the times (and the therapist's name) that are
    kept for them until `answer_by`. Nothing reminds of the visit any more. `about` sets apart what is asked again.
    """
    waiting = Communication.objects.filter(appointment=appointment, status=Communication.Status.PREPARATION)
    ahead = ((code, kind_of(code)) for code in waiting.values_list("kind", flat=True))
    speak_of_it = [code for code, kind in ahead if kind.quiet and not kind.outlives]
    stop_messages(appointment=appointment, reason=CANT_TAKE_PLACE, kinds=speak_of_it, now=now)
    asked = at_once("another-time", start=appointment.start, deadline=answer_by, now=now)
    content = {
        "choices": [{"start": start.isoformat(), "practitioner": name} for start, name in choices],
        "answer_by": answer_by.isoformat(),
    }
    write_messages(appointment=appointment, planned=[asked], token=manage_token, content=content, about=about, now=now)


def announce_visit_stays(*, appointment: Appointment, now: datetime) -> None:
    """Take back what `ask_for_another_time` said; the caller has raised `schedule_version`, so reminders come again."""
    stop_messages(appointment=appointment, reason=ANSWERED, now=now)
    planned: tuple[Planned, ...] = (at_once("visit-stays", start=appointment.start, now=now),)
    if still_true("reminder-1", status=appointment.status, awaiting=appointment.awaiting):
        planned += _reminders_of(appointment, now=now)
    write_messages(appointment=appointment, planned=planned, now=now)


def ask_to_answer(*, appointment: Appointment, number: int, now: datetime) -> None:
    """Tell the patient that their therapist has a question (their `number`th); the page says which."""
    asked = at_once("question-waiting", start=appointment.start, deadline=appointment.decide_by, now=now)
    write_messages(appointment=appointment, planned=[asked], about=f"/question/{number}", now=now)


def tell_staff(
    *,
    kind: str,
    recipients: Iterable[User],
    appointment: Appointment,
    about: str = "",
    due_at: datetime | None = None,
    now: datetime,
) -> None:
    """Tell staff that something waits for them ("request-waiting"), without a clinical word and without a name; at
    `due_at`, if it is still true then. `about` sets apart what is told more than once.
    """
    planned = at_once(kind, start=appointment.start, deadline=appointment.decide_by, now=now)
    if due_at is not None:
        planned = replace(planned, due_at=due_at)
    Communication.objects.bulk_create(
        [
            message_row(
                subject=f"{subject_of(appointment, kind, now=now)}{about}/user/{user.pk}",
                planned=planned,
                appointment=appointment,
                recipient=user.email,
                language=user.language,
                now=now,
            )
            for user in recipients
        ],
        ignore_conflicts=True,
    )


def queue_sign_in_mail(
    *, recipient: str, language: str, template: str, context: Mapping[str, str], now: datetime
) -> Communication:
    """Queue a mail that is about an account and not about a visit; `template` is its kind.

    "sign-in-code", "sign-in-by-code", "sign-in-by-password", "password-reset", "account-news", and for staff
    "answers-opened". Codes and links are worthless after 15 minutes, so they go before everything that keeps longer.
    """
    row = message_row(
        subject=f"account/{uuid.uuid4()}",
        planned=Planned(now, template, now + kind_of(template).keeps),
        recipient=recipient,
        language=language,
        content=dict(context),
        now=now,
    )
    row.save(force_insert=True)
    return row


def queue_resume_link(*, recipient: str, language: str, token: str, until: datetime, now: datetime) -> Communication:
    """Queue the link to a form that was begun: about no patient and no visit, and worth nothing after `until`."""
    row = message_row(
        subject=f"form/{uuid.uuid4()}",
        planned=Planned(now, "resume-link", until),
        recipient=recipient,
        language=language,
        content={"path": f"/check/go-on/{token}/"},
        now=now,
    )
    row.save(force_insert=True)
    return row


def _reminders_of(appointment: Appointment, *, now: datetime) -> tuple[Planned, ...]:
    quiet = quiet_hours_of(appointment)
    hours = messages_of(appointment.location).hours("reminder")
    planned = reminders(start=appointment.start, hours=hours, quiet=quiet, now=now)
    return (*planned, *recheck(start=appointment.start, quiet=quiet, now=now)) if _needles(appointment) else planned


def _needles(appointment: Appointment) -> bool:
    return appointment.service.modality != HealthcareService.Modality.NONE


def _as_content(alternatives: Iterable[Any]) -> dict[str, list[str]]:
    return {"alternatives": [slot.start.isoformat() for slot in alternatives][:3]}

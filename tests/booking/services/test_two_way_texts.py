"""What people text us about a visit: a "C" confirms what was asked about, nothing is cancelled, nothing is guessed."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings as ours
from django.db import connection

from booking.errors import NotPossibleNow
from booking.models import Appointment
from booking.reminders.delivery import deliver_due
from booking.reminders.models import AddressMark, Communication, IncomingMessage
from booking.reminders.models.reports import TO_ANSWER
from booking.reminders.services import replan_after_move
from booking.rules.short_texts import MOST_SEGMENTS, segments
from booking.selectors.incoming_texts import conversations_to_answer
from booking.services.coming import accept_visit
from booking.services.incoming_texts import take_text
from booking.services.links import manage_token
from booking.services.retention import erase_record
from booking.services.text_replies import answer_text, attach_text, deal_with_text, forget_strangers, read_texts
from intake.errors import NotAllowed
from intake.models import AuditEvent, Role
from intake.tokens import hash_token
from tests.booking.reminders.contacts import PHONE, SMS, fails, make_texted_visit, says_yes_to_texts
from tests.booking.reminders.test_languages import ENGLISH
from tests.booking.reminders.test_languages import words as words_in
from tests.booking.reminders.visits import NOW
from tests.factories.intake import make_care_relation, make_patient, make_user

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def visit_in(days: float = 2, **over: Any) -> Appointment:
    """A visit of somebody with texts, whose link is known."""
    visit = make_texted_visit(start=NOW + timedelta(days=days), **over)
    visit.manage_token_hash = hash_token(manage_token(visit))
    visit.save(update_fields=["manage_token_hash"])
    return visit


def wrote(visit: Appointment, kind: str = "reminder-1", *, at: datetime = NOW - HOUR) -> Communication:
    """A text of ours that went out."""
    return Communication.objects.create(
        dedupe_key=str(uuid4()), kind=kind, channel=SMS, appointment=visit, patient=visit.patient,
        schedule_version=visit.schedule_version, recipient=PHONE, status="completed", created_at=at, due_at=at,
        not_after=visit.start, sent_at=at,
    )  # fmt: skip


def asked_about(days: float = 2, **over: Any) -> Appointment:
    visit = visit_in(days, **over)
    wrote(visit)
    return visit


def text(words: str, *, sender: str = PHONE, now: datetime = NOW, **over: Any) -> str:
    return take_text(provider_id=str(uuid4()), sender=sender, text=words, now=now, **over)


def said_of(visit: Appointment) -> tuple[str, bool]:
    visit.refresh_from_db()
    return visit.accepted_how, visit.is_accepted


def kept() -> IncomingMessage:
    return IncomingMessage.objects.latest("received_at")


@pytest.mark.parametrize("words", ["C", "1", "yes", "Je confirme"])
def test_the_visit_that_the_reminder_asked_about_is_confirmed(words: str) -> None:
    visit = asked_about()
    visit_in(9, patient=visit.patient)
    answer = text(words)
    assert said_of(visit) == ("text", True)
    assert visit.accepted_at == NOW
    assert (kept().keyword, kept().appointment, kept().is_open) == ("confirm", visit, False)
    assert list(AuditEvent.objects.filter(action="accepted").values_list("agent_role", flat=True)) == ["patient"]
    assert ("merci" in answer) == (words == "Je confirme")
    assert "12 River Road" in answer


def test_the_answer_says_what_was_confirmed_and_for_whom_where_a_number_is_shared() -> None:
    visit = asked_about()
    make_patient(email="kim@example.test", given_name="Kim")
    assert text("C") == (
        "Riverside Clinic, Ada: thank you. We expect you on Sunday 22 November, 9:00, 12 River Road Edmonton AB."
        " If something changes, text us or call (780) 555-0100."
    )
    assert said_of(visit) == ("text", True)


def test_said_twice_it_stands_once_as_it_was_said_first() -> None:
    visit = asked_about()
    assert text("C") == text("c", now=NOW + HOUR)
    assert said_of(visit) == ("text", True)
    assert visit.accepted_at == NOW
    assert AuditEvent.objects.filter(action="accepted").count() == 1


def test_the_same_text_delivered_twice_is_one() -> None:
    visit = asked_about()
    sent = {"provider_id": "SM1", "sender": PHONE, "text": "can't come"}
    first, second = (take_text(**sent, now=NOW + HOUR * number) for number in range(2))
    assert first == second
    assert manage_token(visit) in first
    assert IncomingMessage.objects.count() == 1


def test_a_moved_visit_is_asked_about_anew() -> None:
    visit = asked_about()
    text("C")
    visit.refresh_from_db()
    visit.start, visit.end, visit.schedule_version = visit.start + HOUR, visit.end + HOUR, 2
    visit.save(update_fields=["schedule_version"])
    replan_after_move(appointment=visit, now=NOW + HOUR)
    assert said_of(visit) == ("text", False)
    answer = text("C", now=NOW + HOUR)  # the reminder of the old time
    assert "nobody watches this number" in answer
    assert said_of(visit) == ("text", False)
    assert kept().is_open


def test_two_that_share_a_number_and_were_asked_about_together_are_not_guessed() -> None:
    visit = asked_about()
    child = says_yes_to_texts(make_patient(email="", given_name="Kim"))
    other = asked_about(2.1, patient=child)
    answer = text("C")
    assert "can't tell which appointment you mean" in answer
    assert (said_of(visit), said_of(other)) == (("", False), ("", False))
    assert (kept().keyword, kept().is_open) == ("", True)
    accept_visit(appointment=visit, how=Appointment.Accepted.LINK, by=None, now=NOW)
    assert "Kim: thank you" in text("C")
    assert said_of(other) == ("text", True)


@pytest.mark.parametrize("kind", ["another-time", "waitlist-offer", "reply"])
def test_a_yes_to_something_else_confirms_nothing(kind: str) -> None:
    visit = asked_about()
    wrote(visit, kind, at=NOW - HOUR / 2)
    for answer in ("1", "yes"):
        text(answer)
    assert said_of(visit) == ("", False)


def test_thanks_for_an_answer_confirm_nothing() -> None:
    visit = asked_about()
    text("Can I bring my dog?")
    assert text("ok", now=NOW + timedelta(minutes=2)) == ""
    assert said_of(visit) == ("", False)


def test_a_stranger_who_has_the_number_now_confirms_nothing() -> None:
    visit = asked_about()
    assert visit.patient is not None
    visit.patient.phone = "+14035550999"
    visit.patient.save(update_fields=["phone"])
    text("C")
    assert said_of(visit) == ("", False)
    assert (kept().patient, kept().appointment) == (None, None)


def test_cant_come_cancels_nothing_and_is_answered_with_the_link() -> None:
    visit = asked_about()
    text("C")
    answer = text("Sorry, I can't come", now=NOW + HOUR)
    assert f"{ours.SITE_URL}/visit/{manage_token(visit)}/" in answer
    assert "nothing is cancelled yet" in answer
    assert said_of(visit) == ("", False)
    assert visit.status == "booked"
    assert (kept().keyword, kept().appointment, kept().is_open) == ("cannot", visit, True)
    assert manage_token(visit) not in kept().answer


def test_whoever_was_not_asked_yet_gets_the_link_of_the_only_visit_ahead() -> None:
    visit = visit_in(9)
    assert manage_token(visit) in text("cancel")
    visit_in(12, patient=visit.patient)
    answer = text("cancel")
    assert "can't tell which" in answer
    assert "/visit/" not in answer


def test_cancel_is_no_stop_but_where_the_provider_took_it_for_one_that_is_known() -> None:
    asked_about()
    text("Cancel")
    assert not AddressMark.objects.exists()
    assert text("Cancel", answered_there="STOP") == ""
    assert AddressMark.objects.get().what == "stopped"
    assert kept().keyword == "cannot"


def test_in_a_conversation_not_watched_is_said_once_an_hour() -> None:
    asked_about()
    answers = [text("Which door?", now=NOW + minutes * timedelta(minutes=1)) for minutes in (0, 5, 59, 61)]
    assert ["911" in one for one in answers] == [True, False, False, True]
    assert [one.count for one in conversations_to_answer(by=make_user(Role.RECEPTION), now=NOW + 2 * HOUR)] == [4]


def test_what_we_answer_at_once_is_short_and_in_one_language() -> None:
    visit = asked_about(language="fr-ca")
    wrote(visit_in(2.2, patient=visit.patient))
    answers = [text("C"), text("Est-ce que je peux manger avant?")]
    Communication.objects.exclude(appointment=visit).delete()
    answers += [text("annuler"), text("1"), text("AIDE"), text("ARRET"), text("REPRENDRE")]
    for answer in answers:
        assert 0 < segments(answer) <= MOST_SEGMENTS, (len(answer), answer)
        assert words_in(answer.replace("Riverside Clinic", "").replace("River Road", "")) & ENGLISH == set(), answer


def test_staff_answer_in_their_own_words_which_go_to_that_number_alone() -> None:
    visit, reception = asked_about(), make_user(Role.RECEPTION)
    text("Which door?")
    key = uuid4()
    sent = [answer_text(text=kept(), words=" The left one. ", request_key=key, by=reception, now=NOW) for _ in range(2)]
    assert sent[0] == sent[1]
    assert (sent[0].channel, sent[0].recipient, sent[0].content, sent[0].patient, sent[0].appointment) == (
        SMS, PHONE, {"text": "The left one."}, visit.patient, visit,
    )  # fmt: skip
    assert not IncomingMessage.objects.filter(TO_ANSWER).exists()
    assert (kept().dealt_by, kept().dealt_at) == (reception, NOW)
    fails(SMS, PHONE, "stopped")
    assert deliver_due(now=NOW, by=SMS, channel=_Nobody) == 0
    assert Communication.objects.values_list("status", "status_reason").get(kind="reply") == (
        "not-done", "They answered STOP to our texts.",
    )  # fmt: skip
    with pytest.raises(NotPossibleNow):
        answer_text(text=kept(), words="Hello?", request_key=uuid4(), by=reception, now=NOW)


class _Nobody:
    """A channel that nothing must be given to."""

    keyed = False

    def open(self) -> None: ...
    def close(self) -> None: ...


def test_a_stranger_can_be_answered_and_is_forgotten_in_time() -> None:
    visit_in()
    reception = make_user(Role.RECEPTION)
    text("Do you take new patients?", sender="+14035559999")
    answer_text(text=kept(), words="Yes, we do.", request_key=uuid4(), by=reception, now=NOW)
    text("Great", sender="+14035559999", now=NOW + HOUR)
    assert forget_strangers(now=NOW + timedelta(days=89)) == 0
    assert forget_strangers(now=NOW + timedelta(days=91)) == 1  # what nobody has seen to stays
    assert kept().text == "Great"
    assert list(Communication.objects.filter(kind="reply").values_list("recipient", "content")) == [("", None)]


def test_a_text_is_put_beside_who_really_wrote_it_with_its_answer() -> None:
    visit, reception = asked_about(), make_user(Role.RECEPTION)
    other = visit_in(4, patient=make_patient(email="kim@example.test", given_name="Kim"))
    text("We are late")
    answer_text(text=kept(), words="No matter.", request_key=uuid4(), by=reception, now=NOW)
    assert other.patient is not None
    with pytest.raises(NotPossibleNow):
        attach_text(text=kept(), patient=other.patient, appointment=visit, by=reception, now=NOW)
    attach_text(text=kept(), patient=other.patient, appointment=other, by=reception, now=NOW)
    assert (kept().patient, kept().appointment) == (other.patient, other)
    assert Communication.objects.get(kind="reply").patient == other.patient
    erase_record(patient=other.patient, by=None, now=NOW)
    assert not IncomingMessage.objects.exists()
    assert Communication.objects.filter(kind="reply").values_list("recipient", "content").get() == ("", None)


def test_reading_is_written_down_and_a_therapist_reads_their_own_patients_texts() -> None:
    visit = asked_about()
    text("It hurts")
    therapist, colleague = visit.practitioner.user, make_user(Role.THERAPIST)
    make_care_relation(therapist, visit.patient, now=NOW)
    assert [one.count for one in conversations_to_answer(by=therapist, now=NOW)] == [1]
    assert conversations_to_answer(by=colleague, now=NOW) == []
    lines = read_texts(text=kept(), by=therapist, now=NOW)
    assert [(line.theirs.text if line.theirs else line.letter and line.letter.message.kind) for line in lines] == [
        "reminder-1", "It hurts",
    ]  # fmt: skip
    assert AuditEvent.objects.filter(action="texts-read", agent=therapist, patient_id=visit.patient_id).count() == 1
    for refused in (read_texts, deal_with_text):
        with pytest.raises(NotAllowed):
            refused(text=kept(), by=make_user(Role.PATIENT), now=NOW)


def test_nobody_confirms_what_is_no_coming_visit_nor_for_staff_what_they_were_not_told() -> None:
    visit = visit_in()
    reception, stranger = make_user(Role.RECEPTION), make_user(Role.PATIENT)
    with pytest.raises(NotAllowed):
        accept_visit(appointment=visit, how=Appointment.Accepted.LINK, by=stranger, now=NOW)
    with pytest.raises(NotAllowed):
        accept_visit(appointment=visit, how=Appointment.Accepted.CALL, by=None, now=NOW)
    assert accept_visit(appointment=visit, how=Appointment.Accepted.CALL, by=reception, now=NOW).is_accepted
    with pytest.raises(NotPossibleNow):
        accept_visit(appointment=visit, how=Appointment.Accepted.LINK, by=None, now=visit.start)
    for status in ("arrived", "noshow", "proposed"):
        over = {"hold_expires_at": NOW} if status == "proposed" else {}
        held = visit_in(5, status=status, **over)
        with pytest.raises(NotPossibleNow):
            accept_visit(appointment=held, how=Appointment.Accepted.LINK, by=None, now=NOW)


def test_no_words_of_a_text_or_its_answer_stand_in_clear() -> None:
    asked_about()
    text("canary-words")
    answer_text(text=kept(), words="canary-reply", request_key=uuid4(), by=make_user(Role.RECEPTION), now=NOW)
    with connection.cursor() as cursor:
        for table in ("reminders_incomingmessage", "reminders_communication", "intake_auditevent"):
            cursor.execute(f"SELECT count(*) FROM {table} AS t WHERE t::text LIKE '%canary%'")
            assert cursor.fetchone() == (0,), table

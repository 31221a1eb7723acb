"""Asking patients for another time, and mending by hand."""

from datetime import timedelta

import pytest

from booking.errors import HoldExpired, NotPossibleNow, SlotTaken
from booking.models import Appointment, Displacement, Location, Offer, Task
from booking.payments.models import LedgerEntry
from booking.reminders.letters import letter_of
from booking.reminders.models import Communication
from booking.selectors.closures import Closure, closure_of
from booking.selectors.day_board import blockers_of
from booking.selectors.time_off import is_displaced
from booking.selectors.ways_out import displaced_visits, ways_out
from booking.services.appointments import cancel_appointment, reschedule_appointment
from booking.services.displacements import (
    Choice,
    Sent,
    ask_for_a_call,
    cancel_displaced,
    note_mended,
    send_choices,
    settle_displacements,
    take_choice,
)
from booking.services.mending import Mend, mend_all
from booking.services.rooms import close_room, give_room, open_room, swap_rooms
from booking.services.schedules import add_time_off, remove_time_off
from booking.services.visits import mark_noshow
from intake.errors import NotAllowed
from intake.models import AuditEvent, Patient, Role, User
from tests.booking.services.booking_steps import book
from tests.factories.booking import NOW, Clinic, at, make_appointment, make_staff
from tests.factories.intake import make_patient, make_user

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def desk() -> User:
    return make_staff()


def close(clinic: Clinic, desk: User, **over: object) -> Closure:
    fields = {"practitioner": clinic.anna, "start": at(0), "end": at(0, days=2), **over}
    return closure_of(add_time_off(location=clinic.location, by=desk, now=NOW, **fields))


def ask(clinic: Clinic, closure: Closure, visit: Appointment, desk: User, now: object = NOW) -> Sent:
    """Send what is proposed: Ben on Tuesday, Anna on Wednesday and on Thursday, all at ten."""
    (row,) = ways_out([visit], closure=closure, now=now)
    (way,) = [one for one in row.ways if one.kind == "ask"]
    people = {one.pk: one for one in (clinic.anna, clinic.ben)}
    choices = [Choice(one.start, people[one.practitioner]) for one in way.slots]
    return send_choices(appointment=visit, choices=choices, closure=closure, by=desk, now=now)


def offers_of(sent: Sent) -> list[tuple[str, str, str]]:
    rows = Offer.objects.filter(group=sent.displacement.pk).select_related("hold__practitioner").order_by("created_at")
    return sorted((one.hold.practitioner.name, one.status, one.hold.status) for one in rows)


def the_offer(sent: Sent, start: object) -> Offer:
    return Offer.objects.get(group=sent.displacement.pk, hold__start=start)


def test_who_cannot_be_written_to_has_times_kept_and_is_called(clinic: Clinic, desk: User) -> None:
    visit = book(clinic).appointment
    Patient.objects.filter(pk=visit.patient.pk).update(email="")
    visit.refresh_from_db()
    closure = close(clinic, desk)
    sent = ask(clinic, closure, visit, desk)
    task = Task.objects.get(kind=Task.Kind.DISPLACED, appointment=visit)
    letter = Communication.objects.get(appointment=visit, kind="another-time")
    assert (task.status, letter.status, letter.status_reason) == (
        "requested",
        "not-done",
        "There is no e-mail address.",
    )
    take_choice(displacement=sent.displacement, offer=the_offer(sent, at(10, days=2)), by=desk, now=NOW + HOUR)
    settle_displacements(now=NOW + HOUR)
    task.refresh_from_db()
    assert task.status == "completed"


def test_other_times_are_held_and_the_patient_is_written_to(clinic: Clinic, desk: User) -> None:
    visit = book(clinic).appointment
    closure = close(clinic, desk)
    sent = ask(clinic, closure, visit, desk)
    assert sent.displacement.answer_by == at(9)  # an hour before the visit
    assert offers_of(sent) == [("Anna", "open", "proposed")] * 2 + [("Ben", "open", "proposed")]
    mails = {one.kind: one for one in Communication.objects.filter(appointment=visit)}
    assert {kind: one.status for kind, one in mails.items() if kind.startswith("re")} == {
        "reminder-2": "stopped",
        "recheck": "stopped",
    }
    letter = letter_of(mails["another-time"], now=NOW)
    assert "Tuesday 24 November, 10:00, with Ben" in letter.text
    assert "/visit/" in letter.text
    assert not any(word in letter.text.lower() for word in ("needl", "ill", "sick"))
    with pytest.raises(NotPossibleNow):
        ask(clinic, closure, visit, desk)


def test_taking_one_moves_the_visit_and_lets_the_others_go(clinic: Clinic, desk: User) -> None:
    visit = book(clinic).appointment
    sent = ask(clinic, close(clinic, desk), visit, desk)
    moved = take_choice(displacement=sent.displacement, offer=the_offer(sent, at(10)), now=NOW + HOUR)
    assert (moved.pk, moved.start, moved.practitioner, moved.status) == (visit.pk, at(10), clinic.ben, "booked")
    assert offers_of(sent) == [("Anna", "withdrawn", "cancelled")] * 2 + [("Ben", "accepted", "cancelled")]
    sent.displacement.refresh_from_db()
    assert (sent.displacement.state, sent.displacement.decided_at) == ("moved", NOW + HOUR)
    assert not is_displaced(moved)
    assert not LedgerEntry.objects.filter(kind="fee").exists()
    with pytest.raises(HoldExpired):
        take_choice(displacement=sent.displacement, offer=the_offer(sent, at(10, days=2)), now=NOW + HOUR)


def test_the_terms_for_moving_bind_patients_not_those_who_mend(clinic: Clinic, desk: User) -> None:
    Location.objects.update(moves_allowed=0)
    visit = book(clinic).appointment
    to_ben = Mend(visit, "colleague", (Choice(at(10), clinic.ben),))
    [done] = mend_all(mends=[to_ben], closure=close(clinic, desk), by=desk, now=NOW)
    visit.refresh_from_db()
    assert (done.problem, visit.practitioner, visit.set_aside) == (None, clinic.ben, "")


def test_none_of_them_cancels_the_visit_at_no_cost(clinic: Clinic, desk: User) -> None:
    visit = book(clinic).appointment
    sent = ask(clinic, close(clinic, desk), visit, desk)
    cancelled = cancel_displaced(displacement=sent.displacement, by=None, now=NOW + HOUR)
    assert (cancelled.status, cancelled.cancel_reason) == ("cancelled", "clinic")
    assert {one.status for one in Offer.objects.all()} == {"withdrawn"}
    assert not Appointment.objects.filter(status="proposed").exists()
    assert not LedgerEntry.objects.filter(kind="fee").exists()
    with pytest.raises(NotPossibleNow):
        cancel_displaced(displacement=sent.displacement, by=None, now=NOW + HOUR)


def test_who_does_not_answer_is_called_and_the_task_ends_with_the_mend(clinic: Clinic, desk: User) -> None:
    visit = book(clinic).appointment
    sent = ask(clinic, close(clinic, desk), visit, desk)
    settle_displacements(now=at(8, 59))
    assert Displacement.objects.get().state == "asked"
    settle_displacements(now=at(9))
    settle_displacements(now=at(9))
    assert Displacement.objects.get().state == "unanswered"
    assert [(one.kind, one.status, one.due_at) for one in Task.objects.all()] == [("displaced", "requested", at(10))]
    assert {one.status for one in Offer.objects.filter(group=sent.displacement.pk)} <= {"withdrawn", "expired"}
    assert is_displaced(visit)
    reschedule_appointment(appointment=visit, practitioner=clinic.ben, start=at(10), by=desk, now=at(9))
    settle_displacements(now=at(9))
    assert Task.objects.get().status == "completed"


def test_time_off_taken_back_lets_the_visit_stay_and_says_so(clinic: Clinic, desk: User) -> None:
    visit = book(clinic).appointment
    off = add_time_off(
        location=clinic.location, practitioner=clinic.anna, start=at(0), end=at(0, days=2), by=desk, now=NOW
    )
    ask(clinic, closure_of(off), visit, desk)
    remove_time_off(time_off=off, by=desk, now=NOW)
    settle_displacements(now=NOW)
    assert Displacement.objects.get().state == "settled"
    visit.refresh_from_db()
    kinds = Communication.objects.filter(schedule_version=visit.schedule_version, status="preparation")
    assert set(kinds.values_list("kind", flat=True)) == {"visit-stays", "reminder-2", "recheck"}
    assert not Appointment.objects.filter(status="proposed").exists()


def test_a_move_by_another_door_lets_the_held_times_go(clinic: Clinic, desk: User) -> None:
    visit = book(clinic).appointment
    closure = close(clinic, desk)
    ask(clinic, closure, visit, desk)
    reschedule_appointment(appointment=visit, practitioner=clinic.ben, start=at(14), by=desk, now=NOW)
    note_mended(
        appointment=visit,
        closure=closure,
        wall_start=visit.wall_start,
        state=Displacement.State.MOVED,
        by=desk,
        now=NOW,
    )
    assert {one.state for one in Displacement.objects.all()} == {"settled", "moved"}
    assert not Appointment.objects.filter(status="proposed").exists()


def test_a_time_that_somebody_took_meanwhile_is_left_out_and_said(clinic: Clinic, desk: User) -> None:
    visit = book(clinic).appointment
    closure = close(clinic, desk)
    choices = [Choice(at(10), clinic.ben), Choice(at(10, days=2), clinic.anna)]
    make_appointment(clinic, start=at(10), practitioner=clinic.ben, room=clinic.rooms[1], patient=make_patient())
    sent = send_choices(appointment=visit, choices=choices, closure=closure, by=desk, now=NOW)
    assert (sent.kept, sent.gone) == ((choices[1],), (choices[0],))
    sent.displacement.delete()


def test_nothing_is_written_if_no_time_is_left(clinic: Clinic, desk: User) -> None:
    visit = book(clinic).appointment
    closure = close(clinic, desk)
    make_appointment(clinic, start=at(10), practitioner=clinic.ben, room=clinic.rooms[1], patient=make_patient())
    with pytest.raises(SlotTaken):
        send_choices(appointment=visit, choices=[Choice(at(10), clinic.ben)], closure=closure, by=desk, now=NOW)
    assert (Displacement.objects.count(), Offer.objects.count()) == (0, 0)
    assert not Communication.objects.filter(kind="another-time").exists()


def test_a_displaced_visit_never_costs_a_fee_by_any_door(clinic: Clinic, desk: User) -> None:
    first, second, third = (book(clinic, start=at(hour)).appointment for hour in (10, 11, 13))
    close(clinic, desk)
    assert cancel_appointment(appointment=first, by=None, reason="patient", now=at(9)).fee == 0
    assert (
        reschedule_appointment(appointment=second, practitioner=None, start=at(11, days=2), by=None, now=at(9)).fee == 0
    )
    mark_noshow(appointment=third, by=desk, now=at(13, 30))
    assert not LedgerEntry.objects.filter(kind="fee").exists()


def test_a_call_is_one_task_however_often_it_is_asked_for(clinic: Clinic, desk: User) -> None:
    visit = book(clinic).appointment
    close(clinic, desk)
    assert ask_for_a_call(appointment=visit, now=NOW) == ask_for_a_call(appointment=visit, now=NOW)


def test_only_the_clinic_asks_and_closes(clinic: Clinic, desk: User) -> None:
    visit = book(clinic).appointment
    closure = close(clinic, desk)
    stranger = make_user(Role.PATIENT)
    with pytest.raises(NotAllowed):
        send_choices(appointment=visit, choices=[Choice(at(10), clinic.ben)], closure=closure, by=stranger, now=NOW)
    with pytest.raises(NotAllowed):
        close_room(room=clinic.rooms[0], start=at(9), end=at(12), by=stranger, now=NOW)
    with pytest.raises(NotAllowed):
        swap_rooms(first=visit, second=visit, by=stranger, now=NOW)


def test_a_closed_room_is_not_booked_and_its_visits_get_another(clinic: Clinic, desk: User) -> None:
    visit = book(clinic).appointment
    assert visit.room == clinic.rooms[0]
    closure = close_room(room=clinic.rooms[0], start=at(9), end=at(17), reason="Paint", by=desk, now=NOW)
    given = give_room(appointment=visit, room=clinic.rooms[1], by=desk, now=NOW)
    assert (given.room, given.start, is_displaced(given)) == (clinic.rooms[1], visit.start, False)
    with pytest.raises(SlotTaken):
        book(clinic, practitioner=clinic.ben)
    with pytest.raises(SlotTaken):
        give_room(appointment=given, room=clinic.rooms[0], by=desk, now=NOW)
    open_room(closure=closure, by=desk, now=NOW)
    assert book(clinic, practitioner=clinic.ben).appointment.room == clinic.rooms[0]
    actions = AuditEvent.objects.filter(action__startswith="room-").order_by("id")
    assert [one.action for one in actions] == ["room-closed", "room-changed", "room-opened"]


def test_the_board_says_what_is_wrong_with_place_and_room(clinic: Clinic, desk: User) -> None:
    visit = make_appointment(clinic, start=at(10), patient=make_patient(), service=clinic.call, room=clinic.rooms[0])
    early = {"start": at(9, 30), "service": clinic.call, "practitioner": clinic.ben, "room": clinic.rooms[0]}
    make_appointment(clinic, patient=make_patient(), status="checked-in", **early)

    def codes(now: object) -> list[str]:
        return [one.code for one in blockers_of(visit, by=desk, now=now) if one.code != "not-closed"]

    assert (codes(at(9, 55)), codes(at(10))) == ([], ["room-in-use"])
    closed = close_room(room=clinic.rooms[0], start=at(9), end=at(12), by=desk, now=NOW)
    close(clinic, desk)
    assert codes(at(10)) == ["displaced", "room-closed"]
    open_room(closure=closed, by=desk, now=NOW)
    assert codes(at(9, 55)) == ["displaced"]


def test_the_visits_of_a_day_are_asked_one_by_one_and_each_gets_its_own_times(clinic: Clinic, desk: User) -> None:
    for hour in (10, 11, 13):
        book(clinic, start=at(hour))
    closure = close(clinic, desk)
    visits = displaced_visits(closure, by=desk, now=NOW)
    people = {one.pk: one for one in (clinic.anna, clinic.ben)}
    for row in ways_out(visits, closure=closure, now=NOW):
        choices = [Choice(one.start, people[one.practitioner]) for one in row.ways[0].slots]
        assert send_choices(appointment=row.visit, choices=choices, closure=closure, by=desk, now=NOW).gone == ()
    assert Offer.objects.filter(status="open").count() == 9

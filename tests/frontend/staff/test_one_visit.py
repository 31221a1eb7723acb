"""The page of one visit: moving, cancelling, money, messages, answers."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse

from booking.models import TimeOff
from booking.payments.ledger import balance_of
from booking.reminders.services import plan_booking_messages
from frontend.staff.steps import offered_steps
from intake.models import AuditEvent
from tests.factories import booking as made
from tests.factories import intake as people
from tests.frontend.staff.conftest import NOW, Desk, screening_of


def _address(desk: Desk, name: str) -> str:
    return reverse(f"staff:{name}", args=[desk.visit.pk])


def test_the_page_says_who_when_and_what_it_needs(desk: Desk) -> None:
    text = desk.browsers["reception"].get(_address(desk, "visit")).content.decode()
    for words in ("Ada Berg", "Monday 23 November, 10:00", "Mountain time", "(403) 555-0123", "$120.00", "complete"):
        assert words in text
    assert "Be careful about" not in text


def test_a_visit_is_moved_to_a_time_from_the_list(desk: Desk) -> None:
    browser = desk.browsers["reception"]
    text = browser.get(_address(desk, "move") + "?from=2026-11-24").content.decode()
    value = re.findall(r'name="time" value="([^"]+)"', text)[0]
    answer = browser.post(_address(desk, "move"), {"time": value})
    desk.visit.refresh_from_db()
    assert (answer.status_code, desk.visit.wall_start) == (303, "2026-11-24T09:00")


def test_a_refused_move_says_why_and_offers_times_nearby(desk: Desk) -> None:
    taken = made.at(11, days=1)
    desk.make_visit(taken, patient=people.make_patient())
    wish = f"{taken:%Y-%m-%dT%H:%M:%SZ} {desk.clinic.anna.pk}"
    answer = desk.browsers["reception"].post(_address(desk, "move"), {"time": wish})
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "Someone has just booked that time." in text
    assert "Near that time" in text
    desk.visit.refresh_from_db()
    assert desk.visit.start == made.at(10, days=0)


def test_a_move_without_a_readable_time_asks_for_one(desk: Desk) -> None:
    for said in ({}, {"time": "never"}, {"time": f"2026-11-24T16:00:00Z {uuid4()}"}):
        assert desk.browsers["reception"].post(_address(desk, "move"), said).status_code == 422


def test_the_fee_is_said_before_a_visit_is_cancelled(desk: Desk) -> None:
    browser = desk.browsers["reception"]
    assert "If the patient can't come, $30.00 is owed" in browser.get(
        _address(desk, "cancel")
    ).content.decode().replace("&#x27;", "'")
    assert browser.post(_address(desk, "cancel"), {}).status_code == 422
    assert browser.post(_address(desk, "cancel"), {"reason": "patient"}).status_code == 303
    desk.visit.refresh_from_db()
    assert (desk.visit.status, desk.visit.cancel_reason) == ("cancelled", "patient")
    assert balance_of(desk.visit).due == 3000


def test_whoever_is_unwell_pays_nothing(desk: Desk) -> None:
    desk.browsers["reception"].post(_address(desk, "cancel"), {"reason": "unwell"})
    desk.visit.refresh_from_db()
    assert (desk.visit.cancel_reason, balance_of(desk.visit).due) == ("unwell", 0)


def test_a_fee_can_be_waived(desk: Desk) -> None:
    said = {"reason": "patient", "waive_fee": "on"}
    assert desk.browsers["reception"].post(_address(desk, "cancel"), said).status_code == 422
    desk.browsers["reception"].post(_address(desk, "cancel"), said | {"waive_reason": "courtesy"})
    assert AuditEvent.objects.get(action="fee-waived").reason == "courtesy"
    assert balance_of(desk.visit).owed == 12000  # the row in hand is still booked
    desk.visit.refresh_from_db()
    assert balance_of(desk.visit).due == 0


def test_a_visit_that_is_over_can_t_be_cancelled(desk: Desk) -> None:
    desk.visit.status = "fulfilled"
    desk.visit.save()
    answer = desk.browsers["reception"].post(_address(desk, "cancel"), {"reason": "clinic"})
    assert (answer.status_code, "has changed in the meantime" in answer.content.decode()) == (409, True)


def test_a_cancelled_visit_offers_nobody_to_arrive(desk: Desk) -> None:
    desk.visit.status, desk.visit.cancel_reason = "cancelled", "patient"
    offered = offered_steps(desk.visit, now=desk.visit.start)
    assert [offered.following, *offered.others] == [None]


def test_a_payment_counts_once_however_often_it_is_sent(desk: Desk) -> None:
    said = {"amount": "80.00", "method": "cash", "request_key": str(uuid4())}
    for _again in range(2):
        assert desk.browsers["reception"].post(_address(desk, "paid"), said).status_code == 303
    assert (balance_of(desk.visit).paid, balance_of(desk.visit).due) == (8000, 4000)
    assert AuditEvent.objects.filter(action="paid-at-desk").count() == 1


def test_each_message_says_what_became_of_it_and_can_be_sent_again(desk: Desk) -> None:
    plan_booking_messages(appointment=desk.visit, manage_token="t", now=NOW)
    message = desk.visit.communications.get(kind="confirmation")
    message.status, message.status_reason = "not-done", "The mailbox does not exist."
    message.save()
    browser = desk.browsers["reception"]
    assert "The mailbox does not exist." in browser.get(_address(desk, "visit")).content.decode()
    resend = reverse("staff:resend", args=[desk.visit.pk, message.pk])
    assert [browser.post(resend, {"stood": "visit"}).status_code for _again in range(2)] == [303, 409]
    assert desk.visit.communications.filter(kind="confirmation").count() == 2
    other = desk.make_visit(made.at(13, days=3), patient=people.make_patient())
    assert browser.post(reverse("staff:resend", args=[other.pk, message.pk])).status_code == 404


def test_the_therapist_sees_what_to_be_careful_about_and_says_so(desk: Desk) -> None:
    desk.visit.screening = screening_of(desk.patient, people.caution_line())
    desk.visit.save()
    browser = desk.browsers["therapist"]
    assert "I have seen this" in browser.get(_address(desk, "visit")).content.decode()
    assert AuditEvent.objects.filter(action="read", agent=desk.users["therapist"]).count() == 1
    acknowledge = reverse("staff:step", args=[desk.visit.pk, "acknowledge"])
    assert browser.post(acknowledge, {"stood": "visit"}).status_code == 303
    assert "Seen by Anna" in browser.get(_address(desk, "visit")).content.decode()
    assert desk.browsers["reception"].post(acknowledge, {"stood": "visit"}).status_code == 403


def test_opening_the_answers_is_written_down(desk: Desk) -> None:
    answer = desk.browsers["therapist"].get(_address(desk, "answers"))
    assert answer.status_code == 200
    assert list(AuditEvent.objects.filter(action="read").values_list("agent", "entity_id")) == [
        (desk.users["therapist"].pk, desk.screening.pk)
    ]


def test_a_manager_opens_answers_only_with_a_reason(desk: Desk) -> None:
    browser = desk.browsers["manager"]
    assert "All answers" not in browser.get(_address(desk, "answers")).content.decode()
    assert browser.post(_address(desk, "answers"), {"reason": "  "}).status_code == 422
    assert not AuditEvent.objects.filter(action="break-glass").exists()
    opened = browser.post(_address(desk, "answers"), {"reason": "The patient asks for a copy"})
    assert (opened.status_code, "All answers" in opened.content.decode()) == (200, True)
    assert AuditEvent.objects.get(action="break-glass").reason == "The patient asks for a copy"


def test_a_visit_becomes_one_without_needles(desk: Desk) -> None:
    desk.visit.room = desk.clinic.rooms[1]
    desk.visit.save()
    answer = desk.browsers["reception"].post(reverse("staff:step", args=[desk.visit.pk, "without-needles"]))
    desk.visit.refresh_from_db()
    assert (answer.status_code, desk.visit.service.modality) == (303, "none")


def test_time_off_shows_the_visits_that_lie_in_it(desk: Desk) -> None:
    said = {
        "away": str(desk.clinic.anna.pk),
        "from_date": "2026-11-23",
        "from_time": "09:00",
        "until_date": "2026-11-23",
        "until_time": "12:00",
        "reason": "",
    }
    browser = desk.browsers["reception"]
    answer = browser.post(reverse("staff:time-off"), said)
    away = TimeOff.objects.get()
    assert answer.headers["Location"] == reverse("staff:displaced", args=[away.pk])
    assert away.end - away.start == timedelta(hours=3)
    assert _address(desk, "move") in browser.get(answer.headers["Location"]).content.decode()
    assert "The therapist is away at that time." in browser.get(reverse("staff:desk")).content.decode()
    upside_down = said | {"until_time": "08:00"}
    assert browser.post(reverse("staff:time-off"), upside_down).status_code == 400
    assert browser.post(reverse("staff:time-off"), said | {"from_time": "x"}).status_code == 422
    assert TimeOff.objects.count() == 1
    for _tap in range(2):
        assert browser.post(reverse("staff:back-again", args=[away.pk])).status_code == 303
    assert not TimeOff.objects.exists()
    assert "The therapist is away at that time." not in browser.get(reverse("staff:desk")).content.decode()


@pytest.mark.parametrize(("night", "at"), [("2026-11-01", "01:30"), ("2027-03-14", "02:30")])
def test_time_off_on_a_clock_time_that_comes_twice_or_never_is_refused(desk: Desk, night: str, at: str) -> None:
    desk.clinic.location.time_zone = "America/Toronto"
    desk.clinic.location.save()
    said = {"away": "clinic", "from_date": night, "from_time": "00:30", "until_date": night, "until_time": at}
    browser = desk.browsers["manager"]
    refused = browser.post(reverse("staff:time-off"), said)
    assert (refused.status_code, "The clocks change in that hour." in refused.content.decode()) == (422, True)
    assert browser.post(reverse("staff:time-off"), said | {"until_time": "05:00"}).status_code == 303
    away = TimeOff.objects.get()
    assert away.end - away.start == timedelta(hours=5.5 if night == "2026-11-01" else 3.5)


def test_a_cancellation_is_undone_with_one_button(desk: Desk) -> None:
    browser = desk.browsers["reception"]
    browser.post(_address(desk, "cancel"), {"reason": "clinic"})
    undo = reverse("staff:step", args=[desk.visit.pk, "undo"])
    assert undo in browser.get(_address(desk, "visit")).content.decode()
    assert undo in browser.get(reverse("staff:desk") + "?date=2026-11-23").content.decode()
    assert browser.post(undo, {"stood": "visit"}).status_code == 303
    desk.visit.refresh_from_db()
    assert (desk.visit.status, desk.visit.cancel_settles_at) == ("booked", None)
    text = browser.get(_address(desk, "visit")).content.decode()
    assert "Took the cancellation back" in text
    assert undo not in text


def test_beyond_the_hours_a_visit_is_moved_with_a_reason_only(desk: Desk) -> None:
    browser = desk.browsers["reception"]
    beyond = {"date": "2026-11-24", "at": "18:20"}
    assert browser.post(_address(desk, "move"), beyond).status_code == 422
    assert browser.post(_address(desk, "move"), {**beyond, "date": ""}).status_code == 422
    assert browser.post(_address(desk, "move"), {**beyond, "set_aside": "goodwill"}).status_code == 303
    desk.visit.refresh_from_db()
    assert (desk.visit.wall_start, desk.visit.set_aside) == ("2026-11-24T18:20", "goodwill")
    assert "as a courtesy" in browser.get(_address(desk, "visit")).content.decode()


def test_a_visit_is_made_shorter(desk: Desk) -> None:
    browser = desk.browsers["reception"]
    assert browser.post(_address(desk, "shorten"), {"begins": "10:00", "ends": "12:30"}).status_code == 409
    assert browser.post(_address(desk, "shorten"), {"begins": "10:00", "ends": "soon"}).status_code == 422
    assert browser.post(_address(desk, "shorten"), {"begins": "10:00", "ends": "10:40"}).status_code == 303
    desk.visit.refresh_from_db()
    assert desk.visit.end == made.at(10, 40, days=0)

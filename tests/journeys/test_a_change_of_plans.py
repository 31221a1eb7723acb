"""What patients do with time besides booking a visit: a course, the waitlist, and a visit that can't take place."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from tests.journeys import evidence, steps
from tests.journeys.steps import Visitor
from tests.live import LiveStack

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("live")]

Somebody = Callable[..., Visitor]
BORN = ("7", "March", "1984")
ON_THE_LIST, FREE = "Your place on the list", "A time has become free"


def test_a_course_is_booked_one_session_moved_and_the_rest_cancelled(live_stack: LiveStack, somebody: Somebody) -> None:
    # Given somebody who may book, at a clinic that books courses, and who holds a time
    email = "cleo@example.test"
    others_do(live_stack, "may_book_courses()")
    patient = somebody()
    steps.passes_the_check(patient)
    steps.chooses_visit(patient, "First visit")
    steps.looks_ahead(patient, days=8)
    steps.holds_a_time(patient, day=0)

    # When they ask for three sessions, the days are proposed, all are held, and one yes books them
    patient.taps = 0
    steps.follows(patient, "Book several sessions")
    steps.sees(patient, "Book several sessions")
    steps.chooses(patient, "3")
    steps.presses(patient, "Show the days")
    steps.sees(patient, "Book several sessions")
    steps.weighs_little(patient)
    steps.presses(patient, "Hold these 3 times")
    steps.sees(patient, "Who comes?")
    expect(patient.page.get_by_text("These times are yours for")).to_be_visible()
    assert patient.taps == 4
    steps.says_who_they_are(patient, "Cleo Park", email)
    steps.sees(patient, "Agree and book")
    steps.chooses(patient, "I agree to these terms")
    steps.presses(patient, "Book these 3 sessions")
    steps.sees(patient, "Your 3 sessions are booked")
    booked = sessions_of(live_stack, email)
    assert len(booked) == 3

    # and they move the last one, to a day that keeps its distance
    steps.taps(patient, patient.page.locator("ol.sessions button").last)
    steps.sees(patient, "Your 3 sessions are booked")
    steps.follows(patient, "Move this session")
    steps.sees(patient, "Move the visit")
    steps.weighs_little(patient)
    times = patient.page.locator(".times label.choice")
    steps.taps(patient, times.filter(has_not=patient.page.locator("input:checked")).first)
    steps.presses(patient, "Move to this time")
    steps.sees(patient, "Your 3 sessions are booked")
    moved = sessions_of(live_stack, email)
    assert (moved[:2], moved[2] != booked[2]) == (booked[:2], True)
    apart = [(later - earlier).days for earlier, later in pairwise(moved)]
    assert all(4 <= days <= 10 for days in apart), apart

    # Then cancelling all of them can be undone at once, and cancelling one leaves the others
    steps.follows(patient, "Cancel all that are left")
    steps.sees(patient, "Cancel all sessions that are left?")
    steps.presses(patient, "Cancel all of them")
    steps.sees(patient, "This visit is cancelled")
    assert sessions_of(live_stack, email) == []
    steps.presses(patient, "Undo: keep my 3 sessions")
    steps.sees(patient, "Your 3 sessions are booked")
    assert sessions_of(live_stack, email) == moved
    steps.follows(patient, "Cancel this session")
    steps.sees(patient, "Cancel this visit?")
    steps.presses(patient, "Cancel the visit")
    steps.sees(patient, "This visit is cancelled")
    assert sessions_of(live_stack, email) == moved[:2]


@pytest.mark.chaos  # takes long
def test_a_freed_time_goes_down_the_line_and_takes_the_place_of_a_later_visit(
    live_stack: LiveStack, somebody: Somebody
) -> None:
    # Given a morning, a visit of Cora's, Ben who waits for any time, and Alma who would come earlier than booked
    evidence.let_it_become(live_stack, ten_o_clock(live_stack))
    others_do(live_stack, "calls('Cora Dale')")
    gone = evidence.visit_of(live_stack, "cora@example.test")
    ben, alma = somebody(), somebody()
    steps.opens(ben, "/wait/join/?service=phone-call")
    steps.sees(ben, "Tell us which times would suit")
    gives_details(ben, "Ben Hale", "ben@example.test")
    steps.presses(ben, "Put me on the list")
    steps.sees(ben, ON_THE_LIST)
    books_a_call(alma, "Alma Reid", "alma@example.test")
    before = evidence.visit_of(live_stack, "alma@example.test")
    steps.follows(alma, "Say which times would suit")
    steps.sees(alma, "Come earlier if a time frees up")
    steps.presses(alma, "Put me on the list")
    steps.sees(alma, ON_THE_LIST)

    # When Cora cancels and can't undo it any more, Ben, who came first, is asked
    cancels_by_the_link(somebody(), live_stack, "cora@example.test")
    three_minutes_pass(live_stack)
    letter = offer_to(live_stack, "ben@example.test")
    evidence.is_neutral(letter)
    steps.opens(ben, evidence.link_in(letter, live_stack.url, to="wait/offer"))
    steps.sees(ben, FREE)
    steps.weighs_little(ben)
    steps.presses(ben, "No, thank you")
    steps.sees(ben, ON_THE_LIST)

    # then Alma, on another phone; opening the mail changes nothing
    letter = offer_to(live_stack, "alma@example.test")
    reader = somebody()
    steps.opens(reader, evidence.link_in(letter, live_stack.url, to="wait/offer"))
    steps.sees(reader, "Is this for you?")
    steps.gives_birth_date(reader, BORN)
    steps.presses(reader, "Continue")
    steps.sees(reader, FREE)
    expect(reader.page.get_by_text("It takes the place of your visit on")).to_be_visible()
    again = reader.page.context.new_page()
    again.goto(reader.page.url)
    assert evidence.visit_of(live_stack, "alma@example.test")["start"] == before["start"]

    # and her yes puts the visit there, once: a second tap is told so
    steps.presses(reader, "Yes, I take this time")
    steps.sees(reader, "Your visit is booked")
    after = evidence.visit_of(live_stack, "alma@example.test")
    assert (after["id"], after["start"], after["status"]) == (before["id"], gone["start"], "booked")
    again.get_by_role("button", name="Yes, I take this time").click()
    expect(again.get_by_text("You have said yes to this time already.")).to_be_visible()
    assert evidence.visit_of(live_stack, "alma@example.test") == after

    # Ben, who still waits, is told of what she left, too late
    late = offer_to(live_stack, "ben@example.test", number=2)
    live_stack.move_clock(minutes=31)
    steps.opens(ben, evidence.link_in(late, live_stack.url, to="wait/offer"))
    steps.sees(ben, "This time is no longer kept for you")


@pytest.mark.chaos  # takes long
def test_who_can_t_have_their_visit_takes_another_time_or_none(live_stack: LiveStack, somebody: Somebody) -> None:
    # Given two people whose therapist is away, and who are asked
    others_do(live_stack, "cant_have_their_calls('Dora Finn', 'Emil Gray')")
    dora, emil = somebody(), somebody()
    for who, email in [(dora, "dora@example.test"), (emil, "emil@example.test")]:
        letter = live_stack.mail.wait_for(to=email, containing="Please choose another time")
        evidence.is_neutral(letter)
        steps.opens(who, evidence.link_in(letter, live_stack.url))
        steps.sees(who, "Is this your visit?")
        steps.gives_birth_date(who, BORN)
        steps.presses(who, "Show the visit")
        steps.sees(who, "Please choose another time")

    # When one takes the second of the times that are kept, the visit is there
    before = evidence.visit_of(live_stack, "dora@example.test")
    steps.taps(dora, dora.page.locator("main label.choice").nth(1))
    steps.presses(dora, "Take this time")
    steps.sees(dora, "Your visit is booked")
    after = evidence.visit_of(live_stack, "dora@example.test")
    assert (after["id"], after["start"] > before["start"]) == (before["id"], True)

    # and who wants none of them cancels at no cost, whatever the tab from before still shows
    steps.taps(emil, emil.page.get_by_text("Cancel the visit, free of charge"))
    steps.presses(emil, "Yes, cancel my visit")
    steps.sees(emil, "This visit is cancelled")
    expect(emil.page.get_by_text("It costs you nothing.")).to_be_visible()
    steps.opens(emil, "/visit/choices/")
    steps.sees(emil, "This visit is cancelled")


def others_do(stack: LiveStack, what: str) -> None:
    stack.manage("shell", "-v", "0", "-c", f"from tests.journeys.others import *; {what}")


def ten_o_clock(stack: LiveStack) -> datetime:
    """The next ten in the morning at the clinic: nobody is written to at night."""
    here = evidence.time_now(stack).astimezone(ZoneInfo("America/Edmonton"))
    today = here.replace(hour=10, minute=0, second=0, microsecond=0)
    return today if today > here else today + timedelta(days=1)


def three_minutes_pass(stack: LiveStack) -> None:
    evidence.let_it_become(stack, evidence.time_now(stack) + timedelta(minutes=3, seconds=1))


def offer_to(stack: LiveStack, email: str, *, number: int = 1) -> dict[str, Any]:
    """The mail with the offer, which the sweeps bring."""
    evidence.let_it_become(stack, evidence.time_now(stack) + timedelta(seconds=1))
    evidence.comes_true(lambda: len(_offers(stack, email)) >= number)
    return _offers(stack, email)[0]


def _offers(stack: LiveStack, email: str) -> list[dict[str, Any]]:
    return [one for one in stack.mail.messages(to=email) if "please answer by" in one["subject"]]


def sessions_of(stack: LiveStack, email: str) -> list[Any]:
    """When the booked visits of somebody begin."""
    found = evidence.rows(
        stack,
        """SELECT a.start FROM booking_appointment a JOIN intake_patient p ON p.id = a.patient_id
           WHERE p.email = %s AND a.status = 'booked' ORDER BY a.start""",
        email,
    )
    return [row["start"] for row in found]


def gives_details(who: Visitor, name: str, email: str) -> None:
    given, _, family = name.partition(" ")
    for label, text in [("First name", given), ("Last name", family), ("Email", email), ("Phone", "780 555 0166")]:
        steps.types(who, label, text)
    steps.gives_birth_date(who, BORN)


def books_a_call(who: Visitor, name: str, email: str) -> None:
    """A call in two weeks, for which nothing is asked before."""
    steps.opens(who, "/book/times/?service=phone-call")
    steps.looks_ahead(who, days=14)
    steps.holds_a_time(who)
    gives_details(who, name, email)
    steps.presses(who, "Continue")
    steps.sees(who, "Agree and book")
    steps.chooses(who, "I agree to these terms")
    steps.presses(who, "Book this visit")
    steps.sees(who, "Your visit is booked")


def cancels_by_the_link(who: Visitor, stack: LiveStack, email: str) -> None:
    steps.opens(who, evidence.link_in(stack.mail.wait_for(to=email), stack.url))
    steps.gives_birth_date(who, BORN)
    steps.presses(who, "Show the visit")
    steps.follows(who, re.compile("^Cancel the visit"))
    steps.presses(who, "Cancel the visit")
    steps.sees(who, "This visit is cancelled")

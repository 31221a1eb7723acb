"""The rest of a broken day at the desk: rooms change, a day is closed after the fact, and the work goes on."""

import re
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

from playwright.sync_api import expect

from tests.journeys import evidence, of_money, steps
from tests.journeys.steps import Visitor
from tests.live import LiveStack


def changes_rooms(stack: LiveStack, desk: Visitor, *, without: str) -> str:
    """Two visits swap rooms with one press; then a room is closed and all in it are mended with another. The day."""
    visits = [one for one in evidence.coming_visits(stack) if one["room"] and one["therapist"] != without]
    meeting = {a["id"]: a for a, b in permutations(visits, 2) if a["start"] < b["end"] and b["start"] < a["end"]}
    swap = desk.page.locator("button[name='swap']").first
    for one in meeting.values():
        steps.opens(desk, f"/visits/{one['id']}/room/")
        if swap.count():  # each suits the other's room, and no third visit is in it
            break
    steps.sees(desk, "Another room")
    other = next(visit for visit in visits if str(visit["id"]) == swap.get_attribute("value"))
    steps.taps(desk, swap)
    steps.sees(desk, one["patient"])
    rooms = {visit["id"]: visit["room"] for visit in evidence.coming_visits(stack)}
    assert (rooms[one["id"]], rooms[other["id"]]) == (other["room"], one["room"])

    steps.opens(desk, f"/calendar/time-off/?date={one['day']}")
    steps.marks_away(desk, one["room"])
    steps.sees(desk, f"{one['room']} is closed")
    steps.presses(desk, re.compile("^(Send these choices|Carry this out)$"))
    expect(desk.page.get_by_text(re.compile("^Done"))).to_be_visible()
    steps.sees(desk, f"{one['room']} is closed")
    return str(one["day"])


def a_day_is_closed(stack: LiveStack, manager: Visitor) -> str:
    """A day on which visits stand is closed; each of them is shown with what can be done. The day."""
    last = evidence.coming_visits(stack)[-1]
    steps.opens(manager, "/settings/holidays/")
    steps.sees(manager, "Holidays and closed days")
    steps.types(manager, "Date", last["day"])
    steps.types(manager, "Name", "Burst pipe")
    steps.presses(manager, "Close that day")
    steps.sees(manager, "The clinic is closed")
    expect(manager.page.locator(f"#visit-{last['id']}")).to_be_visible()
    return str(last["day"])


def the_day_goes_on(stack: LiveStack, desk: Visitor, *, without: str, days: set[str]) -> None:
    """On an ordinary day somebody does not come, somebody else walks in and gets that time, and their visit ends
    early.
    """
    visits = [one for one in evidence.coming_visits(stack) if one["therapist"] != without and one["day"] not in days]
    late = next(one for one in visits if one["end"] - one["start"] >= timedelta(minutes=30))
    evidence.let_it_become(stack, late["start"] + timedelta(minutes=5))
    steps.opens(desk, "/desk/")
    steps.does_from_the_row(desk, late["patient"], "No-show")
    steps.does_from_the_row(desk, late["patient"], "Free the rest")
    steps.sees(desk, re.compile(r"\d"))
    evidence.comes_true(lambda: _end_of(stack, late) < late["end"])

    steps.opens(desk, "/desk/")
    steps.follows(desk, "Walk-in")
    steps.sees(desk, "Book for a caller")
    for label, chosen in [("^What$", "Phone call with a therapist"), ("^With", late["therapist"])]:
        with desk.page.expect_response(lambda answer: "hx-request" in answer.request.headers):
            desk.page.get_by_label(re.compile(label)).select_option(label=chosen)
        expect(desk.page.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)
    for label, said in [("Given name", "Wanda"), ("Family name", "Inn"), ("Phone", "780 555 0177")]:
        steps.types(desk, label, said)
    steps.types(desk, "Birth date", "1984-03-07")
    desk.page.wait_for_load_state("networkidle")  # each choice brings the times up to date
    steps.presses(desk, "Book")
    steps.sees(desk, "Here now")
    booked = evidence.rows(stack, "SELECT * FROM booking_appointment ORDER BY created_at DESC LIMIT 1")
    assert [(one["status"], one["set_aside"]) for one in booked] == [("arrived", "walk-in")]

    steps.opens(desk, "/desk/")
    expect(steps.sees_on_the_board(desk, "Wanda Inn")).to_contain_text("arrived")
    steps.does_from_the_row(desk, "Wanda Inn", "Make it shorter")
    steps.sees(desk, "Make it shorter")
    ends = desk.page.get_by_label("Ends")
    earlier = datetime.strptime(ends.input_value(), "%H:%M") - timedelta(minutes=5)  # noqa: DTZ007 - a wall clock
    ends.fill(f"{earlier:%H:%M}")
    steps.presses(desk, "Make it shorter")
    expect(desk.page.get_by_text("Shorter now.")).to_be_visible()
    steps.sees(desk, "Wanda Inn")

    of_money.signs_the_sheet(desk)


def _end_of(stack: LiveStack, visit: dict[str, Any]) -> datetime:
    (row,) = evidence.rows(stack, "SELECT * FROM booking_appointment WHERE id = %s", visit["id"])
    end: datetime = row["end"]
    return end

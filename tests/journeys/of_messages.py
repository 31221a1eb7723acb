"""Stories and calls: how somebody asks for them, and what becomes of it."""

import re
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from playwright.sync_api import expect

from tests.journeys import evidence, steps
from tests.journeys.steps import Visitor
from tests.live import LiveStack

TITLE = "Our new hours"


def comes_to_midday(stack: LiveStack) -> None:
    """No story goes out at night."""
    (place,) = evidence.rows(stack, "SELECT time_zone FROM booking_location LIMIT 1")
    now = evidence.time_now(stack).astimezone(ZoneInfo(place["time_zone"]))
    midday = now.replace(hour=12, minute=0, second=0)
    evidence.let_it_become(stack, midday if midday > now else midday + timedelta(days=1))


def asks_for_stories(reader: Visitor, stack: LiveStack, email: str) -> None:
    """On the public page, and with the button behind the link that comes."""
    steps.opens(reader, "/stories/")
    steps.sees(reader, "Stories by mail")
    steps.types(reader, "Email", email)
    steps.chooses(reader, "Clinic news")
    steps.presses(reader, "Send me stories")
    steps.sees(reader, "Look in your mailbox")
    link = re.search(r"/stories/yes/\S+", stack.mail.wait_for(to=email, containing="Do you want our stories")["text"])
    assert link
    steps.opens(reader, link[0])
    steps.sees(reader, "Do you want our stories?")
    steps.presses(reader, "Yes, send me these stories")
    steps.sees(reader, "Your stories")


def writes_and_sends_a_story(manager: Visitor) -> None:
    steps.opens(manager, "/messages/stories/")
    steps.sees(manager, "Stories")
    steps.follows(manager, "Write a story")
    steps.sees(manager, "Write a story")
    steps.chooses(manager, "Clinic news")
    steps.types(manager, "Title in English", TITLE)
    steps.types(manager, "Text in English", "From June on we open at seven.\n\nSee you, {clinic}")
    steps.presses(manager, "Save and look at it")
    steps.sees(manager, TITLE)
    expect(manager.page.locator("main")).to_contain_text("1 reader gets it.")
    steps.presses(manager, "Send it")
    steps.sees(manager, TITLE)


def leaves_by_the_header(reader: Visitor, letter: dict[str, Any]) -> None:
    """What the button of a mail program posts to, opened by hand."""
    assert letter["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    steps.opens(reader, letter["headers"]["List-Unsubscribe"].strip(" <>"))
    steps.sees(reader, "No stories any more?")
    steps.presses(reader, "Stop all stories")
    steps.sees(reader, "You get no stories any more")


def wishes_for_a_call(desk: Visitor, visit: dict[str, Any]) -> None:
    steps.opens(desk, f"/patients/{visit['patient_id']}/reach/")
    steps.sees(desk, "How to reach this patient")
    desk.page.get_by_label("A call before each visit").check()
    steps.presses(desk, "Save")
    steps.sees(desk, re.compile("."))


def calls_before_the_visit(desk: Visitor, visit: dict[str, Any]) -> None:
    """Somebody is called, does not answer, and is reached later."""
    begins: datetime = visit["start"].astimezone(ZoneInfo(visit["time_zone"]))
    row = desk.page.locator(f"#call-{visit['id']}")
    steps.opens(desk, f"/calls/?day={begins:%Y-%m-%d}")
    steps.sees(desk, "Calls")
    expect(row).to_contain_text("call")
    for button, told in (("I’m calling", "you are calling"), ("No answer", "Again from")):
        steps.taps(desk, row.get_by_role("button", name=re.compile(button)))
        expect(row).to_contain_text(told)
        steps.sees(desk, "Calls")
    steps.taps(desk, row.get_by_role("button", name=re.compile("^Coming")))
    expect(row).to_have_count(0)
    steps.sees(desk, "Calls")
    steps.opens(desk, f"/visits/{visit['id']}/")
    expect(desk.page.locator("main")).to_contain_text("coming")
    steps.opens(desk, f"/visits/{visit['id']}/card/")
    steps.sees(desk, re.compile("."))

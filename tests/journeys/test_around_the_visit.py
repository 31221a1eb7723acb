"""Beside the straight way: a call back, a form taken along, a therapist's question, the clinic's own questions."""

import re
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from tests.journeys import at_the_desk, evidence, of_messages, of_money, steps
from tests.journeys.steps import Visitor
from tests.live import LiveStack

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("live-2")]

Somebody = Callable[..., Visitor]


def test_a_manager_sees_to_fees_packages_and_the_month(
    live_stack: LiveStack, somebody: Somebody, colleague: Somebody
) -> None:
    # Given a manager who closes the last month, sells a package, and takes a fee after another thought
    manager = colleague(role="manager")
    of_money.closes_the_month(manager)
    of_money.sells_a_package_that_pays(manager, live_stack)
    visit = of_money.takes_a_fee_undoes_it_and_takes_it(manager)

    # When nobody undoes that for a day, and the card says no, the patient pays by a link
    evidence.let_it_become(live_stack, evidence.time_now(live_stack) + timedelta(hours=24, minutes=1))
    (who,) = evidence.rows(
        live_stack,
        "SELECT p.* FROM intake_patient p JOIN booking_appointment a ON a.patient_id = p.id WHERE a.id = %s",
        visit,
    )
    payer = somebody()
    of_money.pays_by_the_link(payer, live_stack, who["email"])

    # then the fee is done, and who has signed in buys a package
    steps.opens(manager, "/money/fees/?show=done")
    steps.sees(manager, "Fees")
    expect(manager.page.locator(f"tbody tr:has(a[href*='{visit}'])")).to_contain_text("Paid")
    of_money.signs_in_by_mail(payer, live_stack, who["email"])
    of_money.buys_a_package(payer, live_stack)


def test_a_refused_person_asks_for_a_call_and_reception_makes_it(
    live_stack: LiveStack, somebody: Somebody, reception: Callable[[], Visitor]
) -> None:
    # Given somebody who can't be needled
    patient = somebody()
    steps.passes_the_check(patient, told={"needle_choice": {"level": "no"}})
    steps.sees(patient, "Not needling for now, but here is what we can do")

    # When they leave a name and a number, we say by when we call
    steps.types(patient, "Your name", "Rosa Field")
    steps.types(patient, "Phone", "780 555 0188")
    steps.presses(patient, "Please call me")
    expect(patient.page.get_by_text("We call you by")).to_be_visible()
    steps.sees(patient, re.compile("."))

    # then reception finds it and says what came of it
    desk = reception()
    steps.opens(desk, "/tasks/")
    steps.sees(desk, "To do")
    expect(desk.page.get_by_text("Rosa Field")).to_be_visible()
    steps.presses(desk, "Reached")
    steps.sees(desk, "To do")
    expect(desk.page.get_by_text("Rosa Field")).to_have_count(0)

    # and what somebody texts is answered at once by itself, and then by reception
    number = "+14035559901"
    answer = live_stack.phones.receive(sender=number, body="Do you take new patients?")
    assert "nobody watches this number live" in answer["replies"][0]
    steps.opens(desk, "/messages/inbox/")
    steps.sees(desk, "Inbox")
    steps.taps(desk, desk.page.get_by_role("link", name=f"Read {number}"))
    steps.sees(desk, "Nobody we know")
    steps.types(desk, "Your answer", "Yes, we do.")
    steps.presses(desk, "Text it")
    steps.sees(desk, "Nobody we know")
    expect(desk.page.get_by_text("dealt with by")).to_be_visible()
    live_stack.phones.wait_for(number, containing="Yes, we do.")


def test_a_form_goes_on_on_another_phone(somebody: Somebody) -> None:
    # Given a form with the urgent signs answered, and its link
    patient = somebody()
    steps.reads_and_begins(patient)
    steps.says_who_comes(patient)
    steps.says_where_it_hurts(patient, "Low back")
    steps.sees(patient, re.compile("."))
    steps.taps(patient, patient.page.locator("main form button[data-rest]").first)
    steps.opens(patient, "/check/save/")
    steps.sees(patient, "Save and go on later")
    steps.presses(patient, "Show me the link")
    steps.sees(patient, "Save and go on later")
    link = patient.page.get_by_label("Your link").input_value()

    # When somebody opens it on another phone and knows the birth date
    other = somebody()
    steps.opens(other, link.removeprefix(other.site))
    steps.sees(other, "Go on where you were")
    steps.gives_birth_date(other, ("7", "March", "1984"))
    steps.presses(other, "Go on")

    # then it goes on there, at the page that comes next
    expect(other.page).to_have_url(re.compile("/check/questions/2/"))
    steps.sees(other, re.compile("."))


def test_a_therapist_asks_and_the_patient_answers(
    live_stack: LiveStack, somebody: Somebody, colleague: Somebody
) -> None:
    # Given a request
    email = "vera@example.test"
    patient = somebody()
    steps.passes_the_check(patient, told={"diabetes": {"control": "up_down"}})
    steps.chooses_visit(patient, "First visit")
    steps.looks_ahead(patient)
    steps.holds_a_time(patient)
    steps.says_who_they_are(patient, "Vera Stone", email)
    steps.agrees(patient, pay="Pay at the clinic", asks=True)
    steps.sees(patient, "You have asked for this time")

    # When the therapist asks
    visit = evidence.visit_of(live_stack, email)
    therapist = colleague(name=visit["therapist"])
    steps.opens(therapist, f"/reviews/{visit['id']}/")
    steps.sees(therapist, "Vera Stone")
    therapist.page.get_by_text("Ask the patient a question").click()
    therapist.page.locator("form[action$='/question/'] textarea").fill("Do you check it at home?")
    steps.taps(therapist, therapist.page.locator("form[action$='/question/'] button"))
    steps.sees(therapist, "Vera Stone")
    evidence.is_neutral(live_stack.mail.wait_for(to=email, containing="question"))

    # then the patient reads it on the visit's page and answers
    steps.opens(patient, "/visit/question/")
    steps.sees(patient, "A question from your therapist")
    patient.page.locator("main textarea").fill("Every morning.")
    steps.taps(patient, patient.page.locator("main form button").last)
    steps.sees(patient, "You have asked for this time")
    steps.opens(therapist, f"/reviews/{visit['id']}/")
    steps.sees(therapist, "Vera Stone")
    expect(therapist.page.get_by_text("Every morning.")).to_be_visible()

    # and the pages beside the visit are as they should be
    for path in ("/visit/information/", "/visit/take-back/"):
        steps.opens(patient, path)
        steps.sees(patient, re.compile("."))
    record = f"/patients/{visit['patient_id']}/looks/"
    for path in (f"/visits/{visit['id']}/treatment/", "/reviews/", "/reviews/stand-in/", "/tasks/", record):
        steps.opens(therapist, path)
        steps.sees(therapist, re.compile("."))


def test_a_manager_changes_a_word_and_a_clinician_signs(live_stack: LiveStack, colleague: Somebody) -> None:
    # Given questions that are not signed
    manager = colleague(role="manager")
    steps.opens(manager, "/settings/questionnaire/")
    steps.sees(manager, "Health questions")

    # When words of one are changed and everything is looked through
    steps.opens(manager, "/settings/questionnaire/items/metal_allergy/")
    steps.sees(manager, re.compile("."))
    manager.page.locator("main .texts textarea").first.fill("Does your skin react to metal, such as nickel?")
    steps.presses(manager, "Put into the working copy")
    for path in ("items/rf_dvt/", "numbers/", "patient/", "new/"):
        steps.opens(manager, f"/settings/questionnaire/{path}")
        steps.sees(manager, re.compile("."))
    steps.opens(manager, "/settings/questionnaire/publish/")
    steps.sees(manager, "Look through and sign")
    expect(manager.page.locator("ul.changes ins")).to_have_text("Does your skin react to metal, such as nickel?")
    steps.types(manager, "Full name of the clinician", "Dr. Ada Marsh")
    steps.types(manager, "Registration number", "PT-1234")
    steps.types(manager, "Registered with", "Physiotherapy Alberta")
    manager.page.get_by_label(re.compile("^I ")).check()
    steps.presses(manager, "Sign and publish")

    # Then it is in force, signed
    steps.sees(manager, "Health questions")
    expect(manager.page.locator(".heading .tag")).to_have_text("signed")

    # and what Drypoint does by itself can be looked at
    for path, heading in (("/messages/", "Messages"), ("/settings/operations/", "Operations")):
        steps.opens(manager, path)
        steps.sees(manager, heading)


def test_reception_mends_a_broken_day(
    live_stack: LiveStack, somebody: Somebody, colleague: Somebody, reception: Callable[[], Visitor]
) -> None:
    # Given the early morning of a day on which several people are expected by a therapist
    visits = evidence.coming_visits(live_stack, after=timedelta(hours=4))
    days = Counter((one["day"], one["therapist"]) for one in visits[:60])
    (today, ill), expected = days.most_common(1)[0]
    theirs = [one for one in visits if (one["day"], one["therapist"]) == (today, ill)]
    first = theirs[0]
    evidence.let_it_become(live_stack, first["start"] - timedelta(hours=3))
    desk = reception()

    # When the therapist is ill, the visits are there with their ways out, and all is sent in one go
    steps.opens(desk, "/desk/")
    steps.follows(desk, "Away or closed")
    steps.sees(desk, "Away or closed")
    steps.marks_away(desk, ill)
    steps.sees(desk, f"{ill} is away")
    assert desk.page.locator("section.displaced").count() >= expected  # requests are there too
    steps.opens(desk, "/desk/")
    row = steps.sees_on_the_board(desk, first["patient"])
    expect(row).to_contain_text("The therapist is away at that time.")
    steps.sees(desk, re.compile(r"\d"))
    steps.taps(desk, row.get_by_role("link", name="Ways out"))
    steps.sees(desk, f"{ill} is away")
    card = desk.page.locator(f"#visit-{first['id']}")
    expect(card.locator("input:checked")).to_have_value(re.compile("^ask:"))
    steps.presses(desk, "Send these choices")
    expect(card).to_contain_text("The patient may answer until")
    steps.sees(desk, f"{ill} is away")

    # then a patient takes another time from the mail, and the board has nothing more against it
    letter = live_stack.mail.wait_for(to=first["email"], containing="Please choose another time")
    evidence.is_neutral(letter)
    patient = somebody()
    steps.opens(patient, evidence.link_in(letter, live_stack.url))
    steps.sees(patient, "Please choose another time")
    steps.taps(patient, patient.page.locator("main label.choice").last)
    steps.presses(patient, "Take this time")
    steps.sees(patient, re.compile("^Your visit"))
    assert evidence.visit_of(live_stack, first["email"])["start"] > first["start"]
    steps.opens(desk, f"/desk/?date={today}")
    expect(desk.page.locator(f"#visit-{first['id']}")).to_have_count(0)

    # and who asks why that therapist can't be booked today is told
    steps.opens(desk, f"/calendar/?week={today}")
    steps.sees(desk, re.compile(" to "))
    steps.follows(desk, "Why not offered?")
    desk.page.get_by_label(re.compile("^With")).select_option(label=ill)
    steps.types(desk, "At", first["wall_start"][11:])
    steps.presses(desk, "Ask")
    expect(desk.page.locator("main")).to_contain_text(f"{ill} or the clinic is away")
    steps.sees(desk, "Why is this time not offered?")

    # and rooms change, a day is closed after the fact, and the day goes on
    mended = at_the_desk.changes_rooms(live_stack, desk, without=ill)
    closed = at_the_desk.a_day_is_closed(live_stack, colleague(role="manager"))
    at_the_desk.the_day_goes_on(live_stack, desk, without=ill, days={mended, closed})


@pytest.mark.chaos  # takes long
def test_stories_come_to_who_said_yes_and_who_wishes_for_a_call_is_called(
    live_stack: LiveStack, somebody: Somebody, colleague: Somebody, reception: Callable[[], Visitor]
) -> None:
    # Given somebody who asked for stories and said yes with a button
    email = "reader@example.test"
    of_messages.comes_to_midday(live_stack)
    reader = somebody()
    of_messages.asks_for_stories(reader, live_stack, email)

    # When a manager writes one and sends it, it comes, and one button ends them all
    of_messages.writes_and_sends_a_story(colleague(role="manager"))
    of_messages.leaves_by_the_header(
        reader, live_stack.mail.wait_for(to=email, containing=of_messages.TITLE, within=90)
    )

    # and who wishes for a call stands on the list of reception until somebody has reached them
    (visit,) = evidence.rows(
        live_stack,
        "SELECT a.* FROM booking_appointment a JOIN intake_patient p ON p.id = a.patient_id"
        " WHERE a.status = 'booked' AND a.start > %s AND p.phone <> '' ORDER BY a.start LIMIT 1",
        evidence.time_now(live_stack) + timedelta(days=1),
    )
    desk = reception()
    of_messages.wishes_for_a_call(desk, visit)
    of_messages.calls_before_the_visit(desk, visit)

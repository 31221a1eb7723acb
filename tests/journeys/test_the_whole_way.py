"""The whole way of a visit through the real pages, web, worker, beat, mail and payment page."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.journeys import evidence, of_money, steps
from tests.journeys.evidence import AtStripe
from tests.journeys.steps import SignIn, Visitor
from tests.live import LiveStack

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("live")]

Somebody = Callable[..., Visitor]
DEPOSIT = 4000  # cents, as the demonstration clinic asks it for a first visit


def the_therapist(people: list[SignIn], somebody: Somebody, name: str) -> Visitor:
    therapist = somebody(width=1440)
    steps.signs_in(therapist, next(one for one in people if one.name == name))
    return therapist


def test_a_visit_from_reading_to_done(
    live_stack: LiveStack, somebody: Somebody, people: list[SignIn], reception: Callable[[], Visitor]
) -> None:
    email = "nora@example.test"

    # Given a healthy person who read, checked, and holds a time
    patient = somebody()
    steps.reads_and_begins(patient)
    steps.passes_the_check(patient)
    steps.sees(patient, "You can book")
    taps_of_the_check = patient.taps
    steps.chooses_visit(patient, "First visit")
    steps.looks_ahead(patient, days=8)
    steps.holds_a_time(patient)

    # and reception and the therapist who look at that day
    held = evidence.rows(
        live_stack,
        """SELECT a.*, u.name AS therapist FROM booking_appointment a
           JOIN booking_practitioner u ON u.id = a.practitioner_id WHERE a.status = 'proposed'""",
    )[0]
    day = held["wall_start"][:10]
    desk, therapist = reception(), the_therapist(people, somebody, held["therapist"])
    for member in (desk, therapist):
        steps.opens(member, f"/desk/?date={day}")
        steps.sees(member, re.compile(r"\d"))

    # When the person says who comes, agrees and pays
    steps.says_who_they_are(patient, "Nora Quill", email)
    steps.agrees(patient)
    steps.pays(patient, live_stack.stripe_url)

    # then they see it booked, the mail is there at once, and it comes to the board by itself
    steps.sees(patient, "Your visit is booked")
    confirmation = live_stack.mail.wait_for(to=email, containing="Your appointment is booked")
    evidence.is_neutral(confirmation)
    for member in (desk, therapist):
        row = steps.sees_on_the_board(member, "Nora Quill")
        expect(row).to_contain_text("First visit")
        steps.sees(member, re.compile(r"\d"))
    evidence.comes_true(lambda: evidence.money_at_stripe(live_stack, email) == [AtStripe("succeeded", DEPOSIT, 0)])
    assert (taps_of_the_check, patient.taps) == (11, 19)  # after the region: to the result, and until it is paid
    for path, heading in (("/visit/progress/", "How is it now?"), ("/visit/messages/", "How we reach you")):
        steps.opens(patient, path)
        steps.sees(patient, heading)
    steps.opens(patient, "/visit/")

    # When time passes, the reminders come by themselves, each once
    start = held["start"]
    reminders = [("48 hours", timedelta(hours=48)), ("2 hours", timedelta(hours=2))]
    for number, (_, before) in enumerate(reminders, start=1):
        evidence.let_it_become(live_stack, start - before + timedelta(minutes=1))
        evidence.comes_true(lambda wanted=number: _reminders(live_stack, email) == wanted, within=60)

    # When the clinic moves it, the patient is told
    steps.opens(desk, f"/visits/{held['id']}/")
    steps.sees(desk, "Nora Quill")
    steps.follows(desk, re.compile("^Move$"))
    steps.sees(desk, "Move the visit")
    times = desk.page.locator(".times fieldset")
    steps.taps(desk, times.last.locator("label.choice").last)
    steps.presses(desk, "Move the visit")
    steps.sees(desk, "Nora Quill")
    evidence.is_neutral(live_stack.mail.wait_for(to=email, containing="has a new time"))
    moved = evidence.visit_of(live_stack, email)
    assert moved["start"] > start
    steps.opens(patient, "/visit/")
    steps.sees(patient, "Your visit is booked")

    # how to be reached can be chosen, here and at the desk
    steps.follows(patient, "How we reach you")
    steps.sees(patient, "How we reach you")
    steps.opens(desk, f"/patients/{moved['patient_id']}/reach/")
    steps.sees(desk, "How to reach this patient")

    # and on its new day the patient answers a few questions in no time; it is arrived, checked in and done
    evidence.let_it_become(live_stack, moved["start"] + timedelta(minutes=2))
    assert steps.answers_before_the_visit(patient) <= 8
    steps.sees(patient, "Thank you, that was all")
    steps.opens(desk, f"/visits/{held['id']}/")
    for button, status in [("Arrived", "arrived"), ("Check in", "checked-in"), ("Done", "fulfilled")]:
        steps.presses(desk, re.compile(f"^{button}$"))
        steps.sees(desk, "Nora Quill")
        assert evidence.visit_of(live_stack, email)["status"] == status
    steps.opens(patient, "/visit/")
    steps.sees(patient, "You were here")

    # and what was left is paid in two ways, and has its receipt
    of_money.takes_it_in_two_ways(desk, cash="50.00", by_card="30.00")
    steps.sees(desk, "Nora Quill")
    steps.follows(desk, "Receipts")
    steps.sees(desk, "Receipts of Nora Quill")
    steps.presses(desk, re.compile("^Make the receipt"))
    steps.sees(desk, "Receipt for treatment")

    # In the evening a link comes, and a sign that needs help is answered at once and calls somebody
    evidence.let_it_become(live_stack, moved["end"] + timedelta(hours=6))
    after = live_stack.mail.wait_for(to=email, containing="/after/")
    evidence.is_neutral(after)
    steps.opens(patient, re.search(r"\S+/after/\S+", after["text"])[0])  # type: ignore[index]
    steps.sees(patient, "After a visit")
    steps.presses(patient, "Show my notes")
    steps.sees(patient, "After a visit")
    steps.chooses(patient, "Worse")
    steps.chooses(patient, "Short of breath")
    steps.presses(patient, "Send")
    steps.sees(patient, "Please get help now")
    assert evidence.rows(live_stack, "SELECT kind, status FROM booking_task WHERE appointment_id = %s", held["id"]) == [
        {"kind": "after-visit-urgent", "status": "requested"}
    ]


def _reminders(stack: LiveStack, email: str) -> int:
    return sum(mail["subject"].startswith("Your appointment: ") for mail in stack.mail.messages(to=email))


def test_a_visit_cancelled_by_the_link_in_its_mail(live_stack: LiveStack, somebody: Somebody) -> None:
    # Given a paid visit, and somebody with nothing but the mail
    email = "olga@example.test"
    steps.books(somebody(), live_stack, "Olga Reed", email)
    visit = evidence.visit_of(live_stack, email)
    link = evidence.link_in(live_stack.mail.wait_for(to=email), live_stack.url)
    wanted = {
        "service": visit["service"],
        "practitioner": str(visit["practitioner_id"]),
        "day": visit["wall_start"][:10],
    }
    assert visit["start"].isoformat() not in evidence.free_starts(live_stack, **wanted)

    # When they open the link, a wrong birth date shows nothing, the right one the visit
    reader = somebody()
    steps.opens(reader, link)
    steps.sees(reader, "Is this your visit?")
    assert reader.path == "/visit/who/"
    steps.gives_birth_date(reader, ("8", "March", "1984"))
    steps.presses(reader, "Show the visit")
    steps.sees(reader, "Is this your visit?")
    steps.gives_birth_date(reader, ("7", "March", "1984"))
    steps.presses(reader, "Show the visit")
    steps.sees(reader, "Your visit is booked")

    # and they cancel
    steps.follows(reader, "Cancel the visit")
    steps.sees(reader, "Cancel this visit?")
    expect(reader.page.get_by_text("Cancelling is free of charge")).to_be_visible()
    steps.presses(reader, "Cancel the visit")
    steps.sees(reader, "This visit is cancelled")

    # then the time is free again, and when nobody can undo it any more, the mail says so and the money goes back
    assert visit["start"].isoformat() in evidence.free_starts(live_stack, **wanted)
    live_stack.move_clock(minutes=3)
    evidence.is_neutral(live_stack.mail.wait_for(to=email, containing="is cancelled"))
    evidence.comes_true(lambda: evidence.money_at_stripe(live_stack, email) in _GIVEN_BACK)


_GIVEN_BACK = ([AtStripe("canceled", 0, 0)], [AtStripe("succeeded", DEPOSIT, DEPOSIT)])


def test_a_request_that_a_therapist_approves(live_stack: LiveStack, somebody: Somebody, people: list[SignIn]) -> None:
    # Given somebody whose answers a therapist must see first, with the deposit authorised
    email = "pia@example.test"
    patient = somebody()
    steps.passes_the_check(patient, told={"diabetes": {"control": "up_down"}})
    steps.sees(patient, "You can ask for a time")
    steps.chooses_visit(patient, "First visit")
    steps.looks_ahead(patient)
    steps.holds_a_time(patient)
    steps.says_who_they_are(patient, "Pia Moss", email)
    steps.agrees(patient, asks=True)
    steps.pays(patient, live_stack.stripe_url)
    steps.sees(patient, "You have asked for this time")
    evidence.is_neutral(live_stack.mail.wait_for(to=email, containing="We have your request"))
    assert evidence.money_at_stripe(live_stack, email) == [AtStripe("requires_capture", 0, 0)]

    # When the therapist looks and approves
    therapist = the_therapist(people, somebody, evidence.visit_of(live_stack, email)["therapist"])
    steps.opens(therapist, "/reviews/")
    steps.sees(therapist, "Requests")
    steps.follows(therapist, re.compile("Look and decide.*Pia Moss"))
    steps.sees(therapist, "Pia Moss")
    expect(therapist.page.get_by_text("diabetes").first).to_be_visible()
    therapist.page.get_by_label("Approve: the visit is booked").check()
    steps.types(therapist, "Your reason", "Sugar is steady enough by the patient's own log.")
    steps.presses(therapist, "Send the decision")
    expect(therapist.page).to_have_url(re.compile("/reviews/|/visits/"))

    # then the patient is told, the visit is booked and the money taken
    evidence.is_neutral(live_stack.mail.wait_for(to=email, containing="Your appointment is confirmed"))
    steps.opens(patient, "/visit/")
    steps.sees(patient, "Your visit is booked")
    evidence.comes_true(lambda: evidence.money_at_stripe(live_stack, email) == [AtStripe("succeeded", DEPOSIT, 0)])


def test_a_stop_leads_to_a_visit_without_needles(live_stack: LiveStack, somebody: Somebody) -> None:
    patient = somebody()
    steps.passes_the_check(patient, told={"needle_choice": {"level": "no"}})
    steps.sees(patient, "Not needling for now, but here is what we can do")
    assert patient.page.locator("main").get_by_role("link", name=re.compile("needling")).count() == 0
    steps.chooses_visit(patient, "without needles")
    steps.looks_ahead(patient)
    steps.holds_a_time(patient)
    steps.says_who_they_are(patient, "Quin Hart", "quin@example.test")
    steps.agrees(patient, pay="Pay at the clinic")
    steps.sees(patient, "Your visit is booked")
    assert evidence.visit_of(live_stack, "quin@example.test")["service"] == "assessment"


def test_an_emergency_shows_help_and_no_booking(somebody: Somebody) -> None:
    patient = somebody()
    steps.passes_the_check(patient, told={"rf_chest_breath": {"after_needling": "no", "checked": "no"}})
    steps.sees(patient, "Please get help now")
    main = patient.page.locator("main")
    expect(main.get_by_role("link", name=re.compile("Call 911"))).to_be_visible()
    assert main.locator("a[href*='/book/'], form[action*='/book/'], button").count() == 0
    steps.opens(patient, "/book/")
    assert main.locator("a[href*='first-visit'], a[href*='follow-up'], a[href*='assessment']").count() == 0


def test_a_caller_who_fills_in_the_form_at_home(
    live_stack: LiveStack, somebody: Somebody, reception: Callable[[], Visitor]
) -> None:
    # Given a visit that reception keeps for a caller
    email = "rosa@example.test"
    desk = reception()
    steps.opens(desk, "/desk/book/")
    steps.sees(desk, "Book for a caller")
    for label, text in [("Given name", "Rosa"), ("Family name", "Lane"), ("Phone", "780-555-0177"), ("E-mail", email)]:
        steps.types(desk, label, text)
    steps.types(desk, "Birth date", "1984-03-07")
    with desk.page.expect_response(lambda answer: "hx-request" in answer.request.headers):
        desk.page.get_by_label("What", exact=True).select_option(label="First visit with dry needling")
    expect(desk.page.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)
    steps.taps(desk, desk.page.locator("#times label.choice").last)
    expect(desk.page.locator("#times input:checked")).to_have_count(1)
    desk.page.locator("#health input[value='link']").check()
    desk.page.get_by_label("At the desk", exact=True).check()
    steps.presses(desk, re.compile("^Book$"))
    steps.sees(desk, "The time is kept")
    mail = live_stack.mail.wait_for(to=email, containing="One step is left")
    evidence.is_neutral(mail)

    # When the caller opens the mail's link and answers
    caller = somebody()
    steps.opens(caller, evidence.link_in(mail, live_stack.url))
    steps.sees(caller, "Is this your visit?")
    steps.gives_birth_date(caller, ("7", "March", "1984"))
    steps.presses(caller, "Show the visit")
    steps.sees(caller, "Please fill in your form")
    steps.presses(caller, "Fill in the form")
    steps.sees(caller, "Check and book")
    steps.says_who_comes(caller)
    steps.says_where_it_hurts(caller, "Knee")
    caller.page.wait_for_url(re.compile("/check/questions/"))
    steps.answers(caller)
    steps.sees(caller, "Is this right?")
    steps.presses(caller, "Yes, show my result")
    steps.sees(caller, "You can book")
    steps.follows(caller, "Go to my visit")

    # then the visit is booked, and the mail says so
    steps.sees(caller, "Your visit is booked")
    evidence.is_neutral(live_stack.mail.wait_for(to=email, containing="Your appointment is booked"))


def test_stripe_hangs_up_and_the_patient_pays_at_the_clinic(live_stack: LiveStack, somebody: Somebody) -> None:
    # Given a patient who is about to pay while Stripe can't be reached
    email = "tess@example.test"
    patient = somebody()
    steps.passes_the_check(patient)
    steps.chooses_visit(patient, "First visit")
    steps.looks_ahead(patient)
    steps.holds_a_time(patient)
    steps.says_who_they_are(patient, "Tess Vale", email)
    live_stack.control_stripe("faults", {"action": "drop_before", "path": "/v1/checkout/sessions", "count": 99})

    # When they try, and try again, they are told that the time is kept
    steps.agrees(patient)
    for _ in range(2):
        steps.sees(patient, "We can't reach the payment page right now")
        visit = evidence.visit_of(live_stack, email)
        assert (visit["status"], visit["awaiting"]) == ("pending", "payment")
        steps.presses(patient, "Try again")
    steps.sees(patient, "We can't reach the payment page right now")

    # then they may pay at the clinic, and nothing is left over at Stripe
    steps.presses(patient, "Pay at the clinic")
    steps.sees(patient, "Your visit is booked")
    live_stack.control_stripe("reset", {"keep_objects": True})
    assert evidence.money_at_stripe(live_stack, email) == []


def test_the_way_to_the_visit_without_scripts(live_stack: LiveStack, somebody: Somebody) -> None:
    patient = somebody(scripts=False)
    steps.reads_and_begins(patient)
    steps.passes_the_check(patient)
    steps.sees(patient, "You can book")
    steps.chooses_visit(patient, "First visit")
    steps.looks_ahead(patient)
    steps.holds_a_time(patient)
    steps.says_who_they_are(patient, "Sven Marsh", "sven@example.test")
    with patient.page.expect_response(lambda answer: answer.url.endswith("/book/agree/")) as found:
        steps.opens(patient, "/book/agree/")
    policy = found.value.header_value("content-security-policy") or ""
    assert f"form-action 'self' {live_stack.stripe_url}" in policy
    steps.agrees(patient)
    steps.pays(patient, live_stack.stripe_url)
    steps.sees(patient, "Your visit is booked")


def test_a_patient_s_page_is_small(somebody: Somebody) -> None:
    reader = somebody()
    for path in ("/", "/dry-needling/", "/check/"):
        steps.opens(reader, path)
        steps.weighs_little(reader)
    steps.reads_and_begins(reader)
    steps.says_who_comes(reader)
    steps.weighs_little(reader)
    steps.says_where_it_hurts(reader, "Low back")
    steps.weighs_little(reader)


def test_a_young_person_answers_the_private_questions_alone(somebody: Somebody) -> None:
    # Given a parent who fills in for Mia, who is 17
    parent = somebody()
    steps.opens(parent, "/check/")
    steps.says_who_comes(parent, born=("1", "January", str(datetime.now(UTC).year - 17)), name="Mia")
    steps.says_where_it_hurts(parent, "Knee")
    parent.page.wait_for_url(re.compile("/check/questions/"))

    # When all pages are answered, the last one by Mia
    told = {"minor": {"guardian": "yes", "young_person_agrees": "yes"}, "mental_health": {"what": "anxiety"}}
    steps.answers(parent, told)

    # Then the parent is asked whether the others are right, and does not see what Mia said
    steps.sees(parent, "Is this right?")
    page = parent.page.locator("main").inner_text()
    assert "Answered in private" in page
    assert "Anxiety" not in page
    steps.presses(parent, "Yes, show my result")
    steps.sees(parent, "You can ask for a time")
    assert "You set the pace" not in parent.page.locator("main").inner_text()

"""What people do about money: at the desk, in the books, by a link in a mail, and with a package."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from playwright.sync_api import Page, expect

from tests.journeys import evidence, steps
from tests.journeys.steps import Visitor
from tests.live import LiveStack

ASKS_THE_BANK = "4000 0025 0000 3155"  # Stripe's test card with 3-D Secure


def takes_it_in_two_ways(desk: Visitor, *, cash: str, by_card: str) -> None:
    """On the page of a visit; what was taken in one go stands there as one line."""
    steps.types(desk, "Sum", cash)
    steps.chooses(desk, "Cash")
    desk.page.get_by_text("Paid in more than one way").click()
    desk.page.locator("[name='amount_2']").fill(by_card)
    desk.page.locator("[name='way_2']").select_option(label="Card terminal")
    steps.presses(desk, "Take payment")
    line = desk.page.locator("main li").filter(has_text=f"Paid at the desk: ${cash} cash, ${by_card} card terminal")
    expect(line).to_have_count(1)


def signs_the_sheet(desk: Visitor) -> None:
    """All that should be in the drawer is in it."""
    steps.opens(desk, "/money/till/")
    steps.sees(desk, re.compile("^Sheet of "))
    there = desk.page.locator("dt:has-text('Should be in it') + dd").inner_text()
    steps.types(desk, "Cash in the drawer now", re.sub("[^0-9.]", "", there))
    steps.presses(desk, "Sign the sheet")
    expect(desk.page.locator(".heading .tag")).to_have_text("signed")
    steps.sees(desk, re.compile("^Sheet of "))


def takes_a_fee_undoes_it_and_takes_it(manager: Visitor) -> str:
    """The first that a card could pay. Whose visit it was for: its id."""
    steps.opens(manager, "/money/fees/")
    steps.sees(manager, "Fees")
    fee = manager.page.locator("tbody tr").filter(has_text="Can be taken from").first
    visit = re.findall("[0-9a-f-]{36}", fee.get_by_role("link").first.get_attribute("href") or "")[0]
    for again in (False, True):
        fee = manager.page.locator(f"tbody tr:has(a[href*='{visit}'])")
        steps.taps(manager, fee.get_by_role("button", name="Take it"))
        expect(manager.page.get_by_text("Until then you can undo it.")).to_be_visible()
        if not again:
            steps.sees(manager, "Fees")
            steps.taps(manager, fee.get_by_role("button", name="Undo"))
            expect(manager.page.get_by_text("Undone. Nothing is taken.")).to_be_visible()
    return visit


def closes_the_month(manager: Visitor) -> None:
    """Tick the payouts off, say why something else is open, and close."""
    steps.opens(manager, "/money/month/")
    steps.sees(manager, "Months")
    steps.follows(manager, "Look at the figures")
    heading = manager.page.get_by_role("heading", level=1).inner_text()
    steps.sees(manager, heading)
    ticks = manager.page.get_by_role("button", name="On the bank's statement")
    while left := ticks.count():
        steps.taps(manager, ticks.first)
        expect(ticks).to_have_count(left - 1)
    steps.presses(manager, f"Close {heading}")
    expect(manager.page.get_by_role("alert")).to_contain_text("Please write down why")
    steps.types(manager, "Note", "The sheets of that month are on paper.")
    steps.presses(manager, f"Close {heading}")
    expect(manager.page.locator(".heading .tag")).to_have_text("closed")
    steps.sees(manager, heading)
    with manager.page.expect_download() as table:
        steps.follows(manager, re.compile("^Every movement"))
    assert table.value.suggested_filename.endswith("-entries.csv")


def pays_by_the_link(payer: Visitor, stack: LiveStack, email: str) -> None:
    """Nobody's card paid: a link comes by mail; a link that is cut off says so."""
    letter = stack.mail.wait_for(to=email, containing="/pay/", within=60)
    evidence.is_neutral(letter)
    link = evidence.link_in(letter, stack.url, to="pay").removeprefix(stack.url)
    steps.opens(payer, link[:-9] + "/")
    steps.sees(payer, "We can't show a payment here")
    payer.complaints.pop()  # that there is no such page
    steps.opens(payer, link)
    steps.sees(payer, "Pay online")
    steps.weighs_little(payer)
    elsewhere = payer.page.context.new_page()
    pays_with_their_bank(payer, stack.stripe_url, meanwhile=lambda: looks_whether_it_is_paid(payer, elsewhere))
    steps.sees(payer, "Nothing is left to pay")
    expect(payer.page.get_by_text("We have received your $")).to_be_visible()
    expect(elsewhere.get_by_role("heading", level=1)).to_have_text("Nothing is left to pay")  # it went on by itself


def looks_whether_it_is_paid(payer: Visitor, window: Page) -> None:
    """In another window, while the bank still waits."""
    window.goto(f"{payer.site}/pay/paid/")
    steps.sees(replace(payer, page=window), "We are still checking with the bank")


def pays_with_their_bank(who: Visitor, stripe: str, *, meanwhile: Callable[[], None] = lambda: None) -> None:
    """On to Stripe's page, and over the bank's."""
    steps.presses(who, re.compile("^Pay .* by card$"))
    who.page.wait_for_url(re.compile(re.escape(stripe)))
    steps.types(who, "Card number", ASKS_THE_BANK)
    steps.taps(who, who.page.get_by_role("button", name=re.compile("^Pay")))
    steps.sees(who, "Your bank asks for your approval")
    meanwhile()
    steps.presses(who, "Approve")
    who.page.wait_for_url(re.compile(re.escape(who.site)))


def signs_in_by_mail(patient: Visitor, stack: LiveStack, email: str) -> None:
    """By the code in a mail, and the birth date of whose visits they are."""
    (known,) = evidence.rows(stack, "SELECT birth_date FROM intake_patient WHERE email = %s", email)
    steps.opens(patient, "/accounts/login/code/")
    steps.sees(patient, "Sign in")
    patient.page.locator("main input[name='email']").fill(email)
    steps.taps(patient, patient.page.locator("main form button").first)
    steps.sees(patient, "Enter the code")
    letter = stack.mail.wait_for(to=email, containing="sign-in code")
    (code,) = re.findall(r"^\s*([A-Z0-9]{3,}-?[A-Z0-9]{3,})\s*$", letter["text"], re.MULTILINE)
    steps.types(patient, "Code", code)
    steps.taps(patient, patient.page.locator("main form button").first)
    steps.sees(patient, "Find your visits")
    born = known["birth_date"]
    steps.gives_birth_date(patient, (str(born.day), f"{born:%B}", str(born.year)))
    steps.taps(patient, patient.page.locator("main form button").first)
    steps.sees(patient, "Your visits")


def buys_a_package(patient: Visitor, stack: LiveStack) -> None:
    """Online; then it is there, with its receipt, beside the card that is kept."""
    steps.opens(patient, "/account/packages/")
    steps.sees(patient, "Packages")
    steps.follows(patient, "Five follow-ups")
    steps.sees(patient, "Five follow-ups")
    steps.presses(patient, "Pay $350.00 by card")
    steps.sees(patient, "Five follow-ups")
    expect(patient.page.get_by_role("alert")).to_contain_text("Please agree to the terms first.")
    steps.chooses(patient, "I have read this and agree")
    pays_with_their_bank(patient, stack.stripe_url)
    steps.sees(patient, "Five follow-ups")
    expect(patient.page.get_by_text("5 of 5 visits left")).to_be_visible()
    steps.weighs_little(patient)
    steps.presses(patient, "Receipt")
    steps.sees(patient, re.compile("^Receipt for a package"))
    for path, heading in [("/account/receipts/", "Receipts and statements"), ("/account/card/", "Your card")]:
        steps.opens(patient, path)
        steps.sees(patient, heading)


def sells_a_package_that_pays(desk: Visitor, stack: LiveStack) -> None:
    """To whoever comes next for a follow-up, which it then pays."""
    visit = next(
        one
        for one in evidence.rows(
            stack,
            """SELECT a.* FROM booking_appointment a JOIN booking_healthcareservice s ON s.id = a.service_id
               WHERE a.status = 'booked' AND s.slug = 'follow-up' AND a.cover_id IS NULL AND a.start > %s
                 AND NOT EXISTS (SELECT 1 FROM booking_package k WHERE k.patient_id = a.patient_id)
               ORDER BY a.start, a.id""",
            evidence.time_now(stack) + timedelta(hours=2),
        )
    )
    steps.opens(desk, f"/patients/{visit['patient_id']}/packages/")
    steps.sees(desk, re.compile("^Packages of "))
    steps.taps(desk, desk.page.locator("main li").filter(has_text="Five follow-ups").get_by_role("link", name="Sell"))
    steps.sees(desk, "Five follow-ups")
    steps.presses(desk, "$350.00 taken: sell it")
    steps.sees(desk, "Five follow-ups")
    steps.opens(desk, f"/visits/{visit['id']}/")
    steps.presses(desk, "Pay with “Five follow-ups”")
    expect(desk.page.locator("main")).to_contain_text("A session of “Five follow-ups” pays this visit.")
    steps.sees(desk, re.compile("."))

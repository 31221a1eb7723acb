"""What people do in the journeys, in their words. Every page they come to is looked at as it comes."""

import base64
import hmac
import json
import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.sync_api import Browser, Locator, Page, expect

from tests.axe import faults_of
from tests.journeys.evidence import CLINICAL
from tests.live import LiveStack

PATIENCE = 30_000  # ms; the machine may be busy
CODE_LASTS = 30  # seconds
_NAMED_SO = re.compile("^/(dry-needling|settings/questionnaire)/")  # what everybody reads, and what the clinic edits
_WEIGHT = """() => ["navigation", "resource"].flatMap((kind) => performance.getEntriesByType(kind))
    .filter((one) => !["img", "image"].includes(one.initiatorType))
    .map((one) => [one.name, one.encodedBodySize])"""  # what is cached counts too
_TELL_VIOLATIONS = """addEventListener("securitypolicyviolation",
    (event) => console.error(`CSP: ${event.effectiveDirective} ${event.blockedURI}`));"""


@dataclass
class Visitor:
    """Somebody with a browser of their own."""

    page: Page
    site: str
    with_scripts: bool = True
    taps: int = 0
    complaints: list[str] = field(default_factory=list)

    @property
    def path(self) -> str:
        return self.page.url.removeprefix(self.site)


def visitor(browser: Browser, site: str, *, width: int = 360, scripts: bool = True, **more: Any) -> Visitor:
    """Somebody who comes to the site with a fresh browser."""
    context = browser.new_context(
        viewport={"width": width, "height": 780 if width < 800 else 1000},
        has_touch=width < 800,
        java_script_enabled=scripts,
        reduced_motion="reduce",
        timezone_id="America/Edmonton",
        **more,
    )
    context.set_default_timeout(PATIENCE)
    context.add_init_script(_TELL_VIOLATIONS)
    page = context.new_page()
    someone = Visitor(page, site, with_scripts=scripts)
    page.on("console", lambda said: said.type in ("error", "warning") and someone.complaints.append(said.text))
    page.on("pageerror", lambda error: someone.complaints.append(str(error)))
    return someone


def leaves_content(who: Visitor) -> None:
    """Nothing was wrong on the way: no error in the console, nothing against the policy.

    What was typed wrong on purpose (422) and a Stripe that is out of reach (503) are told by the console too.
    """
    assert [said for said in who.complaints if not re.search("status of (422|503)", said)] == []
    who.page.context.close()


def opens(who: Visitor, path: str) -> None:
    who.page.goto(path if path.startswith("http") else who.site + path)


def sees(who: Visitor, heading: str | re.Pattern[str]) -> None:
    """Is at this page, which has no fault that axe finds, no overflow and nothing clinical in its address."""
    expect(who.page.get_by_role("heading", level=1).first).to_have_text(heading, timeout=PATIENCE)
    assert not CLINICAL.search(_NAMED_SO.sub("/", who.path)), who.path
    if not who.with_scripts:
        return
    who.page.wait_for_load_state()
    assert (who.path, faults_of(who.page)) == (who.path, [])
    wide = who.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{who.path} is {wide} px too wide"


def weighs_little(who: Visitor) -> None:
    """This page is at most 60 KB before pictures, as if nothing of it were in the browser yet."""
    who.page.wait_for_load_state("networkidle")
    sizes = dict(who.page.evaluate(_WEIGHT))
    assert 30_000 < sum(sizes.values()) <= 60 * 1024, sizes


def taps(who: Visitor, target: Locator) -> None:
    """Tap once, counted; whether a new page comes is seen after."""
    who.taps += 1
    target.click()


def presses(who: Visitor, name: str | re.Pattern[str]) -> None:
    """Press a button of the page's content."""
    taps(who, who.page.locator("main").get_by_role("button", name=name).first)


def follows(who: Visitor, name: str | re.Pattern[str]) -> None:
    """Follow a link of the page's content."""
    taps(who, who.page.locator("main").get_by_role("link", name=name).first)


def chooses(who: Visitor, label: str | re.Pattern[str], within: Locator | None = None) -> None:
    """Mark a radio button or a checkbox by its words."""
    taps(who, (within or who.page.locator("main")).locator("label.choice").filter(has_text=label).first)


def types(who: Visitor, label: str, text: str) -> None:
    who.page.get_by_label(re.compile(rf"^\s*{re.escape(label)}(\s|$)")).first.fill(text)


# The check


def reads_and_begins(who: Visitor) -> None:
    """From the clinic's address over what dry needling is to the check."""
    opens(who, "/")
    sees(who, "Dry needling, explained and booked")
    follows(who, "Read how it works")
    sees(who, "What dry needling is")
    opens(who, "/check/")
    sees(who, "Check and book")


def says_who_comes(who: Visitor, *, born: tuple[str, str, str] = ("7", "March", "1984"), name: str = "") -> None:
    """Oneself, or somebody else who is called so."""
    presses(who, re.compile(r"^Dry needling(?! with)"))
    sees(who, "Who comes?")
    chooses(who, "For someone else" if name else "For me")
    if name:
        types(who, "First name of the person who comes", name)
    chooses(who, "No, this is the first visit")
    gives_birth_date(who, born)
    presses(who, "Continue")


def gives_birth_date(who: Visitor, born: tuple[str, str, str]) -> None:
    day, month, year = born
    types(who, "Day", day)
    who.page.get_by_label("Month", exact=True).first.select_option(label=month)
    types(who, "Year", year)


def says_where_it_hurts(who: Visitor, *places: str) -> None:
    sees(who, re.compile("^Where does it hurt"))
    for place in places:
        chooses(who, place)
    presses(who, "Continue")
    who.taps = 0  # counted from here


Told = dict[str, dict[str, str]]  # a question's id, and the values of its follow-ups


def answers(who: Visitor, told: Told | None = None) -> None:
    """All pages of questions: `told` names questions (by their id) that are answered with yes, and their follow-ups."""
    told = dict(told or {})
    for _ in range(20):
        if not who.path.startswith("/check/questions/"):
            return
        here = who.path
        sees(who, re.compile("."))
        for item in list(told):
            row = who.page.locator(f".question-row[id='{item}']")
            if row.count():
                _tells(who, row, item, told.pop(item))
        for part in who.page.locator("[data-always] .follow > div:not([hidden])").all():
            _says_nothing_special(who, part)
        taps(who, who.page.locator("main form button[data-rest], main form .actions button").first)
        expect(who.page).not_to_have_url(who.site + here, timeout=PATIENCE)
    raise AssertionError(f"The questions never end: {who.path}")


def answers_before_the_visit(who: Visitor) -> int:
    """The questions that are asked again, with nothing new to tell; how many taps that took."""
    opens(who, "/visit/")
    before = who.taps
    follows(who, "Answer them")
    sees(who, "A few quick questions before your visit")
    presses(who, "Start")
    for _ in range(10):
        here = who.path
        if here == "/visit/check/done/":
            return who.taps - before
        sees(who, re.compile("."))
        taps(who, who.page.locator("main form button[data-rest], main form .actions button").first)
        expect(who.page).not_to_have_url(who.site + here, timeout=PATIENCE)
    raise AssertionError(f"The questions never end: {who.path}")


def _says_nothing_special(who: Visitor, part: Locator) -> None:
    """The answer of most people to a question that everybody must answer: no, none of these, or what stands first."""
    if part.locator("input:checked").count():
        return
    is_yes_or_no = part.locator("input[value='yes']").count()
    safe = part.locator("input[value='no']" if is_yes_or_no else "input[value='-none-']")
    chosen = (safe if safe.count() else part.locator("input")).first
    taps(who, part.locator(f"label[for='{chosen.get_attribute('id')}']"))


def _tells(who: Visitor, row: Locator, item: str, follow_ups: dict[str, str]) -> None:
    """Yes to a question, if it is one of yes and no, and what it asks then."""
    gate = row.locator(f"label[for^='id_{item}_']").filter(has_text=re.compile("^Yes"))
    if gate.count():
        taps(who, gate.first)
    for name, value in follow_ups.items():
        taps(who, row.locator(f"label:has([name='{item}--{name}'][value='{value}'])"))
    for part in row.locator(".follow > div:not([hidden])").all():
        _says_nothing_special(who, part)


def passes_the_check(who: Visitor, *places: str, told: Told | None = None) -> None:
    """The whole check, up to its result."""
    opens(who, "/check/")
    says_who_comes(who)
    says_where_it_hurts(who, *(places or ("Low back",)))
    who.page.wait_for_url(re.compile("/check/questions/"))
    answers(who, told)
    if who.path == "/check/answers/":
        sees(who, "Is this right?")
        presses(who, "Yes, show my result")


# The booking


def chooses_visit(who: Visitor, name: str) -> None:
    follows(who, re.compile(name))
    sees(who, "Choose a time")


def looks_ahead(who: Visitor, days: int = 30) -> None:
    """Later times, as the link under the list leads to them, week by week until there is one."""
    here, today = who.path.partition("&")[0], datetime.now(UTC).date()
    for weeks in range(6):
        opens(who, f"{here}&practitioner=&from={today + timedelta(days=days + 7 * weeks)}")
        if who.page.locator(".times label.choice").count():
            sees(who, "Choose a time")
            return
    raise AssertionError("Nothing is free")


def holds_a_time(who: Visitor, *, day: int = -1, number: int = 0) -> None:
    """One of the days shown, and one of its first times."""
    days = who.page.locator(".times fieldset")
    chosen = days.nth(day if day >= 0 else days.count() + day)
    taps(who, chosen.locator("label.choice").nth(number))
    presses(who, "Hold this time")
    sees(who, "Who comes?")


def says_who_they_are(who: Visitor, name: str, email: str) -> None:
    given, _, family = name.partition(" ")
    types(who, "First name", given)
    types(who, "Last name", family)
    types(who, "Email", email)
    presses(who, "Continue")


def agrees(who: Visitor, *, pay: str | None = "Pay the deposit now by card", asks: bool = False) -> None:
    sees(who, "Agree and ask for this time" if asks else "Agree and book")
    if pay:
        chooses(who, pay)
    chooses(who, "I agree to these terms")
    presses(who, "Ask for this time" if asks else "Book this visit")


def pays(who: Visitor, stripe: str) -> None:
    """Type nothing: the simulated Checkout has its test card filled in."""
    who.page.wait_for_url(re.compile(re.escape(stripe)))
    expect(who.page.get_by_role("heading", level=1)).to_contain_text("Pay")
    taps(who, who.page.get_by_role("button", name=re.compile("^Pay")))
    who.page.wait_for_url(re.compile(re.escape(who.site)))


def books(
    who: Visitor, stack: LiveStack, name: str, email: str, *, pay: str = "card", days: int = 30, number: int = 0
) -> None:
    """The short way for a healthy person, from the check to the page of their visit."""
    passes_the_check(who)
    sees(who, "You can book")
    chooses_visit(who, "First visit")
    looks_ahead(who, days)
    holds_a_time(who, number=number)
    says_who_they_are(who, name, email)
    agrees(who, pay="Pay the deposit now by card" if pay == "card" else "Pay at the clinic")
    if pay == "card":
        pays(who, stack.stripe_url)
    sees(who, "Your visit is booked")


# Staff


@dataclass(frozen=True, slots=True)
class SignIn:
    name: str
    role: str
    email: str
    password: str
    secret: str


def sign_ins(stack: LiveStack) -> list[SignIn]:
    """Everybody who works at the demonstration clinic, with what their authenticator app knows."""
    printed = stack.manage(
        "shell", "-v", "0", "-c",
        "import json; from config.seed.signins import demonstration_signins as all_of_them;"
        "print(json.dumps([[s.name, s.role, s.email, s.password, s.totp_secret] for s in all_of_them()]))",
    )  # fmt: skip
    return [SignIn(*one) for one in json.loads(printed.strip().splitlines()[-1])]


def signs_in(who: Visitor, person: SignIn) -> None:
    """Password, then the code of the authenticator app. A code works once: the next one is waited for if need be."""
    opens(who, "/accounts/login/")
    sees(who, "Sign in")
    types(who, "E-mail", person.email)
    types(who, "Password", person.password)
    presses(who, re.compile("^Sign in$"))
    sees(who, "Enter the code from your app")
    _gives_the_code(who, person)
    if who.page.get_by_text("Incorrect code").count():
        who.page.wait_for_timeout((CODE_LASTS - time.time() % CODE_LASTS) * 1000)
        _gives_the_code(who, person)
    expect(who.page).not_to_have_url(re.compile("/accounts/"), timeout=PATIENCE)


def _gives_the_code(who: Visitor, person: SignIn) -> None:
    types(who, "Code", code_of(person.secret))
    presses(who, re.compile("^Sign in$"))
    who.page.wait_for_load_state()


def code_of(secret: str) -> str:
    """What the authenticator app shows now (RFC 6238)."""
    mac = hmac.digest(base64.b32decode(secret), (int(time.time()) // CODE_LASTS).to_bytes(8), "sha1")
    at = mac[-1] & 15
    return f"{(int.from_bytes(mac[at : at + 4]) & 0x7FFFFFFF) % 10**6:06}"


def sees_on_the_board(who: Visitor, name: str) -> Locator:
    """The row of somebody's visit, which comes by itself."""
    row = who.page.locator("#board tr").filter(has_text=name)
    expect(row).to_be_visible(timeout=2 * PATIENCE)
    return row


def marks_away(who: Visitor, what: str, *, until: str = "21:00") -> None:
    """A therapist, a room or the whole clinic, for all of the day that the page has in it."""
    who.page.get_by_label("Who or what").select_option(label=what)
    hours = who.page.get_by_label("At", exact=True)
    hours.first.fill("06:00")
    hours.last.fill(until)
    presses(who, "Note it and show the visits")


def does_from_the_row(who: Visitor, name: str, what: str) -> None:
    """What stands under "More" at somebody's row of the board."""
    row = sees_on_the_board(who, name)
    taps(who, row.locator("summary"))
    taps(who, row.get_by_role("button", name=what).or_(row.get_by_role("link", name=what)))

"""One walk through the whole house: every address x method x role, with words that must not be overheard."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from booking.models import CalendarFeed, DocumentCopy, Incident, OnCallTurn, Payout, StandIn
from booking.reminders.models import Story
from frontend.patient.handed import link_for_own_phone
from frontend.ways_back import page_of
from intake.models import Questionnaire
from tests.security.house import ANSWER, CLINICAL, MAIL, NAME, NOTE, NOW, REASON, ROLES, SECRETS, House
from tests.security.permissions import ACCOUNT_PAGES, ADMIN, API, MACHINES, OUTSIDE, PAGES, TABLE, Door

SIGN_IN, FACTOR = "/accounts/login/", "/accounts/2fa/reauthenticate/"
LEADS = {SIGN_IN: "sign-in", "/admin/login/": "sign-in", FACTOR: "factor"}
LEADS |= {"/visit/who/": "prove", "/wait/who/": "prove"}
METHODS = ("GET", "POST")
RARE = {"reception": ("PUT", "DELETE"), "anonymous": ("DELETE",)}
AT_THE_ADMIN = ("anonymous", "patient", "therapist", "manager", "owner", "no-factor")
# Who may read an answer, and where. Everybody else reads none, anywhere.
READS_ANSWERS = {
    ("therapist", "reviews/<uuid:appointment_id>/"),
    ("therapist", "visits/<uuid:appointment_id>/"),
    ("therapist", "visits/<uuid:appointment_id>/answers/"),
    ("therapist", "visits/<uuid:appointment_id>/after/"),
    ("therapist", "incidents/<uuid:incident_id>/"),
    ("manager", "incidents/<uuid:incident_id>/"),  # who looks after it
    ("proven", "visit/details/"),
    ("therapist", "api/v1/screenings/<uuid:screening_id>/response/"),
    ("patient", "api/v1/screenings/<uuid:screening_id>/response/"),
}
# The pages are walked in parts, each by another worker; those that must show their secrets to somebody together.
_TELLING = {"visit/", *(pattern for _, pattern in READS_ANSWERS)}
WITH_ANSWERS = {pattern: door for pattern, door in PAGES.items() if pattern in _TELLING}
_OTHERS = [pattern for pattern in PAGES if pattern not in WITH_ANSWERS]
PARTS = {f"pages {part + 1}": {one: PAGES[one] for one in _OTHERS[part::4]} for part in range(4)}
SECTIONS = {"pages with answers": WITH_ANSWERS, **PARTS, "accounts": ACCOUNT_PAGES, "api": API, "machines": MACHINES}
SECTIONS["admin"] = ADMIN
# A therapist on duty sees who waits for an answer, before opening a colleague's request, which is written down.
MAY_STAND_IN = {("colleague", "reviews/"), ("colleague", "reviews/<uuid:appointment_id>/")}
# The questions themselves, which no patient has answered there: their short names are no secret.
SHOWS_QUESTIONS = "settings/questionnaire/"
READS_NOTES = {"therapist", "reception", "manager"}
KNOWS_PATIENT = {"link", "proven", "patient", "therapist", "reception", "manager"}


def all_patterns(resolver: URLResolver | None = None, path: str = "") -> Iterator[str]:
    for entry in (resolver or get_resolver()).url_patterns:
        here = path + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from all_patterns(entry, here)
        elif isinstance(entry, URLPattern):
            yield here


def test_every_address_stands_in_the_table() -> None:
    assert sorted(set(all_patterns())) == sorted(TABLE)


def address(pattern: str, house: House) -> str:
    """An address of this pattern about the patient of the house."""
    visit = house.request if pattern.startswith("reviews/") else house.visit
    known = {
        "<uuid:appointment_id>": visit.pk,
        "<uuid:patient_id>": house.patient.pk,
        "<uuid:screening_id>": house.screening.pk,
        "<uuid:time_off_id>": house.time_off.pk,
        "<uuid:practitioner_id>": house.clinic.anna.pk,
        "<uuid:stand_in_id>": StandIn.objects.get().pk,
        "<uuid:message_id>": house.message.pk,
        "<uuid:feed_id>": CalendarFeed.objects.get().pk,
        "<uuid:story_id>": Story.objects.get().pk,
        "<uuid:hold_id>": house.hold.pk,
        "<int:number>": 1,
        "<int:finding_id>": house.finding.pk,
        "<slug:slug>": "without-needles",
        "<slug:item_id>": "clinic_sea",
        "<slug:follow_up_id>": "how",
        "<uuid:entry_id>": house.offer.entry_id,
        "<uuid:document_id>": DocumentCopy.objects.get().document_id,
        "<uuid:copy_id>": DocumentCopy.objects.get().pk,
        "<uuid:cover_id>": house.cover.pk,
        "<uuid:case_id>": house.visit.fee_cases.get().pk,
        "<uuid:claim_id>": house.cover.claims.get().pk,
        "<uuid:payer_id>": house.cover.payer_id,
        "<uuid:package_id>": house.package.pk,
        "<uuid:offer_id>": house.package.offer_id,
        "<uuid:service_id>": house.clinic.needling.pk,
        "<slug:variant>": "first",
        "<slug:code>": "confirmation",
        "<slug:channel>": "email",
        "<slug:language>": "en",
        "<str:token>": _token_of(pattern, house),
        "<uuid:task_id>": house.task.pk,
        "<uuid:incident_id>": Incident.objects.get().pk,
        "<uuid:text_id>": house.visit.incoming_messages.get().pk,
        "<uuid:turn_id>": OnCallTurn.objects.get().pk,
        "<str:month>": f"{NOW:%Y-%m}",
        "<slug:table>": "summary",
        "<str:payout_id>": Payout.objects.get().pk,
        "<uuid:split_id>": house.clinic.anna.pay_splits.get().pk,
        "<path:content_type_id>": 1,
        "<path:object_id>": _object_of(pattern, house),
        "<id>": house.users["reception"].pk,
        "(?P<app_label>booking|intake)": "intake",
        "(?P<url>.*)": "nothing",
        "(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)": "1-x",
    }
    for placeholder, value in known.items():
        pattern = pattern.replace(placeholder, str(value))
    assert not re.search(r"[<(\[]", pattern), pattern
    return "/" + pattern.replace("^", "").replace("$", "")


def _token_of(pattern: str, house: House) -> str:
    here = link_for_own_phone(house.visit, now=NOW).rstrip("/").rpartition("/")[2]
    tokens = {
        "visit/here/": here,
        "check/": house.form_token,
        "wait/offer/": house.offer_token,
        "wait/": "place",
        "pay/": house.pay_token,
        "after/": house.after_token,
        "feeds/": "feed",
        "stories/yes/": "yes",
        "stories/": "reader",
    }
    return next((token for start, token in tokens.items() if pattern.startswith(start)), house.token)


def _object_of(pattern: str, house: House) -> object:
    objects = {
        "location": house.clinic.location.pk,
        "healthcareservice": house.clinic.needling.pk,
        "practitioner": house.clinic.anna.pk,
        "user": house.users["reception"].pk,
    }
    model = pattern.split("/")[2] if pattern.startswith("admin/") and pattern.count("/") > 2 else ""
    return objects.get(model) or Questionnaire.objects.get().pk


@contextmanager
def undone() -> Iterator[None]:
    """Whatever is written inside is taken back."""
    block = transaction.atomic()
    block._from_testcase = True  # type: ignore[attr-defined]  # so that durable transactions may stand inside
    with block:
        yield
        transaction.set_rollback(True)


def copy_of(browser: Client) -> Client:
    """Another with the same cookies, which sees the 500 that a person would see; building its handler takes longest."""
    copy = Client(raise_request_exception=False)
    copy.cookies, copy.handler = browser.cookies.copy(), browser.handler
    return copy


def knock(browser: Client, method: str, path: str) -> HttpResponse:
    """One request by a copy of the browser, after which nothing has happened."""
    copy = copy_of(browser)
    with undone():
        kind = {"content_type": "application/json"} if path.startswith("/api/") else {}
        data = "{}" if kind and method != "GET" else {} if method in ("GET", "HEAD", "POST") else ""
        return getattr(copy, method.lower())(path, data, **kind)


def answered(response: HttpResponse) -> str:
    """The answer as a word: in, sign-in, factor, prove, no, method, broken."""
    status = response.status_code
    where = urlsplit(response.headers.get("Location", "")).path
    if status in (302, 303):
        return LEADS.get(where, "in")
    if status in (403, 404):
        return "no"
    return "method" if status == 405 else "broken" if status >= 500 else "in"


def is_led_back(response: HttpResponse, door: Door, method: str, path: str) -> bool:
    """Whether a link to what only takes a form was answered with the page of that form."""
    page = page_of(path) if (door.methods, method) == ("POST", "GET") else ""
    return bool(page) and (response.status_code, response.headers.get("Location")) == (302, page)


def expected(door: Door, role: str, method: str, path: str) -> set[str]:
    if role == "no-factor" and role not in door.who:
        return {"no"} if path.startswith("/api/") else {"factor"}
    if role not in door.who or (method == "POST" and door.changes is not None and role not in door.changes):
        return _turned_away(door, role) | ({"method"} if method not in door.methods.split() else set())
    if door.methods == "*":  # a library's own page: it says which methods it takes, and may ask for the code again
        return {"in", "method", "factor"}
    return {"in"} if method in door.methods.split() else {"method"}


def _turned_away(door: Door, role: str) -> set[str]:
    if door.refusal == "prove":
        return {"prove"} if role == "link" else {"no"}
    if door.refusal == "sign-in":
        return {"sign-in"} if role in OUTSIDE else {"no"}
    return {"no", "sign-in", "method"} if door.refusal == "admin" else {"no"}


@pytest.fixture
def walk(house: House) -> House:
    house.browsers = {role: house.browser(role) for role in ROLES}
    return house


def words_in(response: HttpResponse) -> str:
    said = b"".join(response.streaming_content) if response.streaming else response.content  # type: ignore[attr-defined]
    return said.decode(errors="replace") + str(dict(response.headers))


def overheard(role: str, pattern: str, text: str) -> list[str]:
    """The words that this role must not read there."""
    words: tuple[str, ...] = ()
    if (role, pattern) not in READS_ANSWERS:
        words += SECRETS if pattern.startswith(SHOWS_QUESTIONS) else CLINICAL
    if role not in READS_NOTES:
        words += (NOTE,)
    if role not in KNOWS_PATIENT and (role, pattern) not in MAY_STAND_IN:
        words += (NAME, MAIL)
    return [word for word in words if word in text]


@pytest.mark.parametrize("section", SECTIONS)
def test_the_house_opens_to_whom_the_table_says_and_nobody_overhears(walk: House, section: str) -> None:
    wrong, heard = [], set()
    for pattern, door in SECTIONS[section].items():
        path = address(pattern, walk)
        for role in AT_THE_ADMIN if section == "admin" else ROLES:
            for method in (*METHODS, *RARE.get(role, ())):
                response = knock(walk.browsers[role], method, path)
                led = is_led_back(response, door, method, path)
                word, wanted = "method" if led else answered(response), expected(door, role, method, path)
                if word not in wanted:
                    wrong.append(f"{role} {method} {pattern}: {response.status_code} {word}, not {wanted}")
                text = words_in(response)
                leaked = overheard(role, pattern, text)
                if leaked:
                    wrong.append(f"{role} {method} {pattern} reads {leaked}")
                heard |= {(role, word) for word in (*CLINICAL, NOTE, NAME) if word in text}
    if wrong:
        pytest.fail("\n".join(wrong))
    # What is hidden from others must be seen by whom it is for, or the walk proves nothing.
    if section == "pages with answers":
        assert {word for role, word in heard if role == "therapist"} >= {ANSWER, REASON, NAME}
        assert ("proven", NAME) in heard

"""Every form of every page, filled in with what nobody should send: refused in words, and nothing is written."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpResponse
from django.test import Client

from booking.reminders.models import Story
from tests.factories.receipts import pay
from tests.frontend.patient.person import DETAILS, Person
from tests.security.house import NOW, House, born
from tests.security.pages import FoundForm, forms_of
from tests.security.test_permissions import copy_of, undone

UNKNOWN = "00000000-0000-4000-8000-000000000000"
# What no field may take, whatever it is for.
NEVER = {
    "NUL": "a\0b",
    "five thousand digits": "9" * 5000,
}
# What a field may take or not; but never may it break anything.
ANYTHING = {
    "nothing": "",
    "half a character": "\ud800",  # a form's text arrives with a replacement character, a JSON body is refused
    "year 9999": "9999-12-31T23:59:59+00:00",
    "year 10000": "10000-01-01",
    "negative": "-1",
    "not a number": "NaN",
    "unknown id": UNKNOWN,
    "no id": "not-an-id",
    "unknown zone": "Mars/Olympus",
    "a list": "[1, 2]",
    "markup": "<script>alert(1)</script>",
    "a template": "{{ 7|add:7 }}{% now 'Y' %}",
    "SQL": "' OR 1=1; --",
    "right to left": "\u202eabc\u0000"[:4],
}
# How many of them each field is given: others than the field before, so that together the fields see all of them.
SHORT = 2
SHORT_AND_LONG = [pytest.param(SHORT, id="short"), pytest.param(len(ANYTHING), id="long", marks=pytest.mark.chaos)]
LONG = "x" * 1_000_000
# Rows that a refused request may write: who was counted, who read, and the session itself.
UNCOUNTED = {"intake_attemptcount", "intake_auditevent", "django_session", "cache_entry"}
# They only say which times are shown, or where a button stood, what can't be read there counts as not said; or they
# are ticks, which have no value.
ONLY_LOOKS = {"rest", "agree", "from", "therapist", "practitioner", "q", "look", "stood", "agrees", "tell", "asks_tell"}
ONLY_LOOKS |= {"monthly"}
LEAVE_ALONE = {"csrfmiddlewaretoken"}


@dataclass
class Page:
    """A page somebody has before them."""

    name: str
    browser: Client
    path: str

    def forms(self) -> list[FoundForm]:
        answer = self.browser.get(self.path)
        assert answer.status_code == 200, (self.name, answer.status_code, answer.headers.get("Location"))
        return forms_of(answer.content.decode(), self.path)


_COUNTS_FOR_NOTHING = re.compile(
    r"SELECT|DECLARE|SAVEPOINT|RELEASE|ROLLBACK|SET"
    rf'|(INSERT INTO|UPDATE|DELETE FROM) "({"|".join(UNCOUNTED)})"'
)


class Written:
    """Hears every statement, and knows whether one may have written: counting all rows takes as long as a request."""

    anything = False

    def __call__(self, execute: Callable[..., Any], statement: str, *rest: Any) -> Any:
        self.anything |= not _COUNTS_FOR_NOTHING.match(statement)
        return execute(statement, *rest)


def counts() -> dict[str, int]:
    with connection.cursor() as cursor:
        tables = [one for one in connection.introspection.table_names(cursor) if one not in UNCOUNTED]
        parts = [f"SELECT '{one}', count(*) FROM \"{one}\"" for one in tables]
        cursor.execute(" UNION ALL ".join(parts))
        return dict(cursor.fetchall())


def send(browser: Client, form: FoundForm, fields: dict[str, Any]) -> HttpResponse:
    """As the browser would, but unforeseen errors become the 500 that a person would see."""
    copy = copy_of(browser)
    path = urlsplit(form.action)._replace(scheme="", netloc="", fragment="")
    if form.method == "GET":
        query = urlencode(fields, doseq=True, errors="surrogatepass")
        return copy.get(f"{path.path}?{query}")
    if any(isinstance(one, SimpleUploadedFile) for one in fields.values()):
        return copy.post(path.geturl(), fields)
    body = urlencode(fields, doseq=True, errors="surrogatepass")
    return copy.post(path.geturl(), body, content_type="application/x-www-form-urlencoded")


def sent_and_counted(
    browser: Client, form: FoundForm, fields: dict[str, Any], before: dict[str, int]
) -> tuple[HttpResponse, dict[str, int]]:
    """The answer, and how many rows there were then; nothing of it stays."""
    written = Written()
    with undone():
        with connection.execute_wrapper(written):
            answer = send(browser, form, fields)
        return answer, counts() if written.anything else before


def _some(place: int, each: int) -> dict[str, str]:
    """So many of the strange values, others for the next field."""
    ways = list(ANYTHING.items())
    return dict(ways[(place * each + step) % len(ways)] for step in range(each))


def attempts(form: FoundForm, each: int) -> Iterator[tuple[str, dict[str, Any], bool]]:
    """Each field wrong in each way, one at a time; whether it must be refused."""
    plain = {name: value for name, value in form.fields.items() if name not in LEAVE_ALONE}
    for place, name in enumerate(plain):
        for kind, value in (NEVER | _some(place, each)).items():
            yield f"{name}: {kind}", {**plain, name: [value]}, kind in NEVER and name not in ONLY_LOOKS
        yield f"{name}: twice", {**plain, name: [*plain[name], "other"]}, False
        left = {one: value for one, value in plain.items() if one != name}
        yield f"without {name}", left, False
    if plain:
        yield "arrays", plain | {f"{name}[{place}]": ["1", "2"] for name in plain for place in ("", "x")}, False
    if form.method == "POST" and plain:
        first = next(iter(plain))
        yield f"{first}: a megabyte", {**plain, first: [LONG]}, True
        yield f"{first}: a file", {**plain, first: SimpleUploadedFile("a.exe", b"MZ\0")}, False


def try_everything(pages: list[Page], each: int = SHORT) -> tuple[list[str], int]:
    """What went wrong, and how many requests were sent. Forms alike on several pages are tried once."""
    wrong, sent, seen = [], 0, set()
    for page in pages:
        for form in page.forms():
            shape = (form.method, urlsplit(form.action).path, tuple(sorted(form.fields)))
            if shape in seen or "logout" in form.action:
                continue
            seen.add(shape)
            before = counts()
            for what, fields, must_fail in attempts(form, each):
                answer, after = sent_and_counted(page.browser, form, fields, before)
                sent += 1
                where = f"{page.name} {form.method} {form.action} {what}"
                wrong += [f"{where}: {one}" for one in _judge(answer, before, after, must_fail)]
    return wrong, sent


def _judge(answer: HttpResponse, before: dict[str, int], after: dict[str, int], must_fail: bool) -> list[str]:
    problems = []
    if answer.status_code >= 500:
        problems.append(str(answer.status_code))
    changed = {table: after[table] - before[table] for table in after if after[table] != before[table]}
    if changed and (must_fail or answer.status_code >= 400):
        problems.append(f"{answer.status_code}, but wrote {changed}")
    if b"<script>alert(1)" in answer.content:
        problems.append("markup comes back as markup")
    return problems


def _require_nothing(wrong: list[str], sent: int, *, at_least: int) -> None:
    if wrong:
        pytest.fail("\n".join(wrong))
    assert sent > at_least


@pytest.fixture
def without_stripe(house: House) -> None:
    """Stripe is asked outside transactions, and each try is inside one."""
    house.clinic.location.online_payment = False
    house.clinic.location.save()


@pytest.fixture
def way(house: House, without_stripe: None) -> Callable[[str], Client]:
    """A browser that has come this far on the patient's way."""

    def walk(to: str) -> Client:
        person = Person(Client(), house.clinic)
        if to == "check":
            person.post("/check/", kind="manual")
        elif to == "questions":
            person.begin()
        else:
            person.check()
            if to != "times":
                assert person.pick()["Location"] == "/book/details/"
            if to == "agree":
                person.post("/book/details/", **DETAILS)
        return person.client

    return walk


@pytest.mark.parametrize("each", SHORT_AND_LONG)
@pytest.mark.parametrize(
    ("to", "path"),
    [
        ("check", "/check/"),
        ("check", "/check/who/"),
        ("questions", "/check/where/"),
        ("questions", "/check/questions/1/"),
        ("times", "/book/times/?service={needling}"),
        ("details", "/book/details/"),
        ("agree", "/book/agree/"),
    ],
)
def test_the_way_to_a_booking_takes_no_nonsense(
    way: Callable[[str], Client], house: House, to: str, path: str, each: int
) -> None:
    page = Page(path, way(to), path.format(needling=house.clinic.needling.slug))
    wrong, sent = try_everything([page], each)
    _require_nothing(wrong, sent, at_least=5)


@pytest.mark.parametrize("each", SHORT_AND_LONG)
def test_the_pages_of_a_visit_take_no_nonsense(house: House, each: int) -> None:
    link, proven = house.browser("link"), house.browser("proven")
    pages = [Page("prove", link, "/visit/who/")]
    pages += [Page("visit", proven, path) for path in ("/visit/", "/visit/move/", "/visit/cancel/")]
    pages += [Page("after", proven, path) for path in (f"/after/{house.after_token}/", "/visit/progress/")]
    wrong, sent = try_everything(pages, each)
    _require_nothing(wrong, sent, at_least=60)


STAFF_PAGES = {
    "desk": ("reception", "/desk/?date=2026-11-24"),
    "calendar": ("reception", "/calendar/"),
    "away": ("therapist", "/calendar/time-off/"),
    "book": ("reception", "/desk/book/?service={service}"),
    "visit": ("manager", "/visits/{visit}/"),
    "move": ("reception", "/visits/{visit}/move/"),
    "cancel": ("reception", "/visits/{visit}/cancel/"),
    "review": ("therapist", "/reviews/{request}/"),
    "patients": ("reception", "/patients/"),
    "receipts": ("reception", "/patients/{patient}/receipts/"),
    "own receipts": ("patient", "/account/receipts/"),
    "covers": ("reception", "/patients/{patient}/covers/"),
    "payer of a visit": ("reception", "/visits/{request}/payer/"),
    "payers": ("manager", "/settings/payers/"),
    "terms of a service": ("manager", "/settings/terms/{service}/any/"),
    "terms of a patient": ("manager", "/patients/{patient}/terms/"),
    "the drawer": ("reception", "/money/till/"),
    "fees": ("manager", "/money/fees/"),
    "a fee": ("reception", "/money/fees/{fee}/waive/"),
    "shares": ("manager", "/settings/pay/"),
    "a package": ("manager", "/packages/{package}/"),
    "a package to sell": ("reception", "/patients/{patient}/packages/sell/{offer}/"),
    "packages on sale": ("manager", "/settings/packages/"),
    "after a visit": ("manager", "/visits/{visit}/after/"),
    "who answers after visits": ("manager", "/settings/after-care/"),
    "an incident to log": ("reception", "/visits/{visit}/incident/"),
    "an incident": ("manager", "/incidents/{incident}/"),
    "a record to keep": ("manager", "/patients/{patient}/hold/"),
    "a text to answer": ("reception", "/messages/inbox/{text}/"),
    "whose text it is": ("reception", "/messages/inbox/{text}/whose/"),
}


@pytest.mark.parametrize("each", SHORT_AND_LONG)
@pytest.mark.parametrize("name", STAFF_PAGES)
def test_the_pages_of_staff_take_no_nonsense(house: House, name: str, each: int) -> None:
    role, path = STAFF_PAGES[name]
    path = path.format(
        visit=house.visit.pk, request=house.request.pk, service=house.clinic.needling.pk, patient=house.patient.pk,
        fee=house.visit.fee_cases.get().pk, package=house.package.pk, offer=house.package.offer_id,
        incident=house.visit.incidents.get().pk, text=house.visit.incoming_messages.get().pk,
    )  # fmt: skip
    wrong, sent = try_everything([Page(name, house.browser(role), path)], each)
    _require_nothing(wrong, sent, at_least=5)


@pytest.mark.parametrize("each", SHORT_AND_LONG)
def test_the_pages_of_stories_take_no_nonsense(house: House, each: int) -> None:
    manager, story = house.browser("manager"), Story.objects.get()
    pages = [Page("a reader", Client(), path) for path in ("/stories/", "/stories/mine/reader/")]
    pages += [Page("staff", manager, path) for path in ("/messages/stories/", f"/messages/stories/{story.pk}/")]
    wrong, sent = try_everything(pages, each)
    _require_nothing(wrong, sent, at_least=60)


def test_the_close_of_a_month_takes_no_nonsense(house: House) -> None:
    pay(house.visit, 5000, now=NOW - timedelta(days=40))  # so that there is a month to close
    wrong, sent = try_everything([Page("month", house.browser("manager"), "/money/month/2026-10/")])
    _require_nothing(wrong, sent, at_least=10)


def test_no_address_breaks_the_books(house: House) -> None:
    places = ("/money/month/{}/", "/money/month/{}/table/entries/", "/money/month/2026-11/table/{}/")
    browser = house.browser("manager")
    browser.raise_request_exception = False
    parts = (*PARTS, "0000-01", "2026-13", "9999-12", "2026-1", "10000-01", "2026-11-01")
    answers = {place.format(part)[:60]: browser.get(place.format(part)) for place in places for part in parts}
    answers |= {f"/money/payouts/{part}"[:60]: browser.post(f"/money/payouts/{part}/") for part in PARTS}
    assert {path: answer.status_code for path, answer in answers.items() if answer.status_code not in (400, 404)} == {}


@pytest.mark.parametrize("each", SHORT_AND_LONG)
def test_the_page_of_a_package_takes_no_nonsense(house: House, without_stripe: None, each: int) -> None:
    page = Page("buy", house.browser("patient"), f"/account/packages/offers/{house.package.offer_id}/")
    wrong, sent = try_everything([page], each)
    _require_nothing(wrong, sent, at_least=20)


@pytest.mark.parametrize("each", SHORT_AND_LONG)
def test_the_sign_in_pages_take_no_nonsense(house: House, each: int) -> None:
    paths = ("/accounts/login/", "/accounts/login/code/", "/accounts/password/reset/")
    wrong, sent = try_everything([Page(path, Client(), path) for path in paths], each)
    _require_nothing(wrong, sent, at_least=20)


QUESTIONS = {
    "/book/times/": ("service", "practitioner", "from", "time"),
    "/desk/": ("date", "therapist", "mine", "seen"),
    "/calendar/": ("week", "date", "view", "practitioner"),
    "/calendar/time-off/": ("date", "practitioner"),
    "/desk/book/": ("q", "patient", "service", "practitioner", "from", "time", "look"),
    "/patients/": ("q", "page"),
    "/visits/{visit}/move/": ("from", "therapist", "time"),
    "/visit/move/": ("from", "practitioner"),
    "/accounts/login/": ("next",),
    "/calendar/why-not/": ("service", "practitioner", "date", "time"),
    "/api/v1/slots/": ("service", "from", "to", "practitioner", "location", "screening"),
}


@pytest.mark.parametrize("each", SHORT_AND_LONG)
@pytest.mark.parametrize("path", QUESTIONS)
def test_no_question_in_an_address_breaks_a_page(house: House, path: str, each: int) -> None:
    outside = "proven" if path.startswith("/visit/") else "anonymous"
    browser = house.browser(outside if path.startswith(("/visit/", "/book", "/acc", "/api")) else "reception")
    broken, before = [], counts()
    for place, name in enumerate(QUESTIONS[path]):
        for kind, value in (NEVER | _some(place, 2 * each) | {"long": "x" * 6000}).items():
            form = FoundForm("GET", path.format(visit=house.visit.pk))
            answer, after = sent_and_counted(browser, form, {name: [value, value]}, before)
            broken += [f"{name} {kind}: {one}" for one in _judge(answer, before, after, must_fail=True)]
    assert broken == []


PARTS = ["1", UNKNOWN, "x" * 3000, "%00", "%ed%a0%80", "..%2f..%2fetc%2fpasswd", "-1", "9" * 5000]


@pytest.mark.parametrize("part", PARTS, ids=range(len(PARTS)))
def test_no_address_breaks_a_page(house: House, part: str) -> None:
    browser = house.browser("therapist")
    browser.raise_request_exception = False
    places = ("/visit/{}/", "/visits/{}/", "/visits/{}/answers/", "/reviews/{}/", "/patients/{}/", "/desk/book/{}/")
    places += ("/check/questions/{}/", "/calendar/time-off/{}/")
    places += (f"/visits/{house.visit.pk}/steps/{{}}/",)
    places += ("/api/v1/appointments/{}/", "/api/v1/holds/{}/", "/{}/", "/api/{}/")
    answers = {place: browser.get(place.format(part)).status_code for place in places}
    assert {place: status for place, status in answers.items() if status >= 500 or status == 200} == {}


@pytest.mark.parametrize("name", ["Ada", "Łucja", "O'Neill", "Ada\u0301"])
def test_but_names_of_people_are_taken(house: House, name: str) -> None:
    person = Person(Client(), house.clinic)
    person.check()
    person.pick()
    assert person.post("/book/details/", **{**DETAILS, "given_name": name})["Location"] == "/book/agree/"
    assert born(house.patient)["birth_date_year"] == 1986

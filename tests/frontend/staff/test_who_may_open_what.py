"""Staff pages by every role, about their own and about somebody else's. Every address there is stands in
tests/security/permissions.py, and its test walks them all.
"""

from uuid import UUID, uuid4

import pytest
from django.urls import URLPattern, reverse

from booking.models import TimeOff
from frontend.staff import urls
from frontend.staff.steps import STEPS
from frontend.ways_back import page_of
from tests.factories import booking as made
from tests.factories import intake as people
from tests.frontend.staff.conftest import NOW, Desk, screening_of

OPEN = {"reception", "manager", "therapist", "colleague"}
# Who gets through the door. The colleague is a therapist who neither treats nor knows the patient.
REACHES_VISIT = OPEN - {"colleague"}
TABLE: dict[str, set[str]] = {
    "desk": OPEN | {"owner"},
    "book": OPEN,
    "calendar": OPEN,
    "time-off": OPEN,
    "displaced": OPEN,
    "reviews": OPEN,
    "patients": OPEN,
    "booked": REACHES_VISIT,
    "visit": REACHES_VISIT,
    "move": REACHES_VISIT,
    "cancel": REACHES_VISIT,
    "room": REACHES_VISIT,
    "patient": REACHES_VISIT,
    "answers": {"therapist", "manager"},
    "review": {"therapist"},
    "sign": REACHES_VISIT,
    "withdraw": REACHES_VISIT,
    "treatment": {"therapist"},
    "guardian": {"therapist"},
    "asked": {"therapist"},
    "looks": {"therapist", "manager"},
    "stand-ins": OPEN - {"reception"},
    "tasks": OPEN,
    "money": {"reception", "manager"},
    "till": {"reception", "manager"},
    "claims": {"reception", "manager"},
    "claims-table": {"reception", "manager"},
    "covers": {"reception", "manager"},
    "payer": {"reception", "manager"},
    "receipts": {"reception", "manager"},
    "payers": {"manager", "owner"},
    "why-not": OPEN,
    "waitlist": OPEN,
    "waitlist-add": OPEN,
    "hours": OPEN - {"reception"} | {"owner"},
    "holidays": {"manager", "owner"},
    "questions": {"manager", "owner"},
    "questions-patient": {"manager", "owner"},
    "questions-publish": {"manager"},
    "questions-numbers": {"manager"},
    "questions-new": {"manager"},
    "questions-item": {"manager"},
    "questions-edit": {"manager"},
    "questions-more": {"manager"},
    "questions-more-one": {"manager"},
}
POSTS = {
    "back-again",
    "money-settled",
    "claims-billed",
    "claims-paid",
    "claims-denied",
    "receipt-make",
    "fee-make",
    "paid",
    "given-back",
    "pay-link",
    "pay-link-end",
    "resend",
    "step",
    "stand-in",
    "stand-in-end",
    "question",
    "task",
    "hand-over",
    "talked",
    "treatment-plan",
    "treatment-decide",
    "treatment-consent",
    "treatment-record",
    "questions-begin",
    "questions-discard",
    "questions-switch",
    "questions-remove",
    "questions-more-remove",
}
PAGES: list[URLPattern] = [one for one in urls.urlpatterns if one.name != "welcome"]


def _address(name: str, desk: Desk) -> str:
    away = TimeOff.objects.create(
        location=desk.clinic.location, practitioner=desk.clinic.anna, start=made.at(9, days=9), end=made.at(17, days=9)
    )
    known: dict[str, UUID | str | int] = {
        "finding_id": 1,
        "appointment_id": desk.visit.pk,
        "patient_id": desk.patient.pk,
        "time_off_id": away.pk,
        "message_id": uuid4(),
        "stand_in_id": uuid4(),
        "task_id": uuid4(),
        "slug": "arrived",
        "item_id": people.OWN_ITEM["id"],
        "follow_up_id": people.OWN_ITEM["follow_ups"][0]["id"],
    }
    if name.startswith("questions"):
        people.make_working_copy(desk.users["manager"], NOW)
    if name == "sign":
        desk.patient.consents.all().delete()  # who has signed is led on
    pattern = next(one for one in PAGES if one.name == name)
    return reverse(f"staff:{name}", kwargs={key: known[key] for key in pattern.pattern.converters})


@pytest.mark.parametrize("name", sorted(TABLE))
def test_a_page_opens_to_its_roles_only(name: str, desk: Desk) -> None:
    address = _address(name, desk)
    answers = {role: desk.browsers[role].get(address) for role in (*desk.users, "nobody")}
    assert {role for role, answer in answers.items() if answer.status_code == 200} == TABLE[name]
    assert {answers[role].headers["Cache-Control"] for role in TABLE[name]} == {"private, no-store"}
    others = set(desk.users) - TABLE[name]
    assert {role for role in others if answers[role].status_code not in (403, 404)} == set()
    assert answers["nobody"].headers["Location"].split("?")[0] == "/accounts/login/"


@pytest.mark.parametrize("name", sorted(POSTS))
def test_what_changes_something_is_no_link(name: str, desk: Desk) -> None:
    address = _address(name, desk)
    for role in ("reception", "manager", "therapist"):
        answer = desk.browsers[role].get(address)
        assert answer.status_code == 403 or answer.headers["Location"] == page_of(address)


def test_nobody_else_can_take_a_step(desk: Desk) -> None:
    for slug in STEPS:
        for role in ("colleague", "owner", "patient", "nobody"):
            address = reverse("staff:step", args=[desk.visit.pk, slug])
            assert desk.browsers[role].post(address, {"stood": "visit"}).status_code in (302, 403, 404)
    before = desk.visit.status
    desk.visit.refresh_from_db()
    assert desk.visit.status == before


def test_another_therapists_visit_is_not_there(desk: Desk) -> None:
    for name in ("visit", "move", "cancel", "answers", "review", "booked"):
        assert desk.browsers["colleague"].get(_address(name, desk)).status_code == 404


def test_what_does_not_exist_is_not_there(desk: Desk) -> None:
    for name in ("visit", "move", "cancel", "booked"):
        assert desk.browsers["reception"].get(reverse(f"staff:{name}", args=[uuid4()])).status_code == 404
    step = reverse("staff:step", args=[desk.visit.pk, "fly"])
    assert desk.browsers["reception"].post(step).status_code == 404


@pytest.mark.parametrize(
    ("role", "home"),
    [
        ("patient", "/visits/"),
        ("therapist", "/desk/?mine"),
        ("reception", "/desk/"),
        ("manager", "/desk/"),
        ("owner", "/desk/"),
    ],
)
def test_each_role_begins_where_its_work_is(role: str, home: str, desk: Desk) -> None:
    answer = desk.browsers[role].get("/welcome/")
    assert (answer.status_code, answer.headers["Location"]) == (302, home)


CANARY = "Left hip, canary four years ago"
CANARY_WORDS = (CANARY, "diabetes", "Diabetes", "metal", "joint")


def test_reception_never_reads_an_answer(desk: Desk) -> None:
    line = people.line_with(
        {"joint_replacement": "yes"},
        {"joint_replacement": {"same_area": "yes", "lt12m": "no", "where": CANARY}},
    )
    asking = people.make_patient(now=NOW, given_name="Kim", email="kim@example.com")
    people.make_care_relation(desk.clinic.anna.user, asking, now=NOW)
    request = made.make_appointment(
        desk.clinic,
        start=made.at(14, days=0),
        patient=asking,
        screening=screening_of(asking, line),
        status="pending",
        awaiting="review",
        decide_by=made.at(12, days=0),
        source="patient",
        note=f"My diabetes: {CANARY}",
    )
    pages = [
        reverse("staff:desk"),
        reverse("staff:calendar"),
        reverse("staff:calendar") + "?view=day",
        reverse("staff:reviews"),
        reverse("staff:visit", args=[request.pk]),
        reverse("staff:move", args=[request.pk]),
        reverse("staff:cancel", args=[request.pk]),
        reverse("staff:patient", args=[asking.pk]),
        reverse("staff:patients") + "?q=Kim",
        reverse("staff:book") + f"?patient={asking.pk}",
        reverse("staff:booked", args=[request.pk]),
    ]
    for role in ("reception", "manager"):
        for address in pages:
            text = desk.browsers[role].get(address).content.decode()
            assert "Kim" in text or "calendar" in address or "booked" in address
            assert [word for word in CANARY_WORDS if word in text] == [], address
    read = desk.browsers["therapist"].get(reverse("staff:review", args=[request.pk])).content.decode()
    assert CANARY in read

"""Who looked at answers, said to those who may know; and reception, who never sees an answer."""

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape

import pytest
from django.urls import reverse

from booking.services.visits import mark_arrived
from intake.models import AuditEvent, Screening
from intake.rules.questions import kept_items
from intake.selectors.questionnaires import definition_of
from intake.selectors.reviews import review_of
from intake.selectors.screenings import evaluated_line
from tests.factories import intake as people
from tests.factories.rechecks import answer_again
from tests.frontend.staff.conftest import NOW, Desk, screening_of

CANARY = "Kanarienvogel"


@pytest.fixture
def told(desk: Desk, transactional_db: None) -> Desk:
    """The patient has told a lot, in words of their own, last time and today."""
    line = people.line_with(
        {"joint_replacement": "yes", "medication": "yes", "fainting": "yes"},
        {
            "joint_replacement": {"same_area": "yes", "lt12m": "no", "where": f"{CANARY} hip"},
            "medication": {"list": f"{CANARY} pills", "groups": [], "injection": "no"},
            "fainting": {"other_faints": "no"},
        },
    )
    desk.visit.screening = screening_of(desk.patient, line)
    desk.visit.save()
    Screening.objects.update(evaluated_at=NOW - timedelta(days=9))
    here = mark_arrived(appointment=desk.visit, by=desk.users["reception"], now=NOW)
    answer_again(here, NOW, {"pregnancy": "unsure"})
    desk.visit.refresh_from_db()
    desk.visit.screening.decisions.create(
        decision="approved", decided_by=desk.users["therapist"], decided_at=NOW, valid_until=NOW,
        content={"reason": f"{CANARY} reason", "regions": [], "conditions": f"{CANARY} conditions"},
    )  # fmt: skip
    return desk


def looks_of(desk: Desk) -> str:
    return reverse("staff:looks", args=[desk.patient.pk])


def words_of(screening: Screening) -> Iterator[str]:
    """Everything that tells an answer: questions, names, alerts, and the patient's own words."""
    definition = definition_of(screening.questionnaire)
    for item in kept_items(definition, evaluated_line(screening)[0]):
        yield from (one for one in (item.question, item.label, item.therapist_alert) if len(one) > 12)
    yield CANARY


def crawl(desk: Desk, role: str, *first: str) -> dict[str, str]:
    """Every page of this patient that links of pages lead to."""
    waiting, seen = list(first), dict[str, str]()
    while waiting:
        path = waiting.pop()
        if path in seen or not re.match(r"/(desk|visits|patients|reviews|tasks|calendar)/", path) or len(seen) > 60:
            continue
        text = unescape(desk.browsers[role].get(path).content.decode())
        seen[path] = text
        waiting += [found.partition("#")[0] for found in re.findall(r'href="(/[^"]*)"', text)]
    return seen


def test_reception_finds_no_answer_on_any_page_of_the_patient(told: Desk) -> None:
    pages = crawl(
        told, "reception", f"/patients/{told.patient.pk}/", f"/visits/{told.visit.pk}/", "/desk/", "/reviews/"
    )
    assert len(pages) > 6
    assert told.visit.screening
    secret = set(words_of(told.visit.screening))
    assert {path: sorted(word for word in secret if word in text) for path, text in pages.items()} == {
        path: [] for path in pages
    }
    assert any("needs the therapist" in text for text in pages.values())
    therapists = crawl(told, "therapist", f"/visits/{told.visit.pk}/answers/")
    assert any(CANARY in text for text in therapists.values())  # the words are there to be found


@pytest.mark.parametrize(
    ("role", "status"), [("therapist", 200), ("manager", 200), ("reception", 403), ("colleague", 404), ("owner", 403)]
)
def test_the_trail_opens_to_the_patient_s_therapist_and_to_managers(desk: Desk, role: str, status: int) -> None:
    assert desk.browsers[role].get(looks_of(desk)).status_code == status


def test_the_trail_says_who_what_when_from_where_and_why(desk: Desk) -> None:
    manager = desk.users["manager"]
    review_of(screening=desk.screening, by=manager, reason="A complaint", now=NOW)
    AuditEvent.objects.create(
        recorded_at=NOW, agent=desk.users["therapist"], agent_role="therapist", action="read",
        entity_type="intake.screening", entity_id=desk.screening.pk, patient_id=desk.patient.pk, source="192.0.2.7",
    )  # fmt: skip
    page = unescape(desk.browsers["therapist"].get(looks_of(desk)).content.decode())
    assert 'Read the answers <span class="soft">(the health answers)' in page
    assert "Anna (therapist) · from 192.0.2.7" in page
    assert "Opened the answers with a reason" in page
    assert f"{manager} (manager)" in page
    assert "Why: A complaint" in page
    assert "Who looked and changed" in desk.browsers["therapist"].get(f"/patients/{desk.patient.pk}/").content.decode()
    assert "Who looked" not in desk.browsers["reception"].get(f"/patients/{desk.patient.pk}/").content.decode()


def test_a_long_trail_comes_in_pages(desk: Desk) -> None:
    AuditEvent.objects.bulk_create(
        AuditEvent(
            recorded_at=NOW, agent_role="system", action="read", entity_type="intake.screening",
            entity_id=desk.screening.pk, patient_id=desk.patient.pk,
        )
        for _ in range(90)
    )  # fmt: skip
    first = desk.browsers["manager"].get(looks_of(desk)).content.decode()
    assert (first.count("(the health answers)"), "Page 1 of 3" in first) == (40, True)
    assert "Page 3 of 3" in desk.browsers["manager"].get(f"{looks_of(desk)}?page=999").content.decode()


def test_every_page_that_shows_answers_leaves_a_trace(told: Desk) -> None:
    def reads() -> int:
        return AuditEvent.objects.filter(
            action="read", patient_id=told.patient.pk, agent=told.users["therapist"]
        ).count()

    visit = told.visit.pk
    for path in (f"/visits/{visit}/", f"/visits/{visit}/answers/", f"/reviews/{visit}/", f"/visits/{visit}/asked/"):
        before = reads()
        browser = told.browsers["therapist"]
        if path.endswith("/asked/"):
            browser.post(path, {"begin": "1"})
        assert browser.get(path).status_code == 200
        assert reads() > before, path

"""The day board: what it shows, its buttons, and how it keeps itself up to date."""

import re

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from intake.models import AuditEvent
from tests.factories import booking as made
from tests.factories import intake as people
from tests.factories.rechecks import answer_again
from tests.frontend.staff.conftest import Desk, screening_of

DESK = "/desk/"


def _board(desk: Desk, role: str = "reception", query: str = "") -> str:
    return desk.browsers[role].get(f"{DESK}?{query}").content.decode()


def _step(desk: Desk, slug: str, role: str = "reception", stood: str = "desk:2026-11-23,") -> tuple[int, str]:
    address = reverse("staff:step", args=[desk.visit.pk, slug])
    answer = desk.browsers[role].post(address, {"stood": stood})
    return answer.status_code, answer.headers.get("Location") or answer.content.decode()


def test_a_day_says_how_many_visits_and_what_is_wrong(desk: Desk) -> None:
    desk.make_visit(made.at(13, days=0), patient=people.make_patient(), screening=None, practitioner=desk.clinic.ben)
    text = _board(desk)
    assert re.findall(r'<span class="tag tag-\w+">([^<]+)</span>', text)[:2] == ["2 visits", "1 needs something"]
    assert "The health form is not filled in." in text


def test_a_day_without_visits_says_so(desk: Desk) -> None:
    assert "Nothing is booked on this day." in _board(desk, query="date=2026-12-24")


def test_a_day_that_can_t_be_read_is_today(desk: Desk) -> None:
    for query in ("date=9999-99-99", "date=x", "date=0001-01-01", "therapist=x"):
        assert "Monday 23 November" in _board(desk, query=query)


def test_a_therapist_sees_only_their_own_day(desk: Desk) -> None:
    assert "Ada Berg" in _board(desk, "therapist", "mine")
    assert "Nothing is booked on this day." in _board(desk, "colleague", "mine")
    assert "Nothing is booked on this day." in _board(desk, "reception", f"therapist={desk.clinic.ben.pk}")


def test_the_buttons_of_a_visit_from_arriving_to_done(desk: Desk) -> None:
    board = f"{DESK}?date=2026-11-23#visit-{desk.visit.pk}"
    answer_again(desk.visit, made.NOW)
    for slug, status in (("arrived", "arrived"), ("check-in", "checked-in"), ("done", "fulfilled")):
        assert f"/steps/{slug}/" in _board(desk)
        assert _step(desk, slug) == (303, board)
        desk.visit.refresh_from_db()
        assert desk.visit.status == status


def test_a_refused_step_says_why_at_its_row_and_changes_nothing(desk: Desk) -> None:
    status, text = _step(desk, "no-show")
    assert status == 409
    row = text.split(f'id="visit-{desk.visit.pk}"')[1].split("</tr>")[0]
    assert "The visit has not begun yet." in row
    desk.visit.refresh_from_db()
    assert desk.visit.status == "booked"
    assert not AuditEvent.objects.filter(action="noshow").exists()


def test_a_visit_without_answers_can_t_be_checked_in(desk: Desk) -> None:
    desk.visit.screening = None
    desk.visit.status = "arrived"
    desk.visit.save()
    status, text = _step(desk, "check-in")
    assert (status, "Some questions still need an answer." in text) == (422, True)


def test_an_unchanged_board_is_not_sent_again(desk: Desk) -> None:
    browser = desk.browsers["reception"]
    address = re.findall(r'hx-get="([^"]+)"', _board(desk))[0].replace("&amp;", "&")
    assert browser.get(address, headers={"HX-Request": "true"}).status_code == 204
    desk.make_visit(made.at(15, days=0), patient=people.make_patient(given_name="Nils"), practitioner=desk.clinic.ben)
    changed = browser.get(address, headers={"HX-Request": "true"})
    assert changed.status_code == 200
    assert "Nils" in changed.content.decode()
    assert "<html" not in changed.content.decode()
    again = re.findall(r'hx-get="([^"]+)"', changed.content.decode())[0].replace("&amp;", "&")
    assert browser.get(again, headers={"HX-Request": "true"}).status_code == 204


def test_more_visits_cost_no_more_queries(desk: Desk) -> None:
    def count(address: str) -> int:
        browser = desk.browsers["reception"]
        browser.get(address)
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(address).status_code == 200
        return len(queries)

    addresses = [DESK, "/calendar/", "/calendar/?view=day", "/reviews/", "/patients/?q=Ada"]
    addresses.append(reverse("staff:patient", args=[desk.patient.pk]))
    waits = {"status": "pending", "awaiting": "review", "decide_by": made.at(12, days=0)}
    desk.make_visit(made.at(9, days=1), **waits)
    one = [count(address) for address in addresses]
    for hour in (12, 14):
        desk.make_visit(made.at(hour, days=0))
        desk.make_visit(made.at(hour, days=1), **waits)
        other = people.make_patient(birth_date=None, phone="")
        desk.make_visit(
            made.at(hour, days=0),
            patient=other,
            screening=screening_of(other),
            practitioner=desk.clinic.ben,
            room=desk.clinic.rooms[1],
        )
    assert [count(address) for address in addresses] == one


def test_the_link_to_the_form_is_sent_once(desk: Desk) -> None:
    other = desk.make_visit(made.at(13, days=2), patient=people.make_patient(), screening=None)
    address = reverse("staff:step", args=[other.pk, "form-link"])
    browser = desk.browsers["reception"]
    assert browser.post(address, {"stood": "visit"}).status_code == 303
    assert list(other.communications.values_list("kind", "status")) == [("form-needed", "preparation")]
    again = browser.post(address, {"stood": "visit"})
    assert (again.status_code, "about to be sent already" in again.content.decode()) == (409, True)
    assert other.communications.count() == 1


def test_a_step_without_a_token_is_refused(desk: Desk) -> None:
    browser = desk.browsers["reception"]
    browser.handler.enforce_csrf_checks = True
    assert browser.post(reverse("staff:step", args=[desk.visit.pk, "arrived"])).status_code == 403
    desk.visit.refresh_from_db()
    assert desk.visit.status == "booked"


def test_the_paper_shows_no_clinical_word(desk: Desk) -> None:
    desk.make_visit(made.at(13, days=0), patient=people.make_patient(), screening=None, practitioner=desk.clinic.ben)
    text = _board(desk)
    without = re.sub(r'<li class="clinical">.*?</li>', "", text, flags=re.DOTALL)
    assert 'class="day-sheet"' in text
    assert "health form" not in without.split('class="day-sheet"')[1]

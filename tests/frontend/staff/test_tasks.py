"""The list of what was promised: the overdue first and marked, each step one press, and the count in the menu."""

from datetime import timedelta

from booking.models import Task
from booking.services.errands import open_task
from intake import clock
from tests.factories.booking import NOW, at
from tests.factories.intake import make_patient
from tests.frontend.staff.conftest import Desk

CONTACT = {"name": "Ada Berg", "phone": "+17805550123", "best_time": "in the morning"}


def call(name: str = "Ada Berg", hour: int = 12) -> Task:
    return open_task(
        kind=Task.Kind.CALL_BACK, due_at=at(hour, days=0), contact={**CONTACT, "name": name}, asked_by=name, now=NOW
    )


def text_of(desk: Desk, role: str = "reception", path: str = "/tasks/") -> str:
    return desk.browsers[role].get(path).content.decode()


def press(desk: Desk, task: Task, step: str, role: str = "reception") -> int:
    return desk.browsers[role].post(f"/tasks/{task.pk}/", {"step": step}).status_code


def state(task: Task) -> tuple[str, str | None]:
    task.refresh_from_db()
    return task.status, task.owner.name if task.owner else None


def test_nothing_to_do_says_so(desk: Desk) -> None:
    assert "Nothing to do." in text_of(desk)


def test_the_overdue_stand_first_and_are_marked_here_and_in_the_menu(desk: Desk, monkeypatch: object) -> None:
    call("Late Lee", 9)
    call("Early Eve", 12)
    page = text_of(desk)
    assert page.index("Late Lee") < page.index("Early Eve")
    assert ("overdue" in page, 'To do <span class="tag tag-count tag-review">2</span>' in page) == (False, True)
    monkeypatch.setattr(clock, "now", lambda: at(10, days=0))  # type: ignore[attr-defined]
    page = text_of(desk)
    assert page.count('<span class="tag tag-stop">overdue</span>') == 1
    assert "1 overdue" in page
    assert 'To do <span class="tag tag-count tag-stop">1</span>' in text_of(desk, "therapist", "/desk/")
    for words in ("(780) 555-0123", 'href="tel:+17805550123"', "in the morning", "Monday 23 November, 9:00"):
        assert words in page


def test_one_press_takes_it_and_a_colleague_hears_so(desk: Desk) -> None:
    task = call()
    assert (press(desk, task, "take"), state(task)) == (303, ("in-progress", "Robin"))
    assert (press(desk, task, "take", "manager"), state(task)) == (303, ("in-progress", "Robin"))
    assert "A colleague has just taken this." in text_of(desk, "manager")


def test_no_answer_brings_it_back_and_reached_ends_it(desk: Desk) -> None:
    task = call()
    press(desk, task, "take")
    press(desk, task, "no-answer")
    assert state(task) == ("requested", None)
    assert "no answer, Robin" in text_of(desk)
    press(desk, task, "reached")
    assert state(task) == ("completed", "Robin")
    assert "Nothing to do." in text_of(desk)


def test_it_can_be_closed_without_a_result(desk: Desk) -> None:
    task = call()
    press(desk, task, "close", "manager")
    assert state(task) == ("cancelled", "Dana")


def test_an_unknown_step_changes_nothing(desk: Desk) -> None:
    task = call()
    assert (press(desk, task, "fly"), state(task)) == (400, ("requested", None))


def test_a_therapist_sees_calls_and_their_own_patients_tasks_only(desk: Desk) -> None:
    other = make_patient(now=NOW, family_name="Elsewhere")
    kind, due = Task.Kind.WITHDRAWN_CONSENT, NOW + timedelta(hours=1)
    open_task(kind=kind, patient=desk.patient, due_at=due, now=NOW)
    hidden = open_task(kind=kind, patient=other, due_at=due, now=NOW)
    call("Cal Ler")
    for role, seen in {"reception": (True, True, True), "therapist": (True, False, True)}.items():
        page = text_of(desk, role)
        assert ("Ada Berg" in page, "Elsewhere" in page, "Cal Ler" in page) == seen
    assert (press(desk, hidden, "done", "therapist"), state(hidden)) == (404, ("requested", None))
    assert (press(desk, hidden, "done"), state(hidden)) == (303, ("completed", "Robin"))


def test_nobody_outside_the_clinic_reaches_it(desk: Desk) -> None:
    task = call()
    assert [press(desk, task, "take", role) for role in ("owner", "patient")] == [403, 403]
    assert (press(desk, task, "take", "nobody"), state(task)) == (302, ("requested", None))


def test_an_authorisation_that_ends_reaches_who_can_renew_it(desk: Desk) -> None:
    anna, visit = desk.clinic.anna, desk.make_visit(at(10))
    anna.needling_authorised_until = clock.clinic_date(NOW)
    anna.save()
    manager, owner = text_of(desk, "manager"), text_of(desk, "owner", "/desk/")
    for page in (manager, owner):
        assert "Anna's authorisation to needle ends on" in page
        assert "1 visit is booked after that day." in page
        assert f"/settings/hours/{anna.pk}/services/" in page
    assert f"/calendar/time-off/{anna.pk}/" in manager
    assert f"/calendar/time-off/{anna.pk}/" not in owner
    assert "Nothing to do." not in manager
    assert "authorisation to needle" not in text_of(desk)
    board = text_of(desk, path=f"/desk/?date={at(10).date()}")
    assert f"/visits/{visit.pk}/ways/" in board

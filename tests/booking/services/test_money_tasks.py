"""What does not agree is a manager's task, and both end together."""

from datetime import datetime, timedelta

import pytest

from booking.models import Task
from booking.payments.findings import report, settle_itself
from booking.payments.models import Finding, Payment
from booking.selectors.errands import open_tasks
from booking.services.errands import cancel_task, complete_task
from booking.services.money_tasks import keep_tasks_of_findings, see_to_finding
from intake.models import Role
from tests.booking.services.booking_steps import book
from tests.factories.booking import NOW, Clinic, at, make_staff

pytestmark = pytest.mark.django_db
REFUSED, DISPUTE, UNKNOWN = Finding.Kind.REFUSED, Finding.Kind.DISPUTE, Finding.Kind.UNKNOWN_AT_STRIPE


def paying(clinic: Clinic) -> Payment:
    return book(clinic, payment="online", start=at(10, days=3)).appointment.payments.get()


def standing() -> list[tuple[str, datetime]]:
    waiting = Task.objects.filter(status__in=["requested", "in-progress"]).order_by("created_at", "finding__kind")
    return list(waiting.values_list("finding__kind", "due_at"))


def test_each_finding_is_one_task_due_as_a_call_would_be(clinic: Clinic) -> None:
    report(kind=REFUSED, object_id="one", payment=paying(clinic), now=NOW)
    report(kind=UNKNOWN, object_id="pi_9", now=NOW)
    assert [keep_tasks_of_findings(now=NOW) for _ in range(2)] == [2, 0]
    assert [kind for kind, _ in standing()] == [REFUSED, UNKNOWN]
    assert all(NOW < due <= NOW + timedelta(days=3) for _, due in standing())


def test_a_dispute_is_due_before_the_bank_waits_no_longer(clinic: Clinic) -> None:
    tomorrow = (NOW + timedelta(days=1)).date().isoformat()
    report(kind=DISPUTE, object_id="du_1", payment=paying(clinic), now=NOW - timedelta(days=3), answer_by=tomorrow)
    keep_tasks_of_findings(now=NOW)
    [(_, due)] = standing()
    assert due <= NOW + timedelta(days=1)


def test_what_settles_itself_needs_nobody(clinic: Clinic) -> None:
    payment = paying(clinic)
    report(kind=REFUSED, object_id="one", payment=payment, now=NOW)
    keep_tasks_of_findings(now=NOW)
    settle_itself(payment=payment, kinds=[REFUSED], now=NOW)
    assert (keep_tasks_of_findings(now=NOW), standing()) == (1, [])
    assert Task.objects.get().status == "completed"


@pytest.mark.parametrize("how", [complete_task, cancel_task])
def test_who_closes_the_task_has_seen_to_the_finding(clinic: Clinic, how: object) -> None:
    manager = make_staff(Role.MANAGER)
    report(kind=REFUSED, object_id="one", payment=paying(clinic), now=NOW)
    keep_tasks_of_findings(now=NOW)
    how(task=Task.objects.get(), by=manager, now=NOW)  # type: ignore[operator]
    assert (Finding.objects.get().resolved_by, keep_tasks_of_findings(now=NOW)) == (manager, 0)


def test_who_sees_to_the_finding_has_closed_the_task_and_found_again_it_is_a_new_one(clinic: Clinic) -> None:
    manager, payment = make_staff(Role.MANAGER), paying(clinic)
    report(kind=REFUSED, object_id="one", payment=payment, now=NOW)
    keep_tasks_of_findings(now=NOW)
    for _ in range(2):
        see_to_finding(finding=Finding.objects.get(), by=manager, now=NOW)
    assert standing() == []
    report(kind=REFUSED, object_id="one", payment=payment, now=NOW)
    assert keep_tasks_of_findings(now=NOW) == 1


def test_what_is_known_of_it_is_kept_up_to_date(clinic: Clinic) -> None:
    payment = paying(clinic)
    for status in ("needs_response", "under_review"):
        report(kind=DISPUTE, object_id="du_1", payment=payment, status=status, now=NOW)
    assert list(Finding.objects.values_list("details", flat=True)) == [{"status": "under_review"}]


def test_only_managers_see_it(clinic: Clinic) -> None:
    report(kind=REFUSED, object_id="one", payment=paying(clinic), now=NOW)
    keep_tasks_of_findings(now=NOW)
    seen = {role: open_tasks(by=make_staff(role), now=NOW).count() for role in (Role.MANAGER, Role.RECEPTION)}
    assert seen == {Role.MANAGER: 1, Role.RECEPTION: 0}
    assert open_tasks(by=clinic.anna.user, now=NOW).count() == 0

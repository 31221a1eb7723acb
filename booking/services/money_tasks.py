"""What does not agree becomes a task for a manager, and both end together."""

from datetime import date, datetime
from typing import Final

from django.db import transaction
from django.db.models import Exists, OuterRef

from booking.models import Location, Task
from booking.payments.findings import open_findings, resolve_finding
from booking.payments.models import Finding
from booking.rules.errands import call_back_by
from booking.rules.walltime import start_of_day
from booking.selectors.locations import the_clinic
from booking.services.errands import close_tasks_of_findings, open_task
from intake.models import User

A_SWEEP: Final = 200


def see_to_finding(*, finding: Finding, by: User, now: datetime) -> None:
    """Note that somebody has looked at it, which closes its task. Done twice, it is the same."""
    with transaction.atomic(durable=True):
        resolve_finding(finding=finding, by=by, now=now)
        close_tasks_of_findings(finding=finding, by=by, now=now)


def keep_tasks_of_findings(*, now: datetime) -> int:
    """A task for each finding that stands open, and none about what has settled itself; how many changed."""
    with transaction.atomic(durable=True):
        return close_tasks_of_findings(now=now) + sum(_give_task(finding, now) for finding in _without_task())


def _without_task() -> list[Finding]:
    open_ones = Task.objects.filter(finding=OuterRef("pk"), status__in=[Task.Status.REQUESTED, Task.Status.IN_PROGRESS])
    found = open_findings().filter(~Exists(open_ones))
    return list(found.select_related("payment__appointment__location", "payment__package__location")[:A_SWEEP])


def _give_task(finding: Finding, now: datetime) -> bool:
    place = _place(finding)
    due_at = call_back_by(now, weekly=place.weekly_hours, zone=place.time_zone)
    if answer_by := finding.details.get("answer_by"):  # the bank waits no longer
        due_at = min(due_at, start_of_day(date.fromisoformat(answer_by), place.time_zone))
    open_task(kind=Task.Kind.MONEY, finding=finding, due_at=due_at, now=now)
    return True


def _place(finding: Finding) -> Location:
    """The clinic of the payment; of what we don't know, the first one."""
    payment = finding.payment
    if payment is not None and payment.appointment is not None:
        return payment.appointment.location
    if payment is not None and payment.package is not None:
        return payment.package.location
    clinic = the_clinic()
    assert clinic is not None, "money without a clinic"
    return clinic

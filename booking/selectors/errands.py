"""What staff have to do by a time."""

from datetime import datetime

from django.db.models import Q, QuerySet

from booking.models import OnCallNotice, Task
from intake.access import live_relations, manages, works_at_desk
from intake.models import User


def open_tasks(*, by: User, now: datetime) -> QuerySet[Task]:
    """What is to be done, the earliest due and so everything overdue first. Therapists see what is about nobody yet
    (calls that were asked for), about their patients (but not what these have to pay), and what they were called to
    when on duty; the desk sees all but what does not agree in the accounts, which is the managers' matter.
    """
    tasks = Task.objects.filter(status__in=[Task.Status.REQUESTED, Task.Status.IN_PROGRESS])
    if not works_at_desk(by):
        mine = live_relations(now).filter(practitioner=by).values("patient")
        called = OnCallNotice.objects.filter(user=by).values("task")
        theirs = Q(patient=None) | Q(patient__in=mine) | Q(pk__in=called)
        tasks = tasks.filter(theirs).exclude(kind=Task.Kind.CLAIM_DENIED)
    if not manages(by):
        tasks = tasks.exclude(kind=Task.Kind.MONEY)
    tasks = tasks.select_related("appointment", "patient", "owner", "finding__payment__payer")
    return tasks.order_by("due_at", "created_at")

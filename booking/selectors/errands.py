"""What staff have to do by a time."""

from datetime import datetime

from django.db.models import Q, QuerySet

from booking.models import Task
from intake.access import live_relations, works_at_desk
from intake.models import User


def open_tasks(*, by: User, now: datetime) -> QuerySet[Task]:
    """What is to be done, the earliest due and so everything overdue first. Therapists see what is about nobody yet
    (calls that were asked for) and about their patients; the desk sees all.
    """
    tasks = Task.objects.filter(status__in=[Task.Status.REQUESTED, Task.Status.IN_PROGRESS])
    if not works_at_desk(by):
        mine = live_relations(now).filter(practitioner=by).values("patient")
        tasks = tasks.filter(Q(patient=None) | Q(patient__in=mine))
    return tasks.select_related("appointment", "patient", "owner").order_by("due_at", "created_at")

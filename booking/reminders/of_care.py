"""Messages after a visit: to its patient, who reads behind the link how to look after themselves and says how they are,
and to those on duty when somebody needs them. No word in any of them says anything of anybody's health.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import gettext_noop

from booking.models import Appointment
from booking.reminders.models import Communication
from booking.reminders.quiet import quiet_hours_of
from booking.reminders.rows import message_row, write_messages
from booking.reminders.services import ANSWERED, stop_messages
from booking.reminders.settings import messages_of
from booking.reminders.subjects import subject_of
from booking.rules.kinds import family_of, kind_of
from booking.rules.reminders import Planned, after_visit, no_show
from intake.models import User

NOT_NEEDLED: Final = gettext_noop("The record says that there was no needling.")
FAMILIES: Final = frozenset({"aftercare", "next-day-check", "outcome-questions"})


@dataclass(frozen=True, slots=True)
class CarePlan:
    """What a visit with needles asks for: `path` is the page behind the link."""

    path: str
    asks_of_soreness: bool
    asks_of_outcome: bool
    ends_course: bool


def plan_aftercare(*, appointment: Appointment, plan: CarePlan, now: datetime) -> None:
    """Plan what is written after a visit, or take up again what was stopped because nothing seemed needled."""
    stopped = Communication.objects.filter(
        appointment=appointment, status=Communication.Status.STOPPED, status_reason=NOT_NEEDLED, not_after__gt=now
    )
    stopped.update(status=Communication.Status.PREPARATION, status_reason="")
    planned = [one for one in _planned(appointment, plan) if one.not_after > now]
    write_messages(appointment=appointment, planned=planned, content={"path": plan.path}, now=now)


def stop_aftercare(*, appointment: Appointment, now: datetime) -> None:
    """Nothing was needled: what waits is not sent."""
    kinds = appointment.communications.values_list("kind", flat=True).distinct()
    ours = [kind for kind in kinds if family_of(kind) in FAMILIES]
    stop_messages(appointment=appointment, reason=NOT_NEEDLED, kinds=ours, now=now)


def plan_no_show(*, appointment: Appointment, is_first: bool, has_fee: bool, now: datetime) -> None:
    """Write to somebody who did not come, in a while: kind first, the fee (no sum) second, if there is one."""
    planned = no_show(noted_at=now, quiet=quiet_hours_of(appointment))
    content = {"first": is_first, "fee": has_fee}
    write_messages(appointment=appointment, planned=[planned], content=content, now=now)


def unsay_no_show(*, appointment: Appointment, now: datetime) -> None:
    """They came after all: what has not gone out yet stays here."""
    stop_messages(appointment=appointment, reason=ANSWERED, kinds=["no-show"], now=now)


def call_somebody(
    *, kind: str, recipients: Iterable[User], appointment: Appointment, path: str, about: str, now: datetime
) -> None:
    """Tell staff at once that a patient waits for them; `about` sets apart what is told again."""
    planned = Planned(now, kind, now + kind_of(kind).keeps)
    rows = [
        message_row(
            subject=f"{subject_of(appointment, kind, now=now)}{about}/user/{user.pk}",
            planned=planned,
            appointment=appointment,
            recipient=user.email,
            language=user.language,
            content={"path": path},
            now=now,
        )
        for user in recipients
    ]
    Communication.objects.bulk_create(rows, ignore_conflicts=True)


def was_called(*, appointment: Appointment, about: str) -> bool:
    """Whether somebody was told this already."""
    return Communication.objects.filter(appointment=appointment, dedupe_key__contains=f"{about}/user/").exists()


def _planned(appointment: Appointment, plan: CarePlan) -> tuple[Planned, ...]:
    """The same evening everybody is written to: who gets that mail would else say where needles went."""
    return after_visit(
        end=appointment.end,
        lungs=True,
        first_or_caution=plan.asks_of_soreness,
        outcome=plan.asks_of_outcome,
        last_of_course=plan.ends_course,
        hours=messages_of(appointment.location).all_hours(),
        quiet=quiet_hours_of(appointment),
    )

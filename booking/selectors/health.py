"""How the machinery is: what its parts left behind in the database. Nobody is asked here, so it answers at once."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, QuerySet

from booking.models import Pulse, Standstill
from booking.payments.models import GatewayCommand
from booking.reminders.models import Communication, SenderSwitch
from booking.rules.health import Signs, problems_in
from booking.rules.kinds import MARKETING

Status = Communication.Status
Channel = Communication.Channel
_UNDER_WAY = (Status.PREPARATION, Status.IN_PROGRESS)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Messages of one channel that are due and were not sent, with the reason that their rows give (or none)."""

    channel: str
    reason: str
    messages: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Reached:
    """When a provider last took something, and what it said when it last did not."""

    provider: str
    last_at: datetime | None
    problem: str = ""
    problem_at: datetime | None = None


def signs_of_work() -> Signs:
    """What can be seen of clock, workers and messages, in three short queries."""
    seen = dict(Pulse.objects.values_list("part", "seen_at"))
    return Signs(
        beat_seen_at=seen.get(Pulse.Part.BEAT),
        worker_seen_at=seen.get(Pulse.Part.WORKER),
        oldest_due_at=_open().aggregate(Min("due_at"))["due_at__min"],
        held=switch_held() is not None,
    )


def problems_now(*, now: datetime) -> tuple[str, ...]:
    """What stands still at this moment, as codes of `rules.health`."""
    return problems_in(signs_of_work(), now=now)


def switch_held() -> SenderSwitch | None:
    """The switch, if somebody holds back everything that leaves the house."""
    return SenderSwitch.objects.filter(released=False).first()


def sweeps_queued() -> int | None:
    """How many sweeps waited in the broker when a worker last looked."""
    return Pulse.objects.filter(part=Pulse.Part.WORKER).values_list("queued", flat=True).first()


def messages_waiting(*, now: datetime) -> list[Waiting]:
    """The messages that are due and not sent, by channel and by the reason in their rows."""
    rows = _open().filter(due_at__lte=now).order_by("channel", "status_reason")
    counted = rows.values_list("channel", "status_reason").annotate(Count("pk"), Min("due_at"))
    return [Waiting(channel, reason, messages, since) for channel, reason, messages, since in counted]


def providers_reached() -> list[Reached]:
    """Mail, text messages and Stripe, as far as they were last heard of."""
    return [*(_of_channel(channel) for channel in Channel.values), _of_stripe()]


def standstills(*, limit: int) -> QuerySet[Standstill]:
    """The latest times in which work stood still."""
    return Standstill.objects.order_by("-began_at")[:limit]


def _open() -> QuerySet[Communication]:
    """What somebody counts on. Stories go out when nothing else waits: nobody is called for them."""
    return Communication.objects.filter(status__in=_UNDER_WAY).exclude(kind__in=MARKETING)


def _of_channel(channel: str) -> Reached:
    """By the order in which messages were due: that is nearly the one in which they went, and there is an index. What
    one address refused says nothing of the provider; what waits, and says why, does.
    """
    rows = Communication.objects.filter(channel=channel).order_by("-due_at")
    sent = rows.filter(status=Status.COMPLETED).first()
    waits = rows.filter(status__in=_UNDER_WAY).exclude(status_reason="").first()
    last_at = sent.sent_at if sent else None
    return Reached(channel, last_at, waits.status_reason, waits.due_at) if waits else Reached(channel, last_at)


def _of_stripe() -> Reached:
    answered = GatewayCommand.objects.filter(answered_at__isnull=False).order_by("-answered_at").first()
    silent = GatewayCommand.objects.filter(outcome=GatewayCommand.Outcome.UNKNOWN).order_by("-first_asked_at").first()
    return Reached(
        "stripe",
        answered.answered_at if answered else None,
        silent.problem if silent else "",
        silent.first_asked_at if silent and silent.problem else None,
    )

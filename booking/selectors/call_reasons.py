"""Why somebody is to be called about a visit: for many visits at once, in a fixed number of queries."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from booking.models import Appointment, Location
from booking.reminders.models import Communication, DeliveryReport
from booking.reminders.ways import WhyNot, reach_of_all
from booking.rules.calls import spoke_when_booking
from booking.rules.kinds import kind_of
from booking.rules.walltime import wall_date
from booking.selectors.contact import last_in_vain
from booking.selectors.outside_hours import uncovered
from intake.models import Patient

Status = Appointment.Status
What = DeliveryReport.What


@dataclass(frozen=True, slots=True)
class Why:
    """Why somebody is on the list, in words (translated where they are shown), and what the provider said."""

    code: str
    words: str | Promise
    detail: str = ""


_WISHES = Why("wishes", _("Wishes for a call before each visit."))
SILENT = Why("not-confirmed", _("Was reminded, and has not said that they are coming."))
_DISPLACED = Why("displaced", _("Their visit can't take place as booked. Find a way out first, then call."))
_CANCELLED = Why("cancelled", _("We cancelled their visit, and could not write to them."))


class Reasons:
    """What is known of all these visits, which carry `displaced`, `asked`, `promised` and `reminded`, as annotated."""

    def __init__(self, visits: Sequence[Appointment], location: Location, now: datetime) -> None:
        self.now = now
        self.asks = location.calls_unconfirmed
        self.reach = reach_of_all({visit.patient for visit in visits if visit.patient})
        messages = _failed(visits)
        self.failed = {pk: _why_failed(message) for pk, message in messages.items()}
        self.untold = {pk for pk, message in messages.items() if kind_of(message.kind).tells_end}
        self.uncovered = uncovered(visits)

    def of(self, visit: Appointment) -> Iterator[Why]:
        """Nothing, if they need not be called."""
        if visit.status == Status.CANCELLED:
            if visit.pk in self.untold:
                yield _CANCELLED
        elif getattr(visit, "displaced", False) or visit.pk in self.uncovered:
            if not getattr(visit, "asked", False) and not getattr(visit, "promised", False):
                yield _DISPLACED
        else:
            yield from self._of_coming(visit)

    def _of_coming(self, visit: Appointment) -> Iterator[Why]:
        assert visit.patient is not None
        by_staff = visit.source == Appointment.Source.DESK
        has_spoken = spoke_when_booking(visit.created_at, by_staff=by_staff, start=visit.start)
        ways = self.reach[visit.patient.pk].ways_of("reminder", channels=kind_of("reminder").channels)
        none = [Why("unreachable", way.words) for way in ways if isinstance(way, WhyNot)]
        if _wishes_for_calls(visit.patient):
            yield _WISHES
        elif none:
            yield from () if has_spoken else none
        elif visit.pk in self.failed:
            yield self.failed[visit.pk]
        elif self.asks and getattr(visit, "reminded", False) and self._is_ahead(visit):
            yield SILENT

    def _is_ahead(self, visit: Appointment) -> bool:
        return wall_date(visit.start, visit.time_zone) > wall_date(self.now, visit.time_zone)


def _failed(visits: Iterable[Appointment]) -> Mapping[UUID, Communication]:
    """The message that did not reach them, by visit."""
    failed = last_in_vain(Appointment.objects.filter(pk__in=[visit.pk for visit in visits]))
    messages = Communication.objects.defer("content").prefetch_related("reports").in_bulk(list(failed.values()))
    return {visit: messages[message] for visit, message in failed.items()}


def _why_failed(message: Communication) -> Why:
    if message.status == Communication.Status.NOT_DONE:
        return Why("not-sent", message.status_reason)
    said = [one for one in message.reports.all() if one.what in (What.BOUNCED, What.FAILED)]
    detail = max(said, key=lambda one: one.reported_at).words if said else ""
    if message.channel == Communication.Channel.SMS:
        return Why("returned", _("A text could not be delivered."), detail)
    return Why("returned", _("A mail came back."), detail)


def _wishes_for_calls(patient: Patient) -> bool:
    """Their own word, where they have given one."""
    preference = getattr(patient, "contact_preference", None)  # most people have none
    return preference is not None and preference.by_call

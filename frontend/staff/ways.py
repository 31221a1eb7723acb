"""The ways out of a displaced visit as radio buttons: how they are said, and how the chosen one is read back."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _

from booking.models import Appointment, Displacement, Offer, Practitioner, Room
from booking.selectors.displacements import Overview, Row, who_must_be_called
from booking.selectors.ways_out import WayOut
from booking.services.displacements import Choice
from booking.services.mending import Mend
from frontend.staff.times import names_of, read_value, value_of
from frontend.templatetags.presentation import moment
from intake.errors import DrypointError


@dataclass(frozen=True, slots=True)
class Way:
    """One radio button, as `components/_choice.html` wants it."""

    key: str
    value: str
    text: str
    small: str
    checked: bool


@dataclass(frozen=True, slots=True)
class VisitRow:
    """A displaced visit as the page shows it."""

    key: str  # of its radio buttons
    visit: Appointment
    ways: tuple[Way, ...]
    asked: Displacement | None
    offers: tuple[Offer, ...]
    unanswered: bool
    to_be_called: bool
    problem: DrypointError | None


def rows_of(overview: Overview, problems: Mapping[UUID, DrypointError | None]) -> list[VisitRow]:
    """The rows with the best way chosen already; whoever is to be called is left to the call."""
    names = names_of(Practitioner.objects.filter(active=True))
    by_phone = who_must_be_called([row.visit for row in overview.rows])
    return [
        VisitRow(
            key=str(row.visit.pk),
            visit=row.visit,
            ways=tuple(
                _way(way, row, names, calls=row.visit.pk in by_phone, checked=way == _best(row)) for way in row.ways
            ),
            asked=row.asked,
            offers=row.offers,
            unanswered=row.unanswered,
            to_be_called=row.to_be_called,
            problem=problems.get(row.visit.pk),
        )
        for row in overview.rows
    ]


def wishes_in(said: Mapping[str, str], overview: Overview) -> Iterator[Mend]:
    """What was chosen for which visit; with `only` for that one alone. What can't be read is left out."""
    only = said.get("only", "")
    for row in overview.rows:
        if row.asked is None and only in ("", str(row.visit.pk)):
            kind, _colon, rest = said.get(f"way-{row.visit.pk}", "").partition(":")
            wish = _wish(row, kind, rest)
            if wish is not None:
                yield wish


def _best(row: Row) -> WayOut | None:
    """Nothing is chosen for whoever is to be called already."""
    return None if row.to_be_called or not row.ways else row.ways[0]


def _way(way: WayOut, row: Row, names: Mapping[UUID, str], *, calls: bool, checked: bool) -> Way:
    zone = row.visit.time_zone
    times = [f"{moment(slot.start, zone)}, {names.get(slot.practitioner, '')}" for slot in way.slots]
    starts = ",".join(value_of(slot.start, slot.practitioner) for slot in way.slots)
    if way.kind == "room" and way.room is not None:
        text = _("Move to %(room)s") % {"room": way.room.name}
        return Way(
            "room", f"room:{way.room.id}", text, _("Same time, same therapist. Nobody has to be asked."), checked
        )
    if way.kind == "ask":
        ask = _("Keep these times and call the patient") if calls else _("Keep these times and let the patient choose")
        return Way("ask", f"ask:{starts}", ask, " · ".join(times), checked)
    if way.kind == "colleague":
        text = _("Move to %(who)s at the same time now") % {"who": names.get(way.slots[0].practitioner, "")}
        return Way("colleague", f"colleague:{starts}", text, _("The patient gets a mail."), checked)
    if way.kind == "cancel":
        return Way(
            "cancel", "cancel:", _("Cancel, at no cost"), _("The patient gets a mail and can book again."), checked
        )
    return Way("call", "call:", _("Call the patient"), _("It is put on the list of what is to do."), checked)


def _wish(row: Row, kind: str, rest: str) -> Mend | None:
    if kind in ("cancel", "call") and any(way.kind == kind for way in row.ways):
        return Mend(row.visit, kind)  # type: ignore[arg-type]  # one of the two, as just seen
    if kind == "room":
        room = next((way.room for way in row.ways if way.room and str(way.room.id) == rest), None)
        chosen = Room.objects.filter(pk=room.id).first() if room else None
        return Mend(row.visit, "room", room=chosen) if chosen else None
    choices = tuple(_choices(row, rest))
    if kind == "ask" and choices:
        return Mend(row.visit, "ask", choices)
    return Mend(row.visit, "colleague", choices[:1]) if kind == "colleague" and choices else None


def _choices(row: Row, text: str) -> Iterator[Choice]:
    offered = {one.pk: one for one in row.visit.service.practitioners.filter(active=True)}
    for value in text.split(","):
        chosen = read_value(value)
        if chosen is not None and chosen[1] in offered:
            yield Choice(chosen[0], offered[chosen[1]])

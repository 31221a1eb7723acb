"""Many displaced visits mended in one go: each in a transaction of its own, so that one refusal stops no other."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from booking.errors import NotPossibleNow
from booking.models import Appointment, Displacement, Room
from booking.selectors.closures import Closure
from booking.selectors.ways_out import Kind
from booking.services.cancellations import cancel_appointment
from booking.services.displacements import Choice, ask_for_a_call, note_mended, send_choices
from booking.services.moves import reschedule_appointment
from booking.services.rooms import give_room
from booking.services.states import require_clinic
from intake.errors import DrypointError
from intake.models import User

State = Displacement.State


@dataclass(frozen=True, slots=True)
class Mend:
    """What is to be done about one visit."""

    visit: Appointment
    kind: Kind
    choices: tuple[Choice, ...] = ()
    room: Room | None = None


@dataclass(frozen=True, slots=True)
class Mended:
    """What came of it: `problem` says why nothing changed, `gone` which times somebody else had taken by then."""

    visit: Appointment
    kind: Kind
    problem: DrypointError | None = None
    gone: tuple[Choice, ...] = ()


def mend_all(*, mends: Iterable[Mend], closure: Closure, by: User, now: datetime) -> list[Mended]:
    """Carry out each; what can't be done is told and leaves that visit as it is.

    :raises NotAllowed: `by` does not work with visits
    """
    require_clinic(by)
    return [_mend(one, closure, by, now) for one in mends]


def _mend(mend: Mend, closure: Closure, by: User, now: datetime) -> Mended:
    try:
        gone = _carry_out(mend, closure, by, now)
    except DrypointError as problem:
        return Mended(mend.visit, mend.kind, problem)
    return Mended(mend.visit, mend.kind, gone=gone)


def _carry_out(mend: Mend, closure: Closure, by: User, now: datetime) -> tuple[Choice, ...]:
    visit, was_at = mend.visit, mend.visit.wall_start
    if mend.kind == "ask":
        return send_choices(appointment=visit, choices=mend.choices, closure=closure, by=by, now=now).gone
    if mend.kind == "call":
        ask_for_a_call(appointment=visit, now=now)
        return ()
    state = State.CANCELLED if mend.kind == "cancel" else State.MOVED
    if mend.kind == "cancel":
        cancel_appointment(appointment=visit, by=by, reason=Appointment.CancelReason.CLINIC, now=now)
    elif mend.kind == "colleague" and mend.choices:
        to = mend.choices[0]
        reschedule_appointment(appointment=visit, practitioner=to.practitioner, start=to.start, by=by, now=now)
    elif mend.room is not None:
        give_room(appointment=visit, room=mend.room, by=by, now=now)
    else:
        raise NotPossibleNow
    note_mended(appointment=visit, closure=closure, wall_start=was_at, state=state, by=by, now=now)
    return ()

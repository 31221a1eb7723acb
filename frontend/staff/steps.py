"""What can be done to a visit with one button, and which comes next. Whether it may be done, the services say."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from booking.models import Appointment
from booking.rules.lifecycle import may_become
from booking.rules.walltime import wall_date
from booking.selectors.day_board import Blocker
from booking.selectors.practitioners import needles
from booking.services import letters_by_hand, visits
from booking.services.appointments import free_rest_of_noshow, make_needle_free, undo_cancellation
from booking.services.checkout import switch_to_desk
from booking.services.coming import accept_visit
from booking.services.shortening import MAY_BE_SHORTER, has_rest_to_free
from booking.services.undoing import can_be_undone
from intake.models import Role, User

Status = Appointment.Status


@dataclass(frozen=True, slots=True)
class Step:
    """One button: its word in addresses, its label, and the service behind it."""

    slug: str
    label: str | Promise
    carry_out: Callable[..., Any]
    done: str | Promise
    leads_to: str = ""
    tells: bool = False  # staff may choose not to tell the patient

    def take(self, *, appointment: Appointment, tell: bool = True, by: User, now: datetime) -> None:
        choice = {"tell": tell} if self.tells else {}
        self.carry_out(appointment=appointment, **choice, by=by, now=now)


def _pay_at_desk(*, appointment: Appointment, by: User, now: datetime) -> None:
    switch_to_desk(appointment=appointment, by=by, now=now)


def _told_us(*, appointment: Appointment, by: User, now: datetime) -> None:
    accept_visit(appointment=appointment, how=Appointment.Accepted.CALL, by=by, now=now)


STEPS: Final[dict[str, Step]] = {
    step.slug: step
    for step in (
        Step("arrived", _("Arrived"), visits.mark_arrived, _("Arrived."), Status.ARRIVED),
        Step("check-in", _("Check in"), visits.check_in, _("Checked in."), Status.CHECKED_IN),
        Step("done", _("Done"), visits.finish_visit, _("The visit is done."), Status.FULFILLED),
        Step("no-show", _("No-show"), visits.mark_noshow, _("Noted: did not come."), Status.NOSHOW),
        Step(
            "mistake",
            _("Entered by mistake"),
            visits.mark_entered_in_error,
            _("Taken out: entered by mistake."),
            Status.ENTERED_IN_ERROR,
        ),
        Step("acknowledge", _("I have seen this"), visits.acknowledge_alert, _("Noted that you have seen it.")),
        Step(
            "without-needles",
            _("Make it without needles"),
            make_needle_free,
            _("It is a visit without needles now."),
            tells=True,
        ),
        Step(
            "form-link", _("Send link"), letters_by_hand.send_form_link, _("The link to the health form is on its way.")
        ),
        Step(
            "sign-link",
            _("Send link to sign"),
            letters_by_hand.send_signature_link,
            _("The link to what is read and signed is on its way."),
        ),
        Step(
            "check-link",
            _("Send link"),
            letters_by_hand.send_check_link,
            _("The link to the short questions is on its way."),
        ),
        Step("said-coming", _("They told us that they are coming"), _told_us, _("Noted: they are coming.")),
        Step("undo", _("Undo the cancellation"), undo_cancellation, _("It is booked again, as it was.")),
        Step("free-rest", _("Free the rest"), free_rest_of_noshow, _("The rest of the time can be booked.")),
        Step("pay-at-desk", _("Pays at the desk"), _pay_at_desk, _("It is paid at the desk now.")),
    )
}

_ORDER: Final = ("arrived", "check-in", "done")
_BESIDES: Final = ("no-show",)


@dataclass(frozen=True, slots=True)
class Offered:
    """The buttons of a visit: the one that comes next, and the others."""

    following: Step | None
    others: tuple[Step, ...]
    may_move: bool
    may_cancel: bool
    may_shorten: bool


def offered_steps(visit: Appointment, *, now: datetime) -> Offered:
    """What makes sense to offer now: the day's steps not before the visit's day, a no-show once it has begun."""
    has_come = wall_date(visit.start, visit.time_zone) <= wall_date(now, visit.time_zone)
    pays_now = visit.awaiting == Appointment.Awaiting.PAYMENT
    leads = [STEPS[slug] for slug in _ORDER if may_become(visit.status, STEPS[slug].leads_to)]
    is_over = visit.status in (Status.NOSHOW, Status.CANCELLED)  # a cancelled visit only comes back by undoing that
    following = leads[0] if leads and has_come and not pays_now and not is_over else None
    others = [STEPS[slug] for slug in _BESIDES if may_become(visit.status, STEPS[slug].leads_to) and visit.start <= now]
    if visit.status == Status.NOSHOW and has_come:
        others.append(STEPS["arrived"])
    if has_rest_to_free(visit, now=now):
        others.insert(0, STEPS["free-rest"])
    if can_be_undone(visit, by_staff=True, now=now):
        others.append(STEPS["undo"])
    return Offered(
        following=following,
        others=tuple(others),
        may_move=visit.status in (Status.PENDING, Status.BOOKED) and not pays_now,
        may_cancel=may_become(visit.status, Status.CANCELLED) and visit.status != Status.PROPOSED,
        may_shorten=has_come and visit.status in MAY_BE_SHORTER and now < visit.end,
    )


def may_lose_needles(visit: Appointment) -> bool:
    """Whether "make it without needles" is worth a button."""
    here_or_coming = visit.status in (Status.PENDING, Status.BOOKED, Status.ARRIVED)
    return here_or_coming and needles(visit.service) and visit.awaiting != Appointment.Awaiting.PAYMENT


@dataclass(frozen=True, slots=True)
class Mend:
    """How one blocker looks, and what mends it: a step (a button), or a place to go."""

    blocker: Blocker
    kind: str
    step: Step | None = None
    page: str = ""  # the name of an address below staff:
    anchor: str = ""
    label: str | Promise = ""


_KINDS: Final = {
    "not-cleared": "stop",
    "displaced": "stop",
    "outside-hours": "stop",
    "not-authorised": "stop",
    "room-closed": "stop",
    "review-pending": "review",
    "alert": "review",
    "therapist-talks-first": "review",
    "consent-withdrawn": "stop",
}
_STOPPING: Final = ("stop", "review")
_BUTTONS: Final = {
    "send-form": "form-link",
    "make-needle-free": "without-needles",
    "acknowledge": "acknowledge",
    "pay-at-desk": "pay-at-desk",
    "close": "no-show",
}
_PLACES: Final = {
    "ways-out": ("ways", "", _("Ways out")),
    "room": ("room", "", _("Another room")),
    "review": ("review", "", _("Open")),
    "take-payment": ("visit", "#pay_amount", _("Take payment")),
    "give-back": ("visit", "#back_amount", _("Give back")),
    "resend": ("resend", "", _("Send again")),
    "review-course": ("visit", "#course", _("Answer")),
    "ask-again": ("visit", "#again", _("Ask now")),
    "talk": ("visit", "#talk", _("Open")),
    "sign": ("sign", "", _("Sign here")),
    "record": ("treatment", "", _("Record")),
    "cover": ("payer", "", _("Payer")),
    "texts": ("visit", "#texts", _("Read")),
}


def mend_for(blocker: Blocker, *, role: str) -> Mend:
    """The one-click mend that this role may use; a look at the visit where somebody else must act."""
    kind = _KINDS.get(blocker.code, "caution")
    therapist = role == Role.THERAPIST
    if blocker.mend in ("review", "acknowledge", "record", "talk") and not therapist:
        return Mend(blocker, kind, page="visit", label=_("See"))
    if blocker.mend == "cover" and therapist:
        return Mend(blocker, kind, page="visit", label=_("See"))
    if blocker.mend in _BUTTONS:
        return Mend(blocker, kind, step=STEPS[_BUTTONS[blocker.mend]])
    name, anchor, label = _PLACES[blocker.mend]
    return Mend(blocker, kind, page=name, anchor=anchor, label=label)


def cant_start(mends: tuple[Mend, ...]) -> bool:
    """Whether one of these keeps the visit from beginning."""
    return any(mend.kind in _STOPPING for mend in mends)

"""Times held for one person until they answer: for somebody who waits, or instead of a visit that can't take place.

An offer is a hold and a row beside it, made and ended together. Waitlist entries and offers are locked after all that
`booking.services.locks` names, offers by primary key.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Q

from booking.errors import HoldExpired, NotCleared, NotPossibleNow, SlotNotOffered, SpacingBroken
from booking.models import Appointment, FreedTime, HealthcareService, Offer, Practitioner, WaitlistEntry
from booking.rules.waitlist import keeps_notice
from booking.selectors.courses import keeps_spacing
from booking.selectors.openings import Notice
from booking.services.admission import clearance_for, clearance_to_wait, is_unfinished
from booking.services.confirming import Details, PaymentChoice, confirm
from booking.services.constraints import named_constraints
from booking.services.freed_time import note_ended_hold
from booking.services.holds import Wish, expire_holds, is_live, place_hold
from booking.services.locks import ChangedMeanwhile, lock_appointment, lock_appointments
from booking.services.moves import move_to_place
from booking.services.places import rooms_there
from booking.services.states import SYSTEM, end_as_cancelled, record_change
from intake.models import Patient, User
from intake.selectors.clearance import Clearance
from intake.tokens import hash_token, new_token

Status = Offer.Status
Reason = Appointment.CancelReason


@dataclass(frozen=True, slots=True)
class MadeOffer:
    """An offer, and the token of the link to answer by."""

    offer: Offer
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """For whom a time is held: an entry of the waitlist, or the visit that it would replace (or both: a swap)."""

    service: HealthcareService
    practitioner: Practitioner
    start: datetime
    expires_at: datetime
    entry: WaitlistEntry | None = None
    instead_of: Appointment | None = None
    group: UUID | None = None
    freed_time: FreedTime | None = None

    @property
    def patient(self) -> Patient:
        known = self.instead_of.patient if self.instead_of else None
        known = known or (self.entry.patient if self.entry else None)
        assert known is not None
        return known


def make_offer(*, terms: Terms, token: str = "", by: User | None = None, now: datetime) -> MadeOffer:
    """Hold the time and write the offer, in the caller's durable transaction; the caller writes the message.

    Several offers in one transaction: lock all therapists and rooms first (`lock_resources`), in one call. Those of a
    `group` may share a `token`. Without `by` the system asks, and the clinic's notice holds at the end of the offer.

    :raises NotCleared: the answers forbid it, or are incomplete or out of date
    :raises SlotNotOffered, SlotTaken, TooManyHolds: as `booking.services.holds.hold_time`
    :raises SpacingBroken: a session of a course would come too near to another, or too far from it
    :raises NotPossibleNow: the entry waits no longer, or has an offer already
    """
    token = token or new_token()
    if terms.instead_of is not None and not keeps_spacing(terms.instead_of, start=terms.start):
        raise SpacingBroken
    awaits_form = _lacks_answers(terms, by_staff=by is not None, now=now)
    held = place_hold(_wish(terms, awaits_form, by), terms.practitioner, now=now)
    hold = held.appointment
    hold.hold_expires_at = terms.expires_at
    hold.save(update_fields=["hold_expires_at"])
    if terms.entry is not None:
        _lock_free_entry(terms.entry)
    offer = Offer.objects.create(
        hold=hold,
        entry=terms.entry,
        instead_of=terms.instead_of,
        group=terms.group,
        freed_time=terms.freed_time,
        token_hash=hash_token(token),
        created_at=now,
        expires_at=terms.expires_at,
    )
    record_change(appointment=hold, action="offered", by=by, role="" if by else SYSTEM, now=now)
    return MadeOffer(offer, token)


def accept_offer(
    *,
    offer: Offer,
    payment: PaymentChoice = "none",
    policies_accepted: bool = False,
    terms_shown: str = "",
    now: datetime,
) -> Appointment:
    """The patient's visit at the offered time: the visit that it replaces, moved there with its money, or a new one.

    Accepted twice it gives the same visit. The others of its group are let go. A new visit says how it is paid.

    :raises HoldExpired: the offer has ended, or another one of its group was taken
    :raises NotCleared: the answers forbid it by now; the time is let go
    :raises NotPossibleNow: the visit to be replaced is not coming any more, or changes at this moment
    :raises SpacingBroken: other sessions of its course were moved meanwhile
    :raises PoliciesNotAccepted, PaymentNotOffered, PrepaymentForbidden, TermsChanged, PhoneNeeded, TooLate,
        PatientBusy, SlotTaken, IncompleteAnswers: and the time stays held until the offer ends
    """
    offer = Offer.objects.select_related("hold__service", "entry__patient", "instead_of").get(pk=offer.pk)
    if offer.status == Status.ACCEPTED:
        return offer.instead_of or offer.hold
    if offer.instead_of is not None:
        return _swap(offer, offer.instead_of, now)
    assert offer.entry is not None
    details = Details(
        patient=offer.entry.patient,
        payment=payment,
        policies_accepted=policies_accepted,
        wait_for_form=awaits_form(offer),
        by_offer=True,
        terms_shown=terms_shown,
    )
    visit = _book(offer, details, now)
    if visit is None:
        raise NotCleared
    return visit


def decline_offer(*, offer: Offer, now: datetime) -> Offer:
    """No to the offer, and to the others of its group: the times are free at once. Said twice it stays a no.

    :raises NotPossibleNow: it was accepted
    """
    with named_constraints(), transaction.atomic(durable=True):
        lock_appointments(_holds_of(offer))
        locked = _locked(offer)
        if any(one.status == Status.ACCEPTED for one in locked):
            raise NotPossibleNow
        for one in locked:
            _end(one, Status.DECLINED, Reason.HOLD_RELEASED, now)
        return next(one for one in locked if one.pk == offer.pk)


def withdraw_offers(
    *,
    instead_of: Appointment | None = None,
    entry: WaitlistEntry | None = None,
    group: UUID | None = None,
    now: datetime,
) -> int:
    """Take back what is open for this visit, entry or group, in the caller's transaction; how many. Locks the holds
    with their resources, the entry, and the offers.

    :raises ChangedMeanwhile: another one has just been made
    """
    found = Offer.objects.filter(status=Status.OPEN)
    if group is not None:
        found = found.filter(group=group)
    else:
        found = found.filter(entry=entry) if entry else found.filter(instead_of=instead_of)
    holds = [one.hold for one in found.select_related("hold").order_by("pk")]
    lock_appointments(holds)
    if entry is not None:
        WaitlistEntry.objects.select_for_update(no_key=True).get(pk=entry.pk)
    locked = _lock_rows(Q(pk__in=found.values("pk")))
    if any(one.hold not in holds for one in locked):
        raise ChangedMeanwhile
    return sum(_end(one, Status.WITHDRAWN, Reason.HOLD_RELEASED, now) for one in locked)


def awaits_form(offer: Offer) -> bool:
    """Whether the health form is asked for after a yes to this new visit."""
    return offer.instead_of_id is None and offer.hold.screening_id is None and offer.hold.service.needs_screening


def expire_offers(*, now: datetime) -> int:
    """End the offers whose time is over, or was let go by other ways; how many. Safe twice and beside itself."""
    expire_holds(now=now)
    with transaction.atomic(durable=True):
        over = Offer.objects.filter(status=Status.OPEN).exclude(hold__status=Appointment.Status.PROPOSED)
        rows = list(over.select_related("hold").select_for_update(no_key=True, skip_locked=True, of=("self",))[:500])
        for offer in rows:
            expired = offer.hold.cancel_reason == Reason.HOLD_EXPIRED
            offer.status = Status.EXPIRED if expired else Status.WITHDRAWN
            offer.decided_at = now
            offer.save(update_fields=["status", "decided_at"])
        return len(rows)


def _wish(terms: Terms, awaits_form: bool, by: User | None) -> Wish:
    visit, entry = terms.instead_of, terms.entry
    answered = visit.screening if visit else entry.screening if entry and not awaits_form else None
    return Wish(
        service=terms.service,
        start=terms.start,
        screening=answered,
        request_key=uuid4(),
        held_by=f"offer:{visit.pk if visit else entry.pk if entry else ''}",
        source=Appointment.Source.DESK if by else Appointment.Source.WAITLIST,
        by=by,
        wait_for_form=awaits_form or visit is not None,  # a visit's own answers are asked here and when it moves
    )


def _lacks_answers(terms: Terms, *, by_staff: bool, now: datetime) -> bool:
    """Whether the health form is asked for once the time is taken: there are no answers, or none that are still valid.

    :raises NotCleared: the answers forbid the visit
    :raises SlotNotOffered: a yes in the last minute would come too late
    """
    visit, entry = terms.instead_of, terms.entry
    clearance = _clearance_of(terms, by_staff=by_staff, now=now)
    lacking = is_unfinished(clearance) and (visit is None or visit.awaiting == Appointment.Awaiting.FORM)
    if clearance.decision == "no" and not lacking:
        raise NotCleared
    location = visit.location if visit else entry.location if entry else None
    assert location is not None
    notice = Notice(is_request=clearance.decision == "request", by_staff=by_staff)
    if not keeps_notice(terms.start, ends=terms.expires_at, notice=timedelta(minutes=notice.minutes_at(location))):
        raise SlotNotOffered
    return lacking


def _clearance_of(terms: Terms, *, by_staff: bool, now: datetime) -> Clearance:
    if terms.instead_of is not None:
        return clearance_for(terms.instead_of, start=terms.start, by_staff=by_staff, now=now)
    assert terms.entry is not None
    return clearance_to_wait(
        service=terms.service, patient=terms.patient, screening=terms.entry.screening, start=terms.start, now=now
    )


def _lock_free_entry(entry: WaitlistEntry) -> None:
    """:raises NotPossibleNow: it waits no longer, or somebody has just made it an offer"""
    locked = WaitlistEntry.objects.select_for_update(no_key=True).get(pk=entry.pk)
    if locked.status != WaitlistEntry.Status.WAITING or locked.offers.filter(status=Status.OPEN).exists():
        raise NotPossibleNow


def _swap(offer: Offer, visit: Appointment, now: datetime) -> Appointment:
    """One transaction: the held times end, the visit moves into one of them, and its old time is free."""
    hold = offer.hold
    with named_constraints(), transaction.atomic(durable=True):
        practitioner = Practitioner.objects.get(pk=hold.practitioner_id)
        rooms = rooms_there(service=visit.service, practitioner=practitioner)
        locked_visit, *_ = lock_appointments([visit, *_holds_of(offer)], practitioners=[practitioner.pk], rooms=rooms)
        _lock_entry(offer)
        offers = _locked(offer)
        mine = _still_open(offer, offers, now)
        if mine.status == Status.ACCEPTED:
            return locked_visit
        for one in offers:
            is_mine = one.pk == mine.pk
            _end(one, Status.ACCEPTED if is_mine else Status.WITHDRAWN, Reason.HOLD_RELEASED, now)
        _serve(offer, now)
        moved = move_to_place(locked_visit, practitioner=practitioner, start=hold.start, by=None, offered=True, now=now)
        return moved.appointment


def _book(offer: Offer, details: Details, now: datetime) -> Appointment | None:
    """The held time as the patient's own; None: the answers forbid it, and the hold has ended."""
    with named_constraints(), transaction.atomic(durable=True):
        lock_appointment(offer.hold, patient=details.patient if isinstance(details.patient, Patient) else None)
        _lock_entry(offer)
        mine = _still_open(offer, _locked(offer), now)
        if mine.status == Status.ACCEPTED:
            return mine.hold
        confirmed = confirm(offer.hold, details, now=now)
        mine.status = Status.ACCEPTED if confirmed else Status.WITHDRAWN
        mine.decided_at = now
        mine.save(update_fields=["status", "decided_at"])
        if confirmed is None:
            return None
        _serve(offer, now)
        return confirmed.appointment


def _still_open(offer: Offer, locked: list[Offer], now: datetime) -> Offer:
    """:raises HoldExpired: it ended, or another of its group was taken"""
    mine = next(one for one in locked if one.pk == offer.pk)
    if mine.status != Status.ACCEPTED and (mine.status != Status.OPEN or not is_live(mine.hold, now)):
        raise HoldExpired
    return mine


def _serve(offer: Offer, now: datetime) -> None:
    if offer.entry_id is not None:
        WaitlistEntry.objects.filter(pk=offer.entry_id, status=WaitlistEntry.Status.WAITING).update(
            status=WaitlistEntry.Status.SERVED, ended_at=now
        )


def _lock_entry(offer: Offer) -> None:
    if offer.entry_id is not None:
        WaitlistEntry.objects.select_for_update(no_key=True).get(pk=offer.entry_id)


def _holds_of(offer: Offer) -> list[Appointment]:
    return [one.hold for one in Offer.objects.filter(_together(offer)).select_related("hold").order_by("pk")]


def _locked(offer: Offer) -> list[Offer]:
    """The offer and the others of its group, locked, with their holds as they are under the locks."""
    return _lock_rows(_together(offer))


def _lock_rows(which: Q) -> list[Offer]:
    rows = Offer.objects.filter(which).order_by("pk").select_for_update(no_key=True, of=("self",))
    return list(rows.select_related("hold__practitioner", "entry"))


def _together(offer: Offer) -> Q:
    return Q(group=offer.group) if offer.group else Q(pk=offer.pk)


def _end(offer: Offer, status: Offer.Status, reason: Appointment.CancelReason, now: datetime) -> bool:
    """End an open offer and its hold; False: it had ended already."""
    if offer.status != Status.OPEN:
        return False
    if offer.hold.status == Appointment.Status.PROPOSED:
        end_as_cancelled(offer.hold, reason=reason, now=now)
        offer.hold.save()
        if status != Status.ACCEPTED:  # then the visit moves there
            note_ended_hold(hold=offer.hold, now=now)
        record_change(appointment=offer.hold, action=f"offer-{status}", now=now)
    offer.status, offer.decided_at = status, now
    offer.save(update_fields=["status", "decided_at"])
    return True

"""A clinic whose visits are cancelled one after the other, with a crowd on its waitlist that says yes, no, twice, too
late, or nothing; and an onlooker who knows the rules by heart and not from the code.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from booking.models import Appointment, FreedTime, Offer, WaitlistEntry
from booking.services.appointments import cancel_appointment
from booking.services.freed_offers import offer_freed_times
from booking.services.offers import accept_offer, decline_offer
from booking.services.waitlist import Times, leave_waitlist, set_urgency, wait_for_earlier
from intake.errors import DrypointError
from intake.models import User
from intake.tokens import hash_token, new_token
from tests.factories.booking import NOW, Clinic, make_appointment, make_staff
from tests.factories.intake import make_patient

MINUTE = timedelta(minutes=1)
AT_MOST_WAIT = 30  # so that a thousand cancellations take minutes
DAYS = ("mon", "tue", "wed", "thu", "fri")
ANSWERS = ("yes", "yes", "yes-twice", "no", "silence", "yes-and-no", "late")
Answer = Callable[[Offer, str, datetime], list[str]]


def answer_in_turn(offer: Offer, how: str, now: datetime) -> list[str]:
    """What came of each answer: "done" or the code of our error."""
    if how == "late":
        now = offer.expires_at
    said = {"yes-twice": ("yes", "yes"), "no": ("no",), "yes-and-no": ("yes", "no"), "silence": ()}.get(how, ("yes",))
    return [say(offer, one, now) for one in said]


def say(offer: Offer, word: str, now: datetime) -> str:
    try:
        if word == "yes":
            accept_offer(offer=offer, payment="none", policies_accepted=True, now=now)
        else:
            decline_offer(offer=offer, now=now)
    except DrypointError as error:
        return error.code
    return "done"


@dataclass
class Storm:
    """`clock` moves on with every cancellation; `broken` are the rules that were broken, in words."""

    clinic: Clinic
    seed: int
    answer: Answer = answer_in_turn
    clock: datetime = NOW
    cancelled: int = 0
    swaps: int = 0
    broken: list[str] = field(default_factory=list)
    taken: dict[str, Offer] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self.staff: User = make_staff()

    def blow(self, cancellations: int) -> None:
        """So many visits are cancelled while people come and go; in the end everybody who still waits leaves."""
        while self.cancelled < cancellations:
            for _ in range(self.random.choice((1, 2))):
                self._somebody_waits()
            for _ in range(self.random.choice((1, 3))):
                self._cancel_one()
            self._pass(self.random.choice((1, 4, 9, 35, 300)))
        for entry in WaitlistEntry.objects.filter(status="waiting"):
            leave_waitlist(entry=entry, now=self.clock)
        for _ in range(3):  # one of these is by day
            self._pass(9 * 60)
        self._look_at_the_end()

    def _somebody_waits(self) -> None:
        if WaitlistEntry.objects.filter(status="waiting").count() >= AT_MOST_WAIT:
            return
        patient = make_patient(now=NOW)
        whom = self.random.choice(([], [self.clinic.anna], [self.clinic.ben]))
        hours = self.random.choice(({}, {day: [["09:00", "12:30"]] for day in self.random.sample(DAYS, 4)}))
        if self.random.random() < 0.4:
            later = self._visit(self.random.randint(12, 20), patient=patient)
            times = Times(practitioners=tuple(whom), weekly_hours=hours)
            entry = wait_for_earlier(appointment=later, times=times, now=self.clock).entry if later else None
        else:
            entry = WaitlistEntry.objects.create(
                patient=patient, service=self.clinic.call, location=self.clinic.location, weekly_hours=hours,
                created_at=self.clock, token_hash=hash_token(new_token()),
            )  # fmt: skip
            entry.practitioners.set(whom)
        if entry is not None and self.random.random() < 0.2:
            set_urgency(entry=entry, urgency=WaitlistEntry.Urgency.SOON, by=self.staff, now=self.clock)

    def _visit(self, days: int, **over: object) -> Appointment | None:
        """A visit of a quarter of an hour on a working day, if that time is free."""
        morning = self._wall(self.clock).replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=days)
        start = (morning + self.random.randrange(30) * 15 * MINUTE).astimezone(UTC)
        whose = self.random.choice((self.clinic.anna, self.clinic.ben))
        busy = Appointment.objects.exclude(status="cancelled").filter(practitioner=whose, start__lt=start + 15 * MINUTE)
        if morning.weekday() > 4 or busy.filter(end__gt=start).exists():
            return None
        return make_appointment(
            self.clinic, start=start, service=self.clinic.call, practitioner=whose, **{"created_at": self.clock, **over}
        )

    def _cancel_one(self) -> None:
        visit = self._visit(self.random.randint(1, 6), patient=make_patient(now=NOW))
        if visit is not None:
            cancel_appointment(appointment=visit, by=None, reason=Appointment.CancelReason.PATIENT, now=self.clock)
            self.cancelled += 1

    def _pass(self, minutes: int) -> None:
        self.clock += minutes * MINUTE
        before = list(WaitlistEntry.objects.filter(status="waiting").prefetch_related("practitioners", "offers"))
        coming = {one.pk: one for one in Appointment.objects.filter(status="booked")}
        known = list(Offer.objects.filter(created_at=self.clock).values_list("pk", flat=True))  # made by a crowd
        offer_freed_times(now=self.clock)
        made = Offer.objects.filter(created_at=self.clock).exclude(pk__in=known)
        offered = list(made.select_related("hold", "entry", "instead_of"))
        for offer in offered:
            self._check_turn(offer, before, coming)
        for offer in offered:
            self._answer(offer)

    def _answer(self, offer: Offer) -> None:
        how = self.random.choice(ANSWERS)
        old = offer.instead_of.start if offer.instead_of else None
        results = self.answer(offer, how, self.clock + MINUTE)
        offer.refresh_from_db()
        wanted = {"yes": ["done"], "yes-twice": ["done", "done"], "no": ["done"], "silence": [],
                  "yes-and-no": ["done", "not-possible-now"], "late": ["hold-expired"]}[how]  # fmt: skip
        if self.answer is answer_in_turn and results != wanted:
            self.broken.append(f"{how}: {results}")
        if offer.status == "accepted":
            self._check_taken(offer, old)

    def _check_turn(self, offer: Offer, before: list[WaitlistEntry], coming: dict[object, Appointment]) -> None:
        """Nobody stood before them whom that very time would have suited, and it is day."""
        wall, ends = self._wall(offer.created_at), self._wall(offer.expires_at)
        if not (wall.hour >= 8 and ends <= ends.replace(hour=20, minute=0) and wall.date() == ends.date()):
            self.broken.append(f"asked at {wall:%H:%M}")
        mine = next(one for one in before if one.pk == offer.entry_id)
        asked_now = set(Offer.objects.filter(created_at=self.clock).values_list("entry", flat=True))
        for other in before:
            asked = any(one.status == "open" or one.freed_time_id == offer.freed_time_id for one in other.offers.all())
            first = (other.urgency, other.created_at, other.pk) < (mine.urgency, mine.created_at, mine.pk)
            if first and not asked and other.pk not in asked_now and self._suits(other, offer.hold, coming):
                self.broken.append(f"{mine.pk} was asked before {other.pk}")

    def _suits(self, entry: WaitlistEntry, hold: Appointment, coming: dict[object, Appointment]) -> bool:
        whom = [one.pk for one in entry.practitioners.all()]
        later = coming.get(entry.swap_for_id) if entry.swap_for_id else None
        start, end = self._wall(hold.start), self._wall(hold.end)
        stretches = entry.weekly_hours.get(start.strftime("%a").lower(), [])
        in_hours = any(first <= f"{start:%H:%M}" and f"{end:%H:%M}" <= last for first, last in stretches)
        return (
            (not whom or hold.practitioner_id in whom)
            and (not entry.weekly_hours or in_hours)
            and (entry.swap_for_id is None or (later is not None and hold.end <= later.start))
        )

    def _check_taken(self, offer: Offer, old: datetime | None) -> None:
        key = str(offer.entry_id)
        if key in self.taken:
            self.broken.append(f"{key} took two times")
        self.taken[key] = offer
        visit = Appointment.objects.get(pk=offer.instead_of_id or offer.hold_id)
        if (visit.status, visit.start) != ("booked", offer.hold.start):
            self.broken.append(f"{key} has {visit.status} at {visit.start}")
        if old is not None:
            self.swaps += 1
            if not FreedTime.objects.filter(appointment=visit, start=old).exists():
                self.broken.append(f"the old time of {key} is lost")

    def _look_at_the_end(self) -> None:
        accepted = Offer.objects.filter(status="accepted")
        served = WaitlistEntry.objects.filter(status="served")
        if sorted(map(str, accepted.values_list("entry", flat=True))) != sorted(str(one.pk) for one in served):
            self.broken.append("who was served and what was accepted differ")
        for entry in served:
            visits = Appointment.objects.filter(patient=entry.patient).exclude(status="cancelled").count()
            if visits != 1:
                self.broken.append(f"{entry.pk} has {visits} visits")
        for one in WaitlistEntry.objects.exclude(swap_for=None).select_related("swap_for"):
            if one.swap_for is not None and one.swap_for.status != "booked":
                self.broken.append(f"{one.pk} lost the visit that it came with")
        if FreedTime.objects.filter(handled_at=None).exists():
            self.broken.append("a freed time is never done with")
        if Offer.objects.filter(status="open").exists() or Appointment.objects.filter(status="proposed").exists():
            self.broken.append("an offer or a hold is left behind")

    def _wall(self, moment: datetime) -> datetime:
        return moment.astimezone(ZoneInfo(self.clinic.location.time_zone))

"""Every kind of message and all that is true of it, in one table. Pure.

A new kind is a line here, a pair of templates (templates/README.md) and its name on screen (staff/words.py).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

MOST_REMINDERS: Final = 3
EMAIL: Final = "email"
SMS: Final = "sms"
_BOTH: Final = (EMAIL, SMS)

LIVING: Final = frozenset({"proposed", "pending", "booked", "arrived", "checked-in", "fulfilled", "noshow", "waitlist"})
# What has happened stays true whatever becomes of the visit.
WHATEVER: Final = LIVING | {"cancelled", "entered-in-error"}
_CANCELLED: Final = frozenset({"cancelled"})
_ASKED: Final = frozenset({"pending:review"})
_COMING: Final = frozenset({"booked", "pending:form"})
_MINUTES: Final = timedelta(minutes=15)  # what a code or a link to sign in is good for
_HALF_A_DAY: Final = timedelta(hours=12)
_DAYS: Final = timedelta(days=3)
_CAME: Final = frozenset({"checked-in", "fulfilled"})


@dataclass(frozen=True, slots=True)
class Kind:
    """What is true of all messages of one kind.

    `of` what it is about: a "visit", a "patient", the "staff"'s work, an "account" (who signs in, or began a form), or
    a "text" that somebody sent us: it answers to their number and goes nowhere else; or nothing but what its "reader"
    asked for.
    `channels` by which it goes to somebody who can be reached by all; the first one matters most.
    `sms` whether it has a short form, so that it can go as a text where a clinic or a patient wants that.
    `true_in` which states of its visit it may be sent in: FHIR's status, or "pending:" and what is awaited.
    `outlives` its visit's hour: it is still worth sending when that has come.
    `quiet` it waits for the end of the night. `urgent` it doesn't, not even as a text. All others go by night as a
    mail, for they answer what somebody has just done, and wait as a text.
    `switchable` a clinic may do without it. `marketing` only who agreed to such mail gets it.
    `hours` when it is due, in hours before a visit begins (reminder), after it ended, or before a package ends; a
    clinic may set others `between` these.
    `keeps` how long it is worth sending, where no visit and no deadline says it.
    `told_of` what it is said once about: this "visit", or a "booking", a "review", the "answer" to one, a "move" or an
    "end", which may each be of several sessions of a course. `all_sessions` it then names them all.
    `calendar` it carries the visit as a calendar file.
    """

    code: str
    of: str = "visit"
    channels: tuple[str, ...] = (EMAIL,)
    sms: bool = True
    true_in: frozenset[str] = LIVING
    outlives: bool = False
    quiet: bool = False
    urgent: bool = False
    switchable: bool = False
    marketing: bool = False
    hours: tuple[int, ...] = ()
    between: tuple[int, int] = (0, 0)
    keeps: timedelta = timedelta(days=1)
    told_of: str = "visit"
    all_sessions: bool = False
    calendar: bool = False

    @property
    def tells_end(self) -> bool:
        """Whether it is sent because its visit is no more."""
        return self.told_of == "end"


_ALL: Final = (
    # A booking, step by step
    Kind("confirmation", told_of="booking", all_sessions=True, calendar=True),
    Kind("payment-waiting", true_in=frozenset({"pending:payment"}), urgent=True),
    Kind("request-received", true_in=_ASKED, told_of="review", all_sessions=True),
    Kind("question-waiting", true_in=_ASKED, told_of="review"),
    Kind("approved", told_of="answer", all_sessions=True, calendar=True),
    Kind("form-needed", true_in=_COMING | {"arrived"}, told_of="booking", all_sessions=True),
    Kind("to-sign", true_in=_COMING | _ASKED | {"arrived"}),
    # Before the visit
    Kind("reminder", channels=_BOTH, true_in=_COMING, quiet=True, switchable=True, hours=(48, 2), between=(1, 336)),
    Kind("recheck", true_in=frozenset({"booked", "arrived"}) | _ASKED, quiet=True),
    # Something about it changes
    Kind("moved", channels=_BOTH, told_of="move", all_sessions=True, calendar=True),
    Kind("changed"),
    Kind("another-time", channels=_BOTH, outlives=True),
    Kind("visit-stays"),
    # It will not take place
    Kind(
        "cancellation",
        channels=_BOTH,
        true_in=_CANCELLED,
        outlives=True,
        told_of="end",
        all_sessions=True,
        calendar=True,
    ),
    Kind("declined", true_in=_CANCELLED, outlives=True, told_of="end", all_sessions=True),
    Kind("time-released", true_in=_CANCELLED, outlives=True, told_of="end", all_sessions=True),
    Kind("paid-too-late", true_in=_CANCELLED, outlives=True, told_of="end", all_sessions=True),
    # Waiting for a time
    Kind("waitlist-joined", of="patient", switchable=True),
    Kind("waitlist-offer", channels=_BOTH, true_in=frozenset({"proposed"}), urgent=True),
    # After the visit
    Kind("aftercare", true_in=_CAME, outlives=True, urgent=True, hours=(4,), between=(3, 6), keeps=_HALF_A_DAY),
    Kind("next-day-check", true_in=_CAME, outlives=True, quiet=True, hours=(24, 60), between=(12, 72)),
    Kind(
        "outcome-questions",
        true_in=_CAME,
        outlives=True,
        quiet=True,
        switchable=True,
        hours=(168, 840),
        between=(48, 1080),
        keeps=_DAYS,
    ),
    Kind("no-show", true_in=frozenset({"noshow"}), outlives=True, quiet=True, switchable=True),
    # Money; no sum stands in any of them
    Kind("pay-link", true_in=WHATEVER, outlives=True),
    Kind("fee-coming", true_in=WHATEVER, outlives=True),
    Kind("payment-problem", true_in=WHATEVER, outlives=True),
    Kind("receipt-ready", true_in=WHATEVER, outlives=True, quiet=True, switchable=True, keeps=_DAYS),
    Kind("package-expiring", of="patient", quiet=True, switchable=True, hours=(336,), between=(48, 1440), keeps=_DAYS),
    # To somebody who has texted us, in the words of whoever answers
    Kind("reply", of="text", channels=(SMS,), true_in=WHATEVER, outlives=True, urgent=True),
    # To the people who work here
    Kind("request-waiting", of="staff", sms=False, true_in=_ASKED, told_of="review"),
    Kind("request-still-waiting", of="staff", sms=False, true_in=_ASKED, told_of="review"),
    Kind("request-answered", of="staff", sms=False, true_in=_ASKED, told_of="review"),
    Kind("request-overdue", of="staff", sms=False, true_in=WHATEVER, outlives=True, told_of="review"),
    Kind("answers-opened", of="staff", sms=False, keeps=timedelta(days=2)),
    Kind("care-waiting", of="staff", sms=False, true_in=WHATEVER, outlives=True, urgent=True),
    Kind("care-still-waiting", of="staff", sms=False, true_in=WHATEVER, outlives=True, urgent=True),
    Kind("care-not-finished", of="staff", sms=False, true_in=WHATEVER, outlives=True, urgent=True),
    Kind("morning-list", of="staff", sms=False, switchable=True, keeps=_HALF_A_DAY),
    Kind("message-sample", of="staff", sms=False, keeps=_MINUTES),
    # Signing in, and going on with a form: about no visit
    Kind("sign-in-code", of="account", sms=False, urgent=True, keeps=_MINUTES),
    Kind("sign-in-by-code", of="account", sms=False, urgent=True, keeps=_MINUTES),
    Kind("sign-in-by-password", of="account", sms=False, urgent=True, keeps=_MINUTES),
    Kind("password-reset", of="account", sms=False, urgent=True, keeps=_MINUTES),
    Kind("resume-link", of="account", sms=False, urgent=True, keeps=_MINUTES),
    Kind("account-news", of="account", sms=False, urgent=True, keeps=timedelta(days=2)),
    # Stories, to mailboxes that asked for them: about nobody
    Kind("story-confirm", of="account", sms=False, urgent=True),
    Kind("story", of="reader", sms=False, quiet=True, marketing=True, keeps=_DAYS),
)
KINDS: Final[dict[str, Kind]] = {kind.code: kind for kind in _ALL}
MARKETING: Final = tuple(kind.code for kind in _ALL if kind.marketing)  # it goes out when nothing else waits


def family_of(code: str) -> str:
    """The kind without its number: "reminder-2" is a "reminder"."""
    family, _, number = code.rpartition("-")
    return family if number.isdigit() else code


def kind_of(code: str) -> Kind:
    """What is true of messages with this code; "reminder-2" is of the kind "reminder".

    :raises KeyError: nobody knows such a message
    """
    return KINDS[family_of(code)]


def hours_are_fine(code: str, hours: Collection[int]) -> bool:
    """Whether a clinic may set these hours for a kind: none (as we ship it), or each of its times, and each in reach;
    of reminders up to three.
    """
    kind = kind_of(code)
    least, most = kind.between
    counts = range(1, MOST_REMINDERS + 1) if kind.code == "reminder" else (len(kind.hours),)
    in_reach = all(least <= one <= most for one in hours) and len(set(hours)) == len(hours)
    return not hours or (len(hours) in counts and in_reach)


def waits_for_morning(code: str, *, channel: str) -> bool:
    """Whether a message of this kind, sent by this channel, waits for the end of the reader's night."""
    kind = kind_of(code)
    return kind.quiet or (channel == SMS and not kind.urgent)


def still_true(code: str, *, status: str, awaiting: str) -> bool:
    """Whether a message of this kind may still be sent about a visit in this state (FHIR's code, what it awaits)."""
    return not kind_of(code).true_in.isdisjoint({status, f"{status}:{awaiting}"})

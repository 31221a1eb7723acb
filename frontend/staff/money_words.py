"""The words of money for staff: what happens next with a visit, what a movement was, how money came. No rule here."""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from django.utils.translation import gettext as _gettext
from django.utils.translation import gettext_lazy as _

from booking.feeds.amounts import money
from booking.feeds.papers import METHODS
from booking.models import Appointment, FeeCase
from booking.payments.models import LedgerEntry
from booking.rules.money_words import Said
from booking.selectors.movements import Movement
from frontend.money_sentences import Sentence, Words, tell, tell_movement
from frontend.staff.money_forms import REASONS_TO_GIVE

NEXT: Final[dict[str, tuple[str, Words]]] = {
    # What is wrong.
    "dispute-open": ("stop", _("The cardholder disputes %(sum)s at their bank. A manager answers at Stripe.")),
    "dispute-won": ("clear", _("The dispute about %(sum)s is won: the money is ours.")),
    "dispute-lost": ("stop", _("The dispute about %(sum)s is lost: the bank gave the money back to the cardholder.")),
    "refund-failed": ("stop", _("The bank could not give %(sum)s back. Find another way with the patient.")),
    "refused": ("stop", _("Stripe refused what we asked about %(sum)s. A manager looks at it under Money.")),
    # What moves by itself.
    "undo-then-fee": ("caution", _("The cancellation can be undone until %(when)s. Then a fee of %(sum)s is owed.")),
    "undo-then-used": (
        "caution", _("The cancellation can be undone until %(when)s. Then a session of “%(name)s” is used up.")
    ),
    "undo-then-free": ("", _("The cancellation can be undone until %(when)s. Then what was paid goes back.")),
    "undo-then-returned": (
        "", _("The cancellation can be undone until %(when)s. Then the session goes back to its package.")
    ),
    "undo-then-nothing": ("", _("The cancellation can be undone until %(when)s. It costs nothing.")),
    "closing": ("review", _("The page to pay online is being closed. What is still paid there goes back by itself.")),
    "paying": ("caution", _("The patient is paying %(sum)s online. Without it the time is let go at %(when)s.")),
    "page-open": ("review", _("The patient has opened the page to pay %(sum)s online.")),
    "held-for-review": (
        "review",
        _("%(sum)s is held on the card, not taken. We take it when the therapist says yes; a no, or no answer by "
          "%(when)s, lets it go."),
    ),
    "held": ("review", _("%(sum)s is held on the card, not taken. It is taken or let go within minutes.")),
    "taking": ("review", _("%(sum)s was held on the card and is being taken now.")),
    "releasing": ("review", _("The %(sum)s held on the card is being let go. The bank may show it for some days.")),
    "giving-back": ("review", _("%(sum)s is on its way back to the card. It is there in 5 to 10 days.")),
    "card-asked": ("caution", _("We asked for a card to keep. Nothing is taken; the time is kept until %(when)s.")),
    "card-kept": ("", _("%(name)s is kept for a fee, %(sum)s at most, after a manager's yes. Nothing is taken now.")),
    "fee-proposed": ("caution", _("A fee of %(sum)s waits for a manager: take it, or waive it.")),
    "fee-approved": ("review", _("The fee of %(sum)s is taken on %(when)s. Until then a manager can undo it.")),
    "fee-taking": ("review", _("The fee of %(sum)s is being taken from the card.")),
    "fee-taken": ("clear", _("The fee of %(sum)s was taken from the card.")),
    "fee-declined": ("caution", _("No card paid the fee of %(sum)s. The patient is asked to pay it.")),
    "fee-waived": ("", _("The fee of %(sum)s was waived by %(name)s.")),
    "fee-paid": ("clear", _("The fee of %(sum)s is paid.")),
    "package-pays": ("", _("A session of “%(name)s” pays this visit. It goes back if the visit ends without a fee.")),
    "package-paid": ("clear", _("Paid with a session of “%(name)s”.")),
    "bill-later": ("", _("%(name)s is billed %(sum)s after the visit.")),
    "bill-to-bill": ("caution", _("%(name)s is to be billed %(sum)s.")),
    "bill-billed": ("review", _("%(name)s was billed %(sum)s on %(when)s and has not answered.")),
    "bill-part-paid": ("caution", _("%(name)s has paid a part. %(sum)s is still open with them.")),
    "bill-paid": ("clear", _("%(name)s has paid %(sum)s.")),
    "bill-denied": (
        "stop",
        _("%(name)s said no to %(sum)s on %(when)s. Talk with the patient first: nothing is charged by itself."),
    ),
    "bill-was-denied": ("clear", _("%(name)s said no to %(sum)s on %(when)s. It was paid in another way.")),
    # What a person does.
    "due-if-yes": ("", _("If the therapist says yes, %(sum)s is due at the visit.")),
    "due-then": ("", _("%(sum)s is due at the visit.")),
    "due-now": ("caution", _("%(sum)s is due now. Take it here, or send a link to pay.")),
    "fee-due": ("caution", _("A fee of %(sum)s is not paid. Take it, or waive it with a reason.")),
    "link-out": ("caution", _("%(sum)s is due. The patient has a link to pay it online until %(when)s.")),
    "hand-back": ("caution", _("%(sum)s is to be handed back at the desk.")),
    # Nothing is left.
    "all-paid": ("clear", _("All paid.")),
    "nothing-owed": ("", _("Nothing is owed.")),
    "nothing-to-pay": ("", _("There is nothing to pay.")),
}  # fmt: skip

MOVED: Final[dict[str, Words]] = {
    "asked": _("Asked to pay online"),
    "authorisation": _("Held on the card, not taken"),
    "capture": _("Taken from the card"),
    "void": _("Hold on the card let go"),
    "refund": _("Given back to the card"),
    "refund-failed": _("The bank could not give it back"),
    "desk": _("Paid at the desk"),
    "desk-cash": _("Paid in cash"),
    "desk-terminal": _("Paid at the card terminal"),
    "desk-e-transfer": _("Paid by e-transfer"),
    "desk-gift-card": _("Paid with a gift card"),
    "handed-back": _("Handed back at the desk"),
    "handed-back-cash": _("Handed back in cash"),
    "handed-back-terminal": _("Given back at the card terminal"),
    "handed-back-e-transfer": _("Given back by e-transfer"),
    "handed-back-gift-card": _("Given back to a gift card"),
    "payer": _("Paid by %(payer)s"),
    "payer-took-back": _("Taken back by %(payer)s"),
    "package": _("Paid with a session of %(package)s"),
    "package-returned": _("Session given back to %(package)s"),
    "fee-cancelled": _("Fee for a late cancellation"),
    "fee-noshow": _("Fee for not coming"),
    "fee-moved": _("Fee for a late move"),
    "waiver": _("Fee waived"),
    "disputed": _("Taken back by the cardholder's bank: disputed"),
    "dispute-won": _("Returned by the bank: the dispute is won"),
    "dispute-lost": _("Left with the cardholder: the dispute is lost"),
    "dispute-fee": _("The bank's fee for the dispute"),
    "dispute-fee-back": _("The bank's fee for the dispute, returned"),
}

WAYS: Final[dict[str, Words]] = {
    "online": _("Card, online"),
    "terminal": _("Card terminal"),
    "cash": _("Cash"),
    "e-transfer": _("E-transfer"),
    "gift-card": _("Gift card"),
    "payer": _("Payers"),
}
WHY: Final[dict[str, Words]] = {  # of a fee that is waived, money that is given back, a visit that is cancelled
    **dict(FeeCase.Reason.choices),
    **{code: words for code, words in REASONS_TO_GIVE if code},
    **dict(Appointment.CancelReason.choices),
}
AGES: Final[dict[str, Words]] = {"0-30": "0–30", "31-60": "31–60", "61-90": "61–90", "over-90": _("over 90")}


@dataclass(frozen=True, slots=True)
class Line:
    """What moved, as a list shows it: what it was, and who or what stands behind it. `amount` is signed, and 0 where
    nothing came or went. What was taken at the desk in one go is one line; `movement` is its first part.
    """

    movement: Movement
    what: str
    who: str
    amount: int


def next_sentences(next_ones: Iterable[Said], visit: Appointment) -> list[Sentence]:
    """What happens next with the money of a visit, for staff."""
    return [tell(said, NEXT, currency=visit.currency, zone=visit.time_zone) for said in next_ones]


def lines_of(movements: Iterable[Movement]) -> list[Line]:
    """Movements in words."""
    return [_line(list(parts)) for _, parts in groupby(movements, key=_taken_together)]


def sums_in_words(parts: Iterable[tuple[str, int]], currency: str) -> str:
    """How much came in which way: "$50.00 cash, $30.00 card terminal"."""
    ways = Counter[str]()
    for way, amount in parts:
        ways[way] += amount
    return ", ".join(f"{money(amount, currency)} {METHODS.get(way) or way}" for way, amount in ways.items())


def _taken_together(movement: Movement) -> Hashable:
    """The same for all parts of what somebody took at the desk with one press."""
    entry, payment = movement.entry, movement.entry.payment
    if entry.kind != LedgerEntry.Kind.DESK:
        return entry.pk
    return payment.appointment_id, payment.package_id, entry.recorded_by_id, entry.recorded_at


def _line(parts: Sequence[Movement]) -> Line:
    first = parts[0]
    return Line(first, _what(parts), _who(first), sum(part.amount for part in parts))


def _what(parts: Sequence[Movement]) -> str:
    if len({part.way for part in parts}) == 1:
        return tell_movement(parts[0], MOVED)
    in_order = sorted(parts, key=lambda part: part.entry.pk)
    sums = sums_in_words(((part.way, part.amount) for part in in_order), parts[0].entry.currency)
    return _gettext("Paid at the desk: %(sums)s") % {"sums": sums}


def _who(movement: Movement) -> str:
    """The person who wrote it down, else whose word it was."""
    if movement.entry.recorded_by is not None:
        return str(movement.entry.recorded_by)
    return "Stripe" if movement.stripe_id else _gettext("by the agreed terms")

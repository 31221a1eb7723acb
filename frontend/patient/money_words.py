"""What happens next with a visit's money, in the patient's words. No rule here."""

from collections.abc import Iterable
from typing import Final

from django.utils.translation import gettext_lazy as _

from booking.models import Appointment
from booking.rules.money_words import Said
from frontend.money_sentences import Sentence, Words, tell

ELSEWHERE: Final = frozenset({"card-kept"})  # said where the card can be seen and taken away
_FEE_STAYS = _("A fee of %(sum)s is open. We will get in touch before anything is taken.")
_ASKED_OF = _("We ask %(name)s for %(sum)s. You don't have to do anything.")
NEXT: Final[dict[str, tuple[str, Words]]] = {
    "dispute-open": ("caution", _("Your bank is looking into a payment of %(sum)s. If that is a mistake, call us.")),
    "dispute-won": ("", _("Your bank has decided about the payment of %(sum)s: it stays with us.")),
    "dispute-lost": ("", _("Your bank has given %(sum)s back to you.")),
    "refund-failed": ("caution", _("Your bank could not take %(sum)s back. Please call us: we find another way.")),
    "refused": ("", _("We are looking into a payment of %(sum)s. You don't have to do anything.")),
    "undo-then-fee": ("caution", _("If you don't take it back, a fee of %(sum)s is owed after %(when)s.")),
    "undo-then-used": ("caution", _("If you don't take it back, a session of “%(name)s” is used up after %(when)s.")),
    "undo-then-free": ("", _("It costs you nothing. What you have paid goes back to you after %(when)s.")),
    "undo-then-returned": ("", _("It costs you nothing. The visit goes back to your package after %(when)s.")),
    "undo-then-nothing": ("", _("Cancelling costs you nothing.")),
    "closing": ("", _("The page to pay online is closed. If you have just paid there, it goes back by itself.")),
    "paying": ("caution", _("Please pay %(sum)s online by %(when)s. Without it we can't keep the time.")),
    "page-open": ("", _("The page to pay %(sum)s online is open.")),
    "held-for-review": (
        "review",
        _("%(sum)s is held on your card, not taken. We take it when the therapist says yes. If not, the hold ends and "
          "you pay nothing. Your bank may show it as pending."),
    ),
    "held": ("review", _("%(sum)s is held on your card. Your bank may show it as pending.")),
    "taking": ("", _("We are taking %(sum)s from your card.")),
    "releasing": ("", _("We have let go of the %(sum)s held on your card. Your bank may show it for some days.")),
    "giving-back": ("", _("%(sum)s is on its way back to your card. It is there in 5 to 10 days.")),
    "card-asked": ("caution", _("Please give us a card to keep by %(when)s. Nothing is taken now.")),
    "fee-proposed": ("caution", _FEE_STAYS),
    "fee-approved": (
        "caution", _("A fee of %(sum)s is taken from your card on %(when)s. If that is wrong, call us before.")
    ),
    "fee-taking": ("", _("A fee of %(sum)s is being taken from your card.")),
    "fee-taken": ("", _("A fee of %(sum)s was taken from your card.")),
    "fee-declined": ("caution", _("A fee of %(sum)s is open. You can pay it online or at the clinic.")),
    "fee-waived": ("clear", _("You don't have to pay the fee of %(sum)s.")),
    "fee-paid": ("clear", _("The fee of %(sum)s is paid. Thank you.")),
    "package-pays": ("clear", _("A session of “%(name)s” pays this visit.")),
    "package-paid": ("clear", _("Paid with a session of “%(name)s”.")),
    "bill-later": ("", _("%(name)s pays %(sum)s. We send them the bill after your visit.")),
    "bill-to-bill": ("", _ASKED_OF),
    "bill-billed": ("", _ASKED_OF),
    "bill-part-paid": ("", _ASKED_OF),
    "bill-paid": ("clear", _("%(name)s has paid %(sum)s.")),
    "bill-denied": ("caution", _("%(name)s does not pay %(sum)s. We will talk with you about it.")),
    "bill-was-denied": ("clear", _("%(name)s did not pay %(sum)s. Nothing is left to pay.")),
    "due-if-yes": ("", _("If the therapist says yes, you pay %(sum)s at the clinic.")),
    "due-then": ("", _("You pay %(sum)s at the clinic.")),
    "due-now": ("caution", _("%(sum)s is still to be paid. You can pay it at the clinic.")),
    "fee-due": ("caution", _("A fee of %(sum)s is still to be paid. You can pay it at the clinic.")),
    "link-out": ("caution", _("You can pay %(sum)s with the link in your email until %(when)s, or at the clinic.")),
    "hand-back": ("", _("You get %(sum)s back from us at the clinic.")),
    "all-paid": ("clear", _("All paid. Thank you.")),
    "nothing-owed": ("", _("You owe nothing.")),
    "nothing-to-pay": ("", _("There is nothing to pay.")),
}  # fmt: skip


def next_sentences(next_ones: Iterable[Said], visit: Appointment) -> list[Sentence]:
    """What happens next with the money of a visit, for its patient."""
    said_here = (said for said in next_ones if said.code not in ELSEWHERE)
    return [tell(said, NEXT, currency=visit.currency, zone=visit.time_zone) for said in said_here]

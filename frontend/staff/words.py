"""Plain words for the codes that staff pages show. Looks only; no rule lives here."""

from typing import Final, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Words = str | Promise


class Tagged(NamedTuple):
    """A state as a word with its kind (mark and colour): clear, caution, review, stop, accent or nothing."""

    kind: str
    text: Words


STATES: Final[dict[tuple[str, str], Tagged]] = {
    ("proposed", ""): Tagged("", _("being booked")),
    ("pending", "payment"): Tagged("caution", _("waiting for payment")),
    ("pending", "review"): Tagged("review", _("a therapist decides")),
    ("pending", "form"): Tagged("caution", _("waiting for the health form")),
    ("booked", ""): Tagged("accent", _("booked")),
    ("arrived", ""): Tagged("clear", _("arrived")),
    ("checked-in", ""): Tagged("clear", _("checked in")),
    ("fulfilled", ""): Tagged("", _("done")),
    ("noshow", ""): Tagged("stop", _("did not come")),
    ("cancelled", ""): Tagged("", _("cancelled")),
    ("entered-in-error", ""): Tagged("", _("entered by mistake")),
}

FORMS: Final[dict[str, Tagged]] = {
    "complete": Tagged("clear", _("complete")),
    "incomplete": Tagged("caution", _("incomplete")),
    "needs-therapist": Tagged("review", _("needs the therapist")),
}

AGREEMENTS: Final[dict[str, Tagged]] = {
    "signed": Tagged("clear", _("complete")),
    "missing": Tagged("caution", _("incomplete")),
    "withdrawn": Tagged("stop", _("taken back")),
}

OUTCOMES: Final[dict[str, Tagged]] = {
    "STOP": Tagged("stop", _("no needling")),
    "REVIEW": Tagged("review", _("a therapist decides")),
    "CAUTION": Tagged("caution", _("with care")),
    "CLEAR": Tagged("clear", _("nothing found")),
}

DECISIONS: Final[dict[str, Words]] = {
    "approved": _("Approved"),
    "lowered": _("Approved with care"),
    "declined": _("Declined"),
    "raised": _("Needling ruled out"),
}

URGENCIES: Final[dict[str, Words]] = {
    "EMERGENCY": _("emergency"),
    "SAME_DAY": _("to be seen the same day"),
    "MEDICAL_SOON": _("to be seen by a doctor soon"),
}

MESSAGES: Final[dict[str, Words]] = {
    "confirmation": _("Confirmation"),
    "request-received": _("We have your request"),
    "request-waiting": _("To the therapist: a request waits"),
    "request-still-waiting": _("To staff: a request still waits"),
    "request-overdue": _("To the managers: a request was not answered in time"),
    "request-answered": _("To the therapist: the patient has answered"),
    "question-waiting": _("The therapist has a question"),
    "answers-opened": _("To the therapist: a manager opened answers"),
    "form-needed": _("Link to the health form"),
    "to-sign": _("Link to what is read and signed"),
    "payment-waiting": _("A payment is open"),
    "payment-problem": _("A payment needs a look"),
    "pay-link": _("Link to pay"),
    "fee-coming": _("A fee will be taken"),
    "cancellation": _("Cancellation"),
    "declined": _("The therapist advised against it"),
    "approved": _("The therapist said yes"),
    "time-released": _("The time was let go"),
    "moved": _("Moved"),
    "changed": _("Something changed"),
    "reminder": _("Reminder"),
    "recheck": _("A few quick questions"),
    "waitlist-joined": _("On the waitlist"),
    "waitlist-offer": _("A time from the waitlist"),
}

EVENTS: Final[dict[str, Words]] = {
    "receipt-issued": _("issued a receipt"),
    "fee-issued": _("issued the receipt of a fee"),
    "credit-note-issued": _("issued a credit note"),
    "statement-issued": _("issued a statement"),
    "document-copied": _("opened a receipt or another paper"),
    "answers-opened": _("opened the answers, giving a reason"),
    "held": _("kept a time"),
    "hold-expired": _("the time was not confirmed"),
    "hold-released": _("let the time go"),
    "offered": _("offered a time"),
    "offer-accepted": _("said yes to another time"),
    "offer-declined": _("said no to the time"),
    "offer-withdrawn": _("the offer was taken back"),
    "waitlist-joined": _("went on the waitlist"),
    "waitlist-urgency": _("changed how urgent it is"),
    "waitlist-left": _("left the waitlist"),
    "waitlist-ended": _("the waitlist entry ended"),
    "requested": _("asked for the time"),
    "not-cleared": _("could not be booked on these answers"),
    "booked": _("booked"),
    "moved": _("moved it"),
    "cancelled": _("cancelled it"),
    "cancel-undone": _("took the cancellation back"),
    "shortened": _("made it shorter"),
    "rest-freed": _("freed the rest of the time"),
    "arrived": _("arrived"),
    "checked-in": _("checked in"),
    "fulfilled": _("done"),
    "noshow": _("did not come"),
    "entered-in-error": _("entered by mistake"),
    "approved": _("approved the request"),
    "declined": _("declined the request"),
    "lowered": _("approved the request, with care"),
    "raised": _("ruled out needling on these answers"),
    "asked": _("asked the patient a question"),
    "replied": _("answered the question"),
    "assessment-chosen": _("chose a visit without needles if nobody answers"),
    "assessment-withdrawn": _("took that choice back"),
    "stands-in": _("answers for a colleague"),
    "form-attached": _("filled in the health form"),
    "form-overdue": _("the health form did not come in time"),
    "form-link-sent": _("sent the link to the health form"),
    "sign-link-sent": _("sent the link to what is read and signed"),
    "consent-signed": _("signed to have read the information"),
    "consented": _("recorded the patient's yes"),
    "consent-reconfirmed": _("recorded the same yes again"),
    "consent-withdrawn": _("took the agreement back"),
    "treatment-started": _("started the treatment"),
    "treatment-planned": _("chose where to treat"),
    "decided-in-room": _("decided in the room"),
    "answered-in-room": _("asked further questions in the room"),
    "treatment-recorded": _("wrote the treatment record"),
    "guardian-sees-set": _("set what a parent may see"),
    "made-needle-free": _("made it a visit without needles"),
    "alert-acknowledged": _("has seen what to be careful about"),
    "course-continued": _("said that the course goes on"),
    "course-extended": _("added sessions to the course"),
    "course-ended": _("ended the course early"),
    "payment-waiting": _("a payment was begun"),
    "payment-lapsed": _("the payment was not completed"),
    "payment-at-desk": _("pays at the desk instead"),
    "paid-too-late": _("the payment came too late"),
    "screened": _("the answers were looked at"),
    "answered": _("answered"),
    "asked-again": _("began the questions before a visit"),
    "answered-again": _("answered the questions before a visit"),
    "check-link-sent": _("sent the link to the questions before the visit"),
    "therapist-decides": _("a therapist decides, after new answers"),
    "started": _("began a form"),
    "completed": _("finished the form"),
    "erased": _("erased the record"),
    "exported": _("took a copy of the answers"),
    "paid-at-desk": _("took a payment at the desk"),
    "handed-back-at-desk": _("handed money back at the desk"),
    "given-back": _("gave money back"),
    "price-lowered": _("took something off the price"),
    "pay-link-sent": _("sent a link to pay"),
    "pay-link-ended": _("ended the link to pay"),
    "card-kept": _("left a card for fees"),
    "card-removed": _("took the card back"),
    "card-not-needed": _("went on without a card"),
    "fee-approved": _("said that the fee is taken"),
    "fee-approval-undone": _("took back that the fee is taken"),
    "fee-being-taken": _("began to take the fee from the card"),
    "fee-taken": _("took the fee from the card"),
    "fee-not-taken": _("could not take the fee from the card"),
    "fee-paid": _("the fee is paid"),
    "fee-waived": _("waived the fee"),
    "fee-withdrawn": _("the fee is not owed any more"),
    "till-signed": _("signed the sheet of the day"),
    "package-ordered": _("began to buy a package"),
    "package-bought": _("bought a package"),
    "package-lapsed": _("the package was not paid"),
    "package-used": _("paid the visit by a package"),
    "package-session-returned": _("gave the visit back to its package"),
    "package-given-back": _("gave back what was unused of a package"),
    "package-extended": _("let a package be used for longer"),
    "package-issued": _("made a package's receipt"),
    "cover-added": _("entered who pays for the patient"),
    "cover-changed": _("changed what a payer has approved"),
    "cover-ended": _("ended a payer's approval"),
    "payer-chosen": _("said who pays the visit"),
    "claim-billed": _("billed the payer"),
    "claim-denied": _("noted that the payer said no"),
    "claim-exported": _("took the bill as a table"),
    "payer-paid": _("entered a payer's payment"),
    "payer-took-back": _("noted what a payer took back"),
    "message-resent": _("sent a message again"),
    "read": _("read the answers"),
    "break-glass": _("opened the answers with a reason"),
    "registered": _("entered the patient"),
    "attached": _("gave the answers"),
    "contact-changed": _("changed the contact data"),
    "contact-verified": _("proved the mail address"),
}

BRANDS: Final = {"visa": "Visa", "mastercard": "Mastercard", "amex": "American Express", "discover": "Discover"}
FEE_PROBLEMS: Final[dict[str, Words]] = {
    "card_declined": _("The bank refused the card."),
    "expired_card": _("The card has expired."),
    "authentication_required": _("The bank wants the patient to confirm the payment."),
    "not-agreed": _("A card is kept, but nobody agreed to the fee for this visit."),
    "no-card": _("There was no card to take it from."),
}

ENTITIES: Final[dict[str, Words]] = {
    "intake.patient": _("the record"),
    "intake.screening": _("the health answers"),
    "intake.questionnaireresponse": _("the health form"),
    "intake.consent": _("the agreement"),
    "booking.appointment": _("a visit"),
    "booking.encounter": _("the treatment"),
    "booking.treatmentrecord": _("the treatment record"),
    "booking.document": _("a receipt or another paper"),
    "booking.task": _("a task"),
    "booking.waitlistentry": _("a place on the waitlist"),
    "booking.cover": _("who pays for the patient"),
    "payments.payment": _("a payment"),
    "reminders.communication": _("a message"),
}

ROLES: Final[dict[str, Words]] = {
    "patient": _("the patient"),
    "anonymous": _("somebody on the patient pages"),
    "system": _("the system"),
    "therapist": _("therapist"),
    "reception": _("reception"),
    "manager": _("manager"),
    "owner": _("owner"),
}

REGIONS: Final[dict[str, Words]] = {
    "head_face": _("Head and face"),
    "neck": _("Neck"),
    "shoulder_girdle": _("Shoulder"),
    "upper_back_thorax": _("Upper back"),
    "chest": _("Chest"),
    "abdomen": _("Belly"),
    "low_back": _("Low back"),
    "pelvis_hip": _("Hip and pelvis"),
    "thigh": _("Thigh"),
    "knee": _("Knee"),
    "calf_shin": _("Lower leg"),
    "ankle_foot": _("Ankle and foot"),
    "upper_arm": _("Upper arm"),
    "elbow_forearm": _("Elbow and forearm"),
    "wrist_hand": _("Wrist and hand"),
}


def readable(code: str) -> str:
    """A code without words of its own, at least without its hyphens."""
    return code.replace("_", " ").replace("-", " ")

"""What can foreseeably go wrong with a booking."""

from django.utils.translation import gettext_lazy as _

from intake.errors import DrypointError


class BookingError(DrypointError):
    """Base of the errors of booking."""


class SlotTaken(BookingError):
    """Details may carry `alternatives`: up to three `booking.rules.availability.Slot`."""

    code = "slot-taken"
    message = _("Someone has just booked that time. Please choose another.")
    status = 409


class PatientBusy(BookingError):
    code = "patient-busy"
    message = _("There is already a visit for this person at that time.")
    status = 409


class NotCleared(BookingError):
    code = "not-cleared"
    message = _("We can't book needling online with these answers. A visit without needles or a call is possible.")
    status = 409


class RecheckDue(BookingError):
    """The questions that are asked again before each visit with needles have no answer yet."""

    code = "recheck-due"
    message = _("The short questions before this visit are not answered yet. Let the patient answer them, or ask them.")
    status = 409


class HoldExpired(BookingError):
    code = "hold-expired"
    message = _("We could not keep that time any longer. Please choose a time again.")
    status = 409


class TooLate(BookingError):
    code = "too-late"
    message = _("It is too late to do this online. Please call us.")
    status = 409


class NotPossibleNow(BookingError):
    """The visit is in a state that does not allow this step."""

    code = "not-possible-now"
    message = _("This visit has changed in the meantime. Please look at it again.")
    status = 409


class DecidedAlready(NotPossibleNow):
    """Somebody was faster to answer the request; the message says who."""

    code = "decided-already"
    message = _("Somebody has answered this request already.")


class SlotNotOffered(BookingError):
    code = "slot-not-offered"
    message = _("That time is not offered. Please choose another.")
    status = 422


class WallTimeInvalid(BookingError):
    """A clock time that does not exist, or exists twice, on the day when the clocks change."""

    code = "wall-time-invalid"
    message = _("The clocks change in that hour. Please choose an hour earlier or later.")
    status = 422


class TooManyHolds(BookingError):
    code = "too-many-holds"
    message = _("You are already holding several times. Please let one go first.")
    status = 429


class PaymentNotOffered(BookingError):
    code = "payment-not-offered"
    message = _("This visit can't be paid that way.")
    status = 422


class PhoneNeeded(BookingError):
    code = "phone-needed"
    message = _("We call you at that time. Please give a phone number for it.")
    status = 422


class TryAgain(BookingError):
    """Too many want the same rows at once; nothing was changed."""

    code = "try-again"
    message = _("We could not do this just now. Please try again.")
    status = 503


class EventRefused(BookingError):
    """An event that does not come from our Stripe account."""

    code = "event-refused"
    message = _("This event is not signed.")
    status = 400


class RefundTooLarge(BookingError):
    """Details carry `left`: minor units that could still be given back."""

    code = "refund-too-large"
    message = _("That is more than can be given back.")
    status = 422


class StripeUnavailable(BookingError):
    code = "payment-unavailable"
    message = _("Online payment can't be reached right now. You can try again or pay at the clinic.")
    status = 503


class PoliciesNotAccepted(BookingError):
    code = "policies-not-accepted"
    message = _("Please agree to the cancellation terms first.")
    status = 422

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


class ReasonNeeded(BookingError):
    """Staff may go beyond the clinic's own rules if they say why: one of `Appointment.SetAside`."""

    code = "reason-needed"
    message = _("This goes beyond the clinic's rules. Please say why.")
    status = 422


class WaitsAlready(BookingError):
    code = "waits-already"
    message = _("This is on our waitlist already. We write as soon as a time that suits becomes free.")
    status = 409


class SlotNotOffered(BookingError):
    code = "slot-not-offered"
    message = _("That time is not offered. Please choose another.")
    status = 422


class SpacingBroken(BookingError):
    """Details may carry `sessions` (the numbers of those at a wrong distance), `min_days` and `max_days`."""

    code = "spacing"
    message = _("The sessions of a course need the right number of days between them. Please choose another day.")
    status = 422


class WallTimeInvalid(BookingError):
    """A clock time that does not exist, or exists twice, on the day when the clocks change."""

    code = "wall-time-invalid"
    message = _("The clocks change in that hour. Please choose an hour earlier or later.")
    status = 422


class TooManyHolds(BookingError):
    code = "too-many-holds"
    message = _(
        "Several times are held for you already. Finish one of those bookings, let a time go, or try again in ten"
        " minutes. Is this for a family or a group? Please call us."
    )
    status = 429


class PaymentNotOffered(BookingError):
    code = "payment-not-offered"
    message = _("This visit can't be paid that way.")
    status = 422


class PrepaymentForbidden(BookingError):
    """The clinic may ask for nothing before a visit: no deposit, no kept card, no package."""

    code = "prepayment-forbidden"
    message = _("This clinic asks for no payment before a visit. You pay at the clinic.")
    status = 422


class TermsChanged(BookingError):
    """What it costs is no longer what was shown; nothing was booked, the time stays held."""

    code = "terms-changed"
    message = _("What it costs has changed since you opened this page. Please look again.")
    status = 409


class TermsInvalid(BookingError):
    code = "terms-invalid"
    message = _("A deposit and each fee is an amount or a part in per cent, not both; a deposit is above zero.")
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
    """An event that does not come from our account at Stripe, Twilio or the mail provider."""

    code = "event-refused"
    message = _("This event is not signed.")
    status = 400


class RefundTooLarge(BookingError):
    """Details carry `left`: minor units that could still be given back."""

    code = "refund-too-large"
    message = _("That is more than can be given back.")
    status = 422


class RefundAboveLimit(BookingError):
    """Details carry `limit`: minor units that reception may give back for one visit."""

    code = "refund-above-limit"
    message = _("That is more than reception may give back for one visit. A manager can do it.")
    status = 403


class MoreThanDue(BookingError):
    """Details carry `due`: minor units that are still to be paid."""

    code = "more-than-due"
    message = _("That is more than is due. We take no tips, and keep no money that isn't owed.")
    status = 422


class NothingDue(BookingError):
    code = "nothing-due"
    message = _("Nothing is due for this visit any more.")
    status = 409


class SheetSigned(BookingError):
    code = "sheet-signed"
    message = _("The sheet of this day is signed already. What comes later stands on the next one.")
    status = 409


class SheetChanged(BookingError):
    """Money was taken or given back while somebody counted."""

    code = "sheet-changed"
    message = _("Something was taken or given back while you counted. Please look at the sheet again.")
    status = 409


class CountInvalid(BookingError):
    """The count can't be signed as it is; details carry `why`: "note" or "banked"."""

    code = "count-invalid"
    message = _("Please say why the drawer differs, and take out no more than is in it.")
    status = 422


class StripeUnavailable(BookingError):
    code = "payment-unavailable"
    message = _("Online payment can't be reached right now. You can try again or pay at the clinic.")
    status = 503


class PoliciesNotAccepted(BookingError):
    code = "policies-not-accepted"
    message = _("Please agree to the cancellation terms first.")
    status = 422


class HoursInvalid(BookingError):
    """Details carry `line`: which line of hours it is, from 0."""

    code = "hours-invalid"
    message = _("Hours must end after they begin, and their last day can't come before the first.")
    status = 422


class HoursOverlap(HoursInvalid):
    code = "hours-overlap"
    message = _("Two lines overlap on the same day. Please change one of them.")


class BreakOutsideHours(HoursInvalid):
    code = "break-outside-hours"
    message = _("A break must lie inside the hours of that day.")


class TurnsNeedADate(HoursInvalid):
    code = "turns-need-a-date"
    message = _("For hours that are not every week, say from which day they count.")


class ClinicClosed(BookingError):
    code = "clinic-closed"
    message = _("The clinic is closed on that day. Open it on that day first.")
    status = 422


class CalendarRefused(BookingError):
    """An uploaded calendar that can't be used; details carry `why`."""

    code = "calendar-refused"
    message = _("This file can't be read as a calendar. Please export it again as an .ics file.")
    status = 422


class CoverNotUsable(BookingError):
    """Details may carry `problem`: why the payer does not bear this visit."""

    code = "cover-not-usable"
    message = _("This payer can't be taken for this visit. Choose another, or the patient pays.")
    status = 409


class CoverInvalid(BookingError):
    code = "cover-invalid"
    message = _("A payer bears a part in per cent, an amount a visit, or both, above zero.")
    status = 422


class PayerExists(BookingError):
    code = "payer-exists"
    message = _("There is a payer with this name already.")
    status = 409


class ClaimNotOpen(BookingError):
    """A claim is not in the state that this step needs."""

    code = "claim-not-open"
    message = _("One of these bills has changed in the meantime. Please look at the list again.")
    status = 409


class ClaimNumberMissing(BookingError):
    code = "claim-number-missing"
    message = _("The claim number is missing. Enter it with the patient's payer, then mark the visit as billed.")
    status = 409


class PaymentDiffers(BookingError):
    """Details carry `difference`: minor units by which the payment is more, or below zero less, than its bills."""

    code = "payment-differs"
    message = _("The payment and the bills chosen don't come to the same sum.")
    status = 422


class NotReceiptable(BookingError):
    code = "not-receiptable"
    message = _("A receipt is for a visit that took place. This one has not, or not yet.")
    status = 409


class NothingPaid(BookingError):
    code = "nothing-paid"
    message = _("Nothing has been paid for this visit, so there is nothing to give a receipt for.")
    status = 409


class RegistrationMissing(BookingError):
    code = "registration-missing"
    message = _("The therapist's registration number for that day is missing. The owner enters it in Settings.")
    status = 409


class AlreadyCredited(BookingError):
    code = "already-credited"
    message = _("This document has a credit note already, or is one that can't have any.")
    status = 409


class PeriodInvalid(BookingError):
    code = "period-invalid"
    message = _("Please give a first day that is not after the last, and a last day that is not in the future.")
    status = 422


class NothingInPeriod(BookingError):
    code = "nothing-in-period"
    message = _("There is nothing to list in these days.")
    status = 422


class PackageNotUsable(BookingError):
    """A session can't pay this visit: none is left, it has ended, it is for other visits, or something is paid."""

    code = "package-not-usable"
    message = _("This package can't pay this visit. Please choose another way to pay.")
    status = 409


class OfferInvalid(BookingError):
    code = "package-offer-invalid"
    message = _("A package has 2 to 50 visits, a price, a kind of visit, and lasts 1 to 60 months.")
    status = 422


class NothingUnused(BookingError):
    code = "package-nothing-unused"
    message = _("There is nothing left of this package to give back.")
    status = 409


class SeveralCurrencies(BookingError):
    code = "several-currencies"
    message = _("The books hold sums in several currencies, which can't be added up. Please call for help.")
    status = 409


class MonthNotOver(BookingError):
    code = "month-not-over"
    message = _("This month is not over yet. You can close it from the first day of the next one.")
    status = 409


class MonthNotNext(BookingError):
    """It is closed already, or an earlier one is not."""

    code = "month-not-next"
    message = _("Months are closed one after the other. Please look at the list again.")
    status = 409


class FiguresChanged(BookingError):
    code = "figures-changed"
    message = _("The figures have changed since you looked. Please look at them again, then close the month.")
    status = 409


class NoteNeeded(BookingError):
    code = "note-needed"
    message = _("Something is still open. Please write down why you close the month all the same.")
    status = 422


class SplitInvalid(BookingError):
    """Not a share, or from a day in a month that is closed."""

    code = "split-invalid"
    message = _("Please give a share from 0 to 100 per cent, from a day that is not in a closed month.")
    status = 422

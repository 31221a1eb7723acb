"""The doors to an appointment, for pages, API and tasks; each stands in a room of its own."""

from booking.services.cancellations import Cancelled, cancel_appointment
from booking.services.confirming import Confirmed, PaymentChoice, confirm_details
from booking.services.desk_bookings import book_for_caller
from booking.services.forms import attach_form, lapse_forms
from booking.services.moves import Moved, reschedule_appointment
from booking.services.needle_free import make_needle_free
from booking.services.payments_in import payment_authorised

__all__ = [
    "Cancelled",
    "Confirmed",
    "Moved",
    "PaymentChoice",
    "attach_form",
    "book_for_caller",
    "cancel_appointment",
    "confirm_details",
    "lapse_forms",
    "make_needle_free",
    "payment_authorised",
    "reschedule_appointment",
]

"""The doors to an appointment, for pages, API and tasks; each stands in a room of its own."""

from booking.services.cancellations import Cancelled, cancel_appointment
from booking.services.confirming import Confirmed, PaymentChoice, confirm_details
from booking.services.desk_bookings import book_for_caller, book_walk_in
from booking.services.forms import attach_form, lapse_forms
from booking.services.moves import Moved, reschedule_appointment
from booking.services.needle_free import make_needle_free
from booking.services.payments_in import payment_authorised
from booking.services.shortening import free_rest_of_noshow, shorten_visit
from booking.services.undoing import undo_cancellation

__all__ = [
    "Cancelled",
    "Confirmed",
    "Moved",
    "PaymentChoice",
    "attach_form",
    "book_for_caller",
    "book_walk_in",
    "cancel_appointment",
    "confirm_details",
    "free_rest_of_noshow",
    "lapse_forms",
    "make_needle_free",
    "payment_authorised",
    "reschedule_appointment",
    "shorten_visit",
    "undo_cancellation",
]

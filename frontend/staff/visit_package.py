"""The package that pays a visit, or could, for its page."""

from booking.models import Appointment
from booking.selectors.packages import session_of, usable_package
from booking.services.package_credits import MAY_USE, is_unpaid
from intake.access import works_at_desk
from intake.models import User


def package_of(appointment: Appointment, user: User) -> dict[str, object]:
    """The session in use, and what reception could do about it."""
    session = session_of(appointment)
    may_change = (
        works_at_desk(user) and appointment.status in MAY_USE and appointment.awaiting != Appointment.Awaiting.PAYMENT
    )
    could = may_change and session is None and is_unpaid(appointment)
    return {
        "session": session,
        "may_take_back": may_change,
        "usable": usable_package(appointment, appointment.patient) if could else None,
    }

"""Letters about money: written as rows like all others; no sum stands in a mail."""

from datetime import datetime

from booking.models import Appointment
from booking.reminders.rows import write_messages
from booking.reminders.services import ANSWERED, stop_messages
from booking.rules.reminders import at_once


def announce_payment_problem(*, appointment: Appointment, now: datetime) -> None:
    """Tell the patient that a payment needs a look; no sum stands in a mail."""
    write_messages(
        appointment=appointment, planned=[at_once("payment-problem", start=appointment.start, now=now)], now=now
    )


def announce_pay_link(*, appointment: Appointment, path: str, about: str, until: datetime, now: datetime) -> None:
    """Mail the address of the page where what is due is paid, good `until` then; no sum stands in a mail. `about` sets
    apart what is sent again.
    """
    asked = at_once("pay-link", start=appointment.start, deadline=until, now=now)
    write_messages(appointment=appointment, planned=[asked], content={"path": path}, about=about, now=now)


def announce_fee(*, appointment: Appointment, about: str, take_at: datetime, now: datetime) -> None:
    """Tell the patient a day before that a fee will be taken from their card; no sum stands in a mail. `about` sets
    apart what is said again.
    """
    told = at_once("fee-coming", start=appointment.start, deadline=take_at, now=now)
    write_messages(appointment=appointment, planned=[told], about=about, now=now)


def unsay_fee(*, appointment: Appointment, now: datetime) -> None:
    """It will not be taken after all: what has not gone out yet stays here."""
    stop_messages(appointment=appointment, reason=ANSWERED, kinds=["fee-coming"], now=now)

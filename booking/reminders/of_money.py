"""Letters about money: written as rows like all others; no sum stands in a mail."""

from datetime import datetime, timedelta

from booking.models import Appointment, Package
from booking.reminders.models import Communication
from booking.reminders.rows import patient_rows, write_messages
from booking.reminders.services import ANSWERED, stop_messages
from booking.reminders.settings import messages_of
from booking.reminders.ways import reach_of
from booking.rules.kinds import kind_of
from booking.rules.reminders import Planned, at_once


def announce_payment_problem(*, appointment: Appointment, about: str, now: datetime) -> None:
    """Tell the patient that a payment needs a look; no sum stands in a mail. `about` says which payment, so that one
    more of the same visit is told of too.
    """
    told = at_once("payment-problem", start=appointment.start, now=now)
    write_messages(appointment=appointment, planned=[told], about=f"/payment/{about}", now=now)


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


def announce_receipt(*, appointment: Appointment, about: str, now: datetime) -> None:
    """Tell the patient that a receipt, or another paper about a payment, is ready; `about` says which."""
    told = at_once("receipt-ready", start=appointment.start, now=now)
    write_messages(appointment=appointment, planned=[told], about=f"/paper/{about}", now=now)


def announce_end_of_package(*, package: Package, ends_at: datetime, now: datetime) -> bool:
    """Tell whoever bought a package that there is something left on it until `ends_at`; False: they know already."""
    kind, patient = "package-expiring", package.patient
    subject = f"package/{package.pk}/{ends_at:%Y%m%d}"
    if Communication.objects.filter(dedupe_key__startswith=f"{subject}:").exists():
        return False
    channels = messages_of(package.location).channels(kind)
    rows = patient_rows(
        subject=subject,
        planned=Planned(now, kind, min(ends_at, now + kind_of(kind).keeps)),
        patient=patient,
        ways=reach_of(patient).ways_of(kind, channels=channels),
        content={"place": str(package.location_id), "ends_at": (ends_at - timedelta(minutes=1)).isoformat()},
        now=now,
    )
    return bool(Communication.objects.bulk_create(rows, ignore_conflicts=True))

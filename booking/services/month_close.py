"""Closing a month: its figures are kept as they are, and nothing is written into it any more."""

import json
from datetime import date, datetime
from hashlib import sha256

from django.db import transaction

from booking.errors import FiguresChanged, MonthNotNext, MonthNotOver, NoteNeeded
from booking.models import Location, MonthClose, MonthLine
from booking.models.month import TURN_OF_THE_BOOKS
from booking.rules.months import Line, is_over
from booking.rules.spreadsheets import sheet
from booking.rules.walltime import wall_date
from booking.selectors.account_tables import Table, table_of
from booking.selectors.accounts import Figures, account_of, open_month, rows_of_the_books
from booking.selectors.standings import Place
from booking.services.constraints import named_constraints
from booking.services.locks import take_turns
from intake.access import manages
from intake.errors import NotAllowed
from intake.models import User
from intake.services.audit import record_event

TURN_TO_CLOSE = "closing-a-month"  # of those who close; whoever writes money doesn't know of it


def close_month(*, location: Location, month: date, seen: str, note: str, by: User, now: datetime) -> MonthClose:
    """Close the first open month of a clinic. `seen` is the mark (`mark_of`) of the figures that somebody agreed to.

    Everything is summed up and written down first, while money is written beside it. Only then, for a moment, whoever
    writes money is waited for, and waits: nothing may have come to the books since. So each entry is in the figures,
    or in the next month.

    :raises NotAllowed: not a manager
    :raises MonthNotOver, MonthNotNext: this month can't be closed now
    :raises FiguresChanged: they are not what was looked at, or not any more; nothing changed
    :raises NoteNeeded: something is open, and no note says why that may be
    """
    if not manages(by):
        raise NotAllowed
    with named_constraints(), transaction.atomic(durable=True):
        take_turns(TURN_TO_CLOSE)
        if month != open_month(location, now=now):
            raise MonthNotNext
        if not is_over(month, today=wall_date(now, location.time_zone)):
            raise MonthNotOver
        rows = rows_of_the_books(month)
        account = account_of(location=location, month=month)
        if mark_of(account.figures) != seen:
            raise FiguresChanged
        if open_questions(account.figures) and not note.strip():
            raise NoteNeeded
        close = MonthClose.objects.create(
            location=location, month=month, figures=account.figures, note=note.strip(), closed_at=now, closed_by=by
        )
        MonthLine.objects.bulk_create(_row(close, place, line) for place, line in account.lines.items())
        record_event(action="month-closed", entity=close, by=by, details={"month": str(close)}, now=now)
        take_turns(TURN_OF_THE_BOOKS)
        if rows_of_the_books(month) != rows:
            raise FiguresChanged
        return close


def mark_of(figures: Figures) -> str:
    """A short text that is another one for other figures."""
    return sha256(json.dumps(figures, sort_keys=True).encode()).hexdigest()[:32]


def open_questions(figures: Figures) -> list[str]:
    """Codes of what somebody should look at before this month is closed."""
    stripe = figures["stripe"]
    questions = {
        "findings": figures["findings"] > 0,
        "sheets": figures["not_on_sheets"] > 0,
        "payouts": any(not payout["seen"] or not payout["complete"] for payout in stripe["payouts"]),
        "stripe": stripe["difference"] != 0,
        "shares": any(row["without_share"] for row in figures["therapists"]),
        "proof": figures["proof"]["difference"] != 0,
    }
    return [code for code, is_open in questions.items() if is_open]


def export_table(*, location: Location, month: date, table: Table, by: User, now: datetime) -> bytes:
    """One of the month's tables for the accountant (CSV); that it was taken is written down.

    :raises NotAllowed: not a manager
    """
    if not manages(by):
        raise NotAllowed
    record_event(action="month-exported", entity=location, by=by, details={"month": f"{month:%Y-%m}", "table": table},
                 now=now)  # fmt: skip
    return sheet(*table_of(table, location=location, month=month))


def _row(close: MonthClose, place: Place, line: Line) -> MonthLine:
    visit, practitioner = place
    return MonthLine(
        close=close,
        appointment_id=visit,
        practitioner_id=practitioner,
        treatment=line.treatment,
        fees=line.fees,
        collected=line.collected,
        base=line.base,
        pay=line.pay,
        taxes=[
            {"name": tax.name, "thousandths": tax.thousandths, "number": tax.number, "amount": tax.amount}
            for tax in line.taxes
        ],
    )

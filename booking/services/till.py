"""The end of a day at the desk: the drawer is counted and the sheet is signed, once and for good."""

from dataclasses import asdict
from datetime import datetime

from django.db import transaction

from booking.errors import CountInvalid, SheetChanged, SheetSigned
from booking.models import Location, TillCount, TillLine
from booking.selectors.till import Sheet, open_sheet
from booking.services.constraints import named_constraints
from booking.services.locks import take_turns
from intake.access import works_at_desk
from intake.errors import NotAllowed
from intake.models import User
from intake.services.audit import record_event


def sign_sheet(
    *,
    location: Location,
    counted: int,
    banked: int,
    opening: int | None = None,
    note: str = "",
    lines: int,
    by: User,
    now: datetime,
) -> TillCount:
    """Sign what was counted in the drawer against what should be in it; minor units.

    `opening` is asked for before the first count only; later it is what was left the time before. `lines` is how many
    movements the person saw, so that nothing is signed that came while they counted. A difference needs a `note`.

    :raises SheetSigned: today's is signed already
    :raises SheetChanged: something was taken or given back in the meantime
    :raises CountInvalid: it differs without a word why, or more goes to the bank than is there
    """
    if not works_at_desk(by):
        raise NotAllowed
    with named_constraints(), transaction.atomic(durable=True):
        take_turns(f"till/{location.pk}")
        sheet = open_sheet(location=location, now=now)
        if sheet.is_signed:
            raise SheetSigned
        if len(sheet.entries) != lines:
            raise SheetChanged
        began_with = sheet.opening if sheet.opening is not None else opening or 0
        _require_countable(counted, banked, began_with + sheet.cash, note)
        count = _write(sheet, began_with, counted, banked, note, by, now)
        record_event(action="till-signed", entity=count, by=by, details={"difference": count.difference}, now=now)
        return count


def _require_countable(counted: int, banked: int, expected: int, note: str) -> None:
    if counted != expected and not note.strip():
        raise CountInvalid(why="note", difference=counted - expected)
    if banked > counted:
        raise CountInvalid(why="banked")


def _write(sheet: Sheet, opening: int, counted: int, banked: int, note: str, by: User, now: datetime) -> TillCount:
    count = TillCount.objects.create(
        location=sheet.location,
        date=sheet.date,
        currency=sheet.currency,
        by_method={method: asdict(moved) for method, moved in sheet.by_method.items()},
        opening_amount=opening,
        cash_amount=sheet.cash,
        counted_amount=counted,
        banked_amount=banked,
        note=note.strip(),
        signed_by=by,
        signed_at=now,
    )
    TillLine.objects.bulk_create([TillLine(till_count=count, entry=entry) for entry in sheet.entries])
    return count

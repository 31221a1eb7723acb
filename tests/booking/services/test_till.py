"""The sheet of the day: what it covers, who signs it, and that nothing is on two sheets or on none."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.db import DatabaseError, transaction

from booking.errors import CountInvalid, SheetChanged, SheetSigned
from booking.models import Location, TillCount, TillLine
from booking.payments.desk_gateway import Part
from booking.selectors.till import Moved, entries_on, open_sheet
from booking.services.desk_money import give_back, take_payment
from booking.services.till import sign_sheet
from config.invariants import broken_promises
from intake.errors import NotAllowed
from intake.models import User
from tests.factories.booking import NOW, Clinic, at, make_appointment, make_location, make_staff
from tests.factories.intake import make_patient

pytestmark = pytest.mark.django_db
EVENING = NOW + timedelta(hours=9)
TOMORROW = EVENING + timedelta(days=1)


def paid(clinic: Clinic, desk: User, *parts: tuple[int, str], hour: int = 9, now: datetime = NOW) -> None:
    visit = make_appointment(clinic, start=at(hour), patient=make_patient(), status="fulfilled")
    take_payment(appointment=visit, parts=[Part(*one) for one in parts], request_key=uuid4(), by=desk, now=now)


def sign(location: Location, by: User, *, now: datetime = EVENING, **over: object) -> TillCount:
    said = {"counted": 0, "banked": 0, "lines": len(open_sheet(location=location, now=now).entries)}
    return sign_sheet(location=location, **said | over, by=by, now=now)  # type: ignore[arg-type]


def test_the_sheet_counts_by_method_and_the_drawer_holds_the_cash(clinic: Clinic, desk: User) -> None:
    paid(clinic, desk, (5000, "cash"), (7000, "terminal"))
    paid(clinic, desk, (2000, "cash"), (1000, "gift-card"), (900, "e-transfer"), hour=11)
    visit = make_appointment(clinic, start=at(13), patient=make_patient(), status="fulfilled")
    take_payment(appointment=visit, parts=[Part(3000, "cash")], request_key=uuid4(), by=desk, now=NOW)
    give_back(appointment=visit, amount=500, method="cash", had=3000, reason="goodwill", by=desk, now=NOW)
    sheet = open_sheet(location=clinic.location, now=EVENING)
    assert sheet.by_method == {
        "cash": Moved(10000, 500),
        "terminal": Moved(7000),
        "e-transfer": Moved(900),
        "gift-card": Moved(1000),
    }
    count = sign(clinic.location, desk, opening=20000, counted=29500, banked=9500)
    assert (count.expected_amount, count.difference, count.left_amount, count.signed_by) == (29500, 0, 20000, desk)
    assert count.by_method["cash"] == {"taken": 10000, "given_back": 500}
    assert entries_on(count).count() == 7
    assert [one for one in broken_promises(now=EVENING) if one.name in {"guards", "signed-drawers-stay"}] == []


def test_the_next_day_begins_with_what_was_left_whatever_is_typed(clinic: Clinic, desk: User) -> None:
    sign(clinic.location, desk, opening=20000, counted=20000, banked=5000)
    paid(clinic, desk, (4000, "cash"), now=TOMORROW)
    count = sign(clinic.location, desk, now=TOMORROW, opening=1, counted=19000)
    assert (count.opening_amount, count.cash_amount, count.difference) == (15000, 4000, 0)


def test_what_comes_after_the_signature_stands_on_the_next_sheet(clinic: Clinic, desk: User) -> None:
    paid(clinic, desk, (4000, "cash"))
    first = sign(clinic.location, desk, counted=4000)
    paid(clinic, desk, (2500, "cash"), hour=11, now=EVENING)
    assert [one.amount for one in open_sheet(location=clinic.location, now=EVENING).entries] == [2500]
    second = sign(clinic.location, desk, now=TOMORROW, counted=6500)
    assert [[one.amount for one in entries_on(count)] for count in (first, second)] == [[4000], [2500]]


def test_what_was_taken_long_before_the_first_sheet_is_not_in_today_s_drawer(clinic: Clinic, desk: User) -> None:
    paid(clinic, desk, (4000, "cash"), now=NOW - timedelta(days=3))
    assert open_sheet(location=clinic.location, now=EVENING).entries == ()


def test_another_clinic_has_its_own_drawer(clinic: Clinic, desk: User) -> None:
    paid(clinic, desk, (4000, "cash"))
    assert open_sheet(location=make_location(), now=EVENING).entries == ()


def test_a_difference_needs_a_word_why(clinic: Clinic, desk: User) -> None:
    paid(clinic, desk, (4000, "cash"))
    for note in ("", "  "):
        with pytest.raises(CountInvalid) as refused:
            sign(clinic.location, desk, counted=3990, note=note)
        assert refused.value.details == {"why": "note", "difference": -10}
    assert sign(clinic.location, desk, counted=3990, note="Ten cents short, counted twice").difference == -10


def test_no_more_goes_to_the_bank_than_is_there(clinic: Clinic, desk: User) -> None:
    with pytest.raises(CountInvalid) as refused:
        sign(clinic.location, desk, opening=100, counted=100, banked=101)
    assert refused.value.details == {"why": "banked"}


def test_a_day_is_signed_once(clinic: Clinic, desk: User) -> None:
    sign(clinic.location, desk)
    with pytest.raises(SheetSigned):
        sign(clinic.location, make_staff("manager"))


def test_nothing_is_signed_that_came_while_somebody_counted(clinic: Clinic, desk: User) -> None:
    paid(clinic, desk, (4000, "cash"))
    with pytest.raises(SheetChanged):
        sign(clinic.location, desk, counted=0, lines=0)
    assert not TillCount.objects.exists()


def test_therapists_and_the_owner_do_not_sign(clinic: Clinic) -> None:
    for somebody in (clinic.anna.user, make_staff("owner")):
        assert somebody is not None
        with pytest.raises(NotAllowed):
            sign(clinic.location, somebody)


def test_the_database_keeps_a_signed_sheet_as_it_is(clinic: Clinic, desk: User) -> None:
    paid(clinic, desk, (4000, "cash"))
    count = sign(clinic.location, desk, counted=4000)
    attempts = [
        lambda: TillCount.objects.filter(pk=count.pk).update(counted_amount=1),
        lambda: TillCount.objects.filter(pk=count.pk).delete(),
        lambda: TillLine.objects.all().delete(),
        lambda: TillCount.objects.create(
            location=clinic.location, date=TOMORROW.date(), currency="CAD", by_method={}, opening_amount=0,
            cash_amount=0, counted_amount=5, banked_amount=0, signed_by=desk, signed_at=TOMORROW,
        ),
        lambda: TillLine.objects.create(till_count=count, entry=entries_on(count)[0]),
    ]  # fmt: skip
    for attempt in attempts:
        with pytest.raises(DatabaseError), transaction.atomic():
            attempt()

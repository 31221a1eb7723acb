"""The pages of the books: looked at, closed by a manager who proves who they are, and taken along as tables."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from booking.models import MonthClose, Payout, PaySplit
from booking.payments.models import Finding
from intake.models import AuditEvent, Role, User
from tests.factories.accounts import prove_again, sign_in
from tests.factories.booking import NOW, Clinic, make_clinic, make_staff
from tests.factories.booking import make_appointment as make_visit
from tests.factories.intake import make_patient
from tests.factories.receipts import pay
from tests.security.pages import forms_of

IN_OCTOBER = datetime(2026, 10, 5, 18, tzinfo=UTC)
MONTH = "/money/month/2026-10/"
CLOSE = f"{MONTH}close/"


@pytest.fixture
def clinic(db: None) -> Clinic:
    """One visit in October, paid, with Anna, who gets 60 %."""
    clinic = make_clinic()
    visit = make_visit(clinic, start=IN_OCTOBER, status="fulfilled", patient=make_patient(now=NOW, given_name="=Ada"))
    pay(visit, 12000, now=IN_OCTOBER)
    PaySplit.objects.create(
        practitioner=clinic.anna, percent=60, basis="billed", valid_from=date(2026, 1, 1), agreed_at=NOW
    )
    return clinic


@pytest.fixture
def manager(clinic: Clinic) -> User:
    return make_staff(Role.MANAGER)


@pytest.fixture
def browser(manager: User, settings: Any, tmp_path: Any) -> Client:
    """On the day of `NOW`, when October is over."""
    settings.CLOCK_FILE = str(tmp_path / "clock")
    (tmp_path / "clock").write_text(str((NOW - datetime.now(UTC)).total_seconds()))
    return sign_in(Client(), manager)


def mark_on(page: Any) -> str:
    [form] = [one for one in forms_of(page.content.decode(), MONTH) if one.action == CLOSE]
    return form.fields["seen"][0]


def rows_of(answer: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_the_month_that_can_be_closed_comes_first(browser: Client) -> None:
    page = browser.get("/money/month/").content.decode()
    assert "October 2026" in page
    assert "ready to close" in page


def test_a_month_is_closed_with_the_figures_that_were_looked_at(browser: Client, manager: User) -> None:
    prove_again(browser)
    answer = browser.post(CLOSE, {"seen": mark_on(browser.get(MONTH)), "note": ""})
    assert (answer.status_code, answer.headers["Location"]) == (303, MONTH)
    closed = MonthClose.objects.get()
    assert (closed.month, closed.closed_by, closed.figures["earned"]["pay"]) == (date(2026, 10, 1), manager, 7200)
    page = browser.get(MONTH).content.decode()
    assert "$72.00" in page
    assert "Close the month" not in page


def test_closing_asks_once_more_who_somebody_is(browser: Client) -> None:
    seen = mark_on(browser.get(MONTH))
    answer = browser.post(CLOSE, {"seen": seen, "note": ""})
    assert answer.status_code == 302
    assert "reauthenticate" in answer.headers["Location"]
    assert not MonthClose.objects.exists()


def test_figures_that_have_changed_are_shown_again(browser: Client, clinic: Clinic) -> None:
    prove_again(browser)
    seen = mark_on(browser.get(MONTH))
    pay(make_visit(clinic, start=IN_OCTOBER + timedelta(days=1), status="fulfilled", patient=make_patient(now=NOW)),
        5000, now=IN_OCTOBER)  # fmt: skip
    answer = browser.post(CLOSE, {"seen": seen, "note": ""})
    assert answer.status_code == 409
    assert "The figures have changed since you looked." in answer.content.decode()
    assert mark_on(answer) != seen
    assert not MonthClose.objects.exists()


def test_what_is_open_is_said_and_needs_a_note(browser: Client) -> None:
    Finding.objects.create(kind="amount", object_id="pi_1", found_at=NOW)
    prove_again(browser)
    page = browser.get(MONTH)
    assert "There is money to look at on the overview." in page.content.decode()
    seen = mark_on(page)
    assert browser.post(CLOSE, {"seen": seen, "note": " "}).status_code == 422
    assert browser.post(CLOSE, {"seen": seen, "note": "Stripe looks into it."}).status_code == 303
    assert "Stripe looks into it." in browser.get(MONTH).content.decode()


@pytest.mark.parametrize("address", ["2026-11", "2026-09", "2026-13", "next", "２０２６-10"])
def test_months_that_there_are_not(browser: Client, address: str) -> None:
    assert browser.get(f"/money/month/{address}/").status_code == 404


def test_the_tables_for_the_accountant(browser: Client, manager: User) -> None:
    """Numbers are numbers, no patient is named, and who took a table is written down."""
    tables = {name: browser.get(f"{MONTH}table/{name}/") for name in ("summary", "entries", "visits", "stripe")}
    assert {answer.headers["Content-Type"] for answer in tables.values()} == {"text/csv; charset=utf-8"}
    summary = {(part, what): amount for part, what, amount, _currency in rows_of(tables["summary"])[1:]}
    assert (summary["Money that came", "cash"], summary["Therapists' pay", "Anna"]) == ("120.00", "72.00")
    [_header, asked, took] = rows_of(tables["entries"])
    assert (asked[2], asked[5], took[4], took[5], took[6]) == ("owed", "0.00", "120.00", "120.00", "CAD")
    [_header, visit] = rows_of(tables["visits"])
    assert visit[1:] == ["2026-10-05", "Anna", "120.00", "0.00", "0.00", "120.00", "120.00", "72.00", "CAD"]
    assert not any("Ada" in answer.content.decode() for answer in tables.values())
    taken = AuditEvent.objects.filter(action="month-exported").values_list("details", flat=True)
    assert sorted(one["table"] for one in taken) == ["entries", "stripe", "summary", "visits"]
    assert browser.get(f"{MONTH}table/secrets/").status_code == 404


def test_a_payout_is_ticked_off_against_the_bank(browser: Client, manager: User) -> None:
    Payout.objects.create(
        id="po_1", amount=2883, currency="CAD", state="paid", created_at=IN_OCTOBER, arrives_on=date(2026, 10, 7),
        complete=True,
    )  # fmt: skip
    assert "is not ticked off" in browser.get(MONTH).content.decode()
    assert browser.post("/money/payouts/po_1/").headers["Location"] == f"{MONTH}#payouts"
    assert Payout.objects.get().seen_by == manager
    assert "is not ticked off" not in browser.get(MONTH).content.decode()


def share(**over: Any) -> dict[str, Any]:
    return {"percent": "62.5", "basis": "collected", "on_fees": "on", "valid_from": "2026-12-01"} | over


@pytest.mark.parametrize("role", [Role.MANAGER, Role.OWNER])
def test_a_share_is_agreed_and_taken_back(clinic: Clinic, role: Role) -> None:
    browser = sign_in(Client(), make_staff(role))
    answer = browser.post("/settings/pay/", share(practitioner=clinic.ben.pk))
    assert answer.status_code == 303
    made = PaySplit.objects.get(practitioner=clinic.ben)
    assert (float(made.percent), made.basis, made.on_fees) == (62.5, "collected", True)
    assert "62.5\xa0%" in browser.get("/settings/pay/").content.decode()
    assert browser.post(f"/settings/pay/{made.pk}/drop/").status_code == 303
    assert not clinic.ben.pay_splits.exists()


@pytest.mark.parametrize(
    "wrong",
    [{"percent": "-1"}, {"percent": "100.01"}, {"percent": "NaN"}, {"percent": "60,5,5"}, {"basis": "hoped"},
     {"valid_from": "2026-10-31"}, {"valid_from": "1900-01-01"}, {"practitioner": ""}],
)  # fmt: skip
def test_what_is_no_share_changes_nothing(browser: Client, clinic: Clinic, wrong: dict[str, str]) -> None:
    """Also from a day in a month that is closed, whose pay is settled."""
    prove_again(browser)
    browser.post(CLOSE, {"seen": mark_on(browser.get(MONTH)), "note": ""})
    assert browser.post("/settings/pay/", share(practitioner=clinic.ben.pk) | wrong).status_code == 422
    assert not clinic.ben.pay_splits.exists()


def test_a_share_that_a_closed_month_has_used_stays(browser: Client, clinic: Clinic) -> None:
    prove_again(browser)
    browser.post(CLOSE, {"seen": mark_on(browser.get(MONTH)), "note": ""})
    assert browser.post(f"/settings/pay/{clinic.anna.pay_splits.get().pk}/drop/").status_code == 422
    assert clinic.anna.pay_splits.exists()

"""Pages of receipts: the patient's own behind the sign-in, and the desk's."""

from io import BytesIO

import pytest
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from booking.models import Appointment, Document
from intake import clock
from intake.models import Patient, Role
from tests.factories.accounts import sign_in
from tests.factories.booking import NOW, Clinic, at, make_clinic, make_staff
from tests.factories.intake import make_patient, make_user
from tests.factories.receipts import paid_visit

pytestmark = pytest.mark.django_db
LIST = "/account/receipts/"
QUERIES = 16
YEAR = {
    "first_day": "1", "first_month": "1", "first_year": "2026",
    "last_day": "22", "last_month": "11", "last_year": "2026",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _monday_morning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def clinic() -> Clinic:
    return make_clinic()


@pytest.fixture
def patient() -> Patient:
    return make_patient(now=NOW, given_name="Ada", family_name="Berg", user=make_user(Role.PATIENT))


@pytest.fixture
def visit(clinic: Clinic, patient: Patient) -> Appointment:
    return paid_visit(clinic, start=at(10, days=-6), patient=patient)


@pytest.fixture
def own(patient: Patient) -> Client:
    return browser_of(patient)


@pytest.fixture
def desk() -> Client:
    client = Client()
    sign_in(client, make_staff(Role.RECEPTION))
    return client


def browser_of(patient: Patient) -> Client:
    client = Client()
    assert patient.user is not None
    sign_in(client, patient.user)
    return client


def text_of(drawn: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(drawn)).pages)


def test_a_patient_makes_a_receipt_and_opens_it(own: Client, visit: Appointment) -> None:
    page = own.get(LIST).content.decode()
    make = reverse("patient:receipt-make", args=[visit.pk])
    assert make in page
    address = own.post(make)["Location"]
    assert own.post(make)["Location"] == address  # pressed twice it is the same
    assert make not in own.get(LIST).content.decode()
    shown = own.get(address).content.decode()
    for words in (
        "Receipt for treatment",
        "000001",
        "Ada Berg",
        "registration number PT-123",
        "$120.00",
        "Paid in full.",
    ):
        assert words in shown
    original = own.get(own.post(f"{address}copy/")["Location"])
    assert original["Content-Type"] == "application/pdf"
    assert original["Content-Disposition"] == 'inline; filename="receipt-000001.pdf"'
    assert "no-store" in original["Cache-Control"]
    assert "DUPLICATE" not in text_of(original.content)
    assert "Ada Berg" in text_of(original.content)
    again = own.post(f"{address}copy/")["Location"]
    assert text_of(own.get(again).content).startswith("DUPLICATE")
    assert own.get(again).content == own.get(again).content


def test_a_stranger_and_the_signed_out_get_nothing(own: Client, visit: Appointment) -> None:
    address = own.post(reverse("patient:receipt-make", args=[visit.pk]))["Location"]
    copy = own.post(f"{address}copy/")["Location"]
    stranger = browser_of(make_patient(now=NOW, user=make_user(Role.PATIENT)))
    assert [stranger.get(one).status_code for one in (address, copy)] == [404, 404]
    assert stranger.post(reverse("patient:receipt-make", args=[visit.pk])).status_code == 404
    assert [Client().get(one).status_code for one in (LIST, address, copy)] == [302, 302, 302]
    assert Document.objects.get().copies.count() == 1


def test_a_visit_to_come_has_no_receipt(own: Client, clinic: Clinic, patient: Patient) -> None:
    visit = paid_visit(clinic, start=at(10), patient=patient, status="booked")
    answer = own.post(reverse("patient:receipt-make", args=[visit.pk]))
    assert (answer.status_code, Document.objects.count()) == (409, 0)
    assert "A receipt is for a visit that took place." in answer.content.decode()


def test_a_statement_for_days_of_ones_own_choice(own: Client, visit: Appointment, patient: Patient) -> None:
    address = own.post(LIST, {"person": str(patient.pk), **YEAR})["Location"]
    assert "Statement of account" in own.get(address).content.decode()
    made = Document.objects.get()
    assert (made.kind, made.facts["first"], made.facts["last"]) == ("statement", "2026-01-01", "2026-11-22")
    other = make_patient(now=NOW)
    refused = own.post(LIST, {"person": str(other.pk), **YEAR})
    assert (refused.status_code, Document.objects.count()) == (422, 1)
    backwards = YEAR | {"first_year": "2026", "first_month": "11", "first_day": "23"}
    assert own.post(LIST, {"person": str(patient.pk), **backwards}).status_code == 422


def test_the_desk_makes_draws_and_takes_back(desk: Client, visit: Appointment, patient: Patient) -> None:
    papers = reverse("staff:receipts", args=[patient.pk])
    assert reverse("staff:receipt-make", args=[visit.pk]) in desk.get(papers).content.decode()
    address = desk.post(reverse("staff:receipt-make", args=[visit.pk]))["Location"]
    drawn = desk.get(desk.post(f"{address}copy/")["Location"])
    assert "Receipt for treatment" in text_of(drawn.content)
    credit = desk.post(f"{address}credit/")["Location"]
    assert "Takes back" in desk.get(credit).content.decode()
    assert "Taken back by credit note 000002." in desk.get(address).content.decode()
    assert desk.post(f"{address}credit/").status_code == 409
    void = desk.get(desk.post(f"{address}copy/")["Location"])
    assert text_of(void.content).startswith("DUPLICATE · VOID, see credit note 000002")
    page = desk.get(papers).content.decode()
    assert "taken back" in page
    assert reverse("staff:receipt-make", args=[visit.pk]) in page  # the right one can be made


@pytest.mark.parametrize("number", [1, 3])
def test_a_list_costs_the_same_whatever_its_length(
    desk: Client, clinic: Clinic, patient: Patient, number: int, django_assert_num_queries: object
) -> None:
    for place in range(number):
        visit = paid_visit(clinic, start=at(10 + place, days=-6), patient=patient)
        if place % 2:
            desk.post(reverse("staff:receipt-make", args=[visit.pk]))
    with django_assert_num_queries(QUERIES):  # type: ignore[operator]
        assert desk.get(reverse("staff:receipts", args=[patient.pk])).status_code == 200

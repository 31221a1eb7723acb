"""The settings for terms, and what was agreed with one patient, on their pages."""

from html import unescape
from typing import Any

import pytest
from django.test import Client

from booking.models import Agreement, Location, PatientTerms, PaymentTerms
from booking.services.desk_bookings import book_for_caller
from intake.models import AuditEvent, Role
from tests.factories.booking import NOW, Clinic, at, make_clinic, make_staff
from tests.factories.intake import make_patient
from tests.frontend.staff.conftest import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinic() -> Clinic:
    return make_clinic()


@pytest.fixture
def manager(clinic: Clinic) -> Client:
    return signed_in(make_staff(Role.MANAGER))


def text(client: Client, path: str) -> str:
    return unescape(client.get(path).content.decode())


def test_terms_are_shown_in_words_and_changed(manager: Client, clinic: Clinic) -> None:
    page = text(manager, "/settings/terms/")
    assert "A deposit when booking, the rest at the clinic: $30.00" in page
    assert "Paid at the clinic. No fees." in page  # the phone call
    path = f"/settings/terms/{clinic.needling.pk}/first/"
    sent: dict[str, Any] = {"way": "keep-card", "late_fee": "50%", "no_show_fee": "90", "free_cancel_hours": "48"}
    assert manager.post(path, sent)["Location"] == "/settings/terms/"
    row = PaymentTerms.objects.get(service=clinic.needling, variant="first")
    assert (row.way, row.late_fee_percent, row.no_show_fee_amount, row.free_cancel_hours, row.or_at_desk) == (
        "keep-card",
        50,
        9000,
        48,
        False,
    )
    assert "Free to cancel or move until 48 hours before, then 50% ($60.00)" in text(manager, "/settings/terms/")
    assert manager.post(f"{path}remove/")["Location"] == "/settings/terms/"
    assert PaymentTerms.objects.filter(service=clinic.needling).count() == 1
    assert list(AuditEvent.objects.values_list("action", flat=True)) == ["terms-set", "terms-removed"]


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("deposit", "", "Say how much the deposit is."),
        ("deposit", "40,00", "Please type a point before the cents"),
        ("late_fee", "-5", "Please type a sum above zero."),
        ("no_show_fee", "101%", "Give 1% to 100%."),
        ("free_cancel_hours", "99999", "less than or equal to 336"),
        ("prepay_after_misses", "0", "greater than or equal to 1"),
    ],
)
def test_nonsense_is_refused_with_words(manager: Client, clinic: Clinic, field: str, typed: str, words: str) -> None:
    sent = {"way": "deposit", "deposit": "40", field: typed}
    answer = manager.post(f"/settings/terms/{clinic.call.pk}/any/", sent)
    assert (answer.status_code, words in unescape(answer.content.decode())) == (422, True)
    assert not PaymentTerms.objects.filter(service=clinic.call).exists()


def test_what_quebec_asks_is_one_switch(manager: Client, clinic: Clinic) -> None:
    Location.objects.update(province="QC")
    assert "Quebec forbids payment before a visit" in text(manager, "/settings/terms/")
    manager.post("/settings/terms/prepayment/", {"forbid": "1"})
    assert Location.objects.get().forbids_prepayment
    page = text(manager, f"/settings/terms/{clinic.needling.pk}/any/")
    assert ("A card is kept" in page, 'value="deposit"' in page, 'value="desk"' in page) == (False, False, True)
    refused = manager.post(f"/settings/terms/{clinic.needling.pk}/any/", {"way": "full"})
    assert refused.status_code == 422
    manager.post("/settings/terms/prepayment/", {"forbid": "0"})
    assert not Location.objects.get().forbids_prepayment


def test_a_manager_agrees_something_else_with_one_patient_and_reception_sees_it(
    manager: Client, clinic: Clinic
) -> None:
    patient = make_patient()
    path = f"/patients/{patient.pk}/terms/"
    assert "As everybody" in text(manager, path)
    assert manager.post(path, {"way": "full", "reason": ""}).status_code == 422
    assert manager.post(path, {"way": "full", "reason": "Missed a lot."})["Location"] == path
    assert "Missed a lot." in text(manager, path)
    desk = signed_in(make_staff(Role.RECEPTION))
    page = text(desk, path)
    assert ("In full, when booking" in page, "Missed a lot." in page, "<textarea" in page) == (True, True, False)
    assert desk.post(path, {"way": "", "reason": "No."}).status_code == 422
    assert PatientTerms.objects.count() == 1


def test_a_caller_is_told_the_terms_and_their_yes_is_kept(clinic: Clinic) -> None:
    user = make_staff(Role.RECEPTION)
    client = signed_in(user)
    visit = book_for_caller(
        service=clinic.call, practitioner=clinic.anna, start=at(9), patient=make_patient(), payment="none",
        request_key=clinic.call.pk, by=user, now=NOW,
    ).appointment  # fmt: skip
    path = f"/desk/book/{visit.pk}/"
    assert "I have read the terms to them, and they agree" in text(client, path)
    assert not Agreement.objects.exists()
    for _ in range(2):
        assert client.post(f"{path}agreed/")["Location"] == path
    kept = Agreement.objects.get()
    assert (kept.agreed_by, kept.appointment) == (user, visit)
    assert kept.text.splitlines()[0] == "There is nothing to pay now."
    assert "They agreed to these terms" in text(client, path)

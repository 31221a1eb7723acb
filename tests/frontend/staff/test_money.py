"""What does not agree with Stripe: who sees it, what it says, and that it can be worked off."""

from django.urls import reverse

from booking.payments.findings import report
from booking.payments.models import Finding, Payment
from tests.frontend.staff.conftest import NOW, Desk


def test_a_manager_works_off_what_does_not_agree(desk: Desk) -> None:
    payment = Payment.objects.create(
        appointment=desk.visit, payer=desk.patient, purpose="deposit", gateway="stripe", amount=3000, currency="cad",
        created_at=NOW, state="captured",
    )  # fmt: skip
    report(kind=Finding.Kind.AMOUNT, object_id="pi_1", payment=payment, ours=3000, seen=2500, now=NOW)
    report(kind=Finding.Kind.UNKNOWN_AT_STRIPE, object_id="cs_2", status="open", now=NOW)
    browser = desk.browsers["manager"]
    text = browser.get(reverse("staff:money")).content.decode()
    assert 'Money <span class="tag tag-count' in text
    for words in ("The sums differ", "$30.00", "$25.00", "Ada Berg", "Stripe has a payment that we don", "cs_2"):
        assert words in text
    address = reverse("staff:money-settled", args=[Finding.objects.get(object_id="pi_1").pk])
    assert desk.browsers["reception"].post(address).status_code == 403
    for _tap in range(2):
        assert browser.post(address).headers["Location"] == reverse("staff:money")
    resolved = Finding.objects.get(object_id="pi_1")
    assert (resolved.resolved_by, resolved.resolved_at) == (desk.users["manager"], NOW)
    assert list(Finding.objects.filter(resolved_at=None).values_list("object_id", flat=True)) == ["cs_2"]
    assert browser.post(reverse("staff:money-settled", args=[99999])).status_code == 404


def test_nothing_to_look_at_says_so(desk: Desk) -> None:
    assert "Everything agrees." in desk.browsers["manager"].get(reverse("staff:money")).content.decode()

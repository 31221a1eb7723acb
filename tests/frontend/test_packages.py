"""Pages of packages: the patient's own behind the sign-in, the desk's, and the settings."""

from datetime import date
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from booking.models import Appointment, Package, PackageOffer
from booking.payments.ledger import balance_of
from booking.services.package_credits import use_package
from intake import clock
from intake.models import Patient, Role
from tests.factories.accounts import prove_again, sign_in
from tests.factories.booking import NOW, Clinic, at, make_appointment, make_clinic, make_staff
from tests.factories.intake import make_patient, make_user
from tests.factories.packages import make_offer, make_package
from tests.factories.payments import Till
from tests.simulators.stripe import StripeSimulator, pay

pytestmark = pytest.mark.django_db
LIST = "/account/packages/"
OWN_PAGE_QUERIES = 16


@pytest.fixture
def morning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def clinic(morning: None) -> Clinic:
    return make_clinic()


@pytest.fixture
def patient() -> Patient:
    return make_patient(now=NOW, given_name="Ada", family_name="Berg", user=make_user(Role.PATIENT))


@pytest.fixture
def till(stripe_simulator: StripeSimulator, clock_file: Path, transactional_db: None) -> Till:
    return Till(stripe_simulator, clock_file)


def browser_of(user: object) -> Client:
    client = Client()
    sign_in(client, user)
    return client


@pytest.fixture
def own(patient: Patient) -> Client:
    return browser_of(patient.user)


@pytest.fixture
def desk() -> Client:
    return browser_of(make_staff(Role.RECEPTION))


@pytest.fixture
def manager() -> Client:
    return browser_of(make_staff(Role.MANAGER))


class TestThePatient:
    def test_reads_the_terms_pays_at_stripe_and_finds_the_package(self, till: Till, settings: object) -> None:
        patient = make_patient(now=till.now, user=make_user(Role.PATIENT))
        own, offer = browser_of(patient.user), make_offer(till.clinic)
        assert "Three visits" in own.get(LIST).content.decode()
        address = reverse("patient:package-offer", args=[offer.pk])
        shown = own.get(address)
        page = shown.content.decode()
        for words in (
            "$270.00",
            "Each visit counts as $90.00.",
            "never costs more than the visit",
            "have your money back",
        ):
            assert words in page
        said = {name: shown.context["form"][name].value() for name in ("person", "price", "request_key")}
        assert own.post(address, said).status_code == 422  # the terms must be agreed to
        to_stripe = own.post(address, {**said, "agrees": "on"})
        assert to_stripe.status_code == 303
        pay(to_stripe["Location"])
        package = Package.objects.get()
        assert package.terms.splitlines() == list(shown.context["terms"])
        back = own.get(reverse("patient:package-paid", args=[package.pk]), follow=True).content.decode()
        assert "Your package is paid" in back
        assert "3 of 3 visits left" in back

    def test_a_price_that_changed_meanwhile_is_shown_before_anything_is_bought(
        self, clinic: Clinic, own: Client, settings: object
    ) -> None:
        settings.STRIPE_SECRET_KEY = "sk_test_x"
        offer = make_offer(clinic)
        address = reverse("patient:package-offer", args=[offer.pk])
        form = own.get(address).context["form"]
        said = {name: form[name].value() for name in ("person", "price", "request_key")}
        PackageOffer.objects.update(price_amount=30000)
        refused = own.post(address, {**said, "agrees": "on"})
        assert refused.status_code == 409
        assert "$300.00" in refused.content.decode()
        assert not Package.objects.exists()

    def test_sees_what_is_left_and_what_it_was_used_for(
        self, clinic: Clinic, own: Client, patient: Patient, django_assert_max_num_queries: object
    ) -> None:
        package = make_package(clinic, patient)
        for hour in (9, 11):
            visit = make_appointment(clinic, start=at(hour), patient=patient)
            use_package(appointment=visit, by=make_staff(), now=NOW)
        with django_assert_max_num_queries(OWN_PAGE_QUERIES):
            page = own.get(reverse("patient:package", args=[package.pk])).content.decode()
        for words in ("1 of 3 visits left, until 23 November 2027", "24 November", "Worth of what is left", "$90.00"):
            assert words in page
        stranger = browser_of(make_user(Role.PATIENT))
        assert stranger.get(reverse("patient:package", args=[package.pk])).status_code == 404

    def test_gets_a_receipt_that_says_it_cannot_be_claimed(self, clinic: Clinic, own: Client, patient: Patient) -> None:
        package = make_package(clinic, patient)
        made = own.post(reverse("patient:package-receipt", args=[package.pk]), follow=True).content.decode()
        assert "Receipt for a package" in made
        assert "It can&#x27;t be claimed from a health insurer." in made

    def test_nothing_is_sold_where_nothing_may_be_asked_for_in_advance(
        self, clinic: Clinic, own: Client, settings: object
    ) -> None:
        settings.STRIPE_SECRET_KEY = "sk_test_x"
        offer = make_offer(clinic)
        clinic.location.forbids_prepayment = True
        clinic.location.save()
        assert "Three visits" not in own.get(LIST).content.decode()
        assert own.post(reverse("patient:package-offer", args=[offer.pk]), {"agrees": "on"}).status_code == 404


class TestTheDesk:
    def test_sells_uses_and_gives_back(self, clinic: Clinic, desk: Client, patient: Patient) -> None:
        clinic.location.refund_limit_amount = 18000
        clinic.location.save()
        offer = make_offer(clinic)
        assert "Three visits" in desk.get(reverse("staff:packages", args=[patient.pk])).content.decode()
        sell = reverse("staff:package-sell", args=[patient.pk, offer.pk])
        form = desk.get(sell).context["form"]
        said = {"price": 27000, "request_key": form["request_key"].value(), "method": "terminal"}
        page = desk.post(sell, said)
        package = Package.objects.get()
        assert page["Location"] == reverse("staff:package", args=[package.pk])

        visit = make_appointment(clinic, start=at(10), patient=patient)
        shown = desk.get(reverse("staff:visit", args=[visit.pk])).content.decode()
        assert reverse("staff:package-use", args=[visit.pk]) in shown
        assert desk.post(reverse("staff:package-use", args=[visit.pk])).status_code == 303
        assert balance_of(Appointment.objects.get(pk=visit.pk)).due == 0
        assert "visit 1 of 3" in desk.get(reverse("staff:visit", args=[visit.pk])).content.decode()

        card = desk.get(page["Location"]).content.decode()
        assert "Give back $180.00" in card
        prove_again(desk)
        back = desk.post(
            reverse("staff:package-give-back", args=[package.pk]), {"amount": 18000, "method": "cash"}, follow=True
        )
        assert "$180.00 given back." in back.content.decode()
        assert desk.post(reverse("staff:package-take-back", args=[visit.pk])).status_code == 303
        assert balance_of(Appointment.objects.get(pk=visit.pk)).due == 12000

    def test_above_its_limit_a_manager_gives_back(self, clinic: Clinic, desk: Client, patient: Patient) -> None:
        clinic.location.refund_limit_amount = 10000
        clinic.location.save()
        package = make_package(clinic, patient)
        address = reverse("staff:package-give-back", args=[package.pk])
        assert "reauthenticate" in desk.post(address, {"amount": 27000, "method": "cash"})["Location"]
        prove_again(desk)
        refused = desk.post(address, {"amount": 27000, "method": "cash"})
        assert refused.status_code == 403
        assert "up to $100.00" in refused.content.decode()

    def test_a_manager_gives_it_more_time(self, clinic: Clinic, manager: Client, patient: Patient) -> None:
        package = make_package(clinic, patient)
        address = reverse("staff:package-extend", args=[package.pk])
        assert manager.post(address, {"until": "2028-01-31"}).status_code == 303
        package.refresh_from_db()
        assert package.expires_on is not None
        assert package.expires_on.isoformat() == "2028-01-31"
        assert manager.post(address, {"until": "nonsense"}).status_code == 422


FIVE = {
    "name": "Five follow-ups", "name_fr": "", "sessions": "5", "price": "400.00", "valid_months": "12", "online": "on",
    "active": "on",
}  # fmt: skip


class TestTheSettings:
    def test_a_manager_enters_and_changes_what_is_sold(self, clinic: Clinic, manager: Client) -> None:
        address = reverse("staff:package-offers")
        said = {**FIVE, "services": [clinic.follow_up.pk]}
        assert manager.post(address, said).status_code == 303
        offer = PackageOffer.objects.get()
        assert (offer.price_amount, offer.sessions, list(offer.services.all())) == (40000, 5, [clinic.follow_up])
        one = reverse("staff:package-offer", args=[offer.pk])
        assert "Each visit counts as $80.00." in manager.get(one).content.decode()
        assert manager.post(one, {**said, "price": "350", "online": ""}).status_code == 303
        offer.refresh_from_db()
        assert (offer.price_amount, offer.online) == (35000, False)

    @pytest.mark.parametrize(
        ("field", "typed"),
        [("price", "1,50"), ("price", "-5"), ("price", "0"), ("price", "NaN"), ("sessions", "1"), ("valid_months", "0"),
         ("services", ""), ("name", "")],
    )  # fmt: skip
    def test_what_cannot_be_sold_is_refused(self, clinic: Clinic, manager: Client, field: str, typed: str) -> None:
        said = {**FIVE, "services": [clinic.follow_up.pk], field: typed}
        refused = manager.post(reverse("staff:package-offers"), said)
        assert (refused.status_code, PackageOffer.objects.count()) == (422, 0)
        assert field in refused.context["form"].errors


@pytest.mark.parametrize("page_name", ["packages", "receipts", "card"])
def test_who_booked_without_an_account_first_says_whose_it_is(clinic: Clinic, page_name: str) -> None:
    make_package(clinic, make_patient(now=NOW, email="ada@example.test", birth_date=date(1986, 4, 3)))
    make_patient(now=NOW, email="ada@example.test", birth_date=date(2015, 4, 3))
    browser = browser_of(make_user(Role.PATIENT, email="ada@example.test"))
    asked = browser.get(f"/account/{page_name}/").headers["Location"]
    assert asked == f"/accounts/records/?next=%2Faccount%2F{page_name}%2F"
    birth = {"birth_date_day": "3", "birth_date_month": "4", "birth_date_year": "1986"}
    assert browser.post(asked, birth).headers["Location"] == f"/account/{page_name}/"
    assert "Three visits" in browser.get(LIST).content.decode()
    assert "More visits were booked with your e-mail address." in browser.get("/visits/").content.decode()
    elsewhere = browser.post("/accounts/records/?next=//evil.example/", birth | {"birth_date_year": "2015"})
    assert elsewhere.headers["Location"] == "/visits/"

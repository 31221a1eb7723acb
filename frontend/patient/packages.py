"""Packages of a signed-in patient: what is sold, the terms before paying, what is left and how it was used."""

from uuid import UUID, uuid4

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from booking.errors import BookingError, StripeUnavailable
from booking.models import Package, PackageOffer
from booking.selectors.documents import people_of
from booking.selectors.locations import the_clinic
from booking.selectors.package_terms import terms_of
from booking.selectors.packages import Standing, offers_at, packages_of_user, payment_of_package, standings
from booking.selectors.terms import takes_online
from booking.services.checkout import settle
from booking.services.package_documents import issue_package_receipt
from booking.services.packages import buy_package, checkout_for_package
from frontend.account_records import knows_whose
from frontend.patient.pages import private
from intake import clock
from intake.errors import DrypointError
from intake.models import Patient, User

LOOK_AGAIN_SECONDS = 5


class SeeOther(HttpResponseRedirect):
    """303: go and look there, by GET."""

    status_code = 303


class BuyForm(forms.Form):
    """For whom, and that the terms were read. The price is the one that was shown."""

    person = forms.ChoiceField(label=_("Who will use it"), widget=forms.RadioSelect)
    agrees = forms.BooleanField(
        label=_("I have read this and agree"),
        error_messages={"required": _("Please agree to the terms first. They stand above the box.")},
    )
    price = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    request_key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None = None, *, people: list[Patient], price: int) -> None:
        super().__init__(data, initial={"price": price, "request_key": uuid4()})
        self.people = {str(one.pk): one for one in people}
        person = self.fields["person"]
        assert isinstance(person, forms.ChoiceField)
        person.choices = [(pk, str(one)) for pk, one in self.people.items()]
        if len(people) == 1:
            person.widget, person.initial = forms.HiddenInput(), str(people[0].pk)

    @property
    def patient(self) -> Patient:
        return self.people[self.cleaned_data["person"]]


@private
@login_required
@knows_whose
@require_GET
def packages(request: HttpRequest) -> HttpResponse:
    """What one has, and what is sold."""
    user, now = _me(request), clock.now()
    mine = standings(packages_of_user(user).exclude(state=Package.State.LAPSED), now=now)
    people = people_of(user)
    return render(request, "patient/packages.html", {"mine": mine, "offers": _sold_to(people), "people": people})


@private
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def offer(request: HttpRequest, offer_id: UUID) -> HttpResponse:
    """The terms of one package before it is bought; a POST leads on to Stripe's page."""
    user = _me(request)
    sold = get_object_or_404(_offers(), pk=offer_id)
    people = people_of(user)
    if not people:
        return redirect("patient:packages")
    form = BuyForm(request.POST if request.method == "POST" else None, people=people, price=sold.price_amount)
    if form.is_bound and form.is_valid():
        said = form.cleaned_data
        try:
            bought = buy_package(
                offer=sold, patient=form.patient, price=said["price"], request_key=said["request_key"], by=user,
                now=clock.now(),
            )  # fmt: skip
        except BookingError as error:
            form = BuyForm(people=people, price=sold.price_amount)
            return _offer_page(request, sold, form, refusal=error, status=error.status)
        return _go_and_pay(request, bought)
    return _offer_page(request, sold, form, status=422 if form.is_bound else 200)


@private
@login_required
@require_GET
def package(request: HttpRequest, package_id: UUID) -> HttpResponse:
    """One package: what is left, how it was used, its terms."""
    return _package_page(request, _package(request, package_id))


@private
@login_required
@require_POST
def pay(request: HttpRequest, package_id: UUID) -> HttpResponse:
    """On to Stripe's page once more."""
    return _go_and_pay(request, _package(request, package_id))


@private
@login_required
@require_GET
def paid(request: HttpRequest, package_id: UUID) -> HttpResponse:
    """Back from Stripe: bought, still being checked, or not paid."""
    found = _package(request, package_id)
    payment = payment_of_package(found)
    if payment is not None and found.state == Package.State.WAITING:
        try:
            settle(payment=payment, now=clock.now())
        except StripeUnavailable:
            return _waiting(request, found)
        found.refresh_from_db()
        if found.state == Package.State.WAITING:
            return _waiting(request, found)
    if found.state == Package.State.ACTIVE:
        messages.success(request, gettext("Thank you. Your package is paid and can be used now."))
    elif found.state == Package.State.LAPSED:
        messages.warning(request, gettext("This package was not paid. Nothing was taken."))
        return redirect("patient:packages")
    return redirect("patient:package", package_id=found.pk)


@private
@login_required
@require_POST
def receipt(request: HttpRequest, package_id: UUID) -> HttpResponse:
    """Its receipt: the one there is, or a new one."""
    found = _package(request, package_id)
    try:
        made = issue_package_receipt(package=found, by=_me(request), now=clock.now())
    except DrypointError as refusal:
        return _package_page(request, found, refusal=refusal, status=refusal.status)
    return redirect("patient:receipt", document_id=made.pk)


def _sold_to(people: list[Patient]) -> list[PackageOffer]:
    """What can be bought here now, by an account that acts for somebody."""
    clinic = the_clinic()
    return list(_offers()) if people and clinic and takes_online(clinic) else []


def _offers() -> QuerySet[PackageOffer]:
    clinic = the_clinic()
    return offers_at(clinic, online=True) if clinic else PackageOffer.objects.none()


def _go_and_pay(request: HttpRequest, found: Package) -> HttpResponse:
    try:
        return SeeOther(checkout_for_package(package=found, now=clock.now()))
    except BookingError as problem:
        return _package_page(request, found, refusal=problem, status=problem.status)


def _offer_page(
    request: HttpRequest, sold: PackageOffer, form: BuyForm, *, refusal: DrypointError | None = None, status: int = 200
) -> HttpResponse:
    context = {"offer": sold, "terms": terms_of(sold), "form": form, "refusal": refusal}
    return render(request, "patient/package_offer.html", context, status=status)


def _package_page(
    request: HttpRequest, found: Package, *, refusal: DrypointError | None = None, status: int = 200
) -> HttpResponse:
    context = {"one": Standing.of(found, now=clock.now()), "terms": found.terms.splitlines(), "refusal": refusal}
    return render(request, "patient/package.html", context, status=status)


def _waiting(request: HttpRequest, found: Package) -> HttpResponse:
    return render(request, "patient/package_checking.html", {"package": found, "again_in": LOOK_AGAIN_SECONDS})


def _package(request: HttpRequest, package_id: UUID) -> Package:
    return get_object_or_404(packages_of_user(_me(request)), pk=package_id)


def _me(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user

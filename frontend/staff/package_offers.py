"""Settings: the packages that the clinic sells."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from booking.models import PackageOffer
from booking.selectors.package_terms import terms_of
from booking.selectors.terms import may_prepay
from booking.services.package_offers import save_offer
from frontend.staff.covers import currency_here
from frontend.staff.frame import SeeOther, clinic_or_refuse, for_roles, me, page, sent
from frontend.staff.hours import SETTLES
from frontend.staff.package_forms import OfferForm
from intake import clock
from intake.errors import DrypointError


@for_roles(*SETTLES, methods=("GET", "HEAD", "POST"))
def package_offers(request: HttpRequest) -> HttpResponse:
    """What is sold; a POST enters one more."""
    return _edit(request, None)


@for_roles(*SETTLES, methods=("GET", "HEAD", "POST"))
def package_offer(request: HttpRequest, offer_id: UUID) -> HttpResponse:
    """One offer, to be changed."""
    return _edit(request, get_object_or_404(PackageOffer, pk=offer_id))


def _edit(request: HttpRequest, found: PackageOffer | None) -> HttpResponse:
    clinic = clinic_or_refuse()
    form = OfferForm(sent(request), offer=found, currency=currency_here())
    if request.method == "POST" and form.is_valid():
        place = found.location if found else clinic
        try:
            save_offer(offer=found, location=place, details=form.details, by=me(request), now=clock.now())
        except DrypointError as error:
            form.add_error("name", str(error.message))
        else:
            messages.success(request, _("Saved. What was sold before keeps its own terms."))
            return SeeOther(reverse("staff:package-offers"))
    context = {
        "form": form,
        "offer": found,
        "offers": list(PackageOffer.objects.order_by("-active", "name", "sessions")),
        "terms": terms_of(found) if found else (),
        "forbidden": not may_prepay(clinic),
    }
    return page(request, "staff/package_offers.html", context, status=422 if form.errors else 200)

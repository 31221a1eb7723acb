"""Settings: who may pay for patients."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from booking.models import Payer
from booking.services.payers import save_payer
from frontend.staff.frame import SeeOther, for_roles, me, page, sent
from frontend.staff.hours import SETTLES
from frontend.staff.payer_forms import PayerForm
from intake import clock
from intake.errors import DrypointError
from intake.models import Role


@for_roles(*SETTLES, methods=("GET", "HEAD", "POST"))
def payers(request: HttpRequest) -> HttpResponse:
    """All payers, those that can be chosen first; a POST enters one more."""
    return _edit(request, None)


@for_roles(*SETTLES, methods=("GET", "HEAD", "POST"))
def payer(request: HttpRequest, payer_id: UUID) -> HttpResponse:
    """One payer, to be changed."""
    return _edit(request, get_object_or_404(Payer, pk=payer_id))


def _edit(request: HttpRequest, found: Payer | None) -> HttpResponse:
    names = PayerForm.base_fields
    form = PayerForm(sent(request), initial={name: getattr(found, name) for name in names} if found else None)
    if request.method == "POST" and form.is_valid():
        try:
            save_payer(payer=found, details=form.details, by=me(request), now=clock.now())
        except DrypointError as error:
            form.add_error("name", str(error.message))
        else:
            messages.success(request, _("Saved."))
            return SeeOther(reverse("staff:payers"))
    context = {
        "form": form,
        "payer": found,
        "payers": list(Payer.objects.order_by("-active", "name")),
        "in_clinic": me(request).role == Role.MANAGER,
    }
    return page(request, "staff/payers.html", context, status=422 if form.errors else 200)

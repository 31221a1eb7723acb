"""The pages that anybody may read."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from booking.models import HealthcareService
from booking.selectors.registrations import practitioners_as_registered
from frontend.public.facts import COUNTS, SMALL_HARMS, Source
from intake.clock import clinic_date, now


def home(request: HttpRequest) -> HttpResponse:
    context = {
        "services": HealthcareService.objects.filter(online=True),
        "practitioners": practitioners_as_registered(on=clinic_date(now())),
        "counts": COUNTS,
    }
    return render(request, "public/home.html", context)


def read(request: HttpRequest) -> HttpResponse:
    context = {"counts": COUNTS, "small_harms": SMALL_HARMS, "sources": list(Source)}
    return render(request, "public/read.html", context)


def privacy(request: HttpRequest) -> HttpResponse:
    return render(request, "public/privacy.html")


def accessibility(request: HttpRequest) -> HttpResponse:
    return render(request, "public/accessibility.html")

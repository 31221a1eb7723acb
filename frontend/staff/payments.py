"""The money of a day, and a patient's account: every movement with who or what stands behind it."""

from datetime import timedelta
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from booking.rules.walltime import wall_date
from booking.selectors.cards import kept_card_of
from booking.selectors.money_of_day import money_of_day
from booking.selectors.money_of_patient import account_of
from booking.selectors.packages import Standing, packages_of
from frontend.staff.desk import read_date
from frontend.staff.frame import DESK, clinic_or_refuse, for_roles, me, page
from frontend.staff.money_words import WAYS, lines_of, next_sentences
from intake import clock
from intake.selectors.patients import patients_visible_to


@for_roles(*DESK)
def payments_of_day(request: HttpRequest) -> HttpResponse:
    """What came and went on a day, how, and what is still to be collected from its visits."""
    clinic = clinic_or_refuse()
    today = wall_date(clock.now(), clinic.time_zone)
    date = read_date(request.GET.get("date", "")) or today
    found = money_of_day(location=clinic, date=date)
    context = {
        "date": date,
        "is_today": date == today,
        "before": date - timedelta(days=1),
        "after": date + timedelta(days=1),
        "today": today,
        "zone": clinic.time_zone,
        "sums": [(WAYS.get(one.way, one.way), one) for one in found.sums],
        "totals": found.totals,
        "held": found.held,
        "lines": lines_of(found.movements),
        "unpaid": found.unpaid,
    }
    return page(request, "staff/payments.html", context)


@for_roles(*DESK)
def account(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """What a patient owes, what every visit cost, and everything that moved."""
    now = clock.now()
    patient = get_object_or_404(patients_visible_to(me(request), now=now), pk=patient_id)
    found = account_of(patient, now=now)
    context = {
        "patient": patient,
        "sums": found.sums,
        "open": [(one, next_sentences(one.next, one.visit)) for one in found.visits if one.is_open],
        "visits": found.visits,
        "lines": lines_of(found.movements),
        "packages": [Standing.of(one, now=now) for one in packages_of(patient)],
        "card": kept_card_of(patient),
        "zone": clinic_or_refuse().time_zone,
    }
    return page(request, "staff/account.html", context)

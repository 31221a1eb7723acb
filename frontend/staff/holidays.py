"""The days on which the clinic is closed: public holidays, those it opens, and its own."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from booking.models import HolidayOverride, Location
from booking.rules.walltime import wall_date
from booking.selectors.closures import holidays_with_visits
from booking.selectors.holidays import public_holidays, visits_on
from booking.services.holidays import keep_holiday, override_holiday, set_province
from frontend.staff.desk import read_date
from frontend.staff.frame import SeeOther, clinic_or_refuse, for_roles, me, page, sent
from frontend.staff.hours import SETTLES
from frontend.staff.hours_forms import ClosedDayForm, ProvinceForm
from intake import clock
from intake.errors import DrypointError
from intake.models import Role

_A_YEAR = timedelta(days=400)  # a whole year and the holidays that come round again


@dataclass(frozen=True, slots=True)
class HolidayRow:
    """One date in the list."""

    date: date
    name: str
    is_open: bool
    is_public: bool
    override: UUID | None
    closure: UUID | None  # whose visits are listed by it
    visits: int


@for_roles(*SETTLES, methods=("GET", "HEAD", "POST"))
def holidays(request: HttpRequest) -> HttpResponse:
    """The coming year's closed days; a POST closes one more date, and shows whose visits lie in it."""
    clinic, in_clinic = clinic_or_refuse(), me(request).role == Role.MANAGER
    form = ClosedDayForm(sent(request))
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        closed = _override(request, clinic, said["date"], is_open=False, name=said["name"])
        messages.success(request, _("The clinic is closed on that day."))
        if in_clinic and visits_on([closed.date], location=clinic, now=clock.now())[closed.date]:
            return SeeOther(reverse("staff:displaced", args=[closed.pk]))
        return SeeOther(reverse("staff:holidays"))
    context = {
        "place": clinic,
        "rows": _rows(clinic),
        "form": form,
        "province": ProvinceForm(initial={"province": clinic.province}),
        "in_clinic": in_clinic,
    }
    return page(request, "staff/holidays.html", context, status=422 if form.errors else 200)


@for_roles(*SETTLES, methods=("POST",))
def province(request: HttpRequest) -> HttpResponse:
    """Say whose public holidays the clinic keeps."""
    form = ProvinceForm(request.POST)
    if not form.is_valid():
        raise DrypointError(_("Please choose a province."))
    set_province(location=clinic_or_refuse(), province=form.cleaned_data["province"], by=me(request), now=clock.now())
    messages.success(request, _("Saved. The list shows the new holidays."))
    return SeeOther(reverse("staff:holidays"))


@for_roles(*SETTLES, methods=("POST",))
def open_on(request: HttpRequest) -> HttpResponse:
    """Open the clinic on a public holiday."""
    clinic, when = clinic_or_refuse(), _date(request)
    _override(request, clinic, when, is_open=True, name="")
    messages.success(request, _("The clinic is open on that day."))
    return SeeOther(reverse("staff:holidays"))


@for_roles(*SETTLES, methods=("POST",))
def as_usual(request: HttpRequest) -> HttpResponse:
    """Take back what the clinic said of a date; a second tap finds nothing more to do."""
    override = clinic_or_refuse().holiday_overrides.filter(date=_date(request)).first()
    if override is not None:
        keep_holiday(override=override, by=me(request), now=clock.now())
    messages.success(request, _("Taken back."))
    return SeeOther(reverse("staff:holidays"))


def _date(request: HttpRequest) -> date:
    when = read_date(request.POST.get("date", ""))
    if when is None:
        raise DrypointError(_("Please choose a date."))
    return when


def _override(request: HttpRequest, clinic: Location, when: date, *, is_open: bool, name: str) -> HolidayOverride:
    return override_holiday(location=clinic, day=when, is_open=is_open, name=name, by=me(request), now=clock.now())


def _rows(clinic: Location) -> list[HolidayRow]:
    now = clock.now()
    today = wall_date(now, clinic.time_zone)
    public = public_holidays(clinic.province, from_date=today, to_date=today + _A_YEAR)
    own = {one.date: one for one in clinic.holiday_overrides.filter(date__gte=today)}
    dates = sorted({*public, *own})
    visits = visits_on(dates, location=clinic, now=now)
    by_law = {wall_date(one.start, clinic.time_zone): one.id for one in holidays_with_visits(clinic, now=now)}
    return [
        HolidayRow(
            date=when,
            name=(own[when].name if when in own else "") or public.get(when, ""),
            is_open=when in own and own[when].open,
            is_public=when in public,
            override=own[when].pk if when in own else None,
            closure=own[when].pk if when in own else by_law.get(when),
            visits=visits[when],
        )
        for when in dates
    ]

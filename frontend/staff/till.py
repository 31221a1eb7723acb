"""The sheet of the day: what was taken at the desk by method, against the drawer; signed once, printed, kept."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from booking.errors import CountInvalid
from booking.feeds.amounts import money
from booking.models import TillCount
from booking.selectors.till import Moved, Sheet, entries_on, latest_sheets, open_sheet
from booking.services.till import sign_sheet
from frontend.staff.desk import read_date
from frontend.staff.frame import DESK, SeeOther, clinic_or_refuse, for_roles, me, page, sent
from frontend.staff.money_forms import METHODS, TillForm
from intake import clock

SHOWN = 14


@for_roles(*DESK, methods=("GET", "HEAD", "POST"))
def till(request: HttpRequest) -> HttpResponse:
    """Today's sheet to count and sign; `date` asks for a signed one."""
    location, day = clinic_or_refuse(), read_date(request.GET.get("date", ""))
    if day is not None and request.method != "POST":
        return _signed_page(request, get_object_or_404(TillCount, location=location, date=day))
    now = clock.now()
    sheet = open_sheet(location=location, now=now)
    form = TillForm(
        sent(request), currency=sheet.currency, is_first=sheet.opening is None, initial={"lines": len(sheet.entries)}
    )
    if request.method != "POST":
        return _open_page(request, sheet, form)
    if not form.is_valid():
        return _open_page(request, sheet, form, status=422)
    said = form.cleaned_data | {"banked": form.cleaned_data["banked"] or 0}
    try:
        count = sign_sheet(location=location, **said, by=me(request), now=now)
    except CountInvalid as error:
        _explain(form, error, sheet)
        return _open_page(request, sheet, form, status=error.status)
    messages.success(request, _("Signed. What is taken from now on stands on the next sheet."))
    return SeeOther(f"{reverse('staff:till')}?date={count.date}")


def _open_page(request: HttpRequest, sheet: Sheet, form: TillForm, *, status: int = 200) -> HttpResponse:
    context = {
        "sheet": sheet,
        "date": sheet.date,
        "currency": sheet.currency,
        "methods": _in_words(sheet.by_method),
        "entries": sheet.entries,
        "form": form,
        "latest": latest_sheets(location=sheet.location, most=SHOWN),
        "expected": None if sheet.opening is None else sheet.opening + sheet.cash,
    }
    return page(request, "staff/till.html", context, status=status)


def _signed_page(request: HttpRequest, count: TillCount) -> HttpResponse:
    moved = {method: Moved(**sums) for method, sums in count.by_method.items()}
    context = {
        "count": count,
        "date": count.date,
        "currency": count.currency,
        "methods": _in_words(moved),
        "entries": entries_on(count),
        "latest": latest_sheets(location=count.location, most=SHOWN),
    }
    return page(request, "staff/till.html", context)


def _in_words(by_method: dict[str, Moved]) -> list[tuple[object, Moved]]:
    return [(words, by_method[method]) for method, words in METHODS if method in by_method]


def _explain(form: TillForm, error: CountInvalid, sheet: Sheet) -> None:
    if error.details["why"] == "banked":
        form.add_error("banked", _("That is more than is in the drawer."))
        return
    difference = error.details["difference"]
    words = _("There is %(sum)s too much.") if difference > 0 else _("%(sum)s is missing.")
    difference_words = words % {"sum": money(abs(difference), sheet.currency)}
    form.add_error("note", f"{difference_words} {_('Count again, or say why.')}")

"""The books month by month: figures to look at, to close, and to take along for the accountant."""

from datetime import date
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from booking.errors import NoteNeeded
from booking.models import Location, MonthClose, Payout
from booking.rules.months import is_over, next_month, read_month
from booking.rules.walltime import wall_date
from booking.selectors.account_tables import TABLES
from booking.selectors.accounts import Figures, account_of, closed_months, net_of, open_month
from booking.services.month_close import close_month, export_table, mark_of, open_questions
from booking.services.payouts import note_on_statement
from frontend.money_sentences import Words
from frontend.staff.forms import text_area
from frontend.staff.frame import SeeOther, clinic_or_refuse, for_roles, me, page, prove_again
from frontend.staff.money_words import AGES, WAYS
from intake import clock
from intake.errors import DrypointError
from intake.models import Role

QUESTIONS: Final[dict[str, str | Promise]] = {
    "findings": gettext_lazy("There is money to look at on the overview."),
    "sheets": gettext_lazy("Money was taken at the desk that stands on no signed sheet of a day."),
    "payouts": gettext_lazy("A payout is not ticked off against the bank's statement, or not all of it is known."),
    "stripe": gettext_lazy("Stripe has moved another sum than our books say."),
    "shares": gettext_lazy("A therapist has no share for some of these visits. Enter it, and the pay is worked out."),
    "proof": gettext_lazy("The figures do not agree with each other. Please call for help before you close."),
}
_TABLES: Final[dict[str, str | Promise]] = {
    "summary": gettext_lazy("Summary"),
    "entries": gettext_lazy("Every movement"),
    "visits": gettext_lazy("Visits and pay"),
    "stripe": gettext_lazy("Stripe and the bank"),
}


class CloseForm(forms.Form):
    """Agreeing to the figures that are on the page; their mark stands beside it."""

    note = forms.CharField(
        label=gettext_lazy("Note"), required=False, max_length=1000, widget=text_area(),
        help_text=gettext_lazy("Why it is closed although something is open. It is kept with the month."),
    )  # fmt: skip


@for_roles(Role.MANAGER)
def months(request: HttpRequest) -> HttpResponse:
    """The month that is open, and those that are closed."""
    place, now = clinic_or_refuse(), clock.now()
    month = open_month(place, now=now)
    context = {
        "open": month,
        "is_over": is_over(month, today=wall_date(now, place.time_zone)),
        "closed": [_row(close) for close in closed_months(place)],
    }
    return page(request, "staff/months.html", context)


@for_roles(Role.MANAGER)
def month(request: HttpRequest, month: str) -> HttpResponse:
    """One month: as it was closed, or as its figures stand now."""
    return _page(request, _month(month))


@for_roles(Role.MANAGER, methods=("POST",))
def close(request: HttpRequest, month: str) -> HttpResponse:
    """Close it, with the figures that were looked at."""
    prove_again(request)
    place, wanted, form = clinic_or_refuse(), _month(month), CloseForm(request.POST)
    if not form.is_valid():
        return _page(request, wanted, form=form, status=422)
    try:
        close_month(
            location=place, month=wanted, seen=request.POST.get("seen", ""), note=form.cleaned_data["note"],
            by=me(request), now=clock.now(),
        )  # fmt: skip
    except DrypointError as error:
        form.add_error("note" if isinstance(error, NoteNeeded) else None, str(error.message))
        return _page(request, wanted, form=form, status=error.status)
    messages.success(request, _("Closed. What is written from now on stands in the next month."))
    return SeeOther(_address(wanted))


@for_roles(Role.MANAGER)
def table(request: HttpRequest, month: str, table: str) -> HttpResponse:
    """One of the month's tables as a file for a spreadsheet program. Who takes it is written down."""
    place, now = clinic_or_refuse(), clock.now()
    wanted, known = _month(month), next((one for one in TABLES if one == table), None)
    if known is None or wanted > open_month(place, now=now):
        raise Http404
    content = export_table(location=place, month=wanted, table=known, by=me(request), now=now)
    name = f"{wanted:%Y-%m}-{known}.csv"
    return HttpResponse(
        content,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@for_roles(Role.MANAGER, methods=("POST",))
def payout(request: HttpRequest, payout_id: str) -> HttpResponse:
    """It stands on the bank's statement."""
    found = get_object_or_404(Payout, pk=payout_id)
    note_on_statement(payout=found, by=me(request), now=clock.now())
    messages.success(request, _("Ticked off."))
    return SeeOther(f"{_address(found.month)}#payouts")


def _page(request: HttpRequest, month: date, *, form: CloseForm | None = None, status: int = 200) -> HttpResponse:
    place, now = clinic_or_refuse(), clock.now()
    kept = closed_months(place).filter(month=month).first()
    is_next = month == open_month(place, now=now)
    if kept is None and not is_next:
        raise Http404
    figures = kept.figures if kept else account_of(location=place, month=month).figures
    questions = [] if kept else [QUESTIONS[code] for code in open_questions(figures)]
    form = form or CloseForm()
    form.fields["note"].required = bool(questions)
    context = {
        "month": month,
        "close": kept,
        "figures": figures,
        "mark": mark_of(figures),
        "is_over": is_over(month, today=wall_date(now, place.time_zone)),
        "over_on": next_month(month),
        "questions": questions,
        "form": form,
        "tables": [(key, words, reverse("staff:month-table", args=[f"{month:%Y-%m}", key]))
                   for key, words in _TABLES.items()],
        **_derived(figures, place),
    }  # fmt: skip
    return page(request, "staff/month.html", context, status=status)


def _derived(figures: Figures, place: Location) -> dict[str, Any]:
    """What the page shows and the figures only imply."""
    receivables = figures["receivables"]
    open_rows = [{"name": _("Patients"), **receivables["patients"]}, *receivables["payers"]]
    return {
        "currency": figures["currency"],
        "came": net_of(figures["movements"]),
        "earned": _earned(figures),
        "to_come": sum(row["sum"] for row in open_rows),
        "kept": figures["deposits"]["sum"] + figures["packages"] + figures["to_give_back"],
        "ways": [(WAYS.get(row["way"], row["way"]), row, row["came"] - row["went"]) for row in figures["ways"]],
        "ages": AGES.values(),
        "open_rows": [(row["name"], _by_age(row["ages"]), row["sum"]) for row in open_rows],
        "payouts": Payout.objects.filter(pk__in=[one["id"] for one in figures["stripe"]["payouts"]]),
        "place": place,
    }


def _by_age(sums: dict[str, int]) -> list[tuple[Words, int]]:
    return [(words, sums[age]) for age, words in AGES.items()]


def _earned(figures: Figures) -> int:
    return int(figures["earned"]["treatment"] + figures["earned"]["fees"])


def _row(close: MonthClose) -> tuple[MonthClose, int, int]:
    return close, _earned(close.figures), net_of(close.figures["movements"])


def _month(text: str) -> date:
    found = read_month(text)
    if found is None:
        raise Http404
    return found


def _address(month: date) -> str:
    return reverse("staff:month", args=[f"{month:%Y-%m}"])

"""A document in words: what its page and its PDF both show, in this order. Drawn from the facts as they were issued."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from booking.feeds.amounts import money
from booking.models import Document
from booking.rules.receipts import Said, Tax, from_facts

Kind = Document.Kind
TITLES: Final[dict[str, str | Promise]] = {
    Kind.RECEIPT: gettext_lazy("Receipt for treatment"),
    Kind.FEE: gettext_lazy("Receipt for a fee"),
    Kind.CREDIT_NOTE: gettext_lazy("Credit note"),
    Kind.STATEMENT: gettext_lazy("Statement of account"),
    Kind.PACKAGE: gettext_lazy("Receipt for a package"),
}
METHODS: Final[dict[str, str | Promise]] = {
    "card": gettext_lazy("card, online"),
    "cash": gettext_lazy("cash"),
    "terminal": gettext_lazy("card terminal"),
    "e-transfer": gettext_lazy("e-transfer"),
    "gift-card": gettext_lazy("gift card"),
    "payer": gettext_lazy("by the payer"),
    "package": gettext_lazy("by a package"),
    "used-for-fee": gettext_lazy("used for a fee, which has its own document"),
    "of-visits-money": gettext_lazy("of what was paid for the visit"),
}


@dataclass(frozen=True, slots=True)
class Sum:
    """A line of the sums; the total and the balance are strong."""

    label: str
    amount: str
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Paper:
    """One document in words."""

    language: str
    title: str
    sender: tuple[str, ...]
    heading: tuple[tuple[str, str], ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    sums: tuple[Sum, ...]
    notes: tuple[str, ...]


def paper_of(document: Document) -> Paper:
    """A document in the words of its own language."""
    facts: dict[str, Any] = document.facts
    with override(facts["language"]):
        is_statement = document.kind == Kind.STATEMENT
        return Paper(
            language=facts["language"],
            title=str(TITLES[document.kind]),
            sender=_sender(facts),
            heading=_heading(document, facts),
            columns=_statement_columns() if is_statement else _columns(document),
            rows=_statement_rows(document, facts) if is_statement else _rows(document),
            sums=_sums(document, from_facts(facts)),
            notes=tuple(_notes(document, facts)),
        )


def copy_mark(number: int, *, taken_back: Document | None = None) -> str:
    """What stands at the head of a copy: that it is not the original, and that a credit note has taken it back."""
    marks = [_("DUPLICATE")] if number > 1 else []
    if taken_back is not None:
        marks.append(_("VOID, see credit note %(number)s") % {"number": taken_back})
    return " · ".join(marks)


def _sender(facts: dict[str, Any]) -> tuple[str, ...]:
    clinic = facts["clinic"]
    return clinic["name"], *clinic["address"].splitlines(), clinic["phone"], clinic["email"]


def _heading(document: Document, facts: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    zone = ZoneInfo(document.location.time_zone)
    said = [(_("Number"), str(document)), (_("Issued"), _date(document.issued_at.astimezone(zone).date()))]
    if document.reverses is not None:
        said.append((_("Takes back"), _number_of(document.reverses)))
        said.append((_("Because"), document.get_reason_display()))
    said.append((_("For"), document.claimant or _("the record was erased")))
    if "first" in facts:
        said.append((_("Period"), _("%(first)s to %(last)s") % {name: _day(facts[name]) for name in ("first", "last")}))
    if facts.get("therapist"):
        said.append((_("Therapist"), _therapist(facts["therapist"])))
    return tuple(said)


def _number_of(document: Document) -> str:
    return _("%(kind)s %(number)s") % {"kind": TITLES[document.kind], "number": document}


def _therapist(one: dict[str, str]) -> str:
    return _("%(name)s, %(title)s, registration number %(number)s, %(college)s") % one


def _rows(document: Document) -> tuple[tuple[str, ...], ...]:
    said = from_facts(document.facts)
    return tuple((_day(line.on), line.text, money(line.amount, document.currency)) for line in said.lines)


def _columns(document: Document) -> tuple[str, ...]:
    """A fee, or what was paid in advance, is no service."""
    is_treatment = "therapist" in document.facts
    return (_("Date of service"), _("Service"), _("Amount")) if is_treatment else (_("Date"), _("What"), _("Amount"))


def _statement_columns() -> tuple[str, ...]:
    return _("Date"), _("What and with whom"), _("Receipt"), _("Amount"), _("Paid")


def _statement_rows(document: Document, facts: dict[str, Any]) -> tuple[tuple[str, ...], ...]:
    return tuple(
        (
            _day(entry["on"]),
            "; ".join([entry["text"], *([_therapist(entry["therapist"])] if entry["therapist"] else [])])
            + ("" if entry["claimable"] else _(" (not treatment, not claimable)")),
            f"{entry['number']:06d}" if entry["number"] else _("none"),
            money(entry["total"], document.currency),
            money(entry["paid"], document.currency),
        )
        for entry in facts["entries"]
    )


def _sums(document: Document, said: Said) -> tuple[Sum, ...]:
    def amount(value: int) -> str:
        return money(value, document.currency)

    taxes = [Sum(_tax(tax), amount(tax.amount)) for tax in said.taxes]
    before = [Sum(_("Before tax"), amount(said.net)), *taxes] if taxes else []
    if not taxes and document.facts.get("tax_note"):
        before = [Sum(_("Tax"), amount(0))]
    singly = said.payments if document.kind in (Kind.RECEIPT, Kind.FEE, Kind.PACKAGE) else ()
    return (
        *before,
        Sum(_("Total"), amount(said.total), strong=True),
        *(Sum(_payment(one.on, one.method, one.amount), amount(one.amount)) for one in singly),
        Sum(_("Paid"), amount(said.paid), strong=True),
        _left(document, said),
    )


def _left(document: Document, said: Said) -> Sum:
    if said.balance < 0 and document.kind != Kind.CREDIT_NOTE:
        return Sum(_("To be given back"), money(-said.balance, document.currency), strong=True)
    return Sum(_("Balance"), money(said.balance, document.currency), strong=True)


def _tax(tax: Tax) -> str:
    percent = f"{tax.thousandths / 1000:g}"
    words = _("%(name)s %(percent)s %%") % {"name": tax.name, "percent": percent}
    return f"{words}, {tax.number}" if tax.number else words


def _payment(on: str, method: str, amount: int) -> str:
    how = str(METHODS.get(method) or method.replace("-", " "))
    if method in ("used-for-fee", "of-visits-money"):
        return how[:1].upper() + how[1:]
    words = _("Paid %(day)s, %(how)s") if amount >= 0 else _("Given back %(day)s, %(how)s")
    return words % {"day": _day(on), "how": how}


def _notes(document: Document, facts: dict[str, Any]) -> list[str]:
    said = from_facts(facts)
    notes = [facts["tax_note"]] if facts.get("tax_note") else []
    if facts.get("payer"):
        payer = facts["payer"]
        sums = {"sum": money(payer["amount"], document.currency), "payer": payer["name"]}
        notes.append(_("Of the total, %(sum)s is billed to %(payer)s.") % sums)
    if document.kind == Kind.RECEIPT and said.balance == 0:
        notes.append(_("Paid in full."))
    if document.kind == Kind.FEE:
        notes.append(_("This is a fee and not a treatment. It can't be claimed from a health insurer."))
    if document.kind == Kind.PACKAGE:
        notes.append(_("This is paid in advance and not a treatment. It can't be claimed from a health insurer."))
        notes.append(_("Each visit that takes place gets a receipt of its own, with its tax if there is any."))
    if document.kind == Kind.STATEMENT:
        notes += _paid_in_advance(document, facts)
        notes.append(_("A statement is not a receipt: to claim from an insurer, use the receipt of each visit."))
    if document.kind == Kind.CREDIT_NOTE and document.package_id is not None:  # which never could be claimed
        notes.append(_("The receipt that this takes back doesn't hold any more."))
    elif document.kind == Kind.CREDIT_NOTE:
        notes.append(_("The document that this takes back can't be claimed any more."))
    return notes


def _paid_in_advance(document: Document, facts: dict[str, Any]) -> list[str]:
    """What came and went for packages, which a statement doesn't count with the visits."""
    notes = []
    for one in facts.get("prepaid", ()):
        how = _payment(one["on"], one["method"], one["amount"])
        what = one["text"] if one["number"] is None else f"{one['text']} ({one['number']:06d})"
        notes.append(f"{how}: {what}. {money(abs(one['amount']), document.currency)}")
    if notes:
        notes.append(
            _("What was paid in advance is not in the sums above. Each visit that it paid stands there with its share.")
        )
    return notes


def _day(iso: str) -> str:
    return _date(date.fromisoformat(iso))


def _date(day: date) -> str:
    return date_format(day, "j F Y")

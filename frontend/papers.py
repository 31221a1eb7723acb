"""What the patient's and the clinic's pages of receipts and other papers have in common."""

from datetime import date

from django import forms
from django.http import HttpResponse, QueryDict
from django.utils.translation import gettext_lazy as _

from booking.feeds.paper_pdf import pdf_of
from booking.feeds.papers import copy_mark, paper_of
from booking.models import Document, DocumentCopy
from booking.services.documents import EARLIEST
from frontend.patient.dates import DatePartsField
from intake.models import Patient

CREDITABLE = (Document.Kind.RECEIPT, Document.Kind.FEE, Document.Kind.PACKAGE)


class StatementForm(forms.Form):
    """Whose statement, and for which days; last year is the beginning."""

    person = forms.ChoiceField(label=_("For whom"))
    first = DatePartsField(label=_("First day"), first=EARLIEST, last=EARLIEST)
    last = DatePartsField(label=_("Last day"), first=EARLIEST, last=EARLIEST)

    def __init__(self, data: QueryDict | None = None, *, people: list[Patient], today: date) -> None:
        year = today.year - 1
        super().__init__(data, initial={"first": date(year, 1, 1), "last": date(year, 12, 31)})
        self.people = {str(one.pk): one for one in people}
        person = self.fields["person"]
        assert isinstance(person, forms.ChoiceField)
        person.choices = [(pk, str(one)) for pk, one in self.people.items()]
        if len(people) == 1:
            person.widget, person.initial = forms.HiddenInput(), str(people[0].pk)
        for name in ("first", "last"):
            self.fields[name].last = today  # type: ignore[attr-defined]

    @property
    def patient(self) -> Patient:
        return self.people[self.cleaned_data["person"]]


def shown(document: Document) -> dict[str, object]:
    """What the page of one document needs."""
    taken_back = _taken_back(document)
    return {
        "document": document,
        "paper": paper_of(document),
        "taken_back": taken_back,
        "drawn": document.copies.count(),
        "may_be_credited": document.kind in CREDITABLE and taken_back is None,
    }


def as_pdf(copy: DocumentCopy) -> HttpResponse:
    """The copy in the browser's own window: never a file that is sent along."""
    document = copy.document
    mark = copy_mark(copy.number, taken_back=_taken_back(document))
    drawn = pdf_of(paper_of(document), mark=mark, made_at=document.issued_at)
    response = HttpResponse(drawn, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{document.kind}-{document}.pdf"'
    return response


def _taken_back(document: Document) -> Document | None:
    return Document.objects.filter(reverses=document).first()

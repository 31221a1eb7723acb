"""Papers read back from their PDF, word by word."""

from io import BytesIO
from uuid import uuid4

import pytest
from pypdf import PdfReader

from booking.feeds.paper_pdf import pdf_of
from booking.feeds.papers import Paper, copy_mark, paper_of
from booking.models import Document, Location
from booking.rules.receipts import Line, Paid, Said, Tax, as_facts, reversal_of
from intake.models import Patient
from tests.factories.booking import NOW

CLINIC = {
    "name": "Needle & Motion Clinic",
    "address": "118 Whyte Avenue NW\nEdmonton, Alberta  T6E 1Y5",
    "phone": "(780) 555-0134",
    "email": "hello@clinic.example",
}
ANNA = {"name": "Anna Lee", "title": "Physiotherapist", "number": "PT-4100", "college": "College of Physiotherapists"}
HEADING = {"version": 1, "language": "en", "clinic": CLINIC}
VISIT = Said(
    (Line("Physiotherapy: treatment, 60 min", "2026-11-17", 12000),),
    (Paid("2026-11-02", "card", 4000), Paid("2026-11-17", "terminal", 8000)),
)
EXEMPT = "Health care service, exempt from GST/HST"


def document(kind: str = "receipt", *, said: Said = VISIT, name: str = "Ada Berg", **over: object) -> Document:
    facts = HEADING | as_facts(said) | {"therapist": ANNA, "tax_note": EXEMPT, "claimable": kind == "receipt"}
    fields = {"kind": kind, "number": 42, "claimant": name, "currency": "CAD", "issued_at": NOW, "facts": facts}
    return Document(location=Location(time_zone="America/Edmonton"), patient=Patient(), **fields | over)


def read(drawn: bytes) -> list[str]:
    pages = PdfReader(BytesIO(drawn)).pages
    return [line.strip() for page in pages for line in page.extract_text().splitlines()]


def lines_of(one: Document, *, copy: int = 1) -> list[str]:
    return read(pdf_of(paper_of(one), mark=copy_mark(copy), made_at=one.issued_at))


def test_a_receipt_word_by_word() -> None:
    assert lines_of(document()) == [
        "Needle & Motion Clinic",
        "118 Whyte Avenue NW",
        "Edmonton, Alberta  T6E 1Y5",
        "(780) 555-0134",
        "hello@clinic.example",
        "Receipt for treatment",
        "Number 000042",
        "Issued 23 November 2026",
        "For Ada Berg",
        "Therapist Anna Lee, Physiotherapist, registration number PT-4100, College of",
        "Physiotherapists",
        "Date of service Service Amount",
        "17 November 2026 Physiotherapy: treatment, 60 min $120.00",
        "Tax $0.00",
        "Total $120.00",
        "Paid 2 November 2026, card, online $40.00",
        "Paid 17 November 2026, card terminal $80.00",
        "Paid $120.00",
        "Balance $0.00",
        EXEMPT,
        "Paid in full.",
        "Receipt for treatment 000042   1 / 1",
    ]


def test_a_duplicate_is_the_same_and_says_so() -> None:
    assert lines_of(document(), copy=2) == ["DUPLICATE", *lines_of(document())]


def test_a_credit_note_word_by_word() -> None:
    receipt = document()
    facts = receipt.facts | as_facts(reversal_of(VISIT)) | {"claimable": False}
    credit = document("credit-note", number=43, facts=facts, reverses=receipt, reason="refunded")
    assert lines_of(credit)[5:] == [
        "Credit note",
        "Number 000043",
        "Issued 23 November 2026",
        "Takes back Receipt for treatment 000042",
        "Because money was given back",
        "For Ada Berg",
        "Therapist Anna Lee, Physiotherapist, registration number PT-4100, College of",
        "Physiotherapists",
        "Date of service Service Amount",
        "17 November 2026 Physiotherapy: treatment, 60 min −$120.00",
        "Tax $0.00",
        "Total −$120.00",
        "Paid −$120.00",
        "Balance $0.00",
        EXEMPT,
        "The document that this takes back can't be claimed any more.",
        "Credit note 000043   1 / 1",
    ]


def test_a_fee_word_by_word_names_no_service_and_says_that_it_is_no_treatment() -> None:
    said = Said((Line("Fee for a missed visit", "2026-11-17", 3000),), (Paid("2026-11-18", "cash", 3000),))
    assert lines_of(document("fee", facts=HEADING | as_facts(said) | {"claimable": False}))[5:] == [
        "Receipt for a fee",
        "Number 000042",
        "Issued 23 November 2026",
        "For Ada Berg",
        "Date What Amount",
        "17 November 2026 Fee for a missed visit $30.00",
        "Total $30.00",
        "Paid 18 November 2026, cash $30.00",
        "Paid $30.00",
        "Balance $0.00",
        "This is a fee and not a treatment. It can't be claimed from a health insurer.",
        "Receipt for a fee 000042   1 / 1",
    ]


def test_what_an_insurer_pays_stands_on_the_receipt() -> None:
    said = Said(VISIT.lines, (Paid("2026-11-17", "terminal", 4000), Paid("2026-12-01", "payer", 8000)))
    facts = document().facts | as_facts(said) | {"payer": {"name": "Blue Cross", "amount": 8000}}
    assert lines_of(document(facts=facts))[15:21] == [
        "Paid 17 November 2026, card terminal $40.00",
        "Paid 1 December 2026, by the payer $80.00",
        "Paid $120.00",
        "Balance $0.00",
        EXEMPT,
        "Of the total, $80.00 is billed to Blue Cross.",
    ]


def test_a_statement_word_by_word() -> None:
    visit = {"on": "2026-11-17", "text": "Physiotherapy: treatment, 60 min", "therapist": ANNA, "number": 7}
    fee = {"on": "2026-11-18", "text": "Fee for a missed visit", "therapist": None, "number": None}
    entries = [
        visit | {"claimable": True, "total": 12000, "paid": 12000},
        fee | {"claimable": False, "total": 3000, "paid": 0},
    ]
    said = Said((*VISIT.lines, Line("Fee for a missed visit", "2026-11-18", 3000)), VISIT.payments)
    facts = HEADING | as_facts(said) | {"entries": entries, "first": "2026-01-01", "last": "2026-11-30"}
    assert lines_of(document("statement", facts=facts))[5:] == [
        "Statement of account",
        "Number 000042",
        "Issued 23 November 2026",
        "For Ada Berg",
        "Period 1 January 2026 to 30 November 2026",
        "Date What and with whom Receipt Amount Paid",
        "17 November 2026 Physiotherapy: treatment, 60 min; Anna Lee,",
        "Physiotherapist, registration number PT-4100,",
        "College of Physiotherapists",
        "000007 $120.00 $120.00",
        "18 November 2026 Fee for a missed visit (not treatment, not",
        "claimable)",
        "none $30.00 $0.00",
        "Total $150.00",
        "Paid $120.00",
        "Balance $30.00",
        "A statement is not a receipt: to claim from an insurer, use the receipt of each visit.",
        "Statement of account 000042   1 / 1",
    ]


PACKAGE = Said(
    (Line("Five follow-ups: 5 visits, paid in advance", "2026-11-02", 40000),), (Paid("2026-11-02", "card", 40000),)
)
GIVEN_BACK = Said(
    (*PACKAGE.lines, Line("Unused visits, given back", "2026-11-20", -16000)),
    (*PACKAGE.payments, Paid("2026-11-20", "card", -16000)),
)
PREPAID = [
    "This is paid in advance and not a treatment. It can't be claimed from a health insurer.",
    "Each visit that takes place gets a receipt of its own, with its tax if there is any.",
]


def paper_of_package(said: Said, **over: object) -> Document:
    facts = HEADING | as_facts(said) | {"claimable": False, "on": "2026-11-02"}
    return document("package", facts=facts, package_id=uuid4(), **over)


def test_a_package_word_by_word() -> None:
    assert lines_of(paper_of_package(PACKAGE))[5:] == [
        "Receipt for a package",
        "Number 000042",
        "Issued 23 November 2026",
        "For Ada Berg",
        "Date What Amount",
        "2 November 2026 Five follow-ups: 5 visits, paid in advance $400.00",
        "Total $400.00",
        "Paid 2 November 2026, card, online $400.00",
        "Paid $400.00",
        "Balance $0.00",
        *PREPAID,
        "Receipt for a package 000042   1 / 1",
    ]


def test_a_package_of_which_the_rest_was_given_back_word_by_word() -> None:
    assert lines_of(paper_of_package(GIVEN_BACK))[9:] == [
        "Date What Amount",
        "2 November 2026 Five follow-ups: 5 visits, paid in advance $400.00",
        "20 November 2026 Unused visits, given back −$160.00",
        "Total $240.00",
        "Paid 2 November 2026, card, online $400.00",
        "Given back 20 November 2026, card, online −$160.00",
        "Paid $240.00",
        "Balance $0.00",
        *PREPAID,
        "Receipt for a package 000042   1 / 1",
    ]


def test_a_visit_that_a_package_paid_is_a_treatment_at_what_the_session_cost() -> None:
    said = Said((Line("Physiotherapy: treatment, 60 min", "2026-11-17", 8000),), (Paid("2026-11-17", "package", 8000),))
    facts = document().facts | as_facts(said)
    assert lines_of(document(facts=facts))[14:18] == [
        "Total $80.00",
        "Paid 17 November 2026, by a package $80.00",
        "Paid $80.00",
        "Balance $0.00",
    ]


def test_taxes_stand_before_the_total() -> None:
    gst = Tax("GST", 5000, "123456789 RT0001", 500)
    said = Said((Line("Massage, 60 min", "2026-11-17", 10500, (gst,)),), (Paid("2026-11-17", "cash", 11000),))
    facts = HEADING | as_facts(said) | {"therapist": ANNA, "tax_note": ""}
    assert lines_of(document(facts=facts))[12:19] == [
        "17 November 2026 Massage, 60 min $105.00",
        "Before tax $100.00",
        "GST 5 %, 123456789 RT0001 $5.00",
        "Total $105.00",
        "Paid 17 November 2026, cash $110.00",
        "Paid $110.00",
        "To be given back $5.00",
    ]


NAMES = [
    "Zoë Łukasz Nguyễn",
    "Ольга Іванова",
    "محمد رضایی",
    "שרה לוי",
    "Ελένη",
    "王小明",
    "山田 花子",
    "김민준",
    "ᐃᓄᒃ",
    "สมชาย",
    "አበበ",
    "Արամ",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_in_any_of_these_alphabets_is_read_back(name: str) -> None:
    assert f"For {name}" in lines_of(document(name=name))


JOINED = ["प्रिया शर्मा", "তানিয়া", "પ્રિયા", "ਹਰਪ੍ਰੀਤ ਕੌਰ", "ప్రియ", "ಪ್ರಿಯಾ", "പ്രിയ", "ප්‍රියා", "அருண்", "အေးအေး", "សុខា"]


@pytest.mark.parametrize("name", JOINED)
def test_scripts_that_join_their_letters_are_read_back_but_for_signs_that_nobody_sees(name: str) -> None:
    """Where one sign is drawn in two parts, its second part is a control character in the text."""
    line = lines_of(document(name=name))[8]
    assert "".join(one for one in line if one >= " ") == f"For {name}"


def test_a_letter_that_no_font_has_is_a_mark_and_breaks_nothing() -> None:
    assert lines_of(document(name="Ꮳ Smith"))[8] == "For \N{REPLACEMENT CHARACTER} Smith"


def test_a_long_statement_goes_over_several_pages_and_repeats_its_columns() -> None:
    row = {"on": "2026-11-17", "text": "Physiotherapy", "therapist": ANNA, "number": 7, "claimable": True}
    entries = [row | {"total": 100, "paid": 100}] * 60
    facts = HEADING | as_facts(VISIT) | {"entries": entries, "first": "2026-01-01", "last": "2026-12-31"}
    drawn = pdf_of(paper_of(document("statement", facts=facts)), made_at=NOW)
    pages = [page.extract_text() for page in PdfReader(BytesIO(drawn)).pages]
    assert len(pages) > 1
    assert all("What and with whom" in page for page in pages)
    assert "Period 1 January 2026 to 31 December 2026" in pages[0]


def test_a_statement_says_below_its_sums_what_was_paid_in_advance() -> None:
    what = {"text": "Three visits: 3 visits, paid in advance", "number": 12}
    prepaid = [
        what | {"on": "2026-11-02", "method": "cash", "amount": 27000},
        what | {"on": "2026-11-20", "method": "terminal", "amount": -18000, "number": None},
    ]
    facts = HEADING | as_facts(Said((), ())) | {"entries": [], "first": "2026-11-01", "last": "2026-11-30"}
    found = lines_of(document("statement", facts=facts | {"prepaid": prepaid}))
    assert found[9:] == [
        "Period 1 November 2026 to 30 November 2026",
        "Date What and with whom Receipt Amount Paid",
        "Total $0.00",
        "Paid $0.00",
        "Balance $0.00",
        "Paid 2 November 2026, cash: Three visits: 3 visits, paid in advance (000012). $270.00",
        "Given back 20 November 2026, card terminal: Three visits: 3 visits, paid in advance. $180.00",
        "What was paid in advance is not in the sums above. Each visit that it paid stands there with its share.",
        "A statement is not a receipt: to claim from an insurer, use the receipt of each visit.",
        "Statement of account 000042   1 / 1",
    ]


def test_the_same_paper_is_the_same_file_with_its_font_inside_and_its_language_said() -> None:
    first, again = (pdf_of(paper_of(document()), made_at=NOW) for _ in range(2))
    assert first == again
    assert len(first) < 60_000
    catalogue = PdfReader(BytesIO(first)).root_object
    assert catalogue["/Lang"] == "en"
    fonts = PdfReader(BytesIO(first)).pages[0]["/Resources"]["/Font"]
    assert all("DejaVuSans" in str(one.get_object()["/BaseFont"]) for one in fonts.values())


def test_what_was_erased_has_no_name() -> None:
    paper: Paper = paper_of(document(name=""))
    assert ("For", "the record was erased") in paper.heading

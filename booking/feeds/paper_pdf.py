"""A document as a PDF: its text can be selected and is read aloud in its order, names in any alphabet that we have a
font for. The same paper always gives the same file.
"""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from fpdf import FPDF, FontFace, ViewerPreferences
from fpdf.enums import TableBordersLayout

from booking.feeds.papers import Paper

FONTS: Final = Path(__file__).parent / "fonts"
TEXT: Final = "DejaVuSans"
UNKNOWN: Final = "\N{REPLACEMENT CHARACTER}"
# What DejaVu has no letters for; loaded only where a name needs it.
_FURTHER: Final = {
    "DroidSansFallback": ((0x1100, 0x11FF), (0x2E80, 0x9FFF), (0xAC00, 0xD7AF), (0xF900, 0xFAFF), (0xFF00, 0xFFEF)),
    "NotoSansDevanagari-Regular": ((0x0900, 0x097F),),
    "NotoSansBengali-Regular": ((0x0980, 0x09FF),),
    "NotoSansGurmukhi-Regular": ((0x0A00, 0x0A7F),),
    "NotoSansGujarati-Regular": ((0x0A80, 0x0AFF),),
    "NotoSansTamil-Regular": ((0x0B80, 0x0BFF),),
    "NotoSansTelugu-Regular": ((0x0C00, 0x0C7F),),
    "NotoSansKannada-Regular": ((0x0C80, 0x0CFF),),
    "NotoSansMalayalam-Regular": ((0x0D00, 0x0D7F),),
    "NotoSansSinhala-Regular": ((0x0D80, 0x0DFF),),
    "NotoSansThai-Regular": ((0x0E00, 0x0E7F),),
    "NotoSansMyanmar-Regular": ((0x1000, 0x109F),),
    "NotoSansEthiopic-Regular": ((0x1200, 0x139F),),
    "NotoSansKhmer-Regular": ((0x1780, 0x17FF),),
}
_LINE: Final = 5.2  # millimetres
_GREY: Final = (90, 90, 90)


class _Page(FPDF):
    """A letter page with its number at the foot."""

    foot = ""

    def footer(self) -> None:
        self.set_y(-15)
        self.set_font(TEXT, "", 8)
        self.set_text_color(*_GREY)
        self.cell(0, _LINE, f"{self.foot}   {self.page_no()} / {{nb}}", align="R")
        self.set_text_color(0)


def pdf_of(paper: Paper, *, mark: str = "", made_at: datetime) -> bytes:
    """The paper as a file; `mark` stands at its head: that it is a duplicate."""
    page = _blank(paper, made_at)
    _sender(page, paper, mark)
    _heading(page, paper)
    _rows(page, paper)
    _sums(page, paper)
    page.ln(4)
    for note in paper.notes:
        _text(page, note, size=9)
    return bytes(page.output())


def _blank(paper: Paper, made_at: datetime) -> _Page:
    page = _Page(format="letter")
    page.set_margins(20, 18, 20)
    page.set_auto_page_break(auto=True, margin=20)
    page.set_creation_date(made_at)
    page.set_title(paper.title)
    page.set_author(paper.sender[0])
    page.set_lang(paper.language)
    page.viewer_preferences = ViewerPreferences(display_doc_title=True)
    page.foot = f"{paper.title} {paper.heading[0][1]}"
    page.add_font(TEXT, "", FONTS / "DejaVuSans.ttf")
    page.add_font(TEXT, "B", FONTS / "DejaVuSans-Bold.ttf")
    further = [name for name, ranges in _FURTHER.items() if _needed(ranges, paper)]
    for name in further:
        for style in ("", "B"):
            page.add_font(name, style, FONTS / f"{name}.ttf")
    page.set_fallback_fonts(further, exact_match=False)
    page.set_text_shaping(True)
    page.add_page()
    return page


def _needed(ranges: tuple[tuple[int, int], ...], paper: Paper) -> bool:
    return any(low <= ord(letter) <= high for text in _words(paper) for letter in text for low, high in ranges)


def _words(paper: Paper) -> Iterator[str]:
    yield from (paper.title, *paper.sender, *paper.notes, *paper.columns)
    yield from (text for pair in paper.heading for text in pair)
    yield from (text for row in paper.rows for text in row)
    yield from (text for one in paper.sums for text in (one.label, one.amount))


def _sayable(page: FPDF, text: str) -> str:
    """The text with a mark in place of each letter that no font here can draw."""
    known = [font.cmap for font in page.fonts.values()]  # type: ignore[union-attr]
    return "".join(one if one.isspace() or any(ord(one) in cmap for cmap in known) else UNKNOWN for one in text)


def _text(page: FPDF, text: str, *, size: float = 10, bold: bool = False) -> None:
    page.set_font(TEXT, "B" if bold else "", size)
    page.multi_cell(0, size * 0.52, _sayable(page, text), align="L", new_x="LMARGIN", new_y="NEXT")


def _sender(page: FPDF, paper: Paper, mark: str) -> None:
    if mark:
        page.set_font(TEXT, "B", 15)
        page.cell(0, 9, mark, align="R", new_x="LMARGIN", new_y="NEXT")
    _text(page, paper.sender[0], size=13, bold=True)
    for line in paper.sender[1:]:
        _text(page, line, size=9)
    page.ln(7)
    _text(page, paper.title, size=17, bold=True)
    page.ln(3)


def _heading(page: FPDF, paper: Paper) -> None:
    for label, said in paper.heading:
        page.set_font(TEXT, "", 9)
        page.set_text_color(*_GREY)
        page.cell(32, _LINE, label)
        page.set_text_color(0)
        page.set_font(TEXT, "", 10)
        page.multi_cell(0, _LINE, _sayable(page, said), align="L", new_x="LMARGIN", new_y="NEXT")
    page.ln(5)


def _rows(page: FPDF, paper: Paper) -> None:
    widths = (20, 60, 20) if len(paper.columns) == 3 else (19, 43, 12, 13, 13)
    sums = 1 if len(paper.columns) == 3 else 2
    page.set_font(TEXT, "", 9)
    with page.table(
        col_widths=widths,
        text_align=("LEFT",) * (len(widths) - sums) + ("RIGHT",) * sums,
        borders_layout=TableBordersLayout.HORIZONTAL_LINES,
        headings_style=FontFace(emphasis="B"),
        line_height=_LINE,
        v_align="TOP",
        padding=1.2,
    ) as table:
        for row in (paper.columns, *paper.rows):
            table.row([_sayable(page, text) for text in row])
    page.ln(3)


def _sums(page: FPDF, paper: Paper) -> None:
    for one in paper.sums:
        page.set_font(TEXT, "B" if one.strong else "", 10)
        page.cell(page.epw - 38, _LINE + 1, _sayable(page, one.label), align="R")
        page.cell(38, _LINE + 1, one.amount, align="R", new_x="LMARGIN", new_y="NEXT")

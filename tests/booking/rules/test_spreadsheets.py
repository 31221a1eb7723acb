"""Tables that spreadsheet programs open as text and nothing else."""

import csv
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.rules.spreadsheets import harmless, sheet

START_OF_FORMULAS = set("=+-@\t\r\n|%")


def test_a_table_is_utf_8_with_its_mark_and_windows_line_ends() -> None:
    assert sheet(["Name", "Sum"], [["Zoë Müller, 李", "12.50"]]) == (
        '\ufeffName,Sum\r\n"Zoë Müller, 李",12.50\r\n'.encode()
    )


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\u00a0=1", "%x", "|cmd"])
def test_what_would_be_a_formula_is_text(text: str) -> None:
    assert harmless(text) == "'" + text


@pytest.mark.parametrize("cell", ["Ada Berg", "WC-1001", "12.50", "", "a=b"])
def test_other_text_is_left_alone(cell: str) -> None:
    assert harmless(cell) == cell


def test_a_number_is_a_number() -> None:
    assert [harmless(-5), harmless(None)] == ["-5", ""]


@given(st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=2, max_size=2), max_size=5))
def test_whatever_people_are_called_no_cell_begins_a_formula(rows: list[list[str]]) -> None:
    read = sheet(["a", "b"], rows).decode("utf-8-sig")
    cells = [cell for row in csv.reader(StringIO(read, newline="")) for cell in row]
    assert not [cell for cell in cells if cell[:1] in START_OF_FORMULAS]

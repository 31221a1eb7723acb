"""Tables for spreadsheet programs, in which no cell is taken for a formula."""

import csv
from collections.abc import Iterable, Sequence
from io import StringIO
from typing import Final

_STARTS_A_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
_BOM: Final = "\ufeff"  # without it, spreadsheet programs read the file in a code page of 1990


def sheet(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """A CSV file (RFC 4180, UTF-8 with a byte order mark). Text that would be a formula gets an apostrophe before it
    (OWASP, "CSV injection"); numbers are left alone.
    """
    text = StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([harmless(cell) for cell in header])
    writer.writerows([harmless(cell) for cell in row] for row in rows)
    return (_BOM + text.getvalue()).encode()


def harmless(cell: object) -> str:
    """A cell as text that no spreadsheet program carries out."""
    text = "" if cell is None else str(cell)
    if isinstance(cell, str) and text.lstrip(" \u00a0\u200b\ufeff\0").startswith(_STARTS_A_FORMULA):
        return "'" + text
    return text

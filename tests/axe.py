"""How axe looks at a page."""

import re
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

_RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    # Only violations are told in full: telling what is right on a page takes axe a quarter of its time.
    "resultTypes": ["violations"],
}
_SHOWN = """() => [
    document.documentElement.outerHTML, location.hash, innerWidth, matchMedia("(prefers-color-scheme: dark)").matches,
    ...Array.from(document.querySelectorAll(":checked"), (one) => one.id),
]"""
_SAYS_NOTHING = re.compile(
    r'name="csrfmiddlewaretoken" value="\w+"'
    r"|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r'|(?<![\w"-])\d+'  # of a text; not of a tag, a class or an attribute
)
_faultless: set[str] = set()


def faults_of(page: Page) -> list[tuple[str, list[Any]]]:
    """What axe finds wrong on a page, and where.

    A page that was without fault is not looked at again while it is the same to the letter, in the same width and
    colours, but for numbers in its text, ids and the token of its forms.
    """
    shown = _SAYS_NOTHING.sub("", repr(page.evaluate(_SHOWN)))
    if shown in _faultless:
        return []
    found = Axe().run(page, options=_RULES).response["violations"]
    if not found:
        _faultless.add(shown)
    return [(one["id"], [node["target"] for node in one["nodes"]]) for one in found]

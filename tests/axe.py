"""How axe looks at a page."""

import re
from collections.abc import Iterable
from typing import Any, Literal

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
_TABLET = 768
Look = tuple[int, Literal["light", "dark"]]


def troubles_of(page: Page, *, looks: Iterable[Look]) -> list[object]:
    """What axe finds wrong on the open page in each of these widths and colours, and where the page is too wide.

    Nothing is loaded again: widths and colours are the style sheet's alone. Between a phone and a desk only the fit
    is looked at; what is there and its colours are what they are in one of the two.
    """
    troubles: list[object] = [] if fits(page, _TABLET) else [(_TABLET, "too wide")]
    for width, colours in looks:
        page.emulate_media(color_scheme=colours, reduced_motion="reduce")  # no colour is looked at on its way
        troubles += [] if fits(page, width) else [(width, "too wide")]
        troubles += [(width, colours, fault) for fault in faults_of(page)]
    return troubles


def fits(page: Page, width: int) -> bool:
    """Whether nothing of the page is cut off or must be scrolled sideways in a window so wide, which stays so wide."""
    page.set_viewport_size({"width": width, "height": 900})
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


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

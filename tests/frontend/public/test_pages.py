"""The public pages are whole, light, honest and easy to read."""

import gzip
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.test import Client

from booking.models import HealthcareService, Location
from frontend.public.facts import COUNTS, SMALL_HARMS, Source

PAGES = ["/", "/dry-needling/", "/privacy/", "/accessibility/", "/stories/"]
ASSETS = Path(settings.BASE_DIR) / "frontend" / "static" / "frontend"


BLOCKS = {"p", "li", "h1", "h2", "h3", "td", "th", "dt", "dd", "summary", "figcaption", "caption"}
SILENT = {"script", "style", "svg", "title", "footer", "header", "nav"}


class Outline(HTMLParser):
    """What a test asks of a page: its texts by block, ids, inner links, and anything the content policy refuses."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.inner_links: list[str] = []
        self.forbidden: list[str] = []
        self.blocks: list[tuple[str, str]] = []
        self._open: list[str] = []
        self._text: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids += [given["id"]] if given.get("id") else []
        if tag == "a" and (given.get("href") or "").startswith("#"):
            self.inner_links.append(str(given["href"])[1:])
        inline = tag == "style" or (tag == "script" and "src" not in given)
        if inline or "style" in given or any(name.startswith("on") for name in given):
            self.forbidden.append(self.get_starttag_text() or tag)
        if tag in BLOCKS:
            self._close()
        if tag in BLOCKS | SILENT or given.get("class") == "cite":
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in BLOCKS:
            self._close(tag)
        if self._open and self._open[-1] == tag:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if not SILENT.union({"span"}) & set(self._open):
            self._text.append(data)

    def _close(self, tag: str = "") -> None:
        text = " ".join("".join(self._text).split())
        self.blocks += [(tag, text)] if text else []
        self._text = []


@pytest.fixture
def clinic(db: None) -> Location:
    return Location.objects.create(
        name="Needle & Motion Clinic",
        slug="needle-motion",
        address="120 Whyte Avenue NW\nEdmonton AB T6E 1X1",
        phone="+17805550134",
        email="hello@clinic.example",
        opening_hours="Monday to Friday 8:00 to 19:00",
        privacy_officer="Noor Haddad",
    )


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_all_it_links_to_and_nothing_inline(path: str, client: Client, clinic: Location) -> None:
    response = client.get(path)
    outline = Outline(response.content.decode())
    assert response.status_code == 200
    assert outline.forbidden == []
    assert [link for link in outline.inner_links if link not in outline.ids] == []
    assert len(outline.ids) == len(set(outline.ids))


@pytest.mark.django_db
@pytest.mark.parametrize("path", PAGES)
def test_a_page_stands_before_any_clinic_is_set_up(path: str, client: Client) -> None:
    assert client.get(path).status_code == 200


def test_the_start_page_shows_what_can_be_booked_and_its_price(client: Client, clinic: Location) -> None:
    shown = {"minutes": 60, "price_amount": 12000, "modality": "manual", "screening": "full"}
    HealthcareService.objects.create(slug="first", name="First visit with dry needling", **shown)
    HealthcareService.objects.create(slug="hidden", name="By phone only", online=False, **shown)
    html = client.get("/").content.decode()
    assert "First visit with dry needling" in html
    assert "$120.00" in html
    assert "By phone only" not in html
    assert 'href="tel:+17805550134"' in html


def test_the_privacy_page_says_who_why_under_which_law_and_for_how_long(client: Client, clinic: Location) -> None:
    html = client.get("/privacy/").content.decode()
    assert "Needle &amp; Motion Clinic collects and keeps your health information" in html
    assert "Alberta&#x27;s Health Information Act" in html
    assert "Noor Haddad" in html
    assert "10 years after your last visit" in html


def test_the_page_to_read_shows_each_figure_with_its_source(client: Client, clinic: Location) -> None:
    html = client.get("/dry-needling/").content.decode()
    assert [share.words for share in SMALL_HARMS] == [
        "19 to 37 in 100",
        "5 to 16 in 100",
        "about 8 in 100",
        "3 to 6 in 100",
        "about 1 in 100",
        "about 1 in 100",
        "about 1 in 900",
        "about 1 in 400",
    ]
    assert [share.words for share in SMALL_HARMS if share.words not in html] == []
    assert [source for source in Source if f'href="#{source.value}"' not in html] == []
    assert COUNTS.boyce_one_in == 1_000
    assert "about 1 in 1,000" in " ".join(html.split())


def test_the_page_to_read_promises_nothing_and_repeats_no_leaflet(client: Client, clinic: Location) -> None:
    text = client.get("/dry-needling/").content.decode().lower()
    refused = ["unequalled", "very few side effects", "good sign", "10,000", "toxin", "successfully"]
    assert [words for words in refused if words in text.replace("botulinum toxin", "")] == []


@pytest.mark.parametrize("path", PAGES)
def test_a_page_reads_at_grade_eight_or_below(path: str, client: Client, clinic: Location) -> None:
    prose = [text for tag, text in Outline(client.get(path).content.decode()).blocks if tag in {"p", "li", "dd", "td"}]
    assert grade(prose) <= 8


def test_page_styles_scripts_and_font_stay_under_sixty_kilobytes(client: Client, clinic: Location) -> None:
    styles = [ASSETS / "css" / f"{name}.css" for name in ("tokens", "base", "forms", "components", "public", "print")]
    for_patients = [path for path in (ASSETS / "css").glob("*.css") if path.stem not in ("staff", "calendar")]
    every_style = sum(len(gzip.compress(path.read_bytes())) for path in for_patients)
    texts = [path.read_bytes() for path in [*styles, ASSETS / "js" / "enhance.js"]]
    page = client.get("/dry-needling/").content
    font = len((ASSETS / "fonts" / "atkinson-hyperlegible-next-latin-wght-normal.woff2").read_bytes())
    assert every_style < 14_000
    assert font + sum(len(gzip.compress(text)) for text in [page, *texts]) < 60_000


def test_the_body_picture_has_every_region_of_the_screening() -> None:
    picture = render_to_string("components/_body.html")
    filled = set(re.findall(r'\[data-region="(\w+)"\]', (ASSETS / "css" / "public.css").read_text()))
    drawn = set(re.findall(r'data-region="(\w+)"', picture))
    assert drawn == filled
    assert len(drawn) == 15


@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_an_error_page_needs_no_database_and_shows_a_way_on(status: int) -> None:
    html = render_to_string(f"{status}.html")
    assert Outline(html).forbidden == []
    assert 'href="/"' in html


def grade(blocks: list[str]) -> float:
    """The Flesch-Kincaid grade of these texts: 0.39 words a sentence + 11.8 syllables a word - 15.59."""
    sentences = [one for text in blocks for one in re.split(r"(?<=[.!?])\s+", text) if re.search(r"[A-Za-z]", one)]
    words = [word for one in sentences for word in re.findall(r"[A-Za-z']+", one)]
    syllables = sum(_syllables(word.lower()) for word in words)
    return 0.39 * len(words) / len(sentences) + 11.8 * syllables / len(words) - 15.59


def _syllables(word: str) -> int:
    groups = len(re.findall(r"[aeiouy]+", word))
    silent = word.endswith("e") and not word.endswith(("le", "ee"))
    return max(1, groups - silent)

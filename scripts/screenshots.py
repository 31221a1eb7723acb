"""Takes the pictures of the README: `make screenshots`.

Starts the demonstration clinic in a folder of its own, walks through it like a patient and like reception, and writes
docs/pictures/. With a file that holds what a running `make run` has printed, that clinic is used instead.
"""

import base64
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
GIVEN = dict(os.environ)  # for the clinic that is started; what the journeys are made of needs the settings of tests
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings_test"

from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402

from config.local import ports  # noqa: E402
from tests.journeys import steps  # noqa: E402
from tests.journeys.steps import SignIn, Visitor  # noqa: E402
from tests.live import chromium_options  # noqa: E402

PICTURES = ROOT / "docs" / "pictures"
LARGEST = 250_000  # bytes
PHONE = {"width": 360, "height": 740}


@dataclass(frozen=True, slots=True)
class Running:
    """What a running clinic prints of itself."""

    site: str
    stripe: str
    sign_ins: list[SignIn]

    @classmethod
    def read(cls, printed: str) -> "Running":
        def address(name: str) -> str:
            found = re.search(rf"^  {name}\s+(http://\S+?)/(?:\s|$)", printed, re.MULTILINE)
            assert found, printed
            return found[1]

        password = re.search(r"^Password for each of them: (.+)$", printed, re.MULTILINE)
        assert password, printed
        people = re.findall(r"^  (\w+)\s+(\S+@\S+)\s+authenticator (\w+)", printed, re.MULTILINE)
        known = [SignIn(email, role, email, password[1], secret) for role, email, secret in people]
        return cls(address("Clinic"), address("Stripe"), known)


@contextmanager
def demonstration() -> Iterator[Running]:
    """A clinic of our own, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="drypoint-") as folder:
        port = str(ports.free_near(23_000, taken=set()))
        given = {**GIVEN, "DRYPOINT_VAR": folder, "PORT": port}
        argv = [sys.executable, "manage.py", "up"]
        process = subprocess.Popen(argv, cwd=ROOT, env=given, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        printed = ""
        try:
            for line in process.stdout:
                printed += line
                if line.startswith("Ctrl-C"):
                    break
            yield Running.read(printed)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)


def take(page: Page, name: str, *, whole: bool = False) -> bytes:
    """A picture of the page; written if it has a name."""
    page.wait_for_load_state("networkidle")
    picture = page.screenshot(full_page=whole, animations="disabled")
    if name:
        write(name, picture)
    return picture


def write(name: str, picture: bytes) -> None:
    assert len(picture) <= LARGEST, f"{name}: {len(picture)} bytes"
    (PICTURES / name).write_bytes(picture)
    print(f"{name}: {len(picture) // 1024} KB")


def side_by_side(browser: Browser, phones: list[bytes]) -> bytes:
    """Several phones in a row."""
    images = "".join(f"<img src='data:image/png;base64,{base64.b64encode(one).decode()}'>" for one in phones)
    style = (
        "body{margin:0;padding:24px;display:flex;gap:24px;background:#efe9df}"
        "img{width:300px;border-radius:20px;border:6px solid #fff;box-shadow:0 4px 18px #0003}"
    )
    page = browser.new_page(viewport={"width": 24 + len(phones) * 336, "height": 680})
    page.set_content(f"<style>{style}</style>{images}")
    picture = page.screenshot(full_page=True)
    page.close()
    return picture


def the_patient_s_way(browser: Browser, clinic: Running) -> None:
    """Reading, the check, a time, and the booked visit, on a phone."""
    who = steps.visitor(browser, clinic.site)
    who.page.set_viewport_size(PHONE)
    steps.opens(who, "/")
    phones = [take(who.page, "")]
    steps.opens(who, "/check/")
    steps.says_who_comes(who)
    steps.says_where_it_hurts(who, "Low back", "Hip")
    who.page.wait_for_url(re.compile("/check/questions/"))
    phones.append(take(who.page, ""))
    steps.answers(who)
    steps.presses(who, "Yes, show my result")
    steps.sees(who, "You can book")
    steps.chooses_visit(who, "First visit")
    steps.looks_ahead(who)
    who.page.locator(".times label.choice").nth(2).click()
    phones.append(take(who.page, ""))
    steps.holds_a_time(who, day=0, number=2)
    steps.says_who_they_are(who, "Nora Quill", "nora.quill@example.com")
    steps.agrees(who)
    steps.pays(who, clinic.stripe)
    steps.sees(who, "Your visit is booked")
    phones.append(take(who.page, ""))
    write("patient.png", side_by_side(browser, phones))
    who.page.context.close()


def wide_pages(browser: Browser, clinic: Running) -> None:
    """Reading, a page of questions and the list of times on a wider screen."""
    who = steps.visitor(browser, clinic.site, width=1100)
    steps.opens(who, "/dry-needling/")
    take(who.page, "read.png")
    steps.opens(who, "/check/")
    steps.says_who_comes(who)
    steps.says_where_it_hurts(who, "Knee")
    who.page.wait_for_url(re.compile("/check/questions/"))
    take(who.page, "questions.png")
    steps.answers(who)
    steps.presses(who, "Yes, show my result")
    steps.chooses_visit(who, "First visit")
    steps.looks_ahead(who)
    who.page.locator(".times label.choice").nth(2).click()
    take(who.page, "times.png")
    who.page.context.close()


def staff_pages(browser: Browser, clinic: Running) -> None:
    """The day at reception, the week of a therapist, a request and a visit."""
    desk = comes_in(browser, clinic, "reception")
    busy = a_busy_day(desk)
    take(desk.page, "desk.png")
    steps.opens(desk, f"/calendar/?week={busy}")
    take(desk.page, "calendar.png")
    steps.opens(desk, f"/desk/?date={busy}")
    desk.page.locator("#board tr", has_text="First visit").locator("th a").first.click()
    steps.sees(desk, re.compile("."))
    take(desk.page, "visit.png")
    desk.page.context.close()
    for email in [one.email for one in clinic.sign_ins if one.role == "therapist"]:
        therapist = comes_in(browser, clinic, email)
        steps.opens(therapist, "/reviews/")
        decide = therapist.page.get_by_role("link", name=re.compile("Look and decide"))
        if decide.count():
            decide.first.click()
            stands_in = therapist.page.get_by_role("button", name="Answer for my colleague")
            if stands_in.count():
                stands_in.click()
            steps.sees(therapist, re.compile("."))
            take(therapist.page, "review.png")
            therapist.page.context.close()
            return
        therapist.page.context.close()
    raise AssertionError("No request waits for anybody")


def a_busy_day(desk: Visitor) -> str:
    """Go to today's board, or to that of the next day on which people come; the date."""
    steps.opens(desk, "/desk/")
    for _ in range(7):
        if desk.page.locator("#board tbody tr").count() >= 4:
            return desk.page.get_by_label("Date").input_value()
        desk.page.get_by_role("link", name="Day after").click()
        desk.page.wait_for_load_state()
    raise AssertionError("Nobody comes within a week")


def comes_in(browser: Browser, clinic: Running, who: str) -> Visitor:
    visitor = steps.visitor(browser, clinic.site, width=1440)
    steps.signs_in(visitor, next(one for one in clinic.sign_ins if who in (one.role, one.email)))
    return visitor


def take_all(clinic: Running) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**chromium_options())
        the_patient_s_way(browser, clinic)
        wide_pages(browser, clinic)
        staff_pages(browser, clinic)
        browser.close()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        take_all(Running.read(Path(sys.argv[1]).read_text()))
    else:
        with demonstration() as clinic:
            take_all(clinic)

"""The waitlist as staff see it."""

from datetime import timedelta

from booking.models import Offer, WaitlistEntry
from booking.services.waitlist import Times, join_waitlist
from tests.factories.booking import NOW, at
from tests.factories.intake import make_patient
from tests.frontend.staff.conftest import Desk
from tests.frontend.staff.test_tasks import text_of


def waiting(desk: Desk, name: str = "Ada", *, after: int = 0) -> WaitlistEntry:
    joined = join_waitlist(
        service=desk.clinic.call,
        location=desk.clinic.location,
        patient=make_patient(now=NOW, given_name=name),
        screening=None,
        times=Times(weekly_hours={"tue": [["09:00", "11:30"]]}),
        by=desk.users["reception"],
        now=NOW + timedelta(seconds=after),
    )
    return joined.entry


def test_the_line_is_shown_to_the_desk_and_to_therapists_only_their_own(desk: Desk) -> None:
    assert "Nobody waits." in text_of(desk, path="/waitlist/")
    waiting(desk, "Ada", after=1)
    waiting(desk, "Ben", after=2)
    page = text_of(desk, path="/waitlist/")
    assert page.index("Ada") < page.index("Ben")
    assert "Tuesday: 9:00 to 11:30" in page
    assert "Nobody waits." in text_of(desk, "colleague", "/waitlist/")


def test_soon_goes_before_the_others_and_who_is_taken_off_is_gone(desk: Desk) -> None:
    ada, ben = waiting(desk, "Ada", after=1), waiting(desk, "Ben", after=2)
    browser = desk.browsers["reception"]
    browser.post(f"/waitlist/{ben.pk}/", {"step": "soon"})
    page = text_of(desk, path="/waitlist/")
    assert page.index("Ben") < page.index("Ada")
    assert browser.post(f"/waitlist/{ada.pk}/", {"step": "remove"}).status_code == 303
    assert browser.post(f"/waitlist/{ada.pk}/", {"step": "remove"}).status_code == 404
    assert "Ada" not in text_of(desk, path="/waitlist/")
    assert desk.browsers["colleague"].post(f"/waitlist/{ben.pk}/", {"step": "remove"}).status_code == 404


def test_a_caller_and_a_patient_on_file_are_put_on_the_list(desk: Desk) -> None:
    browser, needling = desk.browsers["reception"], desk.clinic.needling
    caller = {"given_name": "Cal", "family_name": "Ler", "phone": "780 555 0123", "email": "cal@example.com"}
    said = {"service": needling.pk, "urgency": "1", "parts": ["evening"]}
    assert browser.post("/waitlist/add/", said).status_code == 422
    assert browser.post("/waitlist/add/", {**said, **caller}).status_code == 303
    assert browser.get("/waitlist/add/", {"q": desk.patient.family_name}).status_code == 200
    assert browser.post("/waitlist/add/", {**said, "patient": desk.patient.pk}).status_code == 303
    assert browser.post("/waitlist/add/", {**said, "patient": desk.patient.pk}).status_code == 409
    rows = WaitlistEntry.objects.order_by("created_at", "pk")
    assert {(one.patient.given_name, one.urgency, one.screening_id is None) for one in rows} == {
        ("Cal", 1, True),
        (desk.patient.given_name, 1, False),
    }


def test_a_free_time_is_offered_by_hand(desk: Desk) -> None:
    entry, browser = waiting(desk), desk.browsers["reception"]
    page = text_of(desk, path=f"/waitlist/{entry.pk}/offer/")
    assert ("9:00" in page, "14:00" in page) == (True, False)  # what they asked for only
    assert browser.post(f"/waitlist/{entry.pk}/offer/", {"time": "x"}).status_code == 422
    value = f"{at(9):%Y-%m-%dT%H:%M:%SZ} {desk.clinic.anna.pk}"
    assert browser.post(f"/waitlist/{entry.pk}/offer/", {"time": value}).status_code == 303
    assert Offer.objects.get().hold.start == at(9)
    assert "asked just now" in text_of(desk, path="/waitlist/")
    assert browser.post(f"/waitlist/{entry.pk}/offer/", {"time": value}).status_code == 409

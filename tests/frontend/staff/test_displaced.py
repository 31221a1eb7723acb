"""Who or what is away, and the visits in it, mended with one button."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from booking.models import Appointment, DaySchedule, Displacement, HolidayOverride, Offer, RoomClosure, TimeOff
from booking.rules.walltime import wall_date
from tests.factories import booking as made
from tests.factories.booking import at
from tests.factories.intake import make_patient
from tests.frontend.staff.conftest import Desk, screening_of


def away(desk: Desk) -> str:
    """Anna is away all Tuesday; the address of its page."""
    row = TimeOff.objects.create(
        location=desk.clinic.location, practitioner=desk.clinic.anna, start=at(0), end=at(0, days=2)
    )
    return reverse("staff:displaced", args=[row.pk])


def visits(desk: Desk, count: int) -> list[Appointment]:
    people = [make_patient(email=f"p{number}@example.org") for number in range(count)]
    return [
        desk.make_visit(at(10 + number), patient=one, screening=screening_of(one)) for number, one in enumerate(people)
    ]


def chosen(html: str) -> dict[str, str]:
    """What the page would send as it stands."""
    inputs = re.findall(r'<input type="radio" name="(way-[^"]+)" value="([^"]+)"[^>]* checked', html)
    return dict(inputs)


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_costs_the_same_for_one_visit_and_for_three(desk: Desk, count: int) -> None:
    page = away(desk)
    visits(desk, count)
    browser = desk.browsers["reception"]
    browser.get(page)
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(page).content.decode().count("Keep these times") == count
    assert len(queries) == 21


def test_one_button_asks_everybody_and_the_phone_answers_for_one(desk: Desk) -> None:
    page, browser = away(desk), desk.browsers["reception"]
    first, second = visits(desk, 2)
    said = chosen(browser.get(page).content.decode())
    assert {value.partition(":")[0] for value in said.values()} == {"ask"}
    assert browser.post(page, said).headers["Location"] == page
    assert Displacement.objects.filter(state="asked").count() == 2
    after = browser.get(page).content.decode()
    assert after.count("The patient may answer until") == 2
    assert "Send these choices" not in after
    offer = Offer.objects.get(instead_of=first, hold__start=at(10))
    assert browser.post(page, {"take": str(offer.pk)}).status_code == 303
    first.refresh_from_db()
    assert (first.start, first.practitioner) == (at(10), desk.clinic.ben)
    assert "Settled" in browser.get(page).content.decode()
    assert browser.post(page, {"take": str(second.pk)}).status_code == 404


def test_only_one_is_mended_by_its_own_button(desk: Desk) -> None:
    page, browser = away(desk), desk.browsers["reception"]
    first, second = visits(desk, 2)
    ways = {f"way-{one.pk}": "cancel:" for one in (first, second)}
    browser.post(page, {**ways, "only": str(first.pk)})
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, first.cancel_reason, second.status) == ("cancelled", "clinic", "booked")


def test_what_fails_is_said_beside_it_and_the_rest_is_done(desk: Desk) -> None:
    page, browser = away(desk), desk.browsers["reception"]
    first, second = visits(desk, 2)
    taken = f"colleague:2026-11-24T16:00:00Z {desk.clinic.ben.pk}"
    made.make_appointment(
        desk.clinic, start=at(10), practitioner=desk.clinic.ben, room=desk.clinic.rooms[1], patient=make_patient()
    )
    answer = browser.post(page, {f"way-{first.pk}": taken, f"way-{second.pk}": "call:"})
    html = answer.content.decode()
    assert answer.status_code == 409
    assert "1 visit could not be changed" in html
    assert "Someone has just booked that time." in html
    assert "to be called" in html
    assert browser.post(page, {}).status_code == 303  # nothing chosen, nothing done


def test_a_room_is_closed_with_the_same_form_and_its_visits_get_another(desk: Desk) -> None:
    browser, room = desk.browsers["reception"], desk.clinic.rooms[0]
    said = {
        "away": str(room.pk),
        "from_date": "2026-11-23",
        "from_time": "07:00",
        "until_date": "2026-11-23",
        "until_time": "18:00",
        "reason": "Flood",
    }
    page = browser.post(reverse("staff:time-off"), said).headers["Location"]
    assert page == reverse("staff:displaced", args=[RoomClosure.objects.get().pk])
    assert "The room is closed at that time." in browser.get(reverse("staff:desk")).content.decode()
    assert "Flood" in browser.get(reverse("staff:time-off")).content.decode()
    calendar = browser.get(f"{reverse('staff:calendar')}?view=day&date=2026-11-23").content.decode()
    assert "Monday 23 November, 7:00 to 18:00, Flood" in calendar
    assert "room closed" in calendar
    plan = chosen(browser.get(page).content.decode())
    assert plan == {f"way-{desk.visit.pk}": f"room:{desk.clinic.rooms[1].pk}"}
    browser.post(page, plan)
    desk.visit.refresh_from_db()
    assert (desk.visit.room, desk.visit.start) == (desk.clinic.rooms[1], at(10, days=0))
    assert browser.post(reverse("staff:back-again", args=[RoomClosure.objects.get().pk])).status_code == 303
    assert not RoomClosure.objects.exists()


def test_a_closed_day_has_the_same_page(desk: Desk) -> None:
    day = wall_date(at(10), "America/Edmonton")
    closed = HolidayOverride.objects.create(location=desk.clinic.location, date=day, open=False, name="Heritage Day")
    visits(desk, 1)
    html = desk.browsers["reception"].get(reverse("staff:displaced", args=[closed.pk])).content.decode()
    assert "The clinic is closed" in html
    assert "Heritage Day" in html
    assert "1 visit lies in this time" in html
    assert "Take this out" not in html


def test_a_therapist_sees_only_the_visits_of_their_patients(desk: Desk) -> None:
    page = away(desk)
    visits(desk, 1)
    assert "No visit lies in this time" in desk.browsers["colleague"].get(page).content.decode()


def test_rooms_are_swapped_or_given_with_one_button(desk: Desk) -> None:
    browser, (first, second) = desk.browsers["reception"], desk.clinic.rooms
    other = made.make_appointment(
        desk.clinic, start=at(10, days=0), practitioner=desk.clinic.ben, room=second, patient=make_patient()
    )
    page = reverse("staff:room", args=[desk.visit.pk])
    assert "Swap rooms" in browser.get(page).content.decode()
    assert browser.post(page, {"swap": str(other.pk)}).status_code == 303
    assert {one.pk: one.room for one in Appointment.objects.all()} == {desk.visit.pk: second, other.pk: first}
    assert browser.post(page, {"room": str(first.pk)}).status_code == 409
    other.delete()
    assert browser.post(page, {"room": str(first.pk)}).status_code == 303
    assert browser.post(page, {"room": "x"}).status_code == 404


def test_the_board_leads_to_the_ways_out_of_that_visit(desk: Desk) -> None:
    page, browser = away(desk), desk.browsers["reception"]
    (visit,) = visits(desk, 1)
    ways = f"/visits/{visit.pk}/ways/"
    assert f'href="{ways}"' in browser.get(f"/desk/?date={at(10).date()}").content.decode()
    assert browser.get(ways).headers["Location"] == f"{page}#visit-{visit.pk}"
    TimeOff.objects.all().delete()
    assert browser.get(ways).headers["Location"] == f"/visits/{visit.pk}/"


def test_changed_hours_are_mended_on_a_page_of_their_own(desk: Desk) -> None:
    browser = desk.browsers["reception"]
    first, _second = visits(desk, 2)
    DaySchedule.objects.create(
        practitioner=desk.clinic.anna, location=desk.clinic.location, date=wall_date(first.start, first.time_zone)
    )
    page = reverse("staff:displaced", args=[desk.clinic.anna.pk])
    assert browser.get(f"/visits/{first.pk}/ways/").headers["Location"] == f"{page}#visit-{first.pk}"
    html = browser.get(page).content.decode()
    assert "Visits that Anna can't take as booked" in html
    assert "Take this out" not in html
    assert browser.post(page, chosen(html)).headers["Location"] == page
    assert Displacement.objects.filter(state="asked", closure_id=desk.clinic.anna.pk).count() == 2
    assert browser.get(page).content.decode().count("The patient may answer until") == 2


def test_a_whole_day_reaches_to_the_last_visit_of_the_evening(desk: Desk) -> None:
    desk.make_visit(at(18, 30))
    said = desk.browsers["reception"].get(f"/calendar/time-off/?date={at(10).date()}").context["form"].initial
    assert (said["from_time"], said["until_time"]) == ("09:00", "19:30")

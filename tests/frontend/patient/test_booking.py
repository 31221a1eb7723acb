"""From a result to a booking: one's own held time, double taps, terms with date and hour, and nothing lost."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest

from booking.models import Appointment
from booking.reminders.models import Communication, ContactConsent
from booking.services.schedules import add_time_off
from intake.models import Patient
from tests.factories.booking import NOW, at, make_staff
from tests.frontend.patient.conftest import set_now
from tests.frontend.patient.person import DETAILS, Person, text_of

Somebody = Callable[[], Person]


def holds() -> list[Appointment]:
    return list(Appointment.objects.filter(status="proposed"))


def test_without_a_check_only_what_needs_none_is_offered(person: Person) -> None:
    page = text_of(person.get("/book/"))
    assert "Start the check" in page
    assert f"service={person.clinic.call.slug}" in page
    assert f"service={person.clinic.needling.slug}" not in page
    assert person.get(f"/book/times/?service={person.clinic.needling.slug}")["Location"] == "/check/questions/"


def test_a_phone_call_goes_straight_to_the_times(person: Person) -> None:
    page = text_of(person.get(f"/book/times/?service={person.clinic.call.slug}"))
    assert "Monday 23 November" in page
    assert "Mountain time" in page


def test_an_unknown_service_is_not_found_and_bad_dates_are_ignored(person: Person) -> None:
    assert person.get("/book/times/?service=nothing").status_code == 404
    slug = person.clinic.call.slug
    assert person.get(f"/book/times/?service={slug}&from=9999-99-99&practitioner=x").status_code == 200
    assert person.get(f"/book/times/?service={slug}&from=9999-12-31").status_code == 200


def test_the_held_time_is_shown_as_ones_own_on_going_back(person: Person) -> None:
    person.check()
    assert person.pick(at(9))["Location"] == "/book/details/"
    page = text_of(person.get(f"/book/times/?service={person.clinic.needling.slug}"))
    own = page[page.index(f'value="{at(9).isoformat()}"') :][:300]
    assert "checked" in own
    assert "Held for you" in own


def test_a_double_tap_is_one_hold(person: Person) -> None:
    person.check()
    page = person.get(f"/book/times/?service={person.clinic.needling.slug}")
    key = text_of(page).split('name="request_key" value="')[1].split('"')[0]
    first = person.pick(at(9), request_key=key)
    second = person.pick(at(9), request_key=key)
    assert (first["Location"], second["Location"]) == ("/book/details/", "/book/details/")
    assert len(holds()) == 1


def test_choosing_another_time_lets_the_first_one_go_even_if_they_overlap(person: Person) -> None:
    person.check()
    practitioner = str(person.clinic.anna.pk)
    person.pick(at(9), practitioner=practitioner)
    assert person.pick(at(9, 15), practitioner=practitioner)["Location"] == "/book/details/"
    assert [one.start for one in holds()] == [at(9, 15)]
    person.pick(at(14))
    assert [one.start for one in holds()] == [at(14)]


def test_starting_over_frees_the_time_at_once_and_it_can_be_held_again_with_the_new_answers(person: Person) -> None:
    person.check()
    practitioner = str(person.clinic.anna.pk)
    person.pick(at(9), practitioner=practitioner)
    person.begin()
    assert holds() == []
    person.answer()
    person.post("/check/answers/")
    assert person.pick(at(9), practitioner=practitioner)["Location"] == "/book/details/"
    assert [one.start for one in holds()] == [at(9)]


def test_the_same_time_after_other_answers_is_held_for_those(person: Person) -> None:
    person.check()
    person.pick(at(9))
    before = holds()[0].screening_id
    person.answer()
    person.post("/check/answers/")
    person.pick(at(9))
    assert [one.start for one in holds()] == [at(9)]
    assert holds()[0].screening_id != before


def test_a_time_that_somebody_else_took_is_said_with_others_near_it(person: Person, someone: Somebody) -> None:
    person.check()
    practitioner = str(person.clinic.anna.pk)
    slow = someone()
    slow.check()
    person.pick(at(9), practitioner=practitioner)
    answer = slow.pick(at(9), practitioner=practitioner)
    page = text_of(answer)
    assert answer.status_code == 409
    assert "Someone has just booked that time" in page
    near = page[page.index("The nearest free times") :]
    assert near.count('name="time"') >= 3
    assert f'value="{at(10).isoformat()}"' in near


@pytest.mark.parametrize("time", ["", "yesterday", "2026-11-24T16:00", "9999-12-31T23:59:59+00:00"])
def test_no_time_or_a_wrong_one_holds_nothing(person: Person, time: str) -> None:
    person.check()
    assert person.pick(at(9), time=time).status_code == 422
    assert not holds()


def test_letting_a_time_go_frees_it(person: Person) -> None:
    person.check()
    person.pick(at(9))
    assert person.post("/book/release/")["Location"] == f"/book/times/?service={person.clinic.needling.slug}"
    assert not holds()


def test_the_birth_date_is_there_already_and_bad_details_lose_nothing(person: Person) -> None:
    person.check()
    person.pick(at(9))
    assert 'value="1986"' in text_of(person.get("/book/details/"))
    answer = person.post("/book/details/", **{**DETAILS, "email": "ada", "phone": "12"})
    page = text_of(answer)
    assert answer.status_code == 422
    assert 'href="#id_email"' in page
    assert "with its area code" in page
    assert 'value="Ada"' in page


def test_more_time_keeps_what_was_typed_and_the_slot(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    person.check()
    person.pick(at(9))
    set_now(monkeypatch, NOW + timedelta(minutes=8))
    page = text_of(person.post("/book/details/", given_name="Ada", more_time="1"))
    assert 'value="Ada"' in page
    assert "10 more minutes" in page
    set_now(monkeypatch, NOW + timedelta(minutes=17))
    assert person.post("/book/details/", **DETAILS)["Location"] == "/book/agree/"


def test_a_time_that_ran_out_is_said_and_the_details_are_still_there(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    person.check()
    person.pick(at(9))
    person.post("/book/details/", **DETAILS)
    set_now(monkeypatch, NOW + timedelta(minutes=40))
    answer = person.post("/book/agree/", payment="desk", agree="on")
    assert answer["Location"] == f"/book/times/?service={person.clinic.needling.slug}"
    assert "We could not keep that time any longer" in text_of(person.get(answer["Location"]))
    person.pick(at(14))
    assert 'value="Berg"' in text_of(person.get("/book/details/"))


def test_details_sent_after_the_time_ran_out_are_kept_and_what_was_not_kept_is_not_claimed(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    person.check()
    person.pick(at(9))
    set_now(monkeypatch, NOW + timedelta(minutes=40))
    answer = person.post("/book/details/", **{**DETAILS, "email": "ada"})
    page = text_of(person.get(answer["Location"]))
    assert ("We could not keep that time any longer" in page, "What you typed is still here" in page) == (True, False)
    person.pick(at(14))
    set_now(monkeypatch, NOW + timedelta(minutes=80))
    answer = person.post("/book/details/", **DETAILS)
    assert "What you typed is still here" in text_of(person.get(answer["Location"]))
    person.pick(at(14))
    assert 'value="Berg"' in text_of(person.get("/book/details/"))


def test_the_terms_name_the_sums_and_the_exact_end_of_the_free_time(person: Person) -> None:
    person.check()
    person.pick(at(9))
    person.post("/book/details/", **DETAILS)
    page = text_of(person.get("/book/agree/"))
    for words in ("$120.00", "$30.00", "$90.00", "Monday 23 November, 9:00", "For Ada Berg"):
        assert words in page


def test_without_agreeing_nothing_is_booked(person: Person) -> None:
    person.check()
    person.pick(at(9))
    person.post("/book/details/", **DETAILS)
    answer = person.post("/book/agree/", payment="desk")
    assert answer.status_code == 422
    assert "Please agree to the terms first" in text_of(answer)
    assert not Patient.objects.exists()


def test_agreeing_books_and_a_second_tap_changes_nothing(person: Person) -> None:
    person.check()
    assert person.book()["Location"] == "/visit/"
    assert person.post("/book/agree/", payment="desk", agree="on")["Location"] in ("/visit/", "/book/")
    assert [one.status for one in Appointment.objects.all()] == ["booked"]
    assert Patient.objects.count() == 1
    page = text_of(person.get("/visit/"))
    assert "Your visit is booked" in page
    assert "Tuesday 24 November 2026, 9:00 to 10:00" in page
    assert Communication.objects.filter(kind="confirmation").count() == 1


def test_who_gives_a_number_is_asked_for_texts_and_the_yes_counts_for_this_visit_at_once(person: Person) -> None:
    person.check()
    person.pick(at(9))
    person.post("/book/details/", **DETAILS | {"phone": "403 555 0123"})
    assert "I can stop them at any time by answering STOP" in text_of(person.get("/book/agree/"))
    assert person.post("/book/agree/", payment="desk", agree="on", texts="on")["Location"] == "/visit/"
    kept = ContactConsent.objects.get()
    assert (kept.given, kept.address, kept.how) == (True, "+14035550123", "booking")
    assert Communication.objects.filter(channel="sms").exists()
    assert "How we reach you" in text_of(person.get("/visit/messages/"))


def test_who_gives_no_number_is_not_asked_for_texts(person: Person) -> None:
    person.check()
    person.pick(at(9))
    person.post("/book/details/", **DETAILS)
    assert "Text me too" not in text_of(person.get("/book/agree/"))


def test_a_request_names_the_hour_of_the_answer_and_offers_to_go_without_needles(person: Person) -> None:
    person.check({"needle_choice--level": "not_sure"})
    person.pick(at(15, days=3))
    person.post("/book/details/", **DETAILS)
    page = text_of(person.get("/book/agree/"))
    assert "You hear from us by Wednesday 25 November, 12:00" in page
    assert person.post("/book/agree/", payment="desk", agree="on")["Location"] == "/visit/"
    assert person.visit.awaiting == "review"
    assert "You have asked for this time" in text_of(person.get("/visit/"))


def test_a_younger_birth_date_than_in_the_check_is_not_cleared(person: Person) -> None:
    person.check()
    person.pick(at(9))
    person.post("/book/details/", **{**DETAILS, "birth_date_year": "2014"})
    answer = person.post("/book/agree/", payment="desk", agree="on")
    assert (answer.status_code, "We can't book this online" in text_of(answer)) == (409, True)
    assert not Appointment.objects.filter(status="booked").exists()


@pytest.mark.parametrize("path", ["/book/details/", "/book/agree/", "/book/pay/", "/visit/move/", "/visit/cancel/"])
def test_pages_out_of_turn_lead_on_instead_of_breaking(person: Person, path: str) -> None:
    answer = person.get(path)
    assert answer.status_code in (302, 404)
    assert person.post(path).status_code in (302, 404)


def test_a_full_diary_offers_the_phone_instead_of_an_empty_page(person: Person) -> None:
    person.clinic.location.days_ahead = 0
    person.clinic.location.minimum_notice_minutes = 24 * 60
    person.clinic.location.save()
    slug = person.clinic.call.slug
    page = text_of(person.get(f"/book/times/?service={slug}"))
    assert "Nothing is free until Monday 23 November 2026" in page
    assert "tel:+17805550100" in page
    assert f'href="/wait/join/?service={slug}">Tell us which times would suit' in page
    assert ("Later dates" in page, "See the times of any therapist" in page) == (False, False)
    assert "See the times of any therapist" in text_of(
        person.get(f"/book/times/?service={slug}&practitioner={person.clinic.anna.pk}")
    )


def test_a_closed_month_is_said_and_leads_to_the_next_free_times(person: Person) -> None:
    clinic = person.clinic
    closed = {"location": clinic.location, "practitioner": None, "by": make_staff(), "now": NOW}
    add_time_off(start=at(0, days=8), end=at(0, days=35), **closed)
    slug = clinic.call.slug
    words = "Nothing is free from Tuesday 1 December to Sunday 27 December 2026. These are the next free times."
    page = text_of(person.get(f"/book/times/?service={slug}&from=2026-12-01"))
    assert (words in page, "Monday 28 December" in page) == (True, True)
    assert "&from=2026-11-24" in page.replace("&amp;", "&")  # earlier dates lead to where something is free
    assert "Nothing is free" not in text_of(person.get(f"/book/times/?service={slug}&from=2026-11-24"))


def test_a_call_asks_for_the_number_and_for_no_payment(person: Person) -> None:
    call = {"service": person.clinic.call.slug, "request_key": str(uuid4())}
    assert person.pick(at(9), **call)["Location"] == "/book/details/"
    assert "Give the phone number that we should call" in text_of(person.post("/book/details/", **DETAILS))
    answer = person.post("/book/details/", **{**DETAILS, "phone": "780-555-0134"})
    assert answer["Location"] == "/book/agree/"
    page = text_of(person.get("/book/agree/"))
    assert ("There is nothing to pay now" in page, "How would you like to pay" in page, "Stripe" in page) == (
        True,
        False,
        False,
    )
    assert person.post("/book/agree/", agree="on")["Location"] == "/visit/"
    page = text_of(person.get("/visit/"))
    assert "We call you on (780) 555-0134." in page
    assert "Where" in page
    assert "How to prepare" not in page


def test_answers_that_change_after_a_time_is_held_count(person: Person) -> None:
    person.check()
    person.pick(at(9))
    person.post("/book/details/", **DETAILS)
    person.post("/check/questions/1/", rest="1", rf_dvt="yes", **{"rf_dvt--risk": "no"})
    answer = person.post("/book/agree/", payment="desk", agree="on")
    assert answer["Location"] == "/check/result/"
    assert "Please get help today" in text_of(person.get("/check/result/"))
    assert not Appointment.objects.exclude(status="cancelled").exists()

"""What can be booked, with whom and when."""

from datetime import time
from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from booking.models import HealthcareService, Practitioner, Room
from tests.booking.api.calls import dollars, refused
from tests.factories.accounts import sign_in
from tests.factories.booking import (
    at,
    make_appointment,
    make_hours,
    make_location,
    make_practitioner,
    make_service,
    make_staff,
)
from tests.factories.intake import make_patient, make_screening, review_line, stop_line


def queries_of(call):
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert call()[0] == 200
    return len(seen)


def test_services_are_listed_with_their_money_and_minutes(api, clinic):
    make_service(name="Only at the desk", online=False)
    status, services = api.get("services/")
    assert status == 200
    assert [service["name"] for service in services] == [
        "First visit with dry needling",
        "Follow-up",
        "Assessment without needles",
        "Phone call",
    ]
    assert services[0] == {
        "id": str(clinic.needling.pk),
        "slug": clinic.needling.slug,
        "name": "First visit with dry needling",
        "minutes": 60,
        "price": dollars(12000),
        "deposit": dollars(3000),
        "needs_screening": True,
        "online": True,
        "modality": "manual",
    }
    assert (services[3]["deposit"], services[3]["price"], services[3]["needs_screening"]) == (None, dollars(0), False)


def test_practitioners_are_listed_with_what_they_do(api, clinic):
    make_practitioner("Gone", active=False)
    both = [str(one.pk) for one in (clinic.needling, clinic.follow_up, clinic.assessment, clinic.call)]
    status, people = api.get("practitioners/")
    assert (status, people[0]) == (
        200,
        {"id": str(clinic.anna.pk), "name": "Anna", "title": "Physiotherapist", "services": both},
    )
    assert [one["name"] for one in people] == ["Anna", "Ben"]


def test_for_needling_only_those_who_may_needle(api, clinic):
    Practitioner.objects.filter(pk=clinic.ben.pk).update(needling_authorisation="")
    needling, call = (
        [one["name"] for one in api.get(f"practitioners/?service={service}")[1]]
        for service in (clinic.needling.slug, clinic.call.pk)
    )
    assert (needling, call) == (["Anna"], ["Anna", "Ben"])


def test_a_longer_list_costs_no_more_queries(api, clinic):
    def counts():
        paths = ("services/", "practitioners/", f"practitioners/?service={clinic.needling.pk}")
        return [queries_of(partial(api.get, path)) for path in paths]

    Practitioner.objects.filter(pk=clinic.ben.pk).update(active=False)
    few = counts()
    Practitioner.objects.filter(pk=clinic.ben.pk).update(active=True)
    make_service([clinic.anna, clinic.ben, make_practitioner("Cleo")])
    assert few == counts() == [3, 2, 3]


def slots_of(api, service, days="from=2026-11-24&to=2026-11-24", **more):
    extra = "".join(f"&{name}={value}" for name, value in more.items())
    status, body = api.get(f"slots/?service={service.pk}&{days}{extra}")
    assert status == 200, body
    return body["slots"]


def test_free_times_are_said_on_the_clinics_clock_one_for_each_therapist_and_start(api, clinic):
    status, body = api.get(f"slots/?service={clinic.needling.slug}&from=2026-11-24&to=2026-11-24")
    assert (status, body["time_zone"]) == (200, "America/Edmonton")
    first = {"start": "2026-11-24T09:00:00-06:00", "end": "2026-11-24T10:00:00-06:00"}
    anna, ben = body["slots"][:2]
    place = {"location": str(clinic.location.pk)}
    expected = [first | place | {"practitioner": str(one.pk)} for one in (clinic.anna, clinic.ben)]
    assert sorted([anna, ben], key=str) == sorted(expected, key=str)
    assert len({(slot["start"], slot["practitioner"]) for slot in body["slots"]}) == len(body["slots"])


def test_the_last_day_is_included_and_one_therapist_can_be_asked_for(api, clinic):
    slots = slots_of(api, clinic.needling, "from=2026-11-24&to=2026-11-26", practitioner=clinic.anna.pk)
    assert sorted({slot["start"][:10] for slot in slots}) == ["2026-11-24", "2026-11-25", "2026-11-26"]
    assert {slot["practitioner"] for slot in slots} == {str(clinic.anna.pk)}


def test_taken_times_are_not_offered(api, clinic):
    make_appointment(clinic, start=at(10), patient=make_patient())
    starts = [slot["start"][11:16] for slot in slots_of(api, clinic.needling, practitioner=clinic.anna.pk)]
    assert starts[0] == "09:00"
    assert "10:00" not in starts


def test_without_a_free_room_nothing_is_offered(api, clinic):
    Room.objects.update(active=False)
    assert slots_of(api, clinic.needling) == []


def test_with_a_screening_only_what_it_may_take_is_offered(api, clinic):
    def starts(line):
        token = make_screening(line).token
        return {
            slot["start"] for slot in slots_of(api, clinic.needling, "from=2026-11-23&to=2026-11-24", screening=token)
        }

    everybody = {slot["start"] for slot in slots_of(api, clinic.needling, "from=2026-11-23&to=2026-11-24")}
    assert starts(None) == everybody
    assert starts(review_line()) < everybody
    assert starts(stop_line()) == set()


def test_a_screening_that_does_not_exist_is_said_so(api, clinic):
    path = f"slots/?service={clinic.needling.pk}&from=2026-11-24&to=2026-11-24&screening=unknown"
    assert refused(api.get(path)) == (409, "not-cleared")


def test_the_far_end_of_the_calendar_is_empty_and_no_error(api, clinic):
    assert slots_of(api, clinic.needling, "from=9999-12-31&to=9999-12-31") == []
    assert slots_of(api, clinic.needling, "from=0001-01-01&to=0001-01-02") == []
    assert slots_of(api, clinic.needling, "from=2026-11-24&to=2027-01-24") != []


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("from=2026-11-24&to=2026-11-24&colour=red", "unknown-key"),
        ("from=2026-11-24", "invalid"),
        ("to=2026-11-24", "invalid"),
        ("", "invalid"),
        ("from=tomorrow&to=2026-11-24", "invalid"),
        ("from=2026-02-30&to=2026-03-01", "invalid"),
        ("from=10000-01-01&to=10000-01-01", "invalid"),
        ("from=2026-11-25&to=2026-11-24", "invalid"),
        ("from=2026-11-24&to=2027-01-25", "invalid"),
        ("from=2026-11-24&to=2026-11-24&practitioner=anna", "invalid"),
        ("from=2026-11-24&to=2026-11-24&location=nowhere", "invalid"),
        ("from=2026-11-24&to=2026-11-24&practitioner=" + "9" * 5000, "invalid"),
        ("from=2026-11-24&to=2026-11-24&screening=" + "x" * 201, "invalid"),
        ("from=%00&to=2026-11-24", "invalid"),
        ("from=%ff&to=2026-11-24", "invalid"),
        ("from=%ed%a0%80&to=2026-11-24", "invalid"),
    ],
)
def test_a_question_that_makes_no_sense_is_a_400(api, clinic, query, code):
    assert refused(api.get(f"slots/?service={clinic.needling.pk}&{query}")) == (400, code)


def test_the_first_free_time_is_one_slot_or_null(api, clinic):
    status, body = api.get(f"slots/first/?service={clinic.needling.slug}&practitioner={clinic.anna.pk}&from=2026-11-24")
    assert (status, body) == (
        200,
        {
            "time_zone": "America/Edmonton",
            "slot": {
                "start": "2026-11-24T09:00:00-06:00",
                "end": "2026-11-24T10:00:00-06:00",
                "practitioner": str(clinic.anna.pk),
                "location": str(clinic.location.pk),
            },
        },
    )
    Room.objects.update(active=False)
    assert api.get(f"slots/first/?service={clinic.needling.slug}")[1]["slot"] is None


def test_a_therapist_who_is_not_there_is_said_so(api, clinic):
    elsewhere = make_location()
    gone = make_practitioner("Gone", active=False)
    days = f"service={clinic.needling.slug}&from=2026-11-24&to=2026-11-24"
    for path in (f"slots/?{days}", f"slots/first/?{days[: days.index('&to')]}"):
        for more in (
            f"practitioner={gone.pk}",
            "practitioner=00000000-0000-4000-8000-000000000000",
            f"practitioner={clinic.anna.pk}&location={elsewhere.slug}",
        ):
            status, problem = api.get(f"{path}&{more}")
            assert (status, problem["code"], list(problem["errors"])) == (400, "invalid", ["practitioner"])


def test_a_list_of_times_costs_four_queries(api, clinic):
    path = f"slots/?service={clinic.needling.slug}&from=2026-11-24&to=2026-12-21"
    assert [queries_of(partial(api.get, path + more)) for more in ("", f"&practitioner={clinic.anna.pk}")] == [4, 4]


def test_staff_are_told_why_a_time_is_not_offered(api, clinic):
    path = f"why-not/?service={clinic.needling.slug}&practitioner={clinic.anna.pk}&start=2026-11-24T10:05:00-06:00"
    assert refused(api.get(path)) == (403, "not-allowed")
    sign_in(api.client, make_staff())
    status, body = api.get(path)
    words = "Visits begin every 15 minutes: at 10:00 or 10:15, not at 10:05."
    said = [{"code": "step", "words": words, "binds_staff": True}]
    assert (status, body) == (
        200,
        {"therapists": [{"practitioner": str(clinic.anna.pk), "offered": False, "reasons": said}]},
    )
    of_all = api.get(f"why-not/?service={clinic.needling.slug}&start=2026-11-24T16:00:00Z")[1]["therapists"]
    assert [one["offered"] for one in of_all] == [True, True]
    for start in ("", "2026-11-24T10:00", "9999-12-31T23:59:59-07:00", "24:00", "2026-11-24T24:00:00-06:00", "%00"):
        status, problem = api.get(f"why-not/?service={clinic.needling.slug}&start={start}")
        assert (status, problem["code"]) == (400, "invalid"), start


def test_a_service_that_is_not_booked_online_is_not_known_here(api, clinic):
    hidden = make_service([clinic.anna], online=False)
    days = "from=2026-11-24&to=2026-11-24"
    for service in (hidden.pk, hidden.slug, "nothing", ""):
        assert refused(api.get(f"slots/?service={service}&{days}")) == (400, "invalid")
        assert refused(api.get(f"practitioners/?service={service}")) == (400, "invalid")
    assert refused(api.get(f"slots/?{days}")) == (400, "invalid")


def test_slots_cost_the_same_however_much_is_booked(api, clinic):
    def count():
        return queries_of(lambda: api.get(f"slots/?service={clinic.needling.pk}&from=2026-11-24&to=2026-11-27"))

    few = count()
    for days in range(1, 4):
        for hour in (9, 11, 14):
            make_appointment(clinic, start=at(hour, days=days), patient=make_patient())
    make_hours(clinic.anna, clinic.location, weekdays=[5], start=time(9))
    assert count() == few
    assert HealthcareService.objects.count() == 4

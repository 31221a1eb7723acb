"""Whatever is sent, the answer is a clear refusal, and nothing is stored."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from booking.models import Appointment
from intake.models import Patient
from tests.booking.api.calls import ADA, refused
from tests.factories.booking import at

WRONG = [None, True, 0, -1, 1.5, 10**17, "", " ", "x" * 5000, [], [[]], {}, {"a": 1}, ["x"], "\u202e", "9999-12-31"]
NO_JSON = [
    "",
    "{",
    "[]",
    "null",
    "1",
    '"x"',
    '{"start": NaN}',
    '{"start": -Infinity}',
    '{"start": 1e999}',
    '{"start": ' + "9" * 5000 + "}",
    '{"start": "\\u0000"}',
    '{"start": "\\ud800"}',
    '{"start": 1, "start": 2}',
    "[" * 100_000,
    '{"start":' * 30 + "1" + "}" * 30,
]
HOLD = ("service", "start", "practitioner", "screening")
PATIENT = ("given_name", "family_name", "birth_date", "email", "phone", "language")
BOOKING = ("hold", "token", "patient", "policies_accepted", "payment", "accepts_assessment")
FREE_TO_LEAVE_OUT = {"practitioner", "screening", "phone", "language", "accepts_assessment"}


def paths(booking):
    own = f"appointments/{booking['id']}"
    return ("holds/", "appointments/", f"{own}/cancel/", f"{own}/reschedule/")


@pytest.mark.parametrize("body", NO_JSON, ids=range(len(NO_JSON)))
def test_what_is_not_an_object_of_plain_json_is_a_400(api, clinic, body):
    booking = api.book(clinic)
    for path in paths(booking):
        if body == "" and path.endswith("/cancel/"):
            continue  # no body: no reason given
        status, problem = api.call("POST", path, body, token=booking["manage_token"])
        assert (status, problem["code"]) in {(400, "invalid"), (400, "unknown-key")}, (path, body)
    assert Appointment.objects.get().status == "booked"


def test_unknown_keys_are_a_400_that_names_them(api, clinic):
    booking = api.book(clinic)
    for path in paths(booking):
        status, problem = api.post(path, {"colour": "red", "start": 1}, token=booking["manage_token"])
        assert (status, problem["code"]) == (400, "unknown-key")
        assert "colour" in problem["keys"]
    _, hold = api.hold(clinic, start=at(13).isoformat())
    status, problem = api.confirm(hold, patient=ADA | {"nickname": "Al"})
    assert (status, problem["code"], problem["keys"]) == (400, "unknown-key", ["patient.nickname"])


@pytest.mark.parametrize("field", HOLD)
def test_a_hold_of_wrong_values_is_a_4xx(api, clinic, field):
    for value in WRONG:
        if value is None and field == "practitioner":
            continue
        status, problem = api.hold(clinic, **{"screening": None, field: value})
        assert (status, problem["code"]) in {(400, "invalid"), (409, "not-cleared")}, value
    assert Appointment.objects.count() == 0


@pytest.mark.parametrize(
    "start",
    [
        "2026-11-24T10:00:00",
        "2026-11-24",
        "10:00",
        "2026-02-30T10:00:00-07:00",
        "2026-11-24T10:00:00 America/Edmonton",
        "2026-11-24T10:00:00+25:00",
        "9999-12-31T23:59:59-07:00",
        "0001-01-01T00:00:00+07:00",
        "+002026-11-24T10:00:00Z",
        1763998800,
    ],
)
def test_a_start_without_an_offset_or_outside_the_calendar_is_invalid(api, clinic, start):
    status, problem = api.hold(clinic, start=start)
    assert (status, problem["code"], list(problem["errors"])) == (400, "invalid", ["start"])


def test_a_start_says_the_offset_of_utc_or_of_the_clinics_clock_on_that_day(api, clinic):
    """Any other is most likely an hour off: old time-zone data, or the offset of another season."""
    clinic.location.time_zone = "America/Toronto"
    clinic.location.days_ahead = 300
    clinic.location.save()
    status, hold = api.hold(clinic, start="2026-11-24T14:00:00+00:00")
    assert (status, hold["appointment"]["start"]) == (201, "2026-11-24T09:00:00-05:00")
    assert api.hold(clinic, start="2026-11-24T10:00:00-05:00")[0] == 201
    for start in ("2026-11-24T09:00:00-06:00", "2026-11-24T11:00:00-04:00", "2026-07-14T09:00:00-05:00"):
        status, problem = api.hold(clinic, start=start)
        assert (status, problem["code"], list(problem["errors"])) == (400, "invalid", ["start"]), start
    booking = api.book(clinic, start="2026-11-24T16:00:00Z")
    moved = api.post(
        f"appointments/{booking['id']}/reschedule/",
        {"start": "2026-11-25T09:00:00-06:00", "practitioner": None},
        token=booking["manage_token"],
    )
    assert refused(moved) == (400, "invalid")
    assert Appointment.objects.get(pk=booking["id"]).start.isoformat() == "2026-11-24T16:00:00+00:00"


def test_a_start_in_a_gap_a_fold_or_at_24_oclock_is_a_4xx(api, clinic):
    clinic.location.time_zone = "America/Toronto"
    clinic.location.days_ahead = 300
    clinic.location.save()
    call = {"service": clinic.call.slug, "screening": None}
    jumped_over = [f"2027-03-14T02:30:00-0{hours}:00" for hours in (4, 5)]
    no_time = ["2026-11-24T24:00:00-05:00", "2026-11-24T09:00:00-05:99", "2026-11-24T09:00:00-5", "24:00"]
    for start in (*jumped_over, *no_time):
        assert refused(api.hold(clinic, start=start, **call)) == (400, "invalid"), start
    for start in ("2027-11-07T01:30:00-04:00", "2027-11-07T01:30:00-05:00"):
        assert refused(api.hold(clinic, start=start, **call)) == (422, "slot-not-offered"), start
    assert Appointment.objects.count() == 0


@pytest.mark.parametrize("field", BOOKING)
def test_a_booking_of_wrong_values_is_a_4xx(api, clinic, field):
    _, hold = api.hold(clinic)
    for value in WRONG:
        if field in ("policies_accepted", "accepts_assessment") and value is True:
            continue
        status, problem = api.confirm(hold, **{field: value})
        assert (status, problem["code"]) in {(400, "invalid"), (400, "unknown-key"), (404, "not-found")}, value
    assert (Appointment.objects.get().status, Patient.objects.count()) == ("proposed", 0)


@pytest.mark.parametrize("field", PATIENT)
def test_wrong_details_of_a_person_are_a_400_that_names_the_field(api, clinic, field):
    _, hold = api.hold(clinic)
    for value in WRONG:
        text = isinstance(value, str) and value.strip() and len(value) <= 100
        if (field in ("given_name", "family_name") and text) or (field == "phone" and value in ("", " ")):
            continue
        status, problem = api.confirm(hold, patient=ADA | {field: value})
        assert (status, problem["code"], list(problem["errors"]["patient"])) == (400, "invalid", [field]), value
    assert Patient.objects.count() == 0


@pytest.mark.parametrize("name", ["Ada\nBcc: everybody@example.com", "Ada\tBerg", "Ada\x7f"])
def test_a_name_is_one_line(api, clinic, name):
    _, hold = api.hold(clinic)
    assert refused(api.confirm(hold, patient=ADA | {"family_name": name})) == (400, "invalid")


def test_a_question_with_an_unknown_key_is_a_400_everywhere(api, clinic):
    booking = api.book(clinic)
    for path in ("services/", "practitioners/", f"appointments/{booking['id']}/"):
        assert refused(api.get(f"{path}?colour=red", token=booking["manage_token"])) == (400, "unknown-key")


@pytest.mark.parametrize("born", ["2026-11-24", "1899-01-01", "1900-13-01", "9999-12-31", "1986-4-31"])
def test_a_birth_date_must_be_somebodys(api, clinic, born):
    _, hold = api.hold(clinic)
    assert refused(api.confirm(hold, patient=ADA | {"birth_date": born})) == (400, "invalid")


@pytest.mark.parametrize("zone", ["Mars/Olympus", "America/Edmonton", "Z" * 300])
def test_the_caller_has_no_say_in_the_time_zone(api, clinic, zone):
    days = "from=2026-11-24&to=2026-11-24"
    path = f"slots/?service={clinic.needling.pk}&{days}&time_zone={zone}"
    assert refused(api.get(path)) == (400, "unknown-key")
    assert refused(api.hold(clinic, time_zone=zone)) == (400, "unknown-key")


def test_every_field_must_be_there(api, clinic):
    token = api.screen()["token"]
    _, hold = api.hold(clinic, screening=token)
    whole = {"hold": hold["id"], "token": hold["token"], "patient": ADA, "policies_accepted": True, "payment": "desk"}
    assert [list(api.post(path, {})[1]["errors"]) for path in ("holds/", "appointments/")] == [
        ["service", "start"],
        [field for field in BOOKING if field not in FREE_TO_LEAVE_OUT],
    ]
    for field in PATIENT:
        left_out = {name: value for name, value in ADA.items() if name != field}
        if field not in FREE_TO_LEAVE_OUT:
            _, problem = api.post("appointments/", whole | {"patient": left_out})
            assert problem["errors"] == {"patient": {field: ["This field is required."]}}


texts = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ["2026-11-24T10:00:00-06:00", "2026-11-24", "desk", "online", "none", "en", "\u0000", "+1 403 555 0123"]
    ),
    st.datetimes().map(lambda moment: moment.isoformat() + "Z"),
    st.uuids().map(str),
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(HOLD + PATIENT + BOOKING) | texts, inner, max_size=4)
    ),
    max_leaves=12,
)
bodies = st.dictionaries(st.sampled_from((*HOLD, *BOOKING, "reason")), values, max_size=6) | values


@pytest.fixture
def known(api, clinic):
    """What a fuzzer knows: real ids and tokens, so that it gets past the first check."""
    token = api.screen()["token"]
    _, hold = api.hold(clinic, screening=token)
    booking = api.book(clinic, start=at(13, days=3).isoformat())
    return {
        "api": api,
        "booking": booking,
        "paths": (*paths(booking), f"appointments/{booking['id']}/checkout/", f"holds/{hold['id']}/", "screenings/"),
        "hold": {"service": clinic.needling.slug, "start": at(14).isoformat(), "screening": token},
        "appointments": {
            "hold": hold["id"], "token": hold["token"], "patient": ADA, "policies_accepted": True, "payment": "desk",
        },
    }  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_request_breaks_the_server(known, data):
    """`Api` asserts of every answer: never a 5xx, every refusal a problem, every success as described."""
    path = data.draw(st.sampled_from(known["paths"]))
    method = data.draw(st.sampled_from(["POST", "POST", "POST", "DELETE", "GET", "PUT"]))
    body = data.draw(bodies)
    if isinstance(body, dict) and data.draw(st.booleans()):
        body = {**known["hold" if "hold" in path else "appointments"], **body}
        if isinstance(body.get("patient"), dict):
            body["patient"] = ADA | body["patient"]
    token = data.draw(st.sampled_from(["", known["booking"]["manage_token"], "x"]))
    key = data.draw(st.sampled_from(["", "", "k"]))
    known["api"].call(method, path, json.dumps(body), token=token, key=key)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    query=st.dictionaries(
        st.sampled_from(["service", "from", "to", "practitioner", "location", "screening", "x"]), texts
    )
)
def test_no_question_breaks_the_server(known, clinic, query):
    query = {"service": clinic.needling.slug, "from": "2026-11-24", "to": "2026-11-24"} | query
    for path in ("slots/", "slots/first/", "practitioners/", "services/"):
        asked = query if "slots" in path else {name: query[name] for name in query if name in ("service", "x")}
        if path == "slots/first/":
            asked.pop("to")
        status, _ = known["api"].ask(path, asked)
        assert status in (200, 400, 409)

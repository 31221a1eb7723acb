"""An appointment afterwards: who reaches it, cancelling, moving."""

from datetime import timedelta
from uuid import uuid4

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from booking.models import Appointment, Location
from intake.models import Patient, Role
from tests.booking.api.calls import ADA, Api, dollars, refused
from tests.factories.accounts import sign_in
from tests.factories.booking import NOW, at, make_appointment, make_staff
from tests.factories.intake import clear_line, make_care_relation, make_patient, make_screening, make_user

TOMORROW_AT_ONE = {"start": at(13).isoformat()}


def as_user(user, **options):
    return Api(sign_in(Client(**options), user))


def staff(role):
    return as_user(make_staff(role))


def page(booking, step=""):
    return f"appointments/{booking['id']}/{step}"


def test_the_token_of_an_appointment_opens_it_and_nothing_else_does(api, clinic):
    mine, other = api.book(clinic), api.book(clinic, start=at(13).isoformat())
    for token in (other["manage_token"], "wrong", "x" * 4000, "\xe9", ""):
        for step, body in (("cancel/", {}), ("undo/", {}), ("reschedule/", TOMORROW_AT_ONE), ("checkout/", {})):
            assert refused(api.post(page(mine, step), body, token=token)) == (404, "not-found")
        assert refused(api.get(page(mine), token=token)) == (404, "not-found")
    assert refused(api.get(f"appointments/{uuid4()}/", token=mine["manage_token"])) == (404, "not-found")
    assert refused(api.get("appointments/1/", token=mine["manage_token"])) == (404, "not-found")
    status, seen = api.get(page(mine), token=mine["manage_token"])
    assert (status, seen) == (200, {key: mine[key] for key in seen})
    assert [one.status for one in Appointment.objects.all()] == ["booked", "booked"]


def test_the_token_of_a_hold_does_not_open_the_booking(api, clinic):
    _, hold = api.hold(clinic)
    api.confirm(hold)
    assert refused(api.get(page(hold), token=hold["token"])) == (404, "not-found")


@pytest.mark.parametrize(
    ("role", "status"), [(Role.RECEPTION, 200), (Role.MANAGER, 200), (Role.OWNER, 404), (Role.THERAPIST, 404)]
)
def test_staff_reach_an_appointment_by_their_role(api, clinic, role, status):
    booking = api.book(clinic)
    assert staff(role).get(page(booking))[0] == status


def test_a_therapist_reaches_their_own_and_their_patients_appointments(api, clinic):
    booking = api.book(clinic)
    colleague = make_staff(Role.THERAPIST)
    assert as_user(clinic.anna.user).get(page(booking))[0] == 200
    assert as_user(colleague).get(page(booking))[0] == 404
    make_care_relation(colleague, Patient.objects.get())
    assert as_user(colleague).get(page(booking))[0] == 200


def test_a_signed_in_patient_reaches_their_own_only(api, clinic):
    booking, other = api.book(clinic), api.book(clinic, start=at(13).isoformat())
    ada = make_user(Role.PATIENT)
    Patient.objects.filter(appointments=booking["id"]).update(user=ada)
    mine = as_user(ada)
    assert mine.get(page(booking))[0] == 200
    assert refused(mine.get(page(other))) == (404, "not-found")
    assert refused(mine.post(page(other, "cancel/"))) == (404, "not-found")
    assert mine.post(page(booking, "cancel/"))[0] == 200


def test_a_signed_in_patient_books_on_their_own_record(clinic):
    ada = make_patient(user=make_user(Role.PATIENT))
    Patient.objects.create(given_name="Ada", family_name="Berg", birth_date=ada.birth_date, created_at=NOW)
    booking = as_user(ada.user).book(clinic, patient=ADA | {"given_name": "ada", "email": "new@example.com"})
    assert Appointment.objects.get(pk=booking["id"]).patient == ada
    ada.refresh_from_db()
    assert ada.email == "ada@example.com"


def test_two_visits_of_one_person_at_the_same_time_are_refused(clinic):
    ada = make_patient(user=make_user(Role.PATIENT))
    mine = as_user(ada.user)
    mine.book(clinic)
    _, hold = mine.hold(clinic, practitioner=str(clinic.ben.pk))
    assert refused(mine.confirm(hold)) == (409, "patient-busy")
    assert Appointment.objects.get(pk=hold["id"]).status == "proposed"


def test_a_session_without_the_csrf_token_changes_nothing(api, clinic):
    booking = api.book(clinic)
    desk = as_user(make_staff(Role.RECEPTION), enforce_csrf_checks=True)
    assert desk.get(page(booking))[0] == 200
    assert refused(desk.post(page(booking, "cancel/"))) == (403, "not-allowed")
    assert Appointment.objects.get().status == "booked"


def test_staff_without_their_second_factor_reach_nothing(api, clinic):
    booking = api.book(clinic)
    desk = make_staff(Role.RECEPTION)
    client = Client()
    client.force_login(desk, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert refused(Api(client).get(page(booking))) == (403, "not-allowed")
    sign_in(Client(), desk)
    assert Authenticator.objects.filter(user=desk).exists()
    assert refused(Api(client).get(page(booking))) == (403, "not-allowed")
    assert refused(Api(client).post(page(booking, "cancel/"))) == (403, "not-allowed")


def test_cancelling_in_time_is_free_and_frees_the_time(api, clinic):
    booking = api.book(clinic, start=at(10, days=2).isoformat())
    status, cancelled = api.post(page(booking, "cancel/"), token=booking["manage_token"])
    assert (status, cancelled["status"], cancelled["cancel_reason"], cancelled["fee"]) == (
        200,
        "cancelled",
        "patient",
        dollars(0),
    )
    assert api.hold(clinic, start=at(10, days=2).isoformat())[0] == 201
    assert refused(api.post(page(booking, "cancel/"), token=booking["manage_token"])) == (409, "not-possible-now")


@pytest.mark.parametrize(("reason", "stored", "fee"), [("", "patient", 3000), ("unwell", "unwell", 0)])
def test_cancelling_late_costs_the_fee_but_never_for_who_is_unwell(api, clinic, set_clock, reason, stored, fee):
    booking = api.book(clinic)
    set_clock(at(9))
    status, cancelled = api.post(page(booking, "cancel/"), {"reason": reason}, token=booking["manage_token"])
    assert (status, cancelled["cancel_reason"], cancelled["fee"]) == (200, stored, dollars(fee))


def test_words_of_their_own_are_kept_with_the_visit_and_encrypted(api, clinic):
    booking = api.book(clinic)
    said = {"reason": "My daughter's school play"}
    status, cancelled = api.post(page(booking, "cancel/"), said, token=booking["manage_token"])
    row = Appointment.objects.get()
    assert (status, cancelled["cancel_reason"], row.note) == (200, "patient", said["reason"])
    raw = Appointment.objects.extra(select={"raw": "encode(note, 'escape')"}).values_list("raw", flat=True).get()
    assert "school" not in raw


def test_only_the_clinic_has_the_clinics_reason(api, clinic, set_clock):
    booking = api.book(clinic)
    set_clock(at(9))
    said = {"reason": "clinic"}
    assert refused(api.post(page(booking, "cancel/"), said, token=booking["manage_token"])) == (403, "not-allowed")
    status, cancelled = staff(Role.RECEPTION).post(page(booking, "cancel/"), said)
    assert (status, cancelled["cancel_reason"], cancelled["fee"]) == (200, "clinic", dollars(0))


@pytest.mark.parametrize(("reason", "fee"), [("Anna is ill", 0), ("", 0), ("patient", 3000)])
def test_what_staff_cancel_costs_nothing_unless_they_say_it_was_the_patient(api, clinic, set_clock, reason, fee):
    booking = api.book(clinic)
    set_clock(at(9))
    _, cancelled = staff(Role.RECEPTION).post(page(booking, "cancel/"), {"reason": reason})
    assert (cancelled["cancel_reason"], cancelled["fee"]) == ("clinic" if fee == 0 else "patient", dollars(fee))


def test_once_the_visit_has_begun_it_is_too_late(api, clinic, set_clock):
    booking = api.book(clinic)
    set_clock(at(10) + timedelta(minutes=1))
    for step, body in (("cancel/", {}), ("reschedule/", {"start": at(13, days=2).isoformat()})):
        assert refused(api.post(page(booking, step), body, token=booking["manage_token"])) == (409, "too-late")


def test_moving_keeps_the_appointment_and_frees_the_old_time(api, clinic):
    booking = api.book(clinic)
    said = {"start": at(13, days=2).isoformat(), "practitioner": str(clinic.ben.pk)}
    status, moved = api.post(page(booking, "reschedule/"), said, token=booking["manage_token"])
    assert (status, moved["id"], moved["start"], moved["practitioner"], moved["status"]) == (
        200,
        booking["id"],
        "2026-11-25T13:00:00-06:00",
        str(clinic.ben.pk),
        "booked",
    )
    assert api.hold(clinic)[0] == 201


@pytest.mark.parametrize("days", [1, 3])
def test_moving_late_costs_what_cancelling_would(api, clinic, set_clock, days):
    booking = api.book(clinic, start=at(10, days=days).isoformat())
    set_clock(at(12, days=0))
    said = {"start": at(13, days=4).isoformat()}
    _, moved = api.post(page(booking, "reschedule/"), said, token=booking["manage_token"])
    assert moved["fee"] == dollars(3000 if days == 1 else 0)


def test_moving_onto_a_taken_time_names_others_and_changes_nothing(api, clinic):
    booking = api.book(clinic)
    make_appointment(clinic, start=at(13), patient=make_patient())
    status, problem = api.post(page(booking, "reschedule/"), TOMORROW_AT_ONE, token=booking["manage_token"])
    assert (status, problem["code"]) == (409, "slot-taken")
    assert [sorted(one) for one in problem["alternatives"]] == [["end", "location", "practitioner", "start"]] * 3
    assert problem["alternatives"][0]["start"].endswith("-06:00")
    assert Appointment.objects.get(pk=booking["id"]).start == at(10)


def test_moving_onto_another_visit_of_the_same_person_is_refused(api, clinic):
    booking = api.book(clinic)
    row = Appointment.objects.get()
    make_appointment(clinic, start=at(13), patient=row.patient, practitioner=clinic.ben, room=clinic.rooms[1])
    answer = api.post(page(booking, "reschedule/"), TOMORROW_AT_ONE, token=booking["manage_token"])
    assert refused(answer) == (409, "patient-busy")


def test_moving_to_where_nobody_works_is_refused(api, clinic):
    booking = api.book(clinic)
    token = booking["manage_token"]
    for start in (at(7), at(10, days=5), at(10).replace(year=9999)):
        answer = api.post(page(booking, "reschedule/"), {"start": start.isoformat()}, token=token)
        assert refused(answer) == (422, "slot-not-offered")
    assert refused(api.post(page(booking, "reschedule/"), {"start": at(10).isoformat()}, token=token)) == (
        409,
        "not-possible-now",
    )


def test_moving_beyond_what_the_answers_are_good_for_asks_again(api, clinic):
    booking = api.book(clinic)
    screening = Appointment.objects.get().screening
    screening.valid_until = at(17)
    screening.save(update_fields=["valid_until"])
    said = {"start": at(13, days=2).isoformat()}
    assert refused(api.post(page(booking, "reschedule/"), said, token=booking["manage_token"])) == (422, "incomplete")


def test_a_held_address_holds_twenty_times_at_most_without_answers(api, clinic):
    Location.objects.update(days_ahead=60)
    starts = [at(9, days=days) + timedelta(minutes=30 * step) for days in (1, 2) for step in range(12)]
    wish = {"service": clinic.call.slug, "screening": None}
    answers = [api.hold(clinic, **wish, start=start.isoformat()) for start in starts[:21]]
    assert [status for status, _ in answers] == [201] * 20 + [429]
    assert refused(answers[20]) == (429, "too-many-holds")


def test_somebody_elses_answers_can_not_be_used_again(api, clinic):
    token = make_screening(clear_line()).token
    api.book(clinic, screening=token)
    _, hold = api.hold(clinic, screening=token, start=at(13).isoformat())
    answer = api.confirm(hold, patient=ADA | {"given_name": "Eve", "birth_date": "1987-01-01"})
    assert refused(answer) == (409, "not-cleared")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "TRACE", "NONSENSE"])
def test_other_methods_are_a_405(api, clinic, method):
    booking = api.book(clinic)
    for path in (
        "services/",
        "practitioners/",
        "slots/",
        "holds/",
        "appointments/",
        page(booking),
        page(booking, "cancel/"),
    ):
        assert refused(api.call(method, path, {})) == (405, "method-not-allowed")


def test_a_cancellation_is_undone_within_three_minutes_as_if_nothing_had_happened(api, clinic, set_clock):
    booking = api.book(clinic)
    token = booking["manage_token"]
    api.post(page(booking, "cancel/"), token=token)
    set_clock(NOW + timedelta(minutes=2))
    status, back = api.post(page(booking, "undo/"), token=token)
    assert (status, back) == (200, {key: booking[key] for key in back})
    assert refused(api.post(page(booking, "undo/"), token=token)) == (409, "not-possible-now")
    api.post(page(booking, "cancel/"), token=token)
    set_clock(NOW + timedelta(minutes=6))
    assert refused(api.post(page(booking, "undo/"), token=token)) == (409, "too-late")
    assert Appointment.objects.get().status == "cancelled"


def test_an_undo_that_finds_the_time_taken_names_others(api, clinic):
    booking = api.book(clinic)
    api.post(page(booking, "cancel/"), token=booking["manage_token"])
    make_appointment(clinic, start=at(10), patient=make_patient())
    status, problem = api.post(page(booking, "undo/"), token=booking["manage_token"])
    assert (status, problem["code"]) == (409, "slot-taken")
    assert [sorted(one) for one in problem["alternatives"]] == [["end", "location", "practitioner", "start"]] * 3


def test_only_whoever_might_have_cancelled_it_undoes_it(api, clinic):
    booking = api.book(clinic)
    path, stranger = page(booking, "undo/"), make_user(Role.PATIENT)
    staff(Role.RECEPTION).post(page(booking, "cancel/"), {"reason": "Anna is ill"})
    assert refused(api.post(path)) == refused(as_user(stranger).post(path)) == (404, "not-found")
    assert refused(staff(Role.OWNER).post(path)) == (404, "not-found")
    assert refused(api.post(path, token="wrong")) == (404, "not-found")
    assert refused(api.post(path, token=booking["manage_token"])) == (403, "not-allowed")
    assert refused(api.post(path, {"reason": ""}, token=booking["manage_token"])) == (400, "unknown-key")
    assert staff(Role.MANAGER).post(path)[1]["status"] == "booked"


def test_staff_move_beyond_the_terms_only_with_a_reason(api, clinic):
    booking = api.book(clinic)
    Location.objects.update(move_notice_hours=48)
    path, desk = page(booking, "reschedule/"), staff(Role.RECEPTION)
    assert refused(api.post(path, TOMORROW_AT_ONE, token=booking["manage_token"])) == (409, "too-late")
    assert refused(desk.post(path, TOMORROW_AT_ONE)) == (422, "reason-needed")
    status, moved = desk.post(path, TOMORROW_AT_ONE | {"reason": "our-mistake"})
    assert (status, moved["start"], moved["fee"]) == (200, "2026-11-24T13:00:00-06:00", dollars(0))
    assert Appointment.objects.get().set_aside == "our-mistake"


def test_nobody_else_gives_a_reason_and_it_is_one_of_ours(api, clinic):
    booking = api.book(clinic)
    path, token = page(booking, "reschedule/"), booking["manage_token"]
    said = TOMORROW_AT_ONE | {"reason": "goodwill"}
    assert refused(api.post(path, said, token=token)) == (403, "not-allowed")
    ada = make_user(Role.PATIENT)
    Patient.objects.update(user=ada)
    assert refused(as_user(ada).post(path, said)) == (403, "not-allowed")
    for odd in ("walk-in", "because", 1, None, ["goodwill"], {}, "\x00", "\ud800"):
        answer = staff(Role.RECEPTION).post(path, TOMORROW_AT_ONE | {"reason": odd})
        assert answer[0] == 400, odd
    assert Appointment.objects.get().start == at(10)

"""Who pays a visit besides its patient: chosen at the desk, on the visit, or for what is booked online."""

from datetime import timedelta
from uuid import uuid4

import pytest

from booking.errors import CoverInvalid, CoverNotUsable, NotPossibleNow, PaymentNotOffered
from booking.models import Appointment, Claim, Cover
from booking.payments.desk_gateway import Part
from booking.payments.ledger import balance_of
from booking.selectors.covers import online_cover, visits_used
from booking.selectors.day_board import blockers_of
from booking.services.appointments import book_for_caller, confirm_details
from booking.services.confirming import ways_to_pay
from booking.services.course_changes import add_sessions
from booking.services.covers import CoverDetails, add_cover, change_cover, choose_cover, end_cover
from booking.services.desk_money import take_payment
from booking.services.holds import hold_time
from booking.services.retention import erase_record
from booking.services.visits import mark_entered_in_error, mark_noshow
from intake.errors import NotAllowed
from intake.models import AuditEvent, Patient, Role, User
from tests.booking.services.course_steps import clinic_with_courses, confirm_four, hold_four
from tests.factories.booking import NOW, Clinic, at, make_appointment, make_staff, make_terms
from tests.factories.intake import make_patient, make_user
from tests.factories.payers import make_cover, make_covered_visit, make_payer
from tests.factories.payments import Till, ledger_sums, visit_now

pytestmark = pytest.mark.django_db


@pytest.fixture
def reception(db: None) -> User:
    return make_staff()


@pytest.fixture
def patient(db: None) -> Patient:
    return make_patient(user=make_user(Role.PATIENT))


def book(clinic: Clinic, patient: Patient, cover: Cover | None, by: User, *, day: int = 1) -> Appointment:
    """Reception books a visit without needles, so that nobody asks for answers."""
    made = book_for_caller(
        service=clinic.call, practitioner=clinic.anna, start=at(10, days=day), patient=patient, payment="none",
        cover=cover, request_key=uuid4(), by=by, now=NOW,
    )  # fmt: skip
    return made.appointment


def codes(visit: Appointment, by: User) -> list[str]:
    return [one.code for one in blockers_of(visit, by=by, now=NOW) if one.mend == "cover"]


@pytest.fixture
def priced(clinic: Clinic) -> Clinic:
    """The phone call costs something, and something before."""
    clinic.call.price_amount = 12000
    clinic.call.save()
    make_terms(clinic.call)
    return clinic


def test_reception_books_and_the_payer_bears_its_part(priced: Clinic, patient: Patient, reception: User) -> None:
    visit = book(priced, patient, make_cover(patient, percent=80), reception)
    assert (visit.payer_amount, visit.deposit_amount) == (9600, 2400)  # no deposit above what the patient bears
    balance = balance_of(visit)
    assert (balance.owed, balance.by_payer, balance.due) == (2400, 9600, 2400)


def test_where_the_payer_bears_all_no_deposit_is_asked_and_the_fee_stays(
    priced: Clinic, patient: Patient, reception: User
) -> None:
    visit = book(priced, patient, make_cover(patient), reception)
    assert (visit.payer_amount, visit.deposit_amount, visit.late_fee_amount) == (12000, 0, 3000)


def test_another_ones_cover_is_never_taken(priced: Clinic, patient: Patient, reception: User) -> None:
    cover = make_cover(make_patient(given_name="Else"))
    with pytest.raises(CoverNotUsable):
        book(priced, patient, cover, reception)
    assert Appointment.objects.count() == 0


def test_the_last_day_counts_and_the_next_does_not(priced: Clinic, patient: Patient, reception: User) -> None:
    cover = make_cover(patient, valid_until=at(10, days=1).date())
    assert book(priced, patient, cover, reception).cover == cover
    with pytest.raises(CoverNotUsable) as refused:
        book(priced, patient, cover, reception, day=2)
    assert refused.value.details == {"problem": "expired"}


def test_approved_visits_are_used_up(priced: Clinic, patient: Patient, reception: User) -> None:
    cover = make_cover(patient, approved_visits=1)
    book(priced, patient, cover, reception)
    with pytest.raises(CoverNotUsable) as refused:
        book(priced, patient, cover, reception, day=2)
    assert refused.value.details == {"problem": "used-up"}


def test_a_visit_that_does_not_take_place_uses_none(clinic: Clinic, patient: Patient, reception: User) -> None:
    cover = make_cover(patient, approved_visits=1)
    visit = make_covered_visit(clinic, cover, by=reception, start=at(10, days=0))
    assert visits_used(cover) == 1
    mark_noshow(appointment=visit, by=reception, now=at(10, 30, days=0))
    assert visits_used(cover) == 0


def test_the_patients_own_booking_takes_what_staff_marked(priced: Clinic, patient: Patient) -> None:
    cover = make_cover(patient, for_online=True)
    hold = hold_time(
        screening=None, service=priced.call, practitioner=priced.anna, start=at(10), request_key=uuid4(),
        held_by="me", source="patient", now=NOW,
    ).appointment  # fmt: skip
    assert ways_to_pay(hold, cover=online_cover(patient, hold)) == ["desk", "none"]
    made = confirm_details(
        appointment=hold, patient=patient, payment="none", policies_accepted=True, by=patient.user, now=NOW
    )
    assert (made.appointment.cover, made.appointment.payer_amount) == (cover, 12000)


@pytest.mark.parametrize(
    "over", [{"for_online": False}, {"valid_until": NOW.date() - timedelta(days=1)}, {"ended_at": NOW}]
)
def test_what_is_not_marked_or_does_not_hold_is_not_taken_online(
    priced: Clinic, patient: Patient, over: dict[str, object]
) -> None:
    make_cover(patient, **{"for_online": True} | over)
    hold = hold_time(
        screening=None, service=priced.call, practitioner=priced.anna, start=at(10), request_key=uuid4(),
        held_by="me", source="patient", now=NOW,
    ).appointment  # fmt: skip
    said = {"appointment": hold, "patient": patient, "policies_accepted": True, "by": patient.user, "now": NOW}
    with pytest.raises(PaymentNotOffered):
        confirm_details(payment="none", **said)
    made = confirm_details(payment="desk", **said)
    assert (made.appointment.cover, made.appointment.payer_amount) == (None, 0)


def test_chosen_after_the_patient_has_paid_there_is_money_to_give_back(
    clinic: Clinic, patient: Patient, reception: User
) -> None:
    visit = make_appointment(clinic, start=at(10), patient=patient)
    take_payment(appointment=visit, parts=[Part(12000, "cash")], request_key=uuid4(), by=reception, now=NOW)
    choose_cover(appointment=visit, cover=make_cover(patient, percent=50), by=reception, now=NOW)
    visit.refresh_from_db()
    assert balance_of(visit).due == -6000
    choose_cover(appointment=visit, cover=None, by=reception, now=NOW)
    visit.refresh_from_db()
    assert balance_of(visit).due == 0


def test_a_visit_that_is_billed_keeps_its_payer(clinic: Clinic, patient: Patient, reception: User) -> None:
    visit = make_covered_visit(clinic, make_cover(patient), by=reception, start=at(10), status="fulfilled")
    Claim.objects.update(state="billed", billed_at=NOW, billed_by=reception)
    with pytest.raises(NotPossibleNow):
        choose_cover(appointment=visit, cover=None, by=reception, now=NOW)


def test_a_visit_entered_by_mistake_is_not_billed(clinic: Clinic, patient: Patient, reception: User) -> None:
    visit = make_covered_visit(clinic, make_cover(patient), by=reception, start=at(10, days=0), status="fulfilled")
    assert Claim.objects.count() == 1
    mark_entered_in_error(appointment=visit, by=reception, now=NOW)
    assert Claim.objects.count() == 0


def test_the_board_says_what_the_payer_waits_for(clinic: Clinic, patient: Patient, reception: User) -> None:
    cover = make_cover(patient, claim_number="", approved_visits=2)
    first = make_covered_visit(clinic, cover, by=reception, start=at(10))
    second = make_covered_visit(clinic, cover, by=reception, start=at(10, days=2))
    assert codes(second, reception) == ["claim-number-missing"]
    Cover.objects.update(claim_number="WC-1")
    assert codes(second, reception) == []
    Cover.objects.update(approved_visits=1)  # the payer took one back
    assert (codes(first, reception), codes(second, reception)) == ([], ["cover-used-up"])
    Cover.objects.update(approved_visits=None, valid_until=at(10).date())
    assert (codes(first, reception), codes(second, reception)) == ([], ["cover-expired"])


def test_a_payer_without_numbers_needs_none(clinic: Clinic, patient: Patient, reception: User) -> None:
    cover = make_cover(patient, claim_number="", payer=make_payer(needs_claim_number=False))
    assert codes(make_covered_visit(clinic, cover, by=reception, start=at(10)), reception) == []


def details(**over: object) -> CoverDetails:
    return CoverDetails(**{"payer": make_payer(), "percent": 80} | over)


@pytest.mark.parametrize(
    "over",
    [
        {"percent": None},  # bears nothing
        {"percent": 0},
        {"percent": -5},
        {"percent": 101},
        {"amount_per_visit": 0},
        {"amount_per_visit": -1},
        {"amount_per_visit": 10**12},
        {"approved_visits": 0},
        {"approved_visits": -1},
    ],
)
def test_a_cover_bears_something_sound(patient: Patient, reception: User, over: dict[str, object]) -> None:
    with pytest.raises(CoverInvalid):
        add_cover(patient=patient, details=details(**over), by=reception, now=NOW)
    assert (Cover.objects.count(), AuditEvent.objects.filter(action="cover-added").count()) == (0, 0)


def test_one_cover_is_marked_for_bookings_online(patient: Patient, reception: User) -> None:
    first = add_cover(patient=patient, details=details(for_online=True), by=reception, now=NOW)
    with pytest.raises(CoverInvalid):
        add_cover(patient=patient, details=details(for_online=True), by=reception, now=NOW)
    end_cover(cover=first, by=reception, now=NOW)
    assert add_cover(patient=patient, details=details(for_online=True), by=reception, now=NOW).for_online


def test_what_changed_is_written_down_without_names(patient: Patient, reception: User) -> None:
    cover = make_cover(patient)
    wanted = details(payer=cover.payer, percent=50, adjuster="Kim, ext. 4", claim_number="WC-1001")
    change_cover(cover=cover, details=wanted, by=reception, now=NOW)
    event = AuditEvent.objects.get(action="cover-changed")
    assert event.details == {"changed": ["adjuster", "percent"], "percent": 50}
    assert (event.agent, event.patient_id) == (reception, patient.pk)


def test_only_the_desk_says_who_pays(clinic: Clinic, patient: Patient) -> None:
    visit, cover = make_appointment(clinic, start=at(10), patient=patient), make_cover(patient)
    for by in (make_staff(Role.OWNER), clinic.anna.user, patient.user):
        with pytest.raises(NotAllowed):
            choose_cover(appointment=visit, cover=cover, by=by, now=NOW)
        with pytest.raises(NotAllowed):
            add_cover(patient=patient, details=details(), by=by, now=NOW)


def test_an_erased_record_has_no_claim_number(patient: Patient) -> None:
    make_cover(patient, adjuster="Kim")
    erase_record(patient=patient, by=None, now=NOW)
    assert list(Cover.objects.values_list("claim_number", "adjuster")) == [("", "")]


@pytest.fixture
def courses(db: None) -> Clinic:
    return clinic_with_courses()


def test_a_course_takes_what_is_approved_and_the_patient_pays_the_rest(courses: Clinic, patient: Patient) -> None:
    make_cover(patient, for_online=True, approved_visits=2)
    visits = confirm_four(hold_four(courses), patient=patient, by=patient.user)
    assert [one.payer_amount for one in visits] == [12000, 12000, 0, 0]


def test_a_session_that_is_added_has_the_payer_of_the_last_while_it_holds(courses: Clinic, patient: Patient) -> None:
    cover = make_cover(patient, for_online=True, approved_visits=5)
    visits = confirm_four(hold_four(courses), patient=patient, by=patient.user)
    course = visits[0].course
    assert course is not None
    for day in (29, 36):
        add_sessions(course=course, starts=[at(10, days=day)], request_key=uuid4(), by=courses.anna.user, now=NOW)
    added = Appointment.objects.filter(course=course, session_number__gt=4).order_by("start")
    assert [(one.cover, one.payer_amount) for one in added] == [(cover, 12000), (None, 0)]


def test_a_deposit_paid_online_goes_back_by_itself_above_what_the_patient_bears(till: Till) -> None:
    payment = till.taken()
    visit = visit_now(payment)
    assert visit.patient is not None
    cover = make_cover(visit.patient, percent=80)
    choose_cover(appointment=visit, cover=cover, by=make_staff(), now=till.now)
    till.sweep(1)
    assert ledger_sums(payment) == till.truth(payment) == {"held": 0, "taken": 3000, "sent back": 600}
    assert balance_of(visit_now(payment)).due == 0

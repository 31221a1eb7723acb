"""A patient books with a package of their own, on their own pages."""

from datetime import timedelta

from booking.models import Appointment
from intake.models import Role
from tests.factories.booking import NOW, at
from tests.factories.intake import make_patient, make_user
from tests.factories.packages import make_package
from tests.frontend.patient.person import Person, text_of


def on_the_way(person: Person, *, has_package: bool = True) -> str:
    """A signed-in patient, up to the page of the terms."""
    account = make_user(Role.PATIENT)
    mine = make_patient(user=account)
    if has_package:
        make_package(person.clinic, mine)
    person.client.force_login(account)
    person.check()
    person.pick(at(9))
    person.post("/book/details/", patient=str(mine.pk))
    return " ".join(text_of(person.get("/book/agree/")).split())


def test_what_it_means_is_read_before_and_nothing_is_asked_for(person: Person) -> None:
    page = on_the_way(person)
    assert "Use a visit from my package" in page
    assert "With your package: Your package pays this visit. It counts as $90.00." in page
    assert person.post("/book/agree/", payment="package", agree="on")["Location"] == "/visit/"
    visit = person.visit
    assert (visit.status, visit.price_amount, visit.deposit_amount, visit.payment_choice) == (
        "booked", 9000, 0, "package",
    )  # fmt: skip
    assert "Three visits" in text_of(person.get("/visit/"))


def booked_with_package(person: Person) -> None:
    on_the_way(person)
    person.post("/book/agree/", payment="package", agree="on")


def words_of(person: Person, address: str) -> str:
    return " ".join(text_of(person.get(address)).split())


def test_a_cancelled_visit_goes_back_to_the_package_and_no_money_to_anybody(person: Person) -> None:
    booked_with_package(person)
    asked = words_of(person, "/visit/cancel/")
    assert ("The visit goes back to your package." in asked, "goes back to you." in asked) == (True, False)
    person.post("/visit/cancel/", visit=str(person.visit.pk), fee="0")
    page = words_of(person, "/visit/")
    assert "It costs you nothing. The visit goes back to your package after" in page
    assert [one for one in ("You get back", "What you have paid", "Paid with a session") if one in page] == []


def test_a_late_one_is_owed_in_money_and_goes_back_all_the_same(person: Person) -> None:
    booked_with_package(person)
    Appointment.objects.update(free_cancel_until=NOW - timedelta(hours=1))
    asked = words_of(person, "/visit/cancel/")
    assert "Cancelling now costs $30.00" in asked
    assert ("The visit goes back to your package." in asked, "kept from what you" in asked) == (True, False)
    person.post("/visit/cancel/", visit=str(person.visit.pk), fee="3000")
    page = words_of(person, "/visit/")
    assert ("a fee of $30.00 is owed after" in page, "Goes back to your package" in page) == (True, True)
    assert "You get back" not in page


def test_a_late_one_that_costs_as_much_uses_the_visit_up(person: Person) -> None:
    booked_with_package(person)
    Appointment.objects.update(free_cancel_until=NOW - timedelta(hours=1), late_fee_amount=9000)
    asked = words_of(person, "/visit/cancel/")
    assert "The visit of your package is used up, and you owe nothing more." in asked


def test_who_has_none_is_not_offered_it(person: Person) -> None:
    assert "package" not in on_the_way(person, has_package=False)
    assert person.post("/book/agree/", payment="package", agree="on").status_code == 422

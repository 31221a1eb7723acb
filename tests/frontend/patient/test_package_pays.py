"""A patient books with a package of their own, on their own pages."""

from intake.models import Role
from tests.factories.booking import at
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


def test_who_has_none_is_not_offered_it(person: Person) -> None:
    assert "package" not in on_the_way(person, has_package=False)
    assert person.post("/book/agree/", payment="package", agree="on").status_code == 422

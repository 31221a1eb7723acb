"""A patient for whom somebody else pays, on the patient's own pages."""

from intake.models import Role
from tests.factories.booking import at
from tests.factories.intake import make_patient, make_user
from tests.factories.payers import make_cover, make_payer
from tests.frontend.patient.person import Person, text_of


def on_the_way(person: Person, **cover: object) -> str:
    """A signed-in patient with a cover, up to the page of the terms."""
    account = make_user(Role.PATIENT)
    mine = make_patient(user=account)
    make_cover(mine, payer=make_payer(name="Prairie Board"), **cover)
    person.client.force_login(account)
    person.check()
    person.pick(at(9))
    person.post("/book/details/", patient=str(mine.pk))
    return " ".join(text_of(person.get("/book/agree/")).split())


def test_where_a_payer_bears_all_nothing_is_asked_before(person: Person) -> None:
    page = on_the_way(person, for_online=True)
    assert "Prairie Board pays</dt><dd>$120.00" in page
    assert 'Left for you to pay at the clinic</dt><dd class="total">$0.00' in page
    assert "Deposit" not in page
    assert person.post("/book/agree/", agree="on")["Location"] == "/visit/"
    assert (person.visit.payer_amount, person.visit.deposit_amount, person.visit.payment_choice) == (12000, 0, "none")
    assert "Paid by Prairie Board</dt><dd>$120.00" in " ".join(text_of(person.get("/visit/")).split())


def test_what_staff_did_not_mark_is_not_taken(person: Person) -> None:
    page = on_the_way(person, for_online=False)
    assert "Prairie Board" not in page
    assert person.post("/book/agree/", payment="desk", agree="on")["Location"] == "/visit/"
    assert (person.visit.cover, person.visit.payer_amount) == (None, 0)

"""Who pays besides the patient: entered, chosen for a visit, billed and paid, through the pages."""

from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.urls import reverse

from booking.models import Appointment, Claim, Cover, Payer
from tests.factories.booking import NOW, at
from tests.factories.payers import make_claim, make_cover, make_payer
from tests.frontend.staff.conftest import Desk

pytestmark = pytest.mark.django_db


def text_of(response: object) -> str:
    return " ".join(response.content.decode().split())  # type: ignore[attr-defined]


@pytest.fixture
def reception(desk: Desk) -> Client:
    return desk.browsers["reception"]


@pytest.fixture
def cover(desk: Desk) -> Cover:
    return make_cover(desk.patient, percent=80, approved_visits=6)


@pytest.fixture
def claims(desk: Desk, cover: Cover) -> list[Claim]:
    return [make_claim(desk.clinic, cover, by=desk.users["reception"], start=at(10, days=-day)) for day in (3, 2)]


def agreed(**over: object) -> dict[str, object]:
    fields = {"claim_number": "WC-7", "adjuster": "", "percent": "80", "amount_per_visit": "", "approved_visits": "6",
              "valid_until": "2027-03-01"}  # fmt: skip
    return fields | over


def test_a_manager_enters_a_payer_once(desk: Desk) -> None:
    said = {"name": "Prairie Board", "kind": "workers-compensation", "terms_days": "30", "active": "on"}
    manager = desk.browsers["manager"]
    assert manager.post(reverse("staff:payers"), said).status_code == 303
    again = manager.post(reverse("staff:payers"), said)
    assert (again.status_code, "a payer with this name already" in text_of(again)) == (422, True)
    assert list(Payer.objects.values_list("name", "needs_claim_number")) == [("Prairie Board", False)]


def test_reception_enters_who_pays(desk: Desk, reception: Client) -> None:
    page = reverse("staff:covers", args=[desk.patient.pk])
    said = agreed(payer=make_payer(name="Prairie Board").pk, amount_per_visit="60.50", for_online="on")
    assert reception.post(page, said).status_code == 303
    made = Cover.objects.get()
    assert (made.percent, made.amount_per_visit, made.approved_visits, made.for_online) == (80, 6050, 6, True)
    shown = text_of(reception.get(page))
    assert "80 per cent of the price, $60.50 a visit at most · 6 of 6 visits left · until Monday 1 March 2027" in shown


@pytest.mark.parametrize(
    "over",
    [
        {"percent": "0"}, {"percent": "-1"}, {"percent": "101"}, {"percent": "NaN"}, {"percent": "1e1"},
        {"percent": ""}, {"amount_per_visit": "0"}, {"amount_per_visit": "-5"}, {"amount_per_visit": "NaN"},
        {"amount_per_visit": "Infinity"}, {"amount_per_visit": "1,234.50"}, {"amount_per_visit": "9" * 5000},
        {"amount_per_visit": "5 USD"}, {"approved_visits": "0"}, {"approved_visits": "99999999999"},
        {"valid_until": "9999-12-31"}, {"valid_until": "soon"}, {"claim_number": "x" * 61},
        {"claim_number": "a\0b"}, {"payer": str(uuid4())},
    ],
)  # fmt: skip
def test_what_can_not_be_is_refused(desk: Desk, reception: Client, over: dict[str, object]) -> None:
    said = agreed(payer=make_payer().pk) | over
    response = reception.post(reverse("staff:covers", args=[desk.patient.pk]), said)
    assert (response.status_code, Cover.objects.count()) == (422, 0)


def test_the_payer_of_a_visit_is_chosen_on_its_page(desk: Desk, reception: Client, cover: Cover) -> None:
    page = reverse("staff:payer", args=[desk.visit.pk])
    assert "All of the price" not in text_of(reception.get(page))
    assert reception.post(page, {"cover": str(cover.pk)}).status_code == 303
    desk.visit.refresh_from_db()
    assert (desk.visit.cover, desk.visit.payer_amount) == (cover, 9600)
    shown = text_of(reception.get(reverse("staff:visit", args=[desk.visit.pk])))
    assert f"{cover.payer} pays</dt><dd>$96.00" in shown


@pytest.mark.parametrize("chosen", ["", "nobody", "0e59ca4c-896a-4288-8d25-72944b78d3d6"])
def test_who_is_not_on_file_does_not_pay(desk: Desk, reception: Client, cover: Cover, chosen: str) -> None:
    page = reverse("staff:payer", args=[desk.visit.pk])
    assert reception.post(page, {"cover": chosen}).status_code == 400
    desk.visit.refresh_from_db()
    assert desk.visit.cover is None


def test_the_board_leads_to_where_the_number_is_entered(desk: Desk, reception: Client, cover: Cover) -> None:
    Cover.objects.update(claim_number="")
    reception.post(reverse("staff:payer", args=[desk.visit.pk]), {"cover": str(cover.pk)})
    place = reverse("staff:payer", args=[desk.visit.pk])
    assert f'href="{place}"' in text_of(reception.get(reverse("staff:desk")))
    assert f'href="{place}"' not in text_of(desk.browsers["therapist"].get(reverse("staff:desk")))
    assert reverse("staff:cover", args=[desk.patient.pk, cover.pk]) in text_of(reception.get(place))


def test_a_caller_is_booked_with_their_payer(desk: Desk, reception: Client, cover: Cover) -> None:
    Cover.objects.update(for_online=True)
    call = desk.clinic.call
    call.price_amount = 5000
    call.save()
    said = {"patient": str(desk.patient.pk), "service": str(call.pk)}
    shown = reception.get(reverse("staff:book"), said)
    assert shown.context["form"]["cover"].value() == str(cover.pk)  # what staff marked is chosen already
    time = shown.context["days"][0].times[0].value
    more = {"time": time, "payment": "none", "cover": str(cover.pk), "request_key": str(uuid4()), "note": ""}
    assert reception.post(reverse("staff:book"), said | more).status_code == 303
    made = Appointment.objects.get(service=call)
    assert (made.cover, made.payer_amount, made.deposit_amount) == (cover, 4000, 0)


def chosen(claims: list[Claim], **more: object) -> dict[str, object]:
    return {"claim": [str(one.pk) for one in claims]} | more


def test_visits_are_billed_paid_and_listed(desk: Desk, reception: Client, claims: list[Claim]) -> None:
    assert "Billed today" in text_of(reception.get(reverse("staff:claims")))
    reception.post(reverse("staff:claims-billed"), chosen(claims))
    assert "Enter a payment" in text_of(reception.get(reverse("staff:claims"), {"show": "open"}))
    paying = reception.post(reverse("staff:claims-paid"), chosen(claims))
    key = str(paying.context["form"]["request_key"].value())
    sums = {f"paid-{claims[0].pk}": "96.00", f"paid-{claims[1].pk}": "50"}
    said = chosen(claims, record="yes", reference="EFT-1", request_key=key) | sums
    short = reception.post(reverse("staff:claims-paid"), said | {"total": "192.00"})
    assert (short.status_code, "$46.00 more than what you entered" in text_of(short)) == (422, True)
    assert reception.post(reverse("staff:claims-paid"), said | {"total": "146.00"}).status_code == 303
    states = Claim.objects.order_by("appointment__start").values_list("state", "paid_amount", "reference")
    assert list(states) == [("paid", 9600, "EFT-1"), ("part-paid", 5000, "EFT-1")]


@pytest.mark.parametrize(
    "total", ["", "0", "-5", "NaN", "Infinity", "1e400", "96.001", "1,920.00", "9" * 5000, "96 USD"]
)
def test_no_other_sum_is_a_payment(reception: Client, claims: list[Claim], total: str) -> None:
    reception.post(reverse("staff:claims-billed"), chosen(claims))
    sums = {f"paid-{one.pk}": "96.00" for one in claims}
    said = chosen(claims, record="yes", total=total, request_key=str(uuid4())) | sums
    assert reception.post(reverse("staff:claims-paid"), said).status_code == 422
    assert set(Claim.objects.values_list("state", "paid_amount")) == {("billed", 0)}


def test_a_no_is_said_with_its_reason(desk: Desk, reception: Client, claims: list[Claim]) -> None:
    asked = reception.post(reverse("staff:claims-denied"), chosen(claims))
    assert "Nothing is charged by itself" in text_of(asked)
    assert reception.post(reverse("staff:claims-denied"), chosen(claims, record="yes", reason="x")).status_code == 422
    reception.post(reverse("staff:claims-denied"), chosen(claims, record="yes", reason="not-covered"))
    shown = text_of(reception.get(reverse("staff:claims"), {"show": "denied"}))
    assert "$120.00 to talk about with the patient" in shown
    panel = text_of(reception.get(reverse("staff:visit", args=[claims[0].appointment_id])))
    assert "Talk with the patient first: nothing is charged by itself." in panel


def test_nothing_chosen_changes_nothing(reception: Client, claims: list[Claim]) -> None:
    for name in ("claims-billed", "claims-paid", "claims-denied"):
        for said in ({}, {"claim": ["x", str(uuid4())]}):
            assert reception.post(reverse(f"staff:{name}"), said).status_code == 303
    assert set(Claim.objects.values_list("state")) == {("to-bill",)}


def test_the_table_is_a_file(reception: Client, claims: list[Claim]) -> None:
    response = reception.get(reverse("staff:claims-table"))
    assert response.headers["Content-Disposition"] == f'attachment; filename="claims-{NOW.date()}.csv"'
    assert (response.headers["Cache-Control"], response.content.count(b"\r\n")) == ("private, no-store", 3)


@pytest.mark.parametrize("many", [1, 3])
def test_the_list_asks_as_much_for_three_as_for_one(
    desk: Desk, reception: Client, cover: Cover, many: int, django_assert_num_queries: object
) -> None:
    for day in range(many):
        make_claim(desk.clinic, cover, by=desk.users["reception"], start=at(10, days=-2 - day))
    reception.get(reverse("staff:claims"))
    with django_assert_num_queries(QUERIES):  # type: ignore[operator]
        reception.get(reverse("staff:claims"))


QUERIES = 15


def test_another_patients_cover_is_not_found(desk: Desk, reception: Client, cover: Cover) -> None:
    stranger: UUID = make_cover(desk.make_visit(at(15)).patient).pk
    assert reception.get(reverse("staff:cover", args=[uuid4(), stranger])).status_code == 404


def test_what_a_payer_takes_back_is_noted_once(desk: Desk, reception: Client, claims: list[Claim]) -> None:
    ids = {"claim": claims[0].pk}
    reception.post(reverse("staff:claims-billed"), ids)
    paid = {"total": "96", "reference": "", "request_key": uuid4(), "record": "yes", f"paid-{claims[0].pk}": "96"}
    reception.post(reverse("staff:claims-paid"), ids | paid)
    page = reverse("staff:claim-taken-back", args=[claims[0].pk])
    assert page in text_of(reception.get(reverse("staff:claims") + "?show=paid"))
    assert 'value="96.00"' in text_of(reception.get(page))
    too_much = reception.post(page, {"amount": "96.01", "request_key": uuid4()})
    assert (too_much.status_code, "more than the payer has paid" in text_of(too_much)) == (422, True)
    said = {"amount": "50", "request_key": uuid4()}
    assert [reception.post(page, said).status_code for _tap in range(2)] == [303, 303]
    shown = text_of(reception.get(reverse("staff:visit", args=[claims[0].appointment_id])))
    assert "said no to $50.00" in shown
    assert "Taken back by" in shown
    assert "Talk about a visit that the payer does not pay" in text_of(reception.get(reverse("staff:tasks")))
    assert reception.get(reverse("staff:claim-taken-back", args=[claims[1].pk])).status_code == 404


def test_who_pays_stays_while_a_bill_stands(reception: Client, claims: list[Claim]) -> None:
    reception.post(reverse("staff:claims-billed"), {"claim": claims[0].pk})
    page = reverse("staff:payer", args=[claims[0].appointment_id])
    shown = text_of(reception.get(page))
    assert "was billed, $96.00 is open. Who pays stays as it is until they have paid or said no." in shown
    assert '<button class="button">Save</button>' not in shown
    assert '<button class="button">Save</button>' in text_of(
        reception.get(reverse("staff:payer", args=[claims[1].appointment_id]))
    )

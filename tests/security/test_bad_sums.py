"""Every field for a sum of money, on every page that has one: what is no sum is refused in words, nothing changes."""

from itertools import count
from typing import Any

import pytest

from booking.models import Claim
from frontend.staff.forms import NOT_A_SUM
from tests.factories.payers import make_cover
from tests.factories.receipts import pay
from tests.security.house import MAIL, NAME, House
from tests.security.pages import FoundForm, forms_of
from tests.security.test_bad_input import Page, counts, sent_and_counted

BAD = {
    "-5": "negative",
    "0.00": "zero",
    "NaN": "unreadable",
    "9" * 30: "too-large",
    "5 USD": "currency",
    "1,234.50": "comma",
    "5.001": "decimals",
}
EACH = 3
MAY_BE_ZERO = {"opening", "counted", "banked"}  # of a drawer
# Who stands before which page, and its fields for sums.
PAGES = {
    "/visits/{visit}/": ("manager", {"amount", "amount_2"}),  # to take, and to give back
    "/money/till/": ("reception", {"opening", "counted", "banked"}),
    "/settings/terms/{service}/any/": ("manager", {"deposit", "late_fee", "no_show_fee"}),
    "/settings/packages/": ("manager", {"price"}),
    "/patients/{patient}/covers/": ("reception", {"amount_per_visit"}),
    "/money/claims/{claim}/taken-back/": ("reception", {"amount"}),
}


def some(place: int) -> dict[str, str]:
    """Some bad sums, others for the next field: each page is slow, and together the fields see all of them."""
    ways = list(BAD.items())
    return dict(ways[(place * EACH + step) % len(ways)] for step in range(EACH))


def wrong_answers(page: Page, form: FoundForm, name: str, place: int) -> list[str]:
    """Bad sums in one field, the rest as it stands there; what is not refused as it should be."""
    wrong, before = [], counts()
    for typed, code in some(place).items():
        if code == "zero" and name in MAY_BE_ZERO:
            continue
        answer, after = sent_and_counted(page.browser, form, form.fields | {name: [typed]}, before)
        said = str(NOT_A_SUM[code]) in answer.content.decode()
        if (answer.status_code, said, after) != (422, True, before):
            wrong.append(f"{page.path} {form.action} {name}={typed}: {answer.status_code}, said why: {said}")
    return wrong


def test_what_is_no_sum_is_refused_at_every_door(house: House, caplog: pytest.LogCaptureFixture) -> None:
    pay(house.visit, 5000)  # so that something can be given back
    ours: dict[str, Any] = {"visit": house.visit.pk, "service": house.clinic.needling.pk, "patient": house.patient.pk}
    ours["claim"] = Claim.objects.get(cover=house.cover).pk
    wrong, found, places = [], dict[str, set[str]](), count()
    with caplog.at_level("INFO"):
        for address, (role, names) in PAGES.items():
            page = Page(address, house.browser(role), address.format(**ours))
            answer = page.browser.get(page.path)
            for form in forms_of(answer.content.decode(), page.path):
                for name in sorted(names & set(form.fields)):
                    found.setdefault(address, set()).add(name)
                    wrong += wrong_answers(page, form, name, next(places))
    assert wrong == []
    assert found == {address: names for address, (_role, names) in PAGES.items()}
    assert [one for one in caplog.messages if NAME in one or MAIL in one] == []


def test_a_payers_payment_takes_no_bad_sum_either(house: House) -> None:
    claim = Claim.objects.create(
        appointment=house.request, cover=make_cover(house.patient), amount=1000, currency="CAD", state="billed",
        created_at=house.message.created_at, billed_at=house.message.created_at, billed_by=house.users["reception"],
    )  # fmt: skip
    page = Page("payment", house.browser("reception"), "/money/claims/paid/")
    asked = page.browser.post(page.path, {"claim": claim.pk}).content.decode()
    [form] = [one for one in forms_of(asked, page.path) if "record" in one.fields]
    for place, name in enumerate(("total", f"paid-{claim.pk}")):
        assert wrong_answers(page, form, name, place) == []

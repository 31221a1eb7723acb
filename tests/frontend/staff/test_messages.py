"""The log of messages on the visit's page, on the patient's, and on the page of all."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from booking.reminders.models import Communication, DeliveryReport, MessageSetting
from booking.reminders.services import plan_booking_messages
from tests.frontend.staff.conftest import NOW, Desk

pytestmark = pytest.mark.django_db
ALL = reverse("staff:messages")


def _planned(desk: Desk) -> dict[str, Communication]:
    plan_booking_messages(appointment=desk.visit, manage_token="token", now=NOW)
    return {row.kind: row for row in Communication.objects.filter(appointment=desk.visit, channel="email")}


def _text(desk: Desk, address: str, role: str = "reception") -> str:
    answer = desk.browsers[role].get(address)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", unescape(answer.content.decode())).replace("\xa0", " ")


def _sent(row: Communication, *, back: bool = False) -> None:
    Communication.objects.filter(pk=row.pk).update(status="completed", sent_at=NOW)
    if back:
        DeliveryReport.objects.create(
            communication=row,
            what="bounced",
            words="550 No such mailbox.",
            provider_id="p",
            reported_at=NOW + timedelta(minutes=5),
        )


def test_every_page_says_in_one_sentence_what_became_of_a_message(desk: Desk) -> None:
    rows = _planned(desk)
    _sent(rows["confirmation"], back=True)
    address = rows["confirmation"].recipient
    sentence = (
        f"Sent Monday 23 November, 8:00, by e-mail to {address}, but it came back Monday 23 November, 8:05: "
        "550 No such mailbox."
    )
    pages = (reverse("staff:visit", args=[desk.visit.pk]), reverse("staff:patient", args=[desk.patient.pk]), ALL)
    assert [sentence in _text(desk, one) for one in pages] == [True, True, True]


def test_a_stopped_message_says_why_in_words(desk: Desk) -> None:
    row = _planned(desk)["confirmation"]
    Communication.objects.filter(pk=row.pk).update(status="stopped", status_reason="The visit was moved.")
    words = f"Not sent; it was meant for Monday 23 November, 8:00, by e-mail to {row.recipient}. The visit was moved."
    assert words in _text(desk, ALL)


def test_a_message_is_sent_again_from_the_list_and_the_list_comes_back(desk: Desk) -> None:
    row = _planned(desk)["confirmation"]
    _sent(row)
    address = reverse("staff:resend", args=[desk.visit.pk, row.pk])
    answer = desk.browsers["reception"].post(address, {"stood": "messages:kind=confirmation&page=1"})
    assert (answer.status_code, answer["Location"]) == (303, f"{ALL}?kind=confirmation&page=1")
    assert Communication.objects.filter(kind="confirmation", status="preparation").count() == 1


def test_the_list_says_which_messages_the_clinic_does_without(desk: Desk) -> None:
    MessageSetting.objects.create(location=desk.clinic.location, kind="no-show", on=False, changed_at=NOW)
    assert "Switched off, so never written: " in _text(desk, ALL)


@pytest.mark.parametrize(
    "said",
    ["day=someday", "day=9999-12-31", "day=0001-01-01", "kind=x", "state=x", "size=7", "patient=x", "person=%00"],
)
def test_a_filter_that_can_t_be_read_is_said(desk: Desk, said: str) -> None:
    assert desk.browsers["reception"].get(f"{ALL}?{said}").status_code in (400, 422)


def test_the_list_costs_the_same_for_one_and_for_many(
    desk: Desk, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    rows = list(_planned(desk).values())
    Communication.objects.exclude(pk=rows[0].pk).update(due_at=NOW + timedelta(days=1))
    browser = desk.browsers["reception"]
    browser.get(ALL)
    with django_assert_num_queries(16):
        browser.get(ALL)
    Communication.objects.update(due_at=NOW)
    for row in rows:
        _sent(row)
    with django_assert_num_queries(16):
        browser.get(ALL)


def test_what_is_about_no_visit_is_sent_again_while_it_is_true(desk: Desk) -> None:
    def write(kind: str, subject: str, **content: str) -> Communication:
        return Communication.objects.create(
            dedupe_key=f"{subject}:{kind}:email:v0", kind=kind, patient=desk.patient, content=content,
            recipient="old@example.com", created_at=NOW, due_at=NOW, not_after=NOW + timedelta(days=3),
            status="completed", sent_at=NOW,
        )  # fmt: skip

    ends, over = (
        write("package-expiring", f"package/{days}", ends_at=(NOW + timedelta(days=days)).isoformat())
        for days in (9, -9)
    )
    code = write("sign-in-code", "account/1")
    page = _text(desk, reverse("staff:patient", args=[desk.patient.pk]))
    paths = [reverse("staff:message-again", args=[one.pk]) for one in (ends, over, code)]
    assert [path in page for path in paths] == [True, False, False]
    assert [desk.browsers["reception"].post(path).status_code for path in (*paths, paths[0])] == [303, 409, 409, 409]
    again = Communication.objects.get(dedupe_key=f"{ends.dedupe_key}:r1")
    assert (again.status, again.recipient, again.content) == ("preparation", desk.patient.email, ends.content)

"""The inbox of texts, as those see it who answer them, and the button by which a patient says that they are coming."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from booking.models import Appointment
from booking.reminders.models import Communication, IncomingMessage
from booking.services.incoming_texts import take_text
from booking.services.links import manage_token
from intake import clock
from intake.models import AuditEvent, Role
from intake.tokens import hash_token
from tests.booking.reminders.contacts import PHONE, make_texted_visit
from tests.factories.accounts import sign_in
from tests.factories.intake import make_care_relation, make_patient, make_user

pytestmark = pytest.mark.django_db
WORDS = "My arm <b>tingles</b>, which door?"


def visit_in(days: int = 2) -> Appointment:
    visit = make_texted_visit(start=clock.now() + timedelta(days=days))
    visit.manage_token_hash = hash_token(manage_token(visit))
    visit.save(update_fields=["manage_token_hash"])
    return visit


def texted(words: str = WORDS, sender: str = PHONE) -> IncomingMessage:
    take_text(provider_id=str(uuid4()), sender=sender, text=words, now=clock.now())
    return IncomingMessage.objects.latest("received_at")


@pytest.fixture
def reception(client: Client) -> Client:
    sign_in(client, make_user(Role.RECEPTION))
    return client


def shown(client: Client, name: str, *args: object) -> str:
    answer = client.get(reverse(f"staff:{name}", args=args))
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_text_waits_in_the_inbox_without_its_words_and_the_menu_counts_it(reception: Client) -> None:
    visit, text = visit_in(), texted()
    texted("And where do I park?")
    page = shown(reception, "inbox")
    assert (str(visit.patient) in page, "2 texts" in page, "tingles" in page) == (True, True, False)
    assert f'href="{reverse("staff:inbox")}" aria-current="page">Messages <span class="tag tag-count' in page
    board = shown(reception, "visit", visit.pk)
    assert ("A text from them waits for an answer." in board, "tingles" in board) == (True, False)
    page = shown(reception, "inbox-text", text.pk)
    assert "My arm &lt;b&gt;tingles&lt;/b&gt;, which door?" in page
    assert AuditEvent.objects.filter(action="texts-read").count() == 1


def test_it_is_answered_once_in_words_of_ones_own(reception: Client) -> None:
    visit_in()
    text, key = texted(), uuid4()
    for _ in range(2):
        sent = reception.post(
            reverse("staff:inbox-answer", args=[text.pk]), {"words": "The left one.", "request_key": key}
        )
        assert sent.status_code == 303
    assert [one.content for one in Communication.objects.filter(kind="reply")] == [{"text": "The left one."}]
    page = shown(reception, "inbox-text", text.pk)
    assert ("The left one." in page, "dealt with by" in page) == (True, True)
    assert "No text waits for an answer." in shown(reception, "inbox")


@pytest.mark.parametrize("words", ["", "   ", "x" * 281], ids=["none", "blanks", "too many"])
def test_an_answer_that_can_not_be_sent_is_said_at_the_form(reception: Client, words: str) -> None:
    visit_in()
    sent = reception.post(reverse("staff:inbox-answer", args=[texted().pk]), {"words": words, "request_key": uuid4()})
    assert sent.status_code == 422
    assert not Communication.objects.filter(kind="reply").exists()


def test_it_can_be_dealt_with_and_put_beside_somebody_else(reception: Client) -> None:
    visit_in()
    text, other = texted(), make_patient(given_name="Kim", family_name="Osei", phone="+14035550777", email="")
    page = reception.get(reverse("staff:inbox-whose", args=[text.pk]), {"q": "Osei"}).content.decode()
    assert "Kim Osei, about no visit" in page
    address = f"{reverse('staff:inbox-whose', args=[text.pk])}?q=Osei"
    assert reception.post(address, {"whose": str(uuid4())}).status_code == 422
    assert reception.post(address, {"whose": str(other.pk)}).status_code == 303
    assert reception.post(reverse("staff:inbox-done", args=[text.pk])).status_code == 303
    text.refresh_from_db()
    assert (text.patient, text.appointment, text.is_open) == (other, None, False)
    assert "Kim Osei" in reception.get(reverse("staff:inbox"), {"done": ""}).content.decode()


def test_a_stranger_s_text_can_be_read_and_a_stopped_number_is_called(reception: Client) -> None:
    visit_in()
    text = texted("Do you take new patients?", sender="+14035559999")
    assert "Nobody we know" in shown(reception, "inbox")
    texted("STOP", sender="+14035559999")
    page = shown(reception, "inbox-text", text.pk)
    assert ("They answered STOP to our texts." in page, "Your answer" in page) == (True, False)


def test_a_therapist_finds_the_texts_of_their_own_patients_only(client: Client) -> None:
    visit, therapist = visit_in(), make_user(Role.THERAPIST)
    text, stray = texted(), texted("Hello?", sender="+14035559999")
    sign_in(client, therapist)
    assert "No text waits for an answer." in shown(client, "inbox")
    assert client.get(reverse("staff:inbox-text", args=[text.pk])).status_code == 404
    make_care_relation(therapist, visit.patient, now=clock.now())
    assert "tingles" in shown(client, "inbox-text", text.pk)
    assert client.post(reverse("staff:inbox-done", args=[stray.pk])).status_code == 404


def test_staff_note_what_they_were_told(reception: Client) -> None:
    visit = visit_in()
    assert "Not said yet." in shown(reception, "visit", visit.pk)
    reception.post(reverse("staff:step", args=[visit.pk, "said-coming"]), {"stood": "visit"})
    assert "Said they are coming, told us," in shown(reception, "visit", visit.pk)


def test_a_patient_says_by_a_button_that_they_are_coming_and_opening_the_link_says_nothing(client: Client) -> None:
    visit = visit_in()
    born = {"birth_date_day": 3, "birth_date_month": 4, "birth_date_year": 1986}
    link = f"/visit/{manage_token(visit)}/"
    for _ in range(2):  # a scanner of mail, then the reader
        client.head(link, follow=True)
        assert client.get(link, follow=True).status_code == 200
    client.post("/visit/who/", born)
    assert "Are you coming?" in client.get("/visit/").content.decode()
    client.get("/visit/coming/", follow=True)
    visit.refresh_from_db()
    assert not visit.is_accepted
    answer = client.post("/visit/coming/", {"visit": visit.pk}, follow=True).content.decode()
    visit.refresh_from_db()
    assert (visit.accepted_how, visit.is_accepted) == ("link", True)
    assert ("Thank you. We expect you." in answer, "Are you coming?" in answer) == (True, False)


def test_a_visit_far_ahead_is_not_asked_about_yet(client: Client) -> None:
    visit = visit_in(40)
    client.get(f"/visit/{manage_token(visit)}/")
    client.post("/visit/who/", {"birth_date_day": 3, "birth_date_month": 4, "birth_date_year": 1986})
    assert "Are you coming?" not in client.get("/visit/").content.decode()

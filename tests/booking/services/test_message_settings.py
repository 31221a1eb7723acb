"""A clinic's own settings and words for its messages."""

from dataclasses import replace
from datetime import timedelta

import pytest

from booking.errors_of_messages import MessageSettingRefused, WordingRefused
from booking.reminders.letters import letter_of
from booking.reminders.models import Communication
from booking.reminders.services import plan_booking_messages
from booking.reminders.verdicts import still_due
from booking.reminders.wording import MessageForm, Words
from booking.rules.wording import Fault
from booking.selectors.message_settings import kinds_set, message_is_on, wordings_of
from booking.services.message_settings import send_sample, set_message, use_our_words, write_own_words
from intake.errors import NotAllowed
from intake.models import Role
from tests.booking.reminders.visits import NOW, START, make_visit
from tests.factories.intake import make_patient, make_user

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = timedelta(hours=1)


def test_a_clinic_moves_its_reminders_and_switches_them_off() -> None:
    visit, manager = make_visit(), make_user(Role.MANAGER)
    said = {"location": visit.location, "kind": "reminder", "by": manager, "now": NOW}
    set_message(**said, on=True, channels=[], hours=[72, 24, 3])
    plan_booking_messages(appointment=visit, now=NOW)
    rows = Communication.objects.filter(kind__startswith="reminder").order_by("due_at")
    assert [(START - row.due_at) // HOUR for row in rows] == [72, 24, 3]
    set_message(**said, on=False, channels=[], hours=[])
    verdict = still_due(rows[0], now=rows[0].due_at)
    assert (verdict.action, verdict.reason) == ("stop", "The clinic has switched such messages off.")
    assert not message_is_on(visit.location, "reminder-1")
    visit.schedule_version += 1
    plan_booking_messages(appointment=visit, now=NOW)
    assert rows.count() == 3


def test_only_managers_and_owners_set_and_nobody_switches_off_what_people_count_on() -> None:
    visit, manager = make_visit(), make_user(Role.MANAGER)
    said = {"location": visit.location, "on": True, "channels": [], "hours": [], "now": NOW}
    with pytest.raises(NotAllowed):
        set_message(**said, kind="reminder", by=make_user(Role.RECEPTION))
    for wrong in (
        {"kind": "confirmation", "on": False},
        {"kind": "reminder", "hours": [1, 2, 3, 4]},
        {"kind": "request-waiting", "channels": ["sms"]},
    ):
        with pytest.raises(MessageSettingRefused):
            set_message(**said | wrong, by=manager)
    set_message(**said, kind="confirmation", by=make_user(Role.OWNER))
    assert all(one.on for one in kinds_set(visit.location))


def test_a_letter_says_what_the_clinic_wrote_and_ours_again_when_it_goes_back() -> None:
    visit, manager = (
        make_visit(patient=make_patient(given_name="<b>{link}</b>", email="x@example.test")),
        make_user(Role.MANAGER),
    )
    plan_booking_messages(appointment=visit, manage_token="secret", now=NOW)
    row = Communication.objects.get(kind="confirmation")
    ours = letter_of(row, now=NOW).text
    words = Words("See you {date}", "Hello {given_name},\n\nwe meet {date} at {time}.\n\nYour page:\n{link}")
    message = MessageForm(visit.location, "confirmation", "email", "en")
    form = {"form": message, "by": manager}
    write_own_words(**form, words=words, now=NOW)
    letter = letter_of(row, now=NOW)
    assert letter.subject == "See you Tuesday 1 December 2026"
    assert letter.text.startswith(
        "Hello <b>{link}</b>,\n\nwe meet Tuesday 1 December 2026 at 9:00.\n\nYour page:\nhttp"
    )
    assert letter.text.endswith("In an emergency, call 911.\n")
    assert "&lt;b&gt;{link}&lt;/b&gt;" in letter.html
    assert 'class="button"' in letter.html
    use_our_words(**form, now=NOW)
    assert letter_of(row, now=NOW).text == ours
    written = wordings_of(message)
    assert [(one.subject, one.written_by) for one in written] == [("", manager), ("See you {date}", manager)]


def test_words_that_cannot_be_sent_are_refused_with_why() -> None:
    visit, manager = make_visit(), make_user(Role.MANAGER)
    mail = MessageForm(visit.location, "reminder", "email", "en")
    for message, text, fault in (
        (mail, "{visit} {link} {secret}", Fault("unknown", ("secret",))),
        (replace(mail, channel="sms"), "{date} {time} {link} " + "far too long " * 20, Fault("too-many-parts", ("3",))),
    ):
        with pytest.raises(WordingRefused) as refusal:
            write_own_words(form=message, words=Words("Soon", text), by=manager, now=NOW)
        assert refusal.value.details["faults"] == [fault]
    for wrong in (replace(mail, kind="sign-in-code"), replace(mail, language="de")):
        with pytest.raises(MessageSettingRefused):
            write_own_words(form=wrong, words=Words("Bald", "{visit} {link}"), by=manager, now=NOW)


def test_a_sample_goes_to_whoever_asks_for_it_and_speaks_of_nobody() -> None:
    visit, manager = make_visit(), make_user(Role.MANAGER)
    message = MessageForm(visit.location, "reminder", "email", "fr-ca")
    row = send_sample(form=message, by=manager, words=Words("Bientôt : {date}", "{visit}\n\n{manage}"), now=NOW)
    letter = letter_of(row, now=NOW)
    assert (letter.recipient, row.appointment, row.patient) == (manager.email, None, None)
    assert letter.subject == "Bientôt : vendredi 27 novembre 2026"
    assert "Voir, déplacer ou annuler votre rendez-vous" in letter.html


def test_where_people_share_a_mailbox_the_letter_says_whose_visit_it_is() -> None:
    visit = make_visit(email="family@example.test", patient=None)
    visit.patient = make_patient(given_name="Ada", email="family@example.test")
    visit.save(update_fields=["patient"])
    plan_booking_messages(appointment=visit, manage_token="secret", now=NOW)
    row = Communication.objects.get(kind="confirmation")
    assert "For Ada" not in letter_of(row, now=NOW).text
    make_patient(given_name="ada", email="family@example.test")
    assert "For Ada" not in letter_of(row, now=NOW).text
    make_patient(given_name="Ben", email="Family@example.test")
    assert "\nFor Ada\nTuesday 1 December 2026" in letter_of(row, now=NOW).text

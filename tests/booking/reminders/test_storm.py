"""Three workers, killed at random while they send: what arrives is counted at the providers themselves.

A provider that knows keys, or can be asked, gets every message once. With plain SMTP nobody can know what became of a
mail in the hands of whoever died: it may come twice, as the same mail, and its row says so.
"""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from random import Random
from uuid import uuid4

import pytest

from booking.reminders.channels.base import Letter
from booking.reminders.channels.email import EmailChannel
from booking.reminders.channels.sms import SmsChannel
from booking.reminders.delivery import HAD_COME, NEVER_CAME, NEVER_CLEAR, SENT_AGAIN
from tests.booking.reminders import storm
from tests.booking.reminders.storm import BAD, BATCH, EMAIL, SMS, crew, ends, queue, told, weather
from tests.factories.booking import make_location
from tests.simulators.mail.smtp import Faults, Mailbox
from tests.simulators.sms import SmsSimulator

pytestmark = [pytest.mark.django_db(transaction=True)]
SHORT_AND_LONG = [
    pytest.param(60, 6, (0.05, 0.2), id="short"),
    pytest.param(10_000, 200, (0.3, 1.2), id="long", marks=pytest.mark.chaos),
]
ANSWERS_LOST = 9  # every so many-th answer of a provider


@pytest.fixture(autouse=True)
def _clinic(db: None) -> None:
    make_location()


def mails(mailbox: Mailbox) -> Counter[str]:
    return Counter(mail.recipients[0] for mail in mailbox.store.messages())


def texts(phones: SmsSimulator) -> Counter[str]:
    return Counter(text.recipient for text in phones.texts())


@pytest.mark.parametrize(("number", "kills", "gap"), SHORT_AND_LONG)
def test_a_provider_that_knows_keys_gets_each_mail_once(
    keyed_mailbox: Mailbox, clock_file: Path, number: int, kills: int, gap: tuple[float, float]
) -> None:
    keyed_mailbox.faults = Faults(drop=True, every=ANSWERS_LOST)
    queue(number, EMAIL)
    with crew(clock_file, by=EMAIL) as workers:
        weather(workers, Random(number), kills=kills, gap=gap)
    found = told(mails(keyed_mailbox), ends(EMAIL), number=number, channel=EMAIL)
    bad = Counter({"not-done": number // BATCH})
    assert found == {"rows": number, "lost": [], "doubled": [], "bad": bad, "reasons": {}}


@pytest.mark.parametrize(("number", "kills", "gap"), SHORT_AND_LONG)
def test_a_provider_that_can_be_asked_gets_each_text_once(
    phones: SmsSimulator, clock_file: Path, number: int, kills: int, gap: tuple[float, float]
) -> None:
    phones.fail(drop=True, every=ANSWERS_LOST, bad=[BAD[SMS]])
    queue(number, SMS)
    with crew(clock_file, by=SMS) as workers:
        weather(workers, Random(number), kills=kills, gap=gap)
    found = told(texts(phones), ends(SMS), number=number, channel=SMS)
    assert set(found.pop("reasons").values()) <= {HAD_COME, NEVER_CAME}
    assert found == {"rows": number, "lost": [], "doubled": [], "bad": Counter({"not-done": number // BATCH})}


@pytest.mark.parametrize(("number", "kills", "gap"), SHORT_AND_LONG)
def test_by_plain_smtp_what_comes_twice_says_so_and_nothing_is_lost(
    mailbox: Mailbox, clock_file: Path, number: int, kills: int, gap: tuple[float, float]
) -> None:
    mailbox.faults = Faults(drop=True, every=ANSWERS_LOST)
    queue(number, EMAIL)
    with crew(clock_file, by=EMAIL) as workers:
        weather(workers, Random(number), kills=kills, gap=gap)
    found = told(mails(mailbox), ends(EMAIL), number=number, channel=EMAIL)
    explained = found.pop("reasons")
    assert set(explained.values()) <= {SENT_AGAIN, NEVER_CLEAR}
    assert set(found.pop("doubled")) <= set(explained)
    assert found == {"rows": number, "lost": [], "bad": Counter({"not-done": number // BATCH})}
    assert max(mails(mailbox).values()) == 2
    assert len({mail.content["Message-ID"] for mail in mailbox.store.messages()}) == number - number // BATCH


class Forgetful(SmsChannel):
    """Can't be asked: what was lost is sent again."""

    def find(self, letter: Letter, *, since: object) -> tuple[str, ...]:
        return ()


class Keyless(EmailChannel):
    """Says that it knows keys, and sends another one each time."""

    def send(self, letter: Letter) -> str:
        return super().send(replace(letter, message_id=f"<{uuid4()}@clinic.example>"))


def test_without_asking_texts_would_come_twice(phones: SmsSimulator, clock_file: Path) -> None:
    """The negative control of the second proof."""
    phones.fail(drop=True, every=3, bad=[BAD[SMS]])
    queue(24, SMS)
    with crew(clock_file, by=SMS, channel=Forgetful) as workers:
        weather(workers, Random(1), kills=4, gap=(0.2, 0.3))
    assert told(texts(phones), ends(SMS), number=24, channel=SMS)["doubled"] != []


def test_without_the_same_key_mails_would_come_twice(keyed_mailbox: Mailbox, clock_file: Path) -> None:
    """The negative control of the first proof."""
    keyed_mailbox.faults = Faults(drop=True, every=3)
    queue(24, EMAIL)
    with crew(clock_file, by=EMAIL, channel=Keyless, workers=1) as workers:
        weather(workers, Random(1), kills=4, gap=(0.2, 0.3))
    assert told(mails(keyed_mailbox), ends(EMAIL), number=24, channel=EMAIL)["doubled"] != []


def test_marked_before_it_is_sent_a_message_would_be_lost(
    mailbox: Mailbox, clock_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control of "nothing is lost": a worker that notes first and sends then."""

    class Hasty(EmailChannel):
        def send(self, letter: Letter) -> str:
            rows = storm.Communication.objects.filter(message_id=letter.message_id)
            rows.update(status="completed", sent_at=storm.clock.now())
            storm.time.sleep(0.05)
            return super().send(letter)

    queue(24, EMAIL)
    with crew(clock_file, by=EMAIL, channel=Hasty) as workers:
        weather(workers, Random(1), kills=12, gap=(0.1, 0.15))
    assert told(mails(mailbox), ends(EMAIL), number=24, channel=EMAIL)["lost"] != []

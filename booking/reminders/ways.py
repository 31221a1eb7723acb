"""By which ways a patient can be reached: what they agreed to, and whether the address works."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext_noop

from booking.reminders.channels.sms import texts_are_set_up
from booking.reminders.models import AddressMark, Communication, ContactConsent
from booking.rules.kinds import kind_of
from intake.models import Patient

Channel = Communication.Channel
_Said = Mapping[tuple[UUID, str], ContactConsent]  # what was said last, by patient and channel
_Marks = Mapping[tuple[str, str], str]  # by channel and address

NO_ADDRESS = gettext_noop("There is no e-mail address.")
NO_TEXTS = gettext_noop("This clinic sends no text messages.")
NO_NUMBER = gettext_noop("There is no phone number.")
NO_MAIL_WANTED = gettext_noop("They asked us to send no e-mail.")
NOT_AGREED = gettext_noop("They have not agreed to text messages.")
OTHER_NUMBER = gettext_noop("They agreed to texts to another number.")
MAILBOX_FAILS = gettext_noop("Mail to this address comes back.")
COMPLAINED = gettext_noop("They reported our mail as unwanted.")
NUMBER_FAILS = gettext_noop("This number doesn't take texts.")
STOPPED = gettext_noop("They answered STOP to our texts.")

WHY_NOT = (
    NO_ADDRESS,
    NO_TEXTS,
    NO_NUMBER,
    NO_MAIL_WANTED,
    NOT_AGREED,
    OTHER_NUMBER,
    MAILBOX_FAILS,
    COMPLAINED,
    NUMBER_FAILS,
    STOPPED,
)

_MARKED = {
    (Channel.EMAIL, AddressMark.What.BOUNCED): MAILBOX_FAILS,
    (Channel.EMAIL, AddressMark.What.COMPLAINED): COMPLAINED,
    (Channel.SMS, AddressMark.What.BOUNCED): NUMBER_FAILS,
    (Channel.SMS, AddressMark.What.STOPPED): STOPPED,
}


@dataclass(frozen=True, slots=True)
class Way:
    """An address that a message may go to."""

    channel: str
    address: str


@dataclass(frozen=True, slots=True)
class WhyNot:
    """A channel by which nothing can go, and why, in words for people (translated where they are shown)."""

    channel: str
    words: str


@dataclass(frozen=True, slots=True)
class Reach:
    """What is known of one patient's channels; `wanted` are those that the patient said yes to, or never no."""

    by: dict[str, Way | WhyNot]
    wanted: frozenset[str]

    def ways_of(self, kind: str, *, channels: Sequence[str]) -> tuple[Way | WhyNot, ...]:
        """By which of these channels a message goes; by another one (a text only where it has a short form) if by none
        of them it can; why not, if by none at all. None of either if the clinic sends no such messages.
        """
        if not channels:
            return ()
        offered = [channel for channel in channels if channel in self.wanted] or channels[:1]
        others = [Channel.EMAIL, *([Channel.SMS] if kind_of(kind).sms else [])]
        for names in (offered, others):
            ways = [way for name in names if isinstance(way := self.by[name], Way)]
            if ways:
                return tuple(ways)
        return tuple(self.by[name] for name in offered)


def reach_of(patient: Patient) -> Reach:
    """What is known of this patient's channels now."""
    return reach_of_all([patient])[patient.pk]


def reach_of_all(patients: Collection[Patient]) -> dict[UUID, Reach]:
    """The same of many patients, by their id, in two queries."""
    said, marks = _newest_consents(patients), _marks(patients)
    return {patient.pk: _reach(patient, said, marks) for patient in patients}


def ways_to_reach(patient: Patient, kind: str) -> tuple[Way | WhyNot, ...]:
    """By which ways a message of this kind goes to a patient; if there is none, why not by each that was wanted."""
    return reach_of(patient).ways_of(kind, channels=kind_of(kind).channels)


def way_to_number(number: str) -> Way | WhyNot:
    """Whether a text can go to whoever has texted us from a number: who asks is answered, unless they said STOP."""
    mark = marked_as(Channel.SMS, number)
    against = _MARKED.get((Channel.SMS, AddressMark.What(mark.what)), "") if mark else ""
    words = against if texts_are_set_up() else NO_TEXTS
    return WhyNot(Channel.SMS, words) if words else Way(Channel.SMS, number)


def can_be_written_to(patient: Patient, kind: str) -> bool:
    """Whether a message of this kind can go to a patient by any way."""
    return any(isinstance(way, Way) for way in ways_to_reach(patient, kind))


def marked_as(channel: str, address: str) -> AddressMark | None:
    """What stands against using an address, if something does."""
    mark = AddressMark.objects.filter(channel=channel, address=plain(channel, address)).order_by("-id").first()
    return None if mark is None or mark.what == AddressMark.What.CLEARED else mark


def plain(channel: str, address: str) -> str:
    """An address as it is compared: a mailbox in small letters, a number as it is."""
    return address.strip().lower() if channel == Channel.EMAIL else address.strip()


def _problem_of_mail(patient: Patient, wanted: set[str]) -> str:
    if not patient.email:
        return NO_ADDRESS
    return "" if Channel.EMAIL in wanted else NO_MAIL_WANTED


def _problem_of_texts(patient: Patient, texts: ContactConsent | None) -> str:
    if not patient.phone:
        return NO_NUMBER
    if texts is None or not texts.given:
        return NOT_AGREED
    return "" if texts.address == str(patient.phone) else OTHER_NUMBER


def _reach(patient: Patient, said: _Said, marks: _Marks) -> Reach:
    texting = texts_are_set_up()
    mail, texts = said.get((patient.pk, Channel.EMAIL)), said.get((patient.pk, Channel.SMS))
    wanted = set() if mail and not mail.given else {str(Channel.EMAIL)}
    if texting and texts and texts.given:
        wanted.add(str(Channel.SMS))
    addresses = _addresses(patient)
    marked = {channel: marks.get((channel, plain(channel, address)), "") for channel, address in addresses.items()}
    problems = {
        Channel.EMAIL: _problem_of_mail(patient, wanted) or marked[Channel.EMAIL],
        Channel.SMS: ("" if texting else NO_TEXTS) or _problem_of_texts(patient, texts) or marked[Channel.SMS],
    }
    by = {
        str(channel): WhyNot(channel, words) if words else Way(channel, addresses[channel])
        for channel, words in problems.items()
    }
    return Reach(by, frozenset(wanted))


def _addresses(patient: Patient) -> dict[str, str]:
    return {Channel.EMAIL: patient.email, Channel.SMS: str(patient.phone or "")}


def _newest_consents(patients: Collection[Patient]) -> _Said:
    found = ContactConsent.objects.filter(patient__in=[one.pk for one in patients])
    newest = found.order_by("patient", "channel", "-id").distinct("patient", "channel")
    return {(one.patient_id, one.channel): one for one in newest}


def _marks(patients: Collection[Patient]) -> _Marks:
    """Why their addresses can't be used, by channel and address; of most nothing stands against it."""
    known = [plain(channel, address) for one in patients for channel, address in _addresses(one).items() if address]
    newest = AddressMark.objects.filter(address__in=known).order_by("channel", "address", "-id")
    return {
        (one.channel, one.address): words
        for one in newest.distinct("channel", "address")
        if (words := _MARKED.get((Channel(one.channel), AddressMark.What(one.what)), ""))
    }

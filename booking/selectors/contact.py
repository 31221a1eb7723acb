"""How people are reached, for the pages that show it, and whose visits nobody could be told of."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from booking.models import Appointment
from booking.reminders.channels.sms import texts_are_set_up
from booking.reminders.models import AddressMark, Communication, ContactConsent, ContactPreference, DeliveryReport
from booking.reminders.ways import WhyNot, marked_as, reach_of, ways_to_reach
from booking.rules.lifecycle import COMING
from intake.models import Patient

__all__ = ["ContactFacts", "contact_facts", "unreachable_visits", "ways_to_reach"]

Channel = Communication.Channel
What = DeliveryReport.What


@dataclass(frozen=True, slots=True)
class ChannelFacts:
    """One channel of one patient: whether they want it, what stands against it (empty: nothing), since when they said
    what they said, and how; `mark` is what is known of the address, if it fails.
    """

    channel: str
    address: str
    wanted: bool
    why_not: str
    consent: ContactConsent | None
    mark: AddressMark | None


@dataclass(frozen=True, slots=True)
class ContactFacts:
    """How one patient wishes to be reached. Without a `preference` the clinic's hours and zone hold."""

    mail: ChannelFacts
    texts: ChannelFacts
    preference: ContactPreference | None
    texts_set_up: bool

    @property
    def channels(self) -> tuple[ChannelFacts, ...]:
        """Those that this clinic has."""
        return (self.mail, self.texts) if self.texts_set_up else (self.mail,)


def contact_facts(patient: Patient) -> ContactFacts:
    """What a page says about reaching this patient."""
    reach = reach_of(patient)
    addresses = {Channel.EMAIL: patient.email, Channel.SMS: str(patient.phone or "")}
    facts = []
    for channel, address in addresses.items():
        way = reach.by[channel]
        consents = ContactConsent.objects.filter(patient=patient, channel=channel)
        facts.append(
            ChannelFacts(
                channel=channel,
                address=address,
                wanted=channel in reach.wanted,
                why_not=way.words if isinstance(way, WhyNot) else "",
                consent=consents.order_by("-id").select_related("by").first(),
                mark=marked_as(channel, address),
            )
        )
    preference = ContactPreference.objects.filter(patient=patient).first()
    return ContactFacts(facts[0], facts[1], preference, texts_are_set_up())


def unreachable_visits(*, start: datetime, days: int = 1) -> QuerySet[Appointment]:
    """Coming visits from `start` on whose patient was last written to in vain: the message could not be sent or came
    back, and none after it arrived. They are to be called.
    """
    visits = Appointment.objects.filter(start__gte=start, start__lt=start + timedelta(days=days), status__in=COMING)
    written = Communication.objects.filter(
        appointment=OuterRef("pk"), schedule_version=OuterRef("schedule_version"), patient__isnull=False
    )
    back = Exists(DeliveryReport.objects.filter(communication=OuterRef("pk"), what__in=[What.BOUNCED, What.FAILED]))
    in_vain = written.filter(Q(status=Communication.Status.NOT_DONE) | back)
    arrived = written.filter(~back, status=Communication.Status.COMPLETED)
    last_failure = Subquery(in_vain.order_by("-due_at").values("due_at")[:1])
    found = visits.annotate(failed_at=last_failure).filter(failed_at__isnull=False)
    return found.exclude(Exists(arrived.filter(due_at__gte=OuterRef("failed_at")))).order_by("start")

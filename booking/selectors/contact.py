"""How people are reached, for the pages that show it, and of which visits nobody could be told."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from booking.models import Appointment
from booking.reminders.channels.sms import texts_are_set_up
from booking.reminders.models import AddressMark, Communication, ContactConsent, ContactPreference, DeliveryReport
from booking.reminders.ways import WhyNot, marked_as, reach_of, ways_to_reach
from intake.models import Patient

__all__ = ["ContactFacts", "contact_facts", "last_in_vain", "ways_to_reach"]

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


def last_in_vain(visits: QuerySet[Appointment]) -> dict[UUID, UUID]:
    """Those of these visits about which a message to the patient could not be sent or came back, and none after it
    arrived; each with that message's id.
    """
    written = Communication.objects.filter(
        appointment=OuterRef("pk"), schedule_version=OuterRef("schedule_version"), patient__isnull=False
    )
    back = Exists(DeliveryReport.objects.filter(communication=OuterRef("pk"), what__in=[What.BOUNCED, What.FAILED]))
    in_vain = written.filter(Q(status=Communication.Status.NOT_DONE) | back).order_by("-due_at", "pk")
    arrived = written.filter(~back, status=Communication.Status.COMPLETED)
    found = visits.annotate(failed=Subquery(in_vain.values("pk")[:1]), failed_at=Subquery(in_vain.values("due_at")[:1]))
    still = found.filter(failed__isnull=False).exclude(Exists(arrived.filter(due_at__gte=OuterRef("failed_at"))))
    return dict(still.values_list("pk", "failed"))

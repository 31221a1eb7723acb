"""Codes as words on staff pages."""

from datetime import datetime

from django import template
from django.utils.translation import gettext as _

from booking.feeds.papers import METHODS
from booking.models import Appointment, KeptCard
from booking.reminders.models import Communication
from booking.rules.fee_cases import is_good
from booking.rules.walltime import to_wall
from booking.selectors.messages import Logged
from frontend.staff import message_words, money_words, words
from frontend.staff.treatment_forms import EVENTS
from intake.clock import clinic_date, now
from intake.models import AuditEvent, Patient
from intake.selectors.clearance import age_on
from intake.selectors.consents import consent_state
from intake.selectors.reviews import form_state

register = template.Library()


@register.inclusion_tag("components/_tag.html")
def state_tag(visit: Appointment) -> dict[str, object]:
    """How the visit stands: a word, a mark and a colour."""
    known = words.STATES.get((visit.status, visit.awaiting))
    return known._asdict() if known else {"kind": "", "text": words.readable(visit.status)}


@register.inclusion_tag("components/_tag.html")
def form_tag(visit: Appointment) -> dict[str, object]:
    """All that everybody at the desk may know of the health form."""
    if not visit.service.needs_screening:
        return {"kind": "", "text": _("not needed")}
    return words.FORMS[form_state(visit.screening)]._asdict()


@register.inclusion_tag("components/_tag.html")
def agreement_tag(visit: Appointment) -> dict[str, object]:
    """All that everybody at the desk may know of what was signed."""
    return words.AGREEMENTS[consent_state(visit.patient)]._asdict()


@register.filter
def has_signed(visit: Appointment) -> bool:
    """Whether what is read before needling is signed."""
    return consent_state(visit.patient) == "signed"


@register.filter
def younger_than(patient: Patient, years: int) -> bool:
    """Whether this patient is younger than that today."""
    return patient.birth_date is not None and age_on(clinic_date(now()), patient.birth_date) < years


@register.inclusion_tag("components/_tag.html")
def outcome_tag(outcome: str | None) -> dict[str, object]:
    """What an answer, or a whole form, came to; for therapists."""
    return words.OUTCOMES[outcome]._asdict() if outcome else {"kind": "", "text": _("no answer")}


@register.inclusion_tag("components/_tag.html")
def sending_tag(logged: Logged) -> dict[str, object]:
    """Where a message stands."""
    return message_words.STATES[logged.state]._asdict()


@register.filter
def sentence(logged: Logged, zone: str) -> str:
    """When a message goes or went and what became of it."""
    return message_words.sentence_of(logged, zone)


register.filter(message_words.reason_words)


@register.filter
def way_name(channel: str) -> str:
    """By which way messages go."""
    return str(Communication.Channel(channel).label)


@register.filter
def message_name(kind: str) -> str:
    """What a message is called."""
    name, _dash, number = kind.rpartition("-")
    if name == "reminder":
        return _("Reminder %(number)s") % {"number": number}
    return str(words.MESSAGES.get(kind) or words.readable(kind))


@register.filter
def card_name(card: KeptCard) -> str:
    """Which card it is, as far as we know it."""
    brand = words.BRANDS.get(card.brand) or card.brand.replace("_", " ").capitalize()
    return _("%(brand)s ending in %(digits)s") % {"brand": brand, "digits": card.last4}


@register.filter
def is_expired(card: KeptCard) -> bool:
    """Whether its month is over, so that nothing can be taken from it."""
    return not is_good(exp_year=card.exp_year, exp_month=card.exp_month, on=clinic_date(now()))


@register.filter
def fee_problem(code: str) -> str:
    """Why a fee could not be taken from the card."""
    return str(words.FEE_PROBLEMS.get(code) or words.FEE_PROBLEMS["card_declined"])


@register.filter
def event_name(event: AuditEvent) -> str:
    """What happened."""
    return str(words.EVENTS.get(event.action) or words.readable(event.action))


@register.filter
def event_reason(event: AuditEvent) -> str:
    """Why: the words of a code, or what somebody typed."""
    return str(money_words.WHY.get(event.reason) or words.CALLS.get(event.reason) or event.reason)


@register.filter
def entity_name(event: AuditEvent) -> str:
    """What it happened to."""
    return str(words.ENTITIES.get(event.entity_type) or words.readable(event.entity_type.rpartition(".")[2]))


@register.filter
def event_by(event: AuditEvent) -> str:
    """Who did it: a name with the role, or the role alone."""
    role = str(words.ROLES.get(event.agent_role) or event.agent_role)
    if event.agent is None or event.agent_role == "patient":
        return role
    return f"{event.agent} ({role})"


@register.filter
def region_name(code: str) -> str:
    """A region of the body."""
    return str(words.REGIONS.get(code) or words.readable(code))


@register.filter
def unwanted_event(code: str) -> str:
    """Something that went otherwise than wished in a treatment."""
    return str(dict(EVENTS).get(code) or words.readable(code))


@register.filter
def decision_name(code: str) -> str:
    """What a therapist decided."""
    return str(words.DECISIONS.get(code) or words.readable(code))


@register.filter
def urgency_name(code: str) -> str:
    """How urgent something is."""
    return str(words.URGENCIES.get(code) or words.readable(code))


@register.filter
def clock_mark(moment: datetime, zone: str) -> str:
    """Five-minute line of the day on the clinic's clock, for the calendar's classes: 9:05 is 109."""
    wall = to_wall(moment, zone)
    return str((wall.hour * 60 + wall.minute) // 5)


@register.filter
def method_name(method: str) -> str:
    """How money changed hands."""
    return str(METHODS.get(method) or method)


@register.filter
def positive(amount: int) -> int:
    """A sum without its sign."""
    return abs(amount)

"""Plain words for what the pages about the health questions show."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from intake.errors import DrypointError, InvalidChange
from intake.rules.changes import Change

Words = str | Promise

SETTINGS: Final[dict[str, Words]] = {
    "emergency_number": _("Emergency number"),
    "nurse_line": _("Nurse line"),
    "crisis_line": _("Crisis line"),
    "min_age_online_dry_needling": _("Youngest age for online booking"),
    "screening_valid_days": _("A form holds for"),
    "review_response_hours": _("A request is answered within"),
    "inr_high_priority": _("INR: above this a therapist looks"),
    "inr_stop": _("INR: above this no needling"),
    "inr_same_day": _("INR: above this a doctor the same day"),
    "inr_max_age_days": _("An INR result is fresh for"),
}
UNITS: Final[dict[str, Words]] = {
    "years": _("years"),
    "days": _("days"),
    "hours": _("hours"),
    "INR": _("INR"),
}
SETTING_PROBLEMS: Final[dict[str, Words]] = {
    "no-number": _("%(name)s: type a number."),
    "not-whole": _("%(name)s: type a whole number."),
    "out-of-range": _("%(name)s: type a number from %(low)s to %(high)s."),
    "out-of-order": _("%(name)s: this must not be lower than the limit above it."),
    "empty": _("%(name)s: type a number that people can call."),
    "too-long": _("%(name)s: keep it under 60 characters, just the number for your place."),
    "unknown": _("%(name)s: this setting does not exist."),
}
WORDING_PROBLEMS: Final[dict[str, Words]] = {
    "lost-number": _("Keep the number in double braces, as it stands in the shipped words."),
    "unknown-number": _("Only the numbers in double braces of the shipped words can stand here."),
    "too-long": _("Keep it under 1,000 characters."),
    "unknown-address": _("These words have no place in the question any more."),
}
OUTCOME_CHOICES: Final = (
    ("STOP", _("No needling online")),
    ("REVIEW", _("A therapist decides")),
    ("CAUTION", _("Book, with care")),
)
URGENCY_CHOICES: Final = (
    ("", _("Not urgent")),
    ("MEDICAL_SOON", _("A doctor within days")),
    ("SAME_DAY", _("A doctor the same day")),
    ("EMERGENCY", _("Emergency")),
)
SCOPE_CHOICES: Final = (
    ("booking", _("The whole visit")),
    ("region", _("The regions that were chosen")),
    ("modality", _("This kind of visit only")),
)
FOLLOW_UP_CHOICES: Final = (
    ("choice", _("One choice of several")),
    ("multi", _("Any number of choices")),
    ("yes_no", _("Yes or no")),
    ("text", _("Words of their own")),
)
LANGUAGE_NAMES: Final[dict[str, Words]] = {"en": _("English"), "fr": _("French")}
TEXTS: Final[dict[str, Words]] = {
    "question": _("Question"),
    "help": _("Help under it"),
    "patient_message": _("What the patient is told when it fires"),
    "therapist_alert": _("What the therapist sees"),
}
KEYS: Final[dict[str, Words]] = {
    "triage": _("what the answer comes to"),
    "triage_if_unsure": _('what "not sure" comes to'),
    "triage_on": _("the answer that matters"),
    "urgent": _("how urgent it is"),
    "scope": _("what it is about"),
    "answer_type": _("how it can be answered"),
    "applies_when": _("when it is asked"),
    "follow_ups": _("its further questions"),
    "follow_up_mode": _("how further questions count"),
    "group": _("where it stands"),
    "reask": _("how often it is asked"),
    "category": _("what kind it is"),
}
CHANGES: Final[dict[str, Words]] = {
    "added": _("New question"),
    "removed": _("Question taken out"),
    "switched-off": _("No longer asked"),
    "switched-on": _("Asked again"),
    "wording": _("Other words"),
    "rule-of-item": _("Other rule"),
    "setting": _("Other number"),
    "combination": _("Combination"),
}


def setting_name(code: str) -> str:
    """A setting as people call it."""
    return str(SETTINGS.get(code) or code.replace("_", " "))


def place_name(change: Change) -> str:
    """What of an item has changed: "French, question" or "when it is asked"."""
    if change.kind == "setting":
        return ""
    if change.kind != "wording":
        return str(KEYS.get(change.place) or change.place.replace("_", " "))
    language, _colon, address = change.place.partition(":")
    return f"{LANGUAGE_NAMES.get(language, language)}, {text_name(address)}"


def text_name(address: str) -> str:
    """A text of an item by its address."""
    parts = address.split("/")
    if "options" in parts:
        return str(_("a choice"))
    if "follow_ups" in parts:
        return str(_("a further question") if parts[-1] == "question" else _("help under a further question"))
    return str(TEXTS.get(parts[-1]) or parts[-1])


def refusal_words(refusal: DrypointError) -> str:
    """Why a change was not saved, and who was faster if somebody was."""
    if refusal.details.get("by"):
        return str(
            _("%(who)s has changed the working copy meanwhile. What you typed is still here: save again to keep it.")
            % {"who": refusal.details["by"]}
        )
    if isinstance(refusal, InvalidChange) and refusal.details.get("detail"):
        return f"{refusal.message} ({refusal.details['detail']})"
    return str(refusal.message)

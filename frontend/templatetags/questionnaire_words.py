"""The words of the pages about the health questions."""

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.translation import gettext as _

from frontend.patient.words import region
from frontend.staff import questionnaire_words as words
from frontend.staff.words import OUTCOMES, URGENCIES
from intake.rules.changes import Change
from intake.selectors.preview import Ending

register = template.Library()
register.filter("setting_name", words.setting_name)
register.filter("text_name", words.text_name)


@register.filter
def change_kind(change: Change) -> str:
    """What sort of change it is."""
    return str(words.CHANGES[change.kind])


@register.filter
def change_subject(change: Change) -> str:
    """What has changed: an item's short name, a setting or a combination by its name."""
    return words.setting_name(change.subject) if change.kind in ("setting", "combination") else change.subject


@register.filter
def change_place(change: Change) -> str:
    """Which part of it."""
    return words.place_name(change)


@register.filter
def ending_words(ending: Ending) -> str:
    """How a form comes out, with its urgency."""
    outcome = str(OUTCOMES[ending.outcome].text)
    return f"{outcome}, {URGENCIES[ending.urgent]}" if ending.urgent else outcome


@register.filter
def ending_kind(ending: Ending) -> str:
    """The kind of tag for it."""
    return OUTCOMES[ending.outcome].kind


@register.filter
def asked_when(raw: Mapping[str, Any]) -> str:
    """When an item of the data is asked, as far as one condition says it."""
    key, value = next(iter(raw["applies_when"].items()))
    if key == "always":
        return _("of everybody")
    if key == "region_any":
        return _("for %(places)s") % {"places": ", ".join(map(region, value))}
    if key == "age_below":
        return _("below %(age)s years of age") % {"age": value}
    return _("at some visits only")

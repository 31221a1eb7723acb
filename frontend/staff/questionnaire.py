"""The health questions as the clinic asks them: what is in force, what comes next, what fires how often."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from frontend.patient.draft import Draft, QuestionPage, draft_of
from frontend.patient.question_forms import QuestionsForm
from frontend.patient.words import group
from frontend.staff.frame import SeeOther, for_roles, me, page
from frontend.staff.questionnaire_forms import PatientForm
from frontend.staff.questionnaire_words import SETTINGS, UNITS, setting_name
from intake import clock
from intake.models import Questionnaire, QuestionnaireResponse, Role
from intake.rules import definitions
from intake.rules.answers import likely_regions_of
from intake.rules.clinic_settings import NUMBERS
from intake.rules.items import Item
from intake.rules.safety import may_be_switched_off
from intake.rules.wording import with_wording
from intake.selectors.questionnaire_drafts import (
    as_published,
    changed_rules,
    changes_of,
    current_draft,
    objections_to,
    seen_of,
    what_would_be_asked,
)
from intake.selectors.questionnaires import current_questionnaire, definition_of, newer_shipped_version, versions_of
from intake.selectors.shares import Share, Shares, shares_of
from intake.selectors.stored_screenings import PERIODS
from intake.services.questionnaire_drafts import ADDED, begin_draft, discard_draft, start_from_shipped, switch_item

SETTLES = (Role.MANAGER, Role.OWNER)  # who sees the settings; only managers change them
_UNIT_OF: Final = {one.name: one.unit for one in NUMBERS}


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One question in the list."""

    item: Item
    is_asked: bool
    is_own: bool
    may_go: bool
    share: Share | None


@dataclass(frozen=True, slots=True)
class SettingRow:
    name: str
    value: Any
    unit: str
    shipped: Any

    @property
    def is_own(self) -> bool:
        return bool(self.value != self.shipped)


@for_roles(*SETTLES)
def questions(request: HttpRequest) -> HttpResponse:
    """Everything about the health questions on one page."""
    now, user = clock.now(), me(request)
    in_force, draft = current_questionnaire(), current_draft()
    shown = as_published(draft) if draft else in_force
    shares = shares_of(in_force, days=period(request), by=user, now=now)
    context = {
        "may_change": user.role == Role.MANAGER,
        "in_force": in_force,
        "newer": newer_shipped_version(shown),
        "draft": draft,
        "seen": seen_of(draft),
        "changes": len(changes_of(shown)) if draft else 0,
        "objections": bool(objections_to(shown)) if draft else False,
        "shares": shares,
        "periods": PERIODS,
        "groups": _groups(shown, shares),
        "settings": _settings(shown),
        "rules": _rules(shown, shares),
        "versions": versions_of()[:20],
    }
    return page(request, "staff/questionnaire.html", context)


@for_roles(Role.MANAGER, methods=("POST",))
def begin(request: HttpRequest) -> HttpResponse:
    """Start a working copy, of what is in force or of what is newly shipped."""
    now, user = clock.now(), me(request)
    if request.POST.get("from") == "shipped":
        start_from_shipped(seen=request.POST.get("seen", ""), by=user, now=now)
        messages.success(request, _("The working copy starts from the newly shipped questions, with your own changes."))
    else:
        begin_draft(by=user, now=now)
    return SeeOther(reverse("staff:questions"))


@for_roles(Role.MANAGER, methods=("POST",))
def discard(request: HttpRequest) -> HttpResponse:
    """Throw the working copy away."""
    discard_draft(seen=request.POST.get("seen", ""), by=me(request), now=clock.now())
    messages.success(request, _("The working copy is gone. What patients are asked has not changed."))
    return SeeOther(reverse("staff:questions"))


@for_roles(Role.MANAGER, methods=("POST",))
def switch(request: HttpRequest, item_id: str) -> HttpResponse:
    """Ask a question, or ask it no longer."""
    raw_item(what_would_be_asked(), item_id)
    asked = request.POST.get("asked") == "yes"
    switch_item(seen=request.POST.get("seen", ""), item_id=item_id, asked=asked, by=me(request), now=clock.now())
    return SeeOther(f"{reverse('staff:questions')}#{item_id}")


@for_roles(*SETTLES)
def patients_view(request: HttpRequest) -> HttpResponse:
    """The questions of the working copy as a patient gets them; nothing is stored."""
    shown = what_would_be_asked()
    given = PatientForm.base_fields
    wanted = {name: request.GET.get(name, field.initial) for name, field in given.items()}
    form = PatientForm(wanted)
    draft = _draft_for(shown, form.cleaned_data) if form.is_valid() else None
    context = {
        "form": form,
        "is_draft": current_draft() is not None,
        "pages": [_PatientsPage.of(one, draft) for one in draft.pages] if draft else [],
    }
    return page(request, "staff/questionnaire_patient.html", context)


def period(request: HttpRequest) -> int:
    """How many days back to look."""
    given = request.GET.get("days", "")
    return int(given) if given in map(str, PERIODS) else PERIODS[0]


def raw_item(questionnaire: Questionnaire, item_id: str) -> Mapping[str, Any]:
    """The item as it stands in the data; 404 if there is none."""
    for item in questionnaire.items:
        if item["id"] == item_id:
            return dict(item)
    raise Http404


def with_everything(questionnaire: Questionnaire) -> definitions.Questionnaire:
    """The questionnaire as if nothing was switched off."""
    items = with_wording(questionnaire.items, questionnaire.wording)
    return definitions.parse_questionnaire(items, questionnaire.rules, config_overrides=questionnaire.config)


@dataclass(frozen=True, slots=True)
class _PatientsPage:
    heading: str
    number: int
    form: QuestionsForm

    @classmethod
    def of(cls, one: QuestionPage, draft: Draft) -> "_PatientsPage":
        return cls(group(one.group), one.number, QuestionsForm(None, page=one, draft=draft))


def _draft_for(questionnaire: Questionnaire, said: Mapping[str, Any]) -> Draft:
    """A form that nobody fills in."""
    regions = [said["region"]]
    likely = likely_regions_of(definition_of(questionnaire), regions)
    context = {"regions": regions, "likely_regions": list(likely), **{key: said[key] for key in _OF_CONTEXT}}
    content = {"context": context, "answers": {}, "follow_ups": {}}
    return draft_of(QuestionnaireResponse(questionnaire=questionnaire, content=content), now=clock.now())


_OF_CONTEXT: Final = ("age", "visit", "stage", "modality")


def _groups(questionnaire: Questionnaire, shares: Shares) -> list[tuple[str, list[ItemRow]]]:
    """The items by group, those that are not asked too."""
    definition = with_everything(questionnaire)
    rows = [
        ItemRow(
            item=definition.by_id[raw["id"]],
            is_asked=raw["id"] not in questionnaire.switched_off,
            is_own=bool(raw.get(ADDED)),
            may_go=may_be_switched_off(raw),
            share=shares.items.get(raw["id"]),
        )
        for raw in questionnaire.items
    ]
    return [(group(name), list(rows)) for name, rows in groupby(rows, key=lambda row: row.item.group)]


def _settings(questionnaire: Questionnaire) -> list[SettingRow]:
    shipped, config = questionnaire.rules["clinic_config"], definition_of(questionnaire).config
    order = [*(name for name in SETTINGS if name in config), *(name for name in config if name not in SETTINGS)]
    return [
        SettingRow(setting_name(name), config[name], str(UNITS.get(_UNIT_OF.get(name, ""), "")), shipped[name])
        for name in order
    ]


def _rules(questionnaire: Questionnaire, shares: Shares) -> list[dict[str, Any]]:
    """The combination rules with how often they hold, and which lose their meaning."""
    changed = {one.id: one.kind for one in changed_rules(questionnaire)}
    return [
        {**rule, "share": shares.rules.get(rule["id"]), "changed": changed.get(rule["id"], "")}
        for rule in questionnaire.rules.get("combination_rules", ())
    ]

"""One health question: its words, and, for those of the clinic's own, everything about it."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from frontend.staff.frame import SeeOther, for_roles, me, page, sent
from frontend.staff.questionnaire import raw_item, with_everything
from frontend.staff.questionnaire_forms import SettingsForm, WordingForm
from frontend.staff.questionnaire_item_forms import FollowUpForm, ItemForm
from frontend.staff.questionnaire_words import refusal_words
from intake import clock
from intake.errors import DrypointError, InvalidChange
from intake.models import Role
from intake.rules.safety import may_be_switched_off
from intake.selectors.questionnaire_drafts import current_draft, seen_of, what_would_be_asked
from intake.selectors.questionnaires import definition_of
from intake.services.questionnaire_drafts import ADDED, change_settings, change_wording, put_item, remove_item

FORM = ("GET", "HEAD", "POST")


@for_roles(Role.MANAGER, methods=FORM)
def item(request: HttpRequest, item_id: str) -> HttpResponse:
    """What a question does, and how it is said."""
    shown = what_would_be_asked()
    raw = raw_item(shown, item_id)
    form = WordingForm(sent(request), item=raw, wording=shown.wording, is_own=bool(raw.get(ADDED)))
    refusal = None
    if request.method == "POST" and form.is_valid():
        try:
            change_wording(**_by(request), item_id=item_id, words=form.words())
        except InvalidChange as error:
            form.refuse(error.details["problems"])
        except DrypointError as error:
            refusal = error
        else:
            messages.success(request, _("The words are in the working copy."))
            return SeeOther(f"{reverse('staff:questions')}#{item_id}")
    context = {
        "raw": raw,
        "item": with_everything(shown).by_id[item_id],
        "is_asked": item_id not in shown.switched_off,
        "is_own": bool(raw.get(ADDED)),
        "may_go": may_be_switched_off(raw),
        "form": form,
    }
    return _shown(request, "staff/questionnaire_item.html", context, form, refusal)


@for_roles(Role.MANAGER, methods=FORM)
def edit(request: HttpRequest, item_id: str = "") -> HttpResponse:
    """Add a question of the clinic's own, or change one."""
    raw = _own_item(item_id) if item_id else None
    form = ItemForm(sent(request), item=raw)
    refusal = None
    if request.method == "POST" and form.is_valid():
        made = form.raw()
        refusal = _put(request, made)
        if refusal is None:
            messages.success(request, _("The question is in the working copy."))
            return SeeOther(reverse("staff:questions-item", args=[made["id"]]))
    return _shown(request, "staff/questionnaire_edit.html", {"raw": raw, "form": form}, form, refusal)


@for_roles(Role.MANAGER, methods=("POST",))
def remove(request: HttpRequest, item_id: str) -> HttpResponse:
    """Take a question of the clinic's own out."""
    _own_item(item_id)
    remove_item(**_by(request), item_id=item_id)
    messages.success(request, _("The question is out of the working copy."))
    return SeeOther(reverse("staff:questions"))


@for_roles(Role.MANAGER, methods=FORM)
def follow_up(request: HttpRequest, item_id: str, follow_up_id: str = "") -> HttpResponse:
    """Add a further question to one of the clinic's own, or change it."""
    raw = _own_item(item_id)
    before = _follow_up(raw, follow_up_id) if follow_up_id else None
    form = FollowUpForm(sent(request), follow_up=before)
    refusal = None
    if request.method == "POST" and form.is_valid():
        made = form.raw()
        others = list(raw["follow_ups"])
        if before is None:
            others.append(made)
        else:
            others[others.index(before)] = made
        refusal = _put(request, {**raw, "follow_ups": others})
        if refusal is None:
            messages.success(request, _("The further question is in the working copy."))
            return SeeOther(reverse("staff:questions-item", args=[item_id]))
    context = {"raw": raw, "before": before, "form": form}
    return _shown(request, "staff/questionnaire_follow_up.html", context, form, refusal)


@for_roles(Role.MANAGER, methods=("POST",))
def remove_follow_up(request: HttpRequest, item_id: str, follow_up_id: str) -> HttpResponse:
    """Take a further question out."""
    raw = _own_item(item_id)
    gone = _follow_up(raw, follow_up_id)
    put_item(**_by(request), item={**raw, "follow_ups": [one for one in raw["follow_ups"] if one != gone]})
    return SeeOther(reverse("staff:questions-item", args=[item_id]))


@for_roles(Role.MANAGER, methods=FORM)
def limits(request: HttpRequest) -> HttpResponse:
    """The clinic's own numbers and time limits."""
    shown = what_would_be_asked()
    form = SettingsForm(sent(request), config=definition_of(shown).config, shipped=shown.rules["clinic_config"])
    refusal = None
    if request.method == "POST" and form.is_valid():
        try:
            change_settings(**_by(request), config=form.chosen())
        except InvalidChange as error:
            form.refuse(error.details["problems"])
        except DrypointError as error:
            refusal = error
        else:
            messages.success(request, _("The numbers are in the working copy."))
            return SeeOther(f"{reverse('staff:questions')}#numbers")
    return _shown(request, "staff/questionnaire_limits.html", {"form": form}, form, refusal)


def _put(request: HttpRequest, raw: Mapping[str, Any]) -> DrypointError | None:
    """Put the item in; the error if it was refused."""
    try:
        put_item(**_by(request), item=raw)
    except DrypointError as error:
        return error
    return None


def _by(request: HttpRequest) -> dict[str, Any]:
    return {"seen": request.POST.get("seen", ""), "by": me(request), "now": clock.now()}


def _shown(
    request: HttpRequest, template: str, context: Mapping[str, Any], form: Any, refusal: DrypointError | None
) -> HttpResponse:
    """A page with a form; a refused one keeps what was typed, and goes with the working copy as it is now."""
    more = {"seen": seen_of(current_draft()), "refusal": refusal_words(refusal) if refusal else ""}
    status = refusal.status if refusal else 422 if form.errors else 200
    return page(request, template, {**context, **more}, status=status)


def _own_item(item_id: str) -> Mapping[str, Any]:
    raw = raw_item(what_would_be_asked(), item_id)
    if not raw.get(ADDED):
        raise Http404
    return raw


def _follow_up(raw: Mapping[str, Any], follow_up_id: str) -> dict[str, Any]:
    for one in raw["follow_ups"]:
        if one["id"] == follow_up_id:
            return dict(one)
    raise Http404

"""Looking at the whole working copy, and what it would have changed, before a clinician signs it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from frontend.staff.frame import SeeOther, for_roles, me, page, sent
from frontend.staff.questionnaire import period
from frontend.staff.questionnaire_forms import SignatureForm
from frontend.staff.questionnaire_words import refusal_words
from intake import clock
from intake.errors import DrypointError
from intake.models import QuestionnaireDraft, Role
from intake.selectors.preview import preview_of
from intake.selectors.questionnaire_drafts import (
    as_published,
    changed_rules,
    changes_of,
    current_draft,
    looser_settings,
    objections_to,
    seen_of,
)
from intake.selectors.questionnaires import current_questionnaire
from intake.selectors.stored_screenings import PERIODS
from intake.services.questionnaire_drafts import publish_draft
from intake.services.questionnaires import Signature


@for_roles(Role.MANAGER, methods=("GET", "HEAD", "POST"))
def publish(request: HttpRequest) -> HttpResponse:
    """What changes, what stands against it, what it would have done, and the line to sign."""
    draft = current_draft()
    if draft is None:
        messages.warning(request, _("There is no working copy to publish."))
        return SeeOther(reverse("staff:questions"))
    form = SignatureForm(sent(request), has_looser_limits=bool(looser_settings(as_published(draft))))
    refusal = None
    if request.method == "POST" and form.is_valid():
        try:
            made = publish_draft(
                seen=request.POST.get("seen", ""),
                instead_of=request.POST.get("instead_of", ""),
                signature=_signature(form),
                by=me(request),
                now=clock.now(),
            )
        except DrypointError as error:
            refusal = error
        else:
            words = _("Version %(version)s is in force: patients are asked these questions from now on.")
            messages.success(request, words % {"version": made.version})
            return SeeOther(reverse("staff:questions"))
    return _page(request, draft, form, refusal)


def _page(
    request: HttpRequest, draft: QuestionnaireDraft, form: SignatureForm, refusal: DrypointError | None
) -> HttpResponse:
    shown = as_published(draft)
    context = {
        "draft": draft,
        "seen": seen_of(draft),
        "in_force": current_questionnaire(),
        "changes": changes_of(shown),
        "objections": objections_to(shown),
        "rules": changed_rules(shown),
        "looser": looser_settings(shown),
        "preview": preview_of(draft, days=period(request), by=me(request), now=clock.now()),
        "periods": PERIODS,
        "form": form,
        "refusal": refusal_words(refusal) if refusal else "",
    }
    status = refusal.status if refusal else 422 if form.errors else 200
    return page(request, "staff/questionnaire_publish.html", context, status=status)


def _signature(form: SignatureForm) -> Signature:
    said = form.cleaned_data
    statements = [str(form.fields[name].label) for name in ("statement", "looser") if name in form.fields]
    return Signature(said["name"], said["registration"], said["body"], " ".join(statements))

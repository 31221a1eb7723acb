"""Every message of the clinic: what is planned, what went out and arrived, and why one did not."""

from datetime import date
from uuid import UUID

from django import forms
from django.contrib import messages as notices
from django.core.paginator import Paginator
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from booking.reminders.models import Communication
from booking.rules.kinds import KINDS
from booking.selectors.health import problems_now
from booking.selectors.messages import Wanted, kinds_switched_off, log_of, messages_like, messages_visible_to
from booking.services.letters_by_hand import send_again
from frontend.staff.forms import DateInput
from frontend.staff.frame import CLINIC, SeeOther, clinic_or_refuse, for_roles, me, page
from frontend.staff.message_words import STATES
from frontend.templatetags.staff_words import message_name
from intake import clock

SIZES = (50, 100, 200)
ANY = ("", _("All"))


def _kinds() -> list[tuple[str, str | Promise]]:
    return [ANY, *sorted(((code, message_name(code)) for code in KINDS), key=lambda one: one[1])]


def _states() -> list[tuple[str, str | Promise]]:
    return [ANY, *((code, words.text) for code, words in STATES.items())]


class WantedForm(forms.Form):
    """Which messages are shown. What is left empty says nothing."""

    person = forms.CharField(label=_("Person or address"), required=False, max_length=100)
    kind = forms.ChoiceField(label=_("Message"), required=False, choices=_kinds)
    state = forms.ChoiceField(label=_("What became of it"), required=False, choices=_states)
    channel = forms.ChoiceField(label=_("Way"), required=False, choices=[ANY, *Communication.Channel.choices])
    day = forms.DateField(
        label=_("Day"),
        required=False,
        widget=DateInput(),
        validators=[MinValueValidator(date(2000, 1, 1)), MaxValueValidator(date(2200, 1, 1))],
    )
    size = forms.TypedChoiceField(label=_("Rows"), required=False, coerce=int, choices=[(one, one) for one in SIZES])
    patient = forms.UUIDField(required=False, widget=forms.HiddenInput())
    coming = forms.BooleanField(required=False, widget=forms.HiddenInput())

    def wanted(self) -> Wanted:
        """What was asked for; everything that is due, where that can't be read."""
        if not self.is_valid():
            return Wanted()
        said = self.cleaned_data
        return Wanted(
            **{name: said[name] for name in ("kind", "state", "channel", "person", "patient", "day", "coming")}
        )


@for_roles(*CLINIC, methods=("POST",))
def again(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """Send one once more that is about no visit."""
    now = clock.now()
    message = get_object_or_404(messages_visible_to(me(request), now=now).select_related("patient"), pk=message_id)
    send_again(communication=message, by=me(request), now=now)
    notices.success(request, _("The message is on its way again."))
    return SeeOther(f"{reverse('staff:messages')}?patient={message.patient_id}")


@for_roles(*CLINIC)
def all_messages(request: HttpRequest) -> HttpResponse:
    """All messages that whoever asks may see, a page at a time."""
    now, clinic = clock.now(), clinic_or_refuse()
    form = WantedForm(request.GET)
    wanted = form.wanted()
    found = messages_like(wanted, zone=clinic.time_zone, by=me(request), now=now)
    shown = Paginator(found, form.cleaned_data.get("size") or SIZES[0]).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "wanted": wanted,
        "shown": shown,
        "rows": [log_of(one, reports=one.reports.all(), now=now) for one in shown.object_list],
        "stands_still": problems_now(now=now),
        "switched_off": [message_name(code) for code in kinds_switched_off(clinic)],
        "zone": clinic.time_zone,
    }
    return page(request, "staff/messages.html", context, status=422 if form.errors else 200)

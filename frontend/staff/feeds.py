"""Settings: the secret addresses at which a calendar program reads visits."""

from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from booking.models import CalendarFeed, Practitioner
from booking.selectors.feeds import feeds_visible_to
from booking.services.feeds import make_feed, revoke_feed
from frontend.staff.frame import SeeOther, clinic_or_refuse, for_roles, me, page, sent
from frontend.staff.hours import OWN_TOO, SETTLES
from intake import clock
from intake.models import Role, User

WHOLE_CLINIC = "clinic"


class FeedForm(forms.Form):
    """Whose visits a calendar program may read, and what it shows of them."""

    def __init__(self, data: QueryDict | None, *, user: User) -> None:
        super().__init__(data)
        active = Practitioner.objects.filter(active=True).order_by("name")
        self._theirs = {str(one.pk): one for one in active if user.role in SETTLES or one.user_id == user.pk}
        clinic = [(WHOLE_CLINIC, _("Everybody's at the clinic"))] if user.role in SETTLES else []
        people = [(key, one.name) for key, one in self._theirs.items()]
        shows = CalendarFeed.Shows.choices[: 1 if user.role == Role.OWNER else None]  # the owner knows no patients
        self.fields["whose"] = forms.ChoiceField(label=_("Whose visits"), choices=[*people, *clinic])
        self.fields["shows"] = forms.ChoiceField(
            label=_("What it shows"), choices=shows, widget=forms.RadioSelect, initial=CalendarFeed.Shows.BUSY
        )

    def practitioner(self) -> Practitioner | None:
        """The therapist who was chosen; None for the whole clinic."""
        return self._theirs.get(self.cleaned_data["whose"])


@for_roles(*OWN_TOO, methods=("GET", "HEAD", "POST"))
def feeds(request: HttpRequest) -> HttpResponse:
    """The addresses in use, and a new one, which is shown this once."""
    form, address = FeedForm(sent(request), user=me(request)), ""
    if request.method == "POST" and form.is_valid():
        _feed, token = make_feed(
            location=clinic_or_refuse(),
            practitioner=form.practitioner(),
            shows=form.cleaned_data["shows"],
            by=me(request),
            now=clock.now(),
        )
        address = f"{settings.SITE_URL}{reverse('public:calendar-feed', args=[token])}"
    context = {
        "form": form,
        "address": address,
        "webcal": f"webcal://{address.partition('://')[2]}" if address else "",
        "feeds": feeds_visible_to(me(request)),
        "zone": clinic_or_refuse().time_zone,
    }
    return page(request, "staff/feeds.html", context, status=422 if form.errors else 200)


@for_roles(*OWN_TOO, methods=("POST",))
def revoke(request: HttpRequest, feed_id: UUID) -> HttpResponse:
    """End an address at once."""
    feed = get_object_or_404(feeds_visible_to(me(request)), pk=feed_id)
    revoke_feed(feed=feed, by=me(request), now=clock.now())
    messages.success(request, _("Ended. Calendar programs read nothing there any more."))
    return SeeOther(reverse("staff:feeds"))

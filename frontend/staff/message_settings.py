"""Settings: which messages the clinic sends, by what and when, and in whose words."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from booking.errors_of_messages import WordingRefused
from booking.models import Location
from booking.reminders.letters import blocks_of
from booking.reminders.models import Communication
from booking.reminders.samples import sample_letter
from booking.reminders.wording import MessageForm, Words
from booking.rules.kinds import EMAIL, KINDS, SMS, Kind
from booking.rules.short_texts import segments
from booking.rules.wording import may_be_reworded
from booking.selectors.message_settings import KindSet, kinds_set, wordings_of
from booking.services.message_settings import faults_in, send_sample, set_message, use_our_words, write_own_words
from frontend.staff.frame import SeeOther, clinic_or_refuse, for_roles, me, page, sent
from frontend.staff.hours import SETTLES
from frontend.staff.message_setting_forms import KindForm, WordingForm, placeholder_rows
from frontend.staff.words import MESSAGES
from intake import clock

GROUPS: Final[tuple[tuple[str | Promise, str], ...]] = (
    (gettext_lazy("A booking, step by step"), "confirmation"),
    (gettext_lazy("Before the visit"), "reminder"),
    (gettext_lazy("Something changes"), "moved"),
    (gettext_lazy("Waiting for a time"), "waitlist-joined"),
    (gettext_lazy("After the visit"), "aftercare"),
    (gettext_lazy("Money"), "pay-link"),
    (gettext_lazy("To the people who work here"), "request-waiting"),
)  # each with the kind that it begins with
_LAST: Final = "message-sample"  # what follows can't be set: samples, codes, links to sign in


@dataclass(frozen=True, slots=True)
class Row:
    """One kind in the list."""

    code: str
    name: str | Promise
    known: KindSet
    ways: list[str]
    when: str
    may_change: bool


@dataclass(frozen=True, slots=True)
class Wording:
    """One form of a message: by which channel and in which language, and whether the words are the clinic's own."""

    channel: str
    language: str
    name: str
    own: bool


@for_roles(*SETTLES)
def kinds(request: HttpRequest) -> HttpResponse:
    """All kinds of messages as this clinic sends them."""
    rows = {row.code: row for row in map(_row, kinds_set(clinic_or_refuse()))}
    return page(request, "staff/message_settings.html", {"groups": _grouped(rows)})


@for_roles(*SETTLES, methods=("GET", "HEAD", "POST"))
def kind(request: HttpRequest, code: str) -> HttpResponse:
    """One kind: whether it is sent, by what and when, and its words."""
    place = clinic_or_refuse()
    known = _known(place, code)
    form = KindForm(sent(request), known=known)
    if request.method == "POST" and form.is_valid():
        set_message(location=place, kind=code, **form.said, by=me(request), now=clock.now())
        messages.success(request, _("Saved. It holds for what is planned from now on."))
        return SeeOther(reverse("staff:message-kinds"))
    context = {"form": form, "row": _row(known), "wordings": _wordings(known), "zone": place.time_zone}
    return page(request, "staff/message_setting.html", context, status=422 if form.errors else 200)


@for_roles(*SETTLES, methods=("GET", "HEAD", "POST"))
def words(request: HttpRequest, code: str, channel: str, language: str) -> HttpResponse:
    """A message in the clinic's own words: a POST shows what they look like, or keeps them."""
    message = _message(code, channel, language)
    form = _form(request, message)
    if request.method == "POST" and form.is_valid():
        if "keep" not in request.POST:
            form.add_faults(faults_in(form.words, form=message, now=clock.now()))
        elif _done(form, lambda: write_own_words(form=message, words=form.words, by=me(request), now=clock.now())):
            messages.success(request, _("Saved. Messages that go out from now on say it like that."))
            return SeeOther(_url(message))
    return _words_page(request, form, message)


@for_roles(*SETTLES, methods=("POST",))
def sample(request: HttpRequest, code: str, channel: str, language: str) -> HttpResponse:
    """Mail these words, about a sample visit, to whoever is signed in."""
    message, user = _message(code, channel, language), me(request)
    form = _form(request, message)
    if form.is_valid() and _done(form, lambda: send_sample(form=message, words=form.words, by=user, now=clock.now())):
        messages.success(request, _("A sample is on its way to %(email)s.") % {"email": user.email})
    return _words_page(request, form, message)


@for_roles(*SETTLES, methods=("POST",))
def ours(request: HttpRequest, code: str, channel: str, language: str) -> HttpResponse:
    """Say a message as we ship it again."""
    message = _message(code, channel, language)
    use_our_words(form=message, by=me(request), now=clock.now())
    messages.success(request, _("Our words are used again. Yours stay in the history below."))
    return SeeOther(_url(message))


def _done(form: WordingForm, work: Callable[[], object]) -> bool:
    """Whether the words were taken; if not, the form says why."""
    try:
        work()
    except WordingRefused as refusal:
        form.add_faults(refusal.details["faults"])
        return False
    return True


def _message(code: str, channel: str, language: str) -> MessageForm:
    """:raises Http404: no such kind, form or language, or nobody may reword it"""
    channels = [EMAIL, SMS] if code in KINDS and KINDS[code].sms else [EMAIL]
    known = code in KINDS and may_be_reworded(code) and channel in channels
    if not known or language not in dict(settings.MESSAGE_LANGUAGES):
        raise Http404
    return MessageForm(clinic_or_refuse(), code, channel, language)


def _form(request: HttpRequest, message: MessageForm) -> WordingForm:
    newest = wordings_of(message).first()
    held = Words(newest.subject, newest.text) if newest else Words("", "")
    return WordingForm(sent(request), channel=message.channel, words=held)


def _words_page(request: HttpRequest, form: WordingForm, message: MessageForm) -> HttpResponse:
    history, own = list(wordings_of(message)), _own(form)
    shown = [(_("In your words"), own)] if own else []
    letters = [
        (title, sample_letter(said, form=message, now=clock.now()))
        for title, said in [*shown, (_("In our words"), None)]
    ]
    context = {
        "form": form,
        "code": message.kind,
        "name": MESSAGES[message.kind],
        "form_name": _form_name(message.channel, message.language),
        "is_text": message.channel == SMS,
        "language": message.language,
        "previews": [(title, letter, blocks_of(letter.text), segments(letter.text)) for title, letter in letters],
        "placeholders": placeholder_rows(message.kind),
        "history": history,
        "has_own": bool(history and history[0].text),
        "zone": message.location.time_zone,
        "sample_url": _url(message, "message-sample"),
        "ours_url": _url(message, "message-ours"),
    }
    return page(request, "staff/message_wording.html", context, status=422 if form.errors else 200)


def _own(form: WordingForm) -> Words | None:
    """What the preview shows as the clinic's words: what was just typed, or what is in force."""
    if form.is_bound:
        return form.words if form.is_valid() and form.words.text else None
    return Words(form.initial["subject"], form.initial["text"]) if form.initial["text"] else None


def _known(place: Location, code: str) -> KindSet:
    found = next((one for one in kinds_set(place) if one.kind.code == code and _may_change(one.kind)), None)
    if found is None:
        raise Http404
    return found


def _wordings(known: KindSet) -> list[Wording]:
    if not may_be_reworded(known.kind.code):
        return []
    channels = [EMAIL, SMS] if known.kind.sms else [EMAIL]
    return [
        Wording(channel, language, _form_name(channel, language), (channel, language) in known.own)
        for channel in channels
        for language, _name in settings.MESSAGE_LANGUAGES
    ]


def _form_name(channel: str, language: str) -> str:
    named = {"way": Communication.Channel(channel).label, "language": dict(settings.MESSAGE_LANGUAGES)[language]}
    return _("%(way)s in %(language)s") % named


def _may_change(one: Kind) -> bool:
    """Whether anything can be set: its channels, times, words or switch."""
    return may_be_reworded(one.code) or one.switchable


def _row(known: KindSet) -> Row:
    one = known.kind
    ways = [str(Communication.Channel(channel).label) for channel in known.channels]
    return Row(one.code, MESSAGES[one.code], known, ways, _when(one, known.hours), _may_change(one))


def _when(one: Kind, hours: Iterable[int]) -> str:
    lengths = ", ".join(_length(length) for length in hours)
    if not lengths:
        return ""
    before = one.code in ("reminder", "package-expiring")
    return (_("%(lengths)s before") if before else _("%(lengths)s after")) % {"lengths": lengths}


def _length(hours: int) -> str:
    if hours % 24 == 0 and hours > 48:
        return ngettext("%(n)s day", "%(n)s days", hours // 24) % {"n": hours // 24}
    return ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours}


def _grouped(rows: dict[str, Row]) -> list[tuple[str | Promise, list[Row]]]:
    """The kinds under their headings, in the order of the one table."""
    codes = list(rows)
    begins = [codes.index(first) for _heading, first in GROUPS]
    ends = [*begins[1:], codes.index(_LAST)]
    listed = list(rows.values())
    return [(heading, listed[a:b]) for (heading, _first), a, b in zip(GROUPS, begins, ends, strict=True)]


def _url(message: MessageForm, name: str = "message-words") -> str:
    return reverse(f"staff:{name}", args=[message.kind, message.channel, message.language])

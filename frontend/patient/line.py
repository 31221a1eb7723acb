"""What this browser remembers of the waitlist: whose link was opened, and whether they proved who they are."""

from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest

from booking.models import Offer, WaitlistEntry
from booking.selectors.waitlist import offers_to_wait, with_relations
from intake.models import Patient

_LINE: Final = "wait"


class Line:
    """The entry of this browser's link, and the offer if it was that link."""

    def __init__(self, request: HttpRequest) -> None:
        self.session: Any = request.session

    def open(self, entry: WaitlistEntry, *, offer: Offer | None = None, proven: bool) -> None:
        """From here on the pages show this entry, or this offer. `proven`: no birth date is asked for any more."""
        self.session[_LINE] = {
            "entry": str(entry.pk),
            "offer": str(offer.pk) if offer else "",
            "proven": proven or self._knows(entry),
        }

    def prove(self) -> None:
        self.session[_LINE] = {**self.session[_LINE], "proven": True}

    @property
    def is_proven(self) -> bool:
        return bool(self.session.get(_LINE, {}).get("proven"))

    @property
    def entry(self) -> WaitlistEntry | None:
        kept = self.session.get(_LINE)
        return with_relations().filter(pk=kept["entry"]).first() if kept else None

    @property
    def proven_entry(self) -> UUID | None:
        """The id of the entry that may be shown here."""
        return UUID(self.session[_LINE]["entry"]) if self.is_proven else None

    @property
    def offer(self) -> Offer | None:
        kept = self.session.get(_LINE, {}).get("offer")
        return offers_to_wait().filter(pk=kept).first() if kept else None

    @property
    def patient(self) -> Patient | None:
        entry = self.entry
        return entry.patient if entry else None

    def _knows(self, entry: WaitlistEntry) -> bool:
        return self.is_proven and self.session[_LINE]["entry"] == str(entry.pk)

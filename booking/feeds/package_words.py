"""What it means that a package pays a visit, in words."""

from django.utils.translation import gettext as _

from booking.feeds.amounts import money
from booking.rules.terms import Agreed


def words_of_session(agreed: Agreed, currency: str) -> list[str]:
    """How the visit is paid and what becomes of its fees; `agreed` is what holds with the session."""
    words = [_("Your package pays this visit. It counts as %(worth)s.") % {"worth": money(agreed.price, currency)}]
    fees = [fee for fee in (agreed.late_fee, agreed.no_show_fee) if fee]
    if any(fee >= agreed.price for fee in fees):
        words.append(_("A fee as high as that uses the visit up, and you owe nothing more."))
    if any(fee < agreed.price for fee in fees):
        words.append(_("A lower fee is owed in money, and the visit goes back to your package."))
    return words

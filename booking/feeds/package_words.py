"""What it means that a package pays a visit, in words."""

from django.utils.translation import gettext as _

from booking.feeds.amounts import money
from booking.rules.terms import Agreed


def words_of_session(agreed: Agreed, currency: str) -> list[str]:
    """How the visit is paid and what becomes of its fees; `agreed` is what holds with the session."""
    words = [_("Your package pays this visit. It counts as %(worth)s.") % {"worth": money(agreed.price, currency)}]
    late, missed = ({"fee": money(fee, currency)} for fee in (agreed.late_fee, agreed.no_show_fee))
    if agreed.late_fee >= agreed.price:
        words.append(_("If you cancel late, the visit is used up, and you owe nothing more."))
    elif agreed.late_fee:
        words.append(_("If you cancel late, you pay %(fee)s, and the visit goes back to your package.") % late)
    if agreed.no_show_fee >= agreed.price:
        words.append(_("If you don't come, the visit is used up, and you owe nothing more."))
    elif agreed.no_show_fee:
        words.append(_("If you don't come, you pay %(fee)s, and the visit goes back to your package.") % missed)
    return words

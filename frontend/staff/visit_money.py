"""What the desk can do about the money of one visit, for its page."""

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from booking.feeds.amounts import money
from booking.models import Appointment
from booking.payments.ledger import Balance
from booking.selectors.pay_links import link_of, may_be_sent
from booking.selectors.refunds import can_go_back, last_method_of
from booking.services.desk_money import ONLINE
from frontend.staff.money_forms import METHODS, GiveBackForm, TakeForm
from frontend.staff.payer_forms import typed
from intake.access import works_at_desk
from intake.models import User


def desk_money_of(
    appointment: Appointment,
    balance: Balance,
    user: User,
    *,
    take_form: TakeForm | None = None,
    give_back_form: GiveBackForm | None = None,
) -> dict[str, object]:
    """The forms of the money card; `take_form` and `give_back_form` are those that need another look."""
    pays_online_now = appointment.awaiting == Appointment.Awaiting.PAYMENT
    may_take = appointment.patient is not None and balance.due > 0 and not pays_online_now
    can = can_go_back(appointment) if give_back_form or works_at_desk(user) else {}
    back = give_back_form or _give_back_form(appointment, balance, can)
    return {
        "take_form": take_form or (_take_form(balance) if may_take else None),
        "give_back_form": back,
        "back_is_owed": balance.due < 0,
        "part_goes_online": back is not None and can["desk"] < -balance.due,
        "pay_link": link_of(appointment),
        "may_send_link": may_take and may_be_sent(appointment),
    }


def read_take_form(said: object, appointment: Appointment) -> TakeForm:
    """What was typed about money that was taken."""
    return TakeForm(said, auto_id="pay_%s", currency=appointment.currency)


def give_back_form_of(appointment: Appointment, balance: Balance, said: object = None) -> GiveBackForm | None:
    """The form to give money back, as it was sent or to fill in; None where there is nothing to give back."""
    return _give_back_form(appointment, balance, can_go_back(appointment), said)


def _give_back_form(
    appointment: Appointment, balance: Balance, can: dict[str, int], said: object = None
) -> GiveBackForm | None:
    had = sum(can.values())
    if not had:
        return None
    initial = {"amount": typed(max(0, -balance.due) or None, balance.currency), "had": had}
    ways = _ways_back(can, balance.currency)
    initial["method"] = ONLINE if can["online"] else last_method_of(appointment)
    return GiveBackForm(said, auto_id="back_%s", currency=balance.currency, ways=ways, initial=initial)


def _take_form(balance: Balance) -> TakeForm:
    initial = {"amount": typed(balance.due, balance.currency), "method": "terminal"}
    return TakeForm(auto_id="pay_%s", currency=balance.currency, initial=initial)


def _ways_back(can: dict[str, int], currency: str) -> list[tuple[str, str | Promise]]:
    """Where it can go, what was paid in that way first; each group says how much is there."""
    desk = [(name, label) for name, label in METHODS if can["desk"]]
    card = _("Back to the card that paid online, at most %(sum)s") % {"sum": money(can["online"], currency)}
    return [*([(ONLINE, card)] if can["online"] else []), *desk]

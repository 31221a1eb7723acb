"""The part of the control interface that stands for people and banks: payers, disputes, Stripe's dashboard, payouts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.simulators.stripe import cards, checkout, customers, disputes, intents, payouts, refunds
from tests.simulators.stripe.errors import StripeError
from tests.simulators.stripe.store import Body
from tests.simulators.stripe.world import World


class MoneyControl:
    """Each request happens as a whole, and is nobody's interface request: its events name no key."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.routes: dict[tuple[str, str], Callable[[Body], Any]] = {
            ("POST", name): self._whole(work)
            for name, work in {
                "approve": self._approve,
                "cancel": self._cancel,
                "capture": self._capture,
                "card": self._turn_card,
                "dispute": self._dispute,
                "dispute/close": self._close_dispute,
                "dispute/review": self._review_dispute,
                "pay": self._pay,
                "payout": self._pay_out,
                "payout/fail": self._fail_payout,
                "refund": self._refund,
                "refund/cancel": self._cancel_refund,
                "refund/fail": self._fail_refund,
                "refund/succeed": self._succeed_refund,
            }.items()
        }

    def _whole(self, work: Callable[[Body], Any]) -> Callable[[Body], Any]:
        def run(body: Body) -> Any:
            self.world.request.id = self.world.request.key = None
            with self.world.store.transaction():
                return work(body)

        return run

    def _pay(self, body: Body) -> Body:
        """The patient pays on a session's page: `session`, `card` (a test number), without 3-D Secure's page."""
        session = self.world.need("checkout.session", body["session"])
        number = body.get("card", cards.GOOD).replace(" ", "")
        if session["status"] != "open" or cards.known(number) is None:
            raise ValueError(f"not payable: the session is {session['status']}, the card {number}")
        method = customers.keep_method(self.world, number)
        _forgive_decline(lambda: checkout.pay(self.world, session, method))
        return {"status": self.world.need("checkout.session", body["session"])["status"]}

    def _approve(self, body: Body) -> Body:
        """The bank's answer to a payment that waits for it: `intent` or `session`, `outcome` succeed or decline."""
        intent_id = body.get("intent")
        if intent_id is None:
            session = self.world.need("checkout.session", body["session"])
            intent_id = session["payment_intent"] or session["setup_intent"]
        intent = self.world.store.get(intent_id)
        if intent is None:
            raise ValueError(f"no intent {intent_id}")
        success = body.get("outcome", "succeed") == "succeed"
        _forgive_decline(lambda: checkout.approve(self.world, intent, success=success))
        return {"status": self.world.need(intent["object"], intent["id"])["status"]}

    def _capture(self, body: Body) -> Body:
        """Somebody takes what is held in Stripe's dashboard: `payment_intent`, `amount_to_capture`."""
        return intents.capture(self.world, body, body.pop("payment_intent"))

    def _cancel(self, body: Body) -> Body:
        """Somebody lets it go in Stripe's dashboard: `payment_intent`."""
        return intents.cancel(self.world, {}, body["payment_intent"])

    def _turn_card(self, body: Body) -> Body:
        """A kept card changes its mind: `payment_method`, `into` one of `cards.TURNS`."""
        method = self.world.need("payment_method", body["payment_method"])
        customers.turn(self.world, method, body["into"])
        return body

    def _refund(self, body: Body) -> Body:
        """Somebody refunds in Stripe's dashboard: `payment_intent` or `charge`, `amount`, `reason`."""
        return refunds.create(self.world, body)

    def _fail_refund(self, body: Body) -> Body:
        return refunds.fail(self.world, self._refund_named(body), body.get("reason", "unknown"))

    def _succeed_refund(self, body: Body) -> Body:
        return refunds.succeed(self.world, self._refund_named(body))

    def _cancel_refund(self, body: Body) -> Body:
        return refunds.withdraw(self.world, self._refund_named(body))

    def _refund_named(self, body: Body) -> Body:
        return self.world.need("refund", body["refund"])

    def _dispute(self, body: Body) -> Body:
        charge_id = body.get("charge") or self.world.need("payment_intent", body["payment_intent"])["latest_charge"]
        charge = self.world.need("charge", charge_id)
        return disputes.open_dispute(self.world, charge, reason=body.get("reason", "product_not_received"))

    def _review_dispute(self, body: Body) -> Body:
        return disputes.review(self.world, self.world.need("dispute", body["dispute"]))

    def _close_dispute(self, body: Body) -> Body:
        if body["status"] not in ("won", "lost"):
            raise ValueError("status must be won or lost")
        return disputes.decide(self.world, self.world.need("dispute", body["dispute"]), body["status"])

    def _pay_out(self, _: Body) -> Body:
        """Everything that is available goes to the bank now."""
        return {"payouts": payouts.pay_out(self.world, self.world.now())}

    def _fail_payout(self, body: Body) -> Body:
        return payouts.fail(self.world, self.world.need("payout", body["payout"]))


def _forgive_decline(work: Callable[[], Body]) -> None:
    """A refused card is an outcome, with its events, and not an error of the control request."""
    try:
        work()
    except StripeError as refused:
        if refused.status != 402:
            raise

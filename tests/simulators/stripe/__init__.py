"""A Stripe that runs on this machine: a real HTTP server with state, for `make run` and for the tests."""

from tests.simulators.stripe.payer import DECLINED_CARD, GOOD_CARD, POOR_CARD, SECURE_CARD, Shown, pay
from tests.simulators.stripe.server import StripeSimulator

__all__ = ["DECLINED_CARD", "GOOD_CARD", "POOR_CARD", "SECURE_CARD", "Shown", "StripeSimulator", "pay"]

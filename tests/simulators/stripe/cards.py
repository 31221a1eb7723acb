"""Stripe's published test cards and what each of them does (https://docs.stripe.com/testing)."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from tests.simulators.stripe.errors import StripeError
from tests.simulators.stripe.store import Body


class Card(NamedTuple):
    """How a card behaves. `secure`: 3-D Secure needed "once" (then kept) or "always"; `later`: what follows."""

    brand: str = "visa"
    decline: str = ""
    secure: str = ""
    attaches: bool = False
    later: str = ""


CARDS = {
    "4242424242424242": Card(),
    "5555555555554444": Card("mastercard"),
    "378282246310005": Card("amex"),
    "4000001240000000": Card(),
    "4000002500003155": Card(secure="once"),
    "4000002760003184": Card(secure="always"),
    "4000000000000002": Card(decline="generic_decline"),
    "4000000000009995": Card(decline="insufficient_funds"),
    "4000000000009987": Card(decline="lost_card"),
    "4000000000009979": Card(decline="stolen_card"),
    "4000000000000069": Card(decline="expired_card"),
    "4000000000000127": Card(decline="incorrect_cvc"),
    "4000000000000119": Card(decline="processing_error"),
    "4000000000000341": Card(decline="generic_decline", attaches=True),
    "4000000000000259": Card(later="dispute"),
    "4000000000005126": Card(later="refund_fails"),
    "4000000000007726": Card(later="refund_pending"),
}
TOKENS = {
    "visa": "4242424242424242",
    "mastercard": "5555555555554444",
    "amex": "378282246310005",
    "ca": "4000001240000000",
    "authenticationRequired": "4000002760003184",
    "authenticationRequiredOnSetup": "4000002500003155",
    "visa_chargeDeclined": "4000000000000002",
    "chargeDeclined": "4000000000000002",
    "chargeDeclinedInsufficientFunds": "4000000000009995",
    "visa_chargeDeclinedInsufficientFunds": "4000000000009995",
    "chargeCustomerFail": "4000000000000341",
    "createDispute": "4000000000000259",
    "refundFail": "4000000000005126",
    "pendingRefund": "4000000000007726",
}
_MESSAGES = {
    "insufficient_funds": "Your card has insufficient funds.",
    "expired_card": "Your card has expired.",
    "incorrect_cvc": "Your card's security code is incorrect.",
    "processing_error": "An error occurred while processing your card. Try again in a little bit.",
    "authentication_required": "Your card was declined. This transaction requires authentication.",
}
_OWN_CODES = {"expired_card", "incorrect_cvc", "processing_error", "authentication_required"}


def number_of_token(token: str) -> str | None:
    """The test number behind `pm_card_visa` or `tok_visa`, or None."""
    for prefix in ("pm_card_", "tok_"):
        if token.startswith(prefix):
            return TOKENS.get(token.removeprefix(prefix))
    return None


def known(number: str) -> Card | None:
    return CARDS.get(number)


def invalid_number() -> StripeError:
    return StripeError(
        "Your card number is incorrect.", status=402, kind="card_error", code="incorrect_number", param="number"
    )


def decline_error(reason: str) -> Body:
    """The error object of a refused card, as in an answer and in `last_payment_error`."""
    code = reason if reason in _OWN_CODES else "card_declined"
    error = StripeError(_MESSAGES.get(reason, "Your card was declined."), kind="card_error", code=code)
    body: Body = error.body["error"]
    body["decline_code"] = reason
    return body


def refuse(error: Body) -> StripeError:
    """402 with a decline's error object."""
    refused = StripeError(error["message"], status=402)
    refused.body = {"error": error}
    return refused


def shown(number: str, *, exp_month: int, exp_year: int) -> Body:
    """The `card` member of a payment method."""
    card = CARDS[number]
    return {
        "brand": card.brand,
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
        "country": "CA" if number == "4000001240000000" else "US",
        "display_brand": card.brand,
        "exp_month": exp_month,
        "exp_year": exp_year,
        "fingerprint": hashlib.sha256(number.encode()).hexdigest()[:16],
        "funding": "credit",
        "generated_from": None,
        "last4": number[-4:],
        "networks": {"available": [card.brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }

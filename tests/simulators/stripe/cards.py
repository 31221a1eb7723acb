"""Stripe's published test cards and what each of them does (https://docs.stripe.com/testing)."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from tests.simulators.stripe.errors import StripeError
from tests.simulators.stripe.store import Body


class Card(NamedTuple):
    """How a card behaves; `later` says what follows a charge.

    `secure`: 3-D Secure is needed "always", "once" (a kept card is then free when the payer is away) or "present"
    (only when the payer is there). A card with both `secure` and `decline` is declined after the payer approved.
    """

    brand: str = "visa"
    decline: str = ""
    secure: str = ""
    attaches: bool = False
    later: str = ""


GOOD = "4242424242424242"
CARDS = {
    GOOD: Card(),
    "5555555555554444": Card("mastercard"),
    "378282246310005": Card("amex"),
    "4000001240000000": Card(),
    "4000002500003155": Card(secure="once"),
    "4000002760003184": Card(secure="always"),
    "4000000000003220": Card(secure="always"),
    "4000003800000446": Card(secure="present"),
    "4000008260003178": Card(secure="once", decline="insufficient_funds", attaches=True),
    "4000008400001629": Card(secure="always", decline="generic_decline"),
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
# What a kept card can turn into, by the control interface.
TURNS = {
    "good": Card(),
    "authentication_required": Card(secure="always"),
    **{
        reason: Card(decline=reason, attaches=True)
        for reason in ("insufficient_funds", "expired_card", "lost_card", "generic_decline", "processing_error")
    },
}
_MESSAGES = {
    "insufficient_funds": "Your card has insufficient funds.",
    "expired_card": "Your card has expired.",
    "incorrect_cvc": "Your card's security code is incorrect.",
    "processing_error": "An error occurred while processing your card. Try again in a little bit.",
    "authentication_required": "Your card was declined. This transaction requires authentication.",
}
# What the network said, and what it advises to do about it.
_NETWORK_CODES = {"insufficient_funds": "51", "expired_card": "54", "lost_card": "41", "stolen_card": "43"}
_ADVICE = {
    "expired_card": "confirm_card_data",
    "incorrect_cvc": "confirm_card_data",
    "lost_card": "do_not_try_again",
    "stolen_card": "do_not_try_again",
}
_OWN_CODES = {"expired_card", "incorrect_cvc", "processing_error", "authentication_required"}


def number_of_token(token: str) -> str | None:
    """The test number behind `pm_card_visa` or `tok_visa`, or None."""
    for prefix in ("pm_card_", "tok_"):
        if token.startswith(prefix):
            return TOKENS.get(token.removeprefix(prefix))
    return None


def needs_approval(card: Card, *, off_session: bool, set_up: bool) -> bool:
    """Whether the bank wants to see the payer for this charge."""
    if card.secure == "present":
        return not off_session
    return card.secure == "always" or (card.secure == "once" and not (off_session and set_up))


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
    if reason != "authentication_required":
        body["advice_code"] = advice(reason)
        body["network_decline_code"] = network_code(reason)
    return body


def network_code(reason: str) -> str:
    return _NETWORK_CODES.get(reason, "05")


def advice(reason: str) -> str:
    return _ADVICE.get(reason, "try_again_later")


def authentication_failure(kind: str) -> Body:
    """The error object when the payer did not pass 3-D Secure: no charge was tried. `kind` is the intent's."""
    told = (
        "The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new "
        "PaymentMethod to attempt to fulfill this intent again."
    )
    body: Body = StripeError(told, code=f"{kind}_authentication_failure").body["error"]
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

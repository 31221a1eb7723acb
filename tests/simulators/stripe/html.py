"""The words and the markup of the simulator's pages. Plain HTML that works without scripts."""

from __future__ import annotations

from html import escape

from tests.simulators.stripe.errors import StripeError
from tests.simulators.stripe.store import Body

_NOT_AUTHENTICATED = ("payment_intent_authentication_failure", "setup_intent_authentication_failure")

_NOTE = (
    "<p class='note'><strong>This is a simulator, not Stripe.</strong> No real card is needed and no money moves.</p>"
)
_CARDS = """
<h2>Test cards</h2>
<ul>
<li><code>4242 4242 4242 4242</code> is accepted (filled in above)</li>
<li><code>4000 0025 0000 3155</code> asks the bank first</li>
<li><code>4000 0000 0000 0002</code> is declined</li>
<li><code>4000 0000 0000 9995</code> has too little money</li>
</ul>"""


def page(title: str, content: str) -> str:
    """A whole page with one card in its middle."""
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<title>{escape(title)} · payment simulator</title><link rel='stylesheet' href='/static/checkout.css'></head>"
        f"<body><main>{_NOTE}<div class='card'><h1>{escape(title)}</h1>{content}</div></main></body></html>"
    )


def pay_page(session: Body, items: list[Body], typed: Body, error: str) -> str:
    paying = session["mode"] == "payment"
    title = f"Pay {money(session['amount_total'], session['currency'])}" if paying else "Save your card"
    email = typed.get("email") or (session["customer_details"] or {}).get("email") or ""
    return page(
        title,
        _alert(error)
        + (_lines(session, items) if paying else "<p>The card is kept. Nothing is charged now.</p>")
        + f"<form method='post' action='/c/pay/{escape(session['id'])}'>"
        + _field("email", "Email", email, "email", "email")
        + _field("card_number", "Card number", typed.get("card_number", "4242 4242 4242 4242"), "cc-number", "numeric")
        + "<div class='pair'><div>"
        + _field("expiry", "Expiry MM/YY", typed.get("expiry", "12/34"), "cc-exp", "numeric")
        + "</div><div>"
        + _field("cvc", "Security code", typed.get("cvc", "123"), "cc-csc", "numeric")
        + "</div></div>"
        + _field("name", "Name on the card", typed.get("name", ""), "cc-name", "text")
        + f"<button type='submit'>{escape(title if paying else 'Save card')}</button></form>"
        + _back(session)
        + _CARDS,
    )


def _lines(session: Body, items: list[Body]) -> str:
    rows = "".join(
        f"<dt>{escape(item['description'])}{' × ' + str(item['quantity']) if item['quantity'] > 1 else ''}</dt>"
        f"<dd>{money(item['amount_total'], item['currency'])}</dd>"
        for item in items
    )
    total = money(session["amount_total"], session["currency"])
    return f"<dl>{rows}<dt class='total'>Total</dt><dd class='total'>{total}</dd></dl>"


def _field(name: str, label: str, value: str, autocomplete: str, mode: str) -> str:
    required = "" if name in ("name", "email") else " required"
    return (
        f"<label for='{name}'>{label}</label><input id='{name}' name='{name}' type='text' inputmode='{mode}' "
        f"autocomplete='{autocomplete}' value='{escape(value)}'{required}>"
    )


def _alert(error: str) -> str:
    return f"<div class='error' role='alert'><p>{escape(error)}</p></div>" if error else ""


def _back(session: Body) -> str:
    if not session["cancel_url"]:
        return ""
    return f"<a class='away' href='{escape(session['cancel_url'])}'>Cancel and go back</a>"


def complete_page(back: str) -> str:
    return page(
        "You have already paid here",
        f"<p>This payment is complete.</p><a class='away' href='{escape(back)}'>Back to the clinic</a>",
    )


def expired_page(session: Body) -> str:
    return page(
        "This payment page has expired",
        "<p>Nothing was charged. Go back to the clinic to begin again.</p>" + _back(session),
    )


def refusal(error: StripeError) -> str:
    """What the page says; about 3-D Secure that is not what the interface says."""
    if error.body["error"].get("code") in _NOT_AUTHENTICATED:
        return (
            "We are unable to authenticate your payment method. Please choose a different payment method and try again."
        )
    return str(error)


def bank_page(intent: Body, *, hanging: bool) -> str:
    here = f"/c/authenticate/{escape(intent['id'])}"
    if hanging:
        return page(
            "Waiting for your bank",
            f"<p>Your bank has not answered yet.</p><a class='away' href='{here}'>Check again</a>",
        )
    amount = intent.get("amount")
    asked = f"a payment of {money(amount, intent['currency'])}." if amount else "a card to keep for later."
    return page(
        "Your bank asks for your approval",
        f"<p>3-D Secure: {asked} Is this you?</p><form method='post' action='{here}'>"
        "<button name='outcome' value='succeed' type='submit'>Approve</button>"
        "<button class='second' name='outcome' value='decline' type='submit'>Refuse</button></form>",
    )


def money(amount: int, currency: str) -> str:
    """Minor units as a person reads them."""
    whole = currency in ("jpy", "krw", "clp", "vnd")
    return escape(f"{currency.upper()} {amount if whole else f'{amount / 100:,.2f}'}")

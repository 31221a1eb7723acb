"""The pages that a patient sees: pay on a session, approve at the bank, and be sent back to the clinic."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qsl

from tests.simulators.stripe import cards, checkout, customers, faults, html, timers
from tests.simulators.stripe.errors import StripeError
from tests.simulators.stripe.store import Body
from tests.simulators.stripe.web import Answer, Request, redirect
from tests.simulators.stripe.world import World

_STYLES = Path(__file__).with_name("static") / "checkout.css"
# No form-action: browsers apply it to the redirect back to the clinic too.
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
}
_INTENTS = ("payment_intent", "setup_intent")


class Pages:
    def __init__(self, world: World) -> None:
        self.world = world

    def answer(self, request: Request) -> Answer:
        if request.path == "/static/checkout.css":
            return Answer(200, _STYLES.read_bytes(), "text/css; charset=utf-8", {})
        if request.path == "/favicon.ico":
            return Answer(204, b"", "image/x-icon", {})
        if request.path in ("/", "/healthz"):
            return _page(200, html.page("Payment simulator", "<p>Payments of this machine's clinic end here.</p>"))
        match = re.fullmatch(r"/c/(pay|authenticate)/(\w+)", request.path)
        if match is None or request.method not in ("GET", "POST"):
            return _page(404, html.page("There is nothing here", "<p>Begin at the clinic's booking page.</p>"))
        # The page's own changes were not asked for by an interface request.
        self.world.request.id = self.world.request.key = None
        form = dict(parse_qsl(request.body, keep_blank_values=True, max_num_fields=50))
        with self.world.store.transaction():
            timers.run_due(self.world)
            if match[1] == "pay":
                return self._pay(request.method, match[2], form)
            return self._authenticate(request.method, match[2], form)

    def _pay(self, method: str, session_id: str, form: Body) -> Answer:
        session = self.world.store.get(session_id, "checkout.session")
        if session is None:
            return _page(404, html.page("There is no such payment", "<p>Begin at the clinic's booking page.</p>"))
        if session["status"] == "expired":
            return _page(410 if method == "POST" else 200, html.expired_page(session))
        if session["status"] == "complete":
            back = _success(session)
            return redirect(back) if method == "POST" else _page(200, html.complete_page(back))
        if method == "GET":
            return self._show(200, session, {}, "")
        if problem := _judge_card(form) or self._judge_month(form):
            return self._show(422, session, form, problem)
        return self._charge(session, form)

    def _judge_month(self, form: Body) -> str:
        today = datetime.fromtimestamp(self.world.now(), UTC)
        month, year = _expiry(form)
        return "Your card's expiration date is in the past." if (year, month) < (today.year, today.month) else ""

    def _charge(self, session: Body, form: Body) -> Answer:
        month, year = _expiry(form)
        card = customers.keep_method(
            self.world,
            _digits(form["card_number"]),
            exp_month=month,
            exp_year=year,
            billing={"email": _email(session, form), "name": form.get("name")},
        )
        asked = ("POST", f"/c/pay/{session['id']}")
        hang = faults.take(self.world.store, "approval_hangs", *asked) is not None
        later = faults.take(self.world.store, "settles_later", *asked) is not None
        try:
            intent = checkout.pay(self.world, session, card, hang=hang, later=later)
        except StripeError as refused:
            fresh = self.world.need("checkout.session", session["id"])
            return self._show(refused.status, fresh, form, html.refusal(refused))
        if intent["status"] == "requires_action":
            return redirect(intent["next_action"]["redirect_to_url"]["url"])
        return redirect(_success(session))

    def _show(self, status: int, session: Body, form: Body, error: str) -> Answer:
        items = self.world.store.private(session["id"])["line_items"]
        return _page(status, html.pay_page(session, items, form, error))

    def _authenticate(self, method: str, intent_id: str, form: Body) -> Answer:
        intent = self.world.store.get(intent_id)
        if intent is None or intent["object"] not in _INTENTS:
            return _page(404, html.page("There is no such payment", "<p>Begin at the clinic's booking page.</p>"))
        private = self.world.store.private(intent_id)
        if intent["status"] == "requires_action":
            if method == "GET" or private.get("hang"):
                return _page(200, html.bank_page(intent, hanging=bool(private.get("hang"))))
            back = intent["next_action"]["redirect_to_url"]["return_url"]
            error = self._decide(intent, form)
        else:
            back, error = None, ""
        session = self.world.store.get(private["session"]) if private.get("session") else None
        if session is None:
            return redirect(back) if back else _page(200, html.page("Thank you", "<p>You can close this page.</p>"))
        if error:
            return self._show(402, session, {}, error)
        if session["status"] == "complete":
            return redirect(_success(session))
        return redirect(f"/c/pay/{session['id']}")

    def _decide(self, intent: Body, form: Body) -> str:
        try:
            checkout.approve(self.world, intent, success=form.get("outcome") == "succeed")
        except StripeError as refused:
            return html.refusal(refused)
        return ""


def _judge_card(form: Body) -> str:
    if cards.known(_digits(form.get("card_number", ""))) is None:
        return "Your card number is not one of the test cards. Use 4242 4242 4242 4242."
    if not re.fullmatch(r"\s*(0?[1-9]|1[0-2])\s*/\s*(20)?[0-9]{2}\s*", form.get("expiry", "")):
        return "The expiry must be a month and a year, like 12/34."
    if not re.fullmatch(r"\s*[0-9]{3,4}\s*", form.get("cvc", "")):
        return "The security code has three or four digits."
    return ""


def _expiry(form: Body) -> tuple[int, int]:
    """Month and year."""
    month, year = (int(part) for part in form["expiry"].replace(" ", "").split("/"))
    return month, year % 100 + 2000


def _email(session: Body, form: Body) -> str | None:
    return form.get("email") or (session["customer_details"] or {}).get("email")


def _digits(text: str) -> str:
    return re.sub(r"[\s-]", "", text)


def _success(session: Body) -> str:
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])


def _page(status: int, text: str) -> Answer:
    return Answer(status, text.encode(), "text/html; charset=utf-8", _HEADERS)

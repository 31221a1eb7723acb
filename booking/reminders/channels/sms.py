"""Text messages through Twilio's Messages interface. It knows no idempotency key, but it can be asked what it took."""

import http
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final, NoReturn

import requests
from django.conf import settings

from booking.reminders.channels.base import Letter, NotNow, Refused, Unclear, Unreachable, id_of
from booking.reminders.channels.unanswered import never_left

TIMEOUT: Final = (3, 10)  # seconds to connect, and to wait for an answer
# What Twilio's errors say of a number: 21211 is none, 21614 can't get texts, 21610 has answered STOP.
_MARKS: Final = {21211: "bounced", 21614: "bounced", 21610: "stopped"}
_WORDS: Final = {
    21211: "This is not a phone number.",
    21614: "This number can't get text messages.",
    21610: "They answered STOP to our texts.",
}
_CLOCKS_DIFFER: Final = timedelta(seconds=30)


def texts_are_set_up() -> bool:
    """Whether this installation has an account to send texts with."""
    return bool(settings.TWILIO_ACCOUNT_SID and settings.TWILIO_AUTH_TOKEN and settings.SMS_FROM)


class SmsChannel:
    """One connection for a batch of texts."""

    keyed = False

    def __init__(self) -> None:
        self._session = requests.Session()
        self._session.auth = (settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN)
        account = f"{settings.TWILIO_API_BASE}/2010-04-01/Accounts/{settings.TWILIO_ACCOUNT_SID}"
        self._messages = f"{account}/Messages.json"

    def open(self) -> None:
        """Whether it answers shows with the first text."""

    def close(self) -> None:
        self._session.close()

    def send(self, letter: Letter) -> str:
        """Hand one text over; reports about it come to our webhook, with its row's id in the signed address."""
        sender = "MessagingServiceSid" if settings.SMS_FROM.startswith("MG") else "From"
        fields = {
            "To": letter.recipient,
            sender: settings.SMS_FROM,
            "Body": letter.text.strip(),
            "StatusCallback": f"{settings.SITE_URL}/webhooks/sms/?row={id_of(letter)}",
        }
        answer = self._ask("POST", data=fields)
        if answer.status_code != http.HTTPStatus.CREATED:
            _refuse(answer)
        return str(_body(answer).get("sid", ""))

    def find(self, letter: Letter, *, since: datetime) -> tuple[str, ...]:
        """The names of the texts with these words that it took for this number since then."""
        try:
            answer = self._ask("GET", params={"To": letter.recipient, "PageSize": "100"})
        except Unclear as silence:
            raise Unreachable(str(silence)) from silence
        if answer.status_code != http.HTTPStatus.OK:
            raise Unreachable(f"It can't be asked now ({answer.status_code}).")
        taken = _body(answer).get("messages", [])
        return tuple(str(one["sid"]) for one in taken if _is_this(one, letter.text.strip(), since))

    def _ask(self, method: str, **fields: Any) -> requests.Response:
        try:
            return self._session.request(method, self._messages, timeout=TIMEOUT, allow_redirects=False, **fields)
        except requests.RequestException as error:
            silence = Unreachable if never_left(error) else Unclear
            raise silence(type(error).__name__) from error


def _is_this(message: dict[str, Any], words: str, since: datetime) -> bool:
    if message.get("direction") != "outbound-api" or message.get("body") != words:
        return False
    return parsedate_to_datetime(message["date_created"]) >= since - _CLOCKS_DIFFER


def _refuse(answer: requests.Response) -> NoReturn:
    """What an answer other than "taken" means for this text."""
    code, status = int(_body(answer).get("code") or 0), answer.status_code
    if status >= http.HTTPStatus.INTERNAL_SERVER_ERROR or status < http.HTTPStatus.BAD_REQUEST:
        raise Unclear(f"The text message service gave no clear answer ({status}).")
    if status != http.HTTPStatus.BAD_REQUEST:  # our account, or too many at once: not this text's fault
        raise NotNow(f"The text message service refused it for now ({status}).")
    raise Refused(_WORDS.get(code, f"The text message service refused it ({code})."), mark=_MARKS.get(code, ""))


def _body(answer: requests.Response) -> dict[str, Any]:
    try:
        body = answer.json()
    except requests.JSONDecodeError as error:
        raise Unclear("The text message service gave an answer that can't be read.") from error
    return body if isinstance(body, dict) else {}

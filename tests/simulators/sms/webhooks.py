"""What Twilio tells us: what became of a text, and what somebody texted. Signed as Twilio signs."""

import base64
import hashlib
import hmac
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from tests.simulators.sms.store import Store, Text

_TIMEOUT = 10


class Webhooks:
    """Sends to the addresses that were given; `url` is where incoming texts go."""

    def __init__(self, store: Store, *, url: str, token: str, account: str) -> None:
        self._store, self.url, self._token, self._account = store, url, token, account

    def report(self, one: Text, status: str, error: int | None = None) -> int:
        """Report on one of our texts; answers the status of the answer (0: none came)."""
        self._store.change(one.sid, status=status, error=error)
        if not one.callback:
            return 0
        fields = {"MessageSid": one.sid, "MessageStatus": status, "To": one.recipient, "From": one.sender}
        return self._post(one.callback, fields | ({"ErrorCode": str(error)} if error else {}))[0]

    def receive(self, *, sender: str, recipient: str, body: str) -> tuple[int, list[str]]:
        """Somebody texts: what our side answers, as a status and the texts it wants sent back."""
        word = body.strip().upper()
        if word in ("STOP", "START"):
            self._store.stop(sender, stopped=word == "STOP")
        one = self._store.keep(direction="inbound", sender=sender, recipient=recipient, body=body, status="received")
        fields = {"MessageSid": one.sid, "From": sender, "To": recipient, "Body": body, "NumMedia": "0"}
        status, answer = self._post(self.url, fields)
        replies = [node.text or "" for node in ElementTree.fromstring(answer).iter("Message")] if status == 200 else []
        for reply in replies:
            self._store.keep(
                direction="outbound-reply", sender=recipient, recipient=sender, body=reply, status="delivered"
            )
        return status, replies

    def _post(self, url: str, fields: Mapping[str, str]) -> tuple[int, str]:
        whole = {"AccountSid": self._account, **fields}
        request = Request(url, data=urlencode(whole).encode(), method="POST")
        request.add_header("X-Twilio-Signature", signature(url, whole, self._token))
        try:
            with urlopen(request, timeout=_TIMEOUT) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            return error.code, ""
        except (URLError, OSError):
            return 0, ""


def signature(url: str, fields: Mapping[str, str], token: str) -> str:
    """The address and every name and value in the order of the names, keyed with the account's password."""
    signed = url + "".join(f"{name}{fields[name]}" for name in sorted(fields))
    return base64.b64encode(hmac.digest(token.encode(), signed.encode(), hashlib.sha1)).decode()

"""The simulator of text messages speaks as Twilio does where we rely on it, and shows what came on a page."""

from collections.abc import Iterator
from urllib.request import urlopen

import pytest
import requests

from tests.simulators.sms import SmsSimulator
from tests.simulators.sms.client import ACCOUNT, TOKEN
from tests.simulators.sms.webhooks import signature

PHONE = "+14035550123"


@pytest.fixture
def phones() -> Iterator[SmsSimulator]:
    with SmsSimulator() as simulator:
        yield simulator


def post(phones: SmsSimulator, *, token: str = TOKEN, **over: str) -> requests.Response:
    address = f"{phones.base_url}/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    fields = {"To": PHONE, "From": "+15005550006", "Body": "Your <b>visit</b>: https://clinic.example/visit/x/"} | over
    return requests.post(address, data=fields, auth=(ACCOUNT, token), timeout=5)


def listed(phones: SmsSimulator, to: str) -> list[str]:
    address = f"{phones.base_url}/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    answer = requests.get(address, params={"To": to}, auth=(ACCOUNT, TOKEN), timeout=5)
    return [one["sid"] for one in answer.json()["messages"]]


def test_a_text_is_taken_and_can_be_asked_for(phones: SmsSimulator) -> None:
    answer = post(phones)
    assert (answer.status_code, answer.json()["direction"]) == (201, "outbound-api")
    assert (listed(phones, PHONE), listed(phones, "+14035559999")) == ([answer.json()["sid"]], [])


def test_only_the_account_s_password_opens_it(phones: SmsSimulator) -> None:
    assert post(phones, token="guessed").status_code == 401
    assert phones.texts() == []


def test_a_dropped_answer_leaves_the_text_there(phones: SmsSimulator) -> None:
    phones.fail(drop=True, times=1)
    with pytest.raises(requests.ConnectionError):
        post(phones)
    assert len(listed(phones, PHONE)) == 1


@pytest.mark.parametrize(
    ("over", "code"), [({"To": "780"}, 21211), ({"Body": ""}, 21602), ({"Body": "x" * 1601}, 21617)], ids=str
)
def test_what_twilio_refuses_is_refused_by_its_number(phones: SmsSimulator, over: dict[str, str], code: int) -> None:
    answer = post(phones, **over)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_whoever_answered_stop_gets_no_more(phones: SmsSimulator) -> None:
    phones.account.store.stop(PHONE, stopped=True)
    assert post(phones).json()["code"] == 21610


def test_the_page_shows_a_text_with_its_link_and_runs_nothing_of_it(phones: SmsSimulator) -> None:
    post(phones)
    with urlopen(f"{phones.base_url}/?number=%2B1403") as answer:
        page = answer.read().decode()
    assert '<a href="https://clinic.example/visit/x/">' in page
    assert "Your &lt;b&gt;visit&lt;/b&gt;" in page


def test_the_signature_is_the_one_of_twilio_s_own_example() -> None:
    fields = {"CallSid": "CA1234567890ABCDE", "Caller": "+14158675310", "Digits": "1234", "From": "+14158675310",
              "To": "+18005551212"}  # fmt: skip
    assert signature("https://mycompany.com/myapp.php?foo=1&bar=2", fields, "12345") == "GvWf1cFY/Q7PnoempGyD5oXAezc="

"""A program shows the information on needling and sends the signature with the booking, or leaves it for later."""

import pytest

from intake.information import current_information
from intake.models import Consent
from tests.booking.api.calls import ADA, refused
from tests.factories.booking import NOW


def held(api, clinic):
    _, hold = api.hold(clinic)
    return {"hold": hold["id"], "token": hold["token"], "patient": ADA, "policies_accepted": True, "payment": "desk"}


def signature(api, **over):
    _, shown = api.get("information/")
    said = {"name": "Ada Berg", "version": shown["version"], "hash": shown["hash"], "shown_at": NOW.isoformat()}
    return said | over


def test_the_information_is_given_word_for_word(api):
    status, shown = api.get("information/")
    known = current_information("en")
    names = ("version", "hash", "language", "title", "text")
    assert (status, shown) == (200, {name: getattr(known, name) for name in names})


def test_what_is_signed_is_kept_with_the_booking(api, clinic):
    status, _ = api.post("appointments/", held(api, clinic) | {"signature": signature(api)})
    consent = Consent.objects.get()
    assert (status, consent.status, consent.shown_at, consent.content) == (
        201,
        "proposed",
        NOW,
        {"name": "Ada Berg", "relation": ""},
    )


@pytest.mark.parametrize("later", [{}, {"signature": None}])
def test_it_may_be_signed_later(api, clinic, later):
    status, _ = api.post("appointments/", held(api, clinic) | later)
    assert (status, Consent.objects.count()) == (201, 0)


@pytest.mark.parametrize(
    ("bad", "answer"),
    [
        ({"name": "77"}, (422, "signature-not-accepted")),
        ({"signer": "guardian"}, (422, "signature-not-accepted")),
        ({"hash": "0" * 64}, (409, "information-changed")),
    ],
)
def test_a_signature_that_is_worth_nothing_books_nothing(api, clinic, bad, answer):
    body = held(api, clinic)
    assert refused(api.post("appointments/", body | {"signature": signature(api, **bad)})) == answer
    assert Consent.objects.count() == 0
    assert api.post("appointments/", body)[0] == 201

"""Sign-in is allauth's, in our frame."""

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/login/code/", "/accounts/password/reset/"])
def test_a_sign_in_page_wears_our_frame_and_fields(path: str, client: Client) -> None:
    html = client.get(path).content.decode()
    assert '<main id="main"' in html
    assert 'class="card stack"' in html
    assert '<div class="field">' in html
    assert "sign up" not in html.lower()


def test_a_sign_in_without_an_address_is_refused_at_the_top(client: Client) -> None:
    html = client.post("/accounts/login/", {"login": "", "password": ""}).content.decode()
    assert 'class="error-summary"' in html
    assert 'href="#id_login"' in html


def test_staff_sign_in_with_a_password(client: Client) -> None:
    html = client.get("/accounts/login/").content.decode()
    assert 'name="password"' in html
    wrong = client.post("/accounts/login/", {"login": "nobody@clinic.example", "password": "wrong"}).content.decode()
    assert 'class="error-summary"' in wrong

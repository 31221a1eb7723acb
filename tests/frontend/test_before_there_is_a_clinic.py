"""A new installation, before the owner has entered the clinic: nothing falls over."""

import pytest
from django.test import Client

from tests.factories.booking import NOW
from tests.factories.intake import make_questionnaire


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/", "/dry-needling/", "/privacy/", "/accessibility/", "/check/", "/book/", "/accounts/login/"]
)
@pytest.mark.parametrize("is_published", [True, False])
def test_every_public_page_answers_before_there_is_a_clinic(path: str, is_published: bool) -> None:
    if is_published:
        make_questionnaire(NOW)
    assert Client().get(path).status_code in (200, 302)

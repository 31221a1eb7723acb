"""Django's admin holds reference data only."""

import pytest
from allauth.mfa.models import Authenticator
from django.contrib import admin

from intake.models import AuditEvent, User
from tests.factories.intake import make_questionnaire, make_user

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


def signed_in(client, role):
    user = make_user(role)
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={})
    client.force_login(user)
    session = client.session
    session["second_factor_set_up_by"] = str(user.pk)
    session.save()
    return user


def test_no_patient_answer_or_trail_is_in_the_admin():
    registered = {model.__name__ for model in admin.site._registry if model._meta.app_label == "intake"}
    assert registered == {"User", "Questionnaire"}


@pytest.mark.parametrize(
    ("role", "accounts", "questions"),
    [
        ("owner", 200, 200),
        ("manager", 403, 200),
        ("therapist", 302, 302),
        ("reception", 302, 302),
        ("patient", 302, 302),
    ],
)
def test_who_opens_what(client, role, accounts, questions):
    make_questionnaire()
    signed_in(client, role)
    assert client.get("/admin/intake/user/").status_code == accounts
    assert client.get("/admin/intake/questionnaire/").status_code == questions


def test_the_owner_opens_changes_and_closes_accounts_and_that_is_written_down(client):
    owner = signed_in(client, "owner")
    new = {"email": "New@clinic.example", "name": "New", "role": "therapist", "language": "en"}
    made = client.post(
        "/admin/intake/user/add/", new | {"usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}
    )
    user = User.objects.get(email__iexact="new@clinic.example")
    closed = client.post(f"/admin/intake/user/{user.pk}/change/", {**new, "email": user.email})
    user.refresh_from_db()
    assert (made.status_code, closed.status_code, user.is_active, user.check_password(PASSWORD)) == (
        302,
        302,
        False,
        True,
    )
    events = AuditEvent.objects.filter(entity_id=user.pk, agent=owner).order_by("id").values_list("action", "details")
    assert list(events) == [("account-opened", {}), ("account-changed", {"fields": ["is_active"]})]
    assert client.post(f"/admin/intake/user/{user.pk}/delete/", {"post": "yes"}).status_code == 403


def test_the_owner_takes_away_a_lost_second_factor_and_reads_none(client):
    owner, lost = signed_in(client, "owner"), make_user("therapist")
    Authenticator.objects.create(user=lost, type=Authenticator.Type.TOTP, data={"secret": "x"})
    answer = client.post("/admin/intake/user/", {"action": "forget_second_factors", "_selected_action": [str(lost.pk)]})
    assert (answer.status_code, list(Authenticator.objects.values_list("user", flat=True))) == (302, [owner.pk])
    assert AuditEvent.objects.filter(entity_id=lost.pk, agent=owner, action="second-factor-forgotten").count() == 1
    assert client.get("/admin/mfa/authenticator/").status_code == 404


def test_questions_are_only_read(client):
    questionnaire = make_questionnaire()
    signed_in(client, "owner")
    assert client.get(f"/admin/intake/questionnaire/{questionnaire.pk}/change/").status_code == 200
    assert client.get("/admin/intake/questionnaire/add/").status_code == 403


def test_the_only_way_in_is_the_sign_in_page(client):
    answer = client.get("/admin/login/?next=/admin/")
    assert (answer.status_code, answer.headers["Location"].partition("?")[0]) == (302, "/accounts/login/")
    assert client.post("/admin/login/", {"username": "x", "password": "y"}).status_code == 302

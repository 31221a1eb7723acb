import re
from datetime import date, timedelta
from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from booking.reminders.models import Communication
from intake.clock import now
from intake.models import Role, User
from intake.models.user import STAFF_ROLES
from tests.factories.accounts import code_of, give_second_factor, sign_in
from tests.factories.intake import make_patient, make_user

pytestmark = pytest.mark.django_db
on_commit = pytest.mark.django_db(transaction=True)  # what happens once the setup is written
PASSWORD = "a quiet river at dawn"
SETUP = "/accounts/2fa/totp/activate/"


def staff(role: str = Role.RECEPTION) -> User:
    return make_user(role, password=PASSWORD)


def with_password(client: Client, user: User, next_page: str = "") -> HttpResponse:
    return client.post("/accounts/login/", {"login": user.email, "password": PASSWORD, "next": next_page})


def ask_code(client: Client, email: str) -> HttpResponse:
    return client.post("/accounts/login/code/", {"email": email})


def mails() -> list[tuple[str, str]]:
    return list(Communication.objects.order_by("created_at").values_list("kind", "recipient"))


def sent_code() -> str:
    return str(Communication.objects.get(kind="sign-in-code").content["code"])


# --- patients -------------------------------------------------------------------------------------------------------


def test_a_patient_signs_in_with_a_code_by_mail(client: Client) -> None:
    user = make_user(Role.PATIENT)
    assert ask_code(client, user.email).headers["Location"] == "/accounts/login/code/confirm/"
    row = Communication.objects.get()
    assert (row.kind, row.recipient, row.status) == ("sign-in-code", user.email, "preparation")
    assert timedelta(minutes=14) < row.not_after - now() <= timedelta(minutes=15)
    answer = client.post("/accounts/login/code/confirm/", {"code": sent_code()})
    assert answer.headers["Location"] == "/welcome/"
    assert client.session["_auth_user_id"] == str(user.pk)


def test_a_new_code_takes_the_place_of_the_first(client: Client) -> None:
    user = make_user(Role.PATIENT)
    ask_code(client, user.email)
    client.post("/accounts/login/code/confirm/", {"action": "resend"})
    first, second = (row.content["code"] for row in Communication.objects.order_by("created_at"))
    assert client.post("/accounts/login/code/confirm/", {"code": first}).status_code == 200
    assert client.post("/accounts/login/code/confirm/", {"code": second}).status_code == 302
    assert client.session["_auth_user_id"] == str(user.pk)


def test_the_code_is_not_readable_in_the_database(client: Client) -> None:
    ask_code(client, make_user(Role.PATIENT).email)
    code = sent_code()
    stored = Communication.objects.extra(select={"raw": "content"}).values_list("raw", flat=True)[0]
    assert code.encode() not in bytes(stored)


def test_somebody_with_a_record_gets_an_account_that_opens_no_record_yet(client: Client) -> None:
    make_patient(email="Ana@example.test")
    ask_code(client, "ana@example.test")
    user = User.objects.get()
    assert (user.email, user.role, user.has_usable_password(), user.patients.count()) == (
        "ana@example.test",
        "patient",
        False,
        0,
    )
    assert mails() == [("sign-in-code", "ana@example.test")]


def birth(year: int) -> dict[str, str]:
    return {"birth_date_day": "3", "birth_date_month": "4", "birth_date_year": str(year)}


def test_the_birth_date_opens_the_records_of_a_shared_mailbox_one_by_one(client: Client) -> None:
    mother = make_patient(email="Berg@example.test", birth_date=date(1986, 4, 3))
    child = make_patient(email="berg@example.test", birth_date=date(2015, 4, 3))
    stranger = make_patient(email="other@example.test", birth_date=date(1986, 4, 3))
    ask_code(client, "berg@example.test")
    answer = client.post("/accounts/login/code/confirm/", {"code": sent_code()})
    assert answer.headers["Location"] == "/accounts/records/"
    assert client.get("/accounts/records/").status_code == 200
    assert client.post("/accounts/records/", birth(1990)).status_code == 422
    assert client.post("/accounts/records/", birth(1986)).headers["Location"] == "/visits/"
    for record in (mother, child, stranger):
        record.refresh_from_db()
    user = User.objects.get()
    assert [record.user for record in (mother, child, stranger)] == [user, None, None]
    assert mother.contact_verified_at is not None
    client.post("/accounts/records/", birth(2015))
    child.refresh_from_db()
    assert child.user == user
    assert client.get("/accounts/records/").headers["Location"] == "/visits/"


def test_guessing_birth_dates_is_slowed_down(client: Client) -> None:
    make_patient(email="berg@example.test", birth_date=date(1986, 4, 3))
    sign_in(client, make_user(Role.PATIENT, email="berg@example.test"))
    statuses = [client.post("/accounts/records/", birth(year)).status_code for year in range(1990, 1997)]
    assert statuses == [422] * 6 + [429]
    assert client.post("/accounts/records/", birth(1986)).status_code == 429


def test_an_unknown_address_gets_the_same_page_and_no_mail(client: Client) -> None:
    known, unknown = make_user(Role.PATIENT).email, "nobody@example.test"
    pages = []
    for address in (known, unknown):
        browser = Client()
        assert ask_code(browser, address).status_code == 302
        page = browser.get("/accounts/login/code/confirm/")
        pages.append(re.sub(r'(csrfmiddlewaretoken" value=")[^"]+', r"\1", page.content.decode()).replace(address, "X"))
    assert pages[0] == pages[1]
    assert mails() == [("sign-in-code", known)]


def test_a_wrong_code_three_times_ends_the_try(client: Client) -> None:
    ask_code(client, make_user(Role.PATIENT).email)
    for _ in range(3):
        answer = client.post("/accounts/login/code/confirm/", {"code": "WRONG"})
    assert answer.headers["Location"] == "/accounts/login/code/"
    assert "_auth_user_id" not in client.session


def test_codes_to_one_mailbox_are_limited_and_the_page_does_not_tell(client: Client) -> None:
    user = make_user(Role.PATIENT)
    for number in range(9):
        answer = ask_code(Client(REMOTE_ADDR=f"192.0.2.{number}"), user.email)
        assert answer.status_code in (200, 302)
    assert len(mails()) <= 6


def test_a_closed_account_gets_no_code(client: Client) -> None:
    user = make_user(Role.PATIENT, is_active=False)
    ask_code(client, user.email)
    assert mails() == []


def test_nobody_signs_up(client: Client) -> None:
    page = client.post("/accounts/signup/", {"email": "new@example.test"})
    assert "You need no account" in page.content.decode()
    assert not User.objects.exists()


def test_the_pages_of_passwords_and_factors_are_not_there_for_patients(client: Client) -> None:
    sign_in(client, make_user(Role.PATIENT))
    for page in ("password/change/", "reauthenticate/", "2fa/", "2fa/totp/activate/", "2fa/recovery-codes/"):
        assert client.get(f"/accounts/{page}").status_code == 404


def test_a_patient_who_asks_for_a_password_is_told_about_codes(client: Client) -> None:
    user = make_user(Role.PATIENT)
    client.post("/accounts/password/reset/", {"email": user.email})
    assert mails() == [("sign-in-by-code", user.email)]


# --- staff ----------------------------------------------------------------------------------------------------------


@on_commit
@pytest.mark.parametrize("role", STAFF_ROLES)
def test_the_second_factor_is_set_up_at_first_sign_in_and_nothing_else_opens_before(client: Client, role: str) -> None:
    user = staff(role)
    with_password(client, user)
    for page in ("/welcome/", "/desk/", "/admin/", "/", "/accounts/2fa/", "/accounts/password/change/"):
        answer = client.get(page)
        assert (answer.status_code, answer.headers["Location"].partition("?")[0]) == (302, SETUP)
    page = client.get(SETUP)
    secret = page.context["form"].secret
    assert "data:image/svg+xml;base64," in page.content.decode()
    assert " style=" not in page.content.decode()
    answer = client.post(SETUP, {"code": code_of(secret)})
    assert answer.headers["Location"] == "/accounts/2fa/recovery-codes/"
    assert len(client.get("/accounts/2fa/recovery-codes/").context["unused_codes"]) == 10
    assert SETUP not in client.get("/desk/").headers.get("Location", "")


def test_the_api_answers_403_before_the_second_factor(client: Client) -> None:
    with_password(client, staff())
    answer = client.get("/api/v1/services/")
    assert (answer.status_code, answer.headers["Content-Type"]) == (403, "application/problem+json")


def test_every_later_sign_in_asks_for_the_code(client: Client) -> None:
    user = staff()
    secret = give_second_factor(user)
    assert with_password(client, user).headers["Location"] == "/accounts/2fa/authenticate/"
    assert "_auth_user_id" not in client.session
    assert client.post("/accounts/2fa/authenticate/", {"code": "000000"}).status_code == 200
    answer = client.post("/accounts/2fa/authenticate/", {"code": code_of(secret)})
    assert answer.headers["Location"] == "/welcome/"
    assert client.get("/accounts/2fa/").status_code == 200


@on_commit
def test_a_recovery_code_opens_once(client: Client) -> None:
    user = staff()
    with_password(client, user)
    client.post(SETUP, {"code": code_of(client.get(SETUP).context["form"].secret)})
    code = client.get("/accounts/2fa/recovery-codes/").context["unused_codes"][0]
    for expected in (302, 200):
        other = Client()
        with_password(other, user)
        assert other.post("/accounts/2fa/authenticate/", {"code": code}).status_code == expected


def test_staff_get_no_code_by_mail_but_a_hint_to_their_password(client: Client) -> None:
    user = staff()
    give_second_factor(user)
    assert ask_code(client, user.email).headers["Location"] == "/accounts/login/code/confirm/"
    assert mails() == [("sign-in-by-password", user.email)]


def test_a_session_from_before_the_setup_must_give_the_code_too(client: Client) -> None:
    user = staff()
    with_password(client, user)
    secret = give_second_factor(user)
    answer = client.get("/desk/")
    assert answer.headers["Location"] == "/accounts/2fa/reauthenticate/?next=%2Fdesk%2F"
    answer = client.post(answer.headers["Location"], {"code": code_of(secret), "next": "/desk/"})
    assert answer.headers["Location"] == "/desk/"
    assert client.get("/accounts/2fa/").status_code == 200


def test_the_sign_in_of_the_admin_pages_is_no_way_around(client: Client) -> None:
    user = staff(Role.OWNER)
    give_second_factor(user)
    answer = client.post("/admin/login/?next=/admin/", {"username": user.email, "password": PASSWORD})
    assert answer.headers["Location"] == "/accounts/login/?next=%2Fadmin%2F"
    assert "_auth_user_id" not in client.session
    client.force_login(user)
    assert client.get("/admin/").headers["Location"].startswith("/accounts/2fa/reauthenticate/")


def test_a_patient_is_not_led_round_in_circles_by_the_admin_pages(client: Client) -> None:
    sign_in(client, make_user(Role.PATIENT))
    assert client.get("/admin/login/").status_code == 403


@on_commit
def test_after_the_app_is_switched_off_only_the_setup_opens(client: Client) -> None:
    user = staff()
    with_password(client, user)
    client.post(SETUP, {"code": code_of(client.get(SETUP).context["form"].secret)})
    client.post("/accounts/2fa/totp/deactivate/")
    assert not Authenticator.objects.filter(type=Authenticator.Type.TOTP).exists()
    assert client.get("/desk/").headers["Location"].startswith(SETUP)


def test_the_secret_is_not_readable_in_the_database() -> None:
    secret = give_second_factor(staff())
    assert secret not in Authenticator.objects.get().data["secret"]


def test_the_second_factor_survives_a_change_of_keys(client: Client, settings: Settings) -> None:
    user = staff()
    secret = give_second_factor(user)
    settings.FIELD_KEYS = [("new", bytes(range(32))), *settings.FIELD_KEYS]
    call_command("rotate_keys", stdout=StringIO())
    settings.FIELD_KEYS = settings.FIELD_KEYS[:1]
    with_password(client, user)
    assert client.post("/accounts/2fa/authenticate/", {"code": code_of(secret)}).headers["Location"] == "/welcome/"


def test_a_forgotten_password_is_replaced_by_a_link_of_this_site_and_the_owner_is_told(client: Client) -> None:
    user = staff()
    secret = give_second_factor(user)
    client.post("/accounts/password/reset/", {"email": user.email}, headers={"host": "evil.example"})
    url = Communication.objects.get(kind="password-reset").content["url"]
    assert url.startswith("http://127.0.0.1:8000/accounts/password/reset/key/")
    form = client.get(url.removeprefix("http://127.0.0.1:8000"), follow=True)
    new = "another river, later that day"
    client.post(form.redirect_chain[-1][0], {"password1": new, "password2": new})
    user.refresh_from_db()
    assert user.check_password(new)
    assert mails() == [("password-reset", user.email), ("account-news", user.email)]
    assert code_of(secret)


def test_many_wrong_passwords_are_slowed_down(client: Client) -> None:
    user = staff()
    for _ in range(6):
        page = client.post("/accounts/login/", {"login": user.email, "password": "wrong"})
    assert "Too many failed" in page.content.decode()
    assert with_password(client, user).status_code == 200


def test_signing_out_needs_a_click(client: Client) -> None:
    sign_in(client, staff())
    assert client.get("/accounts/logout/").status_code == 200
    assert "_auth_user_id" in client.session
    client.post("/accounts/logout/")
    assert "_auth_user_id" not in client.session

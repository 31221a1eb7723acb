"""The description that programs are written from."""

import re

from django.core.management import call_command
from django.test import Client

from tests.booking.api.calls import schema

CODES = {
    "POST /api/v1/holds/": {"slot-taken", "not-cleared", "hold-expired", "slot-not-offered", "too-many-holds"},
    "POST /api/v1/appointments/": {
        "hold-expired",
        "not-cleared",
        "patient-busy",
        "too-late",
        "incomplete",
        "slot-taken",
    },
}


def operations():
    for path, methods in schema()["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_the_description_is_valid_and_complete(tmp_path):
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yaml"))


def test_every_promised_path_is_described():
    promised = {
        "GET /api/v1/services/",
        "GET /api/v1/practitioners/",
        "GET /api/v1/slots/",
        "GET /api/v1/questionnaires/dry-needling/",
        "POST /api/v1/screenings/",
        "POST /api/v1/holds/",
        "DELETE /api/v1/holds/{hold_id}/",
        "POST /api/v1/appointments/",
        "GET /api/v1/appointments/{appointment_id}/",
        "POST /api/v1/appointments/{appointment_id}/cancel/",
        "POST /api/v1/appointments/{appointment_id}/undo/",
        "POST /api/v1/appointments/{appointment_id}/reschedule/",
        "POST /api/v1/appointments/{appointment_id}/checkout/",
    }
    assert promised <= {name for name, _ in operations()}


def test_every_success_of_booking_has_a_shape_and_every_post_takes_a_key():
    for name, operation in operations():
        if "questionnaires" in name or "screenings" in name or "schema" in name:
            continue
        good = {status: answer for status, answer in operation["responses"].items() if status < "300"}
        assert all(
            status == "204" or answer["content"]["application/json"]["schema"] for status, answer in good.items()
        )
        keys = [one["name"] for one in operation.get("parameters", ()) if one["in"] == "header"]
        assert keys == (["Idempotency-Key"] if name.startswith("POST") else []), name


def test_the_codes_stand_beside_their_status():
    described = {
        name: set(
            re.findall("`([a-z-]+)`", " ".join(answer["description"] for answer in operation["responses"].values()))
        )
        for name, operation in operations()
    }
    assert {name: codes - described[name] for name, codes in CODES.items()} == {name: set() for name in CODES}


def test_the_page_of_the_description_runs_nothing_inline():
    """Our content security policy forbids it, without exceptions."""
    for path in ("/api/v1/docs/", "/api/v1/docs/?script"):
        page = Client().get(path)
        assert page.status_code == 200
        assert "unsafe-inline" not in page.headers["Content-Security-Policy"]
        if page.headers["Content-Type"].startswith("text/html"):
            text = page.content.decode()
            assert re.findall(r"<script(?![^>]*\bsrc=)[^>]*>|<style|\sstyle=|\son\w+=", text) == []
            assert re.findall(r'(?:src|href)="(?!/)([^"]*)"', text) == []

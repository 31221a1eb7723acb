"""The trail."""

import pytest
from django.db import transaction
from django.db.utils import DatabaseError

from intake.models import AuditEvent
from intake.origin import coming_from
from intake.selectors.audit import events_about, events_of
from intake.services.audit import record_event
from tests.factories.intake import NOW, clear_line, make_patient, make_questionnaire, make_user

pytestmark = pytest.mark.django_db


def test_an_event_says_who_what_when_from_where_and_why():
    patient, user = make_patient(), make_user("reception")
    with coming_from("10.1.2.3"):
        made = record_event(action="moved", entity=patient, patient=patient, by=user, reason="x" * 300, now=NOW)
    assert AuditEvent.objects.filter(pk=made.pk).values().get() == {
        "id": made.pk, "recorded_at": NOW, "agent_id": user.pk, "agent_role": "reception", "action": "moved",
        "entity_type": "intake.patient", "entity_id": patient.pk, "patient_id": patient.pk, "reason": "x" * 200,
        "details": {}, "source": "10.1.2.3",
    }  # fmt: skip


def test_without_a_user_it_was_the_system_or_who_is_named():
    patient = make_patient()
    roles = [record_event(action="x", entity=patient, role=role, now=NOW).agent_role for role in (None, "patient")]
    assert roles == ["system", "patient"]


def test_events_are_found_by_row_and_by_patient():
    patient, user = make_patient(), make_user()
    record_event(action="made", entity=user, patient=patient, now=NOW)
    assert [one.action for one in events_of(user)] == ["made"]
    assert [one.action for one in events_about(patient)] == ["made", "registered"]


def test_the_trail_can_not_be_changed_or_cut():
    make_patient()
    for change in (lambda: AuditEvent.objects.update(action="x"), lambda: AuditEvent.objects.all().delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_a_request_leaves_its_address_in_the_trail(client, settings):
    make_questionnaire()
    post = {"path": "/api/v1/screenings/", "data": clear_line(), "content_type": "application/json"}
    client.post(**post, REMOTE_ADDR="10.9.9.9", headers={"X-Forwarded-For": "6.6.6.6"})
    settings.BEHIND_PROXY = True
    client.post(**post, REMOTE_ADDR="10.9.9.9", headers={"X-Forwarded-For": "6.6.6.6, 7.7.7.7"})
    sources = AuditEvent.objects.filter(action="screened").order_by("id").values_list("source", flat=True)
    assert list(sources) == ["10.9.9.9", "7.7.7.7"]

"""Who may do what."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser

from intake import access
from tests.factories.intake import NOW, make_care_relation, make_patient, make_user

pytestmark = pytest.mark.django_db
ROLES = ("patient", "therapist", "reception", "manager", "owner")


@pytest.mark.parametrize(
    ("predicate", "allowed"),
    [
        (access.is_patient, {"patient"}),
        (access.is_therapist, {"therapist"}),
        (access.works_at_desk, {"reception", "manager"}),
        (access.manages, {"manager"}),
        (access.owns, {"owner"}),
        (access.works_here, {"therapist", "reception", "manager", "owner"}),
    ],
)
def test_each_predicate_holds_for_its_roles_and_never_for_the_signed_out_or_deactivated(predicate, allowed):
    assert {role for role in ROLES if predicate(make_user(role))} == allowed
    assert not [role for role in ROLES if predicate(make_user(role, is_active=False))]
    assert not predicate(AnonymousUser())
    assert not predicate(None)


def test_a_therapist_sees_answers_while_the_care_relation_lives():
    patient, therapist = make_patient(), make_user("therapist")
    relation = make_care_relation(therapist, patient)
    moments = [
        relation.valid_from - timedelta(seconds=1),
        relation.valid_from,
        relation.valid_until - timedelta(seconds=1),
        relation.valid_until,
    ]
    assert [access.can_see_answers(therapist, patient, moment) for moment in moments] == [False, True, True, False]


def test_a_relation_to_one_patient_opens_no_other():
    therapist = make_user("therapist")
    make_care_relation(therapist, make_patient())
    assert not access.can_see_answers(therapist, make_patient(), NOW)
    assert not access.can_see_answers(therapist, None, NOW)


def test_no_role_but_therapist_profits_from_a_relation():
    patient = make_patient()
    for role in ("patient", "reception", "manager", "owner"):
        user = make_user(role, is_superuser=role == "owner")
        make_care_relation(user, patient)
        assert not access.can_see_answers(user, patient, NOW)


def test_only_a_manager_with_a_reason_breaks_the_glass():
    answers = {role: access.can_break_glass(make_user(role), "complaint") for role in ROLES}
    assert answers == {role: role == "manager" for role in ROLES}
    assert not access.can_break_glass(make_user("manager"), "  ")
